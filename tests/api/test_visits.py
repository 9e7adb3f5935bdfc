"""Visits over HTTP: who sees which, how they are found, and what a day at the doors comes to."""

from __future__ import annotations

from typing import Any

import pytest

from app.storage.ids import new_id
from tests.api.door import JSON, NINE, TEN, check_in, check_out, tap
from tests.api.world import ProviderOf, World

LATER = "2014-02-03T12:00:00Z"


def stay(provider: ProviderOf, since: str = NINE, until: str = TEN, **more: Any) -> str:
    """The id of a whole visit by the first caregiver, each end told as it happened."""
    begun = check_in(provider, since, **more)
    provider.caregiver.make("/registrations", begun, at=since)
    provider.caregiver.make("/registrations", check_out(provider, until, more.get("customer")), at=until)
    found: str = begun["id"]
    return found


def test_A1_visits_are_seen_within_the_scope_and_others_are_not_there(world: World) -> None:
    provider, other = world.home.providers
    visit_id = stay(provider)
    theirs = world.foreign
    people = {
        "caregiver": (provider.caregiver, True),
        "colleague": (provider.caregivers[1], False),
        "coordinator": (provider.coordinator, True),
        "other coordinator": (other.coordinator, False),
        "officer": (world.home.officers["2029"], True),
        "other officer": (world.home.officers["2031"], False),
        "controller": (world.home.controller, True),
        "scheduler": (provider.scheduler, True),
        "reimburser": (world.home.reimburser, True),
        "foreign coordinator": (theirs.providers[0].coordinator, False),
        "foreign controller": (theirs.controller, False),
    }
    for name, (somebody, sees) in people.items():
        answer = somebody.get(f"/visits/{visit_id}", at=LATER)
        assert answer.status_code == (200 if sees else 404), name
        listed = [one["id"] for one in somebody.read("/visits", at=LATER)["items"]]
        assert listed == ([visit_id] if sees else []), name
        missing = somebody.get(f"/visits/{new_id()}", at=LATER)
        if not sees:
            told = [{key: value for key, value in one.json.items() if key != "request_id"} for one in (answer, missing)]
            assert told[0] == told[1], name
    for somebody in (world.home.measurer, world.home.auditor):
        assert somebody.get("/visits", at=LATER).status_code == 403


def test_visits_are_found_by_what_they_are(world: World) -> None:
    provider = world.home.providers[0]
    first, second = provider.customers.values()
    one = stay(provider)
    two = new_id()
    provider.caregiver.make("/registrations", check_in(provider, "2014-02-03T11:00:00Z", second, id=two), at=LATER)
    found: list[tuple[JSON, list[str]]] = [
        ({}, [one, two]),
        ({"state": "open"}, [two]),
        ({"state": "complete"}, [one]),
        ({"customer_id": first.id}, [one]),
        ({"provider_id": world.home.providers[1].id}, []),
        ({"caregiver_id": provider.caregiver_id}, [one, two]),
        ({"planned_visit_id": first.planned_visit_id}, [one]),
        ({"from": TEN}, [two]),
        ({"before": TEN}, [one]),
        ({"limit": 1}, [one]),
    ]
    for query, ids in found:
        page = provider.coordinator.read("/visits", at=LATER, **query)
        assert [visit["id"] for visit in page["items"]] == ids, query
    first_page = provider.coordinator.read("/visits", at=LATER, limit=1)
    rest = provider.coordinator.read("/visits", at=LATER, limit=1, after=first_page["next"])
    assert [visit["id"] for visit in rest["items"]] == [two]


WRONG: list[tuple[JSON, str]] = [({"state": "shut"}, "/state"), ({"from": "2014"}, "/from"), ({"x": 1}, "/x")]


@pytest.mark.parametrize(("query", "pointer"), WRONG, ids=[row[1] for row in WRONG])
def test_a_list_refuses_what_it_does_not_know(sqlite_home: World, query: JSON, pointer: str) -> None:
    answer = sqlite_home.home.providers[0].coordinator.get("/visits", **query)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_A3_every_read_of_a_visit_stands_in_the_access_log(world: World) -> None:
    provider = world.home.providers[0]
    visit_id = stay(provider)
    provider.coordinator.read(f"/visits/{visit_id}", at=LATER)
    provider.coordinator.read("/registrations", at=LATER, visit_id=visit_id)
    database = world.app.extensions["hemtid"].database
    with database.transaction(write=False) as tx:
        rows = tx.connection.exec_driver_sql("SELECT what, why, whom_type, whom_id FROM access_log")
        seen = {tuple(row) for row in rows}
    customer = provider.customers["2029"]
    for what, why in (("visit", "readVisit"), ("registration", "listRegistrations")):
        assert (what, why, "customer", customer.id) in seen
        assert (what, why, "caregiver", provider.caregiver_id) in seen


def test_V16_two_caregivers_answer_to_the_plan_of_one_and_the_other_is_unplanned(world: World) -> None:
    """V11: two at one customer are two visits; the plan is the first caregiver's, who comes last."""
    provider = world.home.providers[0]
    customer = provider.customers["2029"]
    colleague = check_in(provider, "2014-02-03T09:05:00Z", caregiver_id=provider.caregiver_ids[1])
    provider.caregivers[1].make("/registrations", colleague, at="2014-02-03T09:05:01Z")
    at_first = provider.coordinator.read(f"/visits/{colleague['id']}", at=LATER)
    own = check_in(provider, "2014-02-03T10:30:00Z")
    provider.caregiver.make("/registrations", own, at="2014-02-03T10:30:01Z")
    then = {one["id"]: one["planned_visit_id"] for one in provider.coordinator.read("/visits", at=LATER)["items"]}
    assert at_first["planned_visit_id"] == customer.planned_visit_id
    assert then == {colleague["id"]: None, own["id"]: customer.planned_visit_id}


def test_V15_a_change_of_service_divides_the_stay(world: World) -> None:
    provider = world.home.providers[0]
    begun = check_in(provider)
    rows = [
        begun,
        tap(provider, "change_service", "2014-02-03T09:30:00Z", service="household"),
        check_out(provider, "2014-02-03T09:40:00Z"),
    ]
    for one in rows:
        provider.caregiver.make("/registrations", one, at=one["captured_at"])
    visit = provider.coordinator.read(f"/visits/{begun['id']}", at=LATER)
    assert [(part["service"], part["seconds"]) for part in visit["parts"]] == [
        ("personal_care", 1800),
        ("household", 600),
    ]


def test_V12_a_household_is_registered_once_and_divided(world: World) -> None:
    provider = world.home.providers[0]
    first, second = provider.customers.values()
    shares = [{"customer_id": first.id}, {"customer_id": second.id, "share": 2}]
    visit_id = stay(provider, NINE, "2014-02-03T09:00:10Z", household=shares)
    visit = provider.coordinator.read(f"/visits/{visit_id}", at=LATER)
    assert [(part["customer_id"], part["seconds"]) for part in visit["parts"]] == [(first.id, 4), (second.id, 6)]
    assert [one["id"] for one in provider.coordinator.read("/visits", at=LATER, customer_id=second.id)["items"]] == [
        visit_id
    ]


def test_V13_an_extra_service_is_recorded_and_never_paid(world: World) -> None:
    provider = world.home.providers[0]
    visit = provider.coordinator.read(f"/visits/{stay(provider, extra_service=True)}", at=LATER)
    assert (visit["pay"], visit["planned_visit_id"], visit["performed_seconds"]) == ("unpaid", None, 3600)


def test_D13_time_that_no_order_covers_is_held(world: World) -> None:
    provider = world.home.providers[0]
    visit = provider.coordinator.read(f"/visits/{stay(provider, service='escort')}", at=LATER)
    assert (visit["pay"], "D13" in visit["deviations"]) == ("held", True)


def test_F20_a_wrong_customer_is_flagged_and_the_original_kept(world: World) -> None:
    """FAULTS 20: the plan names one, the tag is another's."""
    provider = world.home.providers[0]
    first, second = provider.customers.values()
    visit_id = stay(provider, customer=second, planned_visit_id=first.planned_visit_id)
    visit = provider.coordinator.read(f"/visits/{visit_id}", at=LATER)
    assert "D10" in visit["deviations"]
    assert visit["pay"] == "held"
    kept = provider.coordinator.read(f"/registrations/{visit_id}", at=LATER)
    assert kept["place"]["text"] == second.tag_text
