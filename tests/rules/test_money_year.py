"""A generated year, reckoned by the product and a second time from the rulebook: the same rows, run by run.

A handful of years everyday, 300 of them under HEMTID_FULL=1.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

from app.rules.deviations.facts import Facts
from app.rules.deviations.seconds import Fate
from app.rules.reimbursement.values import Line
from app.rules.scenario import Scenario
from app.rules.simulations import Outcome, settle
from tests.counts import count
from tests.rules.plain_year import Row, all_issued
from tests.rules.test_money_properties import shuffled
from tests.rules.year_facts import facts_of, when
from tests.rules.year_rows import Year
from tests.rules.years import a_year

SEEDS = range(count(300, everyday=2))
PLAIN = ("year_rows", "years", "plain_known", "plain_year", "plain_money")


def settled(year: Year, facts: Facts) -> Outcome:
    """What the product issues of the year, every month at its lock."""
    locks = tuple((month, when(lock)) for month, lock in year.locks)
    return settle(Scenario(facts=facts, months=tuple(month for month, _ in locks), now=locks[-1][1], locked_at=locks))


@lru_cache(maxsize=4)
def outcome_of(seed: int) -> Outcome:
    """What the product issues of the year of the seed."""
    year = a_year(seed)
    return settled(year, facts_of(year))


def row_of(line: Line) -> Row:
    key = line.total.key
    whole = (key.municipality, key.provider_id, key.customer_id, key.service, key.law, key.rate_id, key.month)
    return (line.run, line.kind, whole, line.seconds, line.amount_ore)


@pytest.mark.parametrize("seed", SEEDS)
def test_R1_R8_a_year_comes_to_what_a_plain_second_reckoning_says_line_by_line(seed: int) -> None:
    outcome = outcome_of(seed)
    assert outcome.refused == ()
    assert sorted(row_of(one) for one in outcome.lines) == sorted(all_issued(a_year(seed)))


def test_R8_the_years_hold_everything_that_money_hangs_on() -> None:
    """What a year never holds it proves nothing of."""
    fates: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    for seed in range(2):
        outcome = outcome_of(seed)
        fates.update(str(one.fate) for one in outcome.judgement.account.stretches)
        causes.update(str(one.cause) for one in outcome.lines)
    assert set(fates) == set(Fate)
    assert {"correction", "late_registration", "rate"} <= set(causes)


def test_V5_R9_a_year_that_arrives_in_another_order_is_issued_byte_for_byte_alike() -> None:
    year = a_year(1, months=4)
    facts = facts_of(year)
    assert repr(settled(year, shuffled(facts, 1)).lines) == repr(settled(year, facts).lines)


@pytest.mark.parametrize("name", PLAIN)
def test_the_second_reckoning_reads_nothing_of_the_product(name: str) -> None:
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    read = [node.module or "" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    assert not [module for module in read if module.split(".")[0] in ("app", "schemas")]
