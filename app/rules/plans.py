"""Planned visits, and which of them a visit answers to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.rules.providers import Service
from app.rules.recorded import Recorded
from app.rules.refusal import Kind, Refused
from app.rules.time import BEGINNING, seconds_between


class CancelledBy(StrEnum):
    """Who called a planned visit off."""

    CUSTOMER = "customer"
    PROVIDER = "provider"
    COMMISSIONER = "commissioner"
    HEALTH_CARE = "health_care"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """When, by whom and why a planned visit was called off."""

    at: datetime
    by: CancelledBy
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVisit(Recorded):
    """Planerat besök: what the provider's scheduling tool says shall happen."""

    provider_id: str
    customer_id: str
    service: Service
    starts_at: datetime
    ends_at: datetime
    household: tuple[str, ...] = ()
    caregiver_ids: tuple[str, ...] = ()
    grant_id: str | None = None
    activities: tuple[str, ...] = ()
    cancelled: Cancellation | None = None


def check_plan(plan: PlannedVisit) -> None:
    """Refuses a planned visit that does not end after it starts. Source: T4."""
    if plan.ends_at <= plan.starts_at:
        raise Refused("T4", "a planned visit ends after it starts", Kind.INVALID, "/ends_at")


def as_it_stood(versions: Iterable[PlannedVisit], until: datetime) -> tuple[PlannedVisit, ...]:
    """Of each plan the version that stood at its start; what was changed or cancelled afterwards is left out of
    account.

    Versions recorded after `until` are not known yet. A plan first told after its start counts as it was first told.
    Source: V16; the last sentence is our decision.
    """
    by_id: dict[str, list[PlannedVisit]] = {}
    for plan in versions:
        if plan.recorded_at <= until:
            by_id.setdefault(plan.id, []).append(plan)
    return tuple(
        _stood(sorted(told, key=lambda one: (one.recorded_at, one.version))) for _, told in sorted(by_id.items())
    )


def _stood(told: list[PlannedVisit]) -> PlannedVisit:
    plan = told[0]
    for later in told[1:]:
        if later.recorded_at > plan.starts_at:
            break
        plan = later
    return plan


def called_off(plan: PlannedVisit) -> bool:
    """True where it was cancelled before its start; a later cancellation changes nothing. Source: V16, D3."""
    return plan.cancelled is not None and plan.cancelled.at < plan.starts_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A visit's start, as the match with plans sees it. `names` is the plan that it names."""

    visit_id: str
    provider_id: str
    customer_id: str
    caregiver_id: str
    at: datetime
    names: str | None = None


def match(starts: Iterable[Start], plans: Iterable[PlannedVisit], within: Callable[[Start], int]) -> dict[str, str]:
    """Visit id → plan id. A named plan first; else of the same provider and customer, starting within so many seconds
    (that border included), the same caregiver's first, then the nearest start, ties by id.

    One to one: a plan takes as many visits as it names caregivers, at least one. Source: V16; the last: our decision.
    """
    ready = [plan for plan in plans if not called_off(plan)]
    places = {plan.id: max(1, len(plan.caregiver_ids)) for plan in ready}
    by_customer: dict[tuple[str, str], _InOrder] = {}
    for plan in sorted(ready, key=_starts_at):
        ordered = by_customer.setdefault((plan.provider_id, plan.customer_id), _InOrder())
        ordered.plans.append(plan)
        ordered.seconds.append(_starts_at(plan))
    found: dict[str, str] = {}
    wishes: list[tuple[bool, int, str, str]] = []
    for start in starts:
        if start.names is not None:
            found[start.visit_id] = start.names
            places[start.names] = places.get(start.names, 0) - 1
            continue
        for plan in _near(start.at, within(start), by_customer.get((start.provider_id, start.customer_id))):
            away = abs(seconds_between(plan.starts_at, start.at))
            wishes.append((start.caregiver_id not in plan.caregiver_ids, away, start.visit_id, plan.id))
    for _, _, visit_id, plan_id in sorted(wishes):
        if visit_id not in found and places[plan_id] > 0:
            found[visit_id] = plan_id
            places[plan_id] -= 1
    return found


def _starts_at(plan: PlannedVisit) -> int:
    return seconds_between(BEGINNING, plan.starts_at)


@dataclass(slots=True)
class _InOrder:
    """Plans in the order of their starts, and these as seconds."""

    plans: list[PlannedVisit] = field(default_factory=list)
    seconds: list[int] = field(default_factory=list)


def _near(at: datetime, within_seconds: int, ordered: _InOrder | None) -> list[PlannedVisit]:
    """Those of the plans that start at most so many seconds away; that border is inside."""
    if ordered is None:
        return []
    second = seconds_between(BEGINNING, at)
    first = bisect_left(ordered.seconds, second - within_seconds)
    return ordered.plans[first : bisect_right(ordered.seconds, second + within_seconds)]
