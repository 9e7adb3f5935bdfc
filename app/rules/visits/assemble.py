"""A stay becomes a visit: its customer, service, times, grades and state (V3, V4, V7–V10, V12–V15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.rules.providers import Service
from app.rules.time import seconds_between
from app.rules.visits.clock import Evidence, evidence_of, one_anchor
from app.rules.visits.correct import Corrected
from app.rules.visits.fold import Stay, customer_at_the_door
from app.rules.visits.surroundings import Surroundings
from app.rules.visits.values import (
    ClockGrade,
    End,
    RegistrationKind,
    Resolved,
    ServiceChange,
    Visit,
    VisitState,
)

_WORST_FIRST = (ClockGrade.UNVERIFIED, ClockGrade.ESTIMATED, ClockGrade.VERIFIED)


def assemble(stay: Stay, fix: Corrected | None, plan_id: str | None, around: Surroundings, as_of: datetime) -> Visit:
    """The visit as of the instant. Source: V4–V10, V12–V16."""
    first = _first(stay)
    fix = fix or Corrected()
    registered_start, registered_end = registered_times(stay)
    start, end = times_of(stay, fix)
    customer_id = fix.customer_id or customer_at_the_door(stay)
    told = _ends(stay)
    ends = proven([_end(one) for one in told], stay)
    service = fix.service or _service(stay, customer_id, plan_id, around)
    open_until = around.open_until(start or first.at, plan_id, service, customer_id)
    everything = sorted((*told, *stay.others, *stay.changes), key=lambda one: one.order)
    return Visit(
        id=stay.id,
        caregiver_id=first.registration.caregiver_id,
        provider_id=first.provider_id,
        state=_state(stay, fix.void, start, end, open_until, as_of),
        starts_at=start,
        ends_at=end,
        registered_starts_at=registered_start,
        registered_ends_at=registered_end,
        customer_id=customer_id,
        service=service,
        check_in=None if stay.check_in is None else ends[0],
        check_out=None if stay.check_out is None else ends[-1],
        superseded=stay.superseded and stay.check_out is None,
        evidence_grade=_evidence(ends, fix),
        clock_grade=min((one.clock_grade for one in ends), key=_WORST_FIRST.index),
        registration_ids=tuple(one.id for one in everything),
        recorded_at=max(fix.recorded_at, *(one.registration.recorded_at for one in everything)),
        planned_visit_id=plan_id,
        named_plan=plan_id is not None and any(one.registration.planned_visit_id == plan_id for one in told),
        extra_service=any(one.registration.extra_service for one in told),
        service_changes=services_changed(stay),
        household=next((one.registration.household for one in told if one.registration.household), ()),
        activities=tuple(activity for one in everything for activity in one.registration.activities),
        corrected=bool(fix.ids),
        correction_ids=fix.ids,
    )


def times_of(stay: Stay, fix: Corrected | None) -> tuple[datetime | None, datetime | None]:
    """Start and end as corrected; what would end the stay before it starts changes neither. Source: V10."""
    registered_start, registered_end = registered_times(stay)
    if fix is None:
        return registered_start, registered_end
    start, end = fix.starts_at or registered_start, fix.ends_at or registered_end
    if start is not None and end is not None and end < start:
        return registered_start, registered_end
    return start, end


def _first(stay: Stay) -> Resolved:
    first = stay.check_in or stay.check_out
    if first is None:
        raise ValueError("a stay has at least one end")
    return first


def _ends(stay: Stay) -> tuple[Resolved, ...]:
    return tuple(one for one in (stay.check_in, stay.check_out) if one is not None)


def registered_times(stay: Stay) -> tuple[datetime | None, datetime | None]:
    """Start and end as registered; where both lie in one boot, from one anchor. Source: V8."""
    if stay.check_in is None or stay.check_out is None:
        return (stay.check_in.at if stay.check_in else None), (stay.check_out.at if stay.check_out else None)
    anchored = one_anchor(stay.check_in.registration, stay.check_out.registration)
    return anchored or (stay.check_in.at, stay.check_out.at)


def proven(ends: list[End], stay: Stay) -> list[End]:
    """The ends, an unverified one graded as the other where both rest on the other's clock evidence. Source: V8."""
    if stay.check_in is None or stay.check_out is None:
        return ends
    check_in, check_out = stay.check_in.registration, stay.check_out.registration
    if one_anchor(check_in, check_out) is None:
        return ends
    base = 1 if evidence_of(check_out)[0] < evidence_of(check_in)[0] else 0
    if evidence_of((check_in, check_out)[base])[0] is Evidence.CAPTURED:
        return ends
    grade = ends[base].clock_grade
    return [replace(end, clock_grade=grade) if end.clock_grade is ClockGrade.UNVERIFIED else end for end in ends]


def _end(one: Resolved) -> End:
    registration = one.registration
    return End(
        registration_id=one.id,
        at=one.at,
        method=registration.place.method,
        reason=registration.place.reason,
        stated=registration.stated_at is not None,
        customer_id=one.customer_id,
        names_visit=registration.visit_id is not None,
        tag_id=one.reading.tag_id,
        tag_customer_id=one.reading.customer_id,
        tag_problem=one.reading.problem,
        clock_grade=one.clock.grade,
        apart_seconds=one.clock.apart_seconds,
        late_seconds=seconds_between(one.clock.corrected_at, registration.received_at),
        evidence_grade=one.evidence_grade,
        doubt=one.doubt,
    )


def _service(stay: Stay, customer_id: str | None, plan_id: str | None, around: Surroundings) -> Service | None:
    """The one told, else the planned visit's, else the only order's. Source: V14."""
    told = next((one.registration.service for one in _ends(stay) if one.registration.service is not None), None)
    if told is not None:
        return told
    plan = None if plan_id is None else around.plans.get(plan_id)
    if plan is not None:
        return plan.service
    first = _first(stay)
    return around.only_service(first.provider_id, customer_id, first.at)


def services_changed(stay: Stay) -> tuple[ServiceChange, ...]:
    """The changes of service kept for the stay, in order. Source: V15."""
    return tuple(
        ServiceChange(at=one.at, service=one.registration.service, registration_id=one.id)
        for one in sorted(stay.changes, key=lambda one: one.order)
        if one.registration.service is not None and one.registration.kind is RegistrationKind.CHANGE_SERVICE
    )


def _evidence(ends: list[End], fix: Corrected) -> int:
    """The lower of its two; 0 where an end is corrected. Source: V7."""
    if fix.starts_at is not None or fix.ends_at is not None:
        return 0
    return min(end.evidence_grade for end in ends)


def _state(
    stay: Stay, void: bool, start: datetime | None, end: datetime | None, open_until: datetime, as_of: datetime
) -> VisitState:
    if void:
        return VisitState.VOID
    if start is not None and end is not None:
        return VisitState.COMPLETE
    if start is None:
        return VisitState.NO_CHECK_IN
    return VisitState.NO_CHECK_OUT if stay.superseded or as_of > open_until else VisitState.OPEN
