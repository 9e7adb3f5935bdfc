"""Registrations, visits and corrections: rows and values."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from app.rules.people import Position
from app.rules.providers import Service
from app.rules.tags import ManualReason, Method, Place, Reading, TagProblem
from app.rules.time import format_instant
from app.rules.visits.values import (
    Activity,
    Anchor,
    Changes,
    Clock,
    ClockGrade,
    ClockReading,
    Correction,
    CorrectionReason,
    End,
    HouseholdShare,
    Outcome,
    Registration,
    RegistrationKind,
    Resolved,
    Sent,
    ServiceChange,
    TapCause,
    TapDoubt,
    Visit,
    VisitState,
)
from app.storage.statements import Row

Document = dict[str, Any]

_E = TypeVar("_E", bound=StrEnum)


def _by_value(kind: type[_E]) -> dict[str, _E]:
    """The members by what is stored of them: a month has a million, and calling the kind takes ten times as long."""
    return {member.value: member for member in kind}


_KINDS, _METHODS, _REASONS = _by_value(RegistrationKind), _by_value(Method), _by_value(ManualReason)
_GRADES, _STATES, _SERVICES = _by_value(ClockGrade), _by_value(VisitState), _by_value(Service)
_PROBLEMS = _by_value(TagProblem)


def registration_of(row: Row) -> Registration:
    """The registration as it was received."""
    return Registration(
        id=row["id"],
        external_id=row["external_id"],
        recorded_at=row["recorded_at"],
        kind=_KINDS[row["kind"]],
        caregiver_id=row["caregiver_id"],
        captured_at=row["captured_at"],
        captured_text=row["captured_text"],
        stated_at=row["stated_at"],
        stated_text=row["stated_text"],
        received_at=row["received_at"],
        visit_id=row["visit_id"],
        planned_visit_id=row["planned_visit_id"],
        customer_id=row["customer_id"],
        service=_service(row["service"]),
        place=_place_of(row),
        clock=_clock_of(row["clock"]),
        sent=None if row["sent"] is None else Sent(**row["sent"]),
        activities=_activities_of(row["activities"]),
        extra_service=bool(row["extra_service"]),
        household=_household_of(row["household"]),
        by_measuring_client=bool(row["by_measuring_client"]),
        device_id=row["device_id"],
    )


def resolved_of(row: Row) -> Resolved:
    """The registration with what it came to when it was recorded."""
    return Resolved(
        registration=registration_of(row),
        at=row["at"],
        clock=ClockReading(
            corrected_at=row["corrected_at"], grade=_GRADES[row["clock_grade"]], apart_seconds=row["apart_seconds"]
        ),
        provider_id=row["provider_id"],
        reading=Reading(
            tag_id=row["tag_id"],
            customer_id=row["tag_customer_id"],
            problem=_problem(row["tag_problem"]),
            counter=row["tap_counter"],
        ),
        customer_id=row["resolved_customer_id"],
        evidence_grade=row["evidence_grade"],
    )


def resolved_row(care_system_id: str, resolved: Resolved, content_hash: str, by: str) -> Document:
    """The whole row."""
    return {
        "care_system_id": care_system_id,
        "content_hash": content_hash,
        "recorded_by": by,
        **_registration_columns(resolved.registration),
        **_place_columns(resolved.registration.place),
        "at": resolved.at,
        "corrected_at": resolved.clock.corrected_at,
        "clock_grade": resolved.clock.grade,
        "apart_seconds": resolved.clock.apart_seconds,
        "provider_id": resolved.provider_id,
        "tag_id": resolved.reading.tag_id,
        "tag_customer_id": resolved.reading.customer_id,
        "tag_problem": resolved.reading.problem,
        "tap_counter": resolved.reading.counter,
        "resolved_customer_id": resolved.customer_id,
        "evidence_grade": resolved.evidence_grade,
    }


def _registration_columns(value: Registration) -> Document:
    return {
        "id": value.id,
        "external_id": value.external_id,
        "recorded_at": value.recorded_at,
        "kind": value.kind,
        "caregiver_id": value.caregiver_id,
        "captured_at": value.captured_at,
        "captured_text": value.captured_text,
        "stated_at": value.stated_at,
        "stated_text": value.stated_text,
        "received_at": value.received_at,
        "visit_id": value.visit_id,
        "planned_visit_id": value.planned_visit_id,
        "customer_id": value.customer_id,
        "service": value.service,
        "clock": None if value.clock is None else _clock_document(value.clock),
        "boot_id": None if value.clock is None else value.clock.boot_id,
        "elapsed_ms": None if value.clock is None else value.clock.elapsed_ms,
        "sent": None if value.sent is None else _sent_document(value.sent),
        "activities": _activities_document(value.activities) or None,
        "extra_service": value.extra_service,
        "household": _household_document(value.household) or None,
        "by_measuring_client": value.by_measuring_client,
        "device_id": value.device_id,
        "sequence": None if value.clock is None else value.clock.sequence,
    }


def _place_of(row: Row) -> Place:
    position = None
    if row["lat_e6"] is not None:
        position = Position(lat_e6=row["lat_e6"], lon_e6=row["lon_e6"], accuracy_m=row["accuracy_m"])
    return Place(
        method=_METHODS[row["method"]],
        text=row["text"],
        uid=row["uid"],
        reason=_reason(row["reason"]),
        note=row["note"],
        position=position,
    )


def _place_columns(place: Place) -> Document:
    position = place.position
    return {
        "method": place.method,
        "text": place.text,
        "uid": place.uid,
        "reason": place.reason,
        "note": place.note,
        "lat_e6": None if position is None else position.lat_e6,
        "lon_e6": None if position is None else position.lon_e6,
        "accuracy_m": None if position is None else position.accuracy_m,
    }


def _clock_of(told: Document | None) -> Clock | None:
    if told is None:
        return None
    anchor = told["anchor"]
    return Clock(
        elapsed_ms=told["elapsed_ms"],
        boot_id=told["boot_id"],
        sequence=told["sequence"],
        anchor=None if anchor is None else Anchor(**{**anchor, "server_at": _stored(anchor["server_at"])}),
    )


def _clock_document(clock: Clock) -> Document:
    anchor = clock.anchor
    return {
        "elapsed_ms": clock.elapsed_ms,
        "boot_id": clock.boot_id,
        "sequence": clock.sequence,
        "anchor": None if anchor is None else _anchor_document(anchor),
    }


def _anchor_document(anchor: Anchor) -> Document:
    return {
        "server_at": format_instant(anchor.server_at),
        "elapsed_ms": anchor.elapsed_ms,
        "boot_id": anchor.boot_id,
    }


def _sent_document(sent: Sent) -> Document:
    return {"elapsed_ms": sent.elapsed_ms, "boot_id": sent.boot_id}


def _activities_of(told: list[Document] | None) -> tuple[Activity, ...]:
    return tuple(Activity(code=one["code"], outcome=Outcome(one["outcome"])) for one in told or ())


def _activities_document(activities: tuple[Activity, ...]) -> list[Document]:
    return [{"code": one.code, "outcome": one.outcome} for one in activities]


def _household_of(told: list[Document] | None) -> tuple[HouseholdShare, ...]:
    return tuple(HouseholdShare(customer_id=one["customer_id"], share=one["share"]) for one in told or ())


def _household_document(household: tuple[HouseholdShare, ...]) -> list[Document]:
    return [{"customer_id": one.customer_id, "share": one.share} for one in household]


def visit_of(row: Row) -> Visit:
    """The visit of a row."""
    return Visit(
        id=row["id"],
        caregiver_id=row["caregiver_id"],
        provider_id=row["provider_id"],
        state=_STATES[row["state"]],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        registered_starts_at=row["registered_starts_at"],
        registered_ends_at=row["registered_ends_at"],
        customer_id=row["customer_id"],
        service=_service(row["service"]),
        check_in=None if row["check_in"] is None else _end_of(row["check_in"]),
        check_out=None if row["check_out"] is None else _end_of(row["check_out"]),
        superseded=bool(row["superseded"]),
        evidence_grade=row["evidence_grade"],
        clock_grade=_GRADES[row["clock_grade"]],
        registration_ids=tuple(row["registration_ids"]),
        recorded_at=row["recorded_at"],
        planned_visit_id=row["planned_visit_id"],
        named_plan=bool(row["named_plan"]),
        extra_service=bool(row["extra_service"]),
        service_changes=tuple(_change_of(one) for one in row["service_changes"]),
        household=_household_of(row["household"]),
        activities=_activities_of(row["activities"]),
        corrected=bool(row["corrected"]),
        correction_ids=tuple(row["correction_ids"]),
    )


def visit_row(care_system_id: str, visit: Visit) -> Document:
    """The whole row."""
    return {
        "care_system_id": care_system_id,
        "id": visit.id,
        "caregiver_id": visit.caregiver_id,
        "provider_id": visit.provider_id,
        "state": visit.state,
        "placed_at": visit.placed_at,
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
        "registered_starts_at": visit.registered_starts_at,
        "registered_ends_at": visit.registered_ends_at,
        "customer_id": visit.customer_id,
        "service": visit.service,
        "check_in": None if visit.check_in is None else _end_document(visit.check_in),
        "check_out": None if visit.check_out is None else _end_document(visit.check_out),
        "superseded": visit.superseded,
        "evidence_grade": visit.evidence_grade,
        "clock_grade": visit.clock_grade,
        "registration_ids": list(visit.registration_ids),
        "recorded_at": visit.recorded_at,
        "planned_visit_id": visit.planned_visit_id,
        "named_plan": visit.named_plan,
        "extra_service": visit.extra_service,
        "service_changes": [_change_document(one) for one in visit.service_changes],
        "household": _household_document(visit.household),
        "activities": _activities_document(visit.activities),
        "corrected": visit.corrected,
        "correction_ids": list(visit.correction_ids),
    }


def _end_of(told: Document) -> End:
    return End(
        registration_id=told["registration_id"],
        at=_stored(told["at"]),
        method=_METHODS[told["method"]],
        reason=_reason(told["reason"]),
        stated=told["stated"],
        customer_id=told["customer_id"],
        names_visit=told["names_visit"],
        tag_id=told["tag_id"],
        tag_customer_id=told["tag_customer_id"],
        tag_problem=_problem(told["tag_problem"]),
        clock_grade=_GRADES[told["clock_grade"]],
        apart_seconds=told["apart_seconds"],
        late_seconds=told["late_seconds"],
        evidence_grade=told["evidence_grade"],
        doubt=_doubt_of(told.get("doubt")),
    )


def _doubt_of(told: Document | None) -> TapDoubt | None:
    if told is None:
        return None
    return TapDoubt(cause=TapCause(told["cause"]), counter=told["counter"], registration_id=told["registration_id"])


def _doubt_document(doubt: TapDoubt | None) -> Document | None:
    if doubt is None:
        return None
    return {"cause": doubt.cause, "counter": doubt.counter, "registration_id": doubt.registration_id}


def _end_document(end: End) -> Document:
    return {
        "registration_id": end.registration_id,
        "at": format_instant(end.at),
        "method": end.method,
        "reason": end.reason,
        "stated": end.stated,
        "customer_id": end.customer_id,
        "names_visit": end.names_visit,
        "tag_id": end.tag_id,
        "tag_customer_id": end.tag_customer_id,
        "tag_problem": end.tag_problem,
        "clock_grade": end.clock_grade,
        "apart_seconds": end.apart_seconds,
        "late_seconds": end.late_seconds,
        "evidence_grade": end.evidence_grade,
        "doubt": _doubt_document(end.doubt),
    }


def _change_of(told: Document) -> ServiceChange:
    return ServiceChange(
        at=_stored(told["at"]), service=_SERVICES[told["service"]], registration_id=told["registration_id"]
    )


def _change_document(change: ServiceChange) -> Document:
    return {"at": format_instant(change.at), "service": change.service, "registration_id": change.registration_id}


def correction_of(row: Row) -> Correction:
    """The correction of a row that stands beside its approval, recorded when it began to count. Source: V10, R9."""
    return Correction(
        id=row["id"],
        external_id=row["external_id"],
        recorded_at=row["approval_recorded_at"] or row["recorded_at"],
        visit_id=row["visit_id"],
        changes=_changes_of(row["changes"]),
        reason=CorrectionReason(row["reason"]),
        note=row["note"],
        made_by=row["made_by"],
        made_at=row["made_at"],
        approved_by=row["approved_by"],
        approved_at=row["approved_at"],
    )


def _changes_of(told: Document) -> Changes:
    return Changes(
        starts_at=_instant(told.get("starts_at")),
        ends_at=_instant(told.get("ends_at")),
        customer_id=told.get("customer_id"),
        service=_service(told.get("service")),
        void=told.get("void"),
    )


def changes_document(changes: Changes) -> Document:
    """Only what the correction states."""
    told = {
        "starts_at": None if changes.starts_at is None else format_instant(changes.starts_at),
        "ends_at": None if changes.ends_at is None else format_instant(changes.ends_at),
        "customer_id": changes.customer_id,
        "service": changes.service,
        "void": changes.void,
    }
    return {name: value for name, value in told.items() if value is not None}


_stored = datetime.fromisoformat
"""An instant that we wrote ourselves, always as `format_instant` writes it: nothing else has to be told apart."""


def _instant(text: str | None) -> datetime | None:
    return None if text is None else _stored(text)


def _service(text: str | None) -> Service | None:
    return None if text is None else _SERVICES[text]


def _reason(text: str | None) -> ManualReason | None:
    return None if text is None else _REASONS[text]


def _problem(text: str | None) -> TagProblem | None:
    return None if text is None else _PROBLEMS[text]
