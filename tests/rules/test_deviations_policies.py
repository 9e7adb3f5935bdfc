"""Each policy of the deviations at the date it changes: whose it is, from which day, and how the deviation tells of it.

The facts of each row lie still, and the policy's row is moved: valid from the day for which the rule asks, it holds;
valid from the day after, the facts are of the day before and the default holds. Another municipality's never does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.actions.sun import scenario_reader
from app.rules.deviations import at_devices
from app.rules.deviations.explain import Explained
from app.rules.deviations.facts import Break, Facts
from app.rules.deviations.judge import judge
from app.rules.deviations.setting import lay_out
from app.rules.deviations.values import Effect, Found, Rule, bound
from app.rules.people import Position
from app.rules.policies import BY_NAME
from app.rules.providers import Service
from app.rules.tags import ManualReason
from tests.rules.builders import (
    LATER,
    a_check_in,
    a_check_out,
    a_clock,
    a_correction,
    a_customer,
    a_grant,
    a_planned_visit,
    a_policy,
    an_anchor,
    an_order,
    at,
    by_hand,
    cancelled,
    found,
    judged,
    sent,
    some_facts,
)
from tests.rules.money_builders import a_stay
from tests.rules.test_tags_replayed import TAG, tapped

Finder = Callable[[list[Explained]], list[Explained]]
MONDAY = date(2014, 2, 3)


def any_of(told: list[Explained]) -> list[Explained]:
    return told


def holding(told: list[Explained]) -> list[Explained]:
    return [one for one in told if one.found.effect is Effect.HOLDS_PAY]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Facts in which the rule finds nothing by the default and something by the other value."""

    rule: Rule
    policy: str
    value: int
    facts: tuple[object, ...]
    on: date = MONDAY
    now: str = LATER
    of: Finder = field(default=any_of)

    def found_with(self, *policies: object) -> list[Explained]:
        judgement = judge(
            some_facts(*self.facts, *policies, sun=scenario_reader()), at(self.now), (f"{self.on:%Y-%m}",)
        )
        about_k = [one for one in found(judgement, self.rule) if one.found.customer_id in ("k", "k2")]
        return self.of([one for one in about_k if self.rule is not Rule.D1 or one.found.customer_id == "k"])


def homes(metres: int) -> tuple[object, ...]:
    """Two customers so far from each other."""
    north = Position(lat_e6=59_000_000 + -(-metres * 1_000_000 // 111_195), lon_e6=18_000_000)
    return a_customer("k", position=Position(lat_e6=59_000_000, lon_e6=18_000_000)), a_customer("k2", position=north)


ORDERED: dict[str, Any] = {"ordered_at": at("2014-02-03T09:00:00+01:00"), "valid_from": date(2014, 2, 1)}
ESCORT = (Service.ESCORT,)
CLOCK = a_clock(10_000, anchor=an_anchor("08:00", 10_000))
CASES = (
    Case(
        rule=Rule.D1,
        policy="under_delivery_percent",
        value=90,
        on=date(2014, 2, 1),
        facts=(a_grant(hours=1), *a_stay("08:00", "08:50")),
    ),
    Case(
        rule=Rule.D3,
        policy="missed_visit_seconds",
        value=1_200,
        now="2014-02-03T09:30:00+01:00",
        facts=(a_planned_visit("08:00", "09:00"),),
    ),
    Case(
        rule=Rule.D4,
        policy="late_cancellation_seconds",
        value=200_000,
        facts=(a_planned_visit(cancelled=cancelled("2014-02-02T02:00:00+01:00")),),
    ),
    Case(
        rule=Rule.D5,
        policy="off_schedule_seconds",
        value=300,
        facts=(a_planned_visit("08:00", "09:00"), *a_stay("08:10", "09:10")),
    ),
    Case(
        rule=Rule.D6,
        policy="length_differs_seconds",
        value=300,
        facts=(a_planned_visit("08:00", "08:30"), *a_stay("08:00", "08:40")),
    ),
    Case(
        rule=Rule.D6,
        policy="length_differs_percent",
        value=10,
        facts=(a_planned_visit("08:00", "10:00"), *a_stay("08:00", "10:20")),
    ),
    Case(
        rule=Rule.D7,
        policy="no_check_out_seconds",
        value=1_800,
        now="2014-02-03T10:00:00+01:00",
        facts=(a_planned_visit("08:00", "09:00"), a_check_in("08:00")),
    ),
    Case(
        rule=Rule.D7,
        policy="longest_stay_seconds",
        value=3_600,
        now="2014-02-03T10:00:00+01:00",
        facts=(a_check_in("08:00"),),
    ),
    Case(
        rule=Rule.D7,
        policy="longest_stay_escort_respite_seconds",
        value=3_600,
        now="2014-02-03T10:00:00+01:00",
        facts=(a_check_in("08:00", service=Service.ESCORT),),
    ),
    Case(
        rule=Rule.D9,
        policy="lengthened_seconds",
        value=300,
        facts=(*a_stay("08:00", "09:00"), a_correction("in 08:00", ends_at="09:10")),
        of=holding,
    ),
    Case(
        rule=Rule.D14,
        policy="implausible_travel_km_per_hour",
        value=50,
        facts=(*homes(13_000), *a_stay("08:00", "09:00"), *a_stay("09:10", "10:00", door="k2")),
    ),
    Case(
        rule=Rule.D14,
        policy="position_near_metres",
        value=100,
        facts=(*homes(150), *a_stay("08:00", "09:00"), *a_stay("09:00", "10:00", door="k2")),
    ),
    Case(rule=Rule.D15, policy="very_short_visit_seconds", value=300, facts=a_stay("08:00", "08:03")),
    Case(
        rule=Rule.D16,
        policy="clock_apart_seconds",
        value=30,
        facts=(a_check_in("08:00", received="10:00", clock=CLOCK, sent=sent(17_140)), a_check_out("09:00")),
    ),
    Case(
        rule=Rule.D17,
        policy="plan_match_seconds",
        value=1_800,
        facts=(a_planned_visit("08:00", "09:00"), *a_stay("09:00", "10:00")),
    ),
    Case(
        rule=Rule.D18,
        policy="start_of_care_seconds",
        value=3_600,
        facts=(
            an_order(**ORDERED),
            *a_stay("2014-02-04T09:00:00+01:00", "2014-02-04T10:00:00+01:00"),
            *a_stay("2014-01-02T09:00:00+01:00", "2014-01-02T09:30:00+01:00", door="k2"),
        ),
    ),
    Case(
        rule=Rule.D18,
        policy="start_of_care_escort_respite_seconds",
        value=3_600,
        facts=(
            a_grant(services=ESCORT),
            an_order(**ORDERED),
            *a_stay("2014-02-04T09:00:00+01:00", "2014-02-04T10:00:00+01:00"),
            *a_stay("2014-01-02T09:00:00+01:00", "2014-01-02T09:30:00+01:00", door="k2"),
        ),
    ),
    Case(
        rule=Rule.D19,
        policy="implementation_plan_days",
        value=5,
        facts=(
            an_order(**ORDERED, implementation_plan_received_on=date(2014, 2, 12)),
            an_order(customer="k2", implementation_plan_received_on=date(2014, 1, 2)),
        ),
    ),
    Case(
        rule=Rule.D21,
        policy="tap_order_seconds",
        value=10,
        facts=(TAG, a_check_in("08:00", place=tapped(2)), a_check_out("08:00:30", place=tapped(1))),
    ),
    Case(
        rule=Rule.D23,
        policy="late_registration_seconds",
        value=600,
        facts=(a_check_in("08:00"), a_check_out("09:00", received="10:00")),
    ),
    Case(rule=Rule.D25, policy="least_evidence_grade", value=2, facts=a_stay("08:00", "09:00")),
)
IDS = [f"{case.rule} {case.policy}" for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_D_a_policy_holds_from_its_day_in_its_municipality(case: Case) -> None:
    after = case.on + timedelta(days=1)
    own = a_policy(case.policy, case.value, valid_from=case.on.isoformat())
    others = a_policy(case.policy, case.value, municipality="2029", valid_from=case.on.isoformat())
    everybodys = a_policy(case.policy, case.value, municipality=None, valid_from=case.on.isoformat())

    assert case.found_with() == [], "by the default"
    assert case.found_with(a_policy(case.policy, case.value, valid_from=after.isoformat())) == [], "the day before"
    assert len(case.found_with(own)) == 1, "the day itself"
    assert case.found_with(others) == [], "another municipality's"
    assert len(case.found_with(everybodys)) == 1, "where nobody has an own"
    default = a_policy(case.policy, BY_NAME[case.policy].default, valid_from=case.on.isoformat())
    assert case.found_with(everybodys, default) == [], "its own before everybody's"


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_D_a_deviation_tells_by_which_policy_of_which_day(case: Case) -> None:
    (one,) = case.found_with(a_policy(case.policy, case.value, valid_from="2014-01-15"))
    applied = {"name": case.policy, "value": case.value, "on": case.on.isoformat(), "valid_from": "2014-01-15"}
    told: Any = one.found.facts["policies"]
    assert applied in told
    for other in told:
        assert other["name"] == case.policy or other["valid_from"] is None


def test_D_what_an_acceptance_binds_to_is_what_was_seen_whatever_was_expected() -> None:
    case = next(one for one in CASES if one.rule is Rule.D16)
    strict, stricter = (case.found_with(a_policy(case.policy, value))[0].found for value in (30, 20))
    assert strict.facts["policies"] != stricter.facts["policies"]
    assert strict.facts["expected"] != stricter.facts["expected"]
    assert strict.bound_facts == stricter.bound_facts == bound(strict.seen)
    assert "expected" not in strict.bound_facts
    assert "policies" not in strict.bound_facts


def expected_of(*told: object, rule: str, **more: Any) -> object:
    """What the only deviation of the rule at `k` tells that was expected."""
    (one,) = [one.found for one in found(judged(*told, **more), rule) if one.found.customer_id == "k"]
    return one.facts.get("expected")


PLAN = a_planned_visit("08:00", "09:00")
PLANNED = {"starts_at": "2014-02-03T07:00:00Z", "ends_at": "2014-02-03T08:00:00Z"}


@pytest.mark.parametrize(
    ("rule", "told", "expected"),
    [
        ("D3", (PLAN,), {"begun_by": "2014-02-03T09:00:00Z"}),
        ("D4", (a_planned_visit(cancelled=cancelled("07:00")),), {"least_notice_seconds": 86_400}),
        ("D5", (PLAN, *a_stay("08:31", "09:00")), PLANNED),
        ("D6", (PLAN, *a_stay("08:00", "08:30")), PLANNED),
        ("D7", (PLAN, a_check_in("08:00")), {"closed_by": "2014-02-03T12:00:00Z"}),
        ("D7", (a_check_in("08:00"),), {"closed_by": "2014-02-03T19:00:00Z"}),
        ("D12", (*a_stay("08:00", "09:00"), *a_stay("08:10", "09:00", caregiver="c2")), {"double_staffed_seconds": 0}),
        ("D13", a_stay("08:00", "09:00", service=Service.HOUSEHOLD), {"services": ["personal_care"]}),
        ("D15", a_stay("08:00", "08:01"), {"least_seconds": 120}),
        ("D23", (*a_stay("08:00", "09:00")[:1], a_check_out("09:00", received=LATER)), {"most_late_seconds": 259_200}),
        ("D8", (a_check_out("09:00"),), None),
        (
            "D9",
            (a_check_in("08:00", customer_id="k", place=by_hand(ManualReason.PHONE_FAILED)), a_check_out("09:00")),
            None,
        ),
    ],
)
def test_D_a_deviation_tells_what_was_expected(rule: str, told: tuple[object, ...], expected: object) -> None:
    assert expected_of(*told, rule=rule) == expected


def test_D22_waits_by_the_policy_of_the_day_on_which_the_skip_was_noticed() -> None:
    """A phone is a provider's, and so of no municipality: only a row for everybody holds."""
    noticed = datetime(2014, 2, 3, 12, tzinfo=UTC)
    skip = Break(device_id="phone", provider_id="p", after=4, before=6, received_at=noticed)

    def told(**row: Any) -> list[Found]:
        policies = (a_policy("sequence_gap_seconds", 600, **row),) if row else ()
        return at_devices.find(lay_out(Facts(breaks=(skip,), policies=policies), noticed + timedelta(seconds=601)))

    assert told() == []
    assert told(municipality=None, valid_from="2014-02-04") == []
    assert told(municipality="0182", valid_from="2014-02-03") == []
    (one,) = told(municipality=None, valid_from="2014-02-03")
    assert one.facts["policies"] == [
        {"name": "sequence_gap_seconds", "value": 600, "on": "2014-02-03", "valid_from": "2014-02-03"}
    ]
