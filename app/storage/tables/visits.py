"""Registrations, corrections, and the visits that they add up to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, SmallInteger, String, Table, Text, text

from app.storage.tables.columns import Id, Json, UtcDateTime, metadata
from app.storage.tables.versioned import key_columns, recorded_columns, within_care_system

registration = Table(
    "registration",
    metadata,
    *key_columns(),
    *recorded_columns(),
    Column("content_hash", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("caregiver_id", Id, nullable=False),
    Column("captured_at", UtcDateTime, nullable=False),
    Column("captured_text", Text, nullable=False),
    Column("stated_at", UtcDateTime),
    Column("stated_text", Text),
    Column("received_at", UtcDateTime, nullable=False),
    Column("visit_id", Id),
    Column("planned_visit_id", Id),
    Column("customer_id", Id),
    Column("service", String(16)),
    Column("method", String(8), nullable=False),
    Column("text", Text),
    Column("uid", Text),
    Column("reason", String(32)),
    Column("note", Text),
    Column("lat_e6", Integer),
    Column("lon_e6", Integer),
    Column("accuracy_m", Integer),
    Column("clock", Json),
    Column("boot_id", Text),
    Column("elapsed_ms", BigInteger),
    Column("sent", Json),
    Column("activities", Json),
    Column("extra_service", Boolean, nullable=False),
    Column("household", Json),
    Column("by_measuring_client", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("corrected_at", UtcDateTime, nullable=False),
    Column("clock_grade", String(16), nullable=False),
    Column("apart_seconds", BigInteger),
    Column("provider_id", Id, nullable=False),
    Column("tag_id", Id),
    Column("tag_customer_id", Id),
    Column("tag_problem", String(16)),
    Column("tap_counter", Integer),
    Column("resolved_customer_id", Id),
    Column("evidence_grade", SmallInteger, nullable=False),
    Column("device_id", Id),
    Column("sequence", BigInteger),
    within_care_system("caregiver_id", "caregiver"),
    within_care_system("customer_id", "customer"),
    within_care_system("planned_visit_id", "planned_visit"),
    Index(
        "ix_registration_device_received",
        "care_system_id",
        "device_id",
        "received_at",
        postgresql_where=text("device_id IS NOT NULL"),
        sqlite_where=text("device_id IS NOT NULL"),
    ),
    Index(
        "ix_registration_device_id",
        "care_system_id",
        "device_id",
        "sequence",
        postgresql_where=text("device_id IS NOT NULL"),
        sqlite_where=text("device_id IS NOT NULL"),
    ),
    Index(None, "care_system_id", "caregiver_id", "at", "id"),
    Index(
        "ix_registration_boot_id",
        "care_system_id",
        "caregiver_id",
        "boot_id",
        "elapsed_ms",
        postgresql_where=text("boot_id IS NOT NULL"),
        sqlite_where=text("boot_id IS NOT NULL"),
    ),
    Index(
        "ix_registration_tap",
        "care_system_id",
        "tag_id",
        "tap_counter",
        "corrected_at",
        postgresql_where=text("tap_counter IS NOT NULL"),
        sqlite_where=text("tap_counter IS NOT NULL"),
    ),
    Index(
        "ix_registration_visit_id",
        "care_system_id",
        "visit_id",
        postgresql_where=text("visit_id IS NOT NULL"),
        sqlite_where=text("visit_id IS NOT NULL"),
    ),
    Index(
        "uq_registration_external_id",
        "care_system_id",
        "external_id",
        unique=True,
        postgresql_where=text("external_id IS NOT NULL"),
        sqlite_where=text("external_id IS NOT NULL"),
    ),
)
"""What was captured, as it was received, and what it came to when recorded; never changed. Source: V1-V8, V14.

`boot_id` and `elapsed_ms` are the clock's, so that those of one boot are found in their order (V8). `device_id` is the
enrolled phone whose session delivered it, and `sequence` the clock's number on that phone (D22).
"""

visit = Table(
    "visit",
    metadata,
    *key_columns(),
    Column("caregiver_id", Id, nullable=False),
    Column("provider_id", Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("registered_starts_at", UtcDateTime),
    Column("registered_ends_at", UtcDateTime),
    Column("customer_id", Id),
    Column("service", String(16)),
    Column("check_in", Json),
    Column("check_out", Json),
    Column("superseded", Boolean, nullable=False),
    Column("evidence_grade", SmallInteger, nullable=False),
    Column("clock_grade", String(16), nullable=False),
    Column("registration_ids", Json, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("planned_visit_id", Id),
    Column("named_plan", Boolean, nullable=False),
    Column("extra_service", Boolean, nullable=False),
    Column("service_changes", Json, nullable=False),
    Column("household", Json, nullable=False),
    Column("activities", Json, nullable=False),
    Column("corrected", Boolean, nullable=False),
    Column("correction_ids", Json, nullable=False),
    Index(None, "care_system_id", "provider_id", "placed_at"),
    Index(None, "care_system_id", "customer_id", "placed_at"),
    Index(None, "care_system_id", "caregiver_id", "placed_at"),
    Index(
        "ix_visit_planned_visit_id",
        "care_system_id",
        "planned_visit_id",
        postgresql_where=text("planned_visit_id IS NOT NULL"),
        sqlite_where=text("planned_visit_id IS NOT NULL"),
    ),
)
"""A projection: what the registrations and corrections add up to, rebuildable from them. Source: V4, V5."""

visit_household = Table(
    "visit_household",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("customer_id", Id, primary_key=True),
    Column("visit_id", Id, primary_key=True),
    within_care_system("visit_id", "visit"),
    Index(None, "care_system_id", "visit_id"),
)
"""Whose stays in a household a visit was, where there are several customers; follows `visit`. Source: V12."""

open_visit = Table(
    "open_visit",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("caregiver_id", Id, primary_key=True),
    Column("visit_id", Id),
    Column("since", UtcDateTime),
    Column("latest", UtcDateTime),
    Column("revision", BigInteger, nullable=False),
)
"""The one open visit of each caregiver, none where `visit_id` is NULL; nothing of the caregiver is later than `latest`.

`revision` counts every change of what the caregiver registered: of two who read the same one only one can write.
Source: V6.
"""

door = Table(
    "door",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("customer_id", Id, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)
"""How often the visits at a customer's have changed: which plan each answers to hangs on the others (V16), so of two
who read the same revision only one can write. Source: FAULTS 15-17.
"""

correction = Table(
    "correction",
    metadata,
    *key_columns(),
    *recorded_columns(),
    Column("visit_id", Id, nullable=False),
    Column("changes", Json, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("note", Text, nullable=False),
    Column("made_by", Id, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Index(None, "care_system_id", "visit_id"),
)
"""A later statement about a visit; never changed. Source: V10."""

correction_approval = Table(
    "correction_approval",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("correction_id", Id, primary_key=True),
    Column("approved_by", Id, nullable=False),
    Column("approved_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    within_care_system("correction_id", "correction"),
)
"""Another person's word that a correction counts; once for each. Source: V10."""
