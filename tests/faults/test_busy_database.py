"""A database that is there and cannot answer: every connection in use, or what is asked for locked. FAULTS 13, 14."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url, text
from werkzeug.test import TestResponse

from app.rules.access import Role
from app.storage.database import Database, Unavailable
from tests.faults.register import MUNICIPALITY, Register, filled
from tests.settings import settings_for

QUICK_SECONDS = 2.0
RECOVERED_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 5.0
HANG_SECONDS = 30
"""How long what stands in the way would stay there: far longer than the product may wait."""

Asked = Callable[[], TestResponse]


def customers(app: Flask, register: Register) -> Asked:
    """Asks for the list of customers."""
    return lambda: register.ask(app, Role.CASE_OFFICER, "GET", "/customers")


def new_customer(app: Flask, register: Register) -> Asked:
    """Asks that a customer be kept."""
    body = {"municipality": MUNICIPALITY, "name": "Testperson Två"}
    return lambda: register.ask(app, Role.CASE_OFFICER, "POST", "/customers", json=body)


def timed(asked: Asked) -> tuple[TestResponse, float]:
    """The answer, and how many seconds it took."""
    begun = time.monotonic()
    answer = asked()
    return answer, time.monotonic() - begun


def refuses(asked: Asked, within_seconds: float) -> None:
    """The answer is 503 in our shape, says when to come back, and came in time."""
    answer, seconds = timed(asked)
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.get_json()["type"].endswith("/problems/unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert seconds <= within_seconds


@contextmanager
def held(database: Database, connections: int) -> Iterator[None]:
    """So many connections of the pool are in use until the block ends."""
    begun, over = threading.Barrier(connections + 1), threading.Event()

    def hold() -> None:
        with database.transaction(write=False):
            begun.wait(10)
            over.wait(HANG_SECONDS)

    with ThreadPoolExecutor(connections) as holders:
        done = [holders.submit(hold) for _ in range(connections)]
        begun.wait(10)
        try:
            yield
        finally:
            over.set()
        for one in done:
            one.result(10)


def outside(postgres_url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection that is none of the product's."""
    return psycopg.connect(make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False))


def customers_in(database: Database) -> int:
    """How many customers are kept."""
    with database.transaction(write=False) as tx:
        return int(tx.connection.execute(text("SELECT count(*) FROM customer")).scalar_one())


def test_F13_with_every_connection_in_use_it_says_so_within_two_seconds_and_recovers(
    database_url: str, make_app: Callable[..., Flask]
) -> None:
    """FAULTS 13, with the settings as they are delivered but for a pool of two. The last question is the counter-check:
    the same one is answered as soon as a single connection is free."""
    app = make_app(database_url, pool_size=2)
    register = filled(settings_for(database_url))
    database: Database = app.extensions["hemtid"].database
    ask, client = customers(app, register), app.test_client()
    assert ask().status_code == 200
    with held(database, 2), ThreadPoolExecutor(5) as crowd:
        for one in [crowd.submit(refuses, ask, QUICK_SECONDS) for _ in range(5)]:
            one.result()
        refuses(lambda: client.get("/readyz"), QUICK_SECONDS)
        assert client.get("/healthz").status_code == 200
    answer, seconds = timed(ask)
    assert answer.status_code == 200
    assert seconds <= RECOVERED_SECONDS
    with held(database, 1):
        assert ask().status_code == 200


def test_F13_where_PostgreSQL_takes_no_more_connections_it_says_so_within_two_seconds_and_recovers(
    postgres_url: str, make_app: Callable[..., Flask]
) -> None:
    """FAULTS 13: the limit is the server's, and somebody else holds what it allows."""
    register = filled(settings_for(postgres_url))
    app = make_app(postgres_url)
    name = make_url(postgres_url).database
    ask = customers(app, register)
    with closing(outside(postgres_url)) as other:
        other.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 1')
        other.commit()
        refuses(ask, QUICK_SECONDS)
    begun = time.monotonic()
    while ask().status_code == 503:
        assert time.monotonic() - begun <= RECOVERED_SECONDS
    assert ask().status_code == 200


@contextmanager
def locked(database_url: str, statements: str) -> Iterator[None]:
    """Somebody else's transaction holds what the statements lock until the block ends."""
    with ExitStack() as ending:
        if database_url.startswith("sqlite"):
            other = ending.enter_context(closing(sqlite3.connect(str(make_url(database_url).database))))
            other.execute("BEGIN IMMEDIATE")
        else:
            ending.enter_context(closing(outside(database_url))).execute(statements)
        yield


def test_F14_behind_a_held_lock_it_gives_up_within_five_seconds_and_keeps_nothing(
    database_url: str, make_app: Callable[..., Flask]
) -> None:
    """FAULTS 14. Reading is not held up by a writer's lock; writing is, and says so."""
    app = make_app(database_url)
    register = filled(settings_for(database_url))
    database: Database = app.extensions["hemtid"].database
    write, before = new_customer(app, register), customers_in(database)
    with locked(database_url, "LOCK TABLE customer IN EXCLUSIVE MODE"), ThreadPoolExecutor(3) as crowd:
        waiting = [crowd.submit(refuses, write, LONGEST_WAIT_SECONDS) for _ in range(3)]
        assert app.test_client().get("/readyz").status_code == 200
        for one in waiting:
            one.result()
        assert customers_in(database) == before
    answer, seconds = timed(write)
    assert (answer.status_code, customers_in(database)) == (201, before + 1)
    assert seconds <= RECOVERED_SECONDS


def test_F14_a_reader_too_gives_up_within_five_seconds_where_a_whole_table_is_locked(
    postgres_url: str, make_app: Callable[..., Flask]
) -> None:
    """FAULTS 14: the kind of lock that a migration takes, on what every request reads first."""
    app = make_app(postgres_url)
    register = filled(settings_for(postgres_url))
    ask = customers(app, register)
    with locked(postgres_url, "LOCK TABLE user_account IN ACCESS EXCLUSIVE MODE"):
        refuses(ask, LONGEST_WAIT_SECONDS)
    assert ask().status_code == 200


def test_F14_a_statement_that_hangs_is_ended_within_five_seconds(
    postgres_url: str, make_app: Callable[..., Flask]
) -> None:
    """FAULTS 14. The counter-check: with the limit lifted in its transaction, the same statement runs on past it."""
    database: Database = make_app(postgres_url, statement_timeout_seconds=1).extensions["hemtid"].database
    begun = time.monotonic()
    with pytest.raises(Unavailable), database.transaction(write=False) as tx:
        tx.connection.execute(text(f"SELECT pg_sleep({HANG_SECONDS})"))
    assert time.monotonic() - begun <= LONGEST_WAIT_SECONDS
    with database.transaction(write=False) as tx:
        tx.connection.execute(text("SET LOCAL statement_timeout = 0"))
        tx.connection.execute(text("SELECT pg_sleep(1.5)"))
