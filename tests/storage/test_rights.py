"""The role that serves may add and not change, by its rights alone (A5, FAULTS 46)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.storage.database import Database, open_database
from app.storage.migrations import upgrade
from app.storage.rights import grant_rights
from app.storage.tables import metadata
from app.storage.tables.append_only import is_append_only
from tests.postgres import Cluster, Server
from tests.settings import settings_for
from tests.storage.care import settle
from tests.storage.test_append_only import DELETE, TRUNCATE, UPDATE

ROLE = "hemtid_serving"
DENIED = "permission denied|must be owner"


@pytest.fixture
def serving(postgres_server: Server, postgres_url: str) -> Iterator[Database]:
    """A database with some care in it, opened by a role that owns nothing and was given its rights."""
    owner = open_database(settings_for(postgres_url))
    settle(owner)
    with postgres_server.role(ROLE, postgres_url) as url:
        with owner.transaction() as tx:
            grant_rights(tx, ROLE)
        owner.close()
        opened = open_database(settings_for(url))
        yield opened
        opened.close()


def _denied(database: Database, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=DENIED), database.transaction() as tx:
        tx.connection.execute(text(statement))


APPENDED = sorted(filter(is_append_only, metadata.tables))
OTHERS = sorted(set(metadata.tables) - set(APPENDED))


def test_F46_the_role_that_serves_changes_removes_and_empties_nothing_that_is_only_added_to(serving: Database) -> None:
    for table in APPENDED:
        for act in (UPDATE, DELETE, TRUNCATE):
            _denied(serving, act.format(table))


def test_F46_it_empties_no_table_and_takes_no_guard_away(serving: Database) -> None:
    for table in OTHERS:
        _denied(serving, TRUNCATE.format(table))
    _denied(serving, "ALTER TABLE registration DISABLE TRIGGER USER")
    _denied(serving, "DROP TABLE seal")
    _denied(serving, "CREATE TABLE other (id integer)")
    _denied(serving, "UPDATE alembic_version SET version_num = '0000'")


def test_F46_it_reads_every_table_and_is_told_apart_by_the_database(serving: Database) -> None:
    with serving.transaction() as tx:
        assert tx.connection.execute(text("SELECT current_user")).scalar_one() == ROLE
        for table in metadata.tables:
            tx.connection.execute(text(f'SELECT * FROM "{table}" LIMIT 1'))
        rights = "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = :role"
        given = {(row[0], row[1]) for row in tx.connection.execute(text(rights), {"role": ROLE})}
    expected = {(table, right) for table in metadata.tables for right in ("SELECT", "INSERT")}
    expected |= {(table, right) for table in OTHERS for right in ("UPDATE", "DELETE")}
    assert given == expected | {("alembic_version", "SELECT")}


@pytest.fixture(scope="module")
def own_url(postgres_binaries: Path) -> Iterator[str]:
    """A migrated database on a PostgreSQL whose roles are known by name."""
    with Cluster.throwaway(postgres_binaries) as cluster:
        url = cluster.create("rights")
        upgrade(url)
        yield url


@pytest.mark.parametrize(
    ("role", "why"),
    [("nobody_at_all", "there is no role"), ("hemtid", "owns the tables"), ("postgres", "is a superuser")],
)
def test_F46_no_rights_are_given_that_would_bind_nobody(
    own_url: str, make_app: Callable[..., Flask], role: str, why: str
) -> None:
    told = make_app(own_url).test_cli_runner().invoke(args=["grant-rights", "--role", role])
    assert told.exit_code == 1
    assert why in told.output


def test_F46_sqlite_knows_no_roles(make_app: Callable[..., Flask], sqlite_url: str) -> None:
    told = make_app(sqlite_url).test_cli_runner().invoke(args=["grant-rights", "--role", ROLE])
    assert told.exit_code == 1
    assert "SQLite knows no roles" in told.output


def test_F46_the_command_gives_the_rights_and_gives_them_again(
    make_app: Callable[..., Flask], postgres_server: Server, postgres_url: str
) -> None:
    with postgres_server.role(ROLE, postgres_url):
        for _ in range(2):
            told = make_app(postgres_url).test_cli_runner().invoke(args=["grant-rights", "--role", ROLE])
            assert told.exit_code == 0, told.output
