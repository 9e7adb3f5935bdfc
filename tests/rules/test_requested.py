"""E2, E5: what a request for more time is held against: its days, and the customer's pools in its month."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.rules.deviations.judge import Judgement
from app.rules.deviations.requested import PoolMonth, pool_months, raised_by, requested_days
from app.rules.extensions import DecisionOutcome
from app.rules.providers import Law, Service
from app.rules.visits.values import HouseholdShare
from tests.rules.builders import (
    a_caregiver,
    a_check_in,
    a_check_out,
    a_correction,
    a_grant,
    a_planned_visit,
    a_provider,
    an_order,
    judged,
)
from tests.rules.test_extensions import a_decision, a_request

HOUR, MINUTE = 3_600, 60
TUESDAY, WEDNESDAY, FRIDAY = (f"2014-02-{day:02d}T08:00:00+01:00" for day in (4, 5, 7))


def a_stay(starts: str, ends: str, **more: Any) -> tuple[object, object]:
    """A check-in and the check-out that names it; the visit is called by its beginning and its caregiver."""
    name = f"{starts} {more.get('caregiver', 'c')}"
    where = {key: told for key, told in more.items() if key in ("caregiver", "door")}
    return a_check_in(starts, id=name, **more), a_check_out(ends, names=name, id=f"out {name}", **where)


def a_busy_day() -> Judgement:
    """Two hours granted: what is paid, and of each kind of what is not."""
    return judged(
        a_grant(hours=2, services=(Service.PERSONAL_CARE, Service.HOUSEHOLD)),
        *a_stay("08:00", "09:00"),
        *a_stay("08:30", "09:00", caregiver="c2"),
        *a_stay("10:00", "10:10"),
        a_correction("10:00 c", ends_at="10:40"),
        *a_stay("12:00", "12:10", service=Service.HOUSEHOLD),
        *a_stay("13:00", "16:00"),
        a_request(),
        a_decision(DecisionOutcome.PARTLY_APPROVED, 20 * MINUTE),
    )


def pools_of(judgement: Judgement, month: str, customer: str = "k") -> list[PoolMonth]:
    return [one for one in pool_months(judgement, month) if one.pool.customer_id == customer]


def test_R2_R6_a_pools_month_tells_every_performed_second_once_by_what_became_of_it() -> None:
    (found,) = pools_of(a_busy_day(), "2014-02")
    assert (found.granted_seconds, found.extension_seconds) == (2 * HOUR, 20 * MINUTE)
    assert found.paid_seconds == 2 * HOUR + 20 * MINUTE
    assert found.held_seconds == (40 + 10) * MINUTE, "the lengthened stay, and the one without a price"
    assert found.unpaid_seconds == 30 * MINUTE, "the second caregiver"
    assert found.excess_seconds == (4 * HOUR) - found.paid_seconds
    assert found.performed_seconds == 5 * HOUR + 20 * MINUTE


def test_R2_a_pool_without_visits_stands_there_with_what_was_granted() -> None:
    (found,) = pools_of(a_busy_day(), "2014-02", "k2")
    assert (found.granted_seconds, found.performed_seconds, found.extension_seconds) == (100 * HOUR, 0, 0)
    (march,) = pools_of(a_busy_day(), "2014-03")
    assert (march.granted_seconds, march.performed_seconds, march.extension_seconds) == (2 * HOUR, 0, 0)


def test_O2_an_order_that_ends_stands_in_its_last_month_and_in_none_after() -> None:
    ended = judged(an_order(valid_before=date(2014, 2, 15)), *a_stay("08:00", "09:00"))
    (february,) = pools_of(ended, "2014-02")
    assert (february.granted_seconds, february.paid_seconds) == (50 * HOUR, HOUR)
    assert pools_of(ended, "2014-03") == []
    assert pools_of(judged(an_order(valid_before=date(2014, 2, 1))), "2014-02") == []


def several_laws() -> Judgement:
    """`k` has personal care under LSS, ordered first, and under SoL, and another provider helps too."""
    return judged(
        a_provider("q"),
        a_grant("lss", law=Law.LSS, hours=5),
        an_order("a first", grant_id="lss", ordered_at=judged().setting.placed[0].order.ordered_at),
        a_grant("other"),
        an_order("of q", grant_id="other", provider="q"),
    )


def test_E5_a_request_raises_the_pool_under_SoL_before_the_one_under_LSS() -> None:
    judgement = several_laws()
    found = pool_months(judgement, "2014-02")
    assert [(one.pool.provider_id, one.pool.law) for one in found if one.pool.customer_id == "k"] == [
        ("p", Law.LSS),
        ("p", Law.SOL),
        ("q", Law.SOL),
    ]
    raised = raised_by(a_request(), found, judgement)
    assert raised is not None
    assert (raised.pool.provider_id, raised.pool.law, raised.granted_seconds) == ("p", Law.SOL, 100 * HOUR)
    theirs = raised_by(a_request(provider_id="q"), found, judgement)
    assert theirs is not None
    assert theirs.pool.provider_id == "q"


def test_E5_a_request_without_an_order_raises_nothing_nor_does_a_pool_that_is_not_shown() -> None:
    judgement = several_laws()
    found = pool_months(judgement, "2014-02")
    assert raised_by(a_request(provider_id="nobody"), found, judgement) is None
    assert raised_by(a_request(service=Service.HOUSEHOLD), found, judgement) is None
    shown = [one for one in found if one.pool.law is not Law.SOL]
    assert raised_by(a_request(), shown, judgement) is None


def in_days(**asked: Any) -> list[tuple[int, list[str], list[str]]]:
    """The days of a request of a week with visits and plans of two providers, as days of the month and ids."""
    judgement = judged(
        a_provider("q"),
        a_caregiver("d", provider="q"),
        *a_stay("12:00", "13:00"),
        *a_stay("08:00", "09:00"),
        *a_stay("09:00", "10:00", caregiver="d"),
        *a_stay(
            "14:00", "15:00", door="k2", household=(HouseholdShare(customer_id="k2"), HouseholdShare(customer_id="k"))
        ),
        *a_stay("16:00", "17:00", door="k2"),
        *a_stay(WEDNESDAY, "2014-02-05T09:00:00+01:00"),
        a_planned_visit("12:00", "13:00", id="late"),
        a_planned_visit("08:00", "09:00", id="early"),
        a_planned_visit("08:00", "09:00", id="theirs", provider="q"),
        a_planned_visit("08:00", "09:00", id="elsewhere", customer="k2"),
        a_planned_visit(FRIDAY, "2014-02-07T09:00:00+01:00", id="friday"),
    )
    told = requested_days(a_request(**asked), judgement)
    return [(one.day.day, [plan.id for plan in one.plans], [visit.id for visit in one.visits]) for one in told]


MONDAYS = (3, ["early", "late"], ["08:00 c", "12:00 c", "14:00 c"])


def test_E2_a_requested_day_has_the_providers_plans_and_visits_at_the_customer_or_in_its_household() -> None:
    assert in_days() == [MONDAYS]
    assert in_days(days=(date(2014, 2, 7), date(2014, 2, 4))) == [(4, [], []), (7, ["friday"], [])]


def test_E2_the_day_of_a_visit_that_is_named_is_a_day_of_the_request_and_stands_there_once() -> None:
    named = f"{WEDNESDAY} c"
    assert in_days(days=(date(2014, 2, 7),), visit_ids=(named,)) == [(5, [], [named]), (7, ["friday"], [])]
    assert in_days(visit_ids=("12:00 c", named)) == [MONDAYS, (5, [], [named])]


def test_E2_a_named_visit_of_another_provider_or_customer_brings_no_day() -> None:
    assert in_days(days=(), visit_ids=("09:00 d", "16:00 c", "nothing")) == []
    assert in_days(provider_id="q") == [(3, ["theirs"], ["09:00 d"])]
