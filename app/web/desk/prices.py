"""How prices and bands of hours are written on the desk: kronor an hour, weekdays and hours. Never rounded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from app.rules.rates import Band, Holidays, Window
from app.rules.unpriced import Gap
from app.web.desk.formats import weekday_name
from app.web.desk.wording import told

_DAY = 1440


def price(ore: Decimal) -> str:
    """`370`, `378,50` or `383,625`: kronor with as many decimals as there are, and öre by two figures."""
    text = format(ore.scaleb(-2).normalize(), "f").replace(".", ",")
    return f"{text}0" if text[-2:-1] == "," else text


def hour(minute: int) -> str:
    """`07:30` of minutes past midnight, 24:00 among them."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def band_hours(band: Band, language: str) -> str:
    """`mån–fre 07:30–19:00, inte helgdagar`: when the band holds."""
    spans = ", ".join(
        f"{_days(one, language)} {hour(one.start_minute)}–{hour(one.before_minute)}" for one in band.windows
    )
    beside = "" if band.holidays is Holidays.BY_WEEKDAY else f", {told(language)[f'band_{band.holidays}']}"
    return spans + beside


def _days(window: Window, language: str) -> str:
    """`mån–fre` or `mån, ons`: three or more that follow each other as a span."""
    runs: list[list[int]] = []
    for day in sorted(window.weekdays):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(_run(run, language) for run in runs)


def _run(run: list[int], language: str) -> str:
    first, last = weekday_name(run[0] - 1, language), weekday_name(run[-1] - 1, language)
    return first if len(run) == 1 else f"{first}–{last}"


def gap_hours(gap: Gap, language: str) -> list[str]:
    """`mån 22:30 – tis 07:30`: each stretch of the week without a price."""
    return [f"{_moment(start, language)} – {_moment(end, language, ends=True)}" for start, end in gap.stretches]


def _moment(minute: int, language: str, *, ends: bool = False) -> str:
    """The weekday and hour; what ends at midnight ends at 24:00 of the day that it ends."""
    day, rest = divmod(minute - ends, _DAY)
    return f"{weekday_name(day, language)} {hour(rest + ends)}"


def until(end: date | None) -> str:
    """`– 2014-01-01`, or nothing behind the dash where there is no end."""
    return "–" if end is None else f"– {end}"


FILTERS: dict[str, Callable[..., Any]] = {
    "price": price,
    "band_hours": band_hours,
    "gap_hours": gap_hours,
    "until": until,
    "weekday": weekday_name,
}
"""What the templates of rates may write with."""
