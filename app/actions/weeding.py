"""Weeding what is past its use: tries, refresh tokens, sessions, and answers kept for idempotency keys."""

from __future__ import annotations

from datetime import datetime

from app.storage import idempotency
from app.storage.access import sessions
from app.storage.database import Database


def weed(database: Database, now: datetime) -> int:
    """How many rows were past their use and are gone. `now` is the real clock's. Source: FAULTS, Mechanisms."""
    with database.transaction() as tx:
        return sessions.weed_sessions(tx.connection, now) + idempotency.weed(tx, now)
