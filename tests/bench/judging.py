"""What judging a whole month of a municipality costs the running system: its statements and its time, and a bare pass.

The month of `tests.bench.month` lies in a throwaway PostgreSQL cluster, or with `--sqlite` in a file: at `--share 1`
1,704 customers and about 128,000 visits, a twentieth of that unless told. Every customer lives somewhere in the town.
All months that are due are judged in one call, first with nothing stored and then again, when nothing is left to
write; then some at a time, as a sweep does it. Beside it the rules alone pass over the same visits in memory. Prints
statements, seconds and microseconds a visit, and how many times a bare pass each takes.

    .venv/bin/python -m tests.bench.judging --share 1
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from app.actions.deviations.settle import AT_ONCE, settle_due
from app.actions.simulations import with_holidays
from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import judge_visits
from app.rules.deviations.setting import Setting, known_facts, lay_out, visits_of
from app.rules.people import Caregiver, Customer, Position
from app.rules.providers import CareSystem
from app.rules.visits.values import RegistrationKind, Visit
from app.storage.database import Database, open_database
from app.storage.ids import new_id
from app.storage.judgements import Due
from app.storage.migrations import upgrade
from app.storage.providers import CARE_SYSTEM
from app.storage.rates import insert_rate
from app.storage.records import insert, put_many
from app.storage.visits import approve_correction, insert_correction, upsert_visits
from tests.bench.month import LOCK, MONTH, NACKA, a_month
from tests.keeping import BY, MASTERS
from tests.postgres import Cluster, find_binaries
from tests.settings import settings_for
from tests.wire import counting

PATIENCE_SECONDS = 600
"""The product gives a statement four: nobody there judges a whole town at once."""
AT_A_TIME = 1_000
T = TypeVar("T")


def a_town(share: Fraction) -> Facts:
    """The facts of the share of the month, with a home for every customer in a town ten kilometres across, and with
    caregivers who are in one place at a time.

    Without what was asked and explained: that is little, and judged no otherwise.
    """
    facts = rostered(a_month(share))
    homes = tuple(_at_home(number, one) for number, one in enumerate(facts.customers))
    return replace(facts, customers=homes, explanations=(), extensions=(), decisions=())


def rostered(facts: Facts) -> Facts:
    """The facts with each stay given to the first of its provider's caregivers who has been free for ten minutes.

    The month of the bench of the rules lets a caregiver be everywhere: there D11 ties every customer to every other.
    """
    ends = {one.visit_id: one.captured_at for one in facts.registrations if one.visit_id is not None}
    free: dict[str, list[datetime]] = {}
    given: dict[str, str] = {}
    for one in sorted(facts.registrations, key=lambda one: (one.captured_at, one.id)):
        if one.kind is not RegistrationKind.CHECK_IN:
            continue
        provider = one.caregiver_id.partition("-")[0]
        staff = free.setdefault(provider, [])
        number = next((at for at, since in enumerate(staff) if since <= one.captured_at), len(staff))
        until = ends.get(one.id, one.captured_at + timedelta(hours=1)) + timedelta(minutes=10)
        staff[number : number + 1] = [until]
        given[one.id] = f"{provider}-{number}"
    registered = tuple(replace(one, caregiver_id=given[one.visit_id or one.id]) for one in facts.registrations)
    names = sorted(set(given.values()))
    caregivers = tuple(Caregiver(id=one, provider_id=one.partition("-")[0], name=one) for one in names)
    return replace(facts, registrations=registered, caregivers=caregivers)


def _at_home(number: int, customer: Customer) -> Customer:
    lat, lon = 59_250_000 + number * 7_919 % 90_000, 18_050_000 + number * 104_729 % 180_000
    return replace(customer, position=Position(lat_e6=lat, lon_e6=lon))


def fill(database: Database, facts: Facts, visits: Sequence[Visit]) -> str:
    """The id of a care system that holds the month, its visits folded."""
    cs = new_id()
    with database.transaction() as tx:
        insert(tx, CARE_SYSTEM, cs, CareSystem(id=cs, name="A town", municipalities=(NACKA,)), by=BY)
        for rate in facts.rates:
            insert_rate(tx, cs, rate, by=BY)
    for name, master in MASTERS:
        for some in in_turn(database, getattr(facts, name) or ()):
            with database.transaction() as tx:
                put_many(tx, master, cs, some, by=BY)
    for told in in_turn(database, visits):
        with database.transaction() as tx:
            upsert_visits(tx, cs, told)
    with database.transaction() as tx:
        for one in facts.corrections:
            insert_correction(tx, cs, one, by=BY)
            if one.approved_by is not None and one.approved_at is not None:
                at = one.approved_at
                approve_correction(tx, cs, one.id, by=one.approved_by, at=at, recorded_at=at)
    _count_tables(database)
    return cs


def in_turn(database: Database, rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """The rows some at a time, the tables counted each time that they have doubled, as autovacuum would: else every row
    is searched for.
    """
    for turn, first in enumerate(range(0, len(rows), AT_A_TIME), start=1):
        yield rows[first : first + AT_A_TIME]
        if turn & (turn - 1) == 0:
            _count_tables(database)


def _count_tables(database: Database) -> None:
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("ANALYZE")


def dues_of_everybody(facts: Facts) -> list[Due]:
    """Every customer's month with the provider of its order."""
    customer_of = {one.id: one.customer_id for one in facts.grants}
    placed = ((one.provider_id, customer_of[one.grant_id]) for one in facts.orders)
    return [Due(provider_id=provider, customer_id=whom, month=MONTH) for provider, whom in placed]


@contextmanager
def _measured(name: str, database: Database, visits: int, bare: float) -> Iterator[None]:
    with counting(database) as count:
        begun = time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        said = count()
    each = seconds / visits * 1e6
    print(f"{name:<34}{said:>7} statements{seconds:>9.2f} s{each:>7.0f} µs a visit{seconds / bare:>7.1f} bare passes")


def measure(database: Database, facts: Facts, visits: Sequence[Visit], bare: float) -> None:
    """Fills the database and prints what each way of judging takes."""
    begun = time.perf_counter()
    cs = fill(database, facts, visits)
    print(f"filled {database.dialect} in {time.perf_counter() - begun:.1f} s")
    dues = dues_of_everybody(facts)
    for name in ("everybody at once, nothing stored", "everybody at once, all stored"):
        with _measured(name, database, len(visits), bare), database.transaction() as tx:
            settled = settle_due(tx, cs, dues, LOCK)
        print(f"{'':<34}{settled.months:>7} months, {settled.opened} opened, {settled.changed} changed")
    months = 0
    with _measured(f"{AT_ONCE} at a time, all stored", database, len(visits), bare):
        for some in range(0, len(dues), AT_ONCE):
            with database.transaction() as tx:
                months += settle_due(tx, cs, dues[some : some + AT_ONCE], LOCK).months
    print(f"{'':<34}{months:>7} months, those that they weigh on included")


def _bare(setting: Setting, visits: tuple[Visit, ...]) -> float:
    """How many seconds the rules alone take over the visits."""
    begun = time.perf_counter()
    judgement = judge_visits(visits, setting, [MONTH])
    seconds = time.perf_counter() - begun
    each = seconds / len(visits) * 1e6
    print(f"a bare pass over {len(visits):,} visits: {seconds:.2f} s, {each:.0f} µs a visit, ", end="")
    print(f"{len(judgement.deviations):,} deviations; load of the machine {os.getloadavg()[0]:.1f}")
    return seconds


@contextmanager
def _postgresql() -> Iterator[str]:
    binaries = find_binaries()
    assert binaries is not None, "PostgreSQL is missing"
    with Cluster.throwaway(binaries) as cluster:
        yield cluster.create("judging")


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'hemtid.sqlite3'}"


def run(share: Fraction, kind: Callable[[], AbstractContextManager[str]]) -> None:
    """Makes the month, and measures it on a database of the kind."""
    facts = with_holidays(a_town(share), (MONTH,))
    visits = visits_of(lay_out(known_facts(facts, LOCK), LOCK))
    kept = replace(facts, registrations=())
    bare = _bare(lay_out(known_facts(kept, LOCK), LOCK), visits)
    with kind() as url:
        upgrade(url)
        with closing(open_database(settings_for(url, statement_timeout_seconds=PATIENCE_SECONDS))) as database:
            measure(database, kept, visits, bare)


def main() -> None:
    """Measures, and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=Fraction, default=Fraction(1, 20), help="of 1,704 customers (default 1/20)")
    parser.add_argument("--sqlite", action="store_true", help="a SQLite file in place of PostgreSQL")
    asked = parser.parse_args()
    run(asked.share, _sqlite if asked.sqlite else _postgresql)


if __name__ == "__main__":
    main()
