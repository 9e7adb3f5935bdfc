"""A month of generated life: the rules find exactly what was planted in it, and nothing else, rule by rule."""

from __future__ import annotations

from collections import Counter

import pytest

from app.rules.deviations.judge import judge
from tests.counts import count
from tests.rules.lives import MONTH, NOW, a_month_of_life

SEEDS = range(count(30))


@pytest.mark.parametrize("seed", SEEDS)
def test_D_of_a_month_of_life_is_found_what_was_planted(seed: int) -> None:
    facts, planted = a_month_of_life(seed)
    judgement = judge(facts, NOW, (MONTH,))
    found = Counter(str(one.found.rule) for one in judgement.deviations)
    assert found == +planted


def test_D_the_months_of_life_hold_every_deviation_but_the_replayed_tap() -> None:
    """D21 wants chips, and has its own tests in test_tags_replayed."""
    planted = sum((a_month_of_life(seed)[1] for seed in range(6)), Counter())
    assert {rule for rule, times in planted.items() if times} == {f"D{number}" for number in range(1, 26)} - {"D21"}
