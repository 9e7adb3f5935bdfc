"""Amounts as the desk works them out in plain sight (R1, R3)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from app.rules.reimbursement.steps import worked
from app.web.desk.sums import exact_kronor, grouped, per_hour, worked_out


@pytest.mark.parametrize(
    ("seconds", "ore_per_hour", "said"),
    [
        (19_580, "37000", "19 580 s × 370 kr/h ÷ 3600 = 2 012,388… kr → 2 012,39 kr"),
        (9, "37000", "9 s × 370 kr/h ÷ 3600 = 0,925 kr → 0,93 kr"),
        (3_600, "37850.5", "3 600 s × 378,505 kr/h ÷ 3600 = 378,505 kr → 378,51 kr"),
        (0, "37000", "0 s × 370 kr/h ÷ 3600 = 0,00 kr → 0,00 kr"),
    ],
    ids=["22 visits of 14:50", "a half goes up", "a decimal öre an hour", "nothing"],
)
def test_R1_a_sum_is_one_line_that_anybody_can_reckon_again(seconds: int, ore_per_hour: str, said: str) -> None:
    assert worked_out(worked(seconds, Decimal(ore_per_hour))).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("ore", "said"),
    [("1/3", "0,003…"), ("-1/3", "−0,003…"), ("1", "0,01"), ("10000000/3", "33 333,333…"), ("1/2", "0,005")],
)
def test_R1_what_is_not_exact_is_cut_and_says_so(ore: str, said: str) -> None:
    assert exact_kronor(Fraction(ore)).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("ore", "said"), [("37000", "370"), ("37850", "378,50"), ("37850.5", "378,505"), ("100000000", "1 000 000")]
)
def test_R3_a_rate_has_as_many_decimals_as_it_has(ore: str, said: str) -> None:
    assert per_hour(Decimal(ore)).replace("\u00a0", " ") == said


@pytest.mark.parametrize(("number", "said"), [(-1_205, "−1 205"), (0, "0"), (1_000_000, "1 000 000")])
def test_T3_seconds_are_whole_and_grouped(number: int, said: str) -> None:
    assert grouped(number).replace("\u00a0", " ") == said
