"""What the two databases say differently, said once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    RowMapping,
    Select,
    Table,
    Text,
    any_,
    cast,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.database import Transaction

Row = Mapping[str, Any] | RowMapping
"""A row by column name."""

Rows = Sequence[Mapping[str, Any]]


def among(tx: Transaction, column: ColumnElement[Any], values: Collection[str]) -> ColumnElement[bool]:
    """True where the column is one of the values, however many; they travel as one parameter."""
    if tx.dialect == "postgresql":
        return column == any_(literal(list(values), ARRAY(Text)))
    listed = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
    return column.in_(select(listed.c.value))


def has_member(tx: Transaction, column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """True where the column's JSON array holds the text."""
    if tx.dialect == "postgresql":
        return cast(column, JSONB).contains([value])
    listed = func.json_each(column).table_valued("value")
    return exists(select(1).select_from(listed).where(listed.c.value == value))


def members(tx: Transaction, column: ColumnElement[Any]) -> FromClause:
    """The elements of each row's JSON array of texts, as the column `value` beside the row."""
    if tx.dialect == "postgresql":
        return func.jsonb_array_elements_text(column).table_valued("value", joins_implicitly=True)
    return func.json_each(column).table_valued("value", joins_implicitly=True)


def insert_rows(tx: Transaction, table: Table, rows: Rows) -> None:
    """The rows are in the table. Raises IntegrityError where a key refuses one."""
    if rows:
        tx.connection.execute(table.insert(), list(rows))


def upsert_rows(tx: Transaction, table: Table, rows: Rows, *, keep: Collection[str] = ()) -> None:
    """The rows are in the table, in place of those with the same primary key; columns in `keep` stay as they were."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    statement = insert_into(tx, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys and name not in keep}
    tx.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))


def insert_new_rows(tx: Transaction, table: Table, rows: Rows) -> None:
    """The rows are in the table; one whose primary key is taken is left out."""
    if rows:
        tx.connection.execute(insert_into(tx, table).on_conflict_do_nothing(), list(rows))


def insert_new_ids(tx: Transaction, table: Table, rows: Rows) -> set[str]:
    """As `insert_new_rows`, and the ids of those that were new."""
    if not rows:
        return set()
    statement = insert_into(tx, table).on_conflict_do_nothing().returning(table.c.id)
    return set(tx.connection.execute(statement, list(rows)).scalars())


def insert_once(tx: Transaction, table: Table, row: Mapping[str, Any], *, key: Collection[str]) -> bool:
    """The row is in the table, and True; False where another has the same key, and nothing has changed.

    Waits for a transaction that is about to write the same key.
    """
    statement = insert_into(tx, table).on_conflict_do_nothing(index_elements=list(key)).returning(*table.primary_key)
    return tx.connection.execute(statement, dict(row)).one_or_none() is not None


def insert_into(tx: Transaction, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can tell what happens on a conflict."""
    return postgresql.insert(table) if tx.dialect == "postgresql" else sqlite.insert(table)


def locking(tx: Transaction, statement: Select[Any]) -> Select[Any]:
    """The rows stay as they are read until the transaction ends; SQLite's one writer needs no lock."""
    return statement.with_for_update() if tx.dialect == "postgresql" else statement


def mappings(tx: Transaction, statement: Select[Any]) -> Sequence[Row]:
    """The rows of the statement, by column name."""
    return tx.connection.execute(statement).mappings().all()
