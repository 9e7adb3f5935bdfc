"""A position is soft evidence: never required, never blocking, and of a protected person never kept. V7, A4."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.storage.tables import metadata
from tests.api.door import NINE, check_in
from tests.api.world import BEGUN, World
from tests.phones import enrolled

JSON = dict[str, Any]
HOME = {"lat": 60.735197, "lon": 14.986753}
FAR = {"lat": 59.3, "lon": 18.0}
CANARIES = ("60.735197", "60735197", "14.986753", "14986753")
SOON = "2014-02-03T09:00:05Z"


def everything(world: World) -> str:
    """All that the database holds."""
    with world.app.extensions["hemtid"].database.transaction(write=False) as tx:
        rows = [row for one in metadata.sorted_tables for row in tx.connection.execute(one.select()).all()]
    return "\n".join(map(str, rows))


@pytest.mark.parametrize(("position", "grade"), [(None, 1), (FAR, 1), (HOME, 2)], ids=["none", "far away", "near"])
def test_V7_a_position_is_neither_required_nor_in_the_way(
    sqlite_home: World, position: JSON | None, grade: int
) -> None:
    officer, provider = sqlite_home.home.officers["2029"], sqlite_home.home.providers[0]
    placed = officer.make("/customers", {"municipality": "2029", "position": HOME}, at=BEGUN)["id"]
    tag = {"customer_id": placed, "kind": "qr", "valid_from": "2014-01-01"}
    text = provider.coordinator.post("/tags", tag, at=BEGUN)
    if text.status_code != 201:
        text = officer.post("/tags", tag, at=BEGUN)
    place = {"method": "qr", "text": text.json["token"]} | ({} if position is None else {"position": position})
    kept = provider.caregiver.post("/registrations", check_in(provider, place=place), at=SOON)
    assert (kept.status_code, kept.json["evidence_grade"]) == (201, grade)


MISPLACED: list[JSON] = [
    {"position": HOME},
    {"place": {"method": "nfc", "position": HOME}},
    {"place": [{"method": "nfc", "position": HOME}]},
    {"place": {"method": "nfc", "where": {"position": HOME}}},
    {"place": {"method": "nfc", **HOME}},
    {"clock": {"anchor": {"position": {"at": [HOME]}}}},
]


def test_A4_no_position_of_a_protected_person_is_kept_whatever_way_a_phone_sends_it(world: World) -> None:
    """Alone, in a batch, in the quarantine wherever in the row it stands, and after its verdict."""
    officer, provider = world.home.officers["2029"], world.home.providers[0]
    told = {"municipality": "2029", "name": "Testperson Skyddad", "birth_year": 1931, "protection": "confidential"}
    protected = officer.make("/customers", told, at=BEGUN)["id"]
    tag = officer.make("/tags", {"customer_id": protected, "kind": "qr", "valid_from": "2014-01-01"}, at=BEGUN)
    place = {"method": "qr", "text": tag["token"], "position": HOME}
    phone = enrolled(provider, at=NINE)
    alone = phone.post("/registrations", check_in(provider, place=place), at=SOON)
    assert alone.status_code == 201, alone.text
    good = check_in(provider, place=place)
    bad = check_in(provider, place=place) | {"service": "gardening"}
    rows = [good, bad, *(check_in(provider) | one | {"service": "gardening"} for one in MISPLACED)]
    results = phone.post("/registrations/batch", {"items": rows}, at=SOON).json["results"]
    assert [one["status"] for one in results] == [201] + [422] * (len(rows) - 1)
    corrected = {**bad, "service": "personal_care", "place": {"method": "qr", "text": tag["token"]}}
    verdict = {"outcome": "accepted", "registration": corrected, "reason": "The service had no such name."}
    path = f"/quarantine/{results[1]['quarantine_id']}/verdict"
    judged = provider.coordinator.post(path, verdict, at=SOON)
    assert judged.status_code == 200, judged.text
    shown = json.dumps([results, alone.json, judged.json]) + provider.coordinator.get("/quarantine", limit=200).text
    shown += provider.coordinator.get("/registrations", limit=200, at=SOON).text + everything(world)
    assert [canary for canary in CANARIES if canary in shown] == []
