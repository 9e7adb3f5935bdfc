"""Registrations: what the phone may send, and what counts as the same content."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.people import Position
from app.rules.visits.values import HouseholdShare, Registration, Sent
from schemas.visits import RegistrationRequestSchema, RegistrationSchema, about, canonical_content, registration_from
from schemas.visits.corrections import CorrectionRequestSchema
from tests.schemas import examples as ex
from tests.schemas.examples import ID, MANUAL, OTHER_ID, REGISTRATION, pointers, spoiled, without

SCHEMA = RegistrationRequestSchema()
RECEIVED = datetime(2014, 2, 3, 7, 0, 5, tzinfo=UTC)
RECORDED = datetime(2014, 2, 3, 7, 0, 6, tzinfo=UTC)


def made(raw: dict[str, Any], **told: Any) -> Registration:
    return registration_from(SCHEMA.load(raw), received_at=RECEIVED, recorded_at=RECORDED, **told)


def test_T2_a_registration_keeps_its_instants_as_received_beside_the_cut_ones() -> None:
    one = made({**MANUAL, "stated_at": "2014-02-03T07:30:00.5+01:00"})
    assert one.captured_at == datetime(2014, 2, 3, 7, tzinfo=UTC)
    assert one.captured_text == "2014-02-03T08:00:00.999+01:00"
    assert one.stated_text == "2014-02-03T07:30:00.5+01:00"
    assert (one.received_at, one.recorded_at) == (RECEIVED, RECORDED)
    assert made(REGISTRATION).stated_text is None


def test_a_position_is_kept_in_millionths_and_whole_metres() -> None:
    assert made(REGISTRATION).place.position == Position(lat_e6=60_730_000, lon_e6=14_990_000, accuracy_m=13)


def test_V17_only_the_receiver_says_that_a_measuring_client_stated_it() -> None:
    assert made(REGISTRATION, by_measuring_client=True).by_measuring_client
    assert not made(REGISTRATION).by_measuring_client
    assert pointers(SCHEMA, {**REGISTRATION, "by_measuring_client": True}) == ["/by_measuring_client"]


def test_V8_the_batch_says_when_it_was_sent_for_those_that_do_not() -> None:
    batch = Sent(elapsed_ms=9000, boot_id="b1")
    own = {**REGISTRATION, "sent": {"elapsed_ms": 8000, "boot_id": "b1"}}
    assert made(REGISTRATION, sent=batch).sent == batch
    assert made(own, sent=batch).sent == Sent(elapsed_ms=8000, boot_id="b1")
    assert made(REGISTRATION).sent is None


@pytest.mark.parametrize(
    "name", ["received_at", "corrected_at", "recorded_at", "provider_id", "evidence_grade", "clock_grade"]
)
def test_what_is_ours_to_say_is_refused(name: str) -> None:
    """FAULTS 37."""
    assert pointers(SCHEMA, {**REGISTRATION, name: "2014-02-03T08:00:00Z"}) == [f"/{name}"]


@pytest.mark.parametrize(
    ("example", "pointer", "value", "refused_at"),
    [
        pytest.param(REGISTRATION, "/id", "1", "/id", id="V2 an id that is no UUID"),
        pytest.param(REGISTRATION, "/kind", "check_up", "/kind", id="no such kind"),
        pytest.param(REGISTRATION, "/captured_at", "2014-02-03T08:00:00", "/captured_at", id="T1 no offset"),
        pytest.param(REGISTRATION, "/stated_at", "2014-02-03T08:00:00Z", "/stated_at", id="V3 a tap states no time"),
        pytest.param(REGISTRATION, "/place", {"method": "nfc"}, "/place/text", id="V3 a tap that read nothing"),
        pytest.param(
            REGISTRATION,
            "/place",
            {"method": "qr", "reason": "other", "note": "n"},
            "/place/text",
            id="V3 nothing read",
        ),
        pytest.param(MANUAL, "/place", {"method": "manual"}, "/place/reason", id="V3 no reason"),
        pytest.param(
            MANUAL, "/place", {"method": "manual", "reason": "other"}, "/place/note", id="V3 other without words"
        ),
        pytest.param(
            MANUAL, "/place", {"method": "manual", "reason": "other", "note": " "}, "/place/note", id="V3 blank words"
        ),
        pytest.param(MANUAL, "/place/reason", "wrong_customer", "/place/reason", id="a correction's reason"),
        pytest.param(REGISTRATION, "/kind", "visit_note", "/visit_id", id="V9 a note without its visit"),
        pytest.param(
            without(REGISTRATION, "service"), "/kind", "change_service", "/service", id="V15 a change to nothing"
        ),
        pytest.param(
            REGISTRATION, "/household", [{"customer_id": ID, "share": 0}], "/household/0/share", id="V12 no share"
        ),
        pytest.param(REGISTRATION, "/household", [{"share": 1}], "/household/0/customer_id", id="V12 nobody's share"),
        pytest.param(
            REGISTRATION, "/household", [{"customer_id": ID}] * 2, "/household/1/customer_id", id="V12 twice the same"
        ),
        pytest.param(
            REGISTRATION,
            "/activities",
            [{"code": "meal", "outcome": "done"}] * 2,
            "/activities/1",
            id="V9 twice the same",
        ),
        pytest.param(
            REGISTRATION, "/activities", [{"code": "meal", "outcome": "x"}], "/activities/0/outcome", id="V9 no outcome"
        ),
        pytest.param(REGISTRATION, "/clock/elapsed_ms", -1, "/clock/elapsed_ms", id="V8 before the boot"),
        pytest.param(
            REGISTRATION, "/clock/elapsed_ms", 1_000_000_000_001, "/clock/elapsed_ms", id="V8 longer than phones live"
        ),
        pytest.param(REGISTRATION, "/clock/sequence", 1.5, "/clock/sequence", id="V8 half a number"),
        pytest.param(REGISTRATION, "/place/position/lat", "60", "/place/position/lat", id="degrees as text"),
        pytest.param(REGISTRATION, "/extra_service", "no", "/extra_service", id="V13 text is no switch"),
        pytest.param(REGISTRATION, "/place", None, "/place", id="V3 no place"),
    ],
)
def test_a_malformed_registration_is_refused_at_its_field(
    example: dict[str, Any], pointer: str, value: object, refused_at: str
) -> None:
    assert pointers(SCHEMA, example) == []
    assert pointers(SCHEMA, spoiled(example, pointer, value)) == [refused_at]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        pytest.param("/captured_at", "1970-01-01T00:00:03Z", id="a phone that lost its clock"),
        pytest.param("/captured_at", "2030-01-01T00:00:00Z", id="a phone years ahead"),
        pytest.param("/place/uid", "DEADBEEF", id="a tag that nobody knows"),
        pytest.param("/place/position", {"lat": 60.7, "lon": 15.0}, id="no accuracy"),
        pytest.param("/visit_id", OTHER_ID, id="a visit that has not arrived"),
        pytest.param("/clock", None, id="no clock evidence"),
        pytest.param("/household", None, id="no household"),
        pytest.param("/activities", None, id="no activities"),
    ],
)
def test_V1_what_is_only_strange_is_taken(pointer: str, value: object) -> None:
    assert pointers(SCHEMA, spoiled(REGISTRATION, pointer, value)) == []


def test_V12_shares_are_equal_by_default_and_in_the_order_named() -> None:
    one = made({**REGISTRATION, "household": [{"customer_id": OTHER_ID}, {"customer_id": ID, "share": 3}]})
    assert one.household == (HouseholdShare(customer_id=OTHER_ID), HouseholdShare(customer_id=ID, share=3))


def test_a_registration_is_shown_with_every_field_it_came_with() -> None:
    one = made(
        {**REGISTRATION, "household": [{"customer_id": ID}], "activities": [{"code": "meal", "outcome": "declined"}]}
    )
    shown = RegistrationSchema().dump(one)
    again = without(shown, "recorded_at", "received_at", "device_id")
    assert SCHEMA.load(again) == {**SCHEMA.load({**again, "sent": None}), "captured_text": "2014-02-03T07:00:00Z"}
    assert shown["activities"] == [{"code": "meal", "outcome": "declined"}]
    assert "sent" not in shown


def test_V2_leaving_out_is_the_same_content_as_null_or_the_default() -> None:
    spelled_out = {
        **REGISTRATION,
        "visit_id": None,
        "activities": [],
        "extra_service": False,
        "household": [],
        "external_id": None,
        "clock": {**REGISTRATION["clock"], "anchor": None},
        "sent": {"elapsed_ms": 1, "boot_id": "b1"},
        "id": ID.upper(),
    }
    assert pointers(SCHEMA, spelled_out) == []
    assert canonical_content(spelled_out) == canonical_content(REGISTRATION)
    shared = {**REGISTRATION, "household": [{"customer_id": ID, "share": 1}]}
    assert canonical_content(shared) == canonical_content({**REGISTRATION, "household": [{"customer_id": ID}]})


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/kind", "check_out"),
        ("/caregiver_id", OTHER_ID),
        ("/captured_at", "2014-02-03T08:00:00.998+01:00"),
        ("/service", "household"),
        ("/extra_service", True),
        ("/place/uid", "04A2245A6F6181"),
        ("/place/position/lat", 60.730001),
        ("/clock/sequence", 2),
        ("/clock/anchor", {"server_at": "2014-02-03T07:00:00Z", "elapsed_ms": 0, "boot_id": "b1"}),
        ("/household", [{"customer_id": ID, "share": 2}]),
        ("/activities", [{"code": "meal", "outcome": "done"}]),
        ("/visit_id", OTHER_ID),
    ],
)
def test_V2_each_field_that_differs_is_other_content(pointer: str, value: object) -> None:
    """FAULTS 2."""
    other = spoiled(REGISTRATION, pointer, value)
    assert pointers(SCHEMA, other) == []
    assert canonical_content(other) != canonical_content(REGISTRATION)


def test_V2_content_is_canonical_json() -> None:
    content = canonical_content({**MANUAL, "place": {"reason": "other", "note": "Dörr", "method": "manual"}})
    assert (
        content == json.dumps(json.loads(content), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    )
    assert "Dörr".encode() in content
    number = spoiled(REGISTRATION, "/place/position/lat", 60)
    assert canonical_content(number) == canonical_content(spoiled(REGISTRATION, "/place/position/lat", 60.0))


@given(order=st.permutations(sorted(REGISTRATION)))
def test_V2_the_order_of_the_fields_is_no_content(order: list[str]) -> None:
    assert canonical_content({name: REGISTRATION[name] for name in order}) == canonical_content(REGISTRATION)


def test_V10_a_correction_is_about_the_visit_of_its_path() -> None:
    schema = CorrectionRequestSchema()
    assert about(schema.load(ex.CORRECTION), ID)["visit_id"] == ID
    assert about(schema.load({**ex.CORRECTION, "visit_id": ID.upper()}), ID)["visit_id"] == ID
    with pytest.raises(Exception, match="the one of the path"):
        about(schema.load({**ex.CORRECTION, "visit_id": OTHER_ID}), ID)
