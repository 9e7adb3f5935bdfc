"""Tags: rows and values, and who reaches which."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from app.rules.tags import Tag, TagKind, TagState
from app.storage.people import of_customers_within
from app.storage.records import Master, Reach, recorded_of
from app.storage.statements import Row
from app.storage.tables import tags as tables


def tag_of(row: Row) -> Tag:
    """The value of a row."""
    return Tag(
        **recorded_of(row),
        customer_id=row["customer_id"],
        kind=TagKind(row["kind"]),
        uid=row["uid"],
        state=TagState(row["state"]),
        valid_from=row["valid_from"],
        valid_before=row["valid_before"],
    )


def tag_row(value: Tag) -> dict[str, Any]:
    """The row's own columns."""
    return {
        "customer_id": value.customer_id,
        "kind": value.kind,
        "uid": value.uid,
        "state": value.state,
        "valid_from": value.valid_from,
        "valid_before": value.valid_before,
    }


def _tag_within(reach: Reach) -> list[ColumnElement[bool]]:
    return of_customers_within(reach, tables.tag.current.c.customer_id)


TAG = Master(tables=tables.tag, of=tag_of, row=tag_row, within=_tag_within)
