"""Registrations over HTTP: kept once, whatever is sent again; refused only where unknown, not allowed or malformed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.storage.ids import new_id
from tests.api.door import JSON, NINE, TEN, check_in, check_out, tap
from tests.api.world import World
from tests.counts import count

SOON, LATER = "2014-02-03T09:00:05Z", "2014-02-03T10:00:05Z"


def changes(world: World, *types: str) -> list[JSON]:
    """What those who follow along were told, of these types."""
    told = world.home.providers[0].scheduler.read("/changes", limit=200)["items"]
    return [one for one in told if one["type"] in types]


def test_V1_a_check_in_is_kept_and_opens_a_visit(world: World) -> None:
    provider = world.home.providers[0]
    sent = check_in(provider, clock={"elapsed_ms": 60_000, "boot_id": "b", "sequence": 1})
    answer = provider.caregiver.post(
        "/registrations", {**sent, "sent": {"elapsed_ms": 65_000, "boot_id": "b"}}, at=SOON
    )
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/registrations/{sent['id']}"
    kept = answer.json
    assert [kept[name] for name in ("id", "kind", "caregiver_id")] == [sent["id"], "check_in", provider.caregiver_id]
    assert (kept["received_at"], kept["corrected_at"], kept["clock_grade"]) == (SOON, NINE, "verified")
    assert kept["visit_id"] == sent["id"]
    assert "sent" not in kept
    assert provider.caregiver.read(f"/registrations/{sent['id']}", at=SOON) == kept
    visit = provider.coordinator.read(f"/visits/{sent['id']}", at=SOON)
    customer = provider.customers["2029"]
    assert (visit["state"], visit["starts_at"], visit["ends_at"]) == ("open", NINE, None)
    assert visit["planned_visit_id"] == customer.planned_visit_id
    assert visit["registration_ids"] == [sent["id"]]


def test_V4_a_check_out_closes_the_visit_with_exact_seconds(world: World) -> None:
    provider = world.home.providers[0]
    begun, ended = check_in(provider), check_out(provider, "2014-02-03T09:47:20.900Z")
    provider.caregiver.make("/registrations", begun, at=SOON)
    provider.caregiver.make("/registrations", ended, at="2014-02-03T09:47:22Z")
    visit = provider.coordinator.read(f"/visits/{begun['id']}", at=LATER)
    assert (visit["state"], visit["performed_seconds"], visit["performed"]) == ("complete", 2840, "PT47M20S")
    assert [(one["seconds"], one["service"], one["law"]) for one in visit["parts"]] == [(2840, "personal_care", "SoL")]
    assert visit["registration_ids"] == [begun["id"], ended["id"]]
    assert (visit["pay"], visit["deviations"]) == ("payable", [])
    told = changes(world, "registration.recorded", "visit.opened", "visit.closed")
    assert [one["type"] for one in told] == [
        "registration.recorded", "visit.opened", "registration.recorded", "visit.closed"
    ]  # fmt: skip
    assert told[-1]["data"]["performed_seconds"] == 2840
    assert told[-1]["resource"]["id"] == begun["id"]


def test_V2_F1_a_resend_repeats_the_answer_and_adds_nothing(world: World) -> None:
    """FAULTS 1: a phone that never heard the answer sends again, as often as it likes."""
    provider = world.home.providers[0]
    sent = check_in(provider)
    first = provider.caregiver.post("/registrations", sent, at=SOON)
    for second in range(count(1_000)):
        told = {**sent, "sent": {"elapsed_ms": second, "boot_id": "b"}}
        again = provider.caregiver.post("/registrations", told, at=LATER)
        assert (again.status_code, again.data) == (201, first.data)
    assert len(changes(world, "registration.recorded")) == 1
    assert len(changes(world, "visit.opened")) == 1
    assert len(provider.coordinator.read("/registrations", at=LATER)["items"]) == 1


OTHER: list[tuple[str, Any]] = [
    ("kind", "check_out"),
    ("captured_at", TEN),
    ("captured_at", "2014-02-03T10:00:00+01:00"),
    ("service", "household"),
    ("visit_id", new_id()),
    ("external_id", "theirs"),
    ("place", {"method": "manual", "reason": "tag_missing"}),
    ("clock", {"elapsed_ms": 1, "boot_id": "b", "sequence": 1}),
    ("activities", [{"code": "shower", "outcome": "done"}]),
    ("extra_service", True),
]


@pytest.mark.parametrize(
    ("field", "value"), OTHER, ids=[f"{field}-{number}" for number, (field, _) in enumerate(OTHER)]
)
def test_V2_F2_the_same_id_with_other_content_is_refused_and_the_first_stands(
    world: World, field: str, value: Any
) -> None:
    """FAULTS 2: whatever field is another."""
    provider = world.home.providers[0]
    sent = check_in(provider)
    first = provider.caregiver.make("/registrations", sent, at=SOON)
    again = provider.caregiver.post("/registrations", {**sent, field: value}, at=LATER)
    assert (again.status_code, again.json["rule"]) == (409, "V2")
    assert provider.caregiver.read(f"/registrations/{sent['id']}", at=LATER) == first


def test_V2_an_external_id_is_given_once(world: World) -> None:
    one, other = world.home.providers
    sent = check_in(one, external_id="theirs")
    one.caregiver.make("/registrations", sent, at=SOON)
    again = check_in(other, external_id="theirs")
    refused = other.caregiver.post("/registrations", again, at=SOON)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (409, "/external_id")
    (row,) = other.caregiver.post("/registrations/batch", {"items": [again]}, at=SOON).json["results"]
    assert (row["status"], row["problem"]["errors"][0]["pointer"]) == (409, "/external_id")
    assert other.coordinator.read("/registrations", at=LATER)["items"] == []


def test_V2_the_same_content_spelled_otherwise_is_the_same_registration(world: World) -> None:
    provider = world.home.providers[0]
    sent = check_in(provider)
    first = provider.caregiver.post("/registrations", sent, at=SOON)
    spelled = {"household": [], "customer_id": None, **dict(reversed(sent.items())), "id": sent["id"].upper()}
    assert provider.caregiver.post("/registrations", spelled, at=LATER).data == first.data


def test_V1_F5_a_check_out_that_comes_before_its_check_in_is_paired_when_that_comes(world: World) -> None:
    """FAULTS 5: pending as half a visit, then paired."""
    provider = world.home.providers[0]
    begun = check_in(provider)
    ended = check_out(provider, visit_id=begun["id"])
    provider.caregiver.make("/registrations", ended, at=LATER)
    half = provider.coordinator.read(f"/visits/{ended['id']}", at=LATER)
    assert (half["state"], half["starts_at"], half["ends_at"]) == ("no_check_in", None, TEN)
    assert (half["pay"], "D8" in half["deviations"]) == ("held", True)
    provider.caregiver.make("/registrations", begun, at="2014-02-03T10:00:09Z")
    whole = provider.coordinator.read(f"/visits/{begun['id']}", at=LATER)
    assert (whole["state"], whole["performed_seconds"]) == ("complete", 3600)
    assert provider.coordinator.get(f"/visits/{ended['id']}").status_code == 404
    assert [one["resource"]["id"] for one in changes(world, "visit.closed")][-1] == begun["id"]


def test_V8_F6_what_comes_thirty_days_late_is_kept_and_flagged(world: World) -> None:
    """FAULTS 6."""
    provider = world.home.providers[0]
    begun, ended = check_in(provider), check_out(provider)
    for one in (begun, ended):
        assert provider.caregiver.post("/registrations", one, at="2014-03-05T09:00:00Z").status_code == 201
    visit = provider.coordinator.read(f"/visits/{begun['id']}", at="2014-03-05T09:00:01Z")
    assert (visit["state"], visit["clock_grade"]) == ("complete", "unverified")
    assert {"D16", "D23"} <= set(visit["deviations"])
    assert visit["pay"] == "held"


def test_V3_a_manual_registration_states_its_time(world: World) -> None:
    provider = world.home.providers[0]
    manual = {"method": "manual", "reason": "forgot_to_register"}
    customer = provider.customers["2029"]
    begun = check_in(provider, TEN, stated_at=NINE, place=manual, customer_id=customer.id)
    provider.caregiver.make("/registrations", begun, at=LATER)
    visit = provider.coordinator.read(f"/visits/{begun['id']}", at=LATER)
    assert (visit["starts_at"], visit["evidence_grade"], visit["deviations"]) == (NINE, 0, ["D9"])


def test_V1_a_wrong_tag_is_recorded_and_judged(world: World) -> None:
    provider = world.home.providers[0]
    forged = {"method": "qr", "text": provider.customers["2029"].tag_text[:-2] + "xx"}
    one = check_in(provider, place=forged)
    provider.caregiver.make("/registrations", one, at=SOON)
    visit = provider.coordinator.read(f"/visits/{one['id']}", at=SOON)
    assert "D10" in visit["deviations"]
    assert visit["pay"] == "held"


def test_V6_a_second_check_in_leaves_the_first_visit_a_half(world: World) -> None:
    provider = world.home.providers[0]
    first, second = check_in(provider), check_in(provider, "2014-02-03T09:30:00Z", provider.customers["2031"])
    provider.caregiver.make("/registrations", first, at=SOON)
    provider.caregiver.make("/registrations", second, at="2014-02-03T09:30:02Z")
    states = {one["id"]: one["state"] for one in provider.coordinator.read("/visits", at=LATER)["items"]}
    assert states == {first["id"]: "no_check_out", second["id"]: "open"}


def test_V9_a_note_tells_activities_and_changes_no_time(world: World) -> None:
    provider = world.home.providers[0]
    begun, ended = check_in(provider), check_out(provider)
    activities = [{"code": "shower", "outcome": "declined"}]
    note = tap(provider, "visit_note", TEN, visit_id=begun["id"], activities=activities)
    for one in (begun, ended, note):
        provider.caregiver.make("/registrations", one, at=LATER)
    visit = provider.coordinator.read(f"/visits/{begun['id']}", at=LATER)
    assert (visit["performed_seconds"], visit["registration_ids"]) == (3600, [begun["id"], ended["id"], note["id"]])


def test_V8_F25_a_wall_clock_changed_in_between_costs_no_second(world: World) -> None:
    """FAULTS 25: both ends lie in one boot, though the check-out says the day before."""
    provider = world.home.providers[0]
    begun = check_in(provider, clock={"elapsed_ms": 1_000_000, "boot_id": "b", "sequence": 1})
    ended = check_out(provider, "2014-02-02T10:00:00Z", clock={"elapsed_ms": 3_840_000, "boot_id": "b", "sequence": 2})
    for one in (begun, ended):
        provider.caregiver.make("/registrations", one, at=SOON)
    visit = provider.coordinator.read(f"/visits/{begun['id']}", at=LATER)
    assert (visit["state"], visit["performed_seconds"]) == ("complete", 2840)


def test_V17_a_measuring_client_states_the_caregiver_and_has_grade_1_at_most(world: World) -> None:
    provider = world.home.providers[0]
    answer = world.home.measurer.post("/registrations", check_in(provider), at=SOON)
    assert (answer.status_code, answer.json["evidence_grade"]) == (201, 1)


UNKNOWN: list[tuple[str, Callable[[World], JSON]]] = [
    ("/caregiver_id", lambda world: {"caregiver_id": new_id()}),
    ("/caregiver_id", lambda world: {"caregiver_id": world.home.providers[0].caregiver_ids[1]}),
    ("/caregiver_id", lambda world: {"caregiver_id": world.home.providers[1].caregiver_id}),
    ("/caregiver_id", lambda world: {"caregiver_id": world.foreign.providers[0].caregiver_id}),
    ("/customer_id", lambda world: {"customer_id": new_id()}),
    ("/customer_id", lambda world: {"customer_id": world.foreign.providers[0].customers["0182"].id}),
    ("/customer_external_id", lambda world: {"customer_external_id": "nobody"}),
    ("/planned_visit_id", lambda world: {"planned_visit_id": new_id()}),
    (
        "/planned_visit_id",
        lambda world: {"planned_visit_id": world.foreign.providers[0].customers["0182"].planned_visit_id},
    ),
    (
        "/household/0/customer_id",
        lambda world: {"household": [{"customer_id": world.foreign.providers[0].customers["0182"].id}]},
    ),
]


@pytest.mark.parametrize(("pointer", "wrong"), UNKNOWN, ids=[f"{number}{row[0]}" for number, row in enumerate(UNKNOWN)])
def test_V1_A1_what_is_unknown_and_what_is_foreign_are_refused_alike(
    world: World, pointer: str, wrong: Callable[[World], JSON]
) -> None:
    provider = world.home.providers[0]
    answer = provider.caregiver.post("/registrations", {**check_in(provider), **wrong(world)}, at=SOON)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]
    messages = {one["message"] for one in answer.json["errors"]}
    assert messages == {"Nothing of this id is known here, or not within your scope."}
    assert provider.coordinator.read("/registrations", at=SOON)["items"] == []


def test_V1_a_visit_of_another_care_system_is_as_unheard_of_as_any(world: World) -> None:
    provider, foreign = world.home.providers[0], world.foreign.providers[0]
    theirs = check_in(foreign, customer=foreign.customers["0182"])
    foreign.caregiver.make("/registrations", theirs, at=SOON)
    ended = check_out(provider, visit_id=theirs["id"])
    provider.caregiver.make("/registrations", ended, at=LATER)
    assert provider.coordinator.read(f"/visits/{ended['id']}", at=LATER)["state"] == "no_check_in"
    assert foreign.coordinator.read(f"/visits/{theirs['id']}", at=LATER)["state"] == "open"


MALFORMED: list[tuple[JSON, str]] = [
    ({"kind": "arrive"}, "/kind"),
    ({"captured_at": "2014-02-03T09:00:00"}, "/captured_at"),
    ({"clock": {"elapsed_ms": 1.9, "boot_id": "b", "sequence": 1}}, "/clock/elapsed_ms"),
    ({"place": {"method": "manual", "reason": "other"}}, "/place/note"),
    ({"place": {"method": "nfc"}}, "/place/text"),
    ({"stated_at": NINE}, "/stated_at"),
    ({"received_at": NINE}, "/received_at"),
    ({"care_system_id": new_id()}, "/care_system_id"),
    ({"kind": "visit_note"}, "/visit_id"),
    ({"kind": "change_service"}, "/service"),
]


@pytest.mark.parametrize(("wrong", "pointer"), MALFORMED, ids=[row[1] for row in MALFORMED])
def test_V1_the_malformed_is_refused_with_a_pointer(sqlite_home: World, wrong: JSON, pointer: str) -> None:
    provider = sqlite_home.home.providers[0]
    answer = provider.caregiver.post("/registrations", {**check_in(provider), **wrong}, at=SOON)
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in answer.json["errors"]]


def test_A2_only_caregivers_and_measuring_clients_register(sqlite_home: World) -> None:
    provider = sqlite_home.home.providers[0]
    for somebody in sqlite_home.everybody():
        answer = somebody.post("/registrations", check_in(provider), at=SOON)
        allowed = somebody.role in ("caregiver", "measuring_client")
        assert answer.status_code == (201 if allowed else 403), somebody.role
        rows = somebody.post("/registrations/batch", {"items": []}, at=SOON)
        assert rows.status_code == (200 if allowed else 403), somebody.role


def test_a_request_without_a_token_is_answered_401(sqlite_home: World) -> None:
    client = sqlite_home.app.test_client()
    for path in ("/api/v1/registrations", "/api/v1/registrations/batch"):
        assert client.post(path, json={}).status_code == 401


def test_F41_a_revoked_caregiver_is_refused_on_the_next_request(world: World) -> None:
    """FAULTS 41."""
    provider = world.home.providers[0]
    provider.caregiver.make("/registrations", check_in(provider), at=SOON)
    user = world.operator.get(f"/users/{provider.caregiver.id}")
    content = {name: user.json[name] for name in ("username", "role", "care_system_id", "provider_id", "caregiver_id")}
    gone = world.operator.put(
        f"/users/{provider.caregiver.id}", {**content, "active": False}, etag=user.headers["ETag"]
    )
    assert gone.status_code == 200, gone.text
    answer = provider.caregiver.post("/registrations", check_out(provider), at=LATER)
    assert answer.status_code == 401


def test_V1_F7_of_a_batch_the_good_rows_are_kept_and_each_has_its_answer(world: World) -> None:
    """FAULTS 7: one bad row of a hundred."""
    provider = world.home.providers[0]
    rows: list[Any] = []
    for number in range(count(500)):
        at = f"2014-02-03T{9 + number // 60:02d}:{number % 60:02d}:00Z"
        rows.append(tap(provider, "check_out" if number % 2 else "check_in", at))
    bad = len(rows) // 2
    rows[bad] = {**rows[bad], "captured_at": "yesterday"}
    answer = provider.caregiver.post("/registrations/batch", {"items": rows}, at="2014-02-03T20:00:00Z")
    assert answer.status_code == 200
    results = answer.json["results"]
    assert [one["index"] for one in results] == list(range(len(rows)))
    assert [one["id"] for one in results] == [one["id"] for one in rows]
    assert [one["status"] for one in results] == [422 if index == bad else 201 for index in range(len(rows))]
    assert results[bad]["problem"]["errors"][0]["pointer"] == "/captured_at"
    assert results[0]["resource"]["received_at"] == "2014-02-03T20:00:00Z"
    assert len(changes(world, "registration.recorded")) == min(200, len(rows) - 1)


def test_V2_within_a_batch_the_same_content_repeats_and_other_content_is_refused(world: World) -> None:
    provider = world.home.providers[0]
    one = check_in(provider)
    unreadable, foreign = {"id": new_id()}, check_in(provider, caregiver_id=world.foreign.providers[0].caregiver_id)
    rows = [one, one, {**one, "service": "household"}, unreadable, "nonsense", foreign]
    answer = provider.caregiver.post("/registrations/batch", {"items": rows}, at=SOON)
    assert [row["status"] for row in answer.json["results"]] == [201, 201, 409, 422, 422, 422]
    assert answer.json["results"][0]["resource"] == answer.json["results"][1]["resource"]
    assert answer.json["results"][2]["problem"]["rule"] == "V2"
    assert answer.json["results"][5]["problem"]["errors"][0]["pointer"] == "/caregiver_id"
    again = provider.caregiver.post("/registrations/batch", {"items": rows}, at=LATER)
    assert [row["status"] for row in again.json["results"]] == [201, 201, 409, 422, 422, 422]
    assert again.json["results"][0]["resource"] == answer.json["results"][0]["resource"]
    assert len(changes(world, "visit.opened")) == 1


def test_V8_what_the_batch_tells_of_its_sending_holds_for_rows_that_tell_nothing(world: World) -> None:
    provider = world.home.providers[0]
    one = check_in(provider, "2014-02-03T03:00:00Z", clock={"elapsed_ms": 1_000, "boot_id": "b", "sequence": 1})
    batch = {"items": [one], "sent": {"elapsed_ms": 3_601_000, "boot_id": "b"}}
    answer = provider.caregiver.post("/registrations/batch", batch, at=LATER)
    assert answer.json["results"][0]["resource"]["corrected_at"] == "2014-02-03T09:00:05Z"


def test_a_batch_of_more_than_a_thousand_is_refused_whole(sqlite_home: World) -> None:
    caregiver = sqlite_home.home.providers[0].caregiver
    answer = caregiver.post("/registrations/batch", {"items": [{}] * 1001}, at=SOON)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/items")


def test_A1_registrations_are_listed_within_the_scope(world: World) -> None:
    provider, other = world.home.providers
    mine = check_in(provider)
    theirs = check_in(other, customer=other.customers["2029"])
    provider.caregiver.make("/registrations", mine, at=SOON)
    other.caregiver.make("/registrations", theirs, at=SOON)
    people = {
        "caregiver": provider.caregiver,
        "colleague": provider.caregivers[1],
        "coordinator": provider.coordinator,
        "other": other.coordinator,
        "foreign": world.foreign.providers[0].coordinator,
        "money": world.home.reimburser,
    }
    lists = {name: one.read("/registrations", at=SOON)["items"] for name, one in people.items()}
    seen = {name: [one["id"] for one in found] for name, found in lists.items()}
    both = sorted([mine["id"], theirs["id"]])
    assert seen == {
        "caregiver": [mine["id"]], "colleague": [], "coordinator": [mine["id"]], "other": [theirs["id"]], "foreign": [],
        "money": both,
    }  # fmt: skip
    assert other.coordinator.get(f"/registrations/{mine['id']}", at=SOON).status_code == 404
    assert provider.caregivers[1].get(f"/registrations/{mine['id']}", at=SOON).status_code == 404


def test_registrations_are_found_by_visit_caregiver_and_time_page_by_page(world: World) -> None:
    provider = world.home.providers[0]
    begun, ended = check_in(provider), check_out(provider)
    late = check_in(provider, "2014-02-03T11:00:00Z", customer=provider.customers["2031"])
    for one in (begun, ended, late):
        provider.caregiver.make("/registrations", one, at="2014-02-03T11:00:05Z")

    def found(**query: Any) -> list[str]:
        page = provider.coordinator.read("/registrations", at="2014-02-03T11:00:05Z", **query)
        return [one["id"] for one in page["items"]]

    assert found(visit_id=begun["id"]) == [begun["id"], ended["id"]]
    assert found(visit_id=new_id()) == []
    assert found(caregiver_id=provider.caregiver_ids[1]) == []
    assert found(**{"from": TEN}) == [ended["id"], late["id"]]
    assert found(before=TEN) == [begun["id"]]
    first = provider.coordinator.read("/registrations", at=LATER, limit=2)
    rest = provider.coordinator.read("/registrations", at=LATER, limit=2, after=first["next"])
    assert [one["id"] for one in (*first["items"], *rest["items"])] == sorted([begun["id"], ended["id"], late["id"]])
    assert "next" not in rest
