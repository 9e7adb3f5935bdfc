"""What an enrolled phone sends is never thrown away, and shared phones tell whose it is. V1, V17; FAULTS 8, 21, 22."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.actions.deviations.sweep import sweep
from app.rules.time import format_instant, parse_instant
from app.storage import access_log
from app.storage.ids import new_id
from tests.api.places import registration
from tests.api.world import World
from tests.counts import count
from tests.phones import V1, Phone, enrolled

MORNING = "2014-02-03T08:00:00Z"
START = parse_instant(MORNING)
NOON = "2014-02-03T12:00:00Z"
EVENING = "2014-02-03T18:00:00Z"


def after(minutes: int) -> str:
    return format_instant(START + timedelta(minutes=minutes))


@pytest.fixture
def phone(world: World) -> Phone:
    return enrolled(world.home.providers[0])


def captured(world: World, kind: str, minutes: int, number: int, who: int = 0, **more: Any) -> dict[str, Any]:
    """A registration captured offline, with the phone's elapsed clock anchored at the beginning of the day."""
    provider, elapsed = world.home.providers[0], 60_000 * minutes
    anchor = {"server_at": MORNING, "elapsed_ms": 0, "boot_id": "b"}
    clock = {"elapsed_ms": elapsed, "boot_id": "b", "sequence": number, "anchor": anchor}
    one = registration(provider, "2029", kind, after(minutes), clock=clock, **more)
    return one | {"caregiver_id": provider.caregiver_ids[who]}


def delivered(phone: Phone, items: list[Any], at: str = NOON, **more: Any) -> list[dict[str, Any]]:
    answer = phone.post("/registrations/batch", {"items": items, **more}, at=at)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json["results"]
    return results


def waiting(world: World, **query: str) -> list[dict[str, Any]]:
    told = world.home.providers[0].coordinator.read("/quarantine", **query)
    items: list[dict[str, Any]] = told["items"]
    return items


BAD: list[Any] = [
    None,
    7,
    "text",
    [],
    {},
    {"id": "no id"},
    {"nul": "a\0b", "half": "\ud800"},
    {"large": 10**30},
    {"kind": "check_in", "clock": {"sequence": 9}},
]


def test_V1_what_a_phone_sends_and_cannot_be_registered_is_kept_before_it_is_answered(
    world: World, phone: Phone
) -> None:
    """FAULTS 7, 8."""
    good = captured(world, "check_in", 10, 1)
    unknown = captured(world, "check_in", 20, 2) | {"planned_visit_id": new_id()}
    results = delivered(phone, [*BAD, good, unknown])
    assert [one["status"] for one in results] == [422] * len(BAD) + [201, 422]
    kept = {one["quarantine_id"] for one in results if one["status"] != 201}
    listed = waiting(world, state="waiting")
    assert {one["id"] for one in listed} == kept
    assert len(kept) == len(BAD) + 1
    assert [json.loads(one["raw"]) for one in listed] == [*BAD, unknown]
    assert [one["sequence"] for one in listed] == [None] * (len(BAD) - 1) + [9, 2]
    assert {one["device_id"] for one in listed} == {phone.id}
    assert {one["caregiver_id"] for one in listed} == {world.home.providers[0].caregiver_id}
    assert "quarantine_id" not in results[len(BAD)]


def test_V1_the_same_text_again_is_kept_once(world: World, phone: Phone) -> None:
    first = [one["quarantine_id"] for one in delivered(phone, BAD)]
    again = [one["quarantine_id"] for one in delivered(phone, [*BAD, *BAD])]
    assert again == first * 2
    assert len(waiting(world)) == len(BAD)


def test_V1_a_body_that_is_none_is_kept_whole(world: World, phone: Phone) -> None:
    """FAULTS 8."""
    bodies = [b"{", b'{"items":7}', b"\xff\x00", b"[" * 40 + b"]" * 40]
    for path in ("/registrations", "/registrations/batch"):
        for body in bodies:
            answer = phone.ask("POST", path, data=body, content_type="application/json")
            assert answer.status_code in (400, 422), answer.text
            assert answer.json["facts"]["quarantine_id"]
    plain = phone.ask("POST", "/registrations", data=b"x", content_type="text/plain")
    assert (plain.status_code, "quarantine_id" in plain.json["facts"]) == (415, True)
    assert {one["raw"] for one in waiting(world)} == {"{", '{"items":7}', "\\xff\\x00", "[" * 40 + "]" * 40, "x"}


def test_V1_a_single_one_is_kept_too(world: World, phone: Phone) -> None:
    bad = registration(world.home.providers[0], "2029", "check_in", MORNING, service="gardening")
    answer = phone.post("/registrations", bad)
    assert answer.status_code == 422
    (kept,) = waiting(world)
    assert answer.json["facts"] == {"quarantine_id": kept["id"]}
    assert json.loads(kept["raw"]) == bad
    assert kept["problem"]["errors"][0]["pointer"] == "/service"


def test_V1_what_a_session_without_a_phone_sends_is_not_kept(world: World) -> None:
    caregiver = world.home.providers[0].caregiver
    results = caregiver.make("/registrations/batch", {"items": BAD})["results"]
    assert all("quarantine_id" not in one for one in results)
    assert waiting(world) == []


SCALAR = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
FLAT = SCALAR | st.lists(SCALAR, max_size=4) | st.dictionaries(st.text(max_size=8), SCALAR, max_size=4)
JSON = FLAT | st.lists(FLAT, max_size=4) | st.dictionaries(st.text(max_size=8), FLAT, max_size=4)


def test_V1_nothing_that_a_phone_sends_is_lost(sqlite_home: World) -> None:
    """FAULTS 8: whatever the rows are, each is registered or kept as it was."""
    phone = enrolled(sqlite_home.home.providers[0])

    @settings(max_examples=count(300), deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(rows=st.lists(JSON, min_size=1, max_size=8))
    def attempt(rows: list[Any]) -> None:
        for row, result in zip(rows, delivered(phone, rows), strict=True):
            told = sqlite_home.home.providers[0].coordinator.read(f"/quarantine/{result['quarantine_id']}")
            assert json.loads(told["raw"]) == row

    attempt()


def accepted(world: World, kept: dict[str, Any], corrected: Any, at: str = EVENING) -> Any:
    verdict = {"outcome": "accepted", "registration": corrected, "reason": "The service had no name."}
    return world.home.providers[0].coordinator.post(f"/quarantine/{kept['id']}/verdict", verdict, at=at)


def test_V1_what_was_kept_is_registered_as_its_coordinator_corrects_it(world: World, phone: Phone) -> None:
    """FAULTS 8: from the phone to the visit, with the phone's own time."""
    rows = [captured(world, "check_in", 10, 1) | {"service": "gardening"}, captured(world, "check_out", 40, 2)]
    results = delivered(phone, rows)
    assert [one["status"] for one in results] == [422, 201]
    (kept,) = waiting(world)
    answer = accepted(world, kept, rows[0] | {"service": "personal_care"})
    assert answer.status_code == 200, answer.text
    assert (answer.json["state"], answer.json["registration_id"]) == ("accepted", rows[0]["id"])
    assert json.loads(answer.json["raw"]) == rows[0]
    coordinator = world.home.providers[0].coordinator
    registered = coordinator.read(f"/registrations/{rows[0]['id']}")
    assert (registered["received_at"], registered["recorded_at"]) == (NOON, EVENING)
    assert (registered["device_id"], registered["corrected_at"]) == (phone.id, after(10))
    visit = coordinator.read(f"/visits/{rows[0]['id']}")
    assert (visit["state"], visit["performed_seconds"]) == ("complete", 1_800)
    again = accepted(world, kept, rows[0] | {"service": "personal_care"})
    assert (again.status_code, again.json["rule"]) == (409, "V1")


def test_V8_what_is_accepted_keeps_the_clock_of_its_batch(world: World, phone: Phone) -> None:
    """FAULTS 24: a wall clock wrong by a day, told right by the elapsed clock when it was sent."""
    row = captured(world, "check_in", 10, 1) | {"service": "gardening", "captured_at": "2014-02-02T08:10:00Z"}
    row["clock"] = {"elapsed_ms": 600_000, "boot_id": "b", "sequence": 1}
    delivered(phone, [row], sent={"elapsed_ms": 14_400_000, "boot_id": "b"})
    (kept,) = waiting(world)
    assert accepted(world, kept, row | {"service": "personal_care"}).status_code == 200
    registered = world.home.providers[0].coordinator.read(f"/registrations/{row['id']}")
    assert (registered["corrected_at"], registered["captured_at"]) == (after(10), "2014-02-02T08:10:00Z")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"captured_at": after(9)}, "/registration/captured_at"),
        ({"clock": None}, "/registration/clock"),
        ({"clock": {"elapsed_ms": 1, "boot_id": "b", "sequence": 1}}, "/registration/clock"),
        ({"place": {"method": "manual", "reason": "phone_failed"}}, "/registration/place"),
        ({"place": {"method": "qr", "text": "https://hemtid.example/t/x"}}, "/registration/place"),
        ({"service": "gardening"}, "/registration/service"),
        ({"caregiver_id": new_id()}, "/caregiver_id"),
    ],
)
def test_V1_a_coordinator_corrects_neither_the_phones_time_nor_its_proof(
    sqlite_home: World, change: dict[str, Any], pointer: str
) -> None:
    phone = enrolled(sqlite_home.home.providers[0])
    row = captured(sqlite_home, "check_in", 10, 1)
    delivered(phone, [row | {"service": "gardening"}])
    (kept,) = waiting(sqlite_home)
    answer = accepted(sqlite_home, kept, row | change)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert waiting(sqlite_home, state="waiting") == [kept]


def test_V3_where_no_proof_of_place_could_be_read_it_is_by_hand(world: World, phone: Phone) -> None:
    row = captured(world, "check_in", 10, 1)
    delivered(phone, [row | {"place": {"method": "telepathy"}}])
    (kept,) = waiting(world)
    tag = world.home.providers[0].customers["2029"].tag_text
    refused = accepted(world, kept, row | {"place": {"method": "qr", "text": tag}})
    assert (refused.status_code, refused.json["rule"]) == (422, "V3")
    by_hand = accepted(world, kept, row | {"place": {"method": "manual", "reason": "phone_failed"}})
    assert by_hand.status_code == 200, by_hand.text


def test_V1_what_is_no_registration_is_dismissed_with_a_reason(world: World, phone: Phone) -> None:
    delivered(phone, ["noise"])
    (kept,) = waiting(world)
    coordinator, path = world.home.providers[0].coordinator, f"/quarantine/{kept['id']}/verdict"
    for wrong in ({"outcome": "dismissed"}, {"outcome": "accepted"}, {"outcome": "waiting", "reason": "x"}):
        assert coordinator.post(path, wrong).status_code == 422
    told = coordinator.make(path, {"outcome": "dismissed", "reason": "A test of the phone."})
    assert (told["state"], told["reason"]) == ("dismissed", "A test of the phone.")
    assert coordinator.post(path, {"outcome": "dismissed", "reason": "Again."}).status_code == 409
    assert waiting(world, state="waiting") == []


def test_A1_the_quarantine_is_its_own_providers_alone_and_each_read_is_logged(world: World, phone: Phone) -> None:
    row = captured(world, "check_in", 10, 1) | {"service": "gardening"}
    row["place"] |= {"position": {"lat": 60.73, "lon": 14.99}}
    delivered(phone, [row])
    (kept,) = waiting(world)
    assert "position" not in kept["raw"]
    with world.app.extensions["hemtid"].database.transaction() as tx:
        read = access_log.page(tx, world.home.id, limit=1_000)[-2:]
    provider = world.home.providers[0]
    assert {(one.what, one.whom.whom_type, one.whom.whom_id) for one in read} == {
        ("quarantined_registration", "caregiver", provider.caregiver_id),
        ("quarantined_registration", "customer", provider.customers["2029"].id),
    }
    for other in (world.home.providers[1].coordinator, world.foreign.providers[0].coordinator):
        assert other.read("/quarantine")["items"] == []
        assert other.get(f"/quarantine/{kept['id']}").status_code == 404
        verdict = {"outcome": "dismissed", "reason": "Not mine."}
        assert other.post(f"/quarantine/{kept['id']}/verdict", verdict).status_code == 404


def revoke(world: World, phone: Phone, at: str) -> None:
    world.home.providers[0].coordinator.make(f"/devices/{phone.id}/revocation", {"reason": "Lost"}, at=at)


def test_V1_what_a_lost_phone_captured_waits_for_its_coordinator(world: World, phone: Phone) -> None:
    """FAULTS 22: revoked in mid-stream; nothing is accepted from the next request on, nothing is lost."""
    rows = [captured(world, kind, 10 * number, number) for number, kind in enumerate(["check_in", "check_out"] * 3, 1)]
    assert [one["status"] for one in delivered(phone, rows[:2])] == [201, 201]
    revoke(world, phone, NOON)
    late = captured(world, "check_in", 241, 7)
    results = delivered(phone, [*rows[2:], "noise", late], at=EVENING)
    assert [one["status"] for one in results] == [403] * 6
    assert len({one["quarantine_id"] for one in results}) == 6
    said = [one["problem"]["detail"] for one in results]
    assert len(set(said[:5])) == 1
    assert said[5] != said[0]
    assert (
        phone.post("/registrations", rows[2], at=EVENING).json["facts"]["quarantine_id"] == results[0]["quarantine_id"]
    )
    listed = world.home.providers[0].coordinator.read("/registrations")["items"]
    assert {one["id"] for one in listed} == {row["id"] for row in rows[:2]}
    kept = {one["id"]: one for one in waiting(world)}
    for row, result in zip(rows[2:4], results, strict=False):
        assert accepted(world, kept[result["quarantine_id"]], row).status_code == 200
    assert world.home.providers[0].coordinator.read(f"/visits/{rows[2]['id']}")["performed_seconds"] == 600


def test_V1_a_lost_phone_whose_token_is_past_its_time_still_delivers_to_the_quarantine(
    world: World, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAULTS 22: it comes into coverage days later, and can get no other token."""
    from app.api import authentication, quarantining

    row, real = captured(world, "check_in", 10, 1), authentication.real_now  # type: ignore[attr-defined]

    def later() -> Any:
        return real() + timedelta(days=3)

    for module in (authentication, quarantining):
        monkeypatch.setattr(module, "real_now", later)
    soon = int(later().timestamp())

    def proof(path: str) -> str:
        return phone.key.proof("POST", V1 + path, phone.access_token, iat=soon)

    sent, path = {"items": [row]}, "/registrations/batch"
    over = phone.ask("POST", path, proof=proof(path), json=sent, at=NOON)
    assert over.status_code == 401
    single = phone.ask("POST", "/registrations", proof=proof("/registrations"), json=row, at=NOON)
    assert single.status_code == 401
    monkeypatch.undo()
    revoke(world, phone, NOON)
    for module in (authentication, quarantining):
        monkeypatch.setattr(module, "real_now", later)
    answer = phone.ask("POST", path, proof=proof(path), json=sent, at=NOON)
    assert [one["status"] for one in answer.json["results"]] == [403]
    other = phone.ask("GET", "/visits", proof=phone.key.proof("GET", f"{V1}/visits", phone.access_token, iat=soon))
    assert other.status_code == 401
    monkeypatch.undo()
    assert [json.loads(one["raw"]) for one in waiting(world)] == [row]


def test_V17_on_a_shared_phone_it_belongs_to_who_was_signed_in_then(world: World, phone: Phone) -> None:
    """A's morning delivered by B's session, and nothing of B's own before B came."""
    provider = world.home.providers[0]
    first, second = provider.caregivers
    assert phone.sign_in(second, at=NOON).status_code == 200
    rows = [
        captured(world, "check_in", 10, 1),
        captured(world, "check_out", 40, 2),
        captured(world, "check_in", 50, 3, who=1),
        captured(world, "check_in", 300, 4, who=1),
        captured(world, "check_in", 310, 5),
    ]
    results = delivered(phone, rows, at=EVENING)
    assert [one["status"] for one in results] == [201, 201, 422, 201, 422]
    for wrong in (results[2], results[4]):
        assert (wrong["problem"]["rule"], wrong["problem"]["errors"][0]["pointer"]) == ("V17", "/caregiver_id")
    assert provider.coordinator.read(f"/visits/{rows[0]['id']}")["caregiver_id"] == provider.caregiver_ids[0]
    assert {one["id"] for one in waiting(world)} == {results[2]["quarantine_id"], results[4]["quarantine_id"]}
    one_by_one = [phone.post("/registrations", row, at=EVENING).status_code for row in rows]
    assert one_by_one == [201, 201, 422, 201, 422]
    assert first.get("/visits").status_code == 200


def test_V17_a_phone_delivers_for_nobody_who_was_never_signed_in_on_it(world: World, phone: Phone) -> None:
    stranger = captured(world, "check_in", 10, 1, who=1)
    unproven = {name: value for name, value in stranger.items() if name != "clock"} | {"id": new_id()}
    assert [one["status"] for one in delivered(phone, [stranger, unproven])] == [422, 422]


def test_V1_two_phones_of_one_caregiver_lose_nothing(world: World) -> None:
    """FAULTS 21: each numbers by itself; what overlaps is flagged, and all of it is kept."""
    provider = world.home.providers[0]
    phones = [enrolled(provider), enrolled(provider)]
    rows = [[captured(world, kind, 10 * number + 3 * which, number) for number, kind in
             enumerate(["check_in", "check_out"] * 3, 1)] for which in (0, 1)]  # fmt: skip
    for phone, own in zip(phones, rows, strict=True):
        assert {one["status"] for one in delivered(phone, own[::2])} == {201}
    for phone, own in zip(phones, rows, strict=True):
        assert {one["status"] for one in delivered(phone, own[1::2])} == {201}
    listed = provider.coordinator.read("/registrations", limit="200")["items"]
    assert {one["id"]: one["device_id"] for one in listed} == {
        row["id"]: phone.id for phone, own in zip(phones, rows, strict=True) for row in own
    }
    assert waiting(world) == []
    visits = provider.coordinator.read("/visits")["items"]
    assert {one for visit in visits for one in visit["registration_ids"]} <= {row["id"] for own in rows for row in own}
    assert any(visit["state"] == "no_check_out" for visit in visits)


def swept(world: World, at: str) -> None:
    sweep(world.app.extensions["hemtid"].database, parse_instant(at), care_system_id=world.home.id)


def skips(world: World) -> list[dict[str, Any]]:
    found = world.home.providers[0].coordinator.read("/deviations", rule="D22", limit="200")["items"]
    return [one for one in found if one["state"] != "cleared"]


def test_D22_lost_numbers_are_found_by_the_sweep_and_cleared_as_they_come(world: World, phone: Phone) -> None:
    """FAULTS 23: after 48 hours, for each phone; what waits in the quarantine is not lost."""
    provider = world.home.providers[0]
    rows = [captured(world, kind, 10 * number, number) for number, kind in enumerate(["check_in", "check_out"] * 4, 1)]
    rows[2]["service"] = "gardening"
    delivered(phone, [row for number, row in enumerate(rows, 1) if number not in (4, 5)])
    swept(world, "2014-02-05T12:00:00Z")
    assert skips(world) == []
    swept(world, "2014-02-05T12:00:02Z")
    (skip,) = skips(world)
    assert (skip["name"], skip["subject"], skip["period"]) == (
        "sequence_gap", {"type": "device", "id": phone.id}, "2014-02",
    )  # fmt: skip
    policies = skip["facts"].pop("policies")
    assert (skip["facts"], skip["effect"]) == ({"missing": 2, "numbers": [[4, 5]]}, "explain")
    assert policies == [
        {"name": "sequence_gap_seconds", "value": 172_800, "on": "2014-02-03", "valid_from": None},
    ]  # fmt: skip
    delivered(phone, [rows[3]], at="2014-02-06T08:00:00Z")
    swept(world, "2014-02-06T08:01:00Z")
    assert [one["facts"]["numbers"] for one in skips(world)] == [[[5, 5]]]
    explanation = {"deviation_ids": [skip["id"]], "reason": "phone_failed", "note": "The phone was dropped in water."}
    provider.coordinator.make("/explanations", explanation, at="2014-02-06T09:00:00Z")
    assert provider.coordinator.read(f"/deviations/{skip['id']}")["state"] == "explained"
    delivered(phone, [rows[4]], at="2014-02-07T08:00:00Z")
    swept(world, "2014-02-07T08:01:00Z")
    assert skips(world) == []


def test_D22_two_phones_number_each_by_itself(world: World) -> None:
    """FAULTS 21, 23."""
    provider = world.home.providers[0]
    one, other = enrolled(provider), enrolled(provider, provider.caregivers[1])
    delivered(one, [captured(world, "check_in", 10, 1), captured(world, "check_out", 20, 3)])
    delivered(other, [captured(world, "check_in", 10, 2, who=1), captured(world, "check_out", 20, 4, who=1)])
    swept(world, "2014-02-06T12:00:00Z")
    assert {(skip["subject"]["id"], str(skip["facts"]["numbers"])) for skip in skips(world)} == {
        (one.id, "[[2, 2]]"), (other.id, "[[3, 3]]"),
    }  # fmt: skip


def test_D23_what_a_phone_delivers_after_72_hours_is_told(world: World, phone: Phone) -> None:
    """FAULTS 6: taken, and flagged."""
    rows = [captured(world, "check_in", 10, 1), captured(world, "check_out", 40, 2)]
    delivered(phone, rows, at="2014-03-05T08:00:00Z")
    told = world.home.providers[0].coordinator.read("/deviations", rule="D23")["items"]
    assert [one["subject"]["id"] for one in told] == [rows[0]["id"]]
