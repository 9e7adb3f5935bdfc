"""Deviations, what became of them, and what was said of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, String, Table, Text, UniqueConstraint

from app.storage.tables.columns import Id, Json, UtcDateTime, metadata
from app.storage.tables.versioned import key_columns, recorded_columns, within_care_system

deviation = Table(
    "deviation",
    metadata,
    *key_columns(),
    Column("rule", String(4), nullable=False),
    Column("subject_type", String(16), nullable=False),
    Column("subject_id", String(200), nullable=False),
    Column("period", String(7), nullable=False),
    Column("provider_id", Id, nullable=False),
    Column("municipality", String(4)),
    Column("customer_id", Id),
    Column("facts", Json, nullable=False),
    Column("effect", String(16), nullable=False),
    Column("asks", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("own_reason", Text),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("care_system_id", "rule", "subject_type", "subject_id", "period"),
    Index(None, "care_system_id", "provider_id", "period"),
    Index(None, "care_system_id", "customer_id"),
    Index(None, "care_system_id", "subject_type", "subject_id"),
)
"""One row per rule, subject and period ('' where it has none), reconciled with what the rules find. Source: D."""

deviation_event = Table(
    "deviation_event",
    metadata,
    *key_columns(),
    Column("deviation_id", Id, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Id),
    Column("what", String(16), nullable=False),
    Column("facts", Json, nullable=False),
    within_care_system("deviation_id", "deviation"),
    Index(None, "care_system_id", "deviation_id", "id"),
)
"""The history of each deviation; never changed. `by` is NULL where a rule did it."""

explanation = Table(
    "explanation",
    metadata,
    *key_columns(),
    *recorded_columns(),
    Column("provider_id", Id, nullable=False),
    Column("rule", String(4), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("note", Text, nullable=False),
    within_care_system("provider_id", "provider"),
    Index(None, "care_system_id", "provider_id", "id"),
)
"""The provider's reason for several deviations of a kind; never changed."""

explanation_deviation = Table(
    "explanation_deviation",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("explanation_id", Id, primary_key=True),
    Column("deviation_id", Id, primary_key=True),
    Column("facts", Json, nullable=False),
    within_care_system("explanation_id", "explanation"),
    within_care_system("deviation_id", "deviation"),
    Index(None, "care_system_id", "deviation_id"),
)
"""Which deviations an explanation is for, with the facts as they were then; never changed."""

verdict = Table(
    "verdict",
    metadata,
    *key_columns(),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("explanation_id", Id, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("by", Id, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("note", Text),
    Column("bound_facts", Json, nullable=False),
    within_care_system("explanation_id", "explanation"),
    Index(None, "care_system_id", "explanation_id", "id"),
)
"""What was said of an explanation, the last one counting; never changed.

`bound_facts` holds for each deviation's id the text of the facts that were shown.
"""

judgement_due = Table(
    "judgement_due",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("provider_id", Id, primary_key=True),
    Column("customer_id", Id, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Index(None, "since"),
)
"""What must be judged again: a provider's month with a customer ('' for one that nobody knows)."""
