"""Visits as rulebook V4–V10 says them, put together anew: slowly, from what truly happened, sharing no code with the
product.

A `Tap` knows its true time and how far off the best that its phone can prove of it is. So nothing here reckons with
elapsed clocks, anchors or receipts: a time is the truth and an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

ANCHOR, SENT, WALL = 0, 1, 2
"""What a time rests on, the best first."""
TWELVE_HOURS = 43_200
GRADES = ("unverified", "estimated", "verified")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """One registration that came through. Seconds since the story began; `off_ms` is what its evidence adds to the
    truth. `boot` is None where the phone told nothing of its clocks."""

    id: str
    kind: str
    caregiver: str
    door: str | None
    names: str | None
    true_s: int
    boot: str | None
    evidence: int
    off_ms: int
    grade: str
    stated_s: int | None = None

    def seen_with(self, base: Tap) -> int:
        """Its second by the evidence of a tap of the same boot."""
        return (self.true_s * 1000 + base.off_ms) // 1000

    @property
    def alone_s(self) -> int:
        """Its second by what is known of it alone."""
        return self.seen_with(self) if self.stated_s is None else self.stated_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A correction that counts: what it says of a visit, and when it was approved."""

    id: str
    visit: str
    approved_s: int
    starts_s: int | None = None
    ends_s: int | None = None
    void: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """What the taps of one stay come to."""

    start_s: int | None
    end_s: int | None
    state: str
    evidence_grade: int
    clock_grade: str
    unproven: bool
    taps: tuple[str, ...]


def one_boot(check_in: Tap, other: Tap) -> bool:
    """True where the phone stayed on from one to the other and neither time is stated."""
    stated = check_in.stated_s is not None or other.stated_s is not None
    return check_in.boot is not None and check_in.boot == other.boot and check_in.true_s <= other.true_s and not stated


def base_of(check_in: Tap, other: Tap) -> Tap:
    """Of the two the one that proves more; the check-in where both prove the same."""
    return min((check_in, other), key=lambda one: one.evidence)


def placed(taps: Sequence[Tap]) -> dict[str, int]:
    """Each tap's second: V8, and those of a boot moved together with the check-in that they follow there."""
    found = {one.id: one.alone_s for one in taps}
    check_ins = [one for one in taps if one.kind == "check_in"]
    for check_in in check_ins:
        mates = [one for one in taps if (one.caregiver, one.boot) == (check_in.caregiver, check_in.boot)]
        follow = [
            one
            for one in sorted(mates, key=lambda one: (one.true_s, one.id))
            if one.kind in ("check_out", "change_service")
            and one_boot(check_in, one)
            and max((b for b in mates if b.kind == "check_in" and before(b, one)), key=rank, default=None) is check_in
        ]
        for one in follow:
            found[one.id] = one.seen_with(base_of(check_in, one))
        for one in [one for one in follow if one.kind == "check_out"][:1]:
            found[check_in.id] = check_in.seen_with(base_of(check_in, one))
    return found


def rank(one: Tap) -> tuple[int, str]:
    """The order in which a phone saw its taps."""
    return (one.true_s, one.id)


def before(one: Tap, other: Tap) -> bool:
    """True where the phone saw one first."""
    return rank(one) < rank(other)


def stays(taps: Iterable[Tap], fixes: Iterable[Fix], now_s: int) -> dict[str, Stay]:
    """Every stay by its id, as of the second."""
    everything = tuple(taps)
    at = placed(everything)
    counted = sorted((one for one in fixes if one.approved_s <= now_s), key=lambda one: (one.approved_s, one.id))
    found: dict[str, Stay] = {}
    for check_in, check_out, others in grouped(everything, at):
        named = check_in or check_out
        assert named is not None
        own = [one for one in counted if one.visit == named.id]
        own_check_ins = [one for one in everything if one.kind == "check_in" and one.caregiver == named.caregiver]
        later = any((at[one.id], one.id) > (at[named.id], named.id) for one in own_check_ins)
        found[named.id] = told(check_in, check_out, others, at, own, later, now_s)
    return found


Group = tuple[Tap | None, Tap | None, list[Tap]]


def grouped(taps: tuple[Tap, ...], at: dict[str, int]) -> list[Group]:
    """Each check-in with the first that may close it and what else is kept for it; what closes nothing stands alone."""
    found: list[Group] = []
    kept: set[str] = set()
    check_ins = [one for one in taps if one.kind == "check_in"]
    for check_in in check_ins:
        closing = [one for one in taps if one.kind == "check_out" and may_close(one, check_in, taps, at)]
        closing.sort(key=lambda one: (at[one.id], one.id))
        first = closing[0] if closing else None
        seconds = [one for one in closing[1:] if one.names is not None]
        kept |= {one.id for one in (*closing[:1], *seconds)}
        changes = [one for one in taps if one.kind == "change_service" and is_within(one, check_in, first, taps, at)]
        found.append((check_in, first, seconds + changes))
    found += [(None, one, []) for one in taps if one.kind == "check_out" and one.id not in kept]
    for group in found:
        named = group[0] or group[1]
        assert named is not None
        group[2].extend(
            one
            for one in taps
            if one.kind == "visit_note" and one.names == named.id and one.caregiver == named.caregiver
        )
    return found


def latest_check_in(one: Tap, taps: tuple[Tap, ...], at: dict[str, int]) -> Tap | None:
    """The caregiver's last check-in before a tap."""
    own = [b for b in taps if b.kind == "check_in" and b.caregiver == one.caregiver]
    earlier = [b for b in own if (at[b.id], b.id) < (at[one.id], one.id)]
    return max(earlier, key=lambda b: (at[b.id], b.id), default=None)


def may_close(one: Tap, check_in: Tap, taps: tuple[Tap, ...], at: dict[str, int]) -> bool:
    """V4: by name, at any distance; else the open visit at the same door, within twelve hours."""
    if one.caregiver != check_in.caregiver:
        return False
    if one.names is not None:
        return one.names == check_in.id and at[one.id] >= at[check_in.id]
    return (
        latest_check_in(one, taps, at) is check_in
        and one.door in (None, check_in.door)
        and at[one.id] - at[check_in.id] <= TWELVE_HOURS
    )


def is_within(one: Tap, check_in: Tap, closed_by: Tap | None, taps: tuple[Tap, ...], at: dict[str, int]) -> bool:
    """V15: by name; else in the visit that is open then."""
    if one.caregiver != check_in.caregiver:
        return False
    if one.names is not None:
        return one.names == check_in.id
    open_still = closed_by is None or (at[one.id], one.id) < (at[closed_by.id], closed_by.id)
    return latest_check_in(one, taps, at) is check_in and open_still


def told(
    check_in: Tap | None,
    check_out: Tap | None,
    others: list[Tap],
    at: dict[str, int],
    fixes: list[Fix],
    superseded: bool,
    now_s: int,
) -> Stay:
    """The stay with its corrections."""
    start, end = (None if one is None else at[one.id] for one in (check_in, check_out))
    ends = [one for one in (check_in, check_out) if one is not None]
    if check_in is not None and check_out is not None and one_boot(check_in, check_out):
        base = base_of(check_in, check_out)
        start, end = check_in.seen_with(base), check_out.seen_with(base)
        if base.evidence != WALL:
            ends = [replace(one, grade=base.grade) if one.grade == "unverified" else one for one in ends]
    start_s, end_s = corrected(start, end, fixes)
    timed = any(one.starts_s is not None or one.ends_s is not None for one in fixes)
    moved = {"check_in": start_s != start, "check_out": end_s != end}
    return Stay(
        start_s=start_s,
        end_s=end_s,
        state=state_of(start_s, end_s, any(one.void for one in fixes), superseded and check_out is None, now_s),
        evidence_grade=0 if timed else min(0 if one.door is None else 1 for one in ends),
        clock_grade=min((one.grade for one in ends), key=GRADES.index),
        unproven=any(one.grade == "unverified" and one.stated_s is None and not moved[one.kind] for one in ends),
        taps=tuple(sorted(one.id for one in (*(one for one in (check_in, check_out) if one), *others))),
    )


def corrected(start: int | None, end: int | None, fixes: list[Fix]) -> tuple[int | None, int | None]:
    """V10: field by field the last; what would end before it starts changes neither."""
    first, last = start, end
    for one in fixes:
        first = first if one.starts_s is None else one.starts_s
        last = last if one.ends_s is None else one.ends_s
    return (start, end) if first is not None and last is not None and last < first else (first, last)


def state_of(start: int | None, end: int | None, void: bool, superseded: bool, now_s: int) -> str:
    """V4 and V6, where nothing is planned."""
    if void:
        return "void"
    if start is None:
        return "no_check_in"
    if end is not None:
        return "complete"
    return "no_check_out" if superseded or now_s > start + TWELVE_HOURS else "open"
