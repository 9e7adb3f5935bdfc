"""Caregivers' phones at work: they tap in and out, resend until they are answered, and remember what they were told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException

from app.rules.access import Role
from app.rules.time import format_instant
from app.storage.ids import new_id
from tests.faults.register import UID, Register
from tests.faults.serving import Served

FIRST = datetime(2014, 2, 3, 7, 0, tzinfo=UTC)
BETWEEN = timedelta(minutes=1)
"""On the demo's clock, from one tap of a caregiver to the next."""
RETRY_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
"""How long a phone tries before the drill is called failed: far longer than the product is ever away here."""


@dataclass(slots=True)
class Phone:
    """One caregiver's. `told` are the taps that were acknowledged, `refused` the answers but 200, 201 and 503."""

    caregiver_id: str
    sent: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    refused: list[tuple[int, bytes]] = field(default_factory=list)

    def work(self, product: Served, token: str, over: threading.Event, lost: threading.Event) -> None:
        """Taps in and out until it is over, the last tap out acknowledged; or until it is lost, whatever was said."""
        while not lost.is_set() and (not over.is_set() or len(self.sent) % 2):
            self.sent.append(new_id())
            self._deliver(product, token, lost)

    def _deliver(self, product: Served, token: str, lost: threading.Event) -> None:
        at = FIRST + len(self.sent) * BETWEEN
        limit = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < limit and not lost.is_set():
            try:
                clock = {"Hemtid-Demo-Clock": format_instant(at + timedelta(seconds=1))}
                answer = product.ask("POST", "/api/v1/registrations", self._tap(at), token, **clock)
            except (OSError, HTTPException):
                time.sleep(RETRY_SECONDS)
                continue
            if answer.status in (200, 201):
                self.told.append(self.sent[-1])
                return
            if answer.status != 503:
                self.refused.append((answer.status, answer.body[:300]))
                return
            time.sleep(RETRY_SECONDS)

    def _tap(self, at: datetime) -> dict[str, object]:
        kind = "check_in" if len(self.sent) % 2 else "check_out"
        service = {"service": "personal_care"} if kind == "check_in" else {}
        return {
            "id": self.sent[-1],
            "kind": kind,
            "caregiver_id": self.caregiver_id,
            "captured_at": format_instant(at),
            "place": {"method": "nfc", "uid": UID},
            **service,
        }


@dataclass(slots=True)
class Follower:
    """Somebody who reads the changes in order, from where the last answer ended. `told` is what the answers told."""

    token: str
    after: str = "0"
    told: list[tuple[int, str, str]] = field(default_factory=list)

    def follow(self, product: Served, over: threading.Event) -> None:
        """Reads and reads again, whoever is killed meanwhile, until it is over and nothing more is told."""
        while True:
            last = over.is_set()
            try:
                answer = product.ask("GET", f"/api/v1/changes?limit=200&after={self.after}", token=self.token)
            except (OSError, HTTPException):
                answer = None
            read = answer.json() if answer is not None and answer.status == 200 else {}
            self.told += [(one["sequence"], one["type"], one["resource"]["id"]) for one in read.get("items", ())]
            self.after = read.get("next", self.after)
            if last and not read.get("items"):  # a refusal ends it too: the product may be gone for good
                return
            time.sleep(RETRY_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Phones that work at the same time. Once `lost` is set they no longer try, nor end their visits."""

    phones: tuple[Phone, ...]
    follower: Follower
    lost: threading.Event = field(default_factory=threading.Event)

    @property
    def told(self) -> set[str]:
        """The ids of every acknowledged tap so far."""
        return {one for phone in self.phones for one in tuple(phone.told)}

    @property
    def sent(self) -> set[str]:
        """The ids of every tap so far."""
        return {one for phone in self.phones for one in tuple(phone.sent)}

    @property
    def refused(self) -> list[tuple[int, bytes]]:
        """Every answer that was none of 200, 201 and 503."""
        return [one for phone in self.phones for one in phone.refused]

    def wait_for(self, more: int) -> None:
        """So many more taps have been acknowledged. Raises AssertionError where that takes too long."""
        begun, limit = len(self.told), time.monotonic() + PATIENCE_SECONDS
        while len(self.told) < begun + more:
            assert time.monotonic() < limit, f"{len(self.told) - begun} of {more} taps: {self.refused[:3]}"
            assert not self.refused, self.refused[:3]
            time.sleep(0.01)


@contextmanager
def working(product: Served, register: Register) -> Iterator[Shift]:
    """A phone for each caregiver taps until the block ends, and somebody follows; then each ends its visit, unless
    lost, and the follower reads the rest."""
    phones = tuple(Phone(one) for one in register.caregiver_ids)
    shift = Shift(phones=phones, follower=Follower(register.tokens[Role.SCHEDULING_CLIENT]))
    over, done = threading.Event(), threading.Event()
    asked = (product, register.tokens[Role.MEASURING_CLIENT], over, shift.lost)
    threads = [threading.Thread(target=phone.work, args=asked) for phone in shift.phones]
    following = threading.Thread(target=shift.follower.follow, args=(product, done))
    for thread in (*threads, following):
        thread.start()
    try:
        yield shift
    finally:
        over.set()
        for thread in threads:
            thread.join(2 * PATIENCE_SECONDS)
        done.set()
        following.join(PATIENCE_SECONDS)
