"""Registrations, visits and corrections as they are kept (V1, V4-V6, V10)."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app.rules.visits.values import HouseholdShare, VisitState
from app.storage.conflicts import violated_key
from app.storage.database import Database
from app.storage.visits import (
    New,
    Open,
    Stored,
    all_visits,
    approve_correction,
    corrections_of,
    get_correction,
    get_registration,
    get_visit,
    get_visits,
    insert_correction,
    lock_caregivers,
    page_of_registrations,
    registrations_between,
    registrations_by_id,
    remove_visits,
    save_registrations,
    stored,
    upsert_visits,
    visits_of,
)
from tests.storage.care import BY, CS, NOON, WHOLE_END, WHOLE_REGISTRATION, WHOLE_VISIT, check_in, check_out, scope
from tests.storage.said import CORRECTION

HASH = "0" * 64
MINUTE = timedelta(minutes=1)


def keep(database: Database, *arrived: Any) -> set[str]:
    """The ids of those that were new."""
    with database.transaction() as tx:
        return save_registrations(tx, CS, [New(resolved=one, content_hash=HASH, by=BY) for one in arrived])


def test_V1_a_registration_comes_out_as_it_went_in(care: Database) -> None:
    bare = check_in("bare", NOON, customer_id=None)
    assert keep(care, WHOLE_REGISTRATION, bare) == {"whole", "bare"}
    with care.transaction(write=False) as tx:
        assert registrations_by_id(tx, CS, ["bare", "whole"]) == (WHOLE_REGISTRATION, bare)
        assert stored(tx, CS, ["whole", "none"]) == {
            "whole": Stored(resolved=WHOLE_REGISTRATION, content_hash=HASH, by=BY)
        }
        assert get_registration(tx, CS, "whole") == WHOLE_REGISTRATION
        assert get_registration(tx, "other", "whole") is None


def test_the_whole_registration_and_visit_say_something_in_every_field() -> None:
    for value in (
        WHOLE_REGISTRATION,
        WHOLE_REGISTRATION.registration,
        WHOLE_REGISTRATION.registration.place,
        WHOLE_REGISTRATION.reading,
        WHOLE_VISIT,
        WHOLE_END,
    ):
        silent = {one.name for one in fields(value) if getattr(value, one.name) in (None, (), "", False)}
        # What other registrations say against a tap is found while visits are derived, and kept with the visit's end.
        assert silent == ({"doubt"} if value is WHOLE_REGISTRATION else set()), value


def test_V2_a_registration_that_comes_again_adds_nothing(care: Database) -> None:
    first = check_in("a", NOON)
    assert keep(care, first) == {"a"}
    assert keep(care, check_in("a", NOON + MINUTE), check_in("b", NOON)) == {"b"}
    with care.transaction(write=False) as tx:
        assert registrations_by_id(tx, CS, ["a"]) == (first,)


def test_registrations_are_found_by_caregiver_and_time_in_their_order(care: Database) -> None:
    one, two, three = check_in("b", NOON), check_out("a", NOON), check_in("c", NOON + MINUTE, caregiver_id="dan")
    keep(care, one, two, three)
    with care.transaction(write=False) as tx:
        assert registrations_between(tx, CS) == (two, one, three)
        assert registrations_between(tx, CS, caregiver_ids=["eva"], start=NOON, before=NOON + MINUTE) == (two, one)
        assert registrations_between(tx, CS, before=NOON) == ()
        assert registrations_between(tx, CS, provider_id="municipal") == (three,)


def test_A1_registrations_are_seen_within_the_scope_only(care: Database) -> None:
    keep(care, check_in("a", NOON), check_out("b", NOON + MINUTE, visit_id="a", customer_id="bo"))
    keep(care, check_in("c", NOON, caregiver_id="dan"))
    seen = {
        ("caregiver_id", "eva"): ["a", "b"],
        ("provider_id", "municipal"): ["c"],
        ("municipality", "2031"): ["b"],
        ("care_system_id", "other"): [],
    }
    with care.transaction(write=False) as tx:
        for (limit, value), ids in seen.items():
            found = page_of_registrations(tx, CS, scope=scope(**{limit: value}))
            assert [one.id for one in found] == ids
        assert [one.id for one in page_of_registrations(tx, CS, visit_id="a")] == ["b"]
        assert [one.id for one in page_of_registrations(tx, CS, caregiver_id="eva", after="a", limit=5)] == ["b"]
        assert [one.id for one in page_of_registrations(tx, CS, start=NOON + MINUTE)] == ["b"]


HALF = replace(
    WHOLE_VISIT,
    id="half",
    state=VisitState.NO_CHECK_IN,
    starts_at=None,
    registered_starts_at=None,
    customer_id=None,
    service=None,
    check_in=None,
    planned_visit_id=None,
    household=(),
)


def test_V4_a_visit_comes_out_as_it_went_in_and_is_replaced(care: Database) -> None:
    with care.transaction() as tx:
        upsert_visits(tx, CS, [WHOLE_VISIT, HALF])
        assert get_visits(tx, CS, ["visit", "half"]) == {"visit": WHOLE_VISIT, "half": HALF}
        voided = replace(WHOLE_VISIT, state=VisitState.VOID, household=(HouseholdShare(customer_id="cia"),))
        upsert_visits(tx, CS, [voided])
        assert get_visit(tx, CS, "visit") == voided
        assert visits_of(tx, CS, customer_id="bo") == ()
        assert visits_of(tx, CS, customer_id="cia") == (voided,)


def test_V4_a_visit_that_the_registrations_no_longer_add_up_to_is_removed(care: Database) -> None:
    with care.transaction() as tx:
        upsert_visits(tx, CS, [WHOLE_VISIT, HALF])
        remove_visits(tx, CS, ["visit", "none"])
        assert get_visits(tx, CS, ["visit", "half"]) == {"half": HALF}
        assert all_visits(tx, CS) == (HALF,)


FOUND: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["half", "visit"]),
    ({"after": "half"}, ["visit"]),
    ({"limit": 1}, ["half"]),
    ({"customer_id": "anna"}, ["visit"]),
    ({"customer_id": "bo"}, ["visit"]),
    ({"customer_id": "cia"}, []),
    ({"state": VisitState.NO_CHECK_IN}, ["half"]),
    ({"planned_visit_ids": ["plan"]}, ["visit"]),
    ({"caregiver_id": "dan"}, []),
    ({"provider_id": "olivia", "start": NOON, "before": NOON + timedelta(seconds=1)}, ["visit"]),
    ({"start": NOON + timedelta(seconds=1)}, ["half"]),
    ({"before": NOON}, []),
    ({"scope": scope(municipality="2029")}, ["visit"]),
    ({"scope": scope(municipality="2031")}, []),
    ({"scope": scope(provider_id="municipal")}, []),
    ({"scope": scope(provider_id="olivia", caregiver_id="eva")}, ["half", "visit"]),
    ({"scope": scope(provider_id="olivia", caregiver_id="dan")}, []),
    ({"scope": scope(care_system_id="other")}, []),
]


def test_A1_visits_are_found_by_what_is_asked_within_the_scope(care: Database) -> None:
    with care.transaction() as tx:
        upsert_visits(tx, CS, [WHOLE_VISIT, HALF])
        for asked, ids in FOUND:
            assert [one.id for one in visits_of(tx, CS, **asked)] == ids, asked
        assert get_visit(tx, CS, "visit", scope=scope(municipality="2029")) == WHOLE_VISIT
        assert get_visit(tx, CS, "visit", scope=scope(municipality="2031")) is None
        assert [one.id for one in all_visits(tx, CS, customer_ids=["bo"], provider_id="olivia")] == ["visit"]


def test_V6_a_caregivers_lock_tells_what_is_open_and_moves_its_revision(care: Database) -> None:
    with care.transaction() as tx:
        assert lock_caregivers(tx, CS, ["eva", "dan", "eva"]) == {"eva": Open(revision=1), "dan": Open(revision=1)}
    with care.transaction() as tx:
        assert lock_caregivers(tx, CS, ["eva"]) == {"eva": Open(revision=2)}
        assert lock_caregivers(tx, CS, []) == {}


def test_V10_a_correction_counts_from_its_approval_on(care: Database) -> None:
    approved_at = NOON + timedelta(days=1)
    with care.transaction() as tx:
        insert_correction(tx, CS, CORRECTION, by=BY)
        assert get_correction(tx, CS, "correction") == CORRECTION
        approve_correction(tx, CS, "correction", by="another", at=approved_at, recorded_at=approved_at + MINUTE)
        counted = replace(CORRECTION, approved_by="another", approved_at=approved_at, recorded_at=approved_at + MINUTE)
        assert corrections_of(tx, CS, ["visit", "other"]) == (counted,)
        assert corrections_of(tx, CS, []) == ()


def test_V10_a_correction_is_approved_once(care: Database) -> None:
    with care.transaction() as tx:
        insert_correction(tx, CS, CORRECTION, by=BY)
        approve_correction(tx, CS, "correction", by="another", at=NOON, recorded_at=NOON)
    with pytest.raises(IntegrityError) as raised, care.transaction() as tx:
        approve_correction(tx, CS, "correction", by="third", at=NOON, recorded_at=NOON)
    assert violated_key(raised.value) == "pk_correction_approval"
