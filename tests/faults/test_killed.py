"""What was acknowledged survives whoever is killed: the product under load, or its database. FAULTS 9, 10."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text

from app.storage.database import open_database
from app.storage.migrations import upgrade
from tests.counts import count
from tests.faults.register import Register, filled
from tests.faults.serving import ONE_WORKER, Served, served
from tests.faults.taps import Shift, working
from tests.postgres import Cluster
from tests.settings import settings_for

CAREGIVERS = 8
BETWEEN_KILLS = 24
"""Taps that are acknowledged before somebody is killed, and again after the last time."""
READY_SECONDS = 15.0
SEED = 9
CLOCK = {"HEMTID_DEMO_CLOCK": "true"}
ONE = ONE_WORKER | CLOCK


@pytest.fixture
def cluster(postgres_binaries: Path) -> Iterator[Cluster]:
    """A PostgreSQL of the drill's own."""
    with Cluster.throwaway(postgres_binaries) as started:
        yield started


def migrated(cluster: Cluster) -> str:
    """The URL of an empty migrated database on it."""
    url = cluster.create("hemtid")
    upgrade(url)
    return url


def rows(url: str, statement: str) -> list[Any]:
    """What the statement finds, on a connection that is none of the product's pool."""
    with closing(open_database(settings_for(url))) as database, database.transaction(write=False) as tx:
        return list(tx.connection.execute(text(statement)).all())


def stored(url: str) -> list[str]:
    """The ids of the registrations that are kept."""
    return [row.id for row in rows(url, "SELECT id FROM registration")]


def administrator(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection of the server's administrator, each statement a transaction of its own."""
    address = make_url(url).set(drivername="postgresql", username="postgres").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


def nothing_is_lost_or_doubled(url: str, shift: Shift) -> None:
    """Every tap is kept once, has made what it makes, and was told of once, in order; and nothing else is there."""
    assert shift.refused == []
    assert shift.told == shift.sent
    assert Counter(stored(url)) == Counter(shift.sent)
    begun = {one for phone in shift.phones for one in phone.sent[::2]}
    visits = rows(url, "SELECT id, state FROM visit")
    assert Counter((row.id, row.state) for row in visits) == Counter((one, "complete") for one in begun)
    numbers = [number for number, _, _ in shift.follower.told]
    assert numbers == list(range(1, len(numbers) + 1))
    recorded = [one for _, kind, one in shift.follower.told if kind == "registration.recorded"]
    assert Counter(recorded) == Counter(shift.sent)
    assert rows(url, "SELECT * FROM open_visit WHERE visit_id IS NOT NULL") == []


def kill_under_load(product: Served, url: str, register: Register) -> None:
    """The product is killed and started again while phones tap; then all that they were told is there."""
    dice = random.Random(SEED)
    with working(product, register) as shift:
        for _ in range(count(20)):
            shift.wait_for(BETWEEN_KILLS)
            time.sleep(dice.random() / 20)
            product.kill()
            product.start()
        shift.wait_for(BETWEEN_KILLS)
    nothing_is_lost_or_doubled(url, shift)


def test_F9_what_was_acknowledged_survives_a_killed_product(database_url: str, tmp_path: Path) -> None:
    """FAULTS 9: arbiter and workers by SIGKILL, 20 times under the load of eight phones that resend."""
    register = filled(settings_for(database_url), CAREGIVERS)
    with served(tmp_path, database_url, **CLOCK) as product:
        kill_under_load(product, database_url, register)


def test_F9_a_product_that_answers_before_it_commits_is_found(sqlite_url: str, tmp_path: Path) -> None:
    """The counter-check of FAULTS 9: the same load and one kill lose what a hasty product had acknowledged."""
    register = filled(settings_for(sqlite_url), CAREGIVERS)
    with served(tmp_path, sqlite_url, "tests.faults.hasty:app", **ONE) as product:
        with working(product, register) as shift:
            shift.wait_for(BETWEEN_KILLS)
            told = shift.told
            product.kill()
            shift.lost.set()
        assert told - set(stored(sqlite_url))


def test_F10_what_was_acknowledged_survives_a_killed_PostgreSQL(cluster: Cluster, tmp_path: Path) -> None:
    """FAULTS 10: every process of it by SIGKILL, 10 times under load; the product is ready again within 15 seconds."""
    url = migrated(cluster)
    register = filled(settings_for(url), CAREGIVERS)
    with served(tmp_path, url, **CLOCK) as product:
        with working(product, register) as shift:
            for _ in range(count(10)):
                shift.wait_for(BETWEEN_KILLS)
                cluster.sigkill()
                assert not product.is_ready()
                cluster.start()
                product.wait_until_ready(READY_SECONDS)
            shift.wait_for(BETWEEN_KILLS)
        nothing_is_lost_or_doubled(url, shift)


def test_F10_a_PostgreSQL_that_does_not_wait_for_its_disk_is_found(cluster: Cluster, tmp_path: Path) -> None:
    """The counter-check of FAULTS 10, and why FAULTS 11: told to forget only after the product has looked, it does."""
    url = migrated(cluster)
    register = filled(settings_for(url), CAREGIVERS)
    with served(tmp_path, url, **ONE) as product:
        with administrator(url) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_commit = off")
            connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
            connection.execute("SELECT pg_reload_conf()")
        with working(product, register) as shift:
            shift.wait_for(BETWEEN_KILLS)
            told = shift.told
            cluster.sigkill()
            shift.lost.set()
    cluster.start()
    with administrator(url) as connection:
        assert told - {row[0] for row in connection.execute("SELECT id FROM registration")}
