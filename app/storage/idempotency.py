"""Answers to a machine client's POSTs, to be repeated for the same key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from app.storage.database import Transaction
from app.storage.statements import insert_rows, mappings
from app.storage.tables.events import idempotency as table

KEPT = timedelta(days=30)
"""How long an answer is repeated. Source: FAULTS, Mechanisms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered, and the SHA-256 of the content that it answers."""

    content_hash: str
    status: int
    headers: dict[str, str]
    body: str


def recall(tx: Transaction, care_system_id: str, client_id: str, route: str, key: str) -> Answer | None:
    """The answer that was given for the key, None where it is new."""
    statement = select(table).where(
        table.c.care_system_id == care_system_id,
        table.c.client_id == client_id,
        table.c.route == route,
        table.c.key == key,
    )
    row = next(iter(mappings(tx, statement)), None)
    if row is None:
        return None
    return Answer(
        content_hash=row["content_hash"], status=row["status"], headers=dict(row["headers"]), body=row["body"]
    )


def keep(
    tx: Transaction, care_system_id: str, client_id: str, route: str, key: str, answer: Answer, *, at: datetime
) -> None:
    """The answer is repeated for the key. Raises IntegrityError (`pk_idempotency`) where another was quicker."""
    row = {
        "care_system_id": care_system_id,
        "client_id": client_id,
        "route": route,
        "key": key,
        "content_hash": answer.content_hash,
        "status": answer.status,
        "headers": answer.headers,
        "body": answer.body,
        "at": at,
    }
    insert_rows(tx, table, [row])


def weed(tx: Transaction, now: datetime) -> int:
    """Answers older than thirty days are gone; how many there were."""
    return tx.connection.execute(delete(table).where(table.c.at < now - KEPT)).rowcount
