"""Simulations over HTTP: a controller asks what the rules make of a file; nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from flask import Flask

from app.actions import simulated_months
from app.commands.simulate import simulate
from app.rules.time import month_interval
from app.storage import access_log
from app.storage.simulated import visits_in
from tests.town import JSON, SCENARIOS, Town, id_of, told, town_of

NOW = "2014-03-05T18:00:00+01:00"


@pytest.fixture
def town(make_app: Callable[..., Flask], sqlite_url: str) -> Town:
    return town_of(make_app, sqlite_url, told("nacka_2014.json"))


def test_R9_the_answer_is_what_the_command_prints(town: Town) -> None:
    for file in sorted(SCENARIOS.glob("*.json")):
        answer = town.ask("controller", "POST", "/simulations", NOW, told(file.name))
        assert answer.status_code == 200
        assert answer.get_json() == json.loads(CliRunner().invoke(simulate, [str(file)]).stdout)
    assert town.deviations("controller", NOW) == []


def test_A2_only_a_controller_simulates(town: Town) -> None:
    for who in ("p", "0182", "caregiver", "auditor", "money"):
        assert town.refused(who, "/simulations", NOW, told("nacka_2014.json")) == (403, "A2")
        assert town.refused(who, "/simulations", NOW, {"surprise": 1}) == (403, "A2")


def test_T1_a_bad_field_is_named_and_two_rates_for_a_second_are_refused(town: Town) -> None:
    content = told("nacka_2014.json")
    content["registrations"][0]["captured_at"] = "2014-02-03T08:00:00"
    answer = town.ask("controller", "POST", "/simulations", NOW, content)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/registrations/0/captured_at"]
    twice = told("nacka_2014.json")
    twice["rates"].append({**twice["rates"][0], "id": "s"})
    assert town.refused("controller", "/simulations", NOW, twice) == (409, "R3")
    many = {**told("nacka_2014.json"), "months": [f"{year}-01" for year in range(1960, 1997)]}
    assert town.ask("controller", "POST", "/simulations", NOW, many).status_code == 422
    assert town.ask("controller", "POST", "/simulations", NOW, ["no object"]).status_code == 422


def test_R2_R10_what_is_set_is_compared_with_the_file_as_it_stands(town: Town) -> None:
    path = "/simulations?set=policy.cap%3Dnone&set=rate.r.index%3D2.3"
    plain = town.ask("controller", "POST", "/simulations", NOW, told("nacka_2014.json")).get_json()
    changed = town.ask("controller", "POST", path, NOW, told("nacka_2014.json")).get_json()
    both = town.ask("controller", "POST", f"{path}&compare=true&by=customer", NOW, told("nacka_2014.json")).get_json()
    assert (both["before"], both["after"]) == (plain, changed)
    assert [row["customer_id"] for row in both["differences"]["rows"]] == ["k"]
    assert both["differences"]["total"]["difference"]["amount_ore"] == 671
    assert [one["name"] for one in both["differences"]["settings"]] == ["cap", "ore_per_hour"]


NONE = [
    "set=policy.tea%3D1",
    "set=rate.nobody.index%3D2",
    "set=policy.lock_day%3D" + "9" * 200,
    "set=%25",
    "set=",
    "set=x%00",
    "compare=yes",
    "compare=true&compare=true",
    "by=colour",
    "&".join(["set=policy.cap%3Dnone"] * 51),
]


def test_a_setting_that_is_none_is_named_and_nothing_is_run(town: Town) -> None:
    for query in NONE:
        answer = town.ask("controller", "POST", f"/simulations?{query}", NOW, told("nacka_2014.json"))
        assert (answer.status_code, bool(answer.get_json()["errors"])) == (422, True), query


def test_months_of_the_running_system_are_simulated_and_their_reading_is_logged(town: Town) -> None:
    body: JSON = {"months": ["2014-02"]}
    plain = town.ask("controller", "POST", "/simulations/months", NOW, body).get_json()
    assert [line["amount_ore"] for line in plain["lines"]] == [29_189]
    assert plain["lines"][0]["provider_id"] == id_of("p")
    body |= {"set": ["rate.*.index=2.3"], "compare": True, "by": ["month"]}
    both = town.ask("controller", "POST", "/simulations/months", NOW, body).get_json()
    assert both["before"] == plain
    assert both["differences"]["rows"][0]["month"] == "2014-02"
    assert both["differences"]["total"]["difference"]["amount_ore"] == 671
    own = {**body, "provider_id": id_of("p"), "municipality": "0182"}
    assert (
        town.ask("controller", "POST", "/simulations/months", NOW, own).get_json()["differences"] == both["differences"]
    )
    with town.database.transaction(write=False) as tx:
        read = [one for one in access_log.page(tx, town.care_system_id, limit=100) if one.what == "simulation"]
    assert {one.whom.whom_id for one in read} == {id_of("k")}
    assert town.deviations("controller", NOW) == [], "nothing is stored"


IMPOSSIBLE: list[tuple[JSON, int]] = [
    ({"months": []}, 422),
    ({"months": ["2014-01", "2014-02", "2014-03", "2014-04"]}, 422),
    ({"months": ["2014-13"]}, 422),
    ({"set": ["policy.9999.cap=none"]}, 422),
    ({"surprise": 1}, 422),
    ({"municipality": "2029"}, 404),
    ({"provider_id": id_of("nobody")}, 404),
    ({"set": ["rate.*.index=-200"]}, 422),
]


def test_months_that_cannot_be_simulated_are_refused(town: Town) -> None:
    for changed, status in IMPOSSIBLE:
        answer = town.ask("controller", "POST", "/simulations/months", NOW, {"months": ["2014-02"], **changed})
        assert answer.status_code == status, (changed, answer.get_json())
    for who in ("p", "0182", "money"):
        assert town.refused(who, "/simulations/months", NOW, {"months": ["2014-02"]}) == (403, "A2")


def test_more_visits_than_one_request_computes_are_refused_with_what_to_do(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = [month_interval("2014-02")]
    with town.database.transaction(write=False) as tx:
        asked = [(None, None), ("0182", id_of("p")), ("2029", None), (None, id_of("q"))]
        counts = [visits_in(tx, town.care_system_id, month, *whose, most=5) for whose in asked]
        assert counts == [1, 1, 0, 0]
        assert visits_in(tx, town.care_system_id, month, most=0) == 1, "one more than the most is enough to know"
        assert visits_in(tx, town.care_system_id, [month_interval("2014-03")], most=5) == 0
    monkeypatch.setattr(simulated_months, "MOST_VISITS", 0)
    answer = town.ask("controller", "POST", "/simulations/months", NOW, {"months": ["2014-02"]})
    assert (answer.status_code, "--from-month" in answer.get_json()["detail"]) == (422, True)
    assert town.ask("controller", "POST", "/simulations/months", NOW, {"months": ["2014-03"]}).status_code == 200
