"""Registrations and visits, read within the scope of who asks; every read of a person's data is logged (A3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from app.actions.calls import Call
from app.actions.people import customers_seen
from app.actions.records import log_read, missing
from app.actions.visits.show import SeenVisit, show
from app.actions.visits.surround import surround
from app.rules.access import Resource, Verb
from app.rules.visits.values import Resolved, Visit, VisitState
from app.rules.visits.whereabouts import customers_at, shown_registration
from app.storage.access_log import Seen
from app.storage.database import Transaction
from app.storage.people import CUSTOMER
from app.storage.records import get_many
from app.storage.visits import (
    get_registration,
    get_visit,
    page_of_registrations,
    registrations_by_id,
    visits_of,
)
from app.storage.visits.nearby import plans_near


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFilter:
    """Which registrations are wanted; None is any. Their time lies from `start` on and before `before`."""

    visit_id: str | None = None
    caregiver_id: str | None = None
    start: datetime | None = None
    before: datetime | None = None

    def wants(self, one: Resolved) -> bool:
        """True for one that is wanted, its visit apart."""
        return (
            self.caregiver_id in (None, one.registration.caregiver_id)
            and (self.start is None or one.at >= self.start)
            and (self.before is None or one.at < self.before)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFilter:
    """Which visits are wanted; None is any. They are placed from `start` on and before `before`."""

    state: VisitState | None = None
    provider_id: str | None = None
    customer_id: str | None = None
    caregiver_id: str | None = None
    planned_visit_id: str | None = None
    start: datetime | None = None
    before: datetime | None = None


def read_registration(call: Call, registration_id: str) -> Resolved:
    """The registration; the read is logged. Raises Refused: A2, A1 (404)."""
    call.check(Resource.REGISTRATION, Verb.READ)
    scope = call.scope(Resource.REGISTRATION)
    with call.database.transaction() as tx:
        found = get_registration(tx, call.care_system_id, registration_id, scope=scope, today=call.today)
        if found is None:
            raise missing()
        log_read(tx, call, Resource.REGISTRATION, _people_of_registrations([found]))
        return _registrations_shown(tx, call, [found])[0]


def list_registrations(
    call: Call, wanted: RegistrationFilter, after: str | None, limit: int
) -> tuple[list[Resolved], bool]:
    """Up to `limit` registrations within the scope, by id, and whether there are more; what is given is logged."""
    call.check(Resource.REGISTRATION, Verb.READ)
    with call.database.transaction() as tx:
        found = (
            _of_visit(tx, call, wanted, after) if wanted.visit_id is not None else _page(tx, call, wanted, after, limit)
        )
        given = found[:limit]
        log_read(tx, call, Resource.REGISTRATION, _people_of_registrations(given))
        return _registrations_shown(tx, call, given), len(found) > limit


def _page(tx: Transaction, call: Call, wanted: RegistrationFilter, after: str | None, limit: int) -> list[Resolved]:
    return list(
        page_of_registrations(
            tx,
            call.care_system_id,
            scope=call.scope(Resource.REGISTRATION),
            today=call.today,
            caregiver_id=wanted.caregiver_id,
            start=wanted.start,
            before=wanted.before,
            after=after,
            limit=limit + 1,
        )
    )


def _of_visit(tx: Transaction, call: Call, wanted: RegistrationFilter, after: str | None) -> list[Resolved]:
    """All that a visit is made of."""
    scope = call.scope(Resource.VISIT)
    visit = get_visit(tx, call.care_system_id, str(wanted.visit_id), scope=scope, today=call.today)
    if visit is None:
        return []
    found = registrations_by_id(tx, call.care_system_id, visit.registration_ids)
    ordered = sorted(found, key=lambda one: one.id)
    return [one for one in ordered if wanted.wants(one) and (after is None or one.id > after)]


def _registrations_shown(tx: Transaction, call: Call, several: Collection[Resolved]) -> list[Resolved]:
    """The registrations as the actor may see them. Source: A2, A4."""
    with_names = call.scope(Resource.REGISTRATION).with_names
    placed = [one for one in several if with_names and one.registration.place.position is not None]
    held = get_many(tx, CUSTOMER, call.care_system_id, {key for one in placed for key in customers_at(one)})
    return [
        shown_registration(one, [held[key] for key in customers_at(one) if key in held], with_names) for one in several
    ]


def _people_of_registrations(several: Iterable[Resolved]) -> Iterable[Seen]:
    for one in several:
        yield Seen(whom_type="caregiver", whom_id=one.registration.caregiver_id)
        customers = {one.customer_id, *(share.customer_id for share in one.registration.household)} - {None}
        yield from customers_seen(sorted(str(key) for key in customers))


def read_visit(call: Call, visit_id: str) -> SeenVisit:
    """The visit as others see it; the read is logged. Raises Refused: A2, A1 (404)."""
    call.check(Resource.VISIT, Verb.READ)
    with call.database.transaction() as tx:
        visit = visit_in_scope(tx, call, visit_id)
        log_read(tx, call, Resource.VISIT, people_of_visits([visit]))
        return _shown(tx, call, [visit])[0]


def visit_in_scope(tx: Transaction, call: Call, visit_id: str) -> Visit:
    """The visit. Raises Refused A1 (404)."""
    visit = get_visit(tx, call.care_system_id, visit_id, scope=call.scope(Resource.VISIT), today=call.today)
    if visit is None:
        raise missing()
    return visit


def list_visits(call: Call, wanted: VisitFilter, after: str | None, limit: int) -> tuple[list[SeenVisit], bool]:
    """Up to `limit` visits within the scope, by id, and whether there are more; what is given is logged."""
    call.check(Resource.VISIT, Verb.READ)
    plan_ids = None if wanted.planned_visit_id is None else [wanted.planned_visit_id]
    with call.database.transaction() as tx:
        found = visits_of(
            tx,
            call.care_system_id,
            scope=call.scope(Resource.VISIT),
            today=call.today,
            provider_id=wanted.provider_id,
            customer_id=wanted.customer_id,
            caregiver_id=wanted.caregiver_id,
            start=wanted.start,
            before=wanted.before,
            state=wanted.state,
            planned_visit_ids=plan_ids,
            after=after,
            limit=limit + 1,
        )
        given = found[:limit]
        log_read(tx, call, Resource.VISIT, people_of_visits(given))
        return _shown(tx, call, given), len(found) > limit


def _shown(tx: Transaction, call: Call, visits: Collection[Visit]) -> list[SeenVisit]:
    cs = call.care_system_id
    plan_ids = {one.planned_visit_id for one in visits if one.planned_visit_id is not None}
    customers = {customer for one in visits for customer in customers_of(one)}
    around = surround(tx, cs, customers, plans_near(tx, cs, (), plan_ids), call.now)
    shown = show(tx, cs, visits, around)
    return [shown[one.id] for one in visits]


def people_of_visits(visits: Iterable[Visit]) -> Iterable[Seen]:
    """Whose data the visits are."""
    for one in visits:
        yield Seen(whom_type="caregiver", whom_id=one.caregiver_id)
        yield from customers_seen(customers_of(one))


def customers_of(visit: Visit) -> list[str]:
    """Everybody whose visit it is."""
    told = {visit.customer_id, *(one.customer_id for one in visit.household)}
    return sorted(key for key in told if key is not None)
