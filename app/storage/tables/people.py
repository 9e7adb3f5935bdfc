"""Caregivers, customers and their absences."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, Integer, String, Table, Text

from app.storage.tables.columns import Id, Json, UtcDateTime, metadata
from app.storage.tables.versioned import versioned, within_care_system


def _caregiver() -> list[Column[Any]]:
    return [
        Column("provider_id", Id, nullable=False),
        Column("name", Text, nullable=False),
        Column("education", String(16), nullable=False),
        Column("relative_of", Json, nullable=False),
    ]


def _customer() -> list[Column[Any]]:
    return [
        Column("municipality", String(4), nullable=False),
        Column("name", Text),
        Column("birth_year", Integer),
        Column("protection", String(32), nullable=False),
        Column("lat_e6", Integer),
        Column("lon_e6", Integer),
        Column("accuracy_m", Integer),
    ]


def _absence() -> list[Column[Any]]:
    return [
        Column("customer_id", Id, nullable=False),
        Column("starts_at", UtcDateTime, nullable=False),
        Column("ends_at", UtcDateTime),
        Column("cause", String(16), nullable=False),
    ]


caregiver = versioned(
    "caregiver", _caregiver, {"provider_id": "provider"}, Index(None, "care_system_id", "provider_id", "id")
)

customer = versioned("customer", _customer, {}, Index(None, "care_system_id", "municipality", "id"))

customer_identity = Table(
    "customer_identity",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("customer_id", Id, primary_key=True),
    Column("personal_identity_number", String(13), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("recorded_by", Id, nullable=False),
    within_care_system("customer_id", "customer"),
)
"""Personal identity numbers, apart from everything that is read: taken in, never given out. Source: A4, CONTRACT."""

absence = versioned(
    "absence",
    _absence,
    {"customer_id": "customer"},
    Index(None, "care_system_id", "customer_id"),
    version_indexes=(Index(None, "care_system_id", "customer_id"),),
)
