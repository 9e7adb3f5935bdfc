"""Weeding what is past its use: tries, tokens, sessions, proofs of phones, answers kept for idempotency keys, and how
webhooks were delivered to.
"""

from __future__ import annotations

from datetime import datetime

from app.storage import idempotency, webhooks
from app.storage.access import devices, sessions
from app.storage.database import Database


def weed(database: Database, now: datetime) -> int:
    """How many rows were past their use and are gone. `now` is the real clock's. Source: FAULTS, Mechanisms."""
    with database.transaction() as tx:
        accounts = sessions.weed_sessions(tx.connection, now) + devices.weed_proofs(tx.connection, now)
        return accounts + idempotency.weed(tx, now) + webhooks.weed(tx, now)
