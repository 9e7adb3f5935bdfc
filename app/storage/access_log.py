"""Who read what about whom, when and why: written with the read itself (A3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.rules.access import Actor
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.records import cut
from app.storage.statements import Row, insert_rows, mappings
from app.storage.tables.events import access_log as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A person whose data was read: `customer` or `caregiver`, and its id."""

    whom_type: str
    whom_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One line of the log."""

    id: str
    at: datetime
    actor_id: str
    role: str
    what: str
    whom: Seen
    why: str | None
    request_id: str | None


def record(
    tx: Transaction,
    care_system_id: str,
    *,
    actor: Actor,
    what: str,
    whom: Iterable[Seen],
    at: datetime,
    why: str | None = None,
    request_id: str | None = None,
) -> None:
    """A line for each person stands in the log once this transaction is committed. Source: A3, FAULTS 48."""
    rows = [
        {
            "care_system_id": care_system_id,
            "id": new_id(),
            "at": at,
            "actor_id": actor.id,
            "role": actor.role,
            "what": what,
            "whom_type": one.whom_type,
            "whom_id": one.whom_id,
            "why": why,
            "request_id": request_id,
        }
        for one in whom
    ]
    insert_rows(tx, table, rows)


def page(
    tx: Transaction,
    care_system_id: str,
    *,
    whom_id: str | None = None,
    actor_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Read, ...]:
    """Up to `limit` lines by id, about one person or by one actor where they are named."""
    statement = select(table).where(table.c.care_system_id == care_system_id)
    if whom_id is not None:
        statement = statement.where(table.c.whom_id == whom_id)
    if actor_id is not None:
        statement = statement.where(table.c.actor_id == actor_id)
    return tuple(_read_of(row) for row in mappings(tx, cut(statement, table, after, limit)))


def _read_of(row: Row) -> Read:
    return Read(
        id=row["id"],
        at=row["at"],
        actor_id=row["actor_id"],
        role=row["role"],
        what=row["what"],
        whom=Seen(whom_type=row["whom_type"], whom_id=row["whom_id"]),
        why=row["why"],
        request_id=row["request_id"],
    )
