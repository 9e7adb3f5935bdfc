"""Published tariffs become rates over HTTP and by command; an index proposes and stores nothing (R3, R4, R10)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.test_rates import rate_of
from tests.api.test_shell import problem
from tests.api.world import Answer, SystemOf, World

LEKSAND_RATTVIK = "/tariffs/leksand_rattvik_2011/rates"
INDEX = {"municipality": "2029", "index_percent": "2.3", "valid_from": "2015-01-01"}


def rates_of(system: SystemOf) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = system.controller.read("/rates", limit=200)["items"]
    return found


def test_R3_a_tariff_is_read_and_added_whole_once_or_not_at_all(world: World) -> None:
    home = world.home
    controller = home.controller
    listed = controller.read("/tariffs", limit=2)
    rest = controller.read("/tariffs", after=listed["next"])
    assert [one["name"] for one in (*listed["items"], *rest["items"])] == [
        "leksand_rattvik_2011",
        "nacka_2013",
        "nacka_2014",
    ]
    assert "next" not in rest
    assert home.reimburser.read("/tariffs", limit=2)["items"] == listed["items"]
    published = listed["items"][0]["rows"]

    before = rates_of(home)
    first = controller.post(LEKSAND_RATTVIK, {"municipality": "2031"}, key="2031")
    assert first.status_code == 201
    assert [{name: one[name] for name in published[0]} for one in first.json["items"]] == published[3:]
    again = controller.post(LEKSAND_RATTVIK, {"municipality": "2031"}, key="2031")
    assert (again.status_code, again.data) == (201, first.data)
    assert len(rates_of(home)) == len(before) + 3

    refused = controller.post(LEKSAND_RATTVIK, {})
    assert problem(refused, 409, "refused-by-rule")["rule"] == "R3"
    assert len(rates_of(home)) == len(before) + 3, "Leksand's rows, which would stand, are not added without Rättvik's"
    assert controller.post(LEKSAND_RATTVIK, {"municipality": "2029"}, key="2029").status_code == 201
    other = controller.post("/tariffs/nacka_2014/rates", {"municipality": "2029"}, key="2029")
    assert other.status_code == 422, "the same key and content at another address is not the same request"
    assert len(rates_of(home)) == len(before) + 6
    for path, sent, status in (
        ("/tariffs/nacka_2014/rates", {}, 422),
        (LEKSAND_RATTVIK, {"municipality": "0182"}, 422),
        (LEKSAND_RATTVIK, {"municipality": "29"}, 422),
        (LEKSAND_RATTVIK, {"rows": []}, 422),
        ("/tariffs/nacka_2099/rates", {}, 404),
        ("/tariffs/%00/rates", {}, 404),
        ("/tariffs/" + "9" * 400 + "/rates", {}, 404),
    ):
        assert controller.post(path, sent).status_code == status, path
    assert world.foreign.controller.post(LEKSAND_RATTVIK, {}).status_code == 422
    assert home.reimburser.post(LEKSAND_RATTVIK, {}).status_code == 403


def test_R10_an_index_proposes_exactly_what_a_controller_may_set_and_stores_nothing(world: World) -> None:
    controller, before = world.home.controller, rates_of(world.home)
    found = controller.post("/rates/proposals", INDEX).json["items"]
    own = [one for one in before if one["municipality"] == "2029"]
    assert {one["rate_id"] for one in found} == {one["id"] for one in own}
    assert {(one["ore_per_hour"], one["proposed_ore_per_hour"]) for one in found} == {(37_000, "37851")}
    assert [one["key"]["service"] for one in found] == ["personal_care", "household", "escort"]
    assert rates_of(world.home) == before

    problem(controller.post("/rates", found[0]["set"]), 422, "malformed")
    made = controller.make("/rates", {**found[0]["set"], "ore_per_hour": 37_900})
    assert "370 kr blir 378,51 kr" in made["source"]
    again = controller.post("/rates/proposals", INDEX).json["items"]
    assert [one["begun_by"] for one in again] == [made["id"], None, None]
    later = controller.post("/rates/proposals", {**INDEX, "index_percent": "-1.2345", "valid_from": "2016-01-01"})
    assert later.json["items"][0]["proposed_ore_per_hour"] == "37432.1245"
    assert controller.post("/rates/proposals", {**INDEX, "valid_from": "2011-01-01"}).json == {"items": []}


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"index_percent": 2.3}, "/index_percent"),
        ({"index_percent": "2,3"}, "/index_percent"),
        ({"index_percent": "100"}, "/index_percent"),
        ({"index_percent": "9" * 400}, "/index_percent"),
        ({"index_percent": "NaN"}, "/index_percent"),
        ({"index_percent": "2.30000"}, "/index_percent"),
        ({"municipality": "0182"}, "/municipality"),
        ({"valid_from": "1899-12-31"}, "/valid_from"),
        ({"valid_from": "1900-01-01"}, None),
        ({"valid_from": "2199-12-31"}, None),
        ({"index_percent": "-99.9999"}, None),
    ],
    ids=str,
)
def test_R10_an_index_that_is_none_is_refused(sqlite_home: World, changed: dict[str, Any], pointer: str | None) -> None:
    answer = sqlite_home.home.controller.post("/rates/proposals", {**INDEX, **changed})
    if pointer is None:
        assert answer.status_code == 200
    else:
        assert [one["pointer"] for one in problem(answer, 422, "malformed")["errors"]] == [pointer]


def test_R3_of_controllers_who_add_rates_at_once_one_is_told_no_and_no_second_has_two_prices(world: World) -> None:
    """Rows that collide, and a tariff beside a row of it, sent side by side: whoever is first has it."""
    home = world.home
    assert home.controller.token
    before = len(rates_of(home))
    everybody = {"municipality": "2029", "provider_kind": None}
    race: list[Callable[[], Answer]] = [
        lambda: home.controller.post("/rates", rate_of(home, **everybody)),
        lambda: home.controller.post("/rates", rate_of(home, municipality="2029", provider_kind="private")),
        lambda: home.controller.post("/rates", rate_of(home, municipality="2029", law="SoL")),
        lambda: home.controller.post(LEKSAND_RATTVIK, {}),
        lambda: home.controller.post(LEKSAND_RATTVIK, {"municipality": "2029"}),
    ]
    with ThreadPoolExecutor(len(race)) as crowd:
        statuses = [one.result().status_code for one in [crowd.submit(ask) for ask in race]]
    rows = len(rates_of(home)) - before
    assert sorted(set(statuses)) == [201, 409]
    assert statuses[:3].count(201) == 1, "each of the three would price what the other two do"
    assert statuses[3:].count(201) == 1
    assert rows == 1 + (6 if statuses[3] == 201 else 3)
    refused = home.controller.post("/rates", rate_of(home, **everybody))
    assert problem(refused, 409, "refused-by-rule")["rule"] == "R3"


def test_R3_a_command_adds_a_tariff_and_done_again_adds_nothing(world: World) -> None:
    home, before = world.home, len(rates_of(world.home))

    def run(*arguments: str) -> tuple[int, str]:
        result = world.app.test_cli_runner().invoke(args=["add-tariff", *arguments])
        return result.exit_code, result.output.strip().splitlines()[-1]

    whose = ("--care-system", home.id)
    told = (0, "3 rates of leksand_rattvik_2011 hold.")
    assert run("leksand_rattvik_2011", *whose, "--municipality", "2029") == told
    code, said = run("leksand_rattvik_2011", *whose)
    assert (code, said.startswith("Error: R3: the rates ")) == (1, True)
    assert run("nacka_2014", *whose) == (1, "Error: No municipality within your scope has this code.")
    assert run("nacka_2014", *whose, "--municipality", "2029")[0] == 1
    assert run("nacka_2099", *whose) == (1, "Error: There is no tariff nacka_2099.")
    assert run("nacka_2014")[0] == 2
    assert len(rates_of(home)) == before + 3
