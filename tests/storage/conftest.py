"""A database of each kind, opened as the product opens it, and one with some care in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.storage.database import Database, open_database
from tests.settings import settings_for
from tests.storage.care import settle


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database, this test's own."""
    opened = open_database(settings_for(database_url, pool_size=10))
    yield opened
    opened.close()


@pytest.fixture
def care(database: Database) -> Database:
    """A database with the care system of `tests.storage.care` in it."""
    settle(database)
    return database
