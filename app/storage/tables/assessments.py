"""Proposed assessments, and what became of them."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text, text

from app.storage.tables.columns import Id, Json, UtcDateTime, metadata
from app.storage.tables.versioned import key_columns, within_care_system

assessment = Table(
    "assessment",
    metadata,
    *key_columns(),
    Column("customer_id", Id, nullable=False),
    Column("provider_id", Id),
    Column("cause", String(32), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("facts", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_by", Id),
    Column("note", Text),
    within_care_system("customer_id", "customer"),
    Index(None, "care_system_id", "customer_id"),
    Index(
        "uq_assessment_proposed",
        "care_system_id",
        "customer_id",
        "cause",
        "subject",
        unique=True,
        postgresql_where=text("state = 'proposed'"),
        sqlite_where=text("state = 'proposed'"),
    ),
)
"""At most one stands proposed of each customer, cause and subject. `provider_id` is NULL where it is several's.

Source: E7.
"""

assessment_event = Table(
    "assessment_event",
    metadata,
    *key_columns(),
    Column("assessment_id", Id, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Id),
    Column("what", String(16), nullable=False),
    Column("facts", Json, nullable=False),
    Column("note", Text),
    within_care_system("assessment_id", "assessment"),
    Index(None, "care_system_id", "assessment_id", "id"),
)
"""The history of each assessment; never changed. `by` is NULL where a rule did it."""
