"""Which key an integrity error names, the same on both databases."""

from __future__ import annotations

import re

from sqlalchemy import Index, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError

from app.storage.tables import metadata

FOREIGN_KEY = "foreign_key"
"""What SQLite's foreign keys are called: it does not tell which one failed."""

_FAILED = re.compile(r"UNIQUE constraint failed: (?P<columns>.+)\Z")


def violated_key(error: IntegrityError) -> str | None:
    """The name of the key that was violated, such as `uq_customer_care_system_id_external_id` or `pk_registration`.

    `foreign_key` for any foreign key on SQLite; None for what is no key, such as a missing value.
    """
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        name: str | None = diagnosis.constraint_name
        return name
    text = str(error.orig)
    if text.startswith("FOREIGN KEY"):
        return FOREIGN_KEY
    match = _FAILED.match(text)
    return _key_over(match["columns"]) if match else None


def _key_over(columns: str) -> str | None:
    qualified = [column.strip().split(".") for column in columns.split(",")]
    table = metadata.tables[qualified[0][0]]
    names = {column for _, column in qualified}
    return next((name for name, over in _keys(table) if over == names), None)


def _keys(table: Table) -> list[tuple[str, set[str]]]:
    keys: list[UniqueConstraint | Index] = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    keys += [one for one in table.indexes if one.unique]
    named = [(f"pk_{table.name}", {column.name for column in table.primary_key.columns})]
    return named + [(str(key.name), {column.name for column in key.columns}) for key in keys]
