"""Rates: what an hour is worth, by municipality, service, law, provider kind, day and band of hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from app.rules.providers import Law, ProviderKind, Service
from app.rules.recorded import Recorded, valid_on
from app.rules.refusal import Refused
from app.rules.time import Interval, days_touched, first_day, local_day, local_instant, next_month


class Holidays(StrEnum):
    """How a band takes a public holiday: as its weekday, not at all, or only then. Source: R4."""

    BY_WEEKDAY = "by_weekday"
    EXCLUDE = "exclude"
    ONLY = "only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of some weekdays, in minutes of the local day from 0 to 1440; where `before` is not after `start` it runs
    past midnight and belongs to the day it begins. Monday is 1. Source: R4.
    """

    weekdays: tuple[int, ...]
    start_minute: int
    before_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A named set of hours that a rate holds for. Source: R4."""

    name: str
    windows: tuple[Window, ...]
    holidays: Holidays = Holidays.BY_WEEKDAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Recorded):
    """A dated price. Never edited; ends at `valid_before` or where the next of its key begins. Source: R3."""

    municipality: str
    service: Service
    ore_per_hour: Decimal
    valid_from: date
    source: str
    law: Law | None = None
    provider_kind: ProviderKind | None = None
    band: Band | None = None
    valid_before: date | None = None


RateKey = tuple[str, Service, Law | None, ProviderKind | None, str | None]


def key_of(rate: Rate) -> RateKey:
    """Rows of one key follow each other: each ends where the next begins. Source: R3."""
    return (
        rate.municipality,
        rate.service,
        rate.law,
        rate.provider_kind,
        None if rate.band is None else rate.band.name,
    )


def ends_before(rates: Iterable[Rate]) -> dict[str, date | None]:
    """Rate id → the first day on which it no longer holds: its `valid_before`, or where the next of its key begins.

    Source: R3.
    """
    by_key: dict[RateKey, list[Rate]] = {}
    for rate in rates:
        by_key.setdefault(key_of(rate), []).append(rate)
    found: dict[str, date | None] = {}
    for rows in by_key.values():
        ordered = sorted(rows, key=lambda rate: (rate.valid_from, rate.recorded_at, rate.id))
        for rate, after in zip(ordered, [*ordered[1:], None], strict=True):
            limits = [
                day for day in (rate.valid_before, None if after is None else after.valid_from) if day is not None
            ]
            found[rate.id] = min(limits, default=None)
    return found


def check_rates(rates: Iterable[Rate]) -> None:
    """Refuses rows of which two would price one second. Source: R3."""
    rows = sorted(rates, key=lambda rate: (rate.municipality, rate.service, rate.valid_from, rate.id))
    ends = ends_before(rows)
    for position, one in enumerate(rows):
        for other in rows[position + 1 :]:
            if (one.municipality, one.service) == (other.municipality, other.service) and _price_alike(
                one, other, ends
            ):
                raise Refused(
                    "R3",
                    f"the rates {one.id} and {other.id} would both price {one.service} in {one.municipality}",
                    pointer="/valid_from",
                    facts={"rate_ids": [one.id, other.id]},
                )


class Stage(StrEnum):
    """Where a row stands on a day: it holds, it is to come, or it has ended."""

    NOW = "now"
    COMING = "coming"
    PAST = "past"


def stage_of(rate: Rate, end: date | None, day: date) -> Stage:
    """Where the row that ends at `end` stands on the day. Source: R3."""
    if end is not None and end <= day:
        return Stage.PAST
    return Stage.NOW if rate.valid_from <= day else Stage.COMING


def prices(rate: Rate, end: date | None, municipality: str, kind: ProviderKind, month: str) -> bool:
    """True where the row that ends at `end` may price what such a provider does there some day of the month.

    Source: R3, R8.
    """
    theirs = rate.municipality == municipality and rate.provider_kind in (None, kind)
    return theirs and rate.valid_from < first_day(next_month(month)) and (end is None or end > first_day(month))


def order_of(rate: Rate) -> tuple[object, ...]:
    """Rows in the order in which people read them: by service, kind of provider, law, day and hour of the week."""
    windows = () if rate.band is None else rate.band.windows
    return (
        rate.municipality,
        list(Service).index(rate.service),
        rate.provider_kind is not None and list(ProviderKind).index(rate.provider_kind) + 1,
        rate.law or "",
        rate.valid_from,
        min(((one.weekdays[0], one.start_minute) for one in windows), default=(0, 0)),
        rate.id,
    )


def moved_ends(rates: Iterable[Rate], added: Iterable[Rate]) -> dict[str, date | None]:
    """Rate id → its end once `added` hold too, of those `rates` alone whose end that moves: rows are never edited, but
    end where the next of their key begins. Source: R3.
    """
    known = tuple(rates)
    before, after = ends_before(known), ends_before((*known, *added))
    return {name: after[name] for name, end in before.items() if after[name] != end}


def _price_alike(one: Rate, other: Rate, ends: Mapping[str, date | None]) -> bool:
    if one.law is not None and other.law is not None and one.law != other.law:
        return False
    if one.provider_kind is not None and other.provider_kind is not None and one.provider_kind != other.provider_kind:
        return False
    start = max(one.valid_from, other.valid_from)
    alike = key_of(one) == key_of(other) and one.valid_from == other.valid_from
    last = [day for day in (ends[one.id], ends[other.id]) if day is not None]
    if not alike and any(day <= start for day in last):
        return False
    return _bands_meet(one.band, other.band)


def _bands_meet(one: Band | None, other: Band | None) -> bool:
    """True where some second of a week, whichever days are holidays, lies in both; no band is every second."""
    return any(a.meets(b) for a in hours_of_a_week(one) for b in hours_of_a_week(other))


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes since Monday 00:00 of one weekday's window, half-open; what runs past Sunday goes on from 0.

    `weekday` is the one on which the window begins, None for every second of the week.
    """

    start: int
    before: int
    weekday: int | None
    holidays: Holidays

    def meets(self, other: Hours) -> bool:
        """True where both hold for one second: one day is a holiday or is not, two days may be one and the other."""
        never = {self.holidays, other.holidays} == {Holidays.EXCLUDE, Holidays.ONLY} and self.weekday == other.weekday
        return not never and self.start < other.before and other.start < self.before


def hours_of_a_week(band: Band | None) -> list[Hours]:
    """Every stretch of a week that the band holds for; no band is all of it. Source: R4."""
    if band is None:
        return [Hours(0, 10_080, None, Holidays.BY_WEEKDAY)]
    found: list[Hours] = []
    for window in band.windows:
        for weekday in window.weekdays:
            start = (weekday - 1) * 1440 + window.start_minute
            end = start + _length(window)
            found.append(Hours(start, min(end, 10_080), weekday, band.holidays))
            if end > 10_080:
                found.append(Hours(0, end - 10_080, weekday, band.holidays))
    return found


def _length(window: Window) -> int:
    return (window.before_minute - window.start_minute) % 1440 or 1440


@dataclass(frozen=True, slots=True)
class RateBook:
    """The rates that are known, asked for the price of a second. `holidays` are the public holidays."""

    rows: Mapping[tuple[str, Service], tuple[Rate, ...]]
    ends: Mapping[str, date | None]
    holidays: frozenset[date]
    _hours: dict[tuple[str, date], tuple[Interval, ...]] = field(default_factory=dict, compare=False, repr=False)
    _edges: dict[tuple[str, Service, date], tuple[datetime, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def rate_at(
        self, municipality: str, service: Service, law: Law | None, kind: ProviderKind, at: datetime
    ) -> Rate | None:
        """The one row that prices the second, None where none does (D20, never a guess). Source: R3, R4."""
        day = local_day(at)
        for rate in self.rows.get((municipality, service), ()):
            if (
                rate.law in (None, law)
                and rate.provider_kind in (None, kind)
                and valid_on(rate.valid_from, self.ends[rate.id], day)
                and (rate.band is None or any(hours.covers(at) for hours in self._band_hours(rate, day)))
            ):
                return rate
        return None

    def borders(self, municipality: str, service: Service | None, interval: Interval) -> list[datetime]:
        """The instants on the days of the interval at which a band of the service begins or ends, of the rates that
        hold that day. Source: T5, R4.
        """
        if service is None:
            return []
        return [edge for day in days_touched(interval) for edge in self._edges_on(municipality, service, day)]

    def _edges_on(self, municipality: str, service: Service, day: date) -> tuple[datetime, ...]:
        key = (municipality, service, day)
        if key not in self._edges:
            hours = [
                one
                for rate in self.rows.get((municipality, service), ())
                if rate.band is not None and valid_on(rate.valid_from, self.ends[rate.id], day)
                for one in self._band_hours(rate, day)
            ]
            edges = {edge for one in hours for edge in (one.start, one.end)}
            self._edges[key] = tuple(sorted(edge for edge in edges if local_day(edge) == day))
        return self._edges[key]

    def _band_hours(self, rate: Rate, day: date) -> tuple[Interval, ...]:
        """The band's hours of that day and those that run into it from the day before."""
        key = (rate.id, day)
        if key not in self._hours:
            before = date.fromordinal(day.toordinal() - 1)
            self._hours[key] = (*self._beginning_on(rate, before), *self._beginning_on(rate, day))
        return self._hours[key]

    def _beginning_on(self, rate: Rate, day: date) -> list[Interval]:
        if rate.band is None or rate.band.holidays is (Holidays.EXCLUDE if day in self.holidays else Holidays.ONLY):
            return []
        return [
            Interval(local_instant(day, window.start_minute), local_instant(day, window.start_minute + _length(window)))
            for window in rate.band.windows
            if day.isoweekday() in window.weekdays
        ]


def rate_book(rates: Iterable[Rate], holidays: frozenset[date] = frozenset()) -> RateBook:
    """The rates as something to ask."""
    rows = sorted(rates, key=lambda rate: (rate.valid_from, rate.id))
    by_service: dict[tuple[str, Service], tuple[Rate, ...]] = {}
    for rate in rows:
        key = (rate.municipality, rate.service)
        by_service[key] = (*by_service.get(key, ()), rate)
    return RateBook(by_service, ends_before(rows), holidays)
