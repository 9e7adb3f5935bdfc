"""Requests for more time, what was said in them, completed and attached, and the decisions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.storage.tables.columns import Id, Json, UtcDateTime, metadata
from app.storage.tables.versioned import key_columns, of_care_system, recorded_columns, within_care_system

extension = Table(
    "extension",
    metadata,
    *key_columns(),
    *recorded_columns(),
    Column("provider_id", Id, nullable=False),
    Column("customer_id", Id, nullable=False),
    Column("service", String(16), nullable=False),
    Column("month", String(7), nullable=False),
    Column("requested_seconds", BigInteger, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("justification", Text, nullable=False),
    Column("requested_by", Id, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("visit_ids", Json, nullable=False),
    Column("days", Json, nullable=False),
    Column("documents", Json, nullable=False),
    Column("state", String(24), nullable=False),
    within_care_system("provider_id", "provider"),
    within_care_system("customer_id", "customer"),
    Index("uq_extension_external_id", "care_system_id", "external_id", unique=True),
    Index(None, "care_system_id", "provider_id", "month"),
    Index(None, "care_system_id", "customer_id", "month"),
    Index(None, "care_system_id", "state", "requested_at"),
)
"""A request as it was made. Only its `state` changes, which is what its events come to. Source: E2, E3."""

extension_event = Table(
    "extension_event",
    metadata,
    *key_columns(),
    Column("extension_id", Id, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Id, nullable=False),
    Column("state", String(24), nullable=False),
    within_care_system("extension_id", "extension"),
    Index(None, "care_system_id", "extension_id", "id"),
)
"""Each step of a request, and the state it led to; never changed. Source: E3."""

extension_note = Table(
    "extension_note",
    metadata,
    *key_columns(),
    Column("extension_id", Id, nullable=False),
    Column("by", Id, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("text", Text, nullable=False),
    within_care_system("extension_id", "extension"),
    Index(None, "care_system_id", "extension_id", "id"),
)
"""What was asked and answered in a request; never changed."""

extension_decision = Table(
    "extension_decision",
    metadata,
    *key_columns(),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("extension_id", Id, nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("approved_seconds", BigInteger),
    Column("reasons", Text, nullable=False),
    Column("reviewer", Id, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    within_care_system("extension_id", "extension"),
    Index(None, "care_system_id", "extension_id", "id"),
)
"""Decisions; a new one replaces the last, and both stay. Source: E3."""

extension_completion = Table(
    "extension_completion",
    metadata,
    *key_columns(),
    Column("extension_id", Id, nullable=False),
    Column("by", Id, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("before", Json, nullable=False),
    Column("after", Json, nullable=False),
    within_care_system("extension_id", "extension"),
    Index(None, "care_system_id", "extension_id", "id"),
)
"""What was completed in a request: its fields as they were and as they became; never changed."""

document_content = Table(
    "document_content",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    of_care_system(),
)
"""The bytes of documents by their hash, once each. They lie in the database and not in files beside it, so that they
come with the row that tells of them in one transaction, and with everything else in one backup. Source: our decision.
"""

extension_document = Table(
    "extension_document",
    metadata,
    *key_columns(),
    Column("extension_id", Id, nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("by", Id, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    within_care_system("extension_id", "extension"),
    ForeignKeyConstraint(["care_system_id", "sha256"], ["document_content.care_system_id", "document_content.sha256"]),
    UniqueConstraint("care_system_id", "extension_id", "sha256"),
)
"""What is attached to a request, without its content; the same content once. Never changed. Source: E2."""
