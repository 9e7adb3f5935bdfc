"""Two outcomes side by side: nothing differs from itself, and a sum of differences is the difference of the sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.assumptions import assumed
from app.rules.comparisons import NOTHING, Amounts, By, allotted, compare, settings_changed, summary
from app.rules.deviations.seconds import Fate
from app.rules.reimbursement.lines import half_up
from app.rules.scenario import Scenario
from app.rules.simulations import Outcome, Whose, left_out, only, settle, simulate
from schemas.comparisons import dump_differences
from schemas.simulations import read_scenario
from tests.counts import count
from tests.messy import messy
from tests.town import told

CHANGES = (
    "policy.cap=none",
    "policy.under_delivery_percent=0",
    "policy.longest_stay_seconds=1800",
    "rate.*.index=2.3",
    "rate.*.index_to_krona@2014-03-01=10",
    "rate.0182.ore_per_hour=1",
)


@cache
def scenario(seed: int) -> Scenario:
    """A messy fortnight around the end of February."""
    return read_scenario(messy(seed))


@cache
def outcome(seed: int, *lines: str) -> Outcome:
    """What it comes to under the lines."""
    return simulate(assumed(scenario(seed), lines))


def summed(outcome: Outcome) -> Amounts:
    """What the outcome itself says that everything comes to."""
    stretches = () if outcome.closing is None else outcome.closing.account.stretches
    held = [one for one in stretches if one.fate in (Fate.HELD, Fate.UNPRICED) and one.month in outcome.months]
    return Amounts(
        paid_seconds=sum(line.seconds for line in outcome.lines),
        amount_ore=sum(line.amount_ore for line in outcome.lines),
        excess_seconds=sum(one.excess_seconds for one in outcome.excess),
        worth_ore=sum(one.worth_ore for one in outcome.excess),
        held_seconds=sum(one.seconds for one in held),
    )


@settings(max_examples=count(100), deadline=None)
@given(
    seed=st.integers(0, 1),
    line=st.sampled_from(CHANGES),
    by=st.sets(st.sampled_from(By)),
)
def test_R1_R2_the_total_of_the_differences_is_the_difference_of_the_totals(seed: int, line: str, by: set[By]) -> None:
    before, after = outcome(seed), outcome(seed, line)
    found = compare(before, after, by)
    assert (found.total.before, found.total.after) == (summed(before), summed(after))
    assert found.total.difference == summed(after).plus(summed(before), -1)
    for rows in (found.changed_rows, found.by_provider, found.by_service):
        sums = NOTHING
        for row in rows:
            sums = sums.plus(row.difference)
        assert sums == found.total.difference
    assert len(found.rows) == len({row.key for row in found.rows})
    assert list(found.rows) == sorted(found.rows, key=lambda row: row.key)
    of_deviations = len(after.judgement.deviations) - len(before.judgement.deviations)
    assert sum(one.opened - one.cleared for one in found.tallies) == of_deviations
    assert sum(one.after - one.before for one in found.by_rule) == of_deviations


def test_an_outcome_differs_in_nothing_from_itself() -> None:
    seed = 1
    found = compare(outcome(seed), outcome(seed), By)
    assert (found.changes, found.changed_rows, found.changed_tallies) == (False, (), ())
    assert found.rows
    assert all(one.before == one.after for one in summary(outcome(seed), outcome(seed)))
    assert settings_changed(scenario(seed).facts, scenario(seed).facts) == ()
    document = dump_differences((), found, ())
    assert (document["changes"], document["rows"], document["deviations"]) == (False, [], [])


def test_R2_each_change_of_the_messy_month_is_seen() -> None:
    for line in CHANGES:
        assert any(compare(outcome(seed), outcome(seed, line)).changes for seed in (0, 1)), line


def test_R2_what_the_cap_left_is_paid_without_it_and_nothing_is_beyond() -> None:
    total = compare(outcome(0), outcome(0, "policy.cap=none")).total
    assert total.before.excess_seconds > 0
    assert (total.after.excess_seconds, total.after.worth_ore) == (0, 0)
    assert total.difference.paid_seconds == total.before.excess_seconds


def test_the_shares_of_an_outcome_are_the_whole() -> None:
    whole = settle(scenario(1))
    homes = [frozenset({"", "0182"}), frozenset({"2029"})]
    shares = [only(whole, Whose(homes=home, provider_id=provider)) for home in homes for provider in ("p", "q")]
    assert sorted(line.sequence for one in shares for line in one.lines) == [line.sequence for line in whole.lines]
    assert sorted(line.total.key for one in shares for line in one.lines) == sorted(
        line.total.key for line in whole.lines
    )
    sums = NOTHING
    for share in shares:
        sums = sums.plus(compare(share, share).total.after)
    assert sums == summed(whole)
    assert sum(len(one.judgement.deviations) for one in shares) == len(whole.judgement.deviations)


def test_R8_a_settlement_is_what_a_simulation_issues() -> None:
    assert settle(scenario(0)).lines == outcome(0).lines
    assert settle(scenario(0)).excess == outcome(0).excess
    with pytest.raises(ValueError, match="closes a month"):
        settle(replace(scenario(0), months=(), locked_at=()))


@settings(max_examples=count(300))
@given(parts=st.lists(st.fractions(min_value=0, max_value=10**6, max_denominator=7_200), min_size=1, max_size=6))
def test_R2_a_worth_is_divided_into_whole_ore_that_sum_to_it(parts: list[Fraction]) -> None:
    whole = half_up(sum(parts, Fraction(0)))
    told = allotted(whole, tuple(parts))
    assert sum(told) == whole
    assert all(abs(one - exact) < 1 for one, exact in zip(told, parts, strict=True))


@pytest.mark.parametrize(
    ("lines", "changed"),
    [
        (
            ["policy.cap=none"],
            [("policy", "cap", None, "granted", "none")],
        ),
        (["rate.r.ore_per_hour=38000"], [("rate", "ore_per_hour", "0182", "37000", "38000")]),
        (["rate.r.ore_per_hour=37000.0"], []),
        (["rate.r.index@2014-02-10=10"], [("rate", "ore_per_hour", "0182", "37000", "40700")]),
    ],
)
def test_what_was_set_otherwise_is_told_with_what_held_before(
    lines: list[str], changed: list[tuple[str | None, ...]]
) -> None:
    first = read_scenario(told("nacka_2014.json"))
    found = settings_changed(first.facts, assumed(first, lines).facts)
    assert [(one.kind, one.name, one.municipality, one.before, one.after) for one in found] == changed


def test_a_price_that_ends_is_told_from_the_day_on() -> None:
    first = read_scenario(told("nacka_2014.json")).facts
    ended = replace(first, rates=tuple(replace(one, valid_before=date(2014, 3, 1)) for one in first.rates))
    assert [(one.since, one.before, one.after) for one in settings_changed(first, ended)] == [
        (date(2014, 3, 1), "37000", None)
    ]


@pytest.mark.parametrize(
    ("months", "municipalities", "rules"),
    [
        (["2013-12"], ["0182"], ["R6"]),
        (["2013-01", "2014-01"], ["2029", "0182"], ["R6"]),
        (["2012-12", "2014-01"], ["0182"], []),
        (["2013-06"], ["2029"], []),
    ],
)
def test_R6_what_nacka_paid_in_2013_and_is_not_simulated_is_said(
    months: list[str], municipalities: list[str], rules: list[str]
) -> None:
    assert [one.rule for one in left_out(months, municipalities)] == rules
