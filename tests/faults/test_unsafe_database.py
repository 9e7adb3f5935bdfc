"""A PostgreSQL that would forget what it has acknowledged is not started on. FAULTS 11."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url

from app.storage.database import DatabaseUnsafe, open_database
from app.storage.migrations import upgrade
from tests.faults.serving import ONE_WORKER, READY_SECONDS, Served
from tests.postgres import Cluster
from tests.settings import settings_for


def administer(url: str, *statements: str) -> None:
    """The server's administrator has done it, each in a transaction of its own."""
    administrator = make_url(url).set(drivername="postgresql", username="postgres")
    with psycopg.connect(administrator.render_as_string(hide_password=False), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def server_wide(url: str, setting: str) -> str:
    """What turns the setting off for all of the server."""
    administer(url, f"ALTER SYSTEM SET {setting} = off", "SELECT pg_reload_conf()", "SELECT pg_sleep(0.3)")
    return f"ALTER SYSTEM RESET {setting}"


def of_the_database(url: str, setting: str) -> str:
    """What turns the setting off for the one database."""
    name = make_url(url).database
    administer(url, f'ALTER DATABASE "{name}" SET {setting} = off')
    return f'ALTER DATABASE "{name}" RESET {setting}'


def of_the_role(url: str, setting: str) -> str:
    """What turns the setting off for the product's role."""
    administer(url, f"ALTER ROLE hemtid SET {setting} = off")
    return f"ALTER ROLE hemtid RESET {setting}"


@contextmanager
def turned_off(url: str, setting: str, turn: Callable[[str, str], str]) -> Iterator[None]:
    """The setting is off until the block ends."""
    back = turn(url, setting)
    try:
        yield
    finally:
        administer(url, back, "SELECT pg_reload_conf()", "SELECT pg_sleep(0.3)")


@pytest.fixture(scope="module")
def own_url(postgres_binaries: Path) -> Iterator[str]:
    """A migrated database on a PostgreSQL that nobody else uses."""
    with Cluster.throwaway(postgres_binaries) as cluster:
        url = cluster.create("hemtid")
        upgrade(url)
        yield url


@pytest.mark.parametrize(
    ("setting", "turn"),
    [
        pytest.param("fsync", server_wide, id="fsync"),
        pytest.param("synchronous_commit", server_wide, id="synchronous_commit of the server"),
        pytest.param("synchronous_commit", of_the_database, id="synchronous_commit of the database"),
        pytest.param("synchronous_commit", of_the_role, id="synchronous_commit of the role"),
    ],
)
def test_F11_a_PostgreSQL_that_forgets_is_refused_wherever_it_was_told_to(
    own_url: str, setting: str, turn: Callable[[str, str], str], make_app: Callable[..., Flask]
) -> None:
    """FAULTS 11. Before and after, with the setting on, the same database is taken: that is the counter-check."""
    with closing(open_database(settings_for(own_url))):
        pass
    with turned_off(own_url, setting, turn), pytest.raises(DatabaseUnsafe, match=setting):
        make_app(own_url)
    with closing(open_database(settings_for(own_url))):
        pass


def test_F11_the_deployed_product_ends_with_an_error_that_names_the_setting(own_url: str, tmp_path: Path) -> None:
    """FAULTS 11: exit ≠ 0, said in the log, and never an answer."""
    product = Served(tmp_path, own_url, **ONE_WORKER)
    try:
        with turned_off(own_url, "synchronous_commit", of_the_role):
            product.launch()
            assert product.running.wait(READY_SECONDS) != 0
            assert "PostgreSQL has synchronous_commit = off" in product.said()
            assert not product.is_ready()
    finally:
        product.stop()
