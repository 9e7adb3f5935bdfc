"""Tags at the customers' doors. The keys in `sun` are sealed under a key that is not in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Date, Index, String

from app.storage.tables.columns import Id, Json
from app.storage.tables.versioned import versioned


def _tag() -> list[Column[Any]]:
    return [
        Column("customer_id", Id, nullable=False),
        Column("kind", String(8), nullable=False),
        Column("uid", String(40)),
        Column("state", String(8), nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("valid_before", Date),
        Column("sun", Json),
    ]


tag = versioned(
    "tag",
    _tag,
    {"customer_id": "customer"},
    Index(None, "care_system_id", "customer_id"),
    version_indexes=(Index(None, "care_system_id", "uid"), Index(None, "care_system_id", "customer_id")),
)
