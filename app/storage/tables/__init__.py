"""Every table of the product, on one metadata."""

from __future__ import annotations

from app.storage.tables import (
    access,
    assessments,
    billing,
    deviations,
    devices,
    events,
    extensions,
    ledger,
    no_choice,
    orders,
    people,
    plans,
    providers,
    rates,
    reimbursement,
    tags,
    visits,
    webhooks,
)
from app.storage.tables.columns import metadata

__all__ = [
    "access",
    "assessments",
    "billing",
    "deviations",
    "devices",
    "events",
    "extensions",
    "ledger",
    "metadata",
    "no_choice",
    "orders",
    "people",
    "plans",
    "providers",
    "rates",
    "reimbursement",
    "tags",
    "visits",
    "webhooks",
]
