"""The one transaction: what commits, what does not, and what happens when the database cannot."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DatabaseError, OperationalError

from app.storage.counters import lock_counter, move_counter
from app.storage.database import Database, DatabaseUnsafe, NestedTransaction, Unavailable, open_database
from app.storage.ids import new_id
from app.storage.people import CUSTOMER
from app.storage.records import get, insert
from app.storage.statements import insert_rows
from app.storage.tables.reimbursement import counter
from tests.counts import count
from tests.settings import settings_for
from tests.storage.care import ANNA, BY, CS
from tests.together import at_once


def test_what_raises_leaves_nothing_behind(care: Database) -> None:
    def fail() -> None:
        with care.transaction() as tx:
            insert_rows(tx, counter, [{"care_system_id": CS, "name": "x", "last": 1}])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with care.transaction(write=False) as tx:
        assert tx.connection.execute(select(counter)).all() == []


def test_a_transaction_within_another_is_a_mistake_and_the_next_one_works(care: Database) -> None:
    with pytest.raises(NestedTransaction), care.transaction(), care.transaction():
        pass
    with care.transaction(write=False) as tx:
        assert get(tx, CUSTOMER, CS, "anna") == ANNA


def test_a_transaction_that_only_reads_can_change_nothing(care: Database) -> None:
    with pytest.raises((Unavailable, DatabaseError)), care.transaction(write=False) as tx:
        insert_rows(tx, counter, [{"care_system_id": CS, "name": "x", "last": 1}])
    with care.transaction() as tx:
        assert tx.connection.execute(select(counter)).all() == []
        insert_rows(tx, counter, [{"care_system_id": CS, "name": "x", "last": 1}])


def test_a_wrong_statement_is_a_mistake_of_ours_and_not_an_absent_database(sqlite_url: str) -> None:
    database = open_database(settings_for(sqlite_url))
    with pytest.raises(OperationalError, match="no such table"), database.transaction() as tx:
        tx.connection.execute(text("SELECT * FROM nowhere"))
    database.close()


def test_F13_a_full_pool_answers_soon_and_recovers(database_url: str) -> None:
    database = open_database(settings_for(database_url, pool_size=1, pool_timeout_seconds=1))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with database.transaction(write=False):
            held.set()
            done.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    began = time.monotonic()
    with pytest.raises(Unavailable), database.transaction(write=False):
        pass
    assert time.monotonic() - began < 2
    done.set()
    holder.join()
    with database.transaction(write=False) as tx:
        assert tx.connection.execute(select(1)).scalar_one() == 1
    database.close()


def test_F14_a_held_lock_is_not_waited_for_for_ever(postgres_url: str) -> None:
    database = open_database(settings_for(postgres_url, statement_timeout_seconds=1))
    with psycopg.connect(_plain(postgres_url)) as other:
        other.execute("LOCK TABLE counter")
        began = time.monotonic()
        with pytest.raises(Unavailable), database.transaction() as tx:
            lock_counter(tx, CS, "x")
        assert time.monotonic() - began < 5
    database.close()


def test_F11_postgresql_that_would_lose_commits_is_refused(postgres_url: str) -> None:
    with psycopg.connect(_plain(postgres_url), autocommit=True) as connection:
        name = make_url(postgres_url).database
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    with pytest.raises(DatabaseUnsafe, match="synchronous_commit"):
        open_database(settings_for(postgres_url))


def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        open_database(settings_for(f"postgresql+psycopg://nobody@/none?host={tmp_path}"))


def test_sqlite_is_opened_durable_with_foreign_keys(sqlite_url: str) -> None:
    database = open_database(settings_for(sqlite_url))
    with database.transaction(write=False) as tx:
        told = {name: tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in PRAGMAS}
    database.close()
    busy_ms = settings_for(sqlite_url).statement_timeout_seconds * 1_000
    assert told == {**PRAGMAS, "busy_timeout": busy_ms}


PRAGMAS: dict[str, Any] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "busy_timeout": None,
}


def test_F12_a_full_disk_is_unavailable_and_leaves_no_partial_rows(sqlite_url: str) -> None:
    database = open_database(settings_for(sqlite_url))
    rows = [{"care_system_id": CS, "name": f"{number:030}", "last": 1} for number in range(10_000)]
    with database.transaction() as tx:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable), database.transaction() as tx:
        insert_rows(tx, counter, rows)
    with database.transaction(write=False) as tx:
        assert tx.connection.execute(select(counter)).all() == []
    database.close()


def test_eight_writers_at_once_lose_nothing_and_none_fails(database: Database) -> None:
    rounds = count(250)

    def write() -> None:
        for _ in range(rounds):
            with database.transaction() as tx:
                move_counter(tx, CS, "lines", lock_counter(tx, CS, "lines") + 1)

    assert at_once(*[write] * 8) == [None] * 8
    with database.transaction(write=False) as tx:
        assert tx.connection.execute(select(counter.c.last)).scalar_one() == 8 * rounds


def test_ids_are_in_the_order_they_were_made_and_never_the_same() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert all(len(one) == 36 and one[14] == "7" and one[19] in "89ab" for one in made)


def test_ids_of_several_threads_are_never_the_same() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend([new_id() for _ in range(2_000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8_000


def test_a_row_of_a_reader_is_as_it_was_committed(care: Database) -> None:
    with care.transaction() as tx:
        insert(tx, CUSTOMER, CS, ANNA.__class__(id="disa", municipality="2029"), by=BY)
    with care.transaction(write=False) as tx:
        found = get(tx, CUSTOMER, CS, "disa")
    assert found is not None
    assert found.municipality == "2029"


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
