"""What a month of a whole care system costs from the last registration to the last line: judged, and issued.

The month of `tests.bench.judging` lies in a throwaway PostgreSQL with its registrations, attested and locked for every
provider: at `--share 1` 1,704 customers, 54 providers and about 128,000 visits, a twentieth of that unless told. Then
everything that is marked is judged, some at a time as a sweep does it, and every month is issued as `flask close-month`
does it, with the product's own limits. The floor beside it is what nobody can do without: the same SELECTs asked again
of the same rows by the same driver, every row fetched and nothing done with it. Beside that, stricter, one plain pass
that fetches every row of the month once; and PostgreSQL's own sum of the seconds.

Where others use the machine too the clock on the wall says little: work is how long this process was busy, and those of
the server.

    .venv/bin/python -m tests.bench.closing --share 1
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import psycopg
from sqlalchemy import event

from app.actions.deviations.settle import AT_ONCE, Settled, settle_due
from app.actions.deviations.time_brings import LOOKED, mark_what_time_brings
from app.actions.reimbursement.issue import Whose, locked_facts
from app.actions.reimbursement.runs import close
from app.actions.simulations import with_holidays
from app.actions.sun import keys_of
from app.actions.visits.refresh import close_overdue
from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import judge_before
from app.rules.deviations.seconds import Fate
from app.rules.deviations.setting import known_facts, lay_out, resolve_all, visits_of
from app.rules.reimbursement.months import Month, MonthState
from app.rules.tags import TagKeys, token_for
from app.rules.visits.values import Visit
from app.settings import Settings
from app.storage.counters import lock_counter, move_counter
from app.storage.database import Database, open_database
from app.storage.judgements import mark_due, take_due
from app.storage.migrations import upgrade
from app.storage.reimbursement import save_month
from app.storage.visits import New, save_registrations
from tests.bench.judging import PATIENCE_SECONDS, a_town, dues_of_everybody, fill, in_turn
from tests.bench.month import LOCK, MONTH, NACKA
from tests.bench.work import Taken, Watch
from tests.keeping import BY
from tests.postgres import Cluster, find_binaries
from tests.settings import settings_for

CLOSING = LOCK + timedelta(hours=1)
FLOORS = 3
"""So often the floor is measured; the median counts."""
_SELF = re.compile(r"\s*(INSERT|UPDATE|DELETE)|.*pg_advisory", re.DOTALL)
"""What writes, and what only locks, is no fetching."""
TABLES = ("registration", "visit", "planned_visit_version", "care_order_version", "care_grant_version", "rate")
"""Of the tables that a month is made of those with rows worth counting."""
SUM = """SELECT sum(extract(epoch FROM ends_at - starts_at))::bigint FROM visit
WHERE care_system_id = %s AND state = 'complete' AND NOT extra_service"""


@dataclass(slots=True)
class Said:
    """What was asked of the database, in order: statement, parameters and how many rows came."""

    selects: list[tuple[str, Any, int]] = field(default_factory=list)
    prepared: dict[str, str] = field(default_factory=dict)
    slowest: float = 0.0

    @property
    def rows(self) -> int:
        """Rows that came; what several selects tell at once is one."""
        return sum(rows for _, _, rows in self.selects)


@contextmanager
def recorded(database: Database) -> Iterator[Said]:
    """Gives everything that is fetched meanwhile."""
    engine: Any = database._engine
    said, begun = Said(), [0.0]

    def begin(*_: Any) -> None:
        begun[0] = time.perf_counter()

    def note(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.slowest = max(said.slowest, time.perf_counter() - begun[0])
        if statement.startswith("PREPARE"):
            said.prepared[statement.split()[1]] = statement
        elif cursor.description is not None and not _SELF.match(statement):
            said.selects.append((statement, parameters, cursor.rowcount))

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", begin)
        event.remove(engine, "after_cursor_execute", note)


def asked_again(database: Database, said: Said) -> int:
    """How many rows come where the same is asked again; nothing is done with them."""
    engine: Any = database._engine
    fetched = 0
    with closing(engine.raw_connection()) as connection:
        held = connection.dbapi_connection
        for statement in said.prepared.values():
            held.execute(statement)
        plain, written = held.cursor(), psycopg.ClientCursor(held)
        for statement, parameters, _ in said.selects:
            cursor = written if statement.startswith("EXECUTE") else plain
            fetched += len(cursor.execute(statement, parameters).fetchall())
        held.rollback()
        held.execute("DEALLOCATE ALL")
        held.rollback()
    return fetched


def signed(facts: Facts, keys: TagKeys) -> Facts:
    """The facts with the texts that tags of this installation carry."""
    texts = {one.id: token_for(one.id, keys) for one in facts.tags}
    read = tuple(
        replace(one, place=replace(one.place, text=texts.get(one.place.text or ""))) for one in facts.registrations
    )
    return replace(facts, registrations=read, tag_keys=keys)


def filled(database: Database, facts: Facts, visits: Sequence[Visit]) -> str:
    """The id of a care system that holds the month: registered, marked to be judged, attested and locked.

    What only time brings was looked for at the lock.
    """
    cs = fill(database, replace(facts, registrations=()), visits)
    for some in in_turn(database, resolve_all(facts)):
        with database.transaction() as tx:
            save_registrations(tx, cs, [New(resolved=one, content_hash="0" * 64, by=BY) for one in some])
    with database.transaction() as tx:
        mark_due(tx, cs, dues_of_everybody(facts), at=LOCK)
        for provider in facts.providers:
            locked = Month(
                municipality=NACKA,
                provider_id=provider.id,
                month=MONTH,
                state=MonthState.LOCKED,
                attested_by=BY,
                attested_at=LOCK,
                locked_at=LOCK,
            )
            save_month(tx, cs, locked, expected_version=0)
        lock_counter(tx, cs, LOOKED)
        move_counter(tx, cs, LOOKED, int(LOCK.timestamp()))
    return cs


def judge_all(database: Database, care_system_id: str) -> Settled:
    """Everything that is marked, or that only time brings, is judged as a sweep judges it."""
    with database.transaction() as tx:
        mark_what_time_brings(tx, care_system_id, CLOSING)
    close_overdue(database, care_system_id, CLOSING)
    settled = Settled()
    while True:
        with database.transaction() as tx:
            dues = [one.due for one in take_due(tx, care_system_id=care_system_id, limit=AT_ONCE)]
            if not dues:
                return settled
            settled += settle_due(tx, care_system_id, dues, CLOSING)


def check(database: Database, settings: Settings, care_system_id: str, facts: Facts) -> None:
    """Prints that what was issued and what was not paid are all the seconds there are; fails where they are not."""
    engine: Any = database._engine
    with closing(engine.raw_connection()) as connection:
        begun = time.perf_counter()
        (seconds,) = connection.dbapi_connection.execute(SUM, (care_system_id,)).fetchone()
        print(f"{'PostgreSQL sums the seconds in':<34}{time.perf_counter() - begun:>9.3f} s")
        asked = "SELECT coalesce(sum(seconds), 0)::bigint FROM reimbursement_line WHERE care_system_id = %s"
        (issued,) = connection.dbapi_connection.execute(asked, (care_system_id,)).fetchone()
    unpaid = 0
    for provider in facts.providers:
        whose = Whose(care_system_id=care_system_id, municipality=NACKA, provider_id=provider.id, month=MONTH)
        with database.transaction(write=False) as tx:
            known = locked_facts(tx, settings, whose, (MONTH,), LOCK)
        stretches = judge_before(known, LOCK, (MONTH,)).account.stretches
        theirs = (one for one in stretches if one.visit.provider_id == provider.id)
        unpaid += sum(one.seconds for one in theirs if one.fate is not Fate.PAID)
    print(f"{seconds:,} seconds performed = {issued:,} issued + {unpaid:,} not paid")
    assert seconds == issued + unpaid, "seconds were lost or made"


def one_pass(database: Database, care_system_id: str) -> int:
    """How many rows come where every row of what a month is made of is fetched once; nothing is done with them."""
    engine: Any = database._engine
    with closing(engine.raw_connection()) as connection:
        ask = connection.dbapi_connection.execute
        asked = (f"SELECT * FROM {name} WHERE care_system_id = %s" for name in TABLES)
        return sum(len(ask(one, (care_system_id,)).fetchall()) for one in asked)


def _middle(several: list[Taken]) -> Taken:
    return sorted(several, key=lambda one: one.busy)[len(several) // 2]


def _line(name: str, taken: Taken, visits: int, floor: Taken | None = None) -> None:
    print(f"{name:<28}{taken.wall:>8.2f} s{taken.busy / visits * 1e6:>7.0f} µs of work a visit", end="")
    print(f" ({taken.own:>7.2f} s here, {taken.server:>7.2f} s in the server)", end="")
    print("" if floor is None else f"{taken.wall / floor.wall:>7.2f} floors, {taken.busy / floor.busy:.2f} by work")


def measure(cluster: Cluster, share: Fraction, profile: str | None) -> None:
    """Fills the database, judges and issues, asks again, and prints what each takes."""
    url = cluster.create("closing")
    facts = signed(with_holidays(a_town(share), (MONTH,)), keys_of(settings_for(url)))
    visits = visits_of(lay_out(known_facts(facts, LOCK), LOCK))
    upgrade(url)
    with closing(open_database(settings_for(url, statement_timeout_seconds=PATIENCE_SECONDS))) as database:
        begun = time.perf_counter()
        cs, settings = filled(database, facts, visits), settings_for(url)
    print(f"{len(facts.customers):,} customers, {len(facts.providers)} providers, {len(visits):,} visits, ", end="")
    print(f"filled in {time.perf_counter() - begun:.0f} s; load of the machine {os.getloadavg()[0]:.1f}")
    before = settings_for(cluster.create("before", template="closing"))
    profilers = [cProfile.Profile() if name == profile else None for name in ("judge", "issue")]
    with closing(open_database(settings)) as database, closing(open_database(before)) as pristine:
        watch = Watch(database)
        with recorded(database) as judging:
            judged = watch.timed(lambda: print(judge_all(database, cs)), profilers[0])
        with recorded(database) as issuing:
            issued = watch.timed(lambda: print(close(database, settings, cs, MONTH, CLOSING)), profilers[1])
        floors = [
            (watch.timed(lambda: asked_again(pristine, judging)), watch.timed(lambda: asked_again(database, issuing)))
            for _ in range(FLOORS)
        ]
        plain = [watch.timed(lambda: one_pass(database, cs)) for _ in range(FLOORS)]
        _tell(len(visits), (judged, issued), floors, (judging, issuing))
        _line("every row once", _middle(plain), len(visits))
        check(database, settings, cs, facts)
    for profiler in filter(None, profilers):
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


def _tell(visits: int, took: tuple[Taken, Taken], floors: list[tuple[Taken, Taken]], said: tuple[Said, Said]) -> None:
    for at, name in enumerate(("judged", "issued")):
        floor, of = _middle([one[at] for one in floors]), said[at]
        _line(name, took[at], visits, floor)
        print(f"{'':<4}{len(of.selects)} selects, {of.rows:,} rows; the slowest statement {of.slowest:.2f} s")
        _line("    its floor", floor, visits)
    floor = _middle([first + second for first, second in floors])
    _line("judged and issued", took[0] + took[1], visits, floor)
    _line(f"    the floor, of {len(floors)}", floor, visits)


def main() -> None:
    """Measures, and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=Fraction, default=Fraction(1, 20), help="of 1,704 customers (default 1/20)")
    parser.add_argument("--profile", choices=("judge", "issue"), help="where the time of one of the two goes")
    asked = parser.parse_args()
    binaries = find_binaries()
    assert binaries is not None, "PostgreSQL is missing"
    with Cluster.throwaway(binaries) as cluster:
        measure(cluster, asked.share, asked.profile)


if __name__ == "__main__":
    main()
