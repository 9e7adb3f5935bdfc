"""What the forms of rates say, read strictly: a row with its band, a per cent, kronor for each proposal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from flask import request

from app.rules.indexing import Proposal
from app.rules.providers import Law, ProviderKind, Service
from app.rules.rates import Band, Holidays, Rate, Window
from app.web.desk.asked import YEARS
from app.web.desk.forms import Form

E = TypeVar("E", bound=StrEnum)

NEW_BAND = "new"
ALL = "all"
WINDOWS = (1, 2)
"""How many windows a band may be given on the page; one of more is sent to the API."""
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])\Z|24[:.]00\Z", re.ASCII)
_KRONOR = re.compile(r"[0-9]{1,7}([.,][0-9]{1,6})?\Z", re.ASCII)
_PERCENT = re.compile(r"-?[0-9]{1,2}([.,][0-9]{1,4})?\Z", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,7}\Z", re.ASCII)
FIELDS = (
    *("rate_service", "rate_law", "rate_kind", "rate_band", "band_name", "band_holidays", "rate_kronor"),
    *("rate_from", "rate_before", "rate_source"),
    *(f"band_{end}_{number}" for number in WINDOWS for end in ("from", "before")),
)


def row_in(form: Form, municipality: str, bands: Mapping[str, Band]) -> Rate | None:
    """The row that was written, without an id yet; None where the form has faults."""
    service = form.choice("rate_service", Service)
    law, kind = _or_all(form, "rate_law", Law), _or_all(form, "rate_kind", ProviderKind)
    band = _band_in(form, bands)
    ore = _kronor_in(form)
    start, end = day_of(form, "rate_from"), day_of(form, "rate_before", needed=False)
    if start is not None and end is not None and end <= start:
        form.faults["rate_before"] = "fault_rate_before"
    source = one_line(form.text("rate_source", least=1, most=500))
    if form.faults or service is None or start is None:
        return None
    return Rate(
        id="",
        municipality=municipality,
        service=service,
        law=law,
        provider_kind=kind,
        band=band,
        ore_per_hour=ore,
        valid_from=start,
        valid_before=end,
        source=source,
    )


def one_line(text: str) -> str:
    """The text in one line, without characters that cannot be shown."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _or_all(form: Form, name: str, kind: type[E]) -> E | None:
    return None if request.form.get(name) == ALL else form.choice(name, kind)


def _kronor_in(form: Form) -> Decimal:
    """Öre of kronor with a comma or a point; 0 and a fault where nothing like it was written."""
    text = request.form.get("rate_kronor", "").strip().replace(" ", "").replace("\u00a0", "")
    if _KRONOR.match(text) is None:
        form.faults["rate_kronor"] = "fault_kronor"
        return Decimal(0)
    return Decimal(text.replace(",", ".")) * 100


def day_of(form: Form, name: str, *, needed: bool = True) -> date | None:
    """The day `YYYY-MM-DD`; None, and a fault where it is needed or is no day of these years."""
    text = request.form.get(name, "").strip()
    if not text and not needed:
        return None
    day = day_in(text)
    if day is None:
        form.faults[name] = "fault_day"
    return day


def day_in(text: str) -> date | None:
    """The day `YYYY-MM-DD`, None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS and len(text) == 10 else None


def percent_in(text: str) -> Decimal | None:
    """`2,3` or `2.3`: so many per cent, None for anything else. Source: R10."""
    text = text.strip().removesuffix("%").strip().replace("−", "-")
    return Decimal(text.replace(",", ".")) if _PERCENT.match(text) else None


def _band_in(form: Form, bands: Mapping[str, Band]) -> Band | None:
    """All hours, one of those that there are, or one that is written."""
    chosen = request.form.get("rate_band", "")
    if chosen == ALL:
        return None
    if chosen != NEW_BAND:
        if chosen not in bands:
            form.faults["rate_band"] = "fault_choose"
        return bands.get(chosen)
    name = one_line(form.text("band_name", least=1, most=100))
    holidays = form.choice("band_holidays", Holidays)
    windows = tuple(window for number in WINDOWS if (window := _window_in(form, number)) is not None)
    if not windows and "band_from_1" not in form.faults:
        form.faults.setdefault("band_days_1", "fault_band_days")
    return None if holidays is None else Band(name=name, windows=windows, holidays=holidays)


def _window_in(form: Form, number: int) -> Window | None:
    """The weekdays and hours of one window; None where none of it was written, and with a fault where it is half."""
    days = [int(day) for day in form.several(f"band_days_{number}") if day in set("1234567")]
    names = (f"band_from_{number}", f"band_before_{number}")
    texts = [request.form.get(name, "").strip() for name in names]
    if not days and not any(texts):
        return None
    if not days:
        form.faults[f"band_days_{number}"] = "fault_band_days"
    start, before = (_minute_in(form, name, text) for name, text in zip(names, texts, strict=True))
    if start is None or before is None or not days:
        return None
    if start == _MIDNIGHT:
        form.faults[names[0]] = "fault_clock"
    elif start == before:
        form.faults[names[1]] = "fault_band_length"
    return Window(weekdays=tuple(sorted(days)), start_minute=start, before_minute=before)


_MIDNIGHT = 1440


def _minute_in(form: Form, name: str, text: str) -> int | None:
    if _CLOCK.match(text) is None:
        form.faults[name] = "fault_clock"
        return None
    hours, minutes = re.split("[:.]", text)
    return int(hours) * 60 + int(minutes)


def set_in(form: Form, proposals: Iterable[Proposal]) -> list[Rate]:
    """The rows that somebody put whole kronor in, those left empty not among them. Source: R10."""
    rows: list[Rate] = []
    for one in proposals:
        name = f"krona_{one.rate.id}"
        text = request.form.get(name, "").strip()
        if text:
            if _WHOLE.match(text) is None:
                form.faults[name] = "fault_krona"
            else:
                rows.append(one.set_at(int(text)))
    if not rows and not form.faults:
        form.faults["krona"] = "fault_krona_none"
    return rows


def sent_again(leave_out: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Every field of the form as it came, to be sent once more by the next step."""
    return [(name, value) for name in request.form for value in request.form.getlist(name) if not leave_out(name)]
