"""Deviations that a month shows: D1, D2, D12, D13, D18, D19, D20."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.rules.deviations.judge import Judgement, judge
from app.rules.deviations.seconds import Fate
from app.rules.deviations.values import DeviationState, Effect
from app.rules.orders import Per
from app.rules.visits.values import HouseholdShare
from tests.rules.builders import (
    a_caregiver,
    a_check_in,
    a_check_out,
    a_correction,
    a_customer,
    a_grant,
    a_policy,
    a_provider,
    an_absence,
    an_explanation,
    an_order,
    at,
    found,
    judged,
    seconds_after,
    some_facts,
    the_deviation,
)
from tests.rules.money_builders import CARE, ESCORT, FEBRUARY, HOUSEHOLD, RESPITE, a_stay, seconds_by

MONTH_END = "2014-03-01T00:00:00+01:00"


def under(*facts: Any, now: str = "2014-03-05T18:00:00+01:00", months: tuple[str, ...] = (FEBRUARY,)) -> list[Any]:
    """The facts of every D1 of customer `k`."""
    told = found(judged(*facts, now=now, months=months), "D1")
    return [one.found.seen for one in told if one.found.customer_id == "k"]


@pytest.mark.parametrize(
    ("ends", "told"),
    [("08:44:59", 1), ("08:45:00", 0), ("08:45:01", 0)],
    ids=["a second below 75 %", "75 %", "a second above"],
)
def test_D1_performed_below_the_share_of_granted_is_told(ends: str, told: int) -> None:
    assert len(under(a_grant(hours=1), *a_stay("08:00:00", ends))) == told


@pytest.mark.parametrize(("percent", "told"), [(100, 1), (75, 0), (0, 0)])
def test_D1_the_share_is_the_municipalitys_policy(percent: int, told: int) -> None:
    policy = a_policy("under_delivery_percent", percent)
    assert len(under(a_grant(hours=1), policy, *a_stay("08:00", "08:59"))) == told


def test_D1_nothing_performed_is_below_everything_but_a_share_of_nothing() -> None:
    assert under(a_grant(hours=1)) == [{"performed_seconds": 0, "granted_seconds": 3_600, "percent": 75}]
    assert not under(a_grant(hours=1), a_policy("under_delivery_percent", 0))


@pytest.mark.parametrize(
    ("now", "told"),
    [(seconds_after(MONTH_END, -1), 0), (MONTH_END, 1), (seconds_after(MONTH_END, 1), 1)],
    ids=["the month's last second", "the month is over", "a second later"],
)
def test_D1_is_asked_once_the_month_is_over(now: str, told: int) -> None:
    assert len(under(a_grant(hours=1), now=now)) == told


def test_D1_is_told_per_pool_and_of_the_months_that_are_asked_about() -> None:
    second = a_grant("second", services=(HOUSEHOLD,)), an_order("second order", grant_id="second")
    judgement = judged(a_grant(hours=1), *second, *a_stay("08:00", "09:00", service=CARE), months=(FEBRUARY,))
    assert [one.found.subject.id for one in found(judgement, "D1") if one.found.customer_id == "k"] == [
        "p/k/SoL/household"
    ]
    both = judged(a_grant(hours=1), months=("2014-01", FEBRUARY))
    assert [one.found.period for one in found(both, "D1") if one.found.customer_id == "k"] == ["2014-01", FEBRUARY]
    assert not found(judged(a_grant(hours=1)), "D1")


def test_D1_an_order_that_holds_on_no_day_of_the_month_asks_for_nothing() -> None:
    assert not under(an_order(valid_before=date(2014, 2, 1)))
    assert under(an_order(valid_before=date(2014, 2, 2)))


def test_D1_what_is_held_unpriced_or_beyond_the_cap_was_performed() -> None:
    stay = a_stay("08:00", "09:00", received="13:00")
    assert seconds_by(judged(a_grant(hours=1), *stay), Fate.HELD) == 3_600
    assert not under(a_grant(hours=1), *stay)
    assert not under(a_grant(hours=1), *a_stay("08:00", "08:30"), *a_stay("08:10", "08:25", caregiver="c2"))


def test_D1_V13_a_void_visit_and_an_extra_service_were_not_performed() -> None:
    assert under(a_grant(hours=1), *a_stay("08:00", "09:00"), a_correction(void=True))
    assert under(a_grant(hours=1), *a_stay("08:00", "09:00", extra_service=True))


AWAY = ("2014-02-10T10:00:00+01:00", "2014-02-12T09:00:00+01:00")


def test_D1_V18_the_days_of_an_absence_leave_both_what_is_granted_and_what_is_performed() -> None:
    grant = a_grant(granted_seconds=1_000, per=Per.DAY)
    (facts,) = under(grant, an_absence(*AWAY), *a_stay("2014-02-10T08:00:00+01:00", "2014-02-10T09:00:00+01:00"))
    assert facts == {"performed_seconds": 0, "granted_seconds": 25_000, "percent": 75}


@pytest.mark.parametrize(
    ("starts", "ends", "days"),
    [
        ("2014-02-10T23:59:59+01:00", "2014-02-11T00:00:00+01:00", 27),
        ("2014-02-10T23:59:59+01:00", "2014-02-11T00:00:01+01:00", 26),
        ("2014-01-20T00:00:00+01:00", "2014-02-01T00:00:00+01:00", 28),
        ("2014-02-28T12:00:00+01:00", None, 27),
    ],
    ids=["one second of one day", "a second of each of two days", "until the month begins", "without a known end"],
)
def test_D1_V18_a_day_is_away_where_the_absence_takes_a_second_of_it(starts: str, ends: str | None, days: int) -> None:
    (facts,) = under(a_grant(granted_seconds=1_000, per=Per.DAY), an_absence(starts, ends))
    assert facts["granted_seconds"] == days * 1_000


def test_D1_V18_a_month_away_asks_for_nothing() -> None:
    assert not under(an_absence("2014-01-01T00:00:00+01:00", None))


@pytest.mark.parametrize(
    ("ends", "excess"),
    [("08:59:59", None), ("09:00:00", None), ("09:00:01", 1)],
    ids=["a second below", "on it", "a second above"],
)
def test_D2_any_second_above_what_is_granted_is_told(ends: str, excess: int | None) -> None:
    judgement = judged(a_grant(hours=1), *a_stay("08:00:00", ends))
    told = [one.found.seen for one in found(judgement, "D2")]
    assert [one["excess_seconds"] for one in told] == ([] if excess is None else [excess])


def test_D2_tells_the_pool_its_month_and_everything_it_was_reckoned_from() -> None:
    deviation = the_deviation(judged(a_grant(hours=1), *a_stay("08:00", "09:30")), "D2").found
    assert (deviation.subject.type, deviation.subject.id) == ("pool", "p/k/SoL/personal_care")
    assert (deviation.period, deviation.effect, deviation.asks) == (FEBRUARY, Effect.EXPLAIN, True)
    assert deviation.seen == {
        "performed_seconds": 5_400,
        "granted_seconds": 3_600,
        "approved_extension_seconds": 0,
        "excess_seconds": 1_800,
    }


def test_D2_what_does_not_reach_the_cap_is_no_over_delivery() -> None:
    assert not found(judged(a_grant(hours=1), *a_stay("08:00", "09:30", received="13:00")), "D2")
    beside = a_stay("08:00", "09:00", caregiver="c2")
    assert not found(judged(a_grant(hours=1), *a_stay("08:00", "09:00"), *beside), "D2")


def test_D12_tells_the_second_caregivers_unpaid_seconds_in_its_own_visit() -> None:
    judgement = judged(*a_stay("08:00", "09:00"), *a_stay("08:30", "09:30", caregiver="c2"))
    deviation = the_deviation(judgement, "D12").found
    assert deviation.subject.id == "in 08:30 c2"
    assert deviation.seen == {"seconds": 1_800, "from": "2014-02-03T07:30:00Z"}
    assert (deviation.effect, deviation.asks, deviation.period) == (Effect.EXPLAIN, True, FEBRUARY)


def test_D12_clears_when_the_overlap_is_corrected_away_and_acceptance_pays_nothing() -> None:
    stays = (*a_stay("08:00", "09:00"), *a_stay("08:30", "09:30", caregiver="c2"))
    assert not found(judged(*stays, a_correction("in 08:30 c2", starts_at="09:00")), "D12")
    accepted = judged(*stays, an_explanation("D12", "in 08:30 c2", accepted="2014-02-21T09:00:00+01:00"))
    assert the_deviation(accepted, "D12").state is DeviationState.ACCEPTED
    assert seconds_by(accepted, Fate.UNPAID_OVERLAP) == 1_800


def test_D13_D20_a_night_over_the_months_border_is_told_in_each_month() -> None:
    night = a_stay("2014-02-28T23:00:00+01:00", "2014-03-01T02:00:00+01:00", service=HOUSEHOLD)
    now = "2014-04-05T18:00:00+02:00"
    unordered = found(judged(*night, now=now), "D13")
    assert [(one.found.period, one.found.facts["seconds"]) for one in unordered] == [
        ("2014-02", 3_600),
        ("2014-03", 7_200),
    ]
    unpriced = found(judged(a_grant(services=(HOUSEHOLD,)), *night, now=now), "D20")
    assert [(one.found.period, one.found.facts["seconds"]) for one in unpriced] == [
        ("2014-02", 3_600),
        ("2014-03", 7_200),
    ]


def test_D20_is_not_told_of_what_nobody_ordered() -> None:
    judgement = judged(*a_stay("08:00", "09:00", service=HOUSEHOLD))
    assert found(judgement, "D13")
    assert not found(judgement, "D20")


ORDERED = an_order(
    ordered_at=at("2014-02-03T09:00:00+01:00"),
    valid_from=date(2014, 2, 1),
    implementation_plan_received_on=date(2014, 2, 10),
)
DUE = "2014-02-05T09:00:00+01:00"


def late(*facts: Any, now: str = "2014-03-05T18:00:00+01:00", rule: str = "D18") -> list[Any]:
    """The facts of each D18, or another, of the order of `k`."""
    return [one.found.seen for one in found(judged(ORDERED, *facts, now=now), rule) if one.found.customer_id == "k"]


@pytest.mark.parametrize(
    ("away", "told"), [(-1, 0), (0, 0), (1, 1)], ids=["a second before it is due", "when it is due", "a second late"]
)
def test_D18_care_starts_within_48_hours_of_the_order(away: int, told: int) -> None:
    start = seconds_after(DUE, away)
    stay = a_stay(start, seconds_after(start, 600))
    assert len(late(*stay)) == told
    assert len(late(now=start)) == told


def test_D18_a_later_start_does_not_clear_it_and_it_is_of_the_month_it_was_due_in() -> None:
    start = "2014-03-04T08:00:00+01:00"
    assert late() == [{"due_at": "2014-02-05T08:00:00Z", "started_at": None}]
    assert late(*a_stay(start, seconds_after(start, 600))) == [
        {"due_at": "2014-02-05T08:00:00Z", "started_at": "2014-03-04T07:00:00Z"}
    ]
    month_end = an_order(ordered_at=at("2014-02-26T23:59:59+01:00"), valid_from=date(2014, 2, 1))
    periods = [one.found.period for one in found(judged(month_end), "D18") if one.found.customer_id == "k"]
    assert periods == ["2014-02"]
    next_month = an_order(ordered_at=at("2014-02-27T00:00:00+01:00"), valid_from=date(2014, 2, 1))
    periods = [one.found.period for one in found(judged(next_month), "D18") if one.found.customer_id == "k"]
    assert periods == ["2014-03"]


SOON = seconds_after(DUE, -3_600)
"""An hour before care had to start."""


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ([a_check_in(SOON)], 0),
        ([a_check_out(SOON)], 1),
        ([*a_stay(SOON, DUE), a_correction(f"in {SOON}", void=True)], 1),
        (a_stay(SOON, DUE, extra_service=True), 1),
        (a_stay(SOON, DUE, door="k2"), 1),
        (a_stay(SOON, DUE, door="k2", household=tuple(HouseholdShare(customer_id=one) for one in ("k2", "k"))), 0),
        ([a_provider("q"), a_caregiver("d", provider="q"), *a_stay(SOON, DUE, caregiver="d")], 1),
        (a_stay("2014-02-03T08:00:00+01:00", "2014-02-03T10:00:00+01:00"), 1),
        (a_stay("2014-02-03T09:00:00+01:00", "2014-02-03T10:00:00+01:00"), 0),
    ],
    ids=[
        "a check-in that was never closed",
        "a check-out of a visit that nobody began",
        "a void visit",
        "an extra service (V13)",
        "a visit to somebody else",
        "a stay in the customer's household (V12)",
        "another provider's visit",
        "a visit begun before the order",
        "a visit begun as it was ordered",
    ],
)
def test_D18_what_counts_as_a_start_of_care(facts: list[Any], told: int) -> None:
    assert len(late(*facts)) == told


@pytest.mark.parametrize(
    ("services", "days"),
    [((ESCORT,), 14), ((RESPITE, ESCORT), 14), ((CARE,), 2), ((CARE, ESCORT), 2)],
    ids=["escort", "escort and respite", "home care", "escort beside home care"],
)
def test_D18_O4_nacka_gives_escort_and_respite_14_days(services: tuple[Any, ...], days: int) -> None:
    policy = a_policy("start_of_care_escort_respite_seconds", 14 * 86_400)
    due = seconds_after("2014-02-03T09:00:00+01:00", days * 86_400)
    assert not late(a_grant(services=services), policy, now=due)
    assert late(a_grant(services=services), policy, now=seconds_after(due, 1))


@pytest.mark.parametrize(
    ("received", "told"),
    [(date(2014, 2, 16), 0), (date(2014, 2, 17), 0), (date(2014, 2, 18), 1), (None, 1)],
    ids=["the day before", "the last day", "the day after", "not at all"],
)
def test_D19_the_implementation_plan_is_in_within_14_days(received: date | None, told: int) -> None:
    order = an_order(
        ordered_at=at("2014-02-03T09:00:00+01:00"),
        valid_from=date(2014, 2, 1),
        implementation_plan_received_on=received,
    )
    deviations = [one.found for one in found(judged(order), "D19") if one.found.customer_id == "k"]
    assert len(deviations) == told
    for one in deviations:
        assert (one.period, one.effect, one.asks, one.subject.id) == (FEBRUARY, Effect.EXPLAIN, True, "order k")
        assert one.seen == {"due_on": "2014-02-17", "received_on": received and received.isoformat()}


@pytest.mark.parametrize(
    ("now", "told"),
    [("2014-02-17T23:59:59+01:00", 0), ("2014-02-18T00:00:00+01:00", 1)],
    ids=["the last second of the last day", "the next day"],
)
def test_D19_is_overdue_when_the_last_day_is_over_in_stockholm(now: str, told: int) -> None:
    order = an_order(ordered_at=at("2014-02-03T09:00:00+01:00"), valid_from=date(2014, 2, 1))
    assert len([one for one in found(judged(order, now=now), "D19") if one.found.customer_id == "k"]) == told


def test_D19_the_days_are_the_municipalitys_policy() -> None:
    assert not late(rule="D19")
    assert late(a_policy("implementation_plan_days", 6), rule="D19")
    assert not late(a_policy("implementation_plan_days", 7), rule="D19")


def test_the_deviations_of_a_month_name_the_customers_municipality() -> None:
    facts = some_facts(a_customer(municipality="2029"), a_grant(hours=1))
    judgement: Judgement = judge(facts, at("2014-03-05T18:00:00+01:00"), (FEBRUARY,))
    assert {one.found.municipality for one in judgement.deviations if one.found.customer_id == "k"} == {"2029"}
