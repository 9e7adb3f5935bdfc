"""Registrations and visits as JSON values, written out by hand: what `RegistrationSchema` and `VisitSchema` dump.

A check-in at the door is answered and told with these; the schemas document them, and a test holds both together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from app.rules.people import Position
from app.rules.tags import Place
from app.rules.time import iso_duration
from app.rules.visits.values import Clock, Part, Resolved, Visit

Document = dict[str, Any]


class SeesVisit(Protocol):
    """A visit with what a judgement adds, as `VisitView`."""

    @property
    def visit(self) -> Visit:
        """The visit."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its parts with their orders."""

    @property
    def pay(self) -> str:
        """What it comes to in pay."""

    @property
    def deviations(self) -> tuple[str, ...]:
        """The rules of those that stand."""


def registration_document(one: Resolved) -> Document:
    """The registration as it came, and the time that rules use. Source: CONTRACT, V8."""
    told = one.registration
    return {
        "id": told.id,
        "external_id": told.external_id,
        "recorded_at": _instant(told.recorded_at),
        "kind": told.kind.value,
        "captured_at": _instant(told.captured_at),
        "stated_at": None if told.stated_at is None else _instant(told.stated_at),
        "visit_id": told.visit_id,
        "service": None if told.service is None else told.service.value,
        "place": _place(told.place),
        "clock": None if told.clock is None else _clock(told.clock),
        "activities": [{"code": act.code, "outcome": act.outcome.value} for act in told.activities],
        "extra_service": told.extra_service,
        "caregiver_id": told.caregiver_id,
        "customer_id": told.customer_id,
        "planned_visit_id": told.planned_visit_id,
        "household": [{"customer_id": share.customer_id, "share": share.share} for share in told.household],
        "received_at": _instant(told.received_at),
        "corrected_at": _instant(one.clock.corrected_at),
        "clock_grade": one.clock.grade.value,
        "evidence_grade": one.evidence_grade,
        "device_id": told.device_id,
    }


def visit_document(view: SeesVisit) -> Document:
    """The visit, with what the judgement adds. Source: CONTRACT, V4, T3."""
    visit = view.visit
    seconds = visit.performed_seconds
    return {
        "id": visit.id,
        "external_id": None,
        "recorded_at": _instant(visit.recorded_at),
        "caregiver_id": visit.caregiver_id,
        "provider_id": visit.provider_id,
        "starts_at": None if visit.starts_at is None else _instant(visit.starts_at),
        "ends_at": None if visit.ends_at is None else _instant(visit.ends_at),
        "performed_seconds": seconds,
        "performed": None if seconds is None else iso_duration(seconds),
        "parts": [_part(part) for part in view.parts],
        "state": visit.state.value,
        "evidence_grade": visit.evidence_grade,
        "clock_grade": visit.clock_grade.value,
        "corrected": visit.corrected,
        "pay": str(view.pay),
        "deviations": list(view.deviations),
        "registration_ids": list(visit.registration_ids),
        "planned_visit_id": visit.planned_visit_id,
    }


def _instant(at: datetime) -> str:
    """As `format_instant`, of one that is in UTC and whole seconds."""
    return at.isoformat()[:19] + "Z"


def _place(place: Place) -> Document:
    return {
        "method": place.method.value,
        "text": place.text,
        "uid": place.uid,
        "reason": None if place.reason is None else place.reason.value,
        "note": place.note,
        "position": None if place.position is None else _position(place.position),
    }


def _position(position: Position) -> Document:
    return {
        "lat": position.lat_e6 / 1_000_000,
        "lon": position.lon_e6 / 1_000_000,
        "accuracy_m": position.accuracy_m,
    }


def _clock(clock: Clock) -> Document:
    anchor = clock.anchor
    return {
        "elapsed_ms": clock.elapsed_ms,
        "boot_id": clock.boot_id,
        "sequence": clock.sequence,
        "anchor": None
        if anchor is None
        else {"server_at": _instant(anchor.server_at), "elapsed_ms": anchor.elapsed_ms, "boot_id": anchor.boot_id},
    }


def _part(part: Part) -> Document:
    return {
        "customer_id": part.customer_id,
        "service": None if part.service is None else part.service.value,
        "law": None if part.law is None else part.law.value,
        "order_id": part.order_id,
        "starts_at": _instant(part.starts_at),
        "ends_at": _instant(part.ends_at),
        "seconds": part.seconds,
    }
