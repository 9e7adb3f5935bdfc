"""The projection is what the registrations add up to, whatever order, resends and batches they came in (V5)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.actions.visits.rebuild import rebuild
from app.actions.visits.record import Registered, record
from app.actions.visits.register import register
from app.rules.visits.values import Registration
from app.settings import Settings
from app.storage.database import Database, open_database
from tests.accounts import keep_operator
from tests.counts import count
from tests.settings import settings_for
from tests.storage.stories import Village, arriving, doorway, keep_village, story

STORIES = count(600, everyday=30)
"""Of each database. The 5,000 sequences of FAULTS 4 are the rules' own: tests/rules/test_visits_properties.py."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database to register in."""

    database: Database
    settings: Settings
    operator: Any


@pytest.fixture
def place(database_url: str) -> Iterator[Place]:
    settings = settings_for(database_url)
    with closing(open_database(settings)) as database:
        yield Place(database=database, settings=settings, operator=keep_operator(database))


def arrive(
    place: Place, village: Village, chance: random.Random, told: list[tuple[Registration, datetime]]
) -> datetime:
    """Everything arrives: most of it in order, some late; alone or in batches, some twice. When the last came."""
    waiting = sorted(told, key=lambda row: row[1] + timedelta(minutes=chance.choice((0, 0, 0, 0, 15, 200, 3_000))))
    if chance.random() < 0.3:
        chance.shuffle(waiting)
    now = waiting[0][1]
    while waiting:
        some = [waiting.pop(0)] if chance.random() < 0.7 else [waiting.pop(0) for _ in range(min(4, len(waiting)))]
        now = max(now, *(at for _, at in some))
        door = doorway(place.database, place.settings, village, now)
        rows = [arriving(one) for one, _ in some]
        if len(rows) == 1:
            assert register(door, rows[0]).resolved.id == rows[0].id
        else:
            assert all(isinstance(one, Registered) for one in record(door, rows))
        if chance.random() < 0.15:
            waiting.insert(chance.randrange(len(waiting) + 1), some[0])
    return now


def test_V5_F4_any_order_any_resends_and_any_batches_give_the_same_visits(place: Place) -> None:
    """FAULTS 4: what was folded bit by bit is what everything adds up to at once."""
    for number in range(STORIES):
        chance = random.Random(number)
        village = keep_village(place.database, place.operator, chance)
        now = arrive(place, village, chance, story(village, chance))
        done = rebuild(place.database, village.care_system_id, now, write=False)
        assert (done.differing, done.ends) == (0, 0), number
