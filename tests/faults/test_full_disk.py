"""A disk without room: what was acknowledged stays, what was not leaves nothing, and room mends it. FAULTS 12."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.rules.access import Role
from app.storage.database import Database
from app.storage.migrations import upgrade
from tests.faults.register import MUNICIPALITY, Register, filled
from tests.faults.small_disk import Disk, may_mount, small_disk
from tests.postgres import Cluster
from tests.settings import settings_for

ROOM_BYTES = 256 * 1024
READY_SECONDS = 15.0
ATTEMPTS = 2_000
"""Far more than fit into the room."""
DISKS = ["sqlite", "postgresql"] if may_mount() else []
"""Where no disk may be mounted, SQLite's own limit of pages stands for one: the first test below, which always runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """The product, and what it has acknowledged."""

    app: Flask
    register: Register
    acknowledged: list[str]

    @property
    def database(self) -> Database:
        """The product's own."""
        database: Database = self.app.extensions["hemtid"].database
        return database

    def keep(self, number: int) -> TestResponse:
        """The answer to one new customer, told to be the same one by its key."""
        body = {"municipality": MUNICIPALITY, "name": "x" * 200, "external_id": f"{number}-{'x' * 150}"}
        headers = {"Idempotency-Key": f"customer-{number}"}
        answer = self.register.ask(self.app, Role.CASE_OFFICER, "POST", "/customers", json=body, headers=headers)
        if answer.status_code == 201:
            self.acknowledged.append(answer.get_json()["id"])
        return answer

    def fill_up(self) -> int:
        """The number of the first customer for whom there was no room; the refusal was 503 with Retry-After."""
        for number in range(ATTEMPTS):
            answer = self.keep(number)
            if answer.status_code != 201:
                assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
                assert int(answer.headers["Retry-After"]) > 0
                return number
        raise AssertionError("the disk was never full")

    def kept(self, table: str) -> list[str]:
        """The ids of the customers in the table, besides those that the register began with."""
        began = {self.register.customer_id, self.register.protected_id}
        with self.database.transaction(write=False) as tx:
            return sorted(set(tx.connection.execute(text(f"SELECT id FROM {table}")).scalars()) - began)

    def is_ready_again(self) -> None:
        """The product says that it is ready, within 15 seconds. Source: FAULTS 10."""
        limit = time.monotonic() + READY_SECONDS
        while self.app.test_client().get("/readyz").status_code != 200:
            assert time.monotonic() < limit

    def holds_exactly_what_it_said(self) -> None:
        """Every acknowledged customer is there whole, and nothing of any other."""
        assert self.kept("customer") == self.kept("customer_version") == sorted(self.acknowledged)
        with self.database.transaction(write=False) as tx:
            answers = tx.connection.execute(text("SELECT count(*) FROM idempotency")).scalar_one()
        assert answers == len(self.acknowledged)


def drill(make_app: Callable[..., Flask], url: str, **settings: int) -> Drill:
    """A register in the database, and nothing acknowledged yet."""
    return Drill(register=filled(settings_for(url)), app=make_app(url, **settings), acknowledged=[])


def goes_on(drilled: Drill, refused: int) -> None:
    """What was refused is taken when it comes again, once, and so is the next."""
    again, repeated = drilled.keep(refused), drilled.keep(refused)
    assert (again.status_code, repeated.status_code) == (201, 201)
    assert again.get_json() == repeated.get_json()
    drilled.acknowledged.pop()
    assert drilled.keep(ATTEMPTS).status_code == 201
    drilled.holds_exactly_what_it_said()


def limit_pages(database: Database, more: int) -> None:
    """The database file may grow by so many pages; of a pool of one connection, which keeps the limit."""
    with database.transaction(write=False) as tx:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + more}")


def test_F12_where_the_file_may_not_grow_it_says_so_and_keeps_nothing_by_halves(
    sqlite_url: str, make_app: Callable[..., Flask]
) -> None:
    """FAULTS 12. The counter-check: with room the same request is kept, so the want of room is what refused it."""
    drilled = drill(make_app, sqlite_url, pool_size=1)
    limit_pages(drilled.database, 16)
    refused = drilled.fill_up()
    assert refused > 0
    drilled.holds_exactly_what_it_said()
    assert drilled.app.test_client().get("/readyz").status_code == 200
    limit_pages(drilled.database, 1_000)
    goes_on(drilled, refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A migrated database on a small disk; `fail` and `come_back` are a power failure and its end."""

    url: str
    disk: Disk
    fail: Callable[[], None] = lambda: None
    come_back: Callable[[], None] = lambda: None


@contextmanager
def sqlite_on_disk(request: pytest.FixtureRequest) -> Iterator[Placed]:
    """A database file and its log on the disk."""
    with small_disk(16) as disk:
        file = shutil.copy(request.getfixturevalue("sqlite_template"), disk.folder / "hemtid.sqlite3")
        yield Placed(url=f"sqlite:///{file}", disk=disk)


@contextmanager
def postgres_on_disk(request: pytest.FixtureRequest) -> Iterator[Placed]:
    """A PostgreSQL with all that it writes on the disk."""
    with small_disk(160) as disk, tempfile.TemporaryDirectory() as programs:
        cluster = Cluster(request.getfixturevalue("postgres_binaries"), disk.folder, Path(programs))
        cluster.initialise()
        cluster.start()
        try:
            url = cluster.create("hemtid")
            upgrade(url)
            yield Placed(url=url, disk=disk, fail=cluster.kill, come_back=cluster.start)
        finally:
            cluster.kill()


PLACES = {"sqlite": sqlite_on_disk, "postgresql": postgres_on_disk}


@pytest.mark.parametrize("kind", DISKS)
def test_F12_on_a_full_disk_it_says_so_and_loses_nothing_that_it_acknowledged(
    kind: str, request: pytest.FixtureRequest, make_app: Callable[..., Flask]
) -> None:
    """FAULTS 12, on a disk of a few megabytes; PostgreSQL also loses its power while it is full."""
    with PLACES[kind](request) as placed:
        drilled = drill(make_app, placed.url)
        placed.disk.fill(ROOM_BYTES)
        refused = drilled.fill_up()
        assert refused > 0
        drilled.holds_exactly_what_it_said()
        placed.fail()
        placed.disk.empty()
        placed.come_back()
        drilled.is_ready_again()
        drilled.holds_exactly_what_it_said()
        goes_on(drilled, refused)
        drilled.database.close()
