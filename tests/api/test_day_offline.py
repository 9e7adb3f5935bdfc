"""A day without coverage: an enrolled phone, ten customers, clocks that are wrong, and what it all comes to in money.

From the morning's anchor to the month's line and its adjustment. V1, V2, V8, V17, D10, D16, D23, R8, R11; FAULTS 1, 6,
7, 8, 24, 25 and 26.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from app.actions.deviations.sweep import sweep
from app.actions.visits.rebuild import rebuild
from app.rules.time import format_instant, parse_instant, seconds_between
from app.storage.ids import new_id
from tests.api.world import BEGUN, Answer, ProviderOf, World
from tests.phones import Phone, enrolled

JSON = dict[str, Any]
ENROLLED = "2014-02-01T06:00:00Z"
MORNING = parse_instant("2014-02-03T06:00:00Z")
EVENING, SOON_AFTER, NEXT_DAY = "2014-02-03T18:00:00Z", "2014-02-03T18:00:40Z", "2014-02-04T09:00:00Z"
ATTESTED = {"2014-02": "2014-03-02T09:00:00Z", "2014-03": "2014-04-02T09:00:00Z"}
LOCKED = {"2014-02": "2014-03-05T17:00:00Z", "2014-03": "2014-04-05T16:00:00Z"}
LATE = "2014-03-07T08:00:00Z"
HOME = "2029"
CUSTOMERS = 10
HELD_BACK, REVOKED, UNPROVEN = 5, 4, 6
"""Whose visit came after the lock, whose tag was revoked meanwhile, and whose visit nothing proves the time of."""


def at(minutes: int, seconds: int = 0) -> str:
    """The instant so long after the morning."""
    return format_instant(MORNING + timedelta(minutes=minutes, seconds=seconds))


@dataclass(slots=True, kw_only=True)
class Handset:
    """What the phone itself knows: `wrong` is how far its wall clock is off, `booted` when its boot began, in minutes
    after the morning."""

    caregiver_id: str
    wrong: timedelta = timedelta(days=1)
    boot: str = "first"
    booted: int = -60
    anchor: JSON | None = None
    taps: int = 0
    queue: list[JSON] = field(default_factory=list)

    def elapsed_ms(self, minutes: int, seconds: int = 0) -> int:
        """What its elapsed clock shows."""
        return (60 * (minutes - self.booted) + seconds) * 1_000

    def see_the_server(self, minutes: int) -> None:
        """It has coverage for a moment."""
        self.anchor = {"server_at": at(minutes), "elapsed_ms": self.elapsed_ms(minutes), "boot_id": self.boot}

    def restart(self, boot: str, minutes: int) -> None:
        """It begins anew, without coverage."""
        self.boot, self.booted, self.anchor = boot, minutes, None

    def tap(self, kind: str, tag: str, minutes: int, seconds: int = 0) -> str:
        """The id of what it captured."""
        self.taps += 1
        shown = MORNING + timedelta(minutes=minutes, seconds=seconds) + self.wrong
        clock = {"elapsed_ms": self.elapsed_ms(minutes, seconds), "boot_id": self.boot, "sequence": self.taps}
        self.queue.append(
            {
                "id": new_id(),
                "kind": kind,
                "caregiver_id": self.caregiver_id,
                "captured_at": format_instant(shown),
                "place": {"method": "qr", "text": tag},
                "clock": clock if self.anchor is None else {**clock, "anchor": self.anchor},
                **({"service": "personal_care"} if kind == "check_in" else {}),
            }
        )
        return str(self.queue[-1]["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One of the day's customers."""

    id: str
    tag_id: str
    tag: str


def homes(world: World, provider: ProviderOf) -> list[Home]:
    """Ten customers of the provider, each with a grant, an order and a tag."""
    officer, found = world.home.officers[HOME], []
    for _ in range(CUSTOMERS):
        whose = {"customer_id": officer.make("/customers", {"municipality": HOME}, at=BEGUN)["id"]}
        grant = {
            "services": ["personal_care"], "law": "SoL", "granted_seconds": 36_000, "per": "month",
            "valid_from": "2014-01-01",
        }  # fmt: skip
        order = {
            "grant_id": officer.make("/grants", {**grant, **whose}, at=BEGUN)["id"], "provider_id": provider.id,
            "ordered_at": BEGUN, "chosen_by": "customer", "valid_from": "2014-01-03",
        }  # fmt: skip
        officer.make("/orders", order, at=BEGUN)
        tag = provider.coordinator.make("/tags", {**whose, "kind": "qr", "valid_from": "2014-01-01"}, at=BEGUN)
        found.append(Home(id=whose["customer_id"], tag_id=tag["id"], tag=tag["token"]))
    return found


def seconds_of(number: int) -> int:
    """How long the visit at each customer lasted: none like another."""
    return 1_800 + 67 * number


def walk(handset: Handset, day: list[Home]) -> list[str]:
    """The ids of the day's visits, one an hour. The wall clock is set in the third visit, the phone goes flat twice."""
    handset.see_the_server(0)
    visits = []
    for number, home in enumerate(day):
        begins = 60 + 60 * number
        if number in (UNPROVEN, UNPROVEN + 1):
            handset.restart(f"boot {number}", begins - 2)
        visits.append(handset.tap("check_in", home.tag, begins))
        if number == 2:
            handset.wrong = timedelta(days=-1)
        handset.tap("check_out", home.tag, begins, seconds_of(number))
    return visits


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The day as it was lived, nothing of it delivered."""

    world: World
    provider: ProviderOf
    phone: Phone
    handset: Handset
    homes: list[Home]
    visits: list[str]

    def deliver(self, rows: list[JSON], now: str) -> Answer:
        """The answer to a batch that the phone sends in its last boot."""
        seconds = seconds_between(MORNING, parse_instant(now))
        sent = {"elapsed_ms": self.handset.elapsed_ms(0, seconds), "boot_id": self.handset.boot}
        return self.phone.post("/registrations/batch", {"items": rows, "sent": sent}, at=now)

    def visit(self, number: int, now: str) -> JSON:
        """The visit at one of the customers."""
        return dict(self.provider.coordinator.read(f"/visits/{self.visits[number]}", at=now))

    def rows_of(self, *numbers: int) -> list[JSON]:
        """What was captured at these customers."""
        return [row for number in numbers for row in self.handset.queue[2 * number : 2 * number + 2]]


@pytest.fixture
def day(world: World) -> Day:
    provider = world.home.providers[0]
    around = homes(world, provider)
    phone = enrolled(provider, at=ENROLLED)
    handset = Handset(caregiver_id=provider.caregiver_id)
    visits = walk(handset, around)
    revoked = around[REVOKED]
    path = f"/tags/{revoked.tag_id}"
    read = provider.coordinator.get(path, at=at(60))
    sent = {"customer_id": revoked.id, "kind": "qr", "valid_from": "2014-01-01", "state": "revoked"}
    assert provider.coordinator.put(path, sent, at=at(120), etag=read.headers["ETag"]).status_code == 200
    return Day(world=world, provider=provider, phone=phone, handset=handset, homes=around, visits=visits)


def delivered(day: Day) -> None:
    """The evening: two batches; the first one's answer is lost, and it is sent again; the second has a bad row."""
    first, second = day.rows_of(0, 1, 2, 3, 4), day.rows_of(6, 7, 8, 9)
    lost = day.deliver(first, EVENING)
    again = day.deliver(first, SOON_AFTER)
    assert [one["status"] for one in again.json["results"]] == [201] * len(first)
    assert again.json["results"] == lost.json["results"]
    bad = len(second) - 1
    rows = [*second[:bad], second[bad] | {"service": "gardening"}]
    results = day.deliver(rows, SOON_AFTER).json["results"]
    assert [one["status"] for one in results] == [201] * bad + [422]
    kept = results[bad]["quarantine_id"]
    assert day.visit(9, SOON_AFTER)["state"] == "open"
    verdict = {"outcome": "accepted", "registration": second[bad], "reason": "The service had no such name."}
    judged = day.provider.coordinator.post(f"/quarantine/{kept}/verdict", verdict, at=SOON_AFTER)
    assert judged.status_code == 200, judged.text


def blocking(day: Day, month: str, now: str) -> Iterator[str]:
    """What the provider has to explain before it may attest the month in the town."""
    for row in day.provider.coordinator.read(f"/months/{month}", at=now)["items"]:
        if row["municipality"] == HOME:
            yield from row["blocking"]


def explained(day: Day, deviation_id: str, now: str) -> str:
    """The id of the provider's explanation."""
    told = {"deviation_ids": [deviation_id], "reason": "phone_failed", "note": "A day without coverage."}
    return str(day.provider.coordinator.make("/explanations", told, at=now)["id"])


def accepted(day: Day, number: int, rule: str) -> None:
    """The deviation of the visit is explained, and its municipality accepts that."""
    query = {"visit_id": day.visits[number], "rule": rule}
    (deviation,) = day.provider.coordinator.read("/deviations", at=NEXT_DAY, **query)["items"]
    path = f"/explanations/{explained(day, deviation['id'], NEXT_DAY)}/verdict"
    answer = day.world.home.officers[HOME].post(path, {"outcome": "accepted"}, at=NEXT_DAY)
    assert answer.status_code in (200, 201), answer.text


def closed(day: Day, month: str) -> list[JSON]:
    """The month's lines of the ten customers, once it was attested, locked and issued in the town."""
    database, controller = day.world.app.extensions["hemtid"].database, day.world.home.controller
    sweep(database, parse_instant(ATTESTED[month]), care_system_id=day.world.home.id)
    for one in set(blocking(day, month, ATTESTED[month])):
        explained(day, one, ATTESTED[month])
    day.provider.coordinator.make(f"/months/{month}/attestation", {"municipality": HOME}, at=ATTESTED[month])
    whose = {"municipality": HOME, "provider_id": day.provider.id}
    controller.make(f"/months/{month}/lock", whose, at=LOCKED[month])
    controller.make("/reimbursement/runs", {**whose, "month": month}, at=LOCKED[month])
    rows = day.world.home.reimburser.read("/reimbursement/lines", at=LOCKED[month], limit=200)["items"]
    return [one for one in rows if one["customer_id"] in {home.id for home in day.homes}]


def test_V8_a_day_without_coverage_is_graded_as_it_is_proven_and_costs_no_second(day: Day) -> None:
    """FAULTS 1, 7, 24, 25, 26: by the anchor, by the sending, or by nothing; every length to the second."""
    delivered(day)
    told = {number: day.visit(number, SOON_AFTER) for number in range(CUSTOMERS) if number != HELD_BACK}
    assert {number: one["performed_seconds"] for number, one in told.items()} == {
        number: seconds_of(number) for number in told
    }
    for number, one in told.items():
        begins = at(60 + 60 * number)
        proven = number != UNPROVEN
        assert one["starts_at"] == (begins if proven else format_instant(parse_instant(begins) - timedelta(days=1)))
        assert one["clock_grade"] == ("estimated" if proven else "unverified")
        assert one["pay"] == ("held" if number in (UNPROVEN, REVOKED) else "payable"), one
        assert {rule for rule in one["deviations"] if rule in ("D10", "D16")} == (
            {"D16"} if number == UNPROVEN else {"D10"} if number == REVOKED else set()
        )
    taken = day.provider.coordinator.read("/registrations", at=SOON_AFTER, limit=200)["items"]
    assert len(taken) == 2 * (CUSTOMERS - 1)
    database = day.world.app.extensions["hemtid"].database
    assert rebuild(database, day.world.home.id, parse_instant(SOON_AFTER), write=False).differing == 0


def test_R8_the_day_is_paid_to_the_second_and_what_came_after_the_lock_is_an_adjustment(day: Day) -> None:
    """FAULTS 6: what is held is paid once it is accepted; what a month never saw, the next one's run adds."""
    delivered(day)
    accepted(day, UNPROVEN, "D16")
    assert day.visit(UNPROVEN, NEXT_DAY)["pay"] == "payable"
    lines = closed(day, "2014-02")
    paid = {day.homes[number].id: seconds_of(number) for number in range(CUSTOMERS)}
    for number in (HELD_BACK, REVOKED):
        del paid[day.homes[number].id]
    assert {one["customer_id"]: one["seconds"] for one in lines if one["seconds"]} == paid
    assert {(one["kind"], one["month"]) for one in lines} == {("line", "2014-02")}

    results = day.deliver(day.rows_of(HELD_BACK), LATE).json["results"]
    assert [one["status"] for one in results] == [201, 201]
    late = day.visit(HELD_BACK, LATE)
    assert (late["performed_seconds"], late["starts_at"]) == (seconds_of(HELD_BACK), at(60 + 60 * HELD_BACK))
    assert "D23" in late["deviations"]
    new = [one for one in closed(day, "2014-03") if one not in lines and one["seconds"]]
    assert [(one["kind"], one["month"], one["customer_id"], one["seconds"]) for one in new] == [
        ("adjustment", "2014-02", day.homes[HELD_BACK].id, seconds_of(HELD_BACK))
    ]
