"""What others are told, who read what, and answers to be repeated."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, String, Table, Text

from app.storage.tables.columns import Id, Json, UtcDateTime, metadata
from app.storage.tables.versioned import key_columns


def _told() -> list[Column[object]]:
    return [
        Column("at", UtcDateTime, nullable=False),
        Column("type", String(32), nullable=False),
        Column("resource_type", String(32), nullable=False),
        Column("resource_id", String(200), nullable=False),
        Column("external_id", String(200)),
        Column("provider_id", Id),
        Column("municipality", String(4)),
        Column("data", Json, nullable=False),
    ]


event = Table(
    "event",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    *_told(),
    Index(None, "care_system_id", "provider_id", "sequence"),
)
"""The outbox, numbered without a gap in an order that no later commit gets before; never changed."""

event_pending = Table(
    "event_pending",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    *_told(),
)
"""What was told and has no number yet: written with what it tells, without waiting for anyone else's commit.

Whoever reads the outbox first gives the committed ones their numbers, under a lock.
"""

access_log = Table(
    "access_log",
    metadata,
    *key_columns(),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", Id, nullable=False),
    Column("role", String(32), nullable=False),
    Column("what", String(64), nullable=False),
    Column("whom_type", String(16), nullable=False),
    Column("whom_id", Id, nullable=False),
    Column("why", Text),
    Column("request_id", String(64)),
    Index(None, "care_system_id", "whom_id", "id"),
    Index(None, "care_system_id", "actor_id", "id"),
)
"""Every read of a person's data: who, what, whom, when, why; never changed. Source: A3."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("client_id", Id, primary_key=True),
    Column("route", String(200), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("content_hash", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "at"),
)
"""Answers to a machine client's POSTs, repeated for thirty days. Source: FAULTS, Mechanisms."""
