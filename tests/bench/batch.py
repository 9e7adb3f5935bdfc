"""What an event of a batch costs on PostgreSQL: what is written of it, COPY of the same registrations, the whole POST.

One throwaway cluster whose commits are durable. A batch is one caregiver's visits of some weeks, or a visit each of
many caregivers, from one phone. Each round posts a new batch, and then writes what came of it again under new ids:
everything that a batch writes but deviations, the registrations alone, and these by COPY; the last three take turns,
in a second database of the same street, so that no batch finds what others wrote twice. All have the same tables, with
their keys, indexes and triggers, and each way is a transaction of its own that is committed. Batches lie a day apart,
and the server counts its tables before each, as autovacuum does where a system is in use.
Prints the medians of microseconds an event with their least and greatest, the statements of a POST, and the load of
the machine. Two minutes where nobody else keeps it busy.

    .venv/bin/python -m tests.bench.batch
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb
from sqlalchemy import select

from app.actions.visits.tell import dues_of
from app.factory import create_app
from app.rules.plans import PlannedVisit
from app.rules.providers import Service
from app.rules.visits.values import Resolved, Visit
from app.storage import events
from app.storage.database import Database, Transaction, open_database
from app.storage.events import Event
from app.storage.ids import new_id
from app.storage.judgements import mark_due
from app.storage.migrations import upgrade
from app.storage.plans import PLANNED_VISIT
from app.storage.records import put_many
from app.storage.statements import mappings
from app.storage.tables.events import event_pending
from app.storage.tables.visits import registration
from app.storage.visits import New, Open, get_visits, registrations_by_id, save_registrations, upsert_visits
from app.storage.visits.rows import resolved_row
from app.storage.visits.timelines import keep_open, touch_doors
from tests.bench.checkin import EARLY, Body, Street, keep_street
from tests.postgres import Cluster, find_binaries
from tests.settings import settings_for
from tests.wire import counting

HASH = "0" * 64
MANY, ONE = "many caregivers", "one caregiver"
Times = dict[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a batch has written, to be written again."""

    care_system_id: str
    registrations: tuple[Resolved, ...]
    visits: tuple[Visit, ...]
    told: tuple[Event, ...]
    now: datetime


@dataclass(slots=True, kw_only=True)
class Phone:
    """Where batches come from: a street, and the hour of the next visit there, one after another backwards.

    `beside` is a second database of the same street, where what came of a batch is written again, in nobody's way.
    """

    client: FlaskClient
    database: Database
    beside: Database
    street: Street
    hour: datetime
    number: int = 0

    def batch(self, size: int, whose: str) -> Body:
        """A batch of check-ins and check-outs that nobody has seen yet, each visit planned."""
        visits, doors = size // 2, len(self.street.check_ins)
        boot, told, plans = new_id(), [], []
        step = timedelta(hours=1) if whose == ONE else timedelta(seconds=1)
        self.hour -= step * visits + timedelta(days=1)
        self.number += 1
        for place in range(visits):
            door = (place + self.number) % doors
            who = self.street.check_ins[self.number % doors if whose == ONE else door]["caregiver_id"]
            at = self.hour + step * place
            plan = _plan(self.street.known[door], who, at)
            plans.append(plan)
            told += [
                {**_sent(who, at, boot, 2 * place), "kind": "check_in", "planned_visit_id": plan.id,
                 "service": "personal_care", "place": self.street.check_ins[door]["place"]},
                {**_sent(who, plan.ends_at, boot, 2 * place + 1), "kind": "check_out",
                 "place": self.street.check_ins[door]["place"]},
            ]  # fmt: skip
        for database in (self.database, self.beside):
            with database.transaction() as tx:
                put_many(tx, PLANNED_VISIT, self.street.care_system_id, plans, by="bench")
                tx.connection.exec_driver_sql("ANALYZE")
        return {"items": told, "sent": {"elapsed_ms": _elapsed(datetime.now(UTC)), "boot_id": boot}}

    def post(self, batch: Body) -> float:
        """How many seconds the batch took, every row of it kept."""
        headers = {"Authorization": f"Bearer {self.street.token}"}
        begun = time.perf_counter()
        answer = self.client.post("/api/v1/registrations/batch", json=batch, headers=headers)
        elapsed = time.perf_counter() - begun
        assert answer.status_code == 200, answer.text
        assert {one["status"] for one in answer.get_json()["results"]} == {201}, answer.text
        return elapsed

    def written(self, batch: Body) -> Written:
        """What the batch has written."""
        cs, ids = self.street.care_system_id, {one["id"] for one in batch["items"]}
        with self.database.transaction(write=False) as tx:
            visits = get_visits(tx, cs, ids)
            pending = mappings(tx, select(event_pending).where(event_pending.c.resource_id.in_(ids)))
            names = [name for name in Event.__dataclass_fields__ if name in event_pending.c]
            return Written(
                care_system_id=cs,
                registrations=registrations_by_id(tx, cs, ids),
                visits=tuple(visits.values()),
                told=tuple(Event(**{name: row[name] for name in names}) for row in pending),
                now=datetime.now(UTC).replace(microsecond=0),
            )


def _plan(known: Body, caregiver_id: str, at: datetime) -> PlannedVisit:
    return PlannedVisit(
        id=new_id(), recorded_at=EARLY, provider_id=known["provider"], customer_id=known["customer"],
        caregiver_ids=(caregiver_id,), service=Service.PERSONAL_CARE, starts_at=at, ends_at=at + timedelta(minutes=45),
    )  # fmt: skip


def _sent(caregiver_id: str, at: datetime, boot: str, number: int) -> Body:
    clock = {"elapsed_ms": _elapsed(at), "boot_id": boot, "sequence": number}
    captured = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"id": new_id(), "caregiver_id": caregiver_id, "captured_at": captured, "clock": clock}


def _elapsed(at: datetime) -> int:
    """What the phone's elapsed clock shows then: it was started long before."""
    return int((at - _STARTED).total_seconds() * 1_000)


_STARTED = datetime.now(UTC).replace(microsecond=0) - timedelta(days=600)


def again(written: Written) -> Written:
    """The same under new ids."""
    ids = {one.id: new_id() for one in written.registrations}
    return replace(
        written,
        registrations=tuple(
            replace(one, registration=replace(one.registration, id=ids[one.id])) for one in written.registrations
        ),
        visits=tuple(
            replace(one, id=ids[one.id], registration_ids=tuple(ids[key] for key in one.registration_ids))
            for one in written.visits
        ),
        told=tuple(replace(one, resource_id=ids[one.resource_id]) for one in written.told),
    )


def write_registrations(tx: Transaction, written: Written) -> None:
    """The registrations are kept as a batch keeps them."""
    news = [New(resolved=one, content_hash=HASH, by="bench") for one in written.registrations]
    assert len(save_registrations(tx, written.care_system_id, news)) == len(news)


def write_all(tx: Transaction, written: Written) -> None:
    """Everything is written that a batch writes: registrations, visits, doors, timelines, events, marks."""
    cs = written.care_system_id
    write_registrations(tx, written)
    upsert_visits(tx, cs, written.visits)
    touch_doors(tx, cs, {one.customer_id for one in written.visits if one.customer_id is not None})
    latest = {one.registration.caregiver_id: Open(latest=one.at) for one in written.registrations}
    keep_open(tx, cs, latest)
    events.append(tx, cs, [one for one in written.told if one.resource_type == "registration"])
    mark_due(tx, cs, dues_of(written.visits), at=written.now)
    events.append(tx, cs, [one for one in written.told if one.resource_type == "visit"])


def copy_registrations(tx: Transaction, written: Written) -> None:
    """The registrations are kept by COPY."""
    rows = [resolved_row(written.care_system_id, one, HASH, "bench") for one in written.registrations]
    documents = {column.name for column in registration.c if column.type.__class__.__name__ == "Json"}
    held: Any = tx.connection.connection.dbapi_connection
    with held.cursor() as cursor, cursor.copy(f"COPY registration ({', '.join(rows[0])}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(
                [Jsonb(value) if name in documents and value is not None else value for name, value in row.items()]
            )


WAYS: dict[str, Callable[[Transaction, Written], None]] = {
    "everything that a batch writes": write_all,
    "the registrations alone": write_registrations,
    "COPY of the registrations": copy_registrations,
}


def measure(phone: Phone, size: int, whose: str, rounds: int) -> tuple[Times, int]:
    """Microseconds an event, of each way and of the whole POST, round by round; and the statements of a POST."""
    times: Times = {**{name: [] for name in WAYS}, "the whole POST": []}
    batch = phone.batch(size, whose)
    with counting(phone.database) as count:
        phone.post(batch)
        said = count()
    for number in range(rounds):
        batch = phone.batch(size, whose)
        times["the whole POST"].append(phone.post(batch) / size * 1e6)
        written = phone.written(batch)
        names = list(WAYS)
        for name in names[number % 3 :] + names[: number % 3]:
            fresh = again(written)
            begun = time.perf_counter()
            with phone.beside.transaction() as tx:
                WAYS[name](tx, fresh)
            times[name].append((time.perf_counter() - begun) / size * 1e6)
    return times, said


def run(rounds: int, doors: int) -> None:
    """Measures each kind of batch, and prints what came of it."""
    binaries = find_binaries()
    assert binaries is not None, "PostgreSQL is missing"
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster.throwaway(binaries))
        url = cluster.create("batch")
        upgrade(url)
        with closing(open_database(settings_for(url))) as empty:
            street = keep_street(empty, doors, ())
        beside = stack.enter_context(closing(open_database(settings_for(cluster.create("beside", template="batch")))))
        app = create_app(settings_for(url, seal_key=Ed25519PrivateKey.generate()))
        database = stack.enter_context(closing(app.extensions["hemtid"].database))
        hour = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
        phone = Phone(client=app.test_client(), database=database, beside=beside, street=street, hour=hour)
        for whose in (MANY, ONE):
            for size in (200, 1_000):
                show(whose, size, *measure(phone, size, whose, rounds))


def show(whose: str, size: int, times: Times, statements: int) -> None:
    """Prints what a kind of batch took."""
    load = os.getloadavg()[0]
    print(f"\n{size} events of {whose}: a POST makes {statements} statements; load of the machine {load:.1f}")
    for name, each in times.items():
        print(f"  {name:32}{statistics.median(each):7.0f} µs an event ({min(each):.0f} to {max(each):.0f})")


def main() -> None:
    """Measures, and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--doors", type=int, default=500)
    asked = parser.parse_args()
    run(asked.rounds, asked.doors)


if __name__ == "__main__":
    main()
