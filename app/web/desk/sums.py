"""Amounts worked out in plain sight: `19 580 s × 370 kr/h ÷ 3600 = 2 012,388… kr → 2 012,39 kr`. Nothing is rounded
but the amount, once.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from app.rules.reimbursement.steps import Worked
from app.web.desk.formats import kronor

_SPACE = "\u00a0"
_DECIMALS = 3
"""So many decimals of a krona show which way the öre goes."""


def grouped(number: int) -> str:
    """`−19 580`: a whole number with thin groups."""
    return f"{'−' if number < 0 else ''}{abs(number):,}".replace(",", _SPACE)


def per_hour(ore: Decimal) -> str:
    """`370` or `378,50`: kronor an hour, with as many decimals as it has, two at least where it has any."""
    whole, _, rest = format(ore / 100, "f").partition(".")
    decimals = rest.rstrip("0")
    return grouped(int(whole)) + (f",{decimals.ljust(2, '0')}" if decimals else "")


def exact_kronor(ore: Fraction) -> str:
    """`2 012,388…`: kronor cut after three decimals, with dots where there are more of them."""
    scaled = abs(ore) * 10 ** (_DECIMALS - 2)
    cut = scaled.numerator // scaled.denominator
    whole, rest = divmod(cut, 10**_DECIMALS)
    decimals = f"{rest:0{_DECIMALS}d}"
    more = "…" if cut != scaled else ""
    if not more and decimals.endswith("0"):
        decimals = decimals[:-1]
    return f"{'−' if ore < 0 else ''}{grouped(whole)},{decimals}{more}"


def worked_out(told: Worked) -> str:
    """The whole sum as one line. Source: R1."""
    sum_, exact = f"{grouped(told.seconds)} s × {per_hour(told.ore_per_hour)} kr/h ÷ 3600", exact_kronor(told.exact_ore)
    return f"{sum_} = {exact} kr → {kronor(told.amount_ore)} kr".replace(" kr", f"{_SPACE}kr").replace(
        " s ", f"{_SPACE}s "
    )
