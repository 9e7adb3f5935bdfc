"""What was completed in requests for more time; the requests themselves stay as they were made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import select

from app.rules.extensions import Amended, Completion, ExtensionCause
from app.storage.database import Transaction
from app.storage.statements import Row, among, insert_rows, mappings
from app.storage.tables.extensions import extension_completion


def insert_completion(tx: Transaction, care_system_id: str, value: Completion) -> None:
    """The completion is kept; the request itself stays as it was made."""
    row = {
        "care_system_id": care_system_id,
        "id": value.id,
        "extension_id": value.extension_id,
        "by": value.by,
        "at": value.at,
        "before": _amended_row(value.before),
        "after": _amended_row(value.after),
    }
    insert_rows(tx, extension_completion, [row])


def _amended_row(value: Amended) -> Row:
    """The fields that are stated, as JSON values."""
    told = {
        "requested_seconds": value.requested_seconds,
        "cause": value.cause,
        "justification": value.justification,
        "visit_ids": None if value.visit_ids is None else list(value.visit_ids),
        "days": None if value.days is None else [day.isoformat() for day in value.days],
    }
    return {name: one for name, one in told.items() if one is not None}


def _amended_of(row: Row) -> Amended:
    days, visit_ids, cause = row.get("days"), row.get("visit_ids"), row.get("cause")
    return Amended(
        requested_seconds=row.get("requested_seconds"),
        cause=None if cause is None else ExtensionCause(cause),
        justification=row.get("justification"),
        visit_ids=None if visit_ids is None else tuple(visit_ids),
        days=None if days is None else tuple(date.fromisoformat(day) for day in days),
    )


def completions_of(
    tx: Transaction, care_system_id: str, extension_ids: Collection[str]
) -> dict[str, tuple[Completion, ...]]:
    """The completions of these requests by request, in the order made."""
    if not extension_ids:
        return {}
    rows = extension_completion
    statement = select(rows).where(
        rows.c.care_system_id == care_system_id, among(tx, rows.c.extension_id, extension_ids)
    )
    found: dict[str, tuple[Completion, ...]] = {}
    for row in mappings(tx, statement.order_by(rows.c.at, rows.c.id)):
        made = Completion(
            id=row["id"],
            extension_id=row["extension_id"],
            by=row["by"],
            at=row["at"],
            before=_amended_of(row["before"]),
            after=_amended_of(row["after"]),
        )
        found[made.extension_id] = (*found.get(made.extension_id, ()), made)
    return found
