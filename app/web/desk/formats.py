"""How values are written on the desk: Stockholm's time, whole minutes and seconds, kronor and öre. Never rounded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from app.rules.time import STOCKHOLM, format_instant

_MONTHS = {
    "sv": (
        *("januari", "februari", "mars", "april", "maj", "juni", "juli"),
        *("augusti", "september", "oktober", "november", "december"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
}
_LONG_DAY = {"sv": "dygn", "en": "d"}
_DAYS = {
    "sv": ["mån", "tis", "ons", "tors", "fre", "lör", "sön"],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}


def duration(seconds: int) -> str:
    """`1 h 5 min 20 s`; what is zero is left out, and nothing is rounded. Source: T3."""
    sign, left = ("−" if seconds < 0 else "", abs(seconds))
    parts = ((left // 3600, "h"), (left // 60 % 60, "min"), (left % 60, "s"))
    return sign + (" ".join(f"{number} {unit}" for number, unit in parts if number) or "0 min")


def days_left(seconds: int, language: str) -> str:
    """`2 dygn 7 h` or `50 min`: how long until something, cut to hours, or to minutes within the last day."""
    days, rest = divmod(max(seconds, 0), 86_400)
    if days:
        return " ".join((f"{days} {_LONG_DAY[language]}", f"{rest // 3600} h"))
    return duration(rest // 60 * 60)


def kronor(ore: int) -> str:
    """`−1 234,56`: kronor and öre with a comma and thin groups, as Swedish writes money."""
    whole, rest = divmod(abs(ore), 100)
    grouped = f"{whole:,}".replace(",", "\u00a0")
    return f"{'−' if ore < 0 else ''}{grouped},{rest:02d}"


def moment(at: datetime | None) -> Markup:
    """`2014-02-04 08:47:20` in Stockholm, as an element that tells the instant."""
    return _time(at, "%Y-%m-%d %H:%M:%S")


def clock(at: datetime | None) -> Markup:
    """`08:47` in Stockholm; the seconds stand in the element."""
    return _time(at, "%H:%M")


def _time(at: datetime | None, form: str) -> Markup:
    if at is None:
        return Markup("–")
    local = at.astimezone(STOCKHOLM).strftime(form)
    return Markup('<time datetime="{}">{}</time>').format(format_instant(at), local)


def clock_text(at: datetime) -> str:
    """`08:47:20` in Stockholm, as plain text."""
    return at.astimezone(STOCKHOLM).strftime("%H:%M:%S")


def local_text(at: datetime) -> str:
    """`2014-02-04T08:47:20` in Stockholm, as a form's field has it."""
    return at.astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M:%S")


def day_name(day: date, language: str) -> str:
    """`tis 2014-02-04`."""
    return f"{_DAYS[language][day.weekday()]} {day.isoformat()}"


def weekday_name(number: int, language: str) -> str:
    """`tis` of 1: the weekday, of which Monday is 0."""
    return _DAYS[language][number]


def month_name(month: str, language: str) -> str:
    """`februari 2014`."""
    return f"{_MONTHS[language][int(month[5:7]) - 1]} {month[:4]}"


def percent(part: int, whole: int) -> str:
    """`83 %`, cut to whole per cent; `–` of nothing."""
    return "–" if whole == 0 else f"{part * 100 // whole} %"


def size(count: int) -> str:
    """`1,4 MB`: how large a document is."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count // 1000} kB"
    return f"{count // 1_000_000},{count // 100_000 % 10} MB"


FILTERS: dict[str, Callable[..., Any]] = {
    "duration": duration,
    "days_left": days_left,
    "kronor": kronor,
    "moment": moment,
    "clock": clock,
    "clock_text": clock_text,
    "local_text": local_text,
    "day_name": day_name,
    "month_name": month_name,
    "percent": percent,
    "size": size,
}
"""What templates may write with."""
