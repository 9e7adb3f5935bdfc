"""What months and weeks come to for each provider, to be looked at: exact, and each second once."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from app.rules.assessments import About, AssessmentCause
from app.rules.deviations.explain import Acceptance, Explained, acceptance_of
from app.rules.deviations.requested import PoolMonth
from app.rules.deviations.values import DeviationState, Effect, Found, Rule, Subject, SubjectType
from app.rules.no_choice import NoChoiceCause
from app.rules.orders import Per, Placed, PoolKey, granted_seconds
from app.rules.overviews import (
    Count,
    Kind,
    Stands,
    Steps,
    Sums,
    Week,
    approved_in_months,
    by_kind,
    excess_seconds,
    granted_between,
    granted_by_week,
    granted_in_month,
    held_counts,
    held_seconds,
    last_month_of,
    last_weeks,
    months_before,
    of_assessment,
    shares,
    steps,
    sums_by_kind,
    without_provider,
)
from app.rules.providers import Accreditation, Law, ProviderKind, Service
from app.rules.reimbursement.months import Month, MonthState
from app.rules.time import Interval, days_of, first_day, month_interval, next_month
from tests.rules.builders import NACKA, a_grant, an_order, at
from tests.rules.money_builders import LEKSAND

FEBRUARY = month_interval("2014-02")
STAY = Interval(at("2014-02-03T08:00:00+01:00"), at("2014-02-03T09:00:00+01:00"))
PAIR = (NACKA, "p")


def placed(per: Per, seconds: int, every: int = 1, **order: Any) -> Placed:
    """An order of a grant per so many days, weeks or months."""
    return Placed(order=an_order(**order), grant=a_grant(granted_seconds=seconds, per=per, every=every))


PLACED = [
    pytest.param(placed(Per.DAY, 3_601), id="each day"),
    pytest.param(placed(Per.DAY, 3_601, 3), id="every third day"),
    pytest.param(placed(Per.WEEK, 18_900), id="each week"),
    pytest.param(placed(Per.WEEK, 18_901, 2), id="every other week"),
    pytest.param(placed(Per.MONTH, 100_001), id="each month"),
    pytest.param(placed(Per.MONTH, 36_000, 3), id="every third month"),
    pytest.param(placed(Per.MONTH, 36_000, ordered_seconds=7_777), id="a part of the grant"),
    pytest.param(placed(Per.WEEK, 18_900, valid_from=date(2014, 2, 19)), id="from within a week"),
    pytest.param(placed(Per.DAY, 3_601, valid_before=date(2014, 2, 13)), id="until within a week"),
]


def pieces_of(month: str) -> list[tuple[date, date]]:
    """The month cut at each Monday."""
    first, before = first_day(month), first_day(next_month(month))
    edges = [first, *(day for day in days_of(month)[1:] if day.weekday() == 0), before]
    return list(pairwise(edges))


@pytest.mark.parametrize("one", PLACED)
@pytest.mark.parametrize("month", ["2014-02", "2014-03", "2014-04", "2016-02", "2014-10"])
def test_O2_the_weeks_of_a_month_sum_to_the_months_fraction_before_it_is_cut(one: Placed, month: str) -> None:
    weeks = [granted_between(one, first, before) for first, before in pieces_of(month)]
    whole = granted_between(one, first_day(month), first_day(next_month(month)))
    assert sum(weeks, Fraction(0)) == whole
    assert int(whole) == granted_seconds([one], month)


def test_O2_a_week_across_the_months_border_has_each_days_share_of_its_own_month() -> None:
    one = placed(Per.MONTH, 86_800)
    week = Week(monday=date(2014, 2, 24))
    assert granted_between(one, week.monday, week.next_monday) == Fraction(86_800 * 5, 28) + Fraction(86_800 * 2, 31)
    assert granted_by_week([one, one], [week]) == {week: 2 * (15_500 + 5_600)}


def test_O2_what_a_week_grants_is_cut_to_whole_seconds_once_for_all_orders_together() -> None:
    thirds = [placed(Per.DAY, 1, 3)] * 3
    week = Week(monday=date(2014, 2, 3))
    assert (granted_by_week(thirds, [week])[week], granted_by_week(thirds[:1], [week])[week]) == (7, 2)


def test_O2_nothing_is_granted_in_no_days_and_before_and_after_an_order() -> None:
    one = placed(Per.DAY, 60, valid_from=date(2014, 2, 3), valid_before=date(2014, 2, 5))
    days = [date(2014, 2, 2) + timedelta(days=n) for n in range(4)]
    assert [int(granted_between(one, day, day + timedelta(days=1))) for day in days] == [0, 60, 60, 0]
    assert granted_between(one, days[1], days[1]) == 0


@pytest.mark.parametrize(
    ("months", "today", "first", "count"),
    [
        pytest.param(["2014-02"], "2014-04-01", "2014-02-03", 4, id="a month that is over"),
        pytest.param(["2014-02"], "2014-02-16", "2014-02-03", 1, id="the last day of a week is not over"),
        pytest.param(["2014-02"], "2014-02-17", "2014-02-03", 2, id="the Monday after a week"),
        pytest.param(["2014-02"], "2014-02-09", None, 0, id="no week is over"),
        pytest.param(["2014-09"], "2014-12-01", "2014-09-01", 5, id="a month that begins on a Monday"),
        pytest.param(["2014-01", "2014-02", "2014-03", "2014-04"], "2014-06-01", "2014-02-03", 13, id="at most 13"),
    ],
)
def test_K1_the_last_thirteen_whole_weeks_that_begin_in_the_months_and_are_over_are_shown(
    months: list[str], today: str, first: str | None, count: int
) -> None:
    weeks = last_weeks(months, date.fromisoformat(today))
    assert (len(weeks), str(weeks[0].monday) if weeks else None) == (count, first)


def test_T6_a_week_in_which_the_clock_changes_is_an_hour_shorter_or_longer() -> None:
    weeks = [Week(monday=date(2014, 3, 24)), Week(monday=date(2014, 10, 20)), Week(monday=date(2014, 12, 29))]
    assert [one.interval.seconds // 3600 for one in weeks] == [167, 169, 168]
    assert [one.number for one in weeks] == [13, 43, 1]


def test_R2_a_months_grants_are_cut_pool_by_pool_and_summed_by_municipality_and_provider() -> None:
    several = [
        Placed(order=an_order(customer=one), grant=a_grant(customer=one, granted_seconds=10, per=Per.WEEK))
        for one in ("k", "k2", "k3")
    ]
    homes = {"k": NACKA, "k2": NACKA, "k3": LEKSAND}
    assert granted_in_month(several, homes, "2014-03") == {PAIR: 44 + 44, (LEKSAND, "p"): 44}


def stands(rule: Rule, state: DeviationState = DeviationState.OPEN, **more: Any) -> Stands:
    """A deviation of the visit `v` in Nacka, which took from 8 to 9, or as told."""
    told: dict[str, Any] = {
        "effect": Effect.HOLDS_PAY,
        "facts": {},
        "municipality": NACKA,
        "subject": Subject(type=SubjectType.VISIT, id="v"),
        **more,
    }
    stay = told.pop("stay", STAY)
    found = Found(rule=rule, provider_id="p", period="2014-02", asks=True, **told)
    return Stands(explained=Explained(found=found, state=state), stay=stay)


ACROSS = Interval(at("2014-02-28T23:30:00+01:00"), at("2014-03-01T00:30:00+01:00"))
HELD = [
    pytest.param([], {}, id="nothing"),
    pytest.param([stands(Rule.D10)], {PAIR: 3_600}, id="a visit held whole"),
    pytest.param([stands(Rule.D10), stands(Rule.D16)], {PAIR: 3_600}, id="held by two, and once"),
    pytest.param([stands(Rule.D10, DeviationState.ACCEPTED)], {}, id="released by acceptance"),
    pytest.param([stands(Rule.D10, DeviationState.EXPLAINED)], {PAIR: 3_600}, id="explained and not released"),
    pytest.param([stands(Rule.D13, facts={"seconds": 600})], {PAIR: 600}, id="held in part"),
    pytest.param(
        [stands(Rule.D13, facts={"seconds": 600}), stands(Rule.D20, facts={"seconds": 900})],
        {PAIR: 1_500},
        id="two parts",
    ),
    pytest.param([stands(Rule.D13, facts={"seconds": 3_601})], {PAIR: 3_600}, id="never more than it has"),
    pytest.param(
        [stands(Rule.D8), stands(Rule.D13, facts={"seconds": 600})], {PAIR: 3_600}, id="whole, whatever parts there are"
    ),
    pytest.param([stands(Rule.D7, stay=None)], {}, id="half a visit has no seconds"),
    pytest.param([stands(Rule.D10, municipality=None)], {(None, "p"): 3_600}, id="at nobody known"),
    pytest.param([stands(Rule.D10, stay=ACROSS)], {PAIR: 1_800}, id="the part in the month"),
    pytest.param([stands(Rule.D12, effect=Effect.EXPLAIN, facts={"seconds": 60})], {}, id="what holds no pay"),
]


@pytest.mark.parametrize(("standing", "seconds"), HELD)
def test_D_held_seconds_are_told_once_each(standing: list[Stands], seconds: dict[Any, int]) -> None:
    assert held_seconds(standing, FEBRUARY) == seconds


def test_D_what_holds_is_counted_and_excess_is_what_D2_tells() -> None:
    pool = Subject(type=SubjectType.POOL, id="p/k/SoL/personal_care")
    over: dict[str, Any] = {"effect": Effect.EXPLAIN, "subject": pool, "stay": None, "facts": {"excess_seconds": 61}}
    standing = [stands(Rule.D10), stands(Rule.D7, stay=None), stands(Rule.D2, **over), stands(Rule.D2, **over)]
    assert held_counts(standing) == {PAIR: 2}
    assert excess_seconds(standing) == {PAIR: 122}


@pytest.mark.parametrize(
    ("rule", "effect", "facts", "does"),
    [
        (Rule.D10, Effect.HOLDS_PAY, {}, Acceptance.RELEASES),
        (Rule.D7, Effect.HOLDS_PAY, {"cause": "closed_late"}, Acceptance.RELEASES),
        (Rule.D7, Effect.HOLDS_PAY, {"cause": "open"}, Acceptance.WANTS_CORRECTION),
        (Rule.D8, Effect.HOLDS_PAY, {}, Acceptance.WANTS_CORRECTION),
        (Rule.D13, Effect.HOLDS_PAY, {}, Acceptance.WANTS_ORDER),
        (Rule.D20, Effect.HOLDS_PAY, {}, Acceptance.WANTS_RATE),
        (Rule.D2, Effect.EXPLAIN, {}, Acceptance.STAYS_UNPAID),
        (Rule.D12, Effect.EXPLAIN, {}, Acceptance.STAYS_UNPAID),
        (Rule.D24, Effect.EXPLAIN, {}, Acceptance.STAYS_UNPAID),
        (Rule.D9, Effect.HOLDS_PAY, {}, Acceptance.RELEASES),
        (Rule.D9, Effect.EXPLAIN, {}, Acceptance.NO_MATTER_OF_PAY),
        (Rule.D3, Effect.EXPLAIN, {}, Acceptance.NO_MATTER_OF_PAY),
    ],
)
def test_D_what_acceptance_does_to_pay_is_told(
    rule: Rule, effect: Effect, facts: dict[str, object], does: Acceptance
) -> None:
    assert acceptance_of(stands(rule, effect=effect, facts=facts).explained.found) is does


def count(rule: Rule, state: DeviationState, number: int, effect: Effect = Effect.EXPLAIN) -> Count:
    return Count(rule=rule, effect=effect, state=state, number=number)


def test_K4_kinds_stand_with_the_most_of_them_first_and_what_cleared_is_left_out() -> None:
    kinds = by_kind(
        [
            count(Rule.D10, DeviationState.OPEN, 1),
            count(Rule.D10, DeviationState.REJECTED, 2),
            count(Rule.D9, DeviationState.EXPLAINED, 3),
            count(Rule.D1, DeviationState.ACCEPTED, 4),
            count(Rule.D5, DeviationState.OPEN, 5, Effect.INFORMATION),
            count(Rule.D3, DeviationState.CLEARED, 9),
        ]
    )
    assert kinds == (
        Kind(rule=Rule.D5, told=5),
        Kind(rule=Rule.D1, accepted=4),
        Kind(rule=Rule.D9, explained=3),
        Kind(rule=Rule.D10, open=3),
    )
    assert [one.number for one in kinds] == [5, 4, 3, 3]


def test_K4_the_average_is_of_all_seconds_and_not_of_the_shares() -> None:
    told, everybody = shares({"p": 900, "q": 100, "r": 0}, {"q": 10, "s": 5})
    assert [(one.provider_id, one.per_ten_thousand) for one in told] == [
        ("q", 1_000),
        ("p", 0),
        ("r", None),
        ("s", None),
    ]
    assert everybody.per_ten_thousand == 150


def test_LR_5_5_private_stands_beside_municipal_and_both_sum_to_all() -> None:
    private, own = (
        Sums(performed_seconds=60, granted_seconds=50, extension_seconds=5),
        Sums(performed_seconds=7, lines=2),
    )
    rows = [(ProviderKind.PRIVATE, private), (ProviderKind.MUNICIPAL, own), (ProviderKind.PRIVATE, private)]
    totals = sums_by_kind(rows)
    assert totals[ProviderKind.PRIVATE] == private + private
    assert totals[None] == Sums(performed_seconds=127, granted_seconds=100, extension_seconds=10, lines=2)
    assert totals[None].due_seconds == 110
    assert sums_by_kind([]) == {}


def test_R8_each_month_is_counted_at_its_step() -> None:
    attested = at("2014-03-02T09:00:00+01:00")
    states = [
        (MonthState.OPEN, None),
        (MonthState.ATTESTED, attested),
        (MonthState.LOCKED, None),
        (MonthState.LOCKED, attested),
        (MonthState.ISSUED, attested),
    ]
    months = [
        Month(municipality=NACKA, provider_id="p", month="2014-02", state=state, attested_at=when)
        for state, when in states
    ]
    assert steps(months) == Steps(unlocked=2, unattested=1, ready=1, issued=1)


def standing(customer: str, law: Law, *services: Service, seconds: int) -> PoolMonth:
    pool = PoolKey(provider_id="p", customer_id=customer, law=law, services=services)
    spent = {"paid_seconds": seconds, "excess_seconds": 1, "held_seconds": 1}
    return PoolMonth(pool=pool, month="2014-02", granted_seconds=100, extension_seconds=10, **spent)


def test_E7_the_months_of_an_assessment_are_of_the_pools_that_it_is_about() -> None:
    care, all_ = (Service.PERSONAL_CARE,), (Service.HOUSEHOLD, Service.PERSONAL_CARE)
    several = [
        standing("k", Law.SOL, *all_, seconds=5),
        standing("k", Law.LSS, *care, seconds=7),
        standing("k", Law.SOL, Service.ESCORT, seconds=11),
        standing("other", Law.SOL, *care, seconds=13),
    ]
    asked = About(customer_id="k", cause=AssessmentCause.REPEATED_EXTENSIONS, subject="personal_care")
    under = About(customer_id="k", cause=AssessmentCause.REPEATED_UNDER_DELIVERY, subject="p/k/LSS/personal_care")
    both, one = (of_assessment(about, {"2014-02": several})[0] for about in (asked, under))
    assert (both.performed_seconds, both.granted_seconds, both.extension_seconds) == (16, 200, 20)
    assert (one.performed_seconds, one.granted_seconds) == (9, 100)


def test_E7_the_months_shown_end_with_the_newest_that_speaks_for_it() -> None:
    assert last_month_of({"months": [{"month": "2014-01"}, {"month": "2014-02"}]}) == "2014-02"
    assert last_month_of({"extensions": [{"month": "2014-03"}]}) == "2014-03"
    assert last_month_of({}) is None
    assert months_before("2014-02", 3) == ("2013-12", "2014-01", "2014-02")


def test_P2_what_nobody_has_is_found_the_soonest_first() -> None:
    grants = [
        a_grant("taken", customer="k"),
        a_grant("later", customer="k", valid_from=date(2014, 5, 1)),
        a_grant("now", customer="k"),
        a_grant("part", customer="k"),
        a_grant("lost", customer="k"),
    ]
    orders = [
        an_order("1", grant_id="taken"),
        an_order("2", grant_id="part", ordered_seconds=3_600),
        an_order("3", grant_id="lost", provider="gone"),
    ]
    accredited = [
        Accreditation(
            id="a", provider_id="p", municipality=NACKA, service=Service.PERSONAL_CARE, valid_from=date(2010, 1, 1)
        )
    ]
    found = without_provider(grants, orders, accredited, {"k": NACKA}, date(2014, 2, 3))
    assert [(one.grant.id, str(one.valid_from), one.ordered_seconds) for one in found] == [
        ("lost", "2014-02-03", None),
        ("now", "2014-02-03", None),
        ("part", "2014-02-03", 356_400),
        ("later", "2014-05-01", None),
    ]
    assert [one.cause for one in found][:2] == [NoChoiceCause.LOST_PROVIDER, NoChoiceCause.NO_CHOICE]


def test_E5_nothing_is_approved_without_a_request() -> None:
    assert approved_in_months([], [], [placed(Per.DAY, 60)], {"k": NACKA}, at("2014-03-01T00:00:00+01:00")) == {}
