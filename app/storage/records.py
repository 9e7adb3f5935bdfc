"""The one engine for master data with versions: current rows to look up, and every version for the rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Table, false, select, update

from app.rules.access import Scope
from app.rules.recorded import Recorded
from app.storage.database import Transaction
from app.storage.statements import Row, among, insert_rows, locking, mappings, upsert_rows
from app.storage.tables.versioned import Versioned

V = TypeVar("V", bound=Recorded)
Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom a query is for. `today` is the Stockholm day that a caregiver's own customers are those of."""

    tx: Transaction
    care_system_id: str
    scope: Scope
    today: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Master(Generic[V]):
    """One kind of master data: its tables, how a row becomes a value and back, and which rows a scope reaches."""

    tables: Versioned
    of: Callable[[Row], V]
    row: Callable[[V], dict[str, Any]]
    within: Callable[[Reach], list[ColumnElement[bool]]]

    @property
    def current(self) -> Table:
        """The table of the rows that hold now."""
        return self.tables.current


def recorded_of(row: Row) -> dict[str, Any]:
    """The fields that every recorded value begins with."""
    return {
        "id": row["id"],
        "external_id": row["external_id"],
        "recorded_at": row["recorded_at"],
        "version": row["version"],
    }


def reached(
    tx: Transaction, master: Master[V], care_system_id: str, scope: Scope | None, today: date | None
) -> list[ColumnElement[bool]]:
    """The conditions that keep a query within the care system and the scope."""
    conditions: list[ColumnElement[bool]] = [master.current.c.care_system_id == care_system_id]
    if scope is None:
        return conditions
    if scope.care_system_id not in (None, care_system_id):
        return [false()]
    return conditions + master.within(Reach(tx=tx, care_system_id=care_system_id, scope=scope, today=today))


def insert(tx: Transaction, master: Master[V], care_system_id: str, value: V, *, by: str) -> None:
    """The value is kept as the first version. Raises IntegrityError for a taken id or an unknown reference."""
    row = _row(master, care_system_id, value, by)
    insert_rows(tx, master.current, [row])
    insert_rows(tx, master.tables.versions, [row])


def replace_version(
    tx: Transaction, master: Master[V], care_system_id: str, value: V, *, expected_version: int, by: str
) -> V | None:
    """The value is kept as the version after the expected one, and given back with its number.

    None where the stored version is another, or nothing is there. Source: ARCHITECTURE, What is stored.
    """
    table = master.current
    value = replace(value, version=expected_version + 1)
    row = _row(master, care_system_id, value, by)
    changed = (
        update(table)
        .where(table.c.care_system_id == care_system_id, table.c.id == value.id, table.c.version == expected_version)
        .values({name: content for name, content in row.items() if name not in ("care_system_id", "id")})
    )
    if tx.connection.execute(changed).rowcount != 1:
        return None
    insert_rows(tx, master.tables.versions, [row])
    return value


def put_many(
    tx: Transaction, master: Master[V], care_system_id: str, values: Collection[V], *, by: str
) -> dict[str, V]:
    """Each value is the newest version of its id, and given back so; one that changes nothing makes no version.

    Several statements in all, however many values. Ids are not repeated among them.
    """
    held = get_many(tx, master, care_system_id, [value.id for value in values], lock=True)
    newest = {value.id: _next_version(held.get(value.id), value) for value in values}
    rows = [_row(master, care_system_id, value, by) for key, value in newest.items() if value is not held.get(key)]
    upsert_rows(tx, master.current, rows)
    insert_rows(tx, master.tables.versions, rows)
    return newest


def _next_version(held: V | None, value: V) -> V:
    if held is None:
        return replace(value, version=1)
    if replace(value, version=held.version, recorded_at=held.recorded_at) == held:
        return held
    return replace(value, version=held.version + 1)


def _row(master: Master[V], care_system_id: str, value: V, by: str) -> dict[str, Any]:
    return {
        "care_system_id": care_system_id,
        "id": value.id,
        "version": value.version,
        "external_id": value.external_id,
        "recorded_at": value.recorded_at,
        "recorded_by": by,
        **master.row(value),
    }


def get(
    tx: Transaction,
    master: Master[V],
    care_system_id: str,
    record_id: str,
    *,
    scope: Scope | None = None,
    today: date | None = None,
) -> V | None:
    """The value as it stands, None where there is none within the scope."""
    conditions = [*reached(tx, master, care_system_id, scope, today), master.current.c.id == record_id]
    return _one(tx, master, conditions)


def _one(tx: Transaction, master: Master[V], conditions: Conditions) -> V | None:
    row = tx.connection.execute(select(master.current).where(*conditions)).mappings().one_or_none()
    return None if row is None else master.of(row)


def get_many(
    tx: Transaction, master: Master[V], care_system_id: str, ids: Collection[str], *, lock: bool = False
) -> dict[str, V]:
    """The values with these ids, as they stand; with `lock` they stay so until the transaction ends."""
    if not ids:
        return {}
    table = master.current
    statement = select(table).where(table.c.care_system_id == care_system_id, among(tx, table.c.id, ids))
    rows = mappings(tx, locking(tx, statement.order_by(table.c.id)) if lock else statement)
    return {row["id"]: master.of(row) for row in rows}


def page(
    tx: Transaction,
    master: Master[V],
    care_system_id: str,
    *,
    scope: Scope | None = None,
    today: date | None = None,
    filters: Mapping[str, object] | None = None,
    conditions: Conditions = (),
    after: str | None = None,
    limit: int = 50,
) -> tuple[V, ...]:
    """Up to `limit` values within the scope, by id, from the one after `after` on.

    `filters` tells of columns which value they have; a filter that is None filters nothing.
    """
    table = master.current
    equal = [table.c[name] == value for name, value in (filters or {}).items() if value is not None]
    statement = select(table).where(*reached(tx, master, care_system_id, scope, today), *equal, *conditions)
    return tuple(master.of(row) for row in mappings(tx, cut(statement, table, after, limit)))


def cut(statement: Select[Any], table: Table, after: str | None, limit: int) -> Select[Any]:
    """The statement's rows by id, from the one after `after` on, at most `limit` of them."""
    rest = statement if after is None else statement.where(table.c.id > after)
    return rest.order_by(table.c.id).limit(limit)


def versions(
    tx: Transaction,
    master: Master[V],
    care_system_id: str,
    ids: Collection[str] | None = None,
    *,
    conditions: Conditions = (),
) -> tuple[V, ...]:
    """Every version there has been, of these ids or of all, in the order of (id, version)."""
    table = master.tables.versions
    statement = select(table).where(table.c.care_system_id == care_system_id, *conditions)
    if ids is not None:
        statement = statement.where(among(tx, table.c.id, ids))
    return tuple(master.of(row) for row in mappings(tx, statement.order_by(table.c.id, table.c.version)))
