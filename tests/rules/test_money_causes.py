"""Adjustments and what they came of (R8): each kind of late fact, both sides of what moved, months attested late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import judge_before
from app.rules.policies import Policy
from app.rules.reimbursement.causes import causes_of
from app.rules.reimbursement.lines import issue, sum_issued, totals
from app.rules.reimbursement.runs import Closed, computed_until, months_of_run
from app.rules.reimbursement.values import Cause, Issued, Line, LineKey
from app.rules.scenario import Scenario
from app.rules.simulations import simulate
from app.rules.time import BEGINNING
from tests.rules.builders import (
    LATER,
    a_caregiver,
    a_correction,
    a_customer,
    a_grant,
    a_policy,
    a_provider,
    a_rate,
    an_explanation,
    an_order,
    at,
    some_facts,
)
from tests.rules.money_builders import CARE, FEBRUARY, HOUSEHOLD, a_row, a_stay, an_approved_extension

MARCH, MARCH_LOCK = "2014-03", "2014-04-05T18:00:00+02:00"
WHEN = "2014-03-20T09:00:00+01:00"
AFTER = at(WHEN)
STAY = a_stay("08:00", "09:00")


def beside() -> list[object]:
    """A caregiver of `q` who began a quarter of an hour earlier, and half of the grant's order with each provider."""
    return [
        a_provider("q"),
        a_caregiver("d", provider="q"),
        an_order(ordered_seconds=100_000),
        an_order("q's order", provider="q", ordered_seconds=100_000),
        *a_stay("07:45", "08:30", caregiver="d", recorded_at=AFTER),
    ]


def a_late(policy: Policy) -> Policy:
    return replace(policy, recorded_at=AFTER)


def with_versions(facts: Facts, *told: object) -> Facts:
    """The facts, and later versions of what is in them."""
    more = some_facts(*told)
    return replace(facts, grants=(*facts.grants, *more.grants), orders=(*facts.orders, *more.orders))


def adjustments(facts: Facts) -> list[tuple[str, str, str, str, int, int, str | None]]:
    """Whose, of what, at which rate, seconds, öre and cause of what March's run adjusts of February."""
    locks = ((FEBRUARY, at(LATER)), (MARCH, at(MARCH_LOCK)))
    scenario = Scenario(facts=facts, months=(FEBRUARY, MARCH), now=at(MARCH_LOCK), locked_at=locks)
    return [
        (
            one.total.key.provider_id,
            one.total.key.customer_id,
            one.total.key.service,
            one.total.key.rate_id,
            one.seconds,
            one.amount_ore,
            one.cause,
        )
        for one in simulate(scenario).lines
        if one.run == MARCH
    ]


def ours(seconds: int, ore: int, cause: str) -> tuple[str, str, str, str, int, int, str]:
    return ("p", "k", "personal_care", "rate personal_care", seconds, ore, cause)


CASES: dict[str, tuple[Facts, list[tuple[Any, ...]]]] = {
    "a backdated rate ends another's validity: both keys": (
        some_facts(*STAY, a_row("n", kronor=380, valid_from=date(2014, 2, 1), recorded_at=AFTER)),
        [("p", "k", "personal_care", "n", 3_600, 38_000, "rate"), ours(-3_600, -37_000, "rate")],
    ),
    "an end moved by a correction": (
        some_facts(*STAY, a_correction(ends_at="08:45", approved=WHEN)),
        [ours(-900, -9_250, "correction")],
    ),
    "a visit made void": (
        some_facts(*STAY, a_correction(void=True, approved=WHEN)),
        [ours(-3_600, -37_000, "correction")],
    ),
    "a visit that came late": (
        some_facts(*STAY, *a_stay("10:00", "10:30", recorded_at=AFTER)),
        [ours(1_800, 18_500, "late_registration")],
    ),
    "an extension approved afterwards": (
        some_facts(a_grant(granted_seconds=1_800), *STAY, *an_approved_extension(600, AFTER)),
        [ours(600, 6_167, "extension")],
    ),
    "an explanation accepted afterwards releases": (
        some_facts(*a_stay("08:00", "09:00", received="13:00"), an_explanation("D16", accepted=WHEN)),
        [ours(3_600, 37_000, "release")],
    ),
    "a grant narrowed afterwards": (
        with_versions(some_facts(*STAY), a_grant(granted_seconds=1_800, version=2, recorded_at=AFTER)),
        [ours(-1_800, -18_500, "order")],
    ),
    "an order told afterwards": (some_facts(*STAY, an_order(recorded_at=AFTER)), [ours(3_600, 37_000, "order")]),
    "a policy told afterwards is none of the kinds": (
        some_facts(a_grant(granted_seconds=1_800), *STAY, a_late(a_policy("cap", "none"))),
        [ours(1_800, 18_500, "other")],
    ),
}


@pytest.mark.parametrize(("facts", "expected"), CASES.values(), ids=CASES.keys())
def test_R8_every_kind_of_late_fact_adjusts_and_is_named(facts: Facts, expected: list[tuple[Any, ...]]) -> None:
    assert [row for row in adjustments(facts) if row[:2] == ("p", "k")] == expected
    assert sum(row[4] for row in adjustments(facts)) == sum(row[4] for row in expected)


def test_R8_every_cause_there_is_has_its_case() -> None:
    assert {row[-1] for _, expected in CASES.values() for row in expected} == set(Cause)


LOCK = at(LATER)
IN_ITS_SECOND: dict[str, Facts] = {
    "rate": some_facts(*STAY, a_row("n", kronor=380, valid_from=date(2014, 2, 1), recorded_at=LOCK)),
    "correction": some_facts(*STAY, a_correction(ends_at="08:45", approved=LATER)),
    "late_registration": some_facts(*STAY, *a_stay("10:00", "10:30", recorded_at=LOCK)),
    "extension": some_facts(a_grant(granted_seconds=1_800), *STAY, *an_approved_extension(600, LOCK)),
    "release": some_facts(*a_stay("08:00", "09:00", received="13:00"), an_explanation("D16", accepted=LATER)),
    "order": some_facts(*STAY, an_order(recorded_at=LOCK)),
}


@pytest.mark.parametrize("cause", IN_ITS_SECOND)
def test_R8_R9_what_is_recorded_in_the_second_of_the_lock_is_later_than_it_and_named(cause: str) -> None:
    assert {row[6] for row in adjustments(IN_ITS_SECOND[cause])} == {cause}


MOVED = a_correction(customer_id="k2", approved=WHEN)
RELEASED = an_explanation("D10", accepted="2014-03-21T09:00:00+01:00")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([MOVED, RELEASED], {("k", "personal_care"): -3_600, ("k2", "personal_care"): 3_600}),
        ([MOVED], {("k", "personal_care"): -3_600}),
        (
            [
                a_grant(services=(CARE, HOUSEHOLD)),
                a_rate(HOUSEHOLD),
                a_correction(service=HOUSEHOLD, approved=WHEN),
            ],
            {("k", "household"): 3_600, ("k", "personal_care"): -3_600},
        ),
    ],
    ids=[
        "to another customer, and its tag accepted",
        "to another customer, while its tag holds it",
        "to another service",
    ],
)
def test_R8_a_visit_that_a_correction_moves_is_taken_from_one_side_and_paid_on_the_other(
    told: list[object], expected: dict[tuple[str, str], int]
) -> None:
    stay = a_stay("08:00", "09:00", service=CARE)
    rows = adjustments(some_facts(a_customer("k2"), *stay, *told))
    assert {(row[1], row[2]): row[4] for row in rows} == expected
    assert {row[6] for row in rows} == {"correction"}
    if len(rows) > 1:
        assert (sum(row[4] for row in rows), sum(row[5] for row in rows)) == (0, 0)


def test_R5_R8_a_late_visit_of_another_provider_that_began_first_takes_the_seconds_that_both_were_there() -> None:
    """08:00 to 08:30 was the first caregiver's until somebody told that another was there before."""
    rows = adjustments(some_facts(*STAY, *beside()))
    assert rows == [
        ours(-1_800, -18_500, "late_registration"),
        ("q", "k", "personal_care", "rate personal_care", 2_700, 27_750, "late_registration"),
    ]


def test_R2_R8_a_late_visit_within_a_used_cap_moves_what_is_paid_and_adds_nothing() -> None:
    """What was performed first is paid first, whenever it was told: the line's seconds stay, and so do its öre."""
    assert adjustments(some_facts(a_grant(hours=1), *STAY, *a_stay("06:00", "07:00", recorded_at=AFTER))) == []


FEBRUARY_LOCK, MARCH_CLOSED, APRIL = at(LATER), at(MARCH_LOCK), "2014-04"
APRIL_LOCK = at("2014-05-05T18:00:00+02:00")
EARLY_MARCH = a_stay("2014-03-03T08:00:00+01:00", "2014-03-03T08:30:00+01:00")


def issued_in_turn(facts: Facts, *runs: tuple[str, Any]) -> list[list[Line]]:
    """The lines of runs made in this order, each of a month at its own lock, put together as the action does it."""
    closed: list[Closed] = []
    issued: tuple[Issued, ...] = ()
    found: list[list[Line]] = []
    for month, lock in runs:
        months = months_of_run(month, lock, closed)
        judgement = judge_before(facts, lock, months)
        recomputed = totals(judgement, months)
        before = [one for one in issued if one.key.month in months]
        keys = {one.key for rows in (recomputed, before) for one in rows}
        lines = issue(month, [month], recomputed, before, _causes(keys, judgement, closed))
        issued = sum_issued(lines, issued)
        closed.append(Closed(month=month, locked_at=lock))
        found.append(list(lines))
    return found


def _causes(keys: Iterable[LineKey], judgement: Any, closed: list[Closed]) -> dict[LineKey, Cause]:
    found: dict[LineKey, Cause] = {}
    for key in keys:
        since = computed_until(closed).get(key.month, BEGINNING)
        found |= causes_of([key], judgement, since)
    return found


def short(lines: list[Line]) -> list[tuple[str, str, int, str | None]]:
    return [(one.kind, one.total.key.month, one.seconds, one.cause) for one in lines]


def test_R8_R9_a_month_attested_late_is_issued_from_its_own_lock_and_the_rest_of_it_in_the_next_run() -> None:
    """February waits for its attestation until March is issued; between the two locks a visit and a correction came."""
    late = a_stay("2014-02-10T08:00:00+01:00", "2014-02-10T08:10:00+01:00", recorded_at=AFTER)
    facts = some_facts(*STAY, *late, *EARLY_MARCH, a_correction(ends_at="08:45", approved=WHEN))
    in_turn, late_attested = (
        issued_in_turn(facts, *runs)
        for runs in (
            ((FEBRUARY, FEBRUARY_LOCK), (MARCH, MARCH_CLOSED), (APRIL, APRIL_LOCK)),
            ((MARCH, MARCH_CLOSED), (FEBRUARY, FEBRUARY_LOCK), (APRIL, APRIL_LOCK)),
        )
    )
    assert [short(lines) for lines in in_turn] == [
        [("line", FEBRUARY, 3_600, None)],
        [("line", MARCH, 1_800, None), ("adjustment", FEBRUARY, -300, "correction")],
        [],
    ]
    assert [short(lines) for lines in late_attested] == [
        [("line", MARCH, 1_800, None)],
        [("line", FEBRUARY, 3_600, None)],
        [("adjustment", FEBRUARY, -300, "correction")],
    ]
    assert sum(one.amount_ore for run in in_turn for one in run) == sum(
        one.amount_ore for run in late_attested for one in run
    )


def test_R8_a_month_attested_late_takes_back_nothing_of_the_months_issued_meanwhile() -> None:
    """What was told of March after February's lock is not known to February's run, and stays issued."""
    told_late = replace(EARLY_MARCH[0], recorded_at=AFTER), replace(EARLY_MARCH[1], recorded_at=AFTER)
    runs = issued_in_turn(some_facts(*STAY, *told_late), (MARCH, MARCH_CLOSED), (FEBRUARY, FEBRUARY_LOCK))
    assert [short(lines) for lines in runs] == [[("line", MARCH, 1_800, None)], [("line", FEBRUARY, 3_600, None)]]
