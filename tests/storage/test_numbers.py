"""Where the numbers of phones skip, found in both databases. D22; FAULTS 23."""

from __future__ import annotations

import random
from datetime import timedelta

from sqlalchemy import insert

from app.rules.time import Interval
from app.storage.database import Database
from app.storage.ids import new_id
from app.storage.numbers import breaks
from app.storage.tables.devices import device, quarantined_registration
from tests.accounts import NOW, keep_care_system, keep_provider
from tests.counts import count

ALL = Interval(NOW - timedelta(days=1), NOW + timedelta(days=1))


def keep_phone(database: Database, care_system_id: str, provider_id: str) -> str:
    made = new_id()
    instants = dict.fromkeys(("created_at", "expires_at", "enrolled_at"), NOW)
    row = {"care_system_id": care_system_id, "id": made, "provider_id": provider_id, "name": "A phone", **instants}
    row |= {"token_hash": made, "created_by": made}
    with database.transaction() as tx:
        tx.connection.execute(insert(device).values(row))
    return made


def keep_numbers(database: Database, care_system_id: str, provider_id: str, phone: str, numbers: list[int]) -> None:
    rows = [
        {"care_system_id": care_system_id, "id": new_id(), "device_id": phone, "provider_id": provider_id,
         "caregiver_id": phone, "received_at": NOW, "raw_hash": f"{phone}{number}", "raw": "{}", "problem": {},
         "sequence": number, "state": "waiting"}
        for number in numbers
    ]  # fmt: skip
    with database.transaction() as tx:
        tx.connection.execute(insert(quarantined_registration), rows)


def test_D22_every_number_that_was_lost_is_found_and_no_other(database: Database) -> None:
    """FAULTS 23: events deleted at random, all found."""
    care_system_id = keep_care_system(database)
    provider_id, chance = keep_provider(database, care_system_id), random.Random(22)
    wanted: dict[str, set[int]] = {}
    for _ in range(count(50)):
        phone = keep_phone(database, care_system_id, provider_id)
        sent = range(chance.choice([0, 1, 1_000]), 1_040)
        lost = {number for number in sent if chance.random() < 0.2}
        came = [number for number in sent if number not in lost]
        keep_numbers(database, care_system_id, provider_id, phone, chance.sample(came, len(came)))
        wanted[phone] = {number for number in lost if came[0] < number < came[-1]}
    with database.transaction(write=False) as tx:
        found = breaks(tx, care_system_id, ALL, [provider_id])
        nobodys = breaks(tx, care_system_id, ALL, [new_id()])
        before = breaks(tx, care_system_id, Interval(NOW - timedelta(days=1), NOW))
    told: dict[str, set[int]] = {phone: set() for phone in wanted}
    for one in found:
        told[one.device_id] |= set(range(one.after + 1, one.before))
    assert told == wanted
    assert (nobodys, before) == ((), ())
