"""Rates, policies, providers and care systems over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.test_shell import problem
from tests.api.world import SystemOf, World


def rate_of(system: SystemOf, **more: Any) -> dict[str, Any]:
    """A rate as sent, for a service that has none yet."""
    return {
        "municipality": system.municipalities[0], "service": "respite", "ore_per_hour": 31000,
        "valid_from": "2014-01-01", "source": "A decision", **more,
    }  # fmt: skip


DAY = {"name": "dag", "windows": [{"weekdays": [1, 2, 3, 4, 5], "from": "07:30", "before": "19:00"}]}
EVENING = {"name": "kväll", "windows": [{"weekdays": [1, 2, 3, 4], "from": "19:00", "before": "22:30"}]}


def test_R3_a_second_that_two_rows_would_price_is_refused(world: World) -> None:
    controller = world.home.controller
    controller.make("/rates", rate_of(world.home, provider_kind="private"))
    overlapping = controller.post("/rates", rate_of(world.home, law="SoL", valid_from="2014-06-01"))
    told = problem(overlapping, 409, "refused-by-rule")
    assert (told["rule"], told["errors"][0]["pointer"]) == ("R3", "/valid_from")
    controller.make("/rates", rate_of(world.home, provider_kind="municipal"))
    assert len(controller.read("/rates", municipality="2029")["items"]) == 5


def test_R3_a_row_ends_where_the_next_of_its_key_begins(world: World) -> None:
    controller = world.home.controller
    first = controller.make("/rates", rate_of(world.home))
    controller.make("/rates", rate_of(world.home, valid_from="2015-01-01", ore_per_hour="31500.5"))
    assert controller.read(f"/rates/{first['id']}") == first
    problem(controller.post("/rates", rate_of(world.home, valid_from="2015-01-01")), 409, "refused-by-rule")
    problem(controller.put(f"/rates/{first['id']}", rate_of(world.home), etag='"1"'), 405, "method-not-allowed")


def test_R4_bands_of_hours_that_do_not_meet_stand_side_by_side(world: World) -> None:
    controller = world.home.controller
    made = controller.make("/rates", rate_of(world.home, band=DAY))
    assert made["band"] == DAY | {"holidays": "by_weekday"}
    controller.make("/rates", rate_of(world.home, band=EVENING))
    late = {"name": "sen", "windows": [{"weekdays": [4], "from": "22:29", "before": "24:00"}]}
    assert problem(controller.post("/rates", rate_of(world.home, band=late)), 409, "refused-by-rule")["rule"] == "R3"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"ore_per_hour": 31000.5}, "/ore_per_hour"),
        ({"ore_per_hour": "31000.00001"}, "/ore_per_hour"),
        ({"municipality": "0182"}, "/municipality"),
        ({"source": ""}, "/source"),
        ({"valid_before": "2014-01-01"}, "/valid_before"),
        (
            {"band": {"name": "x", "windows": [{"weekdays": [8], "from": "07:30", "before": "19:00"}]}},
            "/band/windows/0/weekdays/0",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_rate_that_is_none_is_refused(sqlite_home: World, changed: dict[str, Any], pointer: str) -> None:
    answer = sqlite_home.home.controller.post("/rates", rate_of(sqlite_home.home, **changed))
    assert [one["pointer"] for one in problem(answer, 422, "malformed")["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("lock_day", 0, "/value"),
        ("lock_day", 29, "/value"),
        ("lock_day", 1.5, "/value"),
        ("lock_day", "5", "/value"),
        ("cap", "all", "/value"),
        ("none_of_ours", 1, "/name"),
    ],
)
def test_a_policy_beyond_its_borders_is_refused(sqlite_home: World, name: str, value: Any, pointer: str) -> None:
    sent = {"name": name, "value": value, "valid_from": "2014-01-01", "source": "A decision"}
    answer = sqlite_home.home.controller.post("/policies", sent)
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == pointer


def test_a_policy_is_added_and_read(world: World) -> None:
    controller = world.home.controller
    for value in (1, 28):
        sent = {
            "municipality": "2029",
            "name": "lock_day",
            "value": value,
            "valid_from": "2014-03-01",
            "source": "A decision",
        }
        made = controller.make("/policies", sent)
        assert controller.read(f"/policies/{made['id']}") == made
    assert len(controller.read("/policies", municipality="2029")["items"]) == 3
    assert len(controller.read("/policies", municipality="2031")["items"]) == 1


def test_the_operator_keeps_care_systems_and_reads_no_persons(world: World) -> None:
    operator = world.operator
    assert {one["id"] for one in operator.read("/care-systems")["items"]} >= {one.id for one in world.systems}
    home = world.home
    read = operator.get(f"/care-systems/{home.id}")
    sent = {"name": "Leksand–Rättvik", "municipalities": ["2029", "2031", "2034"], "external_id": "lr"}
    changed = operator.put(f"/care-systems/{home.id}", sent, etag=read.headers["ETag"])
    assert changed.json["municipalities"] == ["2029", "2031", "2034"]
    codes = [one["code"] for one in home.controller.read("/municipalities")["items"]]
    assert codes == ["2029", "2031", "2034"]
    assert [one["id"] for one in home.controller.read("/care-systems")["items"]] == [home.id]
    problem(home.controller.get(f"/care-systems/{world.foreign.id}"), 404, "not-found")
    problem(home.controller.post("/care-systems", sent), 403, "not-allowed")
    problem(operator.get("/customers"), 403, "not-allowed")


def test_changes_come_in_order_each_once_and_go_on_from_where_they_were_read(world: World) -> None:
    scheduler = world.home.providers[0].scheduler
    whole = scheduler.read("/changes", limit=200)["items"]
    assert [one["type"] for one in whole].count("order.placed") == 2
    assert [one["sequence"] for one in whole] == sorted({one["sequence"] for one in whole})
    walked: list[Any] = []
    answer = scheduler.read("/changes", limit=1)
    while answer["items"]:
        walked += answer["items"]
        answer = scheduler.read("/changes", limit=1, after=answer["next"])
    assert walked == whole
    for after in ("-1", "x", "1.5", str(2**63)):
        problem(scheduler.get("/changes", after=after), 422, "malformed")
    problem(world.home.controller.get("/changes"), 403, "not-allowed")
