"""What a test process makes once and lends out: apps, to one test at a time, and statements that have been compiled.

Making the product's specification and its templates costs more than most tests do; each test has it on a database of
its own all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.util import LRUCache

from app.actions.running import Running
from app.settings import Settings
from app.storage.database import open_database

STATEMENTS = 1_500
"""How many compiled statements are kept, of both kinds of database."""


class Shelf:
    """The apps that no test uses now, by what of its settings is wired into an app."""

    def __init__(self) -> None:
        self._idle: defaultdict[bool, list[Flask]] = defaultdict(list)

    @contextmanager
    def lent(self, make: Callable[[Settings], Flask], settings: Settings) -> Iterator[Flask]:
        """An app with these settings that nobody else uses until the block ends; its connections are closed then."""
        idle = self._idle[settings.base_url.startswith("https:")]
        if not idle:
            app = make(settings)
            database = app.extensions["hemtid"].database
        else:
            database = open_database(settings)
            app = idle.pop()
            app.extensions["hemtid"] = Running(database=database, settings=settings)
        before = _wiring(app)
        with closing(database):
            yield app
        app.extensions["hemtid"] = before[0]["hemtid"]
        if _wiring(app) == before:  # who changed more than that keeps it for itself
            idle.append(app)


def _wiring(app: Flask) -> tuple[dict[str, Any], ...]:
    """What a test may have changed of the app: its extensions, its configuration and its views."""
    return dict(app.extensions), dict(app.config), dict(app.view_functions)


class Compiled:
    """Statements compiled for any database of a kind serve all others of that kind."""

    def __init__(self, create: Callable[..., Engine]) -> None:
        self._create = create
        self._dialects: dict[str, Dialect] = {}
        self._statements: LRUCache[Any, Any] = LRUCache(STATEMENTS)

    def engine(self, *told: Any, **named: Any) -> Engine:
        """The engine that was asked for, which knows those statements."""
        made = self._create(*told, **named)
        known = self._dialects.get(made.dialect.name)
        if known is None or getattr(known, "server_version_info", None) is None:
            self._dialects[made.dialect.name] = made.dialect
        else:  # it has met a server, and knows what it speaks to
            made.dialect = known
        made.update_execution_options(compiled_cache=self._statements)
        return made
