"""What a generated month comes to, reckoned a second time from the rulebook: slowly, plainly, and from other parts.

Time is epoch seconds, the calendar `zoneinfo`, sums `Fraction`. Nothing of app.rules is read here.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor
from zoneinfo import ZoneInfo

from tests.rules.worlds import KIND_OF, PROVIDER_OF, GrantRow, RateRow, StayRow, World

HERE = ZoneInfo("Europe/Stockholm")
HALF_HOUR = 1_800
Key = tuple[str, str, str, str, str, str]
"""Provider, customer, service, law, rate and month."""
Pool = tuple[str, str, str, tuple[str, ...]]


@dataclass(frozen=True)
class Bit:
    """A stretch of a stay that nothing divides."""

    stay: StayRow
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
        return PROVIDER_OF[self.stay.caregiver]

    @property
    def turn(self) -> tuple[int, str, int]:
        return (self.stay.start, self.stay.id, self.start)

    def cut(self, seconds: int) -> tuple[Bit, Bit]:
        return replace(self, end=self.start + seconds), replace(self, start=self.start + seconds)


class Reckoning:
    """The months of a world. `lines`: seconds and öre by key; `excess`: seconds and öre by pool and month."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.paid: dict[Key, int] = {}
        self.beyond: dict[tuple[Pool, str], list[tuple[int, RateRow]]] = {}
        bits = [bit for stay in world.stays if not stay.void and not stay.extra for bit in self._bits(stay)]
        free = [bit for bit in bits if self._covering(bit) and not self._held(bit)]
        priced = [bit for bit in free if self._price(bit, self._covering(bit)[0].law) is not None]
        self._count(self._staffed(priced))

    @property
    def lines(self) -> dict[Key, tuple[int, int]]:
        prices = {rate.id: rate.ore for rate in self.world.rates}
        return {
            key: (seconds, _half_up(Fraction(seconds * prices[key[4]], 3_600))) for key, seconds in self.paid.items()
        }

    @property
    def excess(self) -> dict[tuple[Pool, str], tuple[int, int]]:
        return {
            key: (
                sum(n for n, _ in rows),
                _half_up(sum((Fraction(n * rate.ore, 3_600) for n, rate in rows), Fraction(0))),
            )
            for key, rows in self.beyond.items()
        }

    def _bits(self, stay: StayRow) -> list[Bit]:
        """The stay's seconds by customer and service, cut wherever the product might."""
        found: list[Bit] = []
        for start, end, service in _by_service(stay):
            for customer, begin, until in self._by_customer(stay, service, start, end):
                edges = sorted({begin, until, *self._edges(begin, until)})
                found += [Bit(stay, customer, service, a, b) for a, b in pairwise(edges)]
        return found

    def _edges(self, begin: int, until: int) -> set[int]:
        """Half hours, where days and bands begin, and the ends of every stay."""
        stays = {edge for stay in self.world.stays for edge in (stay.start, stay.end)}
        half_hours = range(begin // HALF_HOUR * HALF_HOUR, until, HALF_HOUR)
        return {edge for edge in (*stays, *half_hours) if begin < edge < until}

    def _by_customer(self, stay: StayRow, service: str, start: int, end: int) -> list[tuple[str, int, int]]:
        """V12: every piece between borders of day and band by shares, the odd seconds to the first named."""
        if not stay.household:
            return [(stay.customer, start, end)]
        borders = [start, *(edge for edge in range(start + 1, end) if self._is_border(edge, service)), end]
        shares = sum(share for _, share in stay.household)
        found = []
        for begin, until in pairwise(borders):
            parts = [(until - begin) * share // shares for _, share in stay.household]
            parts[0] += until - begin - sum(parts)
            at = begin
            for (customer, _), seconds in zip(stay.household, parts, strict=True):
                found.append((customer, at, at + seconds))
                at += seconds
        return [(customer, begin, until) for customer, begin, until in found if begin < until]

    def _is_border(self, second: int, service: str) -> bool:
        if second % HALF_HOUR:
            return False
        before, after = (datetime.fromtimestamp(one, HERE) for one in (second - 1, second))
        return before.date() != after.date() or self._bands(before, service) != self._bands(after, service)

    def _bands(self, at: datetime, service: str) -> set[str]:
        holding = [one for one in self.world.rates if one.service == service and self._holds(one, at.date())]
        return {one.id for one in holding if one.band is not None and _within(at, one.band)}

    def _holds(self, rate: RateRow, day: date) -> bool:
        """From its day until its end, or until the next of its key begins."""
        alike = [
            one.valid_from
            for one in self.world.rates
            if (one.service, one.law, one.kind, one.band) == (rate.service, rate.law, rate.kind, rate.band)
        ]
        later = [one for one in alike if one > rate.valid_from]
        ends = [one for one in (rate.valid_before, *later) if one is not None]
        return rate.valid_from <= day < min(ends, default=date.max)

    def _price(self, bit: Bit, law: str) -> RateRow | None:
        at = datetime.fromtimestamp(bit.start, HERE)
        found = [
            one
            for one in self.world.rates
            if one.service == bit.service
            and one.law in (None, law)
            and one.kind in (None, KIND_OF[bit.provider])
            and self._holds(one, at.date())
            and (one.band is None or _within(at, one.band))
        ]
        assert len(found) <= 1
        return found[0] if found else None

    def _covering(self, bit: Bit) -> list[GrantRow]:
        """R2: SoL before LSS, then the earliest order, one for each pool."""
        found = [
            one
            for one in self.world.grants
            if (one.customer, one.provider) == (bit.customer, bit.provider)
            and bit.service in one.services
            and one.valid_from <= bit.day < (one.valid_before or date.max)
        ]
        ordered = sorted(found, key=lambda one: (one.law == "LSS", one.ordered_at, one.id))
        first: dict[Pool, GrantRow] = {}
        for one in ordered:
            first.setdefault(_pool(one), one)
        return list(first.values())

    def _held(self, bit: Bit) -> bool:
        """D16, and D11: its caregiver was in a stay begun before (ties by id), an extra service among them."""
        own = (bit.stay.start, bit.stay.id)
        return bit.stay.held or any(
            one.caregiver == bit.stay.caregiver and (one.start, one.id) < own and one.start <= bit.start < one.end
            for one in self.world.stays
            if not one.void
        )

    def _staffed(self, bits: list[Bit]) -> list[Bit]:
        """R5, from second to second: the first, the second while there is grant for it, never a third."""
        edges = sorted({edge for bit in bits for edge in (bit.start, bit.end)})
        left: dict[tuple[Pool, str], int] = {}
        found: list[Bit] = []
        for start, end in pairwise(edges):
            there: dict[tuple[str, str], list[Bit]] = {}
            for bit in sorted(bits, key=lambda one: one.turn):
                if bit.start <= start and end <= bit.end:
                    there.setdefault((bit.customer, bit.service), []).append(replace(bit, start=start, end=end))
            for together in there.values():
                found.append(together[0])
                for second in together[1:2]:
                    pool = _pool(self._covering(second)[0])
                    room = left.setdefault((pool, second.month), self._months(pool, second.month, double=True))
                    taken = min(room, end - start)
                    left[pool, second.month] = room - taken
                    if taken:
                        found.append(second.cut(taken)[0])
        return found

    def _months(self, pool: Pool, month: str, *, double: bool = False) -> int:
        """O2, day by day, cut once."""
        year, number = int(month[:4]), int(month[5:])
        length = monthrange(year, number)[1]
        total = Fraction(0)
        for grant in (one for one in self.world.grants if _pool(one) == pool):
            days = {"day": grant.every, "week": 7 * grant.every, "month": length * grant.every}[grant.per]
            for n in range(length):
                if grant.valid_from <= date(year, number, 1) + timedelta(days=n) < (grant.valid_before or date.max):
                    total += Fraction(grant.double if double else grant.seconds, days)
        return floor(total)

    def _count(self, bits: list[Bit]) -> None:
        """R2: counted in the order performed against each pool in turn."""
        left: dict[tuple[Pool, str, bool], int] = {}
        for bit in sorted(bits, key=lambda one: one.turn):
            rest, pools = bit, self._covering(bit)
            for grant in pools:
                pool, rate = _pool(grant), self._price(bit, grant.law)
                own = (pool, bit.month, rate is not None)
                room = left.setdefault(own, self._months(pool, bit.month))
                taken = min(room, rest.end - rest.start) if self.world.capped else rest.end - rest.start
                left[own] = room - taken
                if rate is not None:
                    key = (bit.provider, bit.customer, bit.service, grant.law, rate.id, bit.month)
                    self.paid[key] = self.paid.get(key, 0) + taken
                rest = rest.cut(taken)[1]
            first = self._price(bit, pools[0].law)
            if rest.end > rest.start and first is not None:
                self.beyond.setdefault((_pool(pools[0]), bit.month), []).append((rest.end - rest.start, first))
        self.paid = {key: seconds for key, seconds in self.paid.items() if seconds}


def _pool(grant: GrantRow) -> Pool:
    return (grant.provider, grant.customer, grant.law, tuple(sorted(grant.services)))


def _by_service(stay: StayRow) -> list[tuple[int, int, str]]:
    found, service, start = [], stay.service, stay.start
    for second, after in sorted(stay.changes):
        if stay.start <= second < stay.end:
            found.append((start, second, service))
            start, service = second, after
    return [(a, b, name) for a, b, name in (*found, (start, stay.end, service)) if a < b]


def _within(at: datetime, band: tuple[int, int, str]) -> bool:
    minute = at.hour * 60 + at.minute
    start, until, _ = band
    return start <= minute < until if start < until else minute >= start or minute < until


def _half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))
