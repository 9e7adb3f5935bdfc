"""E1, E2: what a request made right at check-out asks for, at every border of plan, service, customer and month."""

from __future__ import annotations

from typing import Any

import pytest

from app.rules.extensions import Needed, needed_after, seconds_beyond
from app.rules.plans import PlannedVisit
from app.rules.providers import Service
from app.rules.refusal import Kind, Refused
from app.rules.visits.values import HouseholdShare, Visit
from tests.rules.builders import (
    LATER,
    a_change,
    a_check_in,
    a_check_out,
    a_correction,
    a_planned_visit,
    at,
    the_visit,
)

CARE = {"service": Service.PERSONAL_CARE}


def a_visit(starts: str = "08:00", ends: str = "09:00", *more: object, **of: Any) -> Visit:
    return the_visit(a_check_in(starts, **{**CARE, **of}), a_check_out(ends), *more)


@pytest.mark.parametrize(
    ("performed", "planned", "asked"),
    [(3_600, 0, 3_600), (3_600, 3_599, 1), (3_600, 3_600, 3_600), (3_600, 3_601, 3_600), (1, 0, 1), (3_600, 1, 3_599)],
    ids=["not planned", "a second longer", "as planned", "a second shorter", "one second", "planned for a second"],
)
def test_E2_what_took_longer_than_planned_is_asked_for_else_all_of_it(performed: int, planned: int, asked: int) -> None:
    assert seconds_beyond(performed, planned) == asked


PLANS: dict[str, tuple[PlannedVisit | None, int]] = {
    "without a plan": (None, 3_600),
    "a plan that was shorter": (a_planned_visit("08:00", "08:47:20"), 760),
    "a plan elsewhere in the day": (a_planned_visit("18:00", "18:45"), 900),
    "a plan that was longer": (a_planned_visit("08:00", "09:00:01"), 3_600),
    "a plan of another service": (a_planned_visit("08:00", "08:30", service=Service.HOUSEHOLD), 3_600),
}


@pytest.mark.parametrize("what", PLANS)
def test_E2_a_request_at_check_out_asks_for_what_the_visit_took_beyond_its_plan(what: str) -> None:
    planned, seconds = PLANS[what]
    assert needed_after(a_visit(), planned) == Needed(customer_id="k", month="2014-02", seconds=seconds)


def test_E1_of_a_visit_of_two_services_only_the_care_is_asked_for() -> None:
    visit = a_visit("08:00", "09:00", a_change("08:20", Service.HOUSEHOLD), **CARE)
    assert needed_after(visit, None).seconds == 1_200
    assert needed_after(visit, a_planned_visit("08:00", "08:15")).seconds == 300


def test_E2_of_a_night_across_the_border_its_first_month_is_asked_for() -> None:
    night = a_visit("2014-02-28T23:00:00+01:00", "2014-03-01T01:00:00+01:00")
    assert needed_after(night, None) == Needed(customer_id="k", month="2014-02", seconds=3_600)
    planned = a_planned_visit("2014-02-28T23:30:00+01:00", "2014-03-01T00:30:00+01:00")
    assert needed_after(night, planned).seconds == 1_800
    whole = a_visit("2014-02-28T22:00:00+01:00", "2014-03-01T00:00:00+01:00")
    assert needed_after(whole, None).seconds == 7_200


def test_E2_the_household_of_one_is_that_customers() -> None:
    visit = a_visit(household=(HouseholdShare(customer_id="k2"),))
    assert needed_after(visit, None).customer_id == "k2"


REFUSALS: dict[str, tuple[Visit, str, str]] = {
    "not checked out": (the_visit(a_check_in("08:00", **CARE), now="2014-02-03T09:00:00+01:00"), "E2", "not closed"),
    "without a check-out for long": (the_visit(a_check_in("08:00", **CARE), now=LATER), "E2", "not closed"),
    "without a check-in": (the_visit(a_check_out("09:00")), "E2", "not closed"),
    "void": (a_visit("08:00", "09:00", a_correction(void=True)), "E2", "void"),
    "to a household": (
        a_visit(household=(HouseholdShare(customer_id="k"), HouseholdShare(customer_id="k2"))), "E2", "household",
    ),
    "household time": (a_visit(service=Service.HOUSEHOLD), "E1", "this visit is household"),
    "escort": (a_visit(service=Service.ESCORT), "E1", "this visit is escort"),
    "of no time": (a_visit("08:00", "08:00"), "E2", "no personal care in the month"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSALS)
def test_E1_E2_what_cannot_be_asked_for_at_check_out_is_refused_with_its_reason(what: str) -> None:
    visit, rule, says = REFUSALS[what]
    with pytest.raises(Refused) as refusal:
        needed_after(visit, None)
    assert (refusal.value.rule, refusal.value.kind) == (rule, Kind.CONFLICT)
    assert says in refusal.value.message


def test_E1_a_night_whose_care_lies_in_its_second_month_is_asked_for_there() -> None:
    visit = a_visit(
        "2014-02-28T23:00:00+01:00",
        "2014-03-01T01:00:00+01:00",
        a_change("2014-03-01T00:00:00+01:00", Service.PERSONAL_CARE),
        service=Service.HOUSEHOLD,
    )
    with pytest.raises(Refused, match="in the month in which it began"):
        needed_after(visit, None)
    assert visit.starts_at == at("2014-02-28T23:00:00+01:00")
