"""Gapless numbers: each is given out under a lock that lasts until what took it is committed."""

from __future__ import annotations

from sqlalchemy import select

from app.storage.database import Transaction
from app.storage.statements import insert_new_rows, locking
from app.storage.tables.reimbursement import counter


def lock_counter(tx: Transaction, care_system_id: str, name: str) -> int:
    """The last number given out, 0 before the first; nobody else gets one until the transaction ends."""
    insert_new_rows(tx, counter, [{"care_system_id": care_system_id, "name": name, "last": 0}])
    statement = select(counter.c.last).where(counter.c.care_system_id == care_system_id, counter.c.name == name)
    last: int = tx.connection.execute(locking(tx, statement)).scalar_one()
    return last


def move_counter(tx: Transaction, care_system_id: str, name: str, last: int) -> None:
    """The number is the last one given out of the counter, which is locked."""
    row = counter.update().where(counter.c.care_system_id == care_system_id, counter.c.name == name)
    tx.connection.execute(row.values(last=last))
