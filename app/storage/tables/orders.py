"""Grants and orders."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Text

from app.storage.tables.columns import Id, Json, UtcDateTime
from app.storage.tables.versioned import versioned


def _grant() -> list[Column[Any]]:
    return [
        Column("customer_id", Id, nullable=False),
        Column("services", Json, nullable=False),
        Column("law", String(3), nullable=False),
        Column("granted_seconds", BigInteger, nullable=False),
        Column("per", String(8), nullable=False),
        Column("every", Integer, nullable=False),
        Column("double_staffed_seconds", BigInteger, nullable=False),
        Column("target_group", Text),
        Column("valid_from", Date, nullable=False),
        Column("valid_before", Date),
    ]


def _order() -> list[Column[Any]]:
    return [
        Column("grant_id", Id, nullable=False),
        Column("provider_id", Id, nullable=False),
        Column("ordered_at", UtcDateTime, nullable=False),
        Column("chosen_by", String(16), nullable=False),
        Column("ordered_seconds", BigInteger),
        Column("valid_from", Date, nullable=False),
        Column("valid_before", Date),
        Column("implementation_plan_received_on", Date),
    ]


care_grant = versioned(
    "care_grant",
    _grant,
    {"customer_id": "customer"},
    Index(None, "care_system_id", "customer_id"),
    version_indexes=(Index(None, "care_system_id", "customer_id"),),
)
"""A grant; the bare word belongs to SQL."""

care_order = versioned(
    "care_order",
    _order,
    {"grant_id": "care_grant", "provider_id": "provider"},
    Index(None, "care_system_id", "grant_id", "provider_id"),
    Index(None, "care_system_id", "provider_id", "grant_id"),
    version_indexes=(Index(None, "care_system_id", "grant_id"), Index(None, "care_system_id", "provider_id")),
)
"""An order; the bare word belongs to SQL."""
