"""The database and its one transaction: nothing else in the product commits or rolls back."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from app.settings import Settings

SQLITE_BUSY_MS = 5_000
"""How long a writer waits for another on SQLite. Source: FAULTS 14."""

_WRITE = "hemtid_write"


class Unavailable(Exception):
    """The database cannot be asked just now: locked, full, gone, or all connections in use. Nothing was changed."""


class DatabaseUnsafe(Exception):
    """The database would lose what it has acknowledged; the product refuses to start on it. Source: FAULTS 11."""


class NestedTransaction(RuntimeError):
    """A transaction was opened within another of the same thread."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """What named queries run in; it ends with the `with` that opened it."""

    connection: Connection

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name


class Database:
    """An engine and its one way in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._within = threading.local()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def transaction(self, write: bool = True) -> Iterator[Transaction]:
        """Everything done within is committed together when the block ends, or nothing is when it raises.

        Where `write` is false the database refuses to change anything. Raises `Unavailable` where it cannot be asked,
        and `NestedTransaction` within another one of this thread.
        """
        if getattr(self._within, "open", False):
            raise NestedTransaction("a transaction is already open in this thread")
        self._within.open = True
        try:
            with _unavailable_told(), self._engine.connect() as connection:
                options: dict[str, Any] = {_WRITE: write}
                if self.dialect == "postgresql" and not write:
                    options["postgresql_readonly"] = True
                with connection.execution_options(**options).begin():
                    yield Transaction(connection)
        finally:
            self._within.open = False

    def close(self) -> None:
        """No connection is left open."""
        self._engine.dispose()


@contextmanager
def _unavailable_told() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as fault:
        raise Unavailable("all database connections are in use") from fault
    except (OperationalError, InterfaceError) as fault:
        if not _passes(fault):
            raise
        raise Unavailable(f"the database does not answer: {type(fault.orig).__name__}") from fault


def _passes(fault: DBAPIError) -> bool:
    """True for a fault of the moment. SQLite calls a wrong statement operational too, by the code SQLITE_ERROR."""
    code = getattr(fault.orig, "sqlite_errorcode", None)
    return code is None or bool(code & 0xFF != sqlite3.SQLITE_ERROR)


def open_database(settings: Settings) -> Database:
    """The database of the settings, checked to keep what it acknowledges.

    Raises `DatabaseUnsafe` where PostgreSQL does not flush its commits, and `Unavailable` where it does not answer.
    """
    url = make_url(settings.database_url)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        connect_args=_connect_arguments(url.get_backend_name(), settings),
        json_serializer=json_text,
        json_deserializer=document_of,
    )
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        _refuse_unsafe(engine)
    return Database(engine)


def json_text(document: object) -> str:
    """The document as compact JSON."""
    return orjson.dumps(document).decode()


def document_of(text: str | bytes | int) -> object:
    """The document that the JSON holds; SQLite gives a bare whole number back as one."""
    return text if isinstance(text, int) else orjson.loads(text)


def _connect_arguments(backend: str, settings: Settings) -> dict[str, Any]:
    if backend == "sqlite":
        return {"timeout": SQLITE_BUSY_MS / 1000}
    limit = settings.statement_timeout_seconds * 1000
    options = f"-c statement_timeout={limit} -c lock_timeout={limit} -c timezone=UTC"
    return {"options": options, "connect_timeout": max(2, settings.pool_timeout_seconds), "application_name": "hemtid"}


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    """Python's driver would begin by itself, late and deferred; `_begin_sqlite` does it instead."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once, so that none has to upgrade and fail. Source: FAULTS, Mechanisms (SQLite)."""
    write = connection.get_execution_options().get(_WRITE, True)
    connection.exec_driver_sql(f"PRAGMA query_only = {0 if write else 1}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _refuse_unsafe(engine: Engine) -> None:
    """Raises `DatabaseUnsafe` unless commits are flushed before they are answered; leaves no connection for a fork."""
    try:
        with _unavailable_told(), engine.connect() as connection:
            for setting in ("fsync", "synchronous_commit"):
                if connection.exec_driver_sql(f"SHOW {setting}").scalar_one() == "off":
                    raise DatabaseUnsafe(f"PostgreSQL has {setting} = off: acknowledged rows may be lost (FAULTS 11)")
    finally:
        engine.dispose()
