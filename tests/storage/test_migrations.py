"""The migrations make the tables that the product is written for, on both databases, up, down and up again."""

from __future__ import annotations

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from app.storage.migrations import downgrade, upgrade
from app.storage.tables import metadata


def tables_in(database_url: str) -> set[str]:
    """The names of the tables, without Alembic's own."""
    engine = create_engine(database_url)
    try:
        return set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


def test_the_migrated_tables_are_those_of_the_product(database_url: str) -> None:
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
    finally:
        engine.dispose()


def test_F54_down_to_nothing_and_up_again_gives_the_same_tables(database_url: str) -> None:
    before = tables_in(database_url)
    assert before == set(metadata.tables)
    downgrade(database_url, "base")
    assert tables_in(database_url) == set()
    upgrade(database_url)
    assert tables_in(database_url) == before


def test_migrating_again_changes_nothing(database_url: str) -> None:
    before = tables_in(database_url)
    upgrade(database_url)
    assert tables_in(database_url) == before


def test_two_migrations_at_once_make_the_tables_once(database_url: str) -> None:
    downgrade(database_url, "base")
    migrate = "import sys; from app.storage.migrations import upgrade; upgrade(sys.argv[1])"
    both = [subprocess.Popen([sys.executable, "-c", migrate, database_url], stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=60)[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert tables_in(database_url) == set(metadata.tables)
