"""Two at once at one caregiver's visit, on both databases: one outcome, whoever was first, and nothing lost.

FAULTS 15, 16, 17 and 31. Threads meet at a barrier and ask the product over its own interface; what every round
left is looked at, and all of it compared with what the registrations add up to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.actions.visits.rebuild import rebuild
from app.api.clock import DEMO_CLOCK
from app.rules.access import Role
from app.rules.time import format_instant
from app.rules.visits.values import Visit
from app.storage.database import Database, open_database
from app.storage.ids import new_id
from app.storage.tables.visits import registration
from app.storage.visits import all_visits
from tests.accounts import PASSWORD, keep_operator, keep_user
from tests.chips import Chip
from tests.counts import FULL
from tests.faults.register import UID, Register, filled
from tests.settings import settings_for

JSON = dict[str, Any]
FIRST = datetime(2014, 2, 3, 6, 0, tzinfo=UTC)
BETWEEN = timedelta(days=3)
"""From one round to the next, so that no month grows long: what is raced for is one visit."""
ROUNDS = 1_000 if FULL else 10
"""A tenth would take the everyday run minutes."""
Ask = Callable[[], TestResponse]


@dataclass(slots=True, kw_only=True)
class Ground:
    """The product, a small care system in it, two threads, and a second coordinator who approves."""

    app: Flask
    register: Register
    second_token: str
    pool: ThreadPoolExecutor
    sent: int = 0

    @property
    def database(self) -> Database:
        """What the product keeps everything in."""
        found: Database = self.app.extensions["hemtid"].database
        return found

    def ask(self, who: Role | str, method: str, path: str, at: datetime, body: Any = None) -> TestResponse:
        """The answer to somebody of the role, or to the bearer of the token, on the demo's clock."""
        token = self.register.tokens[who] if isinstance(who, Role) else who
        headers = {"Authorization": f"Bearer {token}", DEMO_CLOCK: format_instant(at)}
        return self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, json=body)

    def tapping(self, kind: str, at: datetime, caregiver: int = 0, **more: Any) -> tuple[str, Ask]:
        """The id of a registration, and what sends it, five seconds after its capture."""
        told = {
            "id": new_id(),
            "kind": kind,
            "caregiver_id": self.register.caregiver_ids[caregiver],
            "captured_at": format_instant(at),
            "place": {"method": "nfc", "uid": UID},
            "service": "personal_care",
            **more,
        }
        self.sent += 1
        return told["id"], lambda: self.ask(
            Role.MEASURING_CLIENT, "POST", "/registrations", at + timedelta(seconds=5), told
        )

    def tap(self, kind: str, at: datetime, caregiver: int = 0, **more: Any) -> str:
        """The id of a registration that went well."""
        name, send = self.tapping(kind, at, caregiver, **more)
        answer = send()
        assert answer.status_code == 201, answer.text
        return name

    def at_once(self, *asks: Ask) -> list[int]:
        """The statuses of what was asked at the same moment."""
        gate = threading.Barrier(len(asks))

        def run(ask: Ask) -> int:
            gate.wait()
            return ask().status_code

        return [one.result() for one in [self.pool.submit(run, ask) for ask in asks]]

    def visits(self) -> dict[str, Visit]:
        """Every visit as it is kept, once all registrations are, each once, and the visits are what they add up to."""
        with self.database.transaction(write=False) as tx:
            kept = tx.connection.execute(select(func.count()).select_from(registration)).scalar_one()
            found = {one.id: one for one in all_visits(tx, self.register.care_system_id)}
        assert kept == self.sent
        now = FIRST + ROUNDS * BETWEEN
        done = rebuild(self.database, self.register.care_system_id, now, write=False)
        assert (done.visits, done.differing, done.ends) == (len(found), 0, 0)
        return found


@pytest.fixture
def ground(database_url: str, make_app: Callable[..., Flask]) -> Iterator[Ground]:
    settings = settings_for(database_url)
    register = filled(settings, caregivers=2)
    with closing(open_database(settings)) as database:
        operator = keep_operator(database, "second.operator")
        scope = {"care_system_id": register.care_system_id, "provider_id": register.provider_id}
        keep_user(database, operator, Role.COORDINATOR, "second", **scope)
    app = make_app(database_url, demo_clock=True)
    told = {"grant_type": "password", "username": "second", "password": PASSWORD}
    token = app.test_client().post("/api/v1/tokens", json=told).get_json()["access_token"]
    with ThreadPoolExecutor(2) as pool:
        yield Ground(app=app, register=register, second_token=token, pool=pool)


def rounds() -> Iterator[tuple[int, datetime]]:
    """Each round's number, and when it begins."""
    return ((number, FIRST + number * BETWEEN) for number in range(ROUNDS))


def minutes(number: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)


def test_V6_F15_of_two_check_ins_at_once_one_visit_is_open(ground: Ground) -> None:
    """FAULTS 15: the later one by (time, id), however they met, and it is closed by its check-out; the other is half a
    visit.
    """
    races: list[list[str]] = []
    for number, at in rounds():
        (one, send), (other, send_other) = (ground.tapping("check_in", at) for _ in range(2))
        assert ground.at_once(*((send, send_other) if number % 2 else (send_other, send))) == [201, 201]
        ground.tap("check_out", at + minutes(10))
        races.append(sorted((one, other)))
    visits = ground.visits()
    assert len(visits) == 2 * ROUNDS
    for first, last in races:
        assert [visits[name].state for name in (first, last)] == ["no_check_out", "complete"]
        assert (visits[first].superseded, visits[last].performed_seconds) == (True, 600)


def test_V4_F16_of_two_check_outs_at_once_the_first_closes_and_the_other_is_kept(ground: Ground) -> None:
    """FAULTS 16: the first as captured, whichever came first; the second, where it names the visit, is evidence in it,
    else half a visit of its own.
    """
    races: list[tuple[int, list[str]]] = []
    for number, at in rounds():
        visit_id = ground.tap("check_in", at)
        named = number // 2 % 2
        more: JSON = {"visit_id": visit_id} if named else {}
        first, send = ground.tapping("check_out", at + minutes(30), **more)
        second, send_later = ground.tapping("check_out", at + minutes(31), **more)
        assert ground.at_once(*((send, send_later) if number % 2 else (send_later, send))) == [201, 201]
        races.append((named, [visit_id, first, second]))
    visits = ground.visits()
    for named, (visit_id, first, second) in races:
        visit = visits[visit_id]
        assert (visit.state, visit.performed_seconds) == ("complete", 1_800)
        assert visit.registration_ids == ((visit_id, first, second) if named else (visit_id, first))
        assert (second in visits) is not bool(named)
        assert named or visits[second].state == "no_check_in"


def test_V10_F17_of_a_check_out_and_a_correction_at_once_neither_is_lost(ground: Ground) -> None:
    """FAULTS 17: the visit has both, whichever was first: the registered end is kept beside the corrected one."""
    races: list[tuple[datetime, str, str]] = []
    for number, at in rounds():
        visit_id = ground.tap("check_in", at)
        path, end = f"/visits/{visit_id}/corrections", format_instant(at + minutes(45))
        stated = {"changes": {"ends_at": end}, "reason": "forgot_to_register", "note": "On the stairs."}
        made = ground.ask(Role.COORDINATOR, "POST", path, at + minutes(20), stated)
        assert made.status_code == 201, made.text
        approve = _approving(ground, f"{path}/{made.get_json()['id']}/approval", at + minutes(30))
        check_out, send = ground.tapping("check_out", at + minutes(30))
        statuses = ground.at_once(*((send, approve) if number % 2 else (approve, send)))
        assert sorted(statuses) == [200, 201], statuses
        races.append((at, visit_id, check_out))
    visits = ground.visits()
    assert len(visits) == ROUNDS
    for at, visit_id, check_out in races:
        visit = visits[visit_id]
        assert (visit.state, visit.corrected, visit.registration_ids) == ("complete", True, (visit_id, check_out))
        assert (visit.registered_ends_at, visit.ends_at) == (at + minutes(30), at + minutes(45))


def _approving(ground: Ground, path: str, at: datetime) -> Ask:
    return lambda: ground.ask(ground.second_token, "POST", path, at, {})


def test_D21_F31_of_one_tap_sent_by_two_at_once_one_is_believed(ground: Ground) -> None:
    """FAULTS 31: two caregivers state the text of one reading; the first as captured has it, whichever came first."""
    chip = Chip()
    sun = {"customer_id": ground.register.customer_id, "kind": "nfc_sun", "uid": chip.uid, "valid_from": "2014-01-01"}
    made = ground.ask(Role.COORDINATOR, "POST", "/tags", FIRST, {**sun, "sun": chip.sun})
    assert made.status_code == 201, made.text
    address = f"https://hemtid.example/t/{made.get_json()['id']}"
    races: list[tuple[str, str]] = []
    for number, at in rounds():
        place = {"method": "nfc", "text": chip.tapped(address)}
        one, send = ground.tapping("check_in", at, 0, place=place)
        other, send_copy = ground.tapping("check_in", at + timedelta(seconds=1), 1, place=place)
        assert ground.at_once(*((send, send_copy) if number % 2 else (send_copy, send))) == [201, 201]
        races.append((one, other))
    visits = ground.visits()
    for one, other in races:
        believed, copied = (visits[name].check_in for name in (one, other))
        assert believed is not None
        assert copied is not None
        assert believed.doubt is None
        assert copied.doubt is not None
        assert (copied.doubt.cause, copied.doubt.registration_id) == ("counter_seen", one)
