"""Generated years: plain values in epoch seconds, drawn from one seed. Nothing here knows the product.

A year has two municipalities, two providers with three caregivers each, and five customers: two who live together in
either municipality, and one alone. Grants change in mid-month and are placed whole or in parts with both providers;
prices differ by law, kind, band, weekday and holiday, and change on any day; stays gather around nights in which a
month, a year or summer time begins or ends. Of everything some is recorded only after its month was locked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.rules.year_rows import (
    CAREGIVERS,
    KIND_OF,
    LONG_AGO,
    MUNICIPALITY_OF,
    Corrected,
    Extended,
    Granted,
    Ordered,
    Priced,
    Stayed,
    Year,
)

HERE = ZoneInfo("Europe/Stockholm")
TOGETHER = (("k1", "k2"), ("k3", "k4"))
SERVICES = ("personal_care", "household", "escort")
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
BANDS = (
    {"": ((EVERY_DAY, 0, 1440),)},
    {"day": ((EVERY_DAY, 360, 1320),), "night": ((EVERY_DAY, 1320, 360),)},
    {"day": (((1, 2, 3, 4, 5), 450, 1140),), "evening": (((1, 2, 3, 4), 1140, 1350), ((5,), 1140, 1410))},
    {"week": (((1, 2, 3, 4, 5), 0, 1440),), "weekend": (((6, 7), 0, 1440),)},
)
"""Whole days, day and night, gaps that nothing prices, week and weekend: (weekdays, from minute, before minute)."""


def a_year(seed: int, *, months: int = 12) -> Year:
    """The year of the seed, or its first months."""
    draw = Random(seed)
    number = draw.choice((2013, 2014, 2015, 2016))
    first = [date(number, month, 1) for month in range(1, months + 1)]
    locks = [second_of(_after(day).replace(day=5), 18) for day in first]
    red = {date(number, 1, 1), date(number, 1, 6), date(number, 5, 1), date(number, 6, 6), date(number, 12, 25)}
    nights = [day - timedelta(days=1) for day in first] + [_sunday(number, 3), _sunday(number, 10), date(number, 2, 28)]
    days = [day + timedelta(days=draw.randrange(28)) for day in first] + sorted(red)
    until = _after(first[-1])
    year = Year(
        locks=tuple((f"{day:%Y-%m}", lock) for day, lock in zip(first, locks, strict=True)),
        holidays=frozenset(red | {draw.choice(days)}),
        uncapped=(("2029", draw.choice(first)),) if draw.random() < 0.3 else (),
    )
    later = _Later(draw, locks)
    _grant(year, draw, number, later)
    _price(year, draw, number, later)
    for day in nights:
        _cluster(year, draw, second_of(day, 20), 20_000)
    for day in days:
        if day < until:
            _cluster(year, draw, second_of(day, draw.randrange(5, 19)), 9_000)
    _what_is_the_matter(year, draw, later)
    _extend(year, draw, later)
    return year


def second_of(day: date, hour: int) -> int:
    """The second at which the clock shows the hour."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=HERE).timestamp())


def _after(day: date) -> date:
    return (day + timedelta(days=31)).replace(day=1)


def _sunday(year: int, month: int) -> date:
    """The day before the month's last Sunday, in whose night the clock changes."""
    last = date(year, month, 31)
    return last - timedelta(days=last.isoweekday() % 7 + 1)


@dataclass(frozen=True)
class _Later:
    """When something is recorded: mostly at once, else around one of the locks that follow it."""

    draw: Random
    locks: list[int]

    def __call__(self, at: int, share: float) -> int:
        following = [lock for lock in self.locks if lock > at + 2]
        if not following or self.draw.random() >= share:
            return at
        return self.draw.choice(following[:3]) + self.draw.choice((-1, 0, 1, 86_400))


def _grant(year: Year, draw: Random, number: int, later: _Later) -> None:
    begin = date(number - 1, 6, 1)
    for place, customer in enumerate((*MUNICIPALITY_OF, *draw.choices(tuple(MUNICIPALITY_OF), k=4))):
        seconds = draw.choice((700, 3_600, 5_400, 9_999, 20_000))
        per, every = draw.choice(("day", "week", "month", "month")), draw.choice((1, 1, 1, 3))
        one = Granted(
            id=f"g{place}",
            customer=customer,
            law="SoL" if place < len(MUNICIPALITY_OF) else draw.choice(("SoL", "LSS")),
            services=draw.choice((SERVICES, SERVICES[:2], SERVICES[1::-1], SERVICES[:1])),
            seconds=seconds,
            per=per,
            every=every,
            double=draw.choice((0, seconds, draw.randrange(seconds))),
            valid_from=begin,
        )
        year.grants.append(one)
        for version in range(2, 2 + draw.choice((0, 1, 1, 2))):
            one = _changed(one, version, begin + timedelta(days=draw.randrange(214, 570)), draw, later)
            year.grants.append(one)
        _order(year, draw, place, min(seconds, *(row.seconds for row in year.grants if row.id == f"g{place}")))


def _changed(one: Granted, version: int, day: date, draw: Random, later: _Later) -> Granted:
    seconds = draw.choice((one.seconds // 2, one.seconds, one.seconds * 2))
    return replace(
        one,
        seconds=seconds,
        per=draw.choice((one.per, "month")),
        double=draw.choice((0, seconds)),
        valid_from=day,
        version=version,
        recorded_at=max(later(second_of(day, 0) - 86_400, 0.5), one.recorded_at + 1),
    )


def _order(year: Year, draw: Random, place: int, least: int) -> None:
    """The whole grant at one provider, one after the other's, or in two parts at once."""
    at, start = int(datetime(2012, 5, draw.randrange(1, 9), tzinfo=UTC).timestamp()), date(2012, 6, 1)
    grant, day = f"g{place}", date(int(year.locks[0][0][:4]), draw.randrange(1, 13), draw.randrange(1, 29))
    first, second = draw.choice((("p", "q"), ("p", "q"), ("q", "p")))
    kind = draw.random()
    if kind < 0.5:
        year.orders.append(Ordered(f"o{place}", grant, first, None, at, start))
    elif kind < 0.7:
        year.orders.append(Ordered(f"o{place}", grant, first, None, at, start, day))
        year.orders.append(Ordered(f"o{place}b", grant, second, None, at + draw.randrange(3), day))
    else:
        part = draw.randrange(1, least)
        year.orders.append(Ordered(f"o{place}", grant, first, part, at, start))
        year.orders.append(Ordered(f"o{place}b", grant, second, least - part, at + draw.randrange(3), start))


def _price(year: Year, draw: Random, number: int, later: _Later) -> None:
    for municipality in ("0182", "2029"):
        for service in SERVICES:
            parted = draw.choice((((None, None),), ((None, "private"), (None, "municipal")), (("SoL", None),)))
            for law, kind in parted:
                _rows(year, draw, number, later, (municipality, service, law, kind))


def _rows(year: Year, draw: Random, number: int, later: _Later, whose: tuple[str, str, str | None, str | None]) -> None:
    bands, holidays = draw.choice(BANDS), draw.choice(("by_weekday", "by_weekday", "exclude"))
    changes = sorted(date(number, draw.randrange(1, 13), draw.randrange(1, 29)) for _ in range(draw.choice((0, 1, 2))))
    ends = date(number, 12, draw.randrange(1, 31)) if draw.random() < 0.1 else None
    for name, windows in bands.items():
        for place, day in enumerate((date(2012, 1, 1), *dict.fromkeys(changes))):
            if ends is not None and day >= ends:
                continue
            recorded = LONG_AGO if place == 0 else later(second_of(day, 0) - 86_400, 0.5)
            year.rates.append(
                Priced(
                    id=" ".join(str(one) for one in (*whose, name, place)),
                    municipality=whose[0],
                    service=whose[1],
                    law=whose[2],
                    kind=whose[3],
                    band=name,
                    windows=windows,
                    holidays=holidays if name else "by_weekday",
                    ore=draw.randrange(20_000, 50_000),
                    valid_from=day,
                    valid_before=ends,
                    recorded_at=recorded,
                )
            )


def _cluster(year: Year, draw: Random, begin: int, span: int) -> None:
    """Stays close to each other, many of them beside one another at one customer."""
    others: list[Stayed] = []
    for _ in range(draw.choice((1, 2, 3, 4))):
        start = begin + draw.randrange(span)
        household = draw.choice(TOGETHER) if draw.random() < 0.15 else ()
        told: dict[str, Any] = {
            "customer": household[0] if household else draw.choice(tuple(MUNICIPALITY_OF)),
            "service": draw.choice((*SERVICES, "personal_care")),
            "household": tuple((one, draw.randrange(1, 4)) for one in household),
        }
        if others and draw.random() < 0.6:
            start = others[-1].start + draw.randrange(others[-1].end - others[-1].start + 1)
            told = {"customer": others[-1].customer, "service": others[-1].service, "household": ()}
        end = start + draw.choice((1, 900, 3_599, draw.randrange(60, 20_000)))
        caregiver = draw.choice(_likely(year, str(told["customer"]), draw))
        one = Stayed(
            id=f"v{draw.randrange(1000):03} {len(year.stays)}", caregiver=caregiver, start=start, end=end, **told
        )
        year.stays.append(one)
        others.append(one)


def _likely(year: Year, customer: str, draw: Random) -> list[str]:
    """Mostly caregivers of a provider that the customer has an order with."""
    grants = {row.id for row in year.grants if row.customer == customer}
    theirs = {row.provider for row in year.orders if row.grant in grants} if draw.random() < 0.9 else set(KIND_OF)
    return [name for name, provider in CAREGIVERS.items() if provider in theirs]


def _what_is_the_matter(year: Year, draw: Random, later: _Later) -> None:
    for one in year.stays:
        one.recorded_at = later(one.end, 0.15)
        odd = draw.random()
        if odd < 0.1:
            one.held, one.accepted_at = True, later(one.recorded_at + 90_000, 0.7) if draw.random() < 0.7 else None
        elif odd < 0.15:
            one.extra = True
        elif odd < 0.35:
            _correct(one, draw, later)
        elif odd < 0.45 and not one.household:
            one.changes = ((draw.randrange(one.start, one.end + 1), draw.choice(SERVICES)),)
        elif odd < 0.6 and _is_alone(one, year):
            one.planned = draw.choice([row.id for row in year.grants if row.customer == one.customer])


def _correct(one: Stayed, draw: Random, later: _Later) -> None:
    """Shorter, longer by what is believed and by a second more, void, and void no longer."""
    first = later(one.recorded_at + 100_000, 0.8)
    end = draw.choice((draw.randrange(one.start + 1, one.end + 1), one.end + 900, one.end + 901))
    kinds = ([Corrected(first, end=end)], [Corrected(first, void=True)])
    corrections = draw.choice(kinds)
    if corrections[0].void and draw.random() < 0.4:
        corrections.append(Corrected(later(first + 100_000, 0.8) + 1, void=False))
    elif end == one.end + 901 and draw.random() < 0.6:
        one.accepted_at = later(first + 100_000, 0.8) + 2
    one.corrections = tuple(corrections)


def _is_alone(one: Stayed, year: Year) -> bool:
    """True where no other stay could answer to a plan made for this one."""
    near = [row for row in year.stays if row is not one and abs(row.start - one.start) < 9_000]
    return not one.household and all(row.customer != one.customer and not row.household for row in near)


def _extend(year: Year, draw: Random, later: _Later) -> None:
    for number in range(8):
        month, lock = draw.choice(year.locks)
        asked, made = draw.randrange(1, 9_000), later(lock - 900_000, 0.8)
        decisions = [(made, draw.choice((0, asked, draw.randrange(1, asked + 1))))]
        if draw.random() < 0.3:
            decisions.append((later(made + 100_000, 0.8) + 1, draw.choice((0, asked))))
        whose = (draw.choice(("p", "q")), draw.choice(tuple(MUNICIPALITY_OF)))
        year.extensions.append(Extended(f"e{number}", *whose, month, asked, tuple(decisions)))
