"""Several selects answered at once: one statement on PostgreSQL, one after another on SQLite, where asking is free."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import orjson
import psycopg
from sqlalchemy import Connection, Date, Dialect, Select, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from app.storage.database import Transaction
from app.storage.statements import Row
from app.storage.tables.columns import UtcDateTime, checked_instant

Parts = Mapping[str, Select[Any]]
Rows = dict[str, Sequence[Row]]
_PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A statement, the parameters it always has, and the columns of each part that are days and instants."""

    statement: Statement
    constants: dict[str, Any]
    revivals: dict[str, tuple[list[str], list[str]]]


def ask(tx: Transaction, build: Callable[[str], Parts], parameters: Mapping[str, Any]) -> Rows:
    """The rows of each part, by its name. `build` makes the parts of a dialect; it is called once.

    The parts name their parameters; an instant among these is in UTC and whole seconds.
    """
    if tx.dialect == "postgresql":
        return _at_once(tx, build, parameters)
    parts = _built(build, "sqlite")
    return {name: tx.connection.execute(part, parameters).mappings().all() for name, part in parts.items()}


@cache
def _built(build: Callable[[str], Parts], dialect: str) -> Parts:
    return build(dialect)


def _at_once(tx: Transaction, build: Callable[[str], Parts], parameters: Mapping[str, Any]) -> Rows:
    prepared = _prepared(build)
    given = prepared.constants | {name: _checked(value) for name, value in parameters.items()}
    answered = orjson.loads(run(tx, prepared.statement, given)[0])
    for name, (days, times) in prepared.revivals.items():
        for row in answered[name]:
            _revive(row, days, times)
    found: Rows = answered
    return found


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that a PostgreSQL connection prepares once and then runs by its name.

    The driver would read a text this long anew every time. `text` has its parameters as %(name)s.
    """

    text: str

    @property
    def name(self) -> str:
        """What it is called in every connection."""
        return "hemtid_" + hashlib.sha256(self.text.encode()).hexdigest()[:16]


def run(tx: Transaction, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Any]:
    """The one row that the statement gives. PostgreSQL only."""
    preparation, execution = _texts(statement)
    connection = tx.connection
    with _writing_values_itself(connection):
        if statement.name in connection.info:
            return connection.exec_driver_sql(execution, dict(parameters)).one()
        connection.exec_driver_sql(preparation)
        connection.info[statement.name] = True
        return connection.exec_driver_sql(execution, dict(parameters)).one()


@contextmanager
def _writing_values_itself(connection: Connection) -> Iterator[None]:
    """The driver writes values into the text: EXECUTE takes none apart from it."""
    held: Any = connection.connection.dbapi_connection
    before = held.cursor_factory
    held.cursor_factory = psycopg.ClientCursor
    try:
        yield
    finally:
        held.cursor_factory = before


@cache
def _texts(statement: Statement) -> tuple[str, str]:
    """How the statement is prepared, and how it is run."""
    names: dict[str, int] = {}
    numbered = _PARAMETER.sub(lambda found: f"${names.setdefault(found[1], len(names) + 1)}", statement.text)
    values = ", ".join(f"%({name})s" for name in names)
    return (
        f"PREPARE {statement.name} AS {numbered}",
        f"EXECUTE {statement.name} ({values})",
    )


def _checked(value: Any) -> Any:
    return checked_instant(value) if isinstance(value, datetime) else value


def _revive(row: dict[str, Any], days: Sequence[str], times: Sequence[str]) -> None:
    """JSON tells days and instants as texts."""
    for name in times:
        if row[name] is not None:
            row[name] = datetime.fromisoformat(row[name]).astimezone(UTC)
    for name in days:
        if row[name] is not None:
            row[name] = date.fromisoformat(row[name])


@cache
def _prepared(build: Callable[[str], Parts]) -> _Prepared:
    told: list[Any] = []
    revivals: dict[str, tuple[list[str], list[str]]] = {}
    for name, part in _built(build, "postgresql").items():
        rows = part.subquery(f"part_{name}")
        listed = select(func.json_agg(func.row_to_json(rows.table_valued()))).scalar_subquery()
        told += [literal_column(f"'{name}'"), func.coalesce(listed, literal_column("'[]'::json"))]
        revivals[name] = (_keys(part, Date), _keys(part, UtcDateTime))
    compiled = select(cast(func.json_build_object(*told), Text)).compile(dialect=_dialect())
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return _Prepared(statement=Statement(str(compiled)), constants=constants, revivals=revivals)


def _dialect() -> Dialect:
    dialect: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it so
    return dialect


def _keys(part: Select[Any], kind: type) -> list[str]:
    return [str(column.key) for column in part.selected_columns if isinstance(column.type, kind)]
