"""Batches are written set-wise: what a database is asked does not grow with them. Source: our decision."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.actions.visits.rebuild import rebuild
from app.actions.visits.record import Registered, record
from app.rules.tags import Method, Place
from app.rules.visits.values import Clock, Registration, RegistrationKind, Sent
from app.storage import events
from app.storage.database import Database
from app.storage.events import Event
from app.storage.ids import new_id
from app.storage.tables.ledger import ledger_pending
from app.storage.visits import get_visits
from tests.accounts import keep_operator
from tests.settings import settings_for
from tests.storage.stories import EARLY, MORNING, Village, arriving, doorway, keep_village
from tests.wire import counting

MOST_STATEMENTS = 90
"""Somewhat more than a batch takes, of which it takes as many however large it is."""
KINDS = (RegistrationKind.CHECK_IN, RegistrationKind.CHECK_OUT)


def visits_of(village: Village, number: int, now: datetime) -> list[Registration]:
    """So many check-ins, each with its check-out, an hour after the other, of all the caregivers, by one phone."""
    boot = new_id()
    uids = list(village.tags.values())
    told: list[Registration] = []
    for place in range(2 * number):
        at = MORNING + timedelta(minutes=30 * place)
        told.append(
            Registration(
                id=new_id(),
                kind=KINDS[place % 2],
                caregiver_id=village.caregiver_ids[place // 2 % len(village.caregiver_ids)],
                captured_at=at,
                received_at=now,
                place=Place(method=Method.NFC, uid=uids[place // 2 % len(uids)]),
                captured_text="as captured",
                clock=Clock(elapsed_ms=_elapsed(at), boot_id=boot, sequence=place),
                sent=Sent(elapsed_ms=_elapsed(now), boot_id=boot),
            )
        )
    return told


def _elapsed(at: datetime) -> int:
    return int((at - EARLY).total_seconds() * 1_000)


def statements(database: Database, size: int) -> int:
    """How many statements a batch of that size is in a village of its own, all of it kept and folded."""
    village = keep_village(database, keep_operator(database, new_id()), random.Random(1))
    now = MORNING + timedelta(days=30)
    rows = [arriving(one) for one in visits_of(village, size // 2, now)]
    with counting(database) as count:
        outcomes = record(doorway(database, settings_for("sqlite://"), village, now), rows)
        said = count()
    assert [one for one in outcomes if not (isinstance(one, Registered) and one.made)] == []
    with database.transaction(write=False) as tx:
        visits = get_visits(tx, village.care_system_id, [one.id for one in rows])
        mine = ledger_pending.c.care_system_id == village.care_system_id
        waiting = tx.connection.execute(select(func.count()).select_from(ledger_pending).where(mine)).scalar_one()
    assert (len(visits), waiting) == (size // 2, size)
    done = rebuild(database, village.care_system_id, now, write=False)
    assert (done.differing, done.ends) == (0, 0)
    return said


def test_V2_a_batch_of_a_thousand_is_as_few_statements_as_a_small_one(database: Database) -> None:
    small, large = statements(database, 60), statements(database, 1_000)
    assert large <= MOST_STATEMENTS
    assert large <= small + 2


def test_R11_what_a_batch_tells_is_told_in_its_order(database: Database) -> None:
    told = [
        Event(at=MORNING, type="registration.recorded", resource_type="registration", resource_id=f"{n}", data={"n": n})
        for n in range(1_000)
    ]
    care_system_id = keep_village(database, keep_operator(database), random.Random(1)).care_system_id
    with database.transaction() as tx:
        events.append(tx, care_system_id, told)
    with database.transaction() as tx:
        assert [one.event for one in events.page(tx, care_system_id, limit=1_000)] == told
