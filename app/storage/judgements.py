"""What must be judged again: marked by every write that can change a judgement, taken by whoever judges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, select, tuple_

from app.storage.database import Transaction
from app.storage.statements import insert_into, mappings, write
from app.storage.tables.deviations import judgement_due as table

NOBODY = ""
"""The customer of a visit at nobody known, so that the key holds."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Due:
    """A provider's month with a customer; `customer_id` '' is nobody known."""

    provider_id: str
    customer_id: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A judgement that is due, in which care system, and since when."""

    care_system_id: str
    due: Due
    since: datetime


def due_rows(care_system_id: str, dues: Iterable[Due], at: datetime) -> list[dict[str, Any]]:
    """The rows of the marks, each once and in order, so that two who mark the same never wait in a circle."""
    return [
        {
            "care_system_id": care_system_id,
            "provider_id": due.provider_id,
            "customer_id": due.customer_id,
            "month": due.month,
            "since": at,
        }
        for due in sorted(set(dues))
    ]


def mark_due(tx: Transaction, care_system_id: str, dues: Iterable[Due], *, at: datetime) -> None:
    """Each is marked, since its first mark. Whoever takes it meanwhile waits for this transaction, or leaves it."""
    rows = due_rows(care_system_id, dues, at)
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    # Not DO NOTHING: that takes no lock, and a mark that is taken before this commits would be lost.
    write(tx, insert_into(tx, table).on_conflict_do_update(index_elements=keys, set_={"since": table.c.since}), rows)


def take_due(tx: Transaction, *, care_system_id: str | None = None, limit: int = 100) -> tuple[Marked, ...]:
    """The oldest marks, which are gone when this transaction is committed; those that others hold are left to them."""
    statement = select(table).order_by(table.c.since).limit(limit)
    if care_system_id is not None:
        statement = statement.where(table.c.care_system_id == care_system_id)
    if tx.dialect == "postgresql":
        statement = statement.with_for_update(skip_locked=True)
    found = tuple(
        Marked(
            care_system_id=row["care_system_id"],
            due=Due(provider_id=row["provider_id"], customer_id=row["customer_id"], month=row["month"]),
            since=row["since"],
        )
        for row in mappings(tx, statement)
    )
    _remove(tx, table, [(one.care_system_id, one.due) for one in found])
    return found


def clear_due(tx: Transaction, care_system_id: str, dues: Iterable[Due]) -> None:
    """None of these is marked any more: they were judged in this transaction."""
    _remove(tx, table, [(care_system_id, due) for due in sorted(set(dues))])


def _remove(tx: Transaction, marks: Table, dues: list[tuple[str, Due]]) -> None:
    if not dues:
        return
    key = tuple_(marks.c.care_system_id, marks.c.provider_id, marks.c.customer_id, marks.c.month)
    keys = [(care_system_id, due.provider_id, due.customer_id, due.month) for care_system_id, due in dues]
    tx.connection.execute(delete(marks).where(key.in_(keys)))
