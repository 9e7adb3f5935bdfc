"""Planned visits: one at a time here, a thousand at once in `plan_batches`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from app.actions import records
from app.actions.calls import Answered, Call, Told
from app.actions.faults import UnknownReferences
from app.actions.marks import mark_months
from app.actions.people import customers_seen
from app.actions.records import Subject, Writing, list_records
from app.actions.references import Draft
from app.actions.visits.project import Change, Wider, project
from app.actions.visits.tell import Faces, tell_and_settle
from app.rules.access import Resource, Scope
from app.rules.plans import PlannedVisit, check_plan
from app.rules.time import local_day
from app.storage import events
from app.storage.access_log import Seen
from app.storage.database import Transaction
from app.storage.events import Event
from app.storage.orders import GRANT
from app.storage.people import CAREGIVER, CUSTOMER
from app.storage.plans import PLANNED_VISIT, plans_between
from app.storage.records import get_many
from app.storage.visits.timelines import lock_providers

T = TypeVar("T")


def planned_persons(_tx: Transaction, _care_system_id: str, values: Collection[PlannedVisit]) -> Iterable[Seen]:
    """Whose data the plans show: the customers' and the caregivers'."""
    for one in values:
        yield from customers_seen((one.customer_id, *one.household))
        yield from (Seen(whom_type="caregiver", whom_id=caregiver) for caregiver in one.caregiver_ids)


PLANNED_VISITS = Subject(
    resource=Resource.PLANNED_VISIT, master=PLANNED_VISIT, makes=PlannedVisit, persons=planned_persons
)
"""For reading; `create_planned_visit` and `replace_planned_visit` write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """What a plan is checked against: whose the caregivers and the grants are."""

    provider_of: Mapping[str, str]
    customer_of: Mapping[str, str]

    def check(self, plan: PlannedVisit) -> None:
        """Refuses an end before the start (T4), another provider's caregiver and another customer's grant."""
        check_plan(plan)
        foreign = [
            f"/caregiver_ids/{place}"
            for place, caregiver in enumerate(plan.caregiver_ids)
            if self.provider_of[caregiver] != plan.provider_id
        ]
        if plan.grant_id is not None and self.customer_of[plan.grant_id] not in (plan.customer_id, *plan.household):
            foreign.append("/grant_id")
        if foreign:
            raise UnknownReferences(tuple(foreign))


def facts_of(tx: Transaction, care_system_id: str, plans: Collection[PlannedVisit]) -> PlanFacts:
    """What these plans are checked against."""
    caregivers = get_many(tx, CAREGIVER, care_system_id, {one for plan in plans for one in plan.caregiver_ids})
    granted = {plan.grant_id for plan in plans if plan.grant_id is not None}
    grants = get_many(tx, GRANT, care_system_id, granted)
    return PlanFacts(
        provider_of={key: one.provider_id for key, one in caregivers.items()},
        customer_of={key: one.customer_id for key, one in grants.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTold:
    """How the face that called tells of a plan, and of the registrations and visits that a plan may change (V16)."""

    plan: Told
    visits: Faces


def create_planned_visit(call: Call, draft: Draft, told: PlanTold) -> Answered:
    """The visit is planned. Raises as `records.create`."""
    return widened(lambda locked: records.create(call, _subject(locked, told), draft, told.plan))


def replace_planned_visit(call: Call, plan_id: str, version: int, draft: Draft, told: PlanTold) -> Answered:
    """The plan is the version after `version`. Raises as `records.replace`."""
    return widened(lambda locked: records.replace(call, _subject(locked, told), plan_id, version, draft, told.plan))


def widened(write: Callable[[frozenset[str]], T]) -> T:
    """The write, begun again with more providers locked while it reaches visits of others."""
    locked: frozenset[str] = frozenset()
    while True:
        try:
            return write(locked)
        except Wider as wider:
            locked |= wider.provider_ids


def _subject(locked: frozenset[str], told: PlanTold) -> Subject[PlannedVisit]:
    def check(writing: Writing[PlannedVisit]) -> None:
        both = _both(writing)
        lock_providers(writing.tx, writing.call.care_system_id, locked | {one.provider_id for one in both})
        facts_of(writing.tx, writing.call.care_system_id, [writing.value]).check(writing.value)

    def then(writing: Writing[PlannedVisit]) -> None:
        before = {} if writing.before is None else {writing.before.id: writing.before}
        follow(writing.tx, writing.call, [writing.value], before, locked, told)

    return replace(PLANNED_VISITS, check=check, then=then)


def _both(writing: Writing[PlannedVisit]) -> list[PlannedVisit]:
    return [one for one in (writing.before, writing.value) if one is not None]


def follow(
    tx: Transaction,
    call: Call,
    plans: Collection[PlannedVisit],
    before: Mapping[str, PlannedVisit],
    locked: frozenset[str],
    told: PlanTold,
) -> None:
    """Each changed plan is told to whoever follows along, and the visits and judgements are what they now must be.

    The plans' providers are locked, before and after. Raises `Wider`. Source: V16, CONTRACT, change.
    """
    if not plans:
        return
    cs = call.care_system_id
    customers = get_many(tx, CUSTOMER, cs, {plan.customer_id for plan in plans})
    municipalities = {key: one.municipality for key, one in customers.items()}
    changes = [_changed(plan, municipalities[plan.customer_id], call.now, told.plan) for plan in plans]
    events.append(tx, cs, changes)
    both = [one for plan in plans for one in (before.get(plan.id), plan) if one is not None]
    whom = [(one, whom) for one in both for whom in (one.customer_id, *one.household)]
    mark_months(tx, call, [((one.provider_id, person), local_day(one.starts_at)) for one, person in whom])
    provider_ids = locked | {one.provider_id for one in both}
    changed = Change(provider_ids=provider_ids, plan_ids=frozenset(plan.id for plan in plans))
    projected = project(tx, cs, changed, call.now)
    if projected.differing:
        tell_and_settle(tx, cs, projected, (), told.visits, call.now)


def _changed(plan: PlannedVisit, municipality: str, now: datetime, told: Told) -> Event:
    return Event(
        at=now,
        type="planned_visit.changed",
        resource_type="planned_visit",
        resource_id=plan.id,
        data=told.dump(plan),
        external_id=plan.external_id,
        provider_id=plan.provider_id,
        municipality=municipality,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFilter:
    """Which planned visits are wanted; None is any. They start from `start` on and before `before`."""

    provider_id: str | None = None
    customer_id: str | None = None
    caregiver_id: str | None = None
    start: datetime | None = None
    before: datetime | None = None


def list_planned_visits(
    call: Call, wanted: PlanFilter, after: str | None, limit: int
) -> tuple[list[PlannedVisit], bool]:
    """Up to `limit` planned visits within the scope, by id, and whether there are more. Raises Refused A2."""

    def listed(tx: Transaction, scope: Scope, most: int) -> tuple[PlannedVisit, ...]:
        return plans_between(
            tx,
            call.care_system_id,
            start=wanted.start,
            before=wanted.before,
            scope=scope,
            today=call.today,
            provider_id=wanted.provider_id,
            customer_id=wanted.customer_id,
            caregiver_id=wanted.caregiver_id,
            after=after,
            limit=most,
        )

    return list_records(call, PLANNED_VISITS, {}, after, limit, listed)
