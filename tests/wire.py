"""How often a database is asked: PostgreSQL by what goes over the wire, SQLite by its cursors' calls."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from app.storage.database import Database


@contextmanager
def counting(database: Database) -> Iterator[Callable[[], int]]:
    """Gives how many statements there have been since, beginning and committing among them where they are any."""
    engine: Any = database._engine
    with _on_the_wire(engine) if database.dialect == "postgresql" else _at_the_cursor(engine) as count:
        yield count


@contextmanager
def _at_the_cursor(engine: Engine) -> Iterator[Callable[[], int]]:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield lambda: len(said)
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def _on_the_wire(engine: Engine) -> Iterator[Callable[[], int]]:
    """Read from libpq's own trace: what a driver sends row by row is as many statements, whatever it calls them."""
    traced: dict[int, Any] = {}
    with tempfile.NamedTemporaryFile() as trace:

        def follow(held: Any, *_: Any) -> None:
            if id(held) not in traced:
                traced[id(held)] = held
                held.pgconn.trace(trace.fileno())

        event.listen(engine, "checkout", follow)
        try:
            yield lambda: sum(map(_is_statement, Path(trace.name).read_bytes().splitlines()))
        finally:
            event.remove(engine, "checkout", follow)
            for held in traced.values():
                held.pgconn.untrace()


def _is_statement(line: bytes) -> bool:
    return line.split(b"\t")[1:4:2] in ([b"F", b"Query"], [b"F", b"Execute"])
