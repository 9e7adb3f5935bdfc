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
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection, Date, Dialect, Select, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Texts:
    """What a statement is called in every connection, its text for the server, and its parameters in their order."""

    name: str
    numbered: str
    parameters: tuple[str, ...]

    @property
    def execution(self) -> str:
        """How it is run by a statement."""
        return f"EXECUTE {self.name} ({', '.join(f'%({name})s' for name in self.parameters)})"


def run(tx: Transaction, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Any]:
    """The one row that the statement gives; numbers may be text, as the server tells them. PostgreSQL only.

    Where no transaction has begun it is one of its own.
    """
    texts = _texts(statement)
    if tx.connection.in_transaction():
        return _run_within(tx.connection, texts, dict(parameters))
    return _run_alone(tx.connection, texts, parameters)


def _run_within(connection: Connection, texts: _Texts, parameters: dict[str, Any]) -> Sequence[Any]:
    with _writing_values_itself(connection):
        if texts.name not in connection.info:
            connection.exec_driver_sql(f"PREPARE {texts.name} AS {texts.numbered}")
            connection.info[texts.name] = True
        return connection.exec_driver_sql(texts.execution, parameters).one()


def _run_alone(connection: Connection, texts: _Texts, parameters: Mapping[str, Any]) -> Sequence[Any]:
    """By the driver's own library, which says the name and the values and nothing else: no text is read by anybody.

    A check-in spends most of its time between us and the database, so here alone SQLAlchemy is passed by.
    """
    held: Any = connection.connection.dbapi_connection
    wire: PGconn = held.pgconn
    name = texts.name.encode()
    if texts.name not in connection.info:
        _check(connection, wire.prepare(name, texts.numbered.encode()))
        connection.info[texts.name] = True
    given = [parameters[key] for key in texts.parameters]
    values: list[Any] = [one.encode() if isinstance(one, str) else _written(one) for one in given]
    found = wire.exec_prepared(name, values)
    _check(connection, found)
    return [found.get_value(0, column) for column in range(found.nfields)]


def _written(value: Any) -> bytes | None:
    if value is None:
        return None
    return (value.isoformat() if isinstance(value, datetime) else str(value)).encode()


def _check(connection: Connection, found: PGresult) -> None:
    """Returns where the server did as it was told; raises as SQLAlchemy does."""
    if found.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return
    fault = error_from_result(found)
    if fault.sqlstate is None or isinstance(fault, psycopg.OperationalError):
        # Where the server is gone SQLAlchemy finds out by this, and forgets what else it holds of it.
        connection.exec_driver_sql("SELECT")
    raise DBAPIError.instance(None, None, fault, psycopg.Error, hide_parameters=True) from fault


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
def _texts(statement: Statement) -> _Texts:
    numbers: dict[str, int] = {}
    numbered = _PARAMETER.sub(lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", statement.text)
    name = "hemtid_" + hashlib.sha256(statement.text.encode()).hexdigest()[:16]
    return _Texts(name=name, numbered=numbered, parameters=tuple(numbers))


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
