"""The projection: after every change the visits are, exactly, what `derive` makes of everything (V5).

Only what a change can reach is derived again: the timelines of its caregivers, and whatever V16 ties to their visits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from app.actions.visits.surround import surround
from app.rules.time import Interval, shift, union
from app.rules.visits.clock import in_one_boot
from app.rules.visits.derive import derive
from app.rules.visits.reach import Spot, changed_ids, match_seconds, reach, spot_of, spots_of
from app.rules.visits.surroundings import Surroundings
from app.rules.visits.values import Correction, Resolved, Visit
from app.storage.database import Transaction
from app.storage.visits import (
    Open,
    Span,
    corrections_of,
    get_visits,
    registrations_by_id,
    remove_visits,
    upsert_visits,
)
from app.storage.visits.nearby import Stretch, plans_near, visits_near
from app.storage.visits.taps import taps_beside
from app.storage.visits.timelines import Timelines, keep_open, open_visits, timelines, touch_doors

AROUND_SECONDS = 12 * 3600
"""So far from a spot plans and visits are read at first; further where what is tied together reaches further."""
TOGETHER = timedelta(days=1)
"""What a caregiver registered no further apart is read as one span."""


class Wider(Exception):
    """What the change reaches belongs to other providers too. Roll back, lock these as well, and begin again."""

    def __init__(self, provider_ids: frozenset[str]) -> None:
        super().__init__(f"{len(provider_ids)} providers are concerned")
        self.provider_ids = provider_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What has changed: registrations that arrived, visits of which something was stated, planned visits.

    `provider_ids` are those whose visits are locked (`lock_providers`).
    """

    provider_ids: frozenset[str]
    arrived: tuple[Resolved, ...] = ()
    visit_ids: frozenset[str] = frozenset()
    plan_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Projected:
    """The visits that a change reached, by id, as they were and as they are, and what they were derived beside."""

    before: Mapping[str, Visit]
    after: Mapping[str, Visit]
    around: Surroundings

    @property
    def differing(self) -> list[str]:
        """The ids of those that are not as they were, in order."""
        ids = sorted(self.before.keys() | self.after.keys())
        return [key for key in ids if self.before.get(key) != self.after.get(key)]


def project(tx: Transaction, care_system_id: str, change: Change, now: datetime) -> Projected:
    """The projection is what `derive` gives, and what of it the change reached is told. Raises `Wider`.

    Whoever calls has locked the providers before it read anything, and has kept the registrations and corrections.
    """
    touch_doors(tx, care_system_id, _tapped_doors(change.arrived))
    projecting = _Projecting(tx, care_system_id, change, now)
    projected = projecting.run()
    visits = [*projected.before.values(), *projected.after.values()]
    concerned = frozenset(one.provider_id for one in visits)
    if not concerned <= change.provider_ids:
        raise Wider(concerned)
    differing = projected.differing
    upsert_visits(tx, care_system_id, [projected.after[key] for key in differing if key in projected.after])
    remove_visits(tx, care_system_id, [key for key in differing if key not in projected.after])
    moved_ids = set(differing)
    moved = [one for one in visits if one.id in moved_ids]
    touch_doors(tx, care_system_id, {one.customer_id for one in moved if one.customer_id is not None})
    caregivers = {one.caregiver_id for one in moved} | {one.registration.caregiver_id for one in change.arrived}
    keep_open(tx, care_system_id, projecting.ends_of(caregivers))
    return projected


def _tapped_doors(arrived: Iterable[Resolved]) -> set[str]:
    """The customers at whose tags was tapped: from here on nobody taps there unseen, until this is done. D21."""
    taps = (one.reading for one in arrived if one.reading.counter is not None)
    return {one.customer_id for one in taps if one.customer_id is not None}


def preview(tx: Transaction, care_system_id: str, change: Change, now: datetime) -> Projected:
    """What the visits would be; nothing is written."""
    return _Projecting(tx, care_system_id, change, now).run()


@dataclass(slots=True)
class _Projecting:
    """Reads further round by round, until everything that is tied to what has changed has been read."""

    tx: Transaction
    cs: str
    change: Change
    now: datetime
    spans: set[Span] = field(default_factory=set)
    drawn_in: set[str] = field(default_factory=set)
    lines: Timelines = field(default_factory=lambda: Timelines(registrations={}, settled=frozenset()))
    corrections: tuple[Correction, ...] = ()
    before: dict[str, Visit] = field(default_factory=dict)
    after: dict[str, Visit] = field(default_factory=dict)
    seen: dict[tuple[str, str], tuple[Interval, ...]] = field(default_factory=dict)

    def run(self) -> Projected:
        """What the change reached."""
        self.spans |= spans_of(self.change.arrived)
        self._see(spot_of(plan) for plan in plans_near(self.tx, self.cs, (), self.change.plan_ids))
        self._draw_in(self.change.visit_ids | self._contradicted())
        while True:
            around, others = self._read_around()
            self.after = self._derived(around)
            changed = changed_ids(self.before, self.after, self.lines.settled)
            changed |= self.change.visit_ids & self.lines.settled
            moved = [held[key] for held in (self.before, self.after) for key in changed if key in held]
            tied = reach(moved, self.change.plan_ids, (*others, *self.before.values()), around)
            missing = tied.visit_ids - self.lines.settled - self.drawn_in
            unseen = [spot for spot in tied.spots if not self._is_seen(spot, match_seconds(*_where(spot), around))]
            if not missing and not unseen:
                return self._reached(changed | tied.visit_ids, around)
            for spot in unseen:
                self._see([spot], 2 * max(AROUND_SECONDS, match_seconds(*_where(spot), around)))
            if missing:
                self._draw_in(missing)

    def _contradicted(self) -> frozenset[str]:
        """The registrations of which an arrived tap may say something, by whomever. Source: D21."""
        own = {one.id for one in self.change.arrived}
        found = taps_beside(self.tx, self.cs, self.change.arrived, contradicted=True)
        return frozenset(one.registration_id for one in found) - own

    def _reached(self, ids: Collection[str], around: Surroundings) -> Projected:
        return Projected(
            before={key: self.before[key] for key in ids if key in self.before},
            after={key: self.after[key] for key in ids if key in self.after},
            around=around,
        )

    def _draw_in(self, visit_ids: Collection[str]) -> None:
        """The timelines around these visits are read, and those that were read before again."""
        self.drawn_in |= set(visit_ids)
        self.spans |= spans_of(registrations_by_id(self.tx, self.cs, visit_ids) if visit_ids else ())
        arrived = frozenset(one.id for one in self.change.arrived)
        self.lines = timelines(self.tx, self.cs, self.spans, arrived)
        self.before = get_visits(self.tx, self.cs, self.lines.settled)
        self.corrections = corrections_of(self.tx, self.cs, list(self.lines.registrations))
        self._see(spot for one in self.before.values() for spot in spots_of(one))
        self._see(
            Spot(provider_id=one.provider_id, customer_id=one.customer_id, at=one.at)
            for key, one in self.lines.registrations.items()
            if key in self.lines.settled and one.customer_id is not None
        )

    def _read_around(self) -> tuple[Surroundings, tuple[Visit, ...]]:
        """What is around every spot seen so far, and the visits there as they are kept."""
        stretches = [
            Stretch(provider_id=provider_id, customer_id=customer_id, earliest=one.start, latest=one.end)
            for (provider_id, customer_id), seen in self.seen.items()
            for one in seen
        ]
        rows = self.lines.registrations.values()
        named = {one.registration.planned_visit_id for one in rows}
        named |= {one.planned_visit_id for one in self.before.values()}
        wanted = {key for key in named if key is not None} | self.change.plan_ids
        plans = plans_near(self.tx, self.cs, stretches, wanted)
        others = visits_near(self.tx, self.cs, stretches, {plan.id for plan in plans})
        customers = {one.customer_id for one in rows} | {one.customer_id for one in others}
        customers |= {customer_id for _, customer_id in self.seen} | {
            one.changes.customer_id for one in self.corrections
        }
        return surround(self.tx, self.cs, {key for key in customers if key is not None}, plans, self.now), others

    def _derived(self, around: Surroundings) -> dict[str, Visit]:
        rows = self.lines.registrations.values()
        beside = taps_beside(self.tx, self.cs, in_one_boot(rows))
        visits = derive(rows, self.corrections, replace(around, taps=beside), self.now)
        return {visit.id: visit for visit in visits if visit.id in self.lines.settled}

    def _see(self, spots: Iterable[Spot], seconds: int = AROUND_SECONDS) -> None:
        for spot in spots:
            if not self._is_seen(spot, seconds // 2):
                key = (spot.provider_id, spot.customer_id)
                more = Interval(shift(spot.at, -seconds), shift(spot.at, seconds))
                self.seen[key] = union((*self.seen.get(key, ()), more))

    def _is_seen(self, spot: Spot, seconds: int) -> bool:
        first, last = shift(spot.at, -seconds), shift(spot.at, seconds)
        return any(
            one.start <= first and last <= one.end for one in self.seen.get((spot.provider_id, spot.customer_id), ())
        )

    def ends_of(self, caregiver_ids: Collection[str]) -> dict[str, Open]:
        """What each of the caregivers has open now, and how far its timeline reaches. Source: V6."""
        held = open_visits(self.tx, self.cs, caregiver_ids)
        latest = {key: one.latest for key, one in held.items()}
        for row in in_one_boot(self.lines.registrations.values()):
            key = row.registration.caregiver_id
            before = latest.get(key)
            latest[key] = row.at if before is None else max(before, row.at)
        unclosed = {one.caregiver_id: one for one in reversed(self.after.values()) if _is_unclosed(one)}
        return {key: self._end_of(held.get(key, Open()), unclosed.get(key), latest.get(key)) for key in caregiver_ids}

    def _end_of(self, held: Open, unclosed: Visit | None, latest: datetime | None) -> Open:
        if unclosed is not None and unclosed.check_in is not None:
            return Open(visit_id=unclosed.id, since=unclosed.check_in.at, latest=latest)
        if held.visit_id in self.lines.settled:
            return Open(latest=latest)
        return Open(visit_id=held.visit_id, since=held.since, latest=latest)


def _is_unclosed(visit: Visit) -> bool:
    """True for the one stay that the caregiver's next check-out may close: no later check-in has superseded it. V6."""
    return visit.check_in is not None and visit.check_out is None and not visit.superseded


def _where(spot: Spot) -> tuple[str, datetime]:
    return spot.customer_id, spot.at


def spans_of(registrations: Iterable[Resolved]) -> set[Span]:
    """The time of each caregiver in which these lie, in as few spans as leave out longer pauses."""
    found: set[Span] = set()
    ordered = sorted(registrations, key=lambda one: (one.registration.caregiver_id, one.at))
    for caregiver_id, rows in groupby(ordered, key=lambda one: one.registration.caregiver_id):
        moments = [one.at for one in rows]
        first = last = moments[0]
        for at in moments[1:]:
            if at - last > TOGETHER:
                found.add(Span(caregiver_id=caregiver_id, earliest=first, latest=last))
                first = at
            last = at
        found.add(Span(caregiver_id=caregiver_id, earliest=first, latest=last))
    return found
