"""Enrolled phones: what may be done with one, and whose what it captured is. Source: V17, FAULTS 22."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.rules.access.actors import Actor
from app.rules.access.roles import Role
from app.rules.refusal import Kind, Refused

ENROLMENT_SECONDS = 600
"""Ten minutes from the QR code to the key. Source: our decision."""
CLOCK_SECONDS = 2
"""How far a proven time may be from the true one: who taps and hands the phone over at once is still who tapped.
Source: V8, FAULTS 24."""


class DeviceState(StrEnum):
    """Where an enrolled phone stands."""

    OFFERED = "offered"
    """Its QR code is shown, and no phone has used it yet."""
    EXPIRED = "expired"
    """No phone used its QR code in time."""
    ENROLLED = "enrolled"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A provider's phone. None: not yet, or never. `thumbprint` is that of the key which never leaves it."""

    id: str
    provider_id: str
    name: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    enrolled_at: datetime | None = None
    enrolled_by: str | None = None
    thumbprint: str | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_reason: str | None = None

    def state(self, now: datetime) -> DeviceState:
        """Where it stands at `now`; its QR code is good before `expires_at`, which is outside."""
        if self.revoked_at is not None:
            return DeviceState.REVOKED
        if self.enrolled_at is not None:
            return DeviceState.ENROLLED
        return DeviceState.OFFERED if now < self.expires_at else DeviceState.EXPIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Who was signed in on a phone from when on, and before when; None is still. Source: V17."""

    caregiver_id: str
    since: datetime
    until: datetime | None = None

    def covers(self, at: datetime, within_seconds: int = 0) -> bool:
        """True for an instant within, or so many seconds from it; its end is outside (T4)."""
        nearly = timedelta(seconds=within_seconds)
        return self.since - nearly <= at and (self.until is None or at < self.until + nearly)


def check_enrols(actor: Actor, device: Device, now: datetime) -> None:
    """Returns where the caregiver may make the phone at hand this device.

    Raises Refused A1: 404 for another provider's, 409 for a QR code that was used, is too old, or was taken back.
    """
    if actor.provider_id != device.provider_id:
        raise Refused("A1", "not there, or not within your scope", Kind.MISSING)
    state = device.state(now)
    if state is not DeviceState.OFFERED:
        said = {DeviceState.EXPIRED: "is too old: ask for another", DeviceState.REVOKED: "was taken back"}
        raise Refused("A1", f"the QR code {said.get(state, 'has been used')}", pointer="/token")


def signs_in_on(actor: Actor, device: Device, now: datetime) -> bool:
    """True where the actor may sign in on the phone: a caregiver of its provider, while it is enrolled."""
    own = actor.role is Role.CAREGIVER and actor.provider_id == device.provider_id
    return own and device.state(now) is DeviceState.ENROLLED


def check_revocable(device: Device) -> None:
    """Raises Refused A1 (409) for a phone that is revoked already: its first time stands."""
    if device.revoked_at is not None:
        raise Refused("A1", "the phone is revoked already")


def is_captured_by(
    caregiver_id: str, at: datetime, *, delivered_by: str | None, proven: bool, spans: Iterable[SignIn]
) -> bool:
    """True where the caregiver may be whose registration, captured at `at` on the phone, this is.

    It is who was signed in there then, as exactly as the clock evidence tells. Without any (`proven` False) nobody
    knows when it was: then whoever has been signed in there, the pay being held by D16. What a caregiver captured
    before anybody was signed in, and delivers itself, was captured before the phone was enrolled. Source: V17; the
    exceptions: our decision.
    """
    told = tuple(spans)
    if not proven:
        return caregiver_id == delivered_by or any(one.caregiver_id == caregiver_id for one in told)
    if any(one.caregiver_id == caregiver_id and one.covers(at, CLOCK_SECONDS) for one in told):
        return True
    return caregiver_id == delivered_by and not any(one.covers(at) for one in told)


def is_at_hand(actor: Actor, caregiver_id: str, at: datetime) -> bool:
    """True where nobody need be asked who was signed in at `at`: at a desk, and by whoever is on the phone since."""
    own = actor.caregiver_id == caregiver_id and actor.device_since is not None and actor.device_since <= at
    return actor.device_id is None or own


def was_before(at: datetime, revoked_at: datetime | None) -> bool:
    """True for what was captured before the phone was revoked. Source: FAULTS 22."""
    return revoked_at is not None and at < revoked_at
