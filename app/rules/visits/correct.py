"""Corrections: which count, and what they come to, field by field (V10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.rules.providers import Service
from app.rules.refusal import Kind, Refused
from app.rules.time import BEGINNING
from app.rules.visits.values import Changes, Correction, Visit, VisitState


@dataclass(slots=True, kw_only=True)
class Corrected:
    """What the counted corrections of one visit come to: per field the last one, None where none speaks of it."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    customer_id: str | None = None
    service: Service | None = None
    void: bool = False
    ids: tuple[str, ...] = ()
    recorded_at: datetime = BEGINNING
    reasons: tuple[str, ...] = ()


def refusal_of_approval(correction: Correction, caregiver_ids: Iterable[str]) -> Refused | None:
    """Why the approval does not count: by its own maker, or by one whose visit it is. None where it counts. Source:
    V10.

    `caregiver_ids` are those under which the visit's caregiver may appear as an approver.
    """
    if correction.approved_by is None:
        return None
    if correction.approved_by == correction.made_by:
        return Refused("V10", "another person than its maker approves a correction", pointer="/approved_by")
    if correction.approved_by in set(caregiver_ids):
        return Refused("V10", "nobody approves a correction of their own visit", pointer="/approved_by")
    return None


def counted(corrections: Iterable[Correction], as_of: datetime) -> list[Correction]:
    """Those approved by the instant, in the order of (approved_at, id); pending ones count for nothing. Source: V10."""
    approved = [
        (one.approved_at, one.id, one)
        for one in corrections
        if one.approved_at is not None and one.approved_by not in (None, one.made_by) and one.approved_at <= as_of
    ]
    return [one for _, _, one in sorted(approved, key=lambda row: row[:2])]


def overlay(corrections: Iterable[Correction]) -> dict[str, Corrected]:
    """Per visit what its corrections come to; they are given in the order in which they apply. Source: V10."""
    found: dict[str, Corrected] = {}
    for one in corrections:
        held = found.setdefault(one.visit_id, Corrected())
        changes = one.changes
        held.starts_at = changes.starts_at or held.starts_at
        held.ends_at = changes.ends_at or held.ends_at
        held.customer_id = changes.customer_id or held.customer_id
        held.service = changes.service or held.service
        held.void = held.void if changes.void is None else changes.void
        held.ids = (*held.ids, one.id)
        held.reasons = (*held.reasons, one.reason)
        held.recorded_at = max(held.recorded_at, one.recorded_at)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that a correction states, as the visit has it and as it would be; None is not known."""

    field: str
    before: object
    after: object


def differences(changes: Changes, visit: Visit) -> tuple[Difference, ...]:
    """What the correction states, field by field, beside what the visit says now. Source: V10."""
    void = visit.state is VisitState.VOID
    told = (
        Difference(field="starts_at", before=visit.starts_at, after=changes.starts_at),
        Difference(field="ends_at", before=visit.ends_at, after=changes.ends_at),
        Difference(field="customer_id", before=visit.customer_id, after=changes.customer_id),
        Difference(field="service", before=visit.service, after=changes.service),
        Difference(field="void", before=void, after=changes.void),
    )
    return tuple(one for one in told if one.after is not None)


def check_changes(changes: Changes, visit: Visit) -> None:
    """Refuses a correction that leaves the visit ending before it starts, and one that states nothing.

    Source: V10, T4.
    """
    if changes == Changes():
        raise Refused("V10", "a correction states what changes", Kind.INVALID, "/changes")
    start = changes.starts_at or visit.starts_at
    end = changes.ends_at or visit.ends_at
    if start is not None and end is not None and end < start:
        field = "ends_at" if changes.ends_at is not None else "starts_at"
        raise Refused("V10", "a visit ends after it starts", Kind.INVALID, f"/changes/{field}")
