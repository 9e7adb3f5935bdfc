"""Enrolled phones: proofs of their keys, who may enrol one, whose what it captured is. A1, V17; FAULTS 22, 42, 43."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.access import Actor, Role
from app.rules.access.devices import (
    CLOCK_SECONDS,
    Device,
    DeviceState,
    SignIn,
    check_enrols,
    check_revocable,
    is_at_hand,
    is_captured_by,
    signs_in_on,
    was_before,
)
from app.rules.access.proofs import Proof, fault_of_proof
from app.rules.access.sessions import RefreshFacts, RefreshOutcome, judge_refresh
from app.rules.refusal import Kind, Refused
from app.rules.visits.quarantine import (
    Quarantined,
    QuarantineState,
    check_faithful,
    check_waits,
    number_of,
    without_position,
)

NOW = datetime(2014, 2, 3, 8, 0, tzinfo=UTC)
ADDRESS = "https://hemtid.example/api/v1/visits"
PROOF = Proof(thumbprint="print", id="1", method="GET", address=ADDRESS, issued_at=NOW, token_hash="ath")


def seconds(number: int) -> datetime:
    return NOW + timedelta(seconds=number)


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"issued_at": seconds(-60)}, True),
        ({"issued_at": seconds(60)}, True),
        ({"issued_at": seconds(-61)}, False),
        ({"issued_at": seconds(61)}, False),
        ({"id": ""}, False),
        ({"id": "x" * 128}, True),
        ({"id": "x" * 129}, False),
        ({"id": "\ud800"}, False),
        ({"method": "get"}, False),
        ({"address": f"{ADDRESS}?after=1#here"}, True),
        ({"address": f"{ADDRESS}/"}, False),
        ({"address": ADDRESS.upper()}, False),
        ({"token_hash": None}, False),
        ({"token_hash": "another"}, False),
    ],
)
def test_A1_a_proof_is_good_for_its_request_and_minute_alone(changes: dict[str, Any], good: bool) -> None:
    """FAULTS 43; RFC 9449 section 4.3."""
    proof = dataclasses.replace(PROOF, **changes)
    assert (fault_of_proof(proof, method="GET", address=ADDRESS, now=NOW, token_hash="ath") is None) is good


def test_A1_where_no_token_comes_with_it_a_proof_need_name_none() -> None:
    proof = dataclasses.replace(PROOF, token_hash=None)
    assert fault_of_proof(proof, method="GET", address=ADDRESS, now=NOW) is None


OFFERED = Device(
    id="device", provider_id="provider", name="A phone", created_at=NOW, created_by="k", expires_at=seconds(600)
)
ENROLLED = dataclasses.replace(OFFERED, enrolled_at=NOW, enrolled_by="g", thumbprint="print")
REVOKED = dataclasses.replace(ENROLLED, revoked_at=seconds(5))
CARER = Actor(id="g", role=Role.CAREGIVER, care_system_id="s", provider_id="provider", caregiver_id="anna")


@pytest.mark.parametrize(
    ("device", "at", "state"),
    [
        (OFFERED, 599, DeviceState.OFFERED),
        (OFFERED, 600, DeviceState.EXPIRED),
        (ENROLLED, 600, DeviceState.ENROLLED),
        (REVOKED, 600, DeviceState.REVOKED),
        (dataclasses.replace(OFFERED, revoked_at=NOW), 0, DeviceState.REVOKED),
    ],
)
def test_A1_where_a_phone_stands(device: Device, at: int, state: DeviceState) -> None:
    assert device.state(seconds(at)) is state
    assert signs_in_on(CARER, device, seconds(at)) is (state is DeviceState.ENROLLED)
    if state is DeviceState.OFFERED:
        check_enrols(CARER, device, seconds(at))
        return
    with pytest.raises(Refused) as refused:
        check_enrols(CARER, device, seconds(at))
    assert (refused.value.kind, refused.value.pointer) == (Kind.CONFLICT, "/token")


def test_A1_a_phone_is_its_own_providers_and_revoked_once() -> None:
    elsewhere = dataclasses.replace(CARER, provider_id="another")
    with pytest.raises(Refused) as refused:
        check_enrols(elsewhere, OFFERED, NOW)
    assert refused.value.kind is Kind.MISSING
    assert not signs_in_on(elsewhere, ENROLLED, NOW)
    check_revocable(ENROLLED)
    with pytest.raises(Refused):
        check_revocable(REVOKED)
    assert (was_before(seconds(4), REVOKED.revoked_at), was_before(seconds(5), REVOKED.revoked_at)) == (True, False)
    assert not was_before(NOW, None)


SPANS = (
    SignIn(caregiver_id="anna", since=seconds(0), until=seconds(100)),
    SignIn(caregiver_id="bo", since=seconds(100), until=seconds(200)),
    SignIn(caregiver_id="anna", since=seconds(300)),
)


@pytest.mark.parametrize(
    ("who", "at", "by", "captured"),
    [
        ("anna", 0, "bo", True),
        ("anna", 99, "bo", True),
        ("anna", 101, "bo", True),
        ("anna", 102, "bo", False),
        ("bo", 100, "bo", True),
        ("bo", 98, "bo", True),
        ("bo", 97, "bo", False),
        ("bo", 201, "anna", True),
        ("bo", 202, "anna", False),
        ("bo", 250, "bo", True),
        ("anna", 250, "bo", False),
        ("anna", 9_999, "anna", True),
        ("bo", 9_999, "anna", False),
        ("bo", -1, "bo", True),
        ("anna", -2, "bo", True),
        ("anna", -3, "bo", False),
        ("cilla", 50, "anna", False),
        ("cilla", 1, "cilla", False),
        ("cilla", -1, "cilla", True),
    ],
)
def test_V17_it_is_whose_was_signed_in_on_the_phone_then(who: str, at: int, by: str, captured: bool) -> None:
    assert is_captured_by(who, seconds(at), delivered_by=by, proven=True, spans=SPANS) is captured


@pytest.mark.parametrize(("who", "captured"), [("anna", True), ("bo", True), ("cilla", False), ("dan", True)])
def test_V17_without_clock_evidence_it_is_whose_ever_was_signed_in_there(who: str, captured: bool) -> None:
    assert is_captured_by(who, seconds(-5_000), delivered_by="dan", proven=False, spans=SPANS) is captured


@given(st.lists(st.integers(0, 400), min_size=1, max_size=9, unique=True), st.integers(-10, 410))
def test_V17_at_every_moment_a_phone_is_one_caregivers_at_most(turns: list[int], at: int) -> None:
    """Spans follow each other, so of two caregivers never both, but where a change is as near as clocks are exact."""
    begins = sorted(turns)
    spans = [
        SignIn(caregiver_id=str(number), since=seconds(since), until=None if before is None else seconds(before))
        for number, (since, before) in enumerate(zip(begins, [*begins[1:], None], strict=True))
    ]
    who = [str(number) for number in range(len(begins))]
    told = [one for one in who if is_captured_by(one, seconds(at), delivered_by=None, proven=True, spans=spans)]
    whose = [str(number) for number, one in enumerate(spans) if one.covers(seconds(at))]
    assert len(whose) == (at >= begins[0])
    assert set(whose) <= set(told)
    if all(not -CLOCK_SECONDS <= at - one < CLOCK_SECONDS for one in begins):
        assert told == whose


def test_V17_nobody_need_be_asked_at_a_desk_or_of_what_is_just_captured() -> None:
    phone = dataclasses.replace(CARER, device_id="device", device_since=NOW)
    assert is_at_hand(CARER, "anybody", seconds(-5))
    assert is_at_hand(phone, "anna", NOW)
    assert not is_at_hand(phone, "anna", seconds(-1))
    assert not is_at_hand(phone, "bo", NOW)


BOUND = RefreshFacts(
    expires_at=seconds(30 * 86_400), session_ended_at=None, used_at=seconds(-9_999), sibling_used=False,
    successor_used=False, bound=True,
)  # fmt: skip
GONE_ON = dataclasses.replace(BOUND, successor_used=True, successor_proven_at=seconds(-10))


@pytest.mark.parametrize(
    ("facts", "proven_at", "outcome"),
    [
        (dataclasses.replace(BOUND, used_at=None), NOW, RefreshOutcome.ROTATED),
        (BOUND, NOW, RefreshOutcome.REPEATED),
        (GONE_ON, NOW, RefreshOutcome.REUSED),
        (GONE_ON, seconds(-9), RefreshOutcome.REUSED),
        (GONE_ON, seconds(-10), RefreshOutcome.STRAGGLED),
        (GONE_ON, seconds(-11), RefreshOutcome.STRAGGLED),
        (GONE_ON, None, RefreshOutcome.REUSED),
        (dataclasses.replace(GONE_ON, bound=False), seconds(-11), RefreshOutcome.REUSED),
        (dataclasses.replace(BOUND, expires_at=NOW), NOW, RefreshOutcome.EXPIRED),
        (dataclasses.replace(GONE_ON, session_ended_at=NOW), NOW, RefreshOutcome.EXPIRED),
    ],
)
def test_A1_a_phones_refresh_token_is_answered_again_until_its_successor_is_used(
    facts: RefreshFacts, proven_at: datetime | None, outcome: RefreshOutcome
) -> None:
    """FAULTS 42: however long the answer was lost."""
    assert judge_refresh(facts, NOW, proven_at) is outcome


CAPTURED = {
    "captured_at": "2014-02-03T08:00:00Z",
    "clock": {"elapsed_ms": 1, "boot_id": "b", "sequence": 1},
    "place": {"method": "nfc", "uid": "04A2245A6F6180"},
}
BY_HAND = {"method": "manual", "reason": "phone_failed"}


@pytest.mark.parametrize(
    ("readable", "corrected", "pointer"),
    [
        (CAPTURED, {**CAPTURED, "service": "escort"}, None),
        (CAPTURED, {**CAPTURED, "captured_at": "2014-02-03T08:00:01Z"}, "/registration/captured_at"),
        (CAPTURED, {**CAPTURED, "clock": None}, "/registration/clock"),
        (CAPTURED, {**CAPTURED, "place": BY_HAND}, "/registration/place"),
        ({}, {**CAPTURED, "place": BY_HAND}, None),
        ({}, CAPTURED, "/registration/place"),
        ({}, {}, "/registration/place"),
    ],
)
def test_V1_a_correction_keeps_what_only_the_phone_can_say(
    readable: dict[str, Any], corrected: dict[str, Any], pointer: str | None
) -> None:
    """FAULTS 8."""
    if pointer is None:
        check_faithful(readable, corrected)
        return
    with pytest.raises(Refused) as refused:
        check_faithful(readable, corrected)
    assert (refused.value.kind, refused.value.pointer) == (Kind.INVALID, pointer)


def test_V1_what_is_quarantined_is_judged_once() -> None:
    one = Quarantined(
        id="q", device_id="device", provider_id="provider", caregiver_id="anna", received_at=NOW, raw="", problem={}
    )
    check_waits(one)
    for state in (QuarantineState.ACCEPTED, QuarantineState.DISMISSED):
        with pytest.raises(Refused):
            check_waits(dataclasses.replace(one, state=state))


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ({"clock": {"sequence": 7}}, 7),
        ({"clock": {"sequence": 0}}, 0),
        ({"clock": {"sequence": -1}}, None),
        ({"clock": {"sequence": True}}, None),
        ({"clock": {"sequence": "7"}}, None),
        ({"clock": {"sequence": 1 << 63}}, None),
        ({"clock": 7}, None),
        ({}, None),
        ("text", None),
    ],
)
def test_D22_a_number_is_read_wherever_it_can_be(content: Any, number: int | None) -> None:
    assert number_of(content) == number


def test_A4_no_position_is_kept_of_what_nobody_could_register() -> None:
    place = {"method": "nfc", "uid": "x", "position": {"lat": 60.7, "lon": 15.0}}
    assert without_position({"id": "1", "place": place}) == {"id": "1", "place": {"method": "nfc", "uid": "x"}}
    others: list[Any] = [None, 7, "text", [], {}, {"place": "x"}, {"place": {"method": "nfc"}}]
    for other in others:
        assert without_position(other) == other
    readable = {"place": place}
    check_faithful(readable, {"place": {"method": "nfc", "uid": "x"}})
    with pytest.raises(Refused):
        check_faithful(readable, {"place": place})
