"""The visits as a pure function of registrations, corrections and what was known: the one way they are ever made
(V5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from app.rules.plans import Start, match
from app.rules.providers import Service
from app.rules.time import local_day
from app.rules.visits.assemble import assemble, times_of
from app.rules.visits.clock import in_one_boot
from app.rules.visits.correct import Corrected, counted, overlay
from app.rules.visits.fold import Stay, began_at, customer_at_the_door, fold
from app.rules.visits.surroundings import Surroundings
from app.rules.visits.taps import doubts
from app.rules.visits.values import Correction, Resolved, TapCause, Visit

COPIED = 1
"""The grade of a tap whose counter was seen before, at most: a copied text proves no more than a printed code. Source:
V7, our decision.
"""


def derive(
    registrations: Iterable[Resolved], corrections: Iterable[Correction], around: Surroundings, as_of: datetime
) -> tuple[Visit, ...]:
    """The visits, ordered by (start or end, id), their state as of the instant.

    Any order of arrival, any number of resends and any split into batches gives the same. Source: V4–V6, V10, V14–V16.
    """
    resolved = doubted(in_one_boot({one.id: one for one in registrations}.values()), around)
    overlays = overlay(counted(corrections, as_of))
    services = _services_at_the_door(resolved, overlays, around)
    stays = [
        stay
        for one in _by_caregiver(resolved)
        for stay in fold(one, lambda check_in: _longest(check_in, services, around))
    ]
    plans = _match(stays, overlays, around)
    visits = [assemble(stay, overlays.get(stay.id), plans.get(stay.id), around, as_of) for stay in stays]
    return tuple(sorted(visits, key=lambda visit: (visit.placed_at, visit.id)))


def doubted(resolved: Collection[Resolved], around: Surroundings) -> list[Resolved]:
    """The registrations, those whose tap is contradicted with what says so, and a copy with no grade of a tap. D21."""
    found = doubts(resolved, around.taps, lambda one: _tolerance(one, around))
    if not found:
        return list(resolved)
    return [
        one
        if (doubt := found.get(one.id)) is None
        else replace(one, doubt=doubt)
        if doubt.cause is TapCause.OUT_OF_ORDER
        else replace(one, doubt=doubt, evidence_grade=min(one.evidence_grade, COPIED))
        for one in resolved
    ]


def _tolerance(one: Resolved, around: Surroundings) -> int:
    return around.policies.number("tap_order_seconds", around.municipality(one.customer_id), local_day(one.at))


def _by_caregiver(resolved: Iterable[Resolved]) -> list[list[Resolved]]:
    found: dict[str, list[Resolved]] = {}
    for one in resolved:
        found.setdefault(one.registration.caregiver_id, []).append(one)
    return [found[key] for key in sorted(found)]


def _services_at_the_door(
    resolved: list[Resolved], overlays: Mapping[str, Corrected], around: Surroundings
) -> dict[str, Service | None]:
    """The service of each check-in that tells none, by its plan or only order: the longest stay depends on it."""
    silent = [one for one in resolved if one.registration.kind == "check_in" and one.registration.service is None]
    plans = _match([Stay(one) for one in silent], overlays, around)
    found: dict[str, Service | None] = {}
    for one in silent:
        plan = around.plans.get(plans.get(one.id, ""))
        found[one.id] = plan.service if plan else around.only_service(one.provider_id, one.customer_id, one.at)
    return found


def _longest(check_in: Resolved, services: Mapping[str, Service | None], around: Surroundings) -> int:
    service = check_in.registration.service or services.get(check_in.id)
    return around.longest_stay(service, around.municipality(check_in.customer_id), local_day(check_in.at))


def _match(stays: Iterable[Stay], overlays: Mapping[str, Corrected], around: Surroundings) -> dict[str, str]:
    """Visit id → plan id, by effective start and customer; void visits and those without start answer to no plan.

    Source: V16.
    """
    starts: list[Start] = []
    for stay in stays:
        fix = overlays.get(stay.id)
        start = _start(stay, fix, around)
        if start is not None and not (fix is not None and fix.void):
            starts.append(start)
    return match(starts, around.plans.values(), lambda start: _within(start, around))


def _start(stay: Stay, fix: Corrected | None, around: Surroundings) -> Start | None:
    first = stay.check_in or stay.check_out
    if first is None:
        return None
    at, _ = times_of(stay, fix)
    customer_id = (fix.customer_id if fix else None) or customer_at_the_door(stay)
    named = around.plans.get(_named(stay) or "")
    if named is not None and named.provider_id == first.provider_id:
        return Start(
            visit_id=stay.id,
            provider_id=first.provider_id,
            customer_id=customer_id or named.customer_id,
            caregiver_id=first.registration.caregiver_id,
            at=at or began_at(stay),
            names=named.id,
        )
    if at is None or customer_id is None or _extra(stay):
        return None
    return Start(
        visit_id=stay.id,
        provider_id=first.provider_id,
        customer_id=customer_id,
        caregiver_id=first.registration.caregiver_id,
        at=at,
    )


def _extra(stay: Stay) -> bool:
    return any(end is not None and end.registration.extra_service for end in (stay.check_in, stay.check_out))


def _named(stay: Stay) -> str | None:
    told = (end.registration.planned_visit_id for end in (stay.check_in, stay.check_out) if end is not None)
    return next((plan for plan in told if plan is not None), None)


def _within(start: Start, around: Surroundings) -> int:
    return around.policies.number("plan_match_seconds", around.municipality(start.customer_id), local_day(start.at))
