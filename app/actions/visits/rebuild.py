"""The projection compared with what `derive` makes of everything, and written anew where it differs (V5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from app.actions.visits.surround import surround
from app.rules.visits.clock import in_one_boot
from app.rules.visits.derive import derive
from app.rules.visits.values import Resolved, Visit, VisitState
from app.storage.database import Database, Transaction
from app.storage.plans import PLANNED_VISIT
from app.storage.records import versions
from app.storage.visits import (
    Open,
    all_visits,
    corrections_of,
    registrations_between,
    remove_visits,
    upsert_visits,
)
from app.storage.visits.timelines import keep_open, lock_providers, open_visits, touch_doors


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """How many visits there are by the registrations, and how many of the kept ones were others, missing or too many.

    `ends` are the caregivers whose open visit was kept as another. Visits that time alone has closed do not count.
    """

    visits: int
    differing: int
    ends: int


def rebuild(database: Database, care_system_id: str, now: datetime, *, write: bool) -> Rebuilt:
    """The projection of the care system is compared with everything, and with `write` made to agree. Source: V5."""
    with database.transaction() as tx:
        rows = registrations_between(tx, care_system_id)
        lock_providers(tx, care_system_id, {one.provider_id for one in rows})
        rows = registrations_between(tx, care_system_id)
        derived = {one.id: one for one in _derived(tx, care_system_id, rows, now)}
        kept = {one.id: one for one in all_visits(tx, care_system_id)}
        differing = [key for key in derived.keys() | kept.keys() if not _alike(kept.get(key), derived.get(key))]
        ends = _ends(rows, derived.values())
        held = open_visits(tx, care_system_id, list(ends))
        moved = [key for key, end in ends.items() if not _reaches(held.get(key, Open()), end)]
        if write:
            remove_visits(tx, care_system_id, [key for key in kept if key not in derived])
            upsert_visits(tx, care_system_id, [derived[key] for key in sorted(differing) if key in derived])
            customers = {one.customer_id for one in derived.values()}
            touch_doors(tx, care_system_id, (key for key in customers if key is not None))
            keep_open(tx, care_system_id, ends)
        return Rebuilt(visits=len(derived), differing=len(differing), ends=len(moved))


def _derived(tx: Transaction, care_system_id: str, rows: tuple[Resolved, ...], now: datetime) -> tuple[Visit, ...]:
    plans = versions(tx, PLANNED_VISIT, care_system_id)
    corrections = corrections_of(tx, care_system_id, [one.id for one in rows])
    told = {one.customer_id for one in rows} | {one.changes.customer_id for one in corrections}
    around = surround(tx, care_system_id, {key for key in told if key is not None}, plans, now)
    return derive(rows, corrections, around, now)


def _alike(kept: Visit | None, derived: Visit | None) -> bool:
    """True where they are the same, or differ in what time alone has brought: an open visit that nobody closed."""
    if kept is None or derived is None:
        return kept is derived
    both = {kept.state, derived.state}
    if both == {VisitState.OPEN, VisitState.NO_CHECK_OUT} and not derived.superseded:
        return replace(kept, state=derived.state) == derived
    return kept == derived


def _ends(rows: Iterable[Resolved], visits: Iterable[Visit]) -> dict[str, Open]:
    """What each caregiver has open, and how far its timeline reaches. Source: V6."""
    latest: dict[str, datetime] = {}
    for one in in_one_boot(rows):
        caregiver_id = one.registration.caregiver_id
        latest[caregiver_id] = max(latest.get(caregiver_id, one.at), one.at)
    opened = {
        one.caregiver_id: one
        for one in visits
        if one.check_in is not None and one.check_out is None and not one.superseded
    }
    return {
        key: Open(latest=at)
        if key not in opened
        else Open(visit_id=opened[key].id, since=_began(opened[key]), latest=at)
        for key, at in latest.items()
    }


def _began(visit: Visit) -> datetime:
    return visit.placed_at if visit.check_in is None else visit.check_in.at


def _reaches(held: Open, end: Open) -> bool:
    """True where the same visit is kept as open, and nothing is later than what is kept as the latest."""
    reaches = held.latest is not None and end.latest is not None and held.latest >= end.latest
    return held.visit_id == end.visit_id and reaches
