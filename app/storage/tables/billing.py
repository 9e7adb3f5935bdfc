"""Billing parties: who stands on invoices and vouchers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, String, Text

from app.storage.tables.columns import Id
from app.storage.tables.versioned import versioned


def _billing_party() -> list[Column[Any]]:
    return [
        Column("municipality", String(4)),
        Column("provider_id", Id),
        Column("name", Text, nullable=False),
        Column("organisation_number", String(16), nullable=False),
        Column("street", Text, nullable=False),
        Column("postal_code", String(8), nullable=False),
        Column("city", Text, nullable=False),
        Column("electronic_scheme", String(4), nullable=False),
        Column("electronic_id", String(64)),
        Column("vat_registered", Boolean, nullable=False),
        Column("vat_identifier", String(16)),
        Column("f_tax", Boolean, nullable=False),
        Column("bankgiro", String(16)),
        Column("plusgiro", String(16)),
        Column("iban", String(34)),
        Column("buyer_reference", Text),
        Column("payment_days", Integer, nullable=False),
        Column("cost_account", String(16)),
        Column("settlement_account", String(16)),
        Column("cost_centre", String(32)),
    ]


billing_party = versioned(
    "billing_party",
    _billing_party,
    {"provider_id": "provider"},
    Index("uq_billing_party_municipality", "care_system_id", "municipality", unique=True),
    Index("uq_billing_party_provider_id", "care_system_id", "provider_id", unique=True),
)
"""One for each municipality and each provider; a row has one of the two."""
