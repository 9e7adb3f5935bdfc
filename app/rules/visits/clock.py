"""The time of a registration from what its phone's clocks say, and how well that time is proven (V8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from app.rules.time import seconds_between, shift_ms
from app.rules.visits.values import ClockGrade, ClockReading, Registration, RegistrationKind, Resolved


class Evidence(IntEnum):
    """What a registration's time rests on, the best first."""

    ANCHOR = 0
    SENT = 1
    CAPTURED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTolerances:
    """Seconds: received this soon after capture, or evidence this close, is verified; both borders are inside."""

    verified_within: int = 30
    evidence_within: int = 2


def by_anchor(registration: Registration) -> datetime | None:
    """Its anchor plus the elapsed clock since, in the same boot; None without one. Source: V8."""
    clock = registration.clock
    if clock is None or clock.anchor is None or clock.anchor.boot_id != clock.boot_id:
        return None
    return shift_ms(clock.anchor.server_at, clock.elapsed_ms - clock.anchor.elapsed_ms)


def by_sending(registration: Registration) -> datetime | None:
    """Received − (elapsed when sent − elapsed when captured), in the same boot; None without both. Source: V8."""
    clock, sent = registration.clock, registration.sent
    if clock is None or sent is None or sent.boot_id != clock.boot_id or sent.elapsed_ms < clock.elapsed_ms:
        return None
    return shift_ms(registration.received_at, clock.elapsed_ms - sent.elapsed_ms)


def evidence_of(registration: Registration) -> tuple[Evidence, datetime]:
    """The best evidence of its time, and that time. Source: V8."""
    anchored, sent = by_anchor(registration), by_sending(registration)
    if anchored is not None:
        return Evidence.ANCHOR, anchored
    if sent is not None:
        return Evidence.SENT, sent
    return Evidence.CAPTURED, registration.captured_at


def read_clock(registration: Registration, tolerances: ClockTolerances) -> ClockReading:
    """The corrected time and its grade.

    Verified: received within 30 s of the capture, or clock evidence within 2 s of each other (a lone piece is held
    against the time as captured). Estimated: further apart. Unverified: no evidence. Source: V8; the bracket is our
    decision.
    """
    anchored, sent = by_anchor(registration), by_sending(registration)
    _, corrected = evidence_of(registration)
    both = None if anchored is None or sent is None else abs(seconds_between(anchored, sent))
    soon = abs(seconds_between(corrected, registration.received_at)) <= tolerances.verified_within
    if anchored is None and sent is None:
        grade = ClockGrade.VERIFIED if soon else ClockGrade.UNVERIFIED
        return ClockReading(corrected_at=corrected, grade=grade)
    apart = abs(seconds_between(corrected, registration.captured_at)) if both is None else both
    close = soon or apart <= tolerances.evidence_within
    return ClockReading(
        corrected_at=corrected, grade=ClockGrade.VERIFIED if close else ClockGrade.ESTIMATED, apart_seconds=both
    )


def one_anchor(check_in: Registration, check_out: Registration) -> tuple[datetime, datetime] | None:
    """Start and end from one anchor, where both lie in one boot; None where they do not.

    The better evidence of the two is the anchor, the check-in's where they are equal: a wall clock that was changed in
    between costs no second. Source: V8.
    """
    first, last = check_in.clock, check_out.clock
    if first is None or last is None or first.boot_id != last.boot_id or last.elapsed_ms < first.elapsed_ms:
        return None
    if check_in.stated_at is not None or check_out.stated_at is not None:
        return None
    between = last.elapsed_ms - first.elapsed_ms
    if evidence_of(check_out)[0] < evidence_of(check_in)[0]:
        return _from_base(check_out, last.elapsed_ms, -between, 0)
    return _from_base(check_in, first.elapsed_ms, 0, between)


def in_one_boot(registrations: Iterable[Resolved]) -> list[Resolved]:
    """The registrations, those that follow a check-in of their caregiver in its boot timed from one anchor with it.

    So they stand in the order in which they were made, whatever became of the wall clock. Source: V8.
    """
    found = {one.id: one for one in registrations}
    check_ins: dict[tuple[str, str], Resolved] = {}
    for one in sorted(found.values(), key=_by_elapsed):
        clock, kind = one.registration.clock, one.registration.kind
        boot = (one.registration.caregiver_id, "" if clock is None else clock.boot_id)
        before = check_ins.get(boot)
        if clock is None or kind is RegistrationKind.VISIT_NOTE:
            continue
        if kind is RegistrationKind.CHECK_IN:
            check_ins[boot] = one
        elif before is not None and (times := one_anchor(before.registration, one.registration)) is not None:
            if kind is RegistrationKind.CHECK_OUT and found[before.id] is before:
                found[before.id] = replace(before, at=times[0])
            found[one.id] = replace(one, at=times[1])
    return list(found.values())


def _by_elapsed(one: Resolved) -> tuple[int, str]:
    return (0 if one.registration.clock is None else one.registration.clock.elapsed_ms, one.id)


def _from_base(base: Registration, elapsed_ms: int, start_ms: int, end_ms: int) -> tuple[datetime, datetime]:
    """Both instants reckoned in milliseconds from the base's anchor and each cut once."""
    kind, moment = evidence_of(base)
    clock = base.clock
    if kind is Evidence.ANCHOR and clock is not None and clock.anchor is not None:
        since = elapsed_ms - clock.anchor.elapsed_ms
        return shift_ms(clock.anchor.server_at, since + start_ms), shift_ms(clock.anchor.server_at, since + end_ms)
    if kind is Evidence.SENT and base.sent is not None:
        since = elapsed_ms - base.sent.elapsed_ms
        return shift_ms(base.received_at, since + start_ms), shift_ms(base.received_at, since + end_ms)
    return shift_ms(moment, start_ms), shift_ms(moment, end_ms)
