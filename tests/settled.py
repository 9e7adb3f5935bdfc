"""A small town whose February and March are issued: a line, its adjustment, and everything that keeps seconds unpaid.

Customer `k` has the three visits of rulebook R8, of which the last is corrected by −1,205 s after the lock, and one at
an unknown tag, which is held. Customer `s` has protected identity and was visited beyond its grant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from tests.town import Town, id_of, told, town_of

JSON = dict[str, Any]
FEBRUARY, MARCH = "2014-02", "2014-03"
ATTESTED = {FEBRUARY: "2014-03-02T09:00:00+01:00", MARCH: "2014-04-02T09:00:00+02:00"}
LOCKED = {FEBRUARY: "2014-03-05T18:00:00+01:00", MARCH: "2014-04-05T18:00:00+02:00"}
ISSUED = {FEBRUARY: "2014-03-05T18:05:00+01:00", MARCH: "2014-04-05T18:05:00+02:00"}
NOTE = "She had left earlier than she said."
WHY = "The tag had been changed by the daughter."
NAMES = ("Påhittad Kund", "Påhittad Skyddad", "Påhittat Biträde", NOTE, WHY)
"""What only some may read."""


def _stay(name: str, customer: str, start: str, end: str | None, uid: str) -> list[JSON]:
    place = {"method": "nfc", "uid": uid}
    whose = {"caregiver_id": "c", "customer_id": customer, "place": place}
    rows = [{"id": f"{name}-in", "kind": "check_in", "captured_at": start, "service": "personal_care", **whose}]
    if end is not None:
        rows.append({"id": f"{name}-out", "kind": "check_out", "captured_at": end, **whose})
    return rows


def content() -> JSON:
    """The town as it was before anything was corrected."""
    town = told("r8_adjustment_after_the_lock.json")
    town["corrections"] = []
    town["customers"] = [
        {"id": "k", "municipality": "0182", "name": "Påhittad Kund"},
        {"id": "s", "municipality": "0182", "name": "Påhittad Skyddad", "protection": "confidential"},
    ]
    for number, one in enumerate(town["caregivers"], 1):
        one["name"] = f"Påhittat Biträde {number}"
    town["tags"].append({**town["tags"][0], "id": "ts", "customer_id": "s", "uid": "04A2245A6F6181"})
    town["grants"].append({**town["grants"][0], "id": "gs", "customer_id": "s", "granted_seconds": 3_000})
    town["orders"].append({**town["orders"][0], "id": "os", "grant_id": "gs"})
    town["registrations"] += [
        *_stay("wrong", "k", "2014-02-10T08:00:00+01:00", "2014-02-10T08:20:00+01:00", "04FFFFFFFFFFFF"),
        *_stay("s1", "s", "2014-02-11T08:00:00+01:00", "2014-02-11T08:47:20+01:00", "04A2245A6F6181"),
        *_stay("s2", "s", "2014-02-12T08:00:00+01:00", "2014-02-12T08:15:00+01:00", "04A2245A6F6181"),
        *_stay("half", "k", "2014-02-13T08:00:00+01:00", None, "04A2245A6F6180"),
    ]
    return town


def close(town: Town, month: str) -> None:
    """The month is explained, attested, locked and issued, as its people do it."""
    now = ATTESTED[month]
    town.sweep(now)
    wanted = {one for row in town.get("p", f"/months/{month}", now)["items"] for one in row["blocking"]}
    blocking = [one for one in town.deviations("p", now, state="open") if one["id"] in wanted]
    for rule in sorted({one["rule"] for one in blocking}):
        ids = [one["id"] for one in blocking if one["rule"] == rule]
        town.post("p", "/explanations", now, {"deviation_ids": ids, "reason": "other", "note": WHY})
    town.post("p", f"/months/{month}/attestation", now, {"municipality": "0182"})
    town.post("controller", f"/months/{month}/lock", LOCKED[month], {})
    town.post("controller", "/reimbursement/runs", ISSUED[month], {"month": month})


def correct(town: Town) -> None:
    """The last of the three visits is shorter, by another person's word too."""
    path, made_at = f"/visits/{id_of('003-in')}/corrections", "2014-03-10T09:00:00+01:00"
    changes = {"ends_at": "2014-02-05T10:30:05+01:00"}
    made = town.post("p", path, made_at, {"changes": changes, "reason": "forgot_to_register", "note": NOTE})
    answer = town.ask("p2", "POST", f"{path}/{made['id']}/approval", "2014-03-10T10:00:00+01:00", {})
    assert answer.status_code in (200, 201), answer.get_json()


def settled_town(make_app: Callable[..., Flask], database_url: str) -> Town:
    """February issued, corrected, and March issued with the adjustment."""
    town = town_of(make_app, database_url, content())
    close(town, FEBRUARY)
    correct(town)
    close(town, MARCH)
    return town
