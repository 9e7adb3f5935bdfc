"""What a month's judgement reads is what was recorded before an instant, and all of it (R9, V5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from app.rules.deviations.facts import Facts
from app.rules.extensions import ExtensionState
from app.rules.people import Customer
from app.rules.tags import Tag, TagKind
from app.rules.visits.values import HouseholdShare
from app.storage.database import Database
from app.storage.deviations import save_deviations
from app.storage.explanations import insert_explanation, insert_verdict
from app.storage.extensions import insert_decision, insert_extension
from app.storage.facts import facts_of_month
from app.storage.people import CUSTOMER
from app.storage.plans import PLANNED_VISIT
from app.storage.records import replace_version
from app.storage.tags import TAG
from app.storage.visits import New, approve_correction, insert_correction, save_registrations, upsert_visits
from tests.storage.care import (
    ACCREDITED,
    ANNA,
    AWAY,
    BY,
    CAP,
    CS,
    DECIDED,
    EARLY,
    EVA,
    EXTENDED,
    GRANTED,
    MUNICIPAL,
    NOON,
    OLIVIA,
    ORDERED,
    PLANNED,
    PRICE,
    STAY,
    TAG_OF_ANNA,
    WHOLE_VISIT,
    check_in,
    check_out,
    insert_all,
)
from tests.storage.said import CORRECTION, DEVIATION, EXPLAINED, JUDGED

LATER = NOON + timedelta(days=60)
BEGUN = check_in("visit", NOON)
ENDED = check_out("out", NOON + timedelta(minutes=40), visit_id="visit")
BESIDE = check_in("beside", NOON + timedelta(hours=2), customer_id="bo")
LONG_AGO = check_in("long-ago", NOON - timedelta(days=40), customer_id="cia")
NAMING_IT = check_out("naming", NOON + timedelta(hours=3), visit_id="long-ago", customer_id="cia")
NEXT_YEAR = check_in("next-year", NOON + timedelta(days=365))
TAG_OF_BO = Tag(id="tag-bo", recorded_at=EARLY, customer_id="bo", kind=TagKind.QR, valid_from=date(2014, 1, 1))


def told(care: Database) -> None:
    """A month in which Eva visits Anna and Bo, with everything that is said of it."""
    arrived = [BEGUN, ENDED, BESIDE, LONG_AGO, NAMING_IT, NEXT_YEAR]
    with care.transaction() as tx:
        insert_all(tx, (TAG, TAG_OF_BO))
        save_registrations(tx, CS, [New(resolved=one, content_hash="0" * 64, by=BY) for one in arrived])
        upsert_visits(tx, CS, [replace(WHOLE_VISIT, household=(HouseholdShare(customer_id="anna"),))])
        insert_correction(tx, CS, CORRECTION, by=BY)
        approve_correction(tx, CS, "correction", by="another", at=NOON, recorded_at=NOON + timedelta(days=2))
        save_deviations(tx, CS, [DEVIATION], [])
        insert_explanation(tx, CS, EXPLAINED, facts={"deviation": DEVIATION.facts})
        insert_verdict(tx, CS, JUDGED)
        insert_extension(tx, CS, EXTENDED, state=ExtensionState.REQUESTED, by=BY)
        insert_decision(tx, CS, DECIDED)


@pytest.fixture
def month(care: Database) -> Database:
    """The care system with its month."""
    told(care)
    return care


def gather(database: Database, **more: Any) -> Facts:
    asked = {"recorded_before": LATER, **more}
    with database.transaction(write=False) as tx:
        return facts_of_month(tx, CS, "2029", ["2014-02"], **asked)


def test_R9_a_month_gathers_every_fact_of_its_customers(month: Database) -> None:
    facts = gather(month)
    assert set(facts.providers) == {OLIVIA, MUNICIPAL}
    assert facts.accreditations == (ACCREDITED,)
    assert facts.caregivers == (EVA,)
    assert ANNA in facts.customers
    assert facts.absences == (AWAY,)
    assert facts.grants == (GRANTED,)
    assert facts.orders == (ORDERED,)
    assert facts.planned_visits == (PLANNED,)
    assert (facts.rates, facts.policies) == ((PRICE,), (CAP, STAY))
    assert [one.approved_by for one in facts.corrections] == ["another"]
    assert (facts.extensions, facts.decisions) == ((EXTENDED,), (DECIDED,))
    assert [one.verdict.bound_facts for one in facts.explanations if one.verdict] == [DEVIATION.bound_facts]


def test_V5_the_caregivers_other_registrations_and_what_they_name_come_along(month: Database) -> None:
    facts = gather(month)
    assert {one.id for one in facts.registrations} == {"visit", "out", "beside", "long-ago", "naming"}
    assert {one.id for one in facts.customers} == {"anna", "bo", "cia"}
    assert set(facts.tags) == {TAG_OF_ANNA, TAG_OF_BO}


def test_R9_what_is_recorded_at_the_lock_or_later_is_not_known(month: Database) -> None:
    facts = gather(month, recorded_before=NOON + timedelta(minutes=40))
    assert {one.id for one in facts.registrations} == {"visit"}
    assert (facts.corrections, facts.decisions) == ((), ())
    assert [one.verdict for one in facts.explanations] == [None]
    assert facts.extensions == (EXTENDED,)
    assert gather(month, recorded_before=EARLY).grants == ()


def test_R9_every_version_that_was_recorded_by_then_is_there(month: Database) -> None:
    moved = replace(ANNA, name="Anna den andra", recorded_at=NOON)
    with month.transaction() as tx:
        kept = replace_version(tx, CUSTOMER, CS, moved, expected_version=1, by=BY)
    assert {ANNA, kept} <= set(gather(month).customers)
    assert kept not in gather(month, recorded_before=NOON).customers


def test_V16_a_plan_that_once_stood_in_the_month_is_there_in_all_its_versions(month: Database) -> None:
    away = replace(PLANNED, starts_at=LATER, ends_at=LATER + timedelta(hours=1), recorded_at=NOON)
    with month.transaction() as tx:
        kept = replace_version(tx, PLANNED_VISIT, CS, away, expected_version=1, by=BY)
    assert set(gather(month).planned_visits) == {PLANNED, kept}


def test_a_month_of_one_provider_or_of_named_customers_is_that_of_theirs(month: Database) -> None:
    assert gather(month, provider_id="olivia") == gather(month)
    assert gather(month, provider_id="municipal").extensions == ()
    assert gather(month, customer_ids=["anna"]) == gather(month)
    assert gather(month, customer_ids=["bo"]).absences == ()


def test_another_municipality_and_another_month_have_nothing_of_it(month: Database) -> None:
    with month.transaction(write=False) as tx:
        elsewhere = facts_of_month(tx, CS, "2031", ["2014-02"], recorded_before=LATER, provider_id="municipal")
        earlier = facts_of_month(tx, CS, "2029", ["2013-02"], recorded_before=LATER)
    assert elsewhere.registrations == ()
    assert earlier.registrations == ()
    assert earlier.extensions == ()


def test_the_number_of_statements_does_not_grow_with_the_rows(month: Database) -> None:
    before = _statements(month)
    with month.transaction() as tx:
        more = [Customer(id=f"more-{number}", recorded_at=EARLY, municipality="2029") for number in range(40)]
        insert_all(tx, *((CUSTOMER, one) for one in more))
        visits = [replace(WHOLE_VISIT, id=f"visit-{one.id}", customer_id=one.id, household=()) for one in more]
        upsert_visits(tx, CS, visits)
        arrived = [check_in(f"visit-{one.id}", NOON, customer_id=one.id) for one in more]
        save_registrations(tx, CS, [New(resolved=one, content_hash="0" * 64, by=BY) for one in arrived])
    assert _statements(month) == before


def _statements(database: Database) -> int:
    said: list[str] = []
    with database.transaction(write=False) as tx:
        event.listen(tx.connection, "before_cursor_execute", lambda *given: said.append(given[2]))
        facts_of_month(tx, CS, "2029", ["2014-02"], recorded_before=LATER)
    return len(said)
