"""What an enrolled phone sent and could not be registered: text, until its coordinator has judged it. FAULTS 8."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.rules.refusal import Kind, Refused
from app.rules.tags import Method
from app.rules.visits.values import Sent

_CUSTOMER = re.compile(r'"customer_id"\s*:\s*"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"')
_WHEREABOUTS = frozenset({"position", "lat", "lon", "accuracy_m"})
KEPT = ("captured_at", "clock")
"""What only the phone can say: whoever corrects a registration leaves it as it was captured. Source: our decision."""


class QuarantineState(StrEnum):
    """Where it stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    """It is registered, as its coordinator corrected it."""
    DISMISSED = "dismissed"
    """It is no registration, its coordinator says, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One text that a phone sent, and why it is no registration. `caregiver_id` is who was signed in as it was sent.

    `problem` is what the phone was answered; `sequence` the phone's number of it, None where it tells none; `sent` the
    elapsed clock of its batch, as JSON.
    """

    id: str
    device_id: str
    provider_id: str
    caregiver_id: str
    received_at: datetime
    raw: str
    problem: Mapping[str, Any]
    sent: Mapping[str, Any] | None = None
    sequence: int | None = None
    state: QuarantineState = QuarantineState.WAITING
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    registration_id: str | None = None


def check_waits(one: Quarantined) -> None:
    """Returns where nobody has judged it; raises Refused V1 (409) otherwise."""
    if one.state is not QuarantineState.WAITING:
        raise Refused("V1", f"it has been {one.state} already", pointer="/outcome")


def check_faithful(readable: Mapping[str, Any], corrected: Mapping[str, Any]) -> None:
    """Returns where the corrected registration keeps what the phone said of when and where.

    `readable` are the fields that could be read of what it sent, as JSON. A time that could be read stays; so does a
    proof of place, and where there was none it is by hand, of grade 0 (V7). No position was kept, and none is added
    (A4). Raises Refused V1 (422) with the pointer.
    """
    for name in KEPT:
        if name in readable and corrected.get(name) != readable[name]:
            raise Refused(
                "V1", "this is what the phone captured: leave it as it is", Kind.INVALID, f"/registration/{name}"
            )
    place = corrected.get("place")
    if "place" in readable:
        if place != without_position({"place": readable["place"]})["place"]:
            raise Refused("V3", "this is the phone's proof: leave it as it is", Kind.INVALID, "/registration/place")
    elif not isinstance(place, Mapping) or place.get("method") != Method.MANUAL:
        raise Refused(
            "V3", "what proved the place could not be read: it is manual", Kind.INVALID, "/registration/place"
        )


def without_position(content: Any) -> Any:
    """What a phone sent, but for every position, wherever in it one stands: nobody knows yet whose home it is, and what
    cannot be read may have it in the wrong place. Source: A4.
    """
    if isinstance(content, Mapping):
        return {name: without_position(value) for name, value in content.items() if name not in _WHEREABOUTS}
    return [without_position(one) for one in content] if isinstance(content, list) else content


def sent_of(one: Quarantined) -> Sent | None:
    """What the phone's elapsed clock showed when it sent the text, None where it can be read nowhere. Source: V8."""
    told = one.sent or {}
    elapsed, boot_id = told.get("elapsed_ms"), told.get("boot_id")
    if not isinstance(elapsed, int) or isinstance(elapsed, bool) or elapsed < 0 or not isinstance(boot_id, str):
        return None
    return Sent(elapsed_ms=elapsed, boot_id=boot_id)


def customers_named(raw: str) -> frozenset[str]:
    """The ids in the text that stand as a customer's. Source: A3."""
    return frozenset(one.lower() for one in _CUSTOMER.findall(raw))


def number_of(content: object) -> int | None:
    """The phone's number in what it sent, None where it can be read nowhere. Source: D22."""
    clock = content.get("clock") if isinstance(content, Mapping) else None
    number = clock.get("sequence") if isinstance(clock, Mapping) else None
    whole = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 63
    return number if whole else None
