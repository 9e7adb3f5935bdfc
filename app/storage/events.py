"""The outbox: written with what it tells, numbered when it is first read, read in that order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select

from app.rules.access import Scope
from app.storage.counters import lock_counter, move_counter
from app.storage.database import Transaction
from app.storage.statements import Row, insert_rows, mappings
from app.storage.tables.events import event, event_pending
from app.storage.tables.reimbursement import counter

PUBLISHED_AT_ONCE = 1_000
"""At most so many are numbered by one reader."""

_TOLD = ("at", "type", "resource_type", "resource_id", "external_id", "provider_id", "municipality", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that others are told. `data` is the resource as it is then read. Source: CONTRACT, change."""

    at: datetime
    type: str
    resource_type: str
    resource_id: str
    data: dict[str, Any]
    external_id: str | None = None
    provider_id: str | None = None
    municipality: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An event with its number."""

    sequence: int
    event: Event


def event_row(care_system_id: str, told: Event) -> dict[str, Any]:
    """The row of an event that has no number yet."""
    return {"care_system_id": care_system_id, **{name: getattr(told, name) for name in _TOLD}}


def append(tx: Transaction, care_system_id: str, events: Iterable[Event]) -> None:
    """The events are told once this transaction is committed, in the order given. Nobody waits for anybody."""
    rows = [event_row(care_system_id, one) for one in events]
    if not rows:
        return
    if tx.dialect == "postgresql":
        insert_rows(tx, event_pending, rows)
        return
    following = select(func.coalesce(func.max(event_pending.c.position), 0) + 1).scalar_subquery()
    tx.connection.execute(event_pending.insert().values(position=following), rows)


def page(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    after: int = 0,
    until: int | None = None,
    types: Collection[str] = (),
    limit: int = 50,
) -> tuple[Change, ...]:
    """Up to `limit` changes after that number, in order; none with a lower number ever comes later.

    Those up to `until` and of these `types` alone, where any are named. Numbers what is pending first, so the
    transaction must be one that writes. Source: CONTRACT, change; R11.
    """
    publish(tx, care_system_id)
    statement = select(event).where(event.c.care_system_id == care_system_id, event.c.sequence > after)
    if until is not None:
        statement = statement.where(event.c.sequence <= until)
    if types:
        statement = statement.where(event.c.type.in_(types))
    if scope is not None and scope.provider_id is not None:
        statement = statement.where(event.c.provider_id == scope.provider_id)
    if scope is not None and scope.municipality is not None:
        statement = statement.where(event.c.municipality == scope.municipality)
    return tuple(_change_of(row) for row in mappings(tx, statement.order_by(event.c.sequence).limit(limit)))


def last_sequence(tx: Transaction, care_system_id: str) -> int:
    """The number of the last change that has one, 0 before the first; as `page`, numbers what is pending first."""
    publish(tx, care_system_id)
    last = select(counter.c.last).where(counter.c.care_system_id == care_system_id, counter.c.name == "events")
    return tx.connection.execute(last).scalar_one_or_none() or 0


def _change_of(row: Row) -> Change:
    return Change(sequence=row["sequence"], event=Event(**{name: row[name] for name in _TOLD}))


def publish(tx: Transaction, care_system_id: str) -> None:
    """What was pending and is committed has its numbers, without a gap."""
    ours = event_pending.c.care_system_id == care_system_id
    if not tx.connection.execute(select(exists().where(ours))).scalar_one():
        return
    last = lock_counter(tx, care_system_id, "events")
    statement = select(event_pending).where(ours).order_by(event_pending.c.position).limit(PUBLISHED_AT_ONCE)
    pending = mappings(tx, statement)
    if not pending:
        return
    insert_rows(tx, event, [_numbered(row, last + place) for place, row in enumerate(pending, start=1)])
    _forget(tx, care_system_id, [row["position"] for row in pending])
    move_counter(tx, care_system_id, "events", last + len(pending))


def _numbered(row: Row, sequence: int) -> dict[str, Any]:
    return {
        "care_system_id": row["care_system_id"],
        "sequence": sequence,
        **{name: row[name] for name in _TOLD},
    }


def _forget(tx: Transaction, care_system_id: str, positions: Sequence[int]) -> None:
    """By position and not by range: one with a lower position may be committed only now."""
    table = event_pending
    numbered = table.c.position.in_(positions)
    tx.connection.execute(delete(table).where(table.c.care_system_id == care_system_id, numbered))
