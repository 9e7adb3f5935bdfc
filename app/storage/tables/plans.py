"""Planned visits."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, String, Text

from app.storage.tables.columns import Id, Json, UtcDateTime
from app.storage.tables.versioned import versioned


def _planned_visit() -> list[Column[Any]]:
    return [
        Column("provider_id", Id, nullable=False),
        Column("customer_id", Id, nullable=False),
        Column("service", String(16), nullable=False),
        Column("starts_at", UtcDateTime, nullable=False),
        Column("ends_at", UtcDateTime, nullable=False),
        Column("household", Json, nullable=False),
        Column("caregiver_ids", Json, nullable=False),
        Column("grant_id", Id),
        Column("activities", Json, nullable=False),
        Column("cancelled_at", UtcDateTime),
        Column("cancelled_by", String(16)),
        Column("cancelled_reason", Text),
    ]


planned_visit = versioned(
    "planned_visit",
    _planned_visit,
    {"provider_id": "provider", "customer_id": "customer", "grant_id": "care_grant"},
    Index("ix_planned_visit_customer", "care_system_id", "customer_id", "provider_id", "starts_at"),
    Index(None, "care_system_id", "provider_id", "starts_at"),
    version_indexes=(Index(None, "care_system_id", "customer_id", "starts_at"),),
)
