"""What a generated year comes to, reckoned a second time from the rulebook: slowly, plainly, and from other parts.

Time is epoch seconds, the calendar `zoneinfo`, sums `Fraction`. Nothing of the product is read here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import floor

from tests.rules.plain_known import Bit, Known, Pool, pool_of
from tests.rules.year_rows import MUNICIPALITY_OF, Stayed, Year

HALF_HOUR = 1_800
BELIEVED = 900
"""Seconds by which a correction may lengthen a stay that is paid without being accepted (D9)."""
Key = tuple[str, str, str, str, str, str, str]
"""Municipality, provider, customer, service, law, rate and month."""
Row = tuple[str, str, Key, int, int]
"""Run, kind, key, seconds and öre of what is issued."""


def all_issued(year: Year) -> list[Row]:
    """Every line and adjustment of the year, run by run: each the recomputed months less what was issued of them."""
    issued: dict[Key, tuple[int, int]] = {}
    rows: list[Row] = []
    for number, (run, lock) in enumerate(year.locks):
        months = {month for month, _ in year.locks[: number + 1]}
        now = {key: both for key, both in Reckoned(year, lock).lines.items() if key[6] in months}
        for key in sorted({*now, *issued}):
            before, after = issued.get(key, (0, 0)), now.get(key, (0, 0))
            if before != after:
                kind = "line" if key[6] == run else "adjustment"
                rows.append((run, kind, key, after[0] - before[0], after[1] - before[1]))
                issued[key] = after
    return rows


class Reckoned(Known):
    """The year as of one lock: only what was recorded before it counts (R9)."""

    def __init__(self, year: Year, lock: int) -> None:
        super().__init__(year, lock)
        self.registered = {one.id: one.end for one in year.stays}
        known = (_as_known(one, lock) for one in year.stays if one.recorded_at < lock)
        self.stays = [one for one in known if not _is_void(one)]
        self.paid: dict[Key, int] = {}
        self.excess: dict[tuple[Pool, str], int] = {}
        self._count(self._staffed([bit for one in self.stays if not one.extra for bit in self._free_bits(one)]))

    @property
    def lines(self) -> dict[Key, tuple[int, int]]:
        """R1: each key rounded once, half up."""
        ore = {rate.id: rate.ore for rate in self.rates}
        return {
            key: (seconds, floor(Fraction(seconds * ore[key[5]], 3_600) + Fraction(1, 2)))
            for key, seconds in self.paid.items()
            if seconds
        }

    def _free_bits(self, stay: Stayed) -> list[Bit]:
        """R6: what is neither held, nor without an order, nor without a price."""
        if self._is_held(stay):
            return []
        bits = [bit for bit in self._bits(stay) if self.covering(bit)]
        return [bit for bit in bits if self.price(bit, self.covering(bit)[0][1].law) and not self._is_elsewhere(bit)]

    def _is_held(self, stay: Stayed) -> bool:
        """D16, and D9 of a stay that was made longer than is believed; until somebody accepts it."""
        longer = stay.end > self.registered[stay.id] + BELIEVED
        return (stay.held or longer) and (stay.accepted_at is None or stay.accepted_at >= self.lock)

    def _is_elsewhere(self, bit: Bit) -> bool:
        """D11: its caregiver is in a stay that began before (ties by id)."""
        own = (bit.stay.start, bit.stay.id)
        return any(
            one.caregiver == bit.stay.caregiver and (one.start, one.id) < own and one.start <= bit.start < one.end
            for one in self._near(bit.stay)
        )

    def _near(self, stay: Stayed) -> list[Stayed]:
        """The stays that meet it."""
        if stay.id not in self._neighbours:
            self._neighbours[stay.id] = [one for one in self.stays if one.start < stay.end and stay.start < one.end]
        return self._neighbours[stay.id]

    @cached_property
    def _neighbours(self) -> dict[str, list[Stayed]]:
        return {}

    def _bits(self, stay: Stayed) -> list[Bit]:
        found: list[Bit] = []
        ends = {edge for one in self._near(stay) for edge in (one.start, one.end)}
        for start, end, service in _by_service(stay):
            for customer, begin, until in self._by_customer(stay, service, start, end):
                grid = range(begin // HALF_HOUR * HALF_HOUR, until, HALF_HOUR)
                edges = sorted({begin, until, *(edge for edge in (*ends, *grid) if begin < edge < until)})
                found += [Bit(stay, customer, service, a, b) for a, b in pairwise(edges)]
        return found

    def _by_customer(self, stay: Stayed, service: str, start: int, end: int) -> list[tuple[str, int, int]]:
        """V12: every piece between borders of day and band by shares, the odd seconds to the first named."""
        if not stay.household:
            return [(stay.customer, start, end)]
        grid = range(start // HALF_HOUR * HALF_HOUR + HALF_HOUR, end, HALF_HOUR)
        borders = [
            start,
            *(edge for edge in grid if self.is_border(edge, MUNICIPALITY_OF[stay.customer], service)),
            end,
        ]
        whole, found = sum(share for _, share in stay.household), []
        for begin, until in pairwise(borders):
            parts = [(until - begin) * share // whole for _, share in stay.household]
            parts[0] += until - begin - sum(parts)
            at = begin
            for (customer, _), seconds in zip(stay.household, parts, strict=True):
                found.append((customer, at, at + seconds))
                at += seconds
        return [(customer, begin, until) for customer, begin, until in found if begin < until]

    def _staffed(self, bits: list[Bit]) -> list[Bit]:
        """R5: of each second of a customer and service the first, a second while it is granted, never a third."""
        firsts, seconds = self._ranked(bits)
        in_pool: dict[tuple[Pool, str], int] = {}
        in_grant: dict[tuple[str, str], Fraction] = {}
        for bit in sorted(seconds, key=lambda one: (one.start, one.turn)):
            pool, month = pool_of(*self.covering(bit)[0]), bit.month
            grants = self.grants_of(pool, month)
            for grant in grants:
                in_grant.setdefault((grant, month), self.second_in_grant(grant, month))
            room = in_pool.setdefault((pool, month), self.second_in_pool(pool, month))
            taken = min(room, floor(sum(in_grant[grant, month] for grant in grants)), bit.end - bit.start)
            in_pool[pool, month] -= taken
            rest = Fraction(taken)
            for grant in grants:
                part = min(rest, in_grant[grant, month])
                in_grant[grant, month], rest = in_grant[grant, month] - part, rest - part
            firsts += [bit.cut(taken)[0]] if taken else []
        return firsts

    def _ranked(self, bits: list[Bit]) -> tuple[list[Bit], list[Bit]]:
        """Whoever began first of those who are at a customer for a service at once, and whoever began next."""
        groups: dict[tuple[str, str], list[Bit]] = {}
        for bit in bits:
            groups.setdefault((bit.customer, bit.service), []).append(bit)
        firsts, seconds = [], []
        for group in groups.values():
            edges = sorted({edge for bit in group for edge in (bit.start, bit.end)})
            there: dict[int, list[Bit]] = {}
            for bit in sorted(group, key=lambda one: one.turn):
                inside = edges[bisect_left(edges, bit.start) : bisect_right(edges, bit.end)]
                for start, end in pairwise(inside):
                    there.setdefault(start, []).append(replace(bit, start=start, end=end))
            firsts += [together[0] for together in there.values()]
            seconds += [together[1] for together in there.values() if len(together) > 1]
        return firsts, seconds

    def _count(self, bits: list[Bit]) -> None:
        """R2: counted in the order performed against each pool in turn; what a pool has no price for uses no cap."""
        left: dict[tuple[Pool, str, bool], int | None] = {}
        for bit in sorted(bits, key=lambda one: one.turn):
            rest = bit
            for order, grant in self.covering(bit):
                pool, rate = pool_of(order, grant), self.price(bit, grant.law)
                own = (pool, bit.month, rate is not None)
                if own not in left:
                    left[own] = self.cap(pool, bit.month)
                room = left[own]
                taken = rest.end - rest.start if room is None else min(room, rest.end - rest.start)
                left[own] = None if room is None else room - taken
                if rate is not None:
                    home = MUNICIPALITY_OF[bit.customer]
                    key = (home, bit.provider, bit.customer, bit.service, grant.law, rate.id, bit.month)
                    self.paid[key] = self.paid.get(key, 0) + taken
                rest = rest.cut(taken)[1]
            if rest.end > rest.start:
                whose = (pool_of(*self.covering(bit)[0]), bit.month)
                self.excess[whose] = self.excess.get(whose, 0) + rest.end - rest.start


def _as_known(stay: Stayed, lock: int) -> Stayed:
    """V10: the stay with the corrections that count by then; of several that speak of its end the last says it."""
    known = tuple(sorted((one for one in stay.corrections if one.approved_at < lock), key=lambda one: one.approved_at))
    ends = [one.end for one in known if one.end is not None]
    return replace(stay, end=(ends or [stay.end])[-1], corrections=known)


def _is_void(stay: Stayed) -> bool:
    said = [one.void for one in stay.corrections if one.void is not None]
    return bool(said and said[-1])


def _by_service(stay: Stayed) -> list[tuple[int, int, str]]:
    """V15: one stay, divided at the second of each change."""
    found, service, start = [], stay.service, stay.start
    for second, after in stay.changes:
        if stay.start <= second < stay.end:
            found.append((start, second, service))
            start, service = second, after
    return [(a, b, name) for a, b, name in (*found, (start, stay.end, service)) if a < b]
