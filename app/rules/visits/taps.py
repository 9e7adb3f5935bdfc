"""Cryptographic taps of one tag held against each other: a tap counts once, and its counter runs with time (D21)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from app.rules.time import shift
from app.rules.visits.values import ClockGrade, RegistrationKind, Resolved, TapCause, TapDoubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A reading that a chip has counted: of which tag, by which registration, and when by its own clock evidence."""

    registration_id: str
    tag_id: str
    counter: int
    at: datetime
    clock_grade: ClockGrade
    recorded_at: datetime

    @property
    def rank(self) -> tuple[bool, datetime, str]:
        """Of several with one counter the least is the tap, the others are copies. A time that nothing proves comes
        last, so that nobody takes a tap from another by setting a clock back. Source: V5, our decision.
        """
        return (self.clock_grade is ClockGrade.UNVERIFIED, self.at, self.registration_id)


def tap_of(one: Resolved) -> Tap | None:
    """The registration's tap; None where nothing was proven cryptographically. A note changes no time and taps not."""
    reading = one.reading
    if reading.tag_id is None or reading.counter is None or one.registration.kind is RegistrationKind.VISIT_NOTE:
        return None
    return Tap(
        registration_id=one.id,
        tag_id=reading.tag_id,
        counter=reading.counter,
        at=one.clock.corrected_at,
        clock_grade=one.clock.grade,
        recorded_at=one.registration.recorded_at,
    )


class _OfTag:
    """The taps of one tag: the first with each counter, and those whose time is proven by time."""

    def __init__(self, taps: Iterable[Tap]) -> None:
        self.firsts: dict[int, Tap] = {}
        for tap in sorted(taps, key=lambda one: one.rank):
            self.firsts.setdefault(tap.counter, tap)
        timed = [one for one in self.firsts.values() if one.clock_grade is not ClockGrade.UNVERIFIED]
        timed.sort(key=lambda one: (one.at, one.registration_id))
        # Only taps that count further than every one before them can be the earliest to contradict a later one.
        self.rising: list[Tap] = []
        for one in timed:
            if not self.rising or one.counter > self.rising[-1].counter:
                self.rising.append(one)

    def against(self, tap: Tap, at: datetime, tolerance_seconds: int) -> TapDoubt | None:
        """What contradicts the tap, whose time is `at`: an earlier copy, else the earliest that had counted further."""
        first = self.firsts[tap.counter]
        if first.registration_id != tap.registration_id:
            return _doubt(TapCause.COUNTER_SEEN, tap, first)
        further = bisect_left(self.rising, tap.counter + 1, key=lambda one: one.counter)
        earliest = self.rising[further] if further < len(self.rising) else None
        if earliest is None or earliest.at >= shift(at, -tolerance_seconds):
            return None
        return _doubt(TapCause.OUT_OF_ORDER, tap, earliest)


def _doubt(cause: TapCause, tap: Tap, other: Tap) -> TapDoubt:
    return TapDoubt(cause=cause, counter=tap.counter, registration_id=other.registration_id)


def doubts(
    registrations: Iterable[Resolved], others: Iterable[Tap], tolerance: Callable[[Resolved], int]
) -> dict[str, TapDoubt]:
    """What is said against each registration's tap, by its id: any order of arrival gives the same.

    A tap is out of order where one with a higher counter lies more than the tolerance before it; what nothing proves
    the time of contradicts nobody. `others` may repeat the registrations' own. Source: D21, V5, FAULTS 31, 32.
    """
    tapped = {one.id: (one, tap) for one in registrations if (tap := tap_of(one)) is not None}
    if not tapped:
        return {}
    by_tag: dict[str, dict[str, Tap]] = {}
    for tap in (*others, *(tap for _, tap in tapped.values())):
        by_tag.setdefault(tap.tag_id, {})[tap.registration_id] = tap
    of_tags = {tag_id: _OfTag(taps.values()) for tag_id, taps in by_tag.items()}
    found = {key: of_tags[tap.tag_id].against(tap, one.at, tolerance(one)) for key, (one, tap) in tapped.items()}
    return {key: doubt for key, doubt in found.items() if doubt is not None}


def surely_last(tap: Tap, top: Tap | None) -> bool:
    """True where a tap neither contradicts nor is contradicted by any of its tag: `top` is the one that has counted
    furthest, the latest of its copies; None where there is none.
    """
    if tap.clock_grade is ClockGrade.UNVERIFIED:
        return False
    return top is None or (
        tap.counter > top.counter and tap.at > top.at and top.clock_grade is not ClockGrade.UNVERIFIED
    )
