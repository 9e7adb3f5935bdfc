"""Tags: rows and values, and who reaches which."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, select

from app.rules.access import Scope
from app.rules.sun import SunMacInput, SunMode, SunParameters, SunSetup
from app.rules.tags import Tag, TagKind, TagState
from app.storage.database import Transaction
from app.storage.people import of_customers_within
from app.storage.records import Master, Reach, reached, recorded_of, versions
from app.storage.statements import Row, among, mappings
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
        sun=_sun_of(row["sun"]),
    )


def _sun_of(told: dict[str, Any] | None) -> SunSetup | None:
    if told is None:
        return None
    return SunSetup(
        mode=SunMode(told["mode"]),
        mac_input=SunMacInput(told["mac_input"]),
        parameters=SunParameters(**told["parameters"]),
        keys=told["keys"],
    )


def _sun_document(sun: SunSetup | None) -> dict[str, Any] | None:
    if sun is None:
        return None
    return {"mode": sun.mode, "mac_input": sun.mac_input, "parameters": asdict(sun.parameters), "keys": sun.keys}


def tag_row(value: Tag) -> dict[str, Any]:
    """The row's own columns."""
    return {
        "customer_id": value.customer_id,
        "kind": value.kind,
        "uid": value.uid,
        "state": value.state,
        "valid_from": value.valid_from,
        "valid_before": value.valid_before,
        "sun": _sun_document(value.sun),
    }


def _tag_within(reach: Reach) -> list[ColumnElement[bool]]:
    return of_customers_within(reach, tables.tag.current.c.customer_id)


TAG = Master(tables=tables.tag, of=tag_of, row=tag_row, within=_tag_within)


def tag_history(reach: Reach, tag_id: str) -> tuple[tuple[Tag, str], ...]:
    """The versions of the tag at customers whom the scope reaches, the oldest first, and who recorded each."""
    table = TAG.tables.versions
    theirs = select(table).where(
        table.c.care_system_id == reach.care_system_id,
        table.c.id == tag_id,
        *of_customers_within(reach, table.c.customer_id),
    )
    return tuple((tag_of(row), row["recorded_by"]) for row in mappings(reach.tx, theirs.order_by(table.c.version)))


def sun_tags(tx: Transaction, care_system_id: str, limit: int) -> tuple[Tag, ...]:
    """Every version of the first cryptographic tags by id whose keys are kept, at most `limit` tags."""
    table = TAG.current
    first = (
        select(table.c.id)
        .where(table.c.care_system_id == care_system_id, table.c.kind == TagKind.NFC_SUN)
        .order_by(table.c.id)
        .limit(limit)
    )
    return versions(tx, TAG, care_system_id, conditions=[TAG.tables.versions.c.id.in_(first)])


def tags_to_print(
    reach: Reach, within: Scope, *, customer_id: str | None, ids: Collection[str] | None
) -> tuple[Tag, ...]:
    """The QR tags that the scope reaches, and this other one too, by id; of one customer, or with these ids, where that
    is asked.
    """
    table = TAG.current
    conditions = [
        *reached(reach.tx, TAG, reach.care_system_id, reach.scope, reach.today),
        *_tag_within(replace(reach, scope=within)),
        table.c.kind == TagKind.QR,
    ]
    if customer_id is not None:
        conditions.append(table.c.customer_id == customer_id)
    if ids is not None:
        conditions.append(among(reach.tx, table.c.id, ids))
    return tuple(tag_of(row) for row in mappings(reach.tx, select(table).where(*conditions).order_by(table.c.id)))
