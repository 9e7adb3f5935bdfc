"""Corrections over HTTP: stated by one person, approved by another, added and never written over (V10)."""

from __future__ import annotations

from typing import Any

import pytest

from app.storage.ids import new_id
from tests.api.door import JSON, NINE, TEN, check_in, check_out
from tests.api.world import ProviderOf, World

LATER, NEXT_DAY = "2014-02-03T12:00:00Z", "2014-02-04T08:00:00Z"
LONGER: JSON = {
    "changes": {"ends_at": "2014-02-03T10:10:00Z"},
    "reason": "forgot_to_register",
    "note": "On the stairs.",
}


def stay(provider: ProviderOf) -> str:
    """The id of a whole visit from nine to ten."""
    begun = check_in(provider)
    provider.caregiver.make("/registrations", begun, at=NINE)
    provider.caregiver.make("/registrations", check_out(provider), at=TEN)
    found: str = begun["id"]
    return found


def corrected(provider: ProviderOf, visit_id: str, content: JSON) -> JSON:
    """The visit after one coordinator has stated this and the other approved it."""
    made = provider.coordinator.make(f"/visits/{visit_id}/corrections", content, at=LATER)
    path = f"/visits/{visit_id}/corrections/{made['id']}/approval"
    assert provider.second_coordinator.post(path, {}, at=NEXT_DAY).status_code == 200
    found: JSON = provider.coordinator.read(f"/visits/{visit_id}", at=NEXT_DAY)
    return found


def test_V10_a_correction_counts_once_another_person_has_approved_it(world: World) -> None:
    provider = world.home.providers[0]
    visit_id = stay(provider)
    path = f"/visits/{visit_id}/corrections"
    made = provider.coordinator.post(path, LONGER, at=LATER)
    assert made.status_code == 201
    pending = made.json
    assert made.headers["Location"] == f"/api/v1{path}/{pending['id']}"
    assert (pending["made_by"], pending["made_at"]) == (provider.coordinator.id, LATER)
    assert (pending["approved_by"], pending["approved_at"]) == (None, None)
    assert provider.coordinator.read(f"/visits/{visit_id}", at=LATER)["performed_seconds"] == 3600
    approved = provider.second_coordinator.post(f"{path}/{pending['id']}/approval", {}, at=NEXT_DAY)
    assert approved.status_code == 200
    assert (approved.json["approved_by"], approved.json["approved_at"]) == (provider.second_coordinator.id, NEXT_DAY)
    visit = provider.coordinator.read(f"/visits/{visit_id}", at=NEXT_DAY)
    assert (visit["performed_seconds"], visit["corrected"], visit["evidence_grade"]) == (4200, True, 0)
    assert "D9" in visit["deviations"]
    assert provider.coordinator.read(path, at=NEXT_DAY)["items"] == [approved.json]
    told = provider.scheduler.read("/changes", limit=200, at=NEXT_DAY)["items"]
    last = [one for one in told if one["type"] == "visit.corrected"]
    assert [(one["resource"]["id"], one["data"]["performed_seconds"]) for one in last] == [(visit_id, 4200)]


def test_V10_a_correction_is_read_where_it_stands_and_listed_page_by_page(world: World) -> None:
    provider, other = world.home.providers
    visit_id = stay(provider)
    path = f"/visits/{visit_id}/corrections"
    made = [provider.coordinator.post(path, LONGER, at=LATER) for _ in range(3)]
    for one in made:
        assert provider.coordinator.read(one.headers["Location"], at=LATER) == one.json
    first = provider.coordinator.read(path, limit=2, at=LATER)
    assert first["items"] == [one.json for one in made[:2]]
    rest = provider.coordinator.read(path, limit=2, after=first["next"], at=LATER)
    assert rest == {"items": [made[2].json]}
    assert other.coordinator.get(made[0].headers["Location"], at=LATER).status_code == 404
    assert provider.coordinator.get(f"{path}/{visit_id}", at=LATER).status_code == 404


def test_V10_F20_the_original_stays_beside_the_correction(world: World) -> None:
    """FAULTS 20: a wrong customer is corrected by adding."""
    provider = world.home.providers[0]
    visit_id, other = stay(provider), provider.customers["2031"]
    before = provider.coordinator.read("/registrations", at=LATER, visit_id=visit_id)
    content = {"changes": {"customer_id": other.id}, "reason": "wrong_customer", "note": "The neighbour's door."}
    visit = corrected(provider, visit_id, content)
    assert {part["customer_id"] for part in visit["parts"]} == {other.id}
    assert visit["planned_visit_id"] == other.planned_visit_id
    assert provider.coordinator.read("/registrations", at=NEXT_DAY, visit_id=visit_id) == before


def test_V10_a_missing_end_is_supplied_and_held_until_accepted(world: World) -> None:
    provider = world.home.providers[0]
    begun = check_in(provider)
    provider.caregiver.make("/registrations", begun, at=NINE)
    visit = corrected(provider, begun["id"], LONGER)
    assert (visit["state"], visit["performed_seconds"], visit["pay"]) == ("complete", 4200, "held")


def test_V10_a_void_visit_is_paid_nothing_and_gives_its_plan_back(world: World) -> None:
    provider = world.home.providers[0]
    content = {"changes": {"void": True}, "reason": "double_registration", "note": "Twice."}
    visit = corrected(provider, stay(provider), content)
    assert (visit["state"], visit["pay"], visit["planned_visit_id"]) == ("void", "unpaid", None)


def test_V10_the_last_approved_wins_field_by_field(world: World) -> None:
    provider = world.home.providers[0]
    visit_id = stay(provider)
    corrected(provider, visit_id, {**LONGER, "changes": {"ends_at": "2014-02-03T10:30:00Z", "service": "household"}})
    visit = corrected(provider, visit_id, LONGER)
    assert (visit["ends_at"], visit["parts"][0]["service"]) == ("2014-02-03T10:10:00Z", "household")


def test_V10_nobody_approves_their_own_and_the_first_approval_stands(world: World) -> None:
    provider = world.home.providers[0]
    path = f"/visits/{stay(provider)}/corrections"
    made = provider.coordinator.make(path, LONGER, at=LATER)
    own = provider.coordinator.post(f"{path}/{made['id']}/approval", {}, at=NEXT_DAY)
    assert (own.status_code, own.json["rule"]) == (409, "V10")
    first = provider.second_coordinator.post(f"{path}/{made['id']}/approval", {}, at=NEXT_DAY)
    again = provider.second_coordinator.post(f"{path}/{made['id']}/approval", {}, at="2014-02-05T08:00:00Z")
    assert (again.status_code, again.data) == (200, first.data)
    third = provider.coordinator.post(f"{path}/{made['id']}/approval", {}, at=NEXT_DAY)
    assert (third.status_code, third.json["rule"]) == (409, "V10")


REFUSED: list[tuple[JSON, str]] = [
    ({"changes": {"ends_at": "2014-02-03T08:59:59Z"}}, "/changes/ends_at"),
    ({"changes": {"starts_at": "2014-02-03T10:00:01Z"}}, "/changes/starts_at"),
    ({"changes": {}}, "/changes"),
    ({"changes": {"customer_id": new_id()}}, "/changes/customer_id"),
    ({"visit_id": new_id()}, "/visit_id"),
    ({"made_by": new_id()}, "/made_by"),
    ({"reason": "because"}, "/reason"),
]


@pytest.mark.parametrize(("wrong", "pointer"), REFUSED, ids=[row[1] for row in REFUSED])
def test_V10_what_cannot_be_is_refused_with_a_pointer(world: World, wrong: JSON, pointer: str) -> None:
    provider = world.home.providers[0]
    answer = provider.coordinator.post(f"/visits/{stay(provider)}/corrections", {**LONGER, **wrong}, at=LATER)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_V10_a_customer_of_another_care_system_is_as_unknown_as_any(world: World) -> None:
    provider = world.home.providers[0]
    path = f"/visits/{stay(provider)}/corrections"
    foreign = world.foreign.providers[0].customers["0182"].id
    told: list[Any] = []
    for customer_id in (foreign, new_id()):
        content = {**LONGER, "changes": {"customer_id": customer_id}}
        answer = provider.coordinator.post(path, content, at=LATER)
        told.append((answer.status_code, answer.json["errors"]))
    assert told[0] == told[1]


def test_A1_A2_only_the_providers_coordinators_correct_and_approve(world: World) -> None:
    provider, other = world.home.providers
    path = f"/visits/{stay(provider)}/corrections"
    made = provider.coordinator.make(path, LONGER, at=LATER)
    for somebody in world.everybody():
        if somebody.role == "coordinator":
            continue
        assert somebody.post(path, LONGER, at=LATER).status_code == 403, somebody.role
        assert somebody.post(f"{path}/{made['id']}/approval", {}, at=LATER).status_code == 403, somebody.role
    for somebody in (other.coordinator, world.foreign.providers[0].coordinator):
        assert somebody.post(path, LONGER, at=LATER).status_code == 404
        assert somebody.get(path, at=LATER).status_code == 404
        assert somebody.post(f"{path}/{made['id']}/approval", {}, at=LATER).status_code == 404
    assert provider.coordinator.post(f"{path}/{new_id()}/approval", {}, at=LATER).status_code == 404


def test_a_correction_with_an_idempotency_key_is_made_once(world: World) -> None:
    provider = world.home.providers[0]
    path = f"/visits/{stay(provider)}/corrections"
    first = provider.coordinator.post(path, LONGER, at=LATER, key="once")
    again = provider.coordinator.post(path, LONGER, at=LATER, key="once")
    assert (again.status_code, again.data) == (201, first.data)
    assert len(provider.coordinator.read(path, at=LATER)["items"]) == 1
