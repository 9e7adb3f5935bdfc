"""The sweep: judges what is marked and what only time brings; may run twice at once, and again, without harm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from app.actions.deviations.settle import AT_ONCE, Settled, settle_due
from app.actions.deviations.time_brings import mark_what_time_brings
from app.actions.visits.refresh import close_overdue, refresh_marked
from app.storage.database import Database, Unavailable
from app.storage.judgements import Due, Marked, take_due
from app.storage.providers import care_systems

TRIES = 5
"""So often a sweep tries again where it and others waited for each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep did: marks that time made, months judged, and deviations opened, cleared and otherwise changed."""

    care_systems: int
    marked: int
    months: int
    opened: int
    cleared: int
    changed: int


def sweep(database: Database, now: datetime, *, care_system_id: str | None = None) -> Swept:
    """Nothing due by now waits to be judged, but what another sweep has in hand: of one care system, or of all."""
    systems = [care_system_id] if care_system_id is not None else every_care_system(database)
    marked = sum(_mark(database, one, now) for one in systems)
    for one in systems:
        close_overdue(database, one, now)
        refresh_marked(database, one, now)
    settled = Settled()
    while (done := _patiently(database, now, care_system_id)) is not None:
        settled += done
    return Swept(care_systems=len(systems), marked=marked, **asdict(settled))


def every_care_system(database: Database) -> list[str]:
    """The ids of all care systems."""
    found: list[str] = []
    with database.transaction(write=False) as tx:
        while some := care_systems(tx, after=found[-1] if found else None, limit=100):
            found += [one.id for one in some]
    return found


def _mark(database: Database, care_system_id: str, now: datetime) -> int:
    with database.transaction() as tx:
        return mark_what_time_brings(tx, care_system_id, now)


def _patiently(database: Database, now: datetime, care_system_id: str | None) -> Settled | None:
    """What came of some of the marks, tried again where the database had somebody else wait for it."""
    for _ in range(TRIES - 1):
        try:
            return _judge_some(database, now, care_system_id)
        except Unavailable:
            continue
    return _judge_some(database, now, care_system_id)


def _judge_some(database: Database, now: datetime, care_system_id: str | None) -> Settled | None:
    """What came of some of the marks; None where none is left that nobody else has in hand."""
    with database.transaction() as tx:
        taken = take_due(tx, care_system_id=care_system_id, limit=AT_ONCE)
        if not taken:
            return None
        settled = Settled()
        for system in sorted({one.care_system_id for one in taken}):
            settled += settle_due(tx, system, _of(taken, system), now)
        return settled


def _of(taken: Iterable[Marked], care_system_id: str) -> list[Due]:
    return [one.due for one in taken if one.care_system_id == care_system_id]
