"""The database and its one transaction: nothing else in the product commits or rolls back."""

from __future__ import annotations

import sqlite3
import threading
import time
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

_WRITE = "hemtid_write"
_PATIENCE_MS = "hemtid_patience_ms"


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

    def __init__(self, engine: Engine, patience_seconds: int) -> None:
        self._engine = engine
        self._patience_seconds = patience_seconds
        self._within = threading.local()
        self._turn = threading.Lock()

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
        with (
            self._entered(),
            self._queued(write) as options,
            _unavailable_told(),
            self._engine.connect() as connection,
            connection.execution_options(**options).begin(),
        ):
            yield Transaction(connection)

    @contextmanager
    def each_alone(self) -> Iterator[Transaction]:
        """Every prepared statement within is a transaction of its own, committed when it returns; on SQLite one.

        For what needs one round trip and no more. Raises as `transaction`.
        """
        if self.dialect != "postgresql":
            with self.transaction() as transaction:
                yield transaction
            return
        with self._entered(), _unavailable_told(), self._engine.connect() as connection:
            yield Transaction(connection)
            connection.commit()  # of any statement that was not prepared

    @contextmanager
    def _entered(self) -> Iterator[None]:
        if getattr(self._within, "open", False):
            raise NestedTransaction("a transaction is already open in this thread")
        self._within.open = True
        try:
            yield
        finally:
            self._within.open = False

    @contextmanager
    def _queued(self, write: bool) -> Iterator[dict[str, Any]]:
        """How the transaction is to begin. Writers of SQLite wait here for their turn: its own waiting is unfair, and
        one of many threads could lose every time. What they waited is taken off their patience with other processes.
        """
        if self.dialect == "postgresql":
            yield {} if write else {"postgresql_readonly": True}
        elif not write:
            yield {_WRITE: False, _PATIENCE_MS: self._patience_seconds * 1_000}
        else:
            began = time.monotonic()
            if not self._turn.acquire(timeout=self._patience_seconds):
                raise Unavailable("other writers keep the database busy")
            try:
                left = began + self._patience_seconds - time.monotonic()
                yield {_WRITE: True, _PATIENCE_MS: max(0, int(left * 1_000))}
            finally:
                self._turn.release()

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
        pool_use_lifo=True,  # the connection used last has its statements prepared and planned
        connect_args=_connect_arguments(url.get_backend_name(), settings),
        json_serializer=json_text,
        json_deserializer=document_of,
        hide_parameters=True,  # a statement's fault goes to the log, where no person's data may stand (FAULTS 49)
    )
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        _refuse_unsafe(engine)
    return Database(engine, settings.statement_timeout_seconds)


def json_text(document: object) -> str:
    """The document as compact JSON."""
    return orjson.dumps(document).decode()


def document_of(text: str | bytes | int) -> object:
    """The document that the JSON holds; SQLite gives a bare whole number back as one."""
    return text if isinstance(text, int) else orjson.loads(text)


def _connect_arguments(backend: str, settings: Settings) -> dict[str, Any]:
    if backend == "sqlite":
        return {"timeout": settings.statement_timeout_seconds}
    limit = settings.statement_timeout_seconds * 1000
    options = (
        f"-c statement_timeout={limit} -c lock_timeout={limit} -c timezone=UTC -c plan_cache_mode=force_generic_plan"
    )
    return {
        "options": options,
        "connect_timeout": max(2, settings.pool_timeout_seconds),
        "application_name": "hemtid",
        # The driver prepares nothing of its own: after a ROLLBACK it would deallocate ours too (storage/prepared).
        "prepare_threshold": None,
    }


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    """Python's driver would begin by itself, late and deferred; `_begin_sqlite` does it instead."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Without it REPLACE removes rows past the triggers that refuse to have them removed.
    connection.execute("PRAGMA recursive_triggers = ON")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once, so that none has to upgrade and fail. Source: FAULTS, Mechanisms (SQLite)."""
    options = connection.get_execution_options()
    write = options.get(_WRITE, True)
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {options.get(_PATIENCE_MS, 0)}")
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
