"""A day as it happens: the plan with the small untidiness of life, as registrations ready to deliver.

Everything is fixed by the plan and the day: the same day always happens in the same way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from app.commands.demo.rome import Plan, Stop
from app.commands.demo.world import System
from app.rules.time import format_instant, local_instant, seconds_between

STARTS = (-180, 65, 240, -35, 420, 110, -90, 300)
"""Seconds by which visits begin later than planned, in turn."""
LENGTHS = (-130, 65, -12, 140, -240, 30, 0, -55)
"""Seconds by which visits take longer than planned, in turn."""


class Happening(StrEnum):
    """What goes otherwise than planned."""

    TAG_DAMAGED = "tag damaged: registered by hand"
    FALL = "the customer has fallen: 45 minutes longer, asked for as an extension"
    FORGOTTEN = "check-out forgotten, corrected the same evening"
    FORGOTTEN_FOR_WEEKS = "check-out forgotten, corrected after the month was locked"
    WRONG_TAG = "the neighbour's tag is read"
    MISSED = "nobody comes"
    CANCELLED = "the customer is in hospital, told the evening before"
    SHORT = "nobody opens: a minute and a half"
    NO_CLOCK = "delivered two days later by a phone that was restarted"


HAPPENS: dict[tuple[str, str], Happening] = {
    ("c4", "p4"): Happening.TAG_DAMAGED,
    ("c5", "p35"): Happening.FALL,
    ("c8", "p37"): Happening.FORGOTTEN,
    ("c5", "p8"): Happening.FORGOTTEN_FOR_WEEKS,
    ("c6", "p14"): Happening.WRONG_TAG,
    ("c1", "p41"): Happening.MISSED,
    ("c2", "p21"): Happening.CANCELLED,
    ("c1", "p7"): Happening.SHORT,
    ("c7", "p39"): Happening.NO_CLOCK,
}
"""Which visits of the plan these are, by caregiver and customer."""
OFFLINE = ("c3", 180)
"""A caregiver without coverage from this minute of the day on; everything is delivered as one batch in the evening."""
OFFLINE_UNTIL_MINUTE = 18 * 60
EXTRA_SECONDS = 2_700
"""By how much the fall lengthens its visit."""


@dataclass(slots=True)
class Phone:
    """A caregiver's phone: its boot, when that was, and the number of its next registration."""

    caregiver: str
    booted_at: datetime
    sequence: int = 0

    def clock(self, at: datetime, *, anchored: bool) -> dict[str, Any]:
        """What the phone's clocks say at the instant; anchored where it has spoken with the server since it started."""
        self.sequence += 1
        elapsed = self.elapsed(at)
        found: dict[str, Any] = {"elapsed_ms": elapsed, "boot_id": self.boot_id, "sequence": self.sequence}
        if anchored:
            server_at = self.booted_at + timedelta(minutes=5)
            anchor = {"server_at": format_instant(server_at), "elapsed_ms": self.elapsed(server_at)}
            found["anchor"] = {**anchor, "boot_id": self.boot_id}
        return found

    def elapsed(self, at: datetime) -> int:
        """Milliseconds since it was started."""
        return seconds_between(self.booted_at, at) * 1000

    @property
    def boot_id(self) -> str:
        """The name of this boot."""
        return f"{self.caregiver}-{self.booted_at:%Y%m%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one phone sends at one time: a registration by itself, or several with its clock at sending."""

    at: datetime
    caregiver: str
    registrations: tuple[dict[str, Any], ...]
    sent: dict[str, Any] | None = None


@dataclass(slots=True)
class Day:
    """The day being lived: what every phone delivers, and which visit each happening became."""

    plan: Plan
    system: System
    date: date
    planned: dict[int, str]
    deliveries: list[Delivery] = field(default_factory=list)
    visits: dict[Happening, str] = field(default_factory=dict)
    stops: dict[Happening, Stop] = field(default_factory=dict)

    def live(self) -> list[Delivery]:
        """Every delivery of the day, in the order of time."""
        for caregiver in self.plan.caregivers:
            self._route(caregiver)
        self._unplanned("c6", "p35", 15 * 60 + 20)
        self._extra_service("c8", "p28", 16 * 60 + 45)
        return sorted(self.deliveries, key=lambda one: (one.at, one.caregiver))

    def _route(self, caregiver: str) -> None:
        phone = Phone(caregiver, local_instant(self.date, 6 * 60 + 30))
        kept: list[dict[str, Any]] = []
        free_at = local_instant(self.date, 6 * 60 + 45)
        for stop in (one for one in self.plan.stops if one.caregiver == caregiver):
            happening = HAPPENS.get((caregiver, stop.customer))
            if happening in (Happening.MISSED, Happening.CANCELLED):
                self.stops[happening] = stop
                continue
            start = max(stop.starts_at(self.date) + timedelta(seconds=STARTS[stop.number % len(STARTS)]), free_at)
            end = start + timedelta(seconds=self._length(stop, happening))
            free_at = end + timedelta(seconds=40)
            made = self._visit(phone, stop, happening, start, end)
            if (caregiver, True) == (OFFLINE[0], stop.begins_minute >= OFFLINE[1]):
                kept += made
            else:
                self._send(phone, made, happening)
        if kept:
            at = local_instant(self.date, OFFLINE_UNTIL_MINUTE)
            sent = {"elapsed_ms": phone.elapsed(at), "boot_id": phone.boot_id}
            self.deliveries.append(Delivery(at=at, caregiver=caregiver, registrations=tuple(kept), sent=sent))

    def _length(self, stop: Stop, happening: Happening | None) -> int:
        if happening is Happening.SHORT:
            return 90
        extra = EXTRA_SECONDS if happening is Happening.FALL else 0
        return stop.seconds + LENGTHS[stop.number % len(LENGTHS)] + extra

    def _visit(
        self, phone: Phone, stop: Stop, happening: Happening | None, start: datetime, end: datetime
    ) -> list[dict[str, Any]]:
        """The registrations of one visit. Every other names its plan; the others let the register find it (V16)."""
        clocked = happening is not Happening.NO_CLOCK
        check_in = self.registration("check_in", stop, start, happening)
        if stop.number % 2 or happening is Happening.WRONG_TAG:
            check_in["planned_visit_id"] = self.planned[stop.number]
        elif happening is Happening.TAG_DAMAGED:
            check_in |= {"customer_id": self.system.customers[stop.customer], "service": stop.service}
        if clocked:
            check_in["clock"] = phone.clock(start, anchored=True)
        made = [check_in]
        if happening is not None:
            self.visits[happening], self.stops[happening] = check_in["id"], stop
        if happening not in (Happening.FORGOTTEN, Happening.FORGOTTEN_FOR_WEEKS):
            check_out = self.registration("check_out", stop, end, None) | {"visit_id": check_in["id"]}
            if clocked:
                check_out["clock"] = phone.clock(end, anchored=True)
            made.append(check_out)
        return made

    def registration(self, kind: str, stop: Stop, at: datetime, happening: Happening | None = None) -> dict[str, Any]:
        """A registration at the stop's door, as its phone sends it."""
        text = self.system.tags[stop.customer]["token"]
        place: dict[str, Any] = {"method": "qr", "text": text}
        if happening is Happening.TAG_DAMAGED:
            place = {"method": "manual", "reason": "tag_damaged"}
        if happening is Happening.WRONG_TAG:
            place["text"] = self.system.tags[_neighbour(stop.customer, self.plan)]["token"]
        return {
            "id": phone_id(at, f"{self.system.tag}-{stop.number}-{kind}"),
            "kind": kind,
            "caregiver_id": self.system.caregivers[stop.caregiver],
            "captured_at": format_instant(at),
            "place": place,
        }

    def _send(self, phone: Phone, made: list[dict[str, Any]], happening: Happening | None) -> None:
        """Each by itself two seconds after its capture; the restarted phone's two days later."""
        late = timedelta(days=2) if happening is Happening.NO_CLOCK else timedelta(seconds=2)
        for one in made:
            at = datetime.fromisoformat(one["captured_at"]) + late
            self.deliveries.append(Delivery(at=at, caregiver=phone.caregiver, registrations=(one,)))

    def _unplanned(self, caregiver: str, customer: str, minute: int) -> None:
        """A quarter of an hour that nobody had planned."""
        self._aside(caregiver, customer, minute, 900, {"service": "household"}, 901)

    def _extra_service(self, caregiver: str, customer: str, minute: int) -> None:
        """Windows are cleaned, which customer and company have agreed between themselves (LR 1.11)."""
        self._aside(caregiver, customer, minute, 1_500, {"extra_service": True}, 902)

    def _aside(
        self, caregiver: str, customer: str, minute: int, seconds: int, more: dict[str, Any], number: int
    ) -> None:
        stop = Stop(
            number=number, caregiver=caregiver, customer=customer, service="household", begins_minute=0, ends_minute=0
        )
        start = local_instant(self.date, minute)
        end = start + timedelta(seconds=seconds)
        phone = Phone(f"{caregiver}-{number}", local_instant(self.date, 6 * 60 + 30))
        check_in = (
            self.registration("check_in", stop, start, None) | more | {"clock": phone.clock(start, anchored=True)}
        )
        check_out = self.registration("check_out", stop, end, None) | {"visit_id": check_in["id"]}
        made = [check_in, check_out | {"clock": phone.clock(end, anchored=True)}]
        self._send(Phone(caregiver, start), made, None)


def _neighbour(customer: str, plan: Plan) -> str:
    """The next customer of the plan."""
    names = sorted(plan.places)
    return names[(names.index(customer) + 1) % len(names)]


def phone_id(at: datetime, name: str) -> str:
    """A UUIDv7 of the instant, its random part from the name: a replay makes the same id."""
    milliseconds = int(at.timestamp()) * 1000
    rest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:10])
    value = (milliseconds << 80) | (7 << 76) | ((rest >> 68 & 0xFFF) << 64) | (2 << 62) | (rest & (1 << 62) - 1)
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def planned_rows(plan: Plan, system: System, provider: str, day: date) -> list[dict[str, Any]]:
    """The plan as the provider's scheduling tool sends it."""
    return [
        {
            "external_id": f"rome-{day.isoformat()}-{stop.number}",
            "provider_id": system.providers[provider],
            "customer_id": system.customers[stop.customer],
            "caregiver_ids": [system.caregivers[stop.caregiver]],
            "service": stop.service,
            "grant_id": system.grants[stop.customer],
            "starts_at": format_instant(stop.starts_at(day)),
            "ends_at": format_instant(stop.ends_at(day)),
        }
        for stop in plan.stops
    ]
