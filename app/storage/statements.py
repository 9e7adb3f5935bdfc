"""What the two databases say differently, said once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnClause,
    ColumnElement,
    CursorResult,
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
    literal_column,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.database import Transaction
from app.storage.tables.columns import Exact, UtcDateTime, checked_instant, instant_text

Row = Mapping[str, Any] | RowMapping
"""A row by column name."""

Rows = Sequence[Mapping[str, Any]]

Writing = postgresql.Insert | sqlite.Insert | Any
"""An insert, with what it does on a conflict and what it gives back."""


def among(tx: Transaction, column: ColumnElement[Any], values: Collection[str]) -> ColumnElement[bool]:
    """True where the column is one of the values, however many; they travel as one parameter."""
    if tx.dialect == "postgresql":
        return column == any_(literal(list(values), ARRAY(Text)))
    listed = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
    return column.in_(select(listed.c.value))


def among_many(tx: Transaction, column: ColumnElement[Any], values: Collection[str]) -> ColumnElement[bool]:
    """The same by a join, for where many values meet many rows: an array is searched from end to end for each row."""
    if tx.dialect == "postgresql":
        return column.in_(select(func.unnest(literal(list(values), ARRAY(Text))).column_valued("told")))
    return among(tx, column, values)


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
        write(tx, insert_into(tx, table), rows)


def upsert_rows(tx: Transaction, table: Table, rows: Rows, *, keep: Collection[str] = ()) -> None:
    """The rows are in the table, in place of those with the same primary key; columns in `keep` stay as they were."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    statement = insert_into(tx, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys and name not in keep}
    write(tx, statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def insert_new_rows(tx: Transaction, table: Table, rows: Rows) -> None:
    """The rows are in the table; one whose primary key is taken is left out."""
    if rows:
        write(tx, insert_into(tx, table).on_conflict_do_nothing(), rows)


def insert_new_ids(tx: Transaction, table: Table, rows: Rows) -> set[str]:
    """As `insert_new_rows`, and the ids of those that were new."""
    if not rows:
        return set()
    statement = insert_into(tx, table).on_conflict_do_nothing().returning(table.c.id)
    return set(write(tx, statement, rows).scalars())


def write(tx: Transaction, statement: Writing, rows: Rows) -> CursorResult[Any]:
    """What the insert gives for all the rows, entered in their order; they have the same columns.

    On PostgreSQL several are one statement and travel as one parameter, so that none of them may conflict with another
    where the insert updates. SQLite is asked once for each, without a way to go.
    """
    if tx.dialect != "postgresql" or len(rows) == 1:
        return tx.connection.execute(statement, list(rows))
    table, names = statement.table, list(rows[0])
    shape: ColumnElement[Any] = literal_column(f"NULL::{table.name}")
    entered = func.json_populate_recordset(shape, _json(_documents(table, rows)))
    told = entered.table_valued(*names, with_ordinality="ordinality", name="told")
    chosen = select(*(told.c[name] for name in names)).order_by(told.c.ordinality)
    return tx.connection.execute(statement.from_select(names, chosen, include_defaults=False))


def told_rows(tx: Transaction, name: str, columns: Sequence[ColumnClause[Any]], rows: Sequence[Sequence[Any]]) -> Any:
    """Rows to join with, however many; they travel as one parameter. Instants are texts there."""
    told = [
        {
            one.name: instant_text(checked_instant(value)) if isinstance(value, datetime) else value
            for one, value in zip(columns, row, strict=True)
        }
        for row in rows
    ]
    if tx.dialect == "postgresql":
        given = func.json_to_recordset(_json(told)).table_valued(*columns)
        return given.render_derived(name=name, with_types=True)
    listed = func.json_each(orjson.dumps(told).decode()).table_valued("value")
    fields = (
        type_coerce(func.json_extract(listed.c.value, f"$.{one.name}"), one.type).label(one.name) for one in columns
    )
    return select(*fields).cte(name)


def each_looked_up(tx: Transaction, told: FromClause, rows: Select[Any]) -> Select[Any]:
    """The rows that belong to any of those told, on whose columns their conditions rest; once for each that they do.

    PostgreSQL looks them up for each told row by an index; OFFSET 0 keeps it from holding every row against every told
    one, which looks cheap where the tables were as good as empty when it last counted them.
    """
    if tx.dialect != "postgresql":
        return rows
    found = rows.correlate(told).offset(literal_column("0")).lateral()
    return select(found).select_from(told.join(found, true()))


def _json(told: Sequence[Mapping[str, Any]]) -> ColumnElement[Any]:
    return cast(literal(orjson.dumps(told).decode(), Text), JSON)


def _documents(table: Any, rows: Rows) -> list[dict[str, Any]]:
    """The rows as JSON tells them to the table's own types; what is NULL is left out."""
    bound = {column.name: _BOUND[type(column.type)] for column in table.c if type(column.type) in _BOUND}
    return [
        {name: bound[name](value) if name in bound else value for name, value in row.items() if value is not None}
        for row in rows
    ]


_BOUND: Mapping[type, Callable[[Any], Any]] = {UtcDateTime: checked_instant, Exact: lambda value: format(value, "f")}
"""What is checked or written otherwise than JSON would."""


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
    """The rows of the statement, by column name: as dictionaries, which a value is read from quickest."""
    found = tx.connection.execute(statement)
    names = tuple(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found.all()]
