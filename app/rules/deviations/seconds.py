"""What becomes of each performed second, in R6's order: held, unpriced, unpaid overlap, beyond the cap, paid.

A stretch is time of one visit, customer, service, day and price; the stretches of a visit sum to it. The same function
serves deviations (D2, D12, D13, D20) and money, so that both always speak of the same seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from app.rules.deviations.second_caregivers import SecondCaregivers
from app.rules.deviations.setting import Setting
from app.rules.orders import Placed, PoolKey, double_staffed_seconds, granted_seconds, pools
from app.rules.providers import Service
from app.rules.rates import Rate
from app.rules.time import Interval, first_day, local_day, local_month, seconds_between, shift, split_at, split_at_days
from app.rules.visits.parts import parts_of
from app.rules.visits.values import Part, Visit, VisitState


class Fate(StrEnum):
    """What a stretch comes to. Source: R6."""

    HELD = "held"
    UNPRICED = "unpriced"
    UNPAID_OVERLAP = "unpaid_overlap"
    EXCESS = "excess"
    PAID = "paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A piece of a visit, and what becomes of it. `pool` and `rate` are set where it reached the cap."""

    visit: Visit
    customer_id: str | None
    service: Service | None
    start: datetime
    end: datetime
    month: str
    covering: tuple[Placed, ...] = ()
    fate: Fate | None = None
    held_by_no_order: bool = False
    unpriced: bool = False
    pool: PoolKey | None = None
    placed: Placed | None = None
    rate: Rate | None = None

    @property
    def seconds(self) -> int:
        """Whole seconds. Source: T3."""
        return seconds_between(self.start, self.end)

    @property
    def order(self) -> tuple[datetime, str, datetime]:
        """The order performed: the visit's start, its id, then within it. Source: R2."""
        return (self.visit.placed_at, self.visit.id, self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """What is held: whole visits by id, and of others the overlapping time (D11)."""

    visits: frozenset[str] = frozenset()
    overlaps: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """A pool's month: granted, extended, and whether the cap holds. Source: R2, E5."""

    granted_seconds: int
    extension_seconds: int
    double_staffed_seconds: int
    capped: bool

    @property
    def seconds(self) -> int:
        """Seconds that may be paid, where the cap holds."""
        return self.granted_seconds + self.extension_seconds


@dataclass(frozen=True, slots=True)
class Account:
    """Every stretch of the visits with its fate, and the caps of every pool and month that they met."""

    stretches: tuple[Stretch, ...]
    caps: Mapping[tuple[PoolKey, str], Caps]


def account(visits: Iterable[Visit], setting: Setting, holds: Holds) -> Account:
    """What becomes of every second of the visits that are whole, not void and no extra service. Source: R2, R5, R6."""
    stretches = [one for visit in visits if _counts(visit) for one in _stretches(visit, setting, holds)]
    caps = _caps(stretches, setting)
    free = [one for one in stretches if one.fate is None]
    staffed = staff(free, caps, setting.placed)
    return Account(
        tuple(
            sorted(
                [one for one in stretches if one.fate is not None] + cap(staffed, caps, setting),
                key=lambda one: one.order,
            )
        ),
        caps,
    )


def _counts(visit: Visit) -> bool:
    return visit.state is VisitState.COMPLETE and not visit.extra_service


def _stretches(visit: Visit, setting: Setting, holds: Holds) -> list[Stretch]:
    found: list[Stretch] = []
    overlapping = holds.overlaps.get(visit.id, ())
    for part in parts_as_priced(visit, setting):
        edges = [edge for shared in overlapping for edge in (shared.start, shared.end)]
        for day in split_at_days(part.interval):
            for piece in split_at(day, [*edges, *_borders(part.customer_id, part.service, day, setting)]):
                held = visit.id in holds.visits or any(shared.covers(piece.start) for shared in overlapping)
                found.append(_stretch(visit, part, piece, held, setting))
    return found


def parts_as_priced(visit: Visit, setting: Setting) -> tuple[Part, ...]:
    """The visit's parts, a household's time divided anew wherever a price may change. Source: V12, V15."""
    return parts_of(
        visit, setting.around, lambda interval, service: _borders(visit.customer_id, service, interval, setting)
    )


def _borders(customer_id: str | None, service: Service | None, interval: Interval, setting: Setting) -> list[datetime]:
    municipality = setting.around.municipality(customer_id)
    return [] if municipality is None else setting.rates.borders(municipality, service, interval)


def _stretch(visit: Visit, part: Part, piece: Interval, held: bool, setting: Setting) -> Stretch:
    covering = setting.covering(visit, part.customer_id, part.service, local_day(piece.start))
    rate = _price(visit, part, covering[0] if covering else None, piece.start, setting)
    return Stretch(
        visit=visit,
        customer_id=part.customer_id,
        service=part.service,
        start=piece.start,
        end=piece.end,
        month=local_month(piece.start),
        covering=covering,
        fate=Fate.HELD if held or not covering else Fate.UNPRICED if rate is None else None,
        held_by_no_order=not covering,
        unpriced=rate is None and part.service is not None and bool(covering),
        rate=rate,
    )


def _price(visit: Visit, whose: Part | Stretch, placed: Placed | None, at: datetime, setting: Setting) -> Rate | None:
    """The rate of the second under the order's law, None where none holds. Source: R3, D20."""
    municipality = setting.around.municipality(whose.customer_id)
    provider = setting.providers.get(visit.provider_id)
    if municipality is None or provider is None or whose.service is None:
        return None
    law = None if placed is None else placed.grant.law
    return setting.rates.rate_at(municipality, whose.service, law, provider.kind, at)


def _caps(stretches: Iterable[Stretch], setting: Setting) -> dict[tuple[PoolKey, str], Caps]:
    """The caps of every pool and month that a stretch may be counted against."""
    wanted = {(placed.pool, one.month) for one in stretches for placed in one.covering}
    by_pool = pools(setting.placed)
    return {(pool, month): caps_of(pool, by_pool[pool], month, setting) for pool, month in sorted(wanted)}


def caps_of(pool: PoolKey, placed: tuple[Placed, ...], month: str, setting: Setting) -> Caps:
    """A pool's granted, extended and double-staffed seconds of the month. Source: O2, R2, R5, E5."""
    municipality = setting.around.municipality(pool.customer_id)
    return Caps(
        granted_seconds=granted_seconds(placed, month),
        extension_seconds=setting.extended.get((pool, month), 0),
        double_staffed_seconds=double_staffed_seconds(placed, month),
        capped=setting.policies.choice("cap", municipality, first_day(month)) == "granted",
    )


def staff(
    stretches: Iterable[Stretch], caps: Mapping[tuple[PoolKey, str], Caps], placed: Iterable[Placed]
) -> list[Stretch]:
    """The stretches divided where caregivers meet: of each second of one customer and service the first to begin goes
    on, a second while double-staffed seconds of the month remain, a third never. Source: R5, V11.
    """
    groups: dict[tuple[str | None, Service | None], list[Stretch]] = {}
    whole = tuple(stretches)
    for one in whole:
        groups.setdefault((one.customer_id, one.service), []).append(one)
    divided = [piece for key in sorted(groups, key=str) for piece in _divide(groups[key])]
    left = SecondCaregivers({key: one.double_staffed_seconds for key, one in caps.items()}, placed)
    found: list[Stretch] = []
    for rank, piece in sorted(divided, key=lambda row: (row[1].start, row[1].visit.placed_at, row[1].visit.id)):
        found += (
            [piece] if rank == 0 else _second(piece, left) if rank == 1 else [replace(piece, fate=Fate.UNPAID_OVERLAP)]
        )
    return _joined(found, frozenset((one.visit.id, one.start) for one in whole))


def _divide(group: list[Stretch]) -> list[tuple[int, Stretch]]:
    """Each stretch cut where another begins or ends, with how many begun before it share the piece."""
    found: list[tuple[int, Stretch]] = []
    for meeting in _meetings(group):
        for one in meeting:
            others = [two for two in meeting if two.visit.id != one.visit.id]
            if not others:
                found.append((0, one))
                continue
            before = [two for two in others if two.order[:2] < one.order[:2]]
            for piece in split_at(
                Interval(one.start, one.end), [edge for two in others for edge in (two.start, two.end)]
            ):
                rank = len({two.visit.id for two in before if two.start <= piece.start < two.end})
                found.append((rank, replace(one, start=piece.start, end=piece.end)))
    return found


def _meetings(group: list[Stretch]) -> list[list[Stretch]]:
    """The stretches in groups that no gap divides; nothing of one group overlaps anything of another."""
    found: list[list[Stretch]] = []
    until: datetime | None = None
    for one in sorted(group, key=lambda stretch: (stretch.start, stretch.visit.id)):
        if until is None or one.start >= until:
            found.append([])
        found[-1].append(one)
        until = one.end if until is None else max(until, one.end)
    return found


def _second(piece: Stretch, left: SecondCaregivers) -> list[Stretch]:
    taken = left.take(piece.covering[0].pool, piece.month, piece.seconds)
    return _cut(piece, taken, None, Fate.UNPAID_OVERLAP)


def _cut(piece: Stretch, taken: int, first: Fate | None, rest: Fate) -> list[Stretch]:
    """The piece as its first `taken` seconds and what is left of it."""
    middle = shift(piece.start, taken)
    found = [replace(piece, end=middle, fate=first)] if middle > piece.start else []
    return found + ([replace(piece, start=middle, fate=rest)] if middle < piece.end else [])


def _joined(pieces: Iterable[Stretch], begun: frozenset[tuple[str, datetime]]) -> list[Stretch]:
    """Pieces of one stretch that touch again and share their fate are one, so that nobody sees where others began.

    `begun` are visit and start of the stretches as they were: what a price or a day divided stays divided.
    """
    found: list[Stretch] = []
    for piece in sorted(pieces, key=lambda one: (one.order[:2], str(one.customer_id), one.start)):
        last = found[-1] if found and (piece.visit.id, piece.start) not in begun else None
        if (
            last is not None
            and last.end == piece.start
            and replace(piece, start=last.start) == replace(last, end=piece.end)
        ):
            found[-1] = replace(last, end=piece.end)
        else:
            found.append(piece)
    return found


def cap(stretches: Iterable[Stretch], caps: Mapping[tuple[PoolKey, str], Caps], setting: Setting) -> list[Stretch]:
    """Each stretch counted against its pools in the order performed, until their caps are used; the rest is excess.

    Source: R2.
    """
    left = {(key, priced): one.seconds if one.capped else None for key, one in caps.items() for priced in (True, False)}
    found: list[Stretch] = []
    for one in sorted(stretches, key=lambda stretch: stretch.order):
        found += [one] if one.fate is not None else _counted(one, left, setting)
    return found


_Left = dict[tuple[tuple[PoolKey, str], bool], int | None]
"""What is left of the caps of each pool and month: for what the pool has a price for, and for what it has none for."""


def _counted(one: Stretch, left: _Left, setting: Setting) -> list[Stretch]:
    """What each of its pools pays of it; what a pool has no price for uses none of its cap. Source: R2, R6."""
    found: list[Stretch] = []
    rest: Stretch | None = one
    for placed in _pools_of(one):
        if rest is None:
            break
        rate = _price(one.visit, one, placed, rest.start, setting)
        key = ((placed.pool, one.month), rate is not None)
        remaining = left[key]
        taken = rest.seconds if remaining is None else min(remaining, rest.seconds)
        if remaining is not None:
            left[key] = remaining - taken
        middle = shift(rest.start, taken)
        if taken:
            fate, unpriced = Fate.UNPRICED if rate is None else Fate.PAID, rate is None
            told = replace(rest, end=middle, fate=fate, pool=placed.pool, placed=placed, rate=rate, unpriced=unpriced)
            found.append(told)
        rest = replace(rest, start=middle, fate=Fate.EXCESS) if middle < rest.end else None
    if rest is not None:
        found.append(replace(rest, pool=one.covering[0].pool, placed=one.covering[0]))
    return found


def _pools_of(one: Stretch) -> list[Placed]:
    """The first order of each pool that covers the stretch, in R2's order."""
    found: dict[PoolKey, Placed] = {}
    for placed in one.covering:
        found.setdefault(placed.pool, placed)
    return list(found.values())
