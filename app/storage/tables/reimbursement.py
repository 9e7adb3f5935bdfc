"""Months, the runs that issue them, and the lines."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from app.storage.tables.columns import Exact, Id, Json, UtcDateTime, metadata
from app.storage.tables.versioned import key_columns, within_care_system

month = Table(
    "month",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("municipality", String(4), primary_key=True),
    Column("provider_id", Id, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("attested_by", Id),
    Column("attested_at", UtcDateTime),
    Column("locked_at", UtcDateTime),
    Column("run_id", Id),
    within_care_system("provider_id", "provider"),
    Index(None, "care_system_id", "provider_id", "month"),
    Index(None, "care_system_id", "month"),
)
"""Where a provider's month in a municipality stands; a month without a row is open. Source: R8."""

reimbursement_run = Table(
    "reimbursement_run",
    metadata,
    *key_columns(),
    Column("municipality", String(4), nullable=False),
    Column("provider_id", Id, nullable=False),
    Column("month", String(7), nullable=False),
    Column("locked_at", UtcDateTime, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("issued_by", Id, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("excess", Json, nullable=False),
    UniqueConstraint("care_system_id", "municipality", "provider_id", "month", name="uq_reimbursement_run_month"),
    within_care_system("provider_id", "provider"),
)
"""One issuing of a provider's month in a municipality, with the adjustments of earlier months; once. Source: R8, R9."""

reimbursement_line = Table(
    "reimbursement_line",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Id, nullable=False),
    Column("run_id", Id, nullable=False),
    Column("run_month", String(7), nullable=False),
    Column("municipality", String(4), nullable=False),
    Column("provider_id", Id, nullable=False),
    Column("customer_id", Id, nullable=False),
    Column("service", String(16), nullable=False),
    Column("law", String(3), nullable=False),
    Column("rate_id", Id, nullable=False),
    Column("ore_per_hour", Exact, nullable=False),
    Column("band", Text),
    Column("month", String(7), nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("amount_ore", BigInteger, nullable=False),
    Column("total_seconds", BigInteger, nullable=False),
    Column("total_amount_ore", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("cause", Text),
    Column("segments", Json, nullable=False),
    Column("order_ids", Json, nullable=False),
    Column("grant_ids", Json, nullable=False),
    Column("extension_ids", Json, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    UniqueConstraint("care_system_id", "id"),
    within_care_system("run_id", "reimbursement_run"),
    Index(None, "care_system_id", "provider_id", "month"),
    Index(None, "care_system_id", "run_id"),
)
"""What is owed, in the order issued, without a gap; never changed. Source: R1, R8, R11."""

counter = Table(
    "counter",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("last", BigInteger, nullable=False),
)
"""The last number given out of each gapless sequence; its row is locked until what took a number is committed."""
