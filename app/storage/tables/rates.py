"""Rates and policies: dated rows that are added and never edited."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, String, Table, Text, UniqueConstraint

from app.storage.tables.columns import Exact, Json, metadata
from app.storage.tables.versioned import key_columns, of_care_system, recorded_columns

rate = Table(
    "rate",
    metadata,
    *key_columns(),
    *recorded_columns(),
    Column("municipality", String(4), nullable=False),
    Column("service", String(16), nullable=False),
    Column("law", String(3)),
    Column("provider_kind", String(16)),
    Column("band", Json),
    Column("ore_per_hour", Exact, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_before", Date),
    Column("source", Text, nullable=False),
    of_care_system(),
    UniqueConstraint("care_system_id", "external_id"),
    Index(None, "care_system_id", "municipality"),
)
"""What an hour is worth. Source: R3."""

policy = Table(
    "policy",
    metadata,
    *key_columns(),
    *recorded_columns(),
    Column("municipality", String(4)),
    Column("name", String(64), nullable=False),
    Column("value", Json, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("source", Text, nullable=False),
    of_care_system(),
    UniqueConstraint("care_system_id", "external_id"),
    Index(None, "care_system_id", "name"),
)
"""The dated numbers that a municipality may set."""
