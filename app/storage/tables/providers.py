"""Care systems, providers and accreditations."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, String, Text

from app.storage.tables.columns import Id, Json
from app.storage.tables.versioned import versioned


def _care_system() -> list[Column[Any]]:
    return [Column("name", Text, nullable=False), Column("municipalities", Json, nullable=False)]


def _provider() -> list[Column[Any]]:
    return [
        Column("name", Text, nullable=False),
        Column("kind", String(16), nullable=False),
        Column("organisation_number", String(16)),
        Column("lat_e6", Integer),
        Column("lon_e6", Integer),
    ]


def _accreditation() -> list[Column[Any]]:
    return [
        Column("provider_id", Id, nullable=False),
        Column("municipality", String(4), nullable=False),
        Column("service", String(16), nullable=False),
        Column("law", String(3)),
        Column("target_group", Text),
        Column("valid_from", Date, nullable=False),
        Column("valid_before", Date),
        Column("ceiling_seconds_per_week", BigInteger),
        Column("takes_no_choice", Boolean, nullable=False),
    ]


care_system = versioned("care_system", _care_system, {})
"""A care system is its own tenant: its `care_system_id` is its `id`."""

provider = versioned("provider", _provider, {})

accreditation = versioned(
    "accreditation", _accreditation, {"provider_id": "provider"}, Index(None, "care_system_id", "provider_id")
)
