"""What the desk asks the rules before anybody acts: what a correction changes, and whether a month can be attested."""

from __future__ import annotations

from typing import Any

import pytest

from app.rules.providers import Service
from app.rules.reimbursement.months import Month, MonthState, awaits_attestation, refusal_of_attestation
from app.rules.visits.correct import differences
from app.rules.visits.values import Changes
from tests.rules.builders import a_check_in, a_check_out, a_correction, at, the_visit

STAY = (a_check_in("08:00"), a_check_out("09:00"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (Changes(), []),
        (Changes(ends_at=at("09:10")), [("ends_at", at("09:00"), at("09:10"))]),
        (
            Changes(customer_id="k2", service=Service.HOUSEHOLD),
            [("customer_id", "k", "k2"), ("service", Service.PERSONAL_CARE, Service.HOUSEHOLD)],
        ),
        (Changes(void=True), [("void", False, True)]),
        (Changes(void=False, starts_at=at("08:00")), [("starts_at", at("08:00"), at("08:00")), ("void", False, False)]),
    ],
)
def test_V10_a_correction_is_told_field_by_field_beside_what_the_visit_says(
    changes: Changes, told: list[tuple[str, Any, Any]]
) -> None:
    assert [(one.field, one.before, one.after) for one in differences(changes, the_visit(*STAY))] == told


def test_V10_a_void_visit_may_be_counted_again() -> None:
    void = the_visit(*STAY, a_correction(void=True))
    (one,) = differences(Changes(void=False), void)
    assert (one.before, one.after) == (True, False)
    (one,) = differences(Changes(ends_at=at("09:00")), the_visit(a_check_in("08:00")))
    assert one.before is None


def month(state: MonthState, **more: Any) -> Month:
    """February of one provider in Nacka."""
    return Month(municipality="0182", provider_id="p", month="2014-02", state=state, **more)


@pytest.mark.parametrize(
    ("now", "blocking", "state", "refused"),
    [
        ("2014-02-28T23:59:59+01:00", 0, MonthState.OPEN, True),
        ("2014-03-01T00:00:00+01:00", 0, MonthState.OPEN, False),
        ("2014-03-01T00:00:00+01:00", 1, MonthState.OPEN, True),
        ("2014-03-06T00:00:00+01:00", 0, MonthState.LOCKED, False),
        ("2014-03-06T00:00:00+01:00", 0, MonthState.ISSUED, True),
    ],
)
def test_R8_why_a_month_cannot_be_attested_is_known_before_trying(
    now: str, blocking: int, state: MonthState, refused: bool
) -> None:
    refusal = refusal_of_attestation(month(state), blocking, at(now))
    assert (refusal is not None) is refused
    assert refusal is None or refusal.rule == "R8"


@pytest.mark.parametrize(
    ("state", "attested", "waits"),
    [
        (MonthState.OPEN, False, True),
        (MonthState.ATTESTED, True, False),
        (MonthState.LOCKED, False, True),
        (MonthState.LOCKED, True, False),
        (MonthState.ISSUED, True, False),
    ],
)
def test_R8_a_month_waits_for_its_attestation_until_it_has_one(state: MonthState, attested: bool, waits: bool) -> None:
    told = {"attested_at": at("2014-03-02T08:00:00Z"), "attested_by": "somebody"} if attested else {}
    assert awaits_attestation(month(state, **told)) is waits
