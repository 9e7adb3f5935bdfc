"""Every table of the product, on one metadata."""

from __future__ import annotations

from app.storage.tables import (
    access,
    deviations,
    devices,
    events,
    extensions,
    ledger,
    orders,
    people,
    plans,
    providers,
    rates,
    reimbursement,
    tags,
    visits,
)
from app.storage.tables.columns import metadata

__all__ = [
    "access",
    "deviations",
    "devices",
    "events",
    "extensions",
    "ledger",
    "metadata",
    "orders",
    "people",
    "plans",
    "providers",
    "rates",
    "reimbursement",
    "tags",
    "visits",
]
