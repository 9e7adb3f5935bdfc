"""What holds of every month's money, not only of those that somebody thought of.

10,000 cases of each under HEMTID_FULL=1, 400 of those that judge a month otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import Judgement, bind, judge, judge_before
from app.rules.deviations.seconds import Fate
from app.rules.reimbursement.lines import amount_ore, excesses, totals
from app.rules.reimbursement.values import LineKey, Total
from app.rules.scenario import Scenario
from app.rules.simulations import simulate
from tests.counts import count
from tests.rules.builders import a_correction, an_explanation
from tests.rules.money_builders import fates
from tests.rules.plain_money import Reckoning
from tests.rules.worlds import World, a_rate_of, a_world, facts_of, text

CASES = count(10_000, everyday=400)
SEEDS = st.integers(0, 2**32)
FEW = st.integers(1, 7)
END = datetime(2016, 12, 1, tzinfo=UTC)


def judged(world: World) -> Judgement:
    return judge(facts_of(world), END, world.months)


def by_key(rows: Sequence[Total]) -> dict[tuple[str, ...], tuple[int, int]]:
    return {
        (
            one.key.provider_id,
            one.key.customer_id,
            one.key.service,
            one.key.law,
            one.key.rate_id,
            one.key.month,
        ): (one.seconds, one.amount_ore)
        for one in rows
    }


@settings(max_examples=CASES)
@given(seed=SEEDS, stays=FEW)
def test_R1_R2_R5_R6_a_plain_second_reckoning_comes_to_the_same(seed: int, stays: int) -> None:
    world = a_world(seed, stays)
    judgement, plain = judged(world), Reckoning(world)
    assert by_key(totals(judgement, world.months)) == plain.lines
    beyond = {
        ((one.provider_id, one.customer_id, one.law, one.services), one.month): (one.excess_seconds, one.worth_ore)
        for one in excesses(judgement, world.months)
    }
    assert beyond == plain.excess


@settings(max_examples=CASES)
@given(seed=SEEDS, stays=FEW)
def test_T5_every_second_of_a_whole_visit_has_one_fate(seed: int, stays: int) -> None:
    world = a_world(seed, stays)
    judgement = judged(world)
    for stay in world.stays:
        pieces = sorted((one.start, one.end) for one in judgement.account.stretches if one.visit.id == stay.id)
        assert all(before[1] == after[0] for before, after in pairwise(pieces))
        seconds = sum(int((end - start).total_seconds()) for start, end in pieces)
        assert seconds == (0 if stay.void or stay.extra else stay.end - stay.start)


@settings(max_examples=CASES)
@given(seed=SEEDS, stays=FEW, cut=st.integers(0, 20_000))
def test_V15_a_change_to_the_service_that_it_already_is_changes_no_sum(seed: int, stays: int, cut: int) -> None:
    world = a_world(seed, stays)
    for stay in world.stays:
        stay.household = ()
    before = judged(world)
    for stay in world.stays:
        second = stay.start + cut % (stay.end - stay.start)
        there = [service for at, service in sorted(stay.changes) if at <= second]
        stay.changes = tuple(sorted((*stay.changes, (second, there[-1] if there else stay.service)), key=_second))
    after = judged(world)
    assert fates(after) == fates(before)
    assert by_key(totals(after, world.months)) == by_key(totals(before, world.months))


def _second(change: tuple[int, str]) -> int:
    return change[0]


@settings(max_examples=CASES)
@given(seed=SEEDS, stays=FEW, cut=st.integers(0, 20_000))
def test_T4_a_stay_divided_into_two_that_touch_comes_to_the_same(seed: int, stays: int, cut: int) -> None:
    world = a_world(seed, stays, alone=True)
    for stay in world.stays:
        stay.household = ()
    before = judged(world)
    halves = []
    for stay in world.stays:
        second = stay.start + cut % (stay.end - stay.start + 1)
        halves.append(replace(stay, end=second))
        if second < stay.end:
            halves.append(replace(stay, id=f"{stay.id} on", start=second))
    divided = replace(world, stays=[one for one in halves if one.start < one.end])
    after = judged(divided)
    assert fates(after) == fates(before)
    assert by_key(totals(after, world.months)) == by_key(totals(before, world.months))


def shuffled(facts: Facts, seed: int) -> Facts:
    """The same facts in another order, some registrations sent again."""
    draw = Random(seed)
    changed: dict[str, Any] = {
        name: tuple(draw.sample(rows, len(rows)))
        for name in Facts.__slots__
        if isinstance(rows := getattr(facts, name), tuple)
    }
    again = draw.choices(facts.registrations, k=3)
    changed["registrations"] = (*changed["registrations"], *again)
    return replace(facts, **changed)


@settings(max_examples=CASES)
@given(seed=SEEDS, stays=FEW, other=SEEDS)
def test_V5_R9_any_order_of_arrival_gives_the_same_bytes(seed: int, stays: int, other: int) -> None:
    world = a_world(seed, stays)
    facts = facts_of(world)
    one, two = judge(facts, END, world.months), judge(shuffled(facts, other), END, world.months)
    assert repr(totals(two, world.months)) == repr(totals(one, world.months))
    assert repr(excesses(two, world.months)) == repr(excesses(one, world.months))
    assert repr(two.deviations) == repr(one.deviations)


def with_late_facts(world: World, seed: int) -> tuple[Facts, tuple[datetime, ...]]:
    """The world's facts recorded now and then over the locks that follow it, with corrections, acceptances and a
    backdated rate among them; and the locks.
    """
    draw = Random(seed)
    begin = max(stay.end for stay in world.stays) + 100_000
    locks = [begin + draw.randrange(1, 1_000) * 1_000 for _ in range(3)]
    for stay in world.stays:
        if draw.random() < 0.4:
            stay.recorded_at = draw.choice(locks) + draw.randrange(-1, 2)
    facts = facts_of(world)
    corrections, explanations = list(facts.corrections), []
    for number, stay in enumerate(world.stays):
        when = text(draw.choice(locks) + draw.randrange(-1, 2))
        end = text(stay.start + draw.randrange(stay.end - stay.start + 500))
        change: dict[str, Any] = draw.choice(({"void": True}, {"void": False}, {"ends_at": end}))
        if draw.random() < 0.5:
            corrections.append(a_correction(stay.id, id=f"late {number}", approved=when, **change))
        if draw.random() < 0.5:
            rule = draw.choice(("D16", "D11", "D9"))
            explanations.append(an_explanation(rule, stay.id, id=f"why {number}", accepted=when))
    late_orders = tuple(
        replace(one, recorded_at=datetime.fromtimestamp(draw.choice(locks), UTC)) if draw.random() < 0.2 else one
        for one in facts.orders
    )
    late_rates = tuple(
        replace(one, recorded_at=datetime.fromtimestamp(draw.choice(locks), UTC)) if draw.random() < 0.3 else one
        for one in (a_rate_of(row) for row in world.rates)
    )
    told = replace(
        facts,
        corrections=tuple(corrections),
        explanations=tuple(explanations),
        orders=late_orders,
        rates=late_rates,
    )
    return told, tuple(datetime.fromtimestamp(one, UTC) for one in locks)


@settings(max_examples=CASES)
@given(seed=SEEDS, stays=FEW, late=SEEDS)
def test_R8_lines_and_adjustments_are_the_recomputed_month_after_every_closing(
    seed: int, stays: int, late: int
) -> None:
    world = a_world(seed, stays)
    facts, locks = with_late_facts(world, late)
    months = (*world.months, "2017-01")[:3]
    locked_at = tuple(zip(months, locks, strict=False))
    bound = bind(facts, months)
    lines = simulate(Scenario(facts=bound, months=months, now=END, locked_at=locked_at)).lines
    issued: dict[LineKey, tuple[int, int]] = {}
    closed: list[str] = []
    for lock, month in sorted((lock, month) for month, lock in locked_at):
        closed.append(month)
        for line in lines:
            if line.run == month:
                seconds, ore = issued.get(line.total.key, (0, 0))
                issued[line.total.key] = (seconds + line.seconds, ore + line.amount_ore)
        recomputed = totals(judge_before(bound, lock, closed), closed)
        assert {one.key: (one.seconds, one.amount_ore) for one in recomputed} == {
            key: both for key, both in issued.items() if both != (0, 0)
        }


@settings(max_examples=CASES)
@given(seed=SEEDS, stays=FEW)
def test_R2_no_pool_is_paid_more_than_its_cap_nor_left_below_it_while_there_is_excess(seed: int, stays: int) -> None:
    world = a_world(seed, stays)
    judgement = judged(world)
    paid: dict[Any, int] = {}
    beyond = set()
    for one in judgement.account.stretches:
        if one.fate is Fate.PAID:
            paid[one.pool, one.month] = paid.get((one.pool, one.month), 0) + one.seconds
        elif one.fate is Fate.EXCESS:
            beyond.add((one.pool, one.month))
    for key, caps in judgement.account.caps.items():
        assert not caps.capped or paid.get(key, 0) <= caps.seconds
        assert key not in beyond or paid.get(key, 0) == caps.seconds


@settings(max_examples=count(10_000))
@given(seconds=st.integers(0, 10_000_000), ore=st.integers(1, 100_000), cut=st.integers(0, 10_000_000))
@example(seconds=50_210, ore=37_000, cut=49_005)
def test_R8_an_adjustment_is_never_more_than_an_ore_from_the_exact_difference(seconds: int, ore: int, cut: int) -> None:
    price = Decimal(ore)
    difference = amount_ore(cut, price) - amount_ore(seconds, price)
    assert abs(difference * 3_600 - (cut - seconds) * ore) <= 3_600
