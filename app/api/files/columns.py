"""The columns that a run's lines have in tables, whatever the kind of file."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.rules.time import parse_instant


class Sort(StrEnum):
    """What a column holds."""

    TEXT = "text"
    WHOLE = "whole"
    RATE = "rate"
    """Öre an hour: a decimal of at most four places."""
    KRONOR = "kronor"
    INSTANT = "instant"
    IDS = "ids"


COLUMNS: Mapping[str, Sort] = {
    "sequence": Sort.WHOLE,
    "id": Sort.TEXT,
    "run": Sort.TEXT,
    "recorded_at": Sort.INSTANT,
    "kind": Sort.TEXT,
    "cause": Sort.TEXT,
    "municipality": Sort.TEXT,
    "provider_id": Sort.TEXT,
    "customer_id": Sort.TEXT,
    "service": Sort.TEXT,
    "law": Sort.TEXT,
    "month": Sort.TEXT,
    "rate_id": Sort.TEXT,
    "band": Sort.TEXT,
    "ore_per_hour": Sort.RATE,
    "seconds": Sort.WHOLE,
    "amount_ore": Sort.WHOLE,
    "amount_kronor": Sort.KRONOR,
    "visit_ids": Sort.IDS,
    "order_ids": Sort.IDS,
    "grant_ids": Sort.IDS,
    "extension_ids": Sort.IDS,
}
"""The columns by name, in order."""


def kronor(ore: int | Decimal) -> Decimal:
    """The öre as kronor, exactly; of whole öre always with two decimals."""
    return Decimal(ore).scaleb(-2)


def cells(line: Mapping[str, Any]) -> list[Any]:
    """The line's cells in the order of the columns: text, int, Decimal, datetime, a list of ids, or None."""
    visits = dict.fromkeys(one["visit_id"] for one in line["segments"])
    told = {
        **line,
        "recorded_at": parse_instant(line["recorded_at"]),
        "ore_per_hour": Decimal(line["ore_per_hour"]),
        "amount_kronor": kronor(line["amount_ore"]),
        "visit_ids": list(visits),
    }
    return [told[name] for name in COLUMNS]
