"""What a generated year says of one second: price, grants and caps, as somebody reads them from the rulebook.

Nothing of the product is read here; `plain_year` reckons with it.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property, lru_cache
from math import floor
from zoneinfo import ZoneInfo

from tests.rules.year_rows import CAREGIVERS, KIND_OF, MUNICIPALITY_OF, Granted, Ordered, Priced, Stayed, Year

HERE = ZoneInfo("Europe/Stockholm")
Pool = tuple[str, str, str, tuple[str, ...]]
"""Provider, customer, law and services."""
Placed = tuple[Ordered, Granted]


@dataclass(frozen=True)
class Bit:
    """A piece of a stay that nothing divides."""

    stay: Stayed
    customer: str
    service: str
    start: int
    end: int

    @property
    def day(self) -> date:
        return datetime.fromtimestamp(self.start, HERE).date()

    @property
    def month(self) -> str:
        return f"{self.day:%Y-%m}"

    @property
    def provider(self) -> str:
        return CAREGIVERS[self.stay.caregiver]

    @property
    def turn(self) -> tuple[int, str, int]:
        return (self.stay.start, self.stay.id, self.start)

    def cut(self, seconds: int) -> tuple[Bit, Bit]:
        return replace(self, end=self.start + seconds), replace(self, start=self.start + seconds)


class Known:
    """What was recorded of the year before the lock, but for the stays (R9)."""

    def __init__(self, year: Year, lock: int) -> None:
        self.year, self.lock = year, lock
        self.granted = [one for one in year.grants if one.recorded_at < lock]
        self.ordered = [one for one in year.orders if one.recorded_at < lock]
        self.rates = [one for one in year.rates if one.recorded_at < lock]

    def is_border(self, second: int, municipality: str, service: str) -> bool:
        before, after = (datetime.fromtimestamp(one, HERE) for one in (second - 1, second))
        rates = [one for one in self.rates if (one.municipality, one.service) == (municipality, service) and one.band]
        at = [
            {one.id for one in rates if self._holds(one, then.date()) and self._within(then, one)}
            for then in (before, after)
        ]
        return before.date() != after.date() or at[0] != at[1]

    def _holds(self, rate: Priced, day: date) -> bool:
        """R3: from its day until its end, or until the next of its key begins."""
        later = [
            one.valid_from
            for one in self.rates
            if (one.municipality, one.service, one.law, one.kind, one.band)
            == (rate.municipality, rate.service, rate.law, rate.kind, rate.band)
            and one.valid_from > rate.valid_from
        ]
        return rate.valid_from <= day < min([*later, rate.valid_before or date.max])

    def _within(self, at: datetime, rate: Priced) -> bool:
        """R4: a window across midnight belongs to the day it begins, and is a holiday's or not as that day is."""
        minute = at.hour * 60 + at.minute
        for weekdays, start, before in rate.windows:
            across = before <= start
            for day, inside in (
                (at.date(), minute >= start if across else start <= minute < before),
                (at.date() - timedelta(days=1), across and minute < before),
            ):
                red = rate.holidays == "exclude" and day in self.year.holidays
                if inside and day.isoweekday() in weekdays and not red:
                    return True
        return False

    def price(self, bit: Bit, law: str) -> Priced | None:
        at = datetime.fromtimestamp(bit.start, HERE)
        found = [
            one
            for one in self.rates
            if (one.municipality, one.service) == (MUNICIPALITY_OF[bit.customer], bit.service)
            and one.law in (None, law)
            and one.kind in (None, KIND_OF[bit.provider])
            and self._holds(one, at.date())
            and self._within(at, one)
        ]
        assert len(found) <= 1
        return found[0] if found else None

    def _version(self, grant: str, day: date) -> Granted | None:
        """O1: the newest version that has begun."""
        begun = [one for one in self.granted if one.id == grant and one.valid_from <= day]
        newest = max(begun, key=lambda one: (one.recorded_at, one.version), default=None)
        return newest if newest is None or day < (newest.valid_before or date.max) else None

    def placed(self, day: date) -> list[Placed]:
        """Every order that holds on the day, with its grant as it is then, the earliest first."""
        if day not in self._by_day:
            holding = [one for one in self.ordered if one.valid_from <= day < (one.valid_before or date.max)]
            both = [
                (one, self._version(one.grant, day))
                for one in sorted(holding, key=lambda one: (one.ordered_at, one.id))
            ]
            self._by_day[day] = [(one, version) for one, version in both if version is not None]
        return self._by_day[day]

    @cached_property
    def _by_day(self) -> dict[date, list[Placed]]:
        return {}

    def covering(self, bit: Bit) -> list[Placed]:
        """R2: the planned grant, else SoL before LSS, then the earliest order; the first of each pool."""
        found = [
            (order, grant)
            for order, grant in self.placed(bit.day)
            if (grant.customer, order.provider) == (bit.customer, bit.provider) and bit.service in grant.services
        ]
        found.sort(key=lambda one: (one[1].id != bit.stay.planned, one[1].law == "LSS"))
        first: dict[Pool, Placed] = {}
        for order, grant in found:
            first.setdefault(pool_of(order, grant), (order, grant))
        return list(first.values())

    def cap(self, pool: Pool, month: str) -> int | None:
        """R2, O2, E5: granted, cut once, and extended; None where all performed time is paid."""
        first = date(int(month[:4]), int(month[5:]), 1)
        if any(MUNICIPALITY_OF[pool[1]] == one and first >= day for one, day in self.year.uncapped):
            return None
        total = Fraction(0)
        for day in _days(month):
            for order, grant in self.placed(day):
                if pool_of(order, grant) == pool:
                    total += _a_day(grant.seconds if order.seconds is None else order.seconds, grant, month)
        return floor(total) + self._extended(pool, month)

    def _extended(self, pool: Pool, month: str) -> int:
        total = 0
        for asked in self.year.extensions:
            made = [one for one in asked.decisions if one[0] < self.lock]
            if (asked.month, asked.customer, asked.provider) == (month, pool[1], pool[0]) and made:
                total += max(made)[1] if self._extends(asked.provider, asked.customer, month) == pool else 0
        return total

    def _extends(self, provider: str, customer: str, month: str) -> Pool | None:
        """SoL before LSS, then the earliest order of personal care in the month."""
        there = {
            (grant.law == "LSS", order.ordered_at, order.id, grant.valid_from): pool_of(order, grant)
            for day in _days(month)
            for order, grant in self.placed(day)
            if (order.provider, grant.customer) == (provider, customer) and "personal_care" in grant.services
        }
        return there[min(there)] if there else None

    def second_in_pool(self, pool: Pool, month: str) -> int:
        """R5: the second caregiver's seconds of the pool's grants, each grant once a day however it is placed."""
        total = Fraction(0)
        for day in _days(month):
            grants = {grant.id: grant for order, grant in self.placed(day) if pool_of(order, grant) == pool}
            total += sum((_a_day(grant.double, grant, month) for grant in grants.values()), Fraction(0))
        return floor(total)

    def second_in_grant(self, grant: str, month: str) -> Fraction:
        """R5: those of one grant, whoever it is placed with."""
        versions = ({one.id: one for _, one in self.placed(day)}.get(grant) for day in _days(month))
        return sum((_a_day(one.double, one, month) for one in versions if one is not None), Fraction(0))

    def grants_of(self, pool: Pool, month: str) -> list[str]:
        """The pool's grants in the month: first those that are placed with nobody else, then by id."""
        there = {grant.id for day in _days(month) for order, grant in self.placed(day) if pool_of(order, grant) == pool}
        return sorted(there, key=lambda one: (len({row.provider for row in self.ordered if row.grant == one}) > 1, one))


def pool_of(order: Ordered, grant: Granted) -> Pool:
    """R2."""
    return (order.provider, grant.customer, grant.law, tuple(sorted(grant.services)))


@lru_cache(maxsize=64)
def _days(month: str) -> list[date]:
    year, number = int(month[:4]), int(month[5:])
    return [date(year, number, day + 1) for day in range(monthrange(year, number)[1])]


def _a_day(seconds: int, grant: Granted, month: str) -> Fraction:
    """O2: what one valid day of the month is worth."""
    days = {"day": 1, "week": 7, "month": len(_days(month))}[grant.per]
    return Fraction(seconds, days * grant.every)
