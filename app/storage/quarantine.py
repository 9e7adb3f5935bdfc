"""What enrolled phones sent and could not be registered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update

from app.rules.visits.quarantine import Quarantined, QuarantineState
from app.storage.database import Transaction
from app.storage.statements import Row, among, insert_into, locking, mappings, write
from app.storage.tables.devices import quarantined_registration as table

_KEY = ("care_system_id", "device_id", "raw_hash")


def keep_quarantined(tx: Transaction, care_system_id: str, several: Sequence[Quarantined]) -> list[str]:
    """Each waits for its coordinator, the same text of a phone once however often it is sent; their ids, in order."""
    rows = [_row(care_system_id, one) for one in several]
    if not rows:
        return []
    once = {(row["device_id"], row["raw_hash"]): row for row in rows}
    write(tx, insert_into(tx, table).on_conflict_do_nothing(index_elements=_KEY), list(once.values()))
    found = select(table.c.id, table.c.device_id, table.c.raw_hash).where(
        table.c.care_system_id == care_system_id, among(tx, table.c.raw_hash, [row["raw_hash"] for row in rows])
    )
    ids = {(row["device_id"], row["raw_hash"]): row["id"] for row in mappings(tx, found)}
    return [str(ids[row["device_id"], row["raw_hash"]]) for row in rows]


def find_quarantined(
    tx: Transaction, care_system_id: str, provider_id: str, quarantined_id: str, *, lock: bool = False
) -> Quarantined | None:
    """The provider's with the id, None where there is none."""
    statement = select(table).where(
        table.c.care_system_id == care_system_id, table.c.provider_id == provider_id, table.c.id == quarantined_id
    )
    found = mappings(tx, locking(tx, statement) if lock else statement)
    return next((_quarantined(row) for row in found), None)


def page_of_quarantined(
    tx: Transaction,
    care_system_id: str,
    provider_id: str,
    *,
    state: QuarantineState | None,
    device_id: str | None,
    after: str | None,
    limit: int,
) -> tuple[Quarantined, ...]:
    """Up to `limit` of the provider's, by id."""
    statement = select(table).where(table.c.care_system_id == care_system_id, table.c.provider_id == provider_id)
    if state is not None:
        statement = statement.where(table.c.state == state)
    if device_id is not None:
        statement = statement.where(table.c.device_id == device_id)
    if after is not None:
        statement = statement.where(table.c.id > after)
    return tuple(_quarantined(row) for row in mappings(tx, statement.order_by(table.c.id).limit(limit)))


def keep_verdict(tx: Transaction, care_system_id: str, one: Quarantined) -> None:
    """What its coordinator said of it is kept; what the phone sent stays as it is."""
    said = {
        "state": one.state,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "reason": one.reason,
        "registration_id": one.registration_id,
    }
    here = (table.c.care_system_id == care_system_id, table.c.id == one.id)
    tx.connection.execute(update(table).where(*here).values(said))


def _row(care_system_id: str, one: Quarantined) -> dict[str, Any]:
    fields = {name: getattr(one, name) for name in Quarantined.__dataclass_fields__}
    return {
        **fields,
        "care_system_id": care_system_id,
        "raw_hash": hashlib.sha256(one.raw.encode()).hexdigest(),
        "problem": dict(one.problem),
        "sent": None if one.sent is None else dict(one.sent),
    }


def _quarantined(row: Row) -> Quarantined:
    fields: dict[str, Any] = {name: row[name] for name in Quarantined.__dataclass_fields__}
    return replace(Quarantined(**fields), state=QuarantineState(row["state"]))
