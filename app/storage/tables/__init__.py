"""Every table of the product, on one metadata."""

from __future__ import annotations

from app.storage.tables import (
    access,
    deviations,
    events,
    extensions,
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
    "events",
    "extensions",
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
