"""A visit with everything it is made of and what was said of it later; and the corrections that wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.desk.deviations import newest_said
from app.actions.desk.names import Names, names_of, seen
from app.actions.records import log_read, missing
from app.actions.visits.correct import refusal_by
from app.actions.visits.read import customers_of, visit_in_scope
from app.rules.access import Resource, Verb
from app.rules.people import Customer, shown_customer
from app.rules.plans import PlannedVisit, as_it_stood
from app.rules.refusal import Refused
from app.rules.visits.correct import Difference, differences
from app.rules.visits.values import Correction, Resolved, Visit
from app.storage.database import Transaction
from app.storage.desk.corrections import pending_of
from app.storage.desk.day import plan_versions
from app.storage.deviations import Deviation, rules_at
from app.storage.explanations import Explained
from app.storage.people import CUSTOMER
from app.storage.records import page
from app.storage.visits import corrections_of, registrations_by_id

CHOICES = 500
"""So many customers are offered at most where the visit is to be another's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A correction as it stands beside its visit. `refusal` is why whoever looks may not approve it."""

    correction: Correction
    visit: Visit
    differences: tuple[Difference, ...]
    own: bool
    """Whether whoever looks made it."""
    refusal: Refused | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPage:
    """One visit. `choices` are the customers that it may be said to be of, where they were asked for."""

    visit: Visit
    plan: PlannedVisit | None
    registrations: tuple[Resolved, ...]
    deviations: tuple[Deviation, ...]
    said: Mapping[str, Explained]
    pending: tuple[Stated, ...]
    approved: tuple[Stated, ...]
    names: Names
    choices: tuple[Customer, ...]


def visit_page(call: Call, visit_id: str, *, with_choices: bool) -> VisitPage:
    """The visit of the provider's; the reads are logged. Raises Refused A2, A1 (404)."""
    call.check(Resource.VISIT, Verb.READ)
    cs = call.care_system_id
    with call.database.transaction() as tx:
        visit = visit_in_scope(tx, call, visit_id)
        plan_ids = {visit.planned_visit_id} - {None}
        plans = as_it_stood(plan_versions(tx, cs, {str(one) for one in plan_ids}), call.now)
        registrations = registrations_by_id(tx, cs, visit.registration_ids)
        deviations = rules_at(tx, cs, [visit_id]).get(visit_id, ())
        corrections = [_stated(call, one, visit) for one in corrections_of(tx, cs, [visit_id])]
        choices = _choices(tx, call) if with_choices else ()
        customers = {*customers_of(visit), *_customers_named(corrections), *(one.customer_id for one in registrations)}
        names = names_of(tx, call, customers, {visit.caregiver_id})
        log_read(tx, call, Resource.VISIT, seen({*customers, *(one.id for one in choices)}, {visit.caregiver_id}))
        said = newest_said(tx, cs, [one.id for one in deviations])
    return VisitPage(
        visit=visit,
        plan=next(iter(plans), None),
        registrations=tuple(sorted(registrations, key=lambda one: one.order)),
        deviations=tuple(sorted(deviations, key=lambda one: int(one.rule[1:]))),
        said=said,
        pending=tuple(one for one in corrections if one.correction.approved_at is None),
        approved=tuple(one for one in corrections if one.correction.approved_at is not None),
        names=names,
        choices=choices,
    )


def _choices(tx: Transaction, call: Call) -> tuple[Customer, ...]:
    scope = call.scope(Resource.CUSTOMER)
    found = page(tx, CUSTOMER, call.care_system_id, scope=scope, today=call.today, limit=CHOICES)
    shown = [shown_customer(one, scope.with_names) for one in found]
    return tuple(sorted(shown, key=lambda one: (one.name or "", one.id)))


def _stated(call: Call, correction: Correction, visit: Visit) -> Stated:
    return Stated(
        correction=correction,
        visit=visit,
        differences=differences(correction.changes, visit),
        own=correction.made_by == call.actor.id,
        refusal=refusal_by(call.actor, correction, visit),
    )


def _customers_named(corrections: list[Stated]) -> set[str | None]:
    return {one.correction.changes.customer_id for one in corrections}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The provider's corrections that wait, the oldest first. `following` is the last one where more follow."""

    stated: tuple[Stated, ...]
    names: Names
    following: str | None


def pending(call: Call, after: str | None, limit: int) -> Pending:
    """Up to `limit` corrections that nobody has approved; the reads are logged. Raises Refused A2, A1 (404)."""
    call.check(Resource.VISIT, Verb.READ)
    provider_id = call.actor.provider_id
    if provider_id is None:
        raise missing()
    with call.database.transaction() as tx:
        found = pending_of(tx, call.care_system_id, provider_id, after=after, limit=limit + 1)
        stated = [_stated(call, correction, visit) for correction, visit in found[:limit]]
        customers = {*(one for row in stated for one in customers_of(row.visit)), *_customers_named(stated)}
        caregivers = {row.visit.caregiver_id for row in stated}
        names = names_of(tx, call, customers, caregivers)
        log_read(tx, call, Resource.VISIT, seen(customers, caregivers))
    following = stated[-1].correction.id if len(found) > limit else None
    return Pending(stated=tuple(stated), names=names, following=following)
