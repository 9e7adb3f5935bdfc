"""Everything that a month's judgement reads, gathered set-wise: what was recorded before an instant (R9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, union

from app.rules.deviations.facts import Facts
from app.rules.deviations.values import SubjectType
from app.rules.plans import PlannedVisit
from app.rules.tags import Tag, named_by_text, named_tag
from app.rules.time import month_interval
from app.rules.visits.clock import in_one_boot
from app.rules.visits.values import Registration, Resolved
from app.storage.database import Transaction
from app.storage.explanations import rule_explanations
from app.storage.extensions import all_extensions
from app.storage.orders import GRANT, ORDER
from app.storage.people import ABSENCE, CAREGIVER, CUSTOMER
from app.storage.plans import PLANNED_VISIT
from app.storage.policies import policies_of
from app.storage.providers import ACCREDITATION, PROVIDER
from app.storage.rates import rates_of
from app.storage.records import Master, V, versions
from app.storage.statements import among, among_many, mappings
from app.storage.tables.deviations import deviation
from app.storage.tables.extensions import extension
from app.storage.tables.visits import registration, visit, visit_household
from app.storage.tags import TAG
from app.storage.visits.corrections import corrections_of
from app.storage.visits.rows import resolved_of
from app.storage.visits.taps import taps_beside

MARGIN = timedelta(days=4)
"""Registrations this long before and after a month are read too: the longest stay is 72 h. Source: V4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Whose months are gathered, as of when."""

    tx: Transaction
    care_system_id: str
    months: tuple[str, ...]
    recorded_before: datetime

    def within(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """True for instants in the months, or so little before or after them."""
        spans = [month_interval(month) for month in self.months]
        return or_(*(and_(column >= span.start - MARGIN, column < span.end + MARGIN) for span in spans))

    def versions(self, master: Master[V], *conditions: ColumnElement[bool]) -> tuple[V, ...]:
        """Every version that was recorded by then."""
        known = master.tables.versions.c.recorded_at < self.recorded_before
        return versions(self.tx, master, self.care_system_id, conditions=[known, *conditions])

    def among(self, column: ColumnElement[Any], values: Collection[str]) -> ColumnElement[bool]:
        """True where the column is one of the values."""
        return among(self.tx, column, values)


def facts_of_month(
    tx: Transaction,
    care_system_id: str,
    municipality: str,
    months: Iterable[str],
    *,
    recorded_before: datetime,
    provider_id: str | None = None,
    customer_ids: Collection[str] | None = None,
) -> Facts:
    """Everything about the municipality's customers in the months that was recorded before the instant.

    Of one provider's customers, or of all; of the named ones only, where they are named. The facts of others come along
    where a caregiver's fold needs them: take from the judgement what it says of the months, municipality and provider
    asked for. Holidays and tag keys are the caller's to add. Source: R9, V5.
    """
    asked = _Asked(tx=tx, care_system_id=care_system_id, months=tuple(months), recorded_before=recorded_before)
    core = _customers(asked, municipality, provider_id) if customer_ids is None else frozenset(customer_ids)
    shared = core if provider_id is None else _ordered(asked, core, provider_id)
    registrations = _registrations(asked, _providers(asked, shared, provider_id))
    whose = core | {one for row in registrations for one in row.customer_ids}
    return _gathered(asked, core, whose, registrations)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registered:
    """A registration, and the customers that it may be about."""

    registration: Registration
    customer_ids: frozenset[str]
    resolved: Resolved
    tag_id: str | None


def _customers(asked: _Asked, municipality: str, provider_id: str | None) -> frozenset[str]:
    """The municipality's customers whom the provider, or any, was ordered for or has visited in the months."""
    order, grant = ORDER.tables.versions, GRANT.tables.versions
    ordered = select(grant.c.customer_id).join(
        order, and_(order.c.care_system_id == grant.c.care_system_id, order.c.grant_id == grant.c.id)
    )
    visited = select(visit.c.customer_id).where(asked.within(visit.c.placed_at))
    shared = select(visit_household.c.customer_id).join(
        visit,
        and_(visit.c.care_system_id == visit_household.c.care_system_id, visit.c.id == visit_household.c.visit_id),
    )
    wanted: list[Select[Any]] = [
        ordered.where(grant.c.care_system_id == asked.care_system_id, *_of(order, provider_id)),
        visited.where(visit.c.care_system_id == asked.care_system_id, *_of(visit, provider_id)),
        shared.where(
            visit.c.care_system_id == asked.care_system_id, asked.within(visit.c.placed_at), *_of(visit, provider_id)
        ),
    ]
    person = CUSTOMER.current
    statement = select(person.c.id).where(
        person.c.care_system_id == asked.care_system_id,
        person.c.municipality == municipality,
        person.c.id.in_(union(*wanted)),
    )
    return frozenset(row["id"] for row in mappings(asked.tx, statement))


def _of(table: Any, provider_id: str | None) -> list[ColumnElement[bool]]:
    return [] if provider_id is None else [table.c.provider_id == provider_id]


def _ordered(asked: _Asked, customer_ids: frozenset[str], provider_id: str) -> frozenset[str]:
    """Those of the customers for whom the provider was ever ordered. At the others its time is paid by no order, so
    that nothing which other providers do there weighs on it. Source: R5, D13.
    """
    order, grant = ORDER.tables.versions, GRANT.tables.versions
    placed = and_(order.c.care_system_id == grant.c.care_system_id, order.c.grant_id == grant.c.id)
    statement = (
        select(grant.c.customer_id)
        .join(order, placed)
        .where(grant.c.care_system_id == asked.care_system_id, order.c.provider_id == provider_id)
        .where(asked.among(grant.c.customer_id, customer_ids))
    )
    return frozenset(row["customer_id"] for row in mappings(asked.tx, statement))


def _providers(asked: _Asked, customer_ids: frozenset[str], provider_id: str | None) -> frozenset[str]:
    """Every provider that was ordered for these customers, or has visited them in the months."""
    order, grant = ORDER.tables.versions, GRANT.tables.versions
    theirs = select(grant.c.id).where(
        grant.c.care_system_id == asked.care_system_id, asked.among(grant.c.customer_id, customer_ids)
    )
    ordered = select(order.c.provider_id).where(
        order.c.care_system_id == asked.care_system_id, order.c.grant_id.in_(theirs)
    )
    visited = select(visit.c.provider_id).where(
        visit.c.care_system_id == asked.care_system_id,
        asked.among(visit.c.customer_id, customer_ids),
        asked.within(visit.c.placed_at),
    )
    found = {row["provider_id"] for row in mappings(asked.tx, select(union(ordered, visited).subquery()))}
    return frozenset(found if provider_id is None else found | {provider_id})


def _registrations(asked: _Asked, provider_ids: frozenset[str]) -> tuple[_Registered, ...]:
    """What the providers' caregivers registered around the months, and what is tied to it by name."""
    staff, table = CAREGIVER.tables.versions, registration
    caregivers = select(staff.c.id).where(
        staff.c.care_system_id == asked.care_system_id, asked.among(staff.c.provider_id, provider_ids)
    )
    found = _registered(asked, table.c.caregiver_id.in_(caregivers), asked.within(table.c.at))
    named = {one.registration.visit_id for one in found.values() if one.registration.visit_id is not None}
    others = ~among_many(asked.tx, table.c.id, found.keys())
    found |= _registered(asked, asked.among(table.c.visit_id, found.keys() | named), others)
    named = {one.registration.visit_id for one in found.values() if one.registration.visit_id is not None}
    missing = named - found.keys()
    found |= _registered(asked, asked.among(table.c.id, missing)) if missing else {}
    return tuple(sorted(found.values(), key=lambda one: one.registration.id))


def _registered(asked: _Asked, *conditions: ColumnElement[bool]) -> dict[str, _Registered]:
    table = registration
    statement = select(table).where(
        table.c.care_system_id == asked.care_system_id, table.c.recorded_at < asked.recorded_before, *conditions
    )
    found: dict[str, _Registered] = {}
    for row in mappings(asked.tx, statement):
        resolved = resolved_of(row)
        value = resolved.registration
        told = (value.customer_id, row["resolved_customer_id"], row["tag_customer_id"])
        customers = {one for one in told if one is not None} | {one.customer_id for one in value.household}
        found[value.id] = _Registered(
            registration=value, customer_ids=frozenset(customers), resolved=resolved, tag_id=row["tag_id"]
        )
    return found


def _gathered(asked: _Asked, core: frozenset[str], whose: frozenset[str], registered: Sequence[_Registered]) -> Facts:
    tx, cs = asked.tx, asked.care_system_id
    registrations = tuple(one.registration for one in registered)
    ids = [one.id for one in registrations]
    grants = asked.versions(GRANT, asked.among(GRANT.tables.versions.c.customer_id, whose))
    orders = asked.versions(ORDER, asked.among(ORDER.tables.versions.c.grant_id, {one.id for one in grants}))
    extensions, decisions = all_extensions(
        tx,
        cs,
        asked.among(extension.c.customer_id, core),
        asked.among(extension.c.month, asked.months),
        recorded_before=asked.recorded_before,
    )
    return Facts(
        providers=asked.versions(PROVIDER),
        accreditations=asked.versions(ACCREDITATION),
        caregivers=_of_ids(asked, CAREGIVER, {one.caregiver_id for one in registrations}),
        customers=_of_ids(asked, CUSTOMER, whose),
        absences=asked.versions(ABSENCE, asked.among(ABSENCE.tables.versions.c.customer_id, core)),
        tags=_tags(asked, whose, registered),
        grants=grants,
        orders=orders,
        rates=_known(rates_of(tx, cs), asked.recorded_before),
        policies=_known(policies_of(tx, cs), asked.recorded_before),
        planned_visits=_plans(asked, whose, registrations),
        registrations=registrations,
        corrections=_known(corrections_of(tx, cs, ids), asked.recorded_before),
        extensions=_known(extensions, asked.recorded_before),
        decisions=_known(decisions, asked.recorded_before),
        taps=taps_beside(tx, cs, in_one_boot(one.resolved for one in registered)),
        explanations=rule_explanations(tx, cs, _about(asked, core, ids), recorded_before=asked.recorded_before),
    )


def _about(asked: _Asked, customer_ids: Collection[str], visit_ids: Collection[str]) -> ColumnElement[bool]:
    """True for the deviations of the customers and of the visits: one set of ids, each side looked up by its index."""
    theirs = asked.among(deviation.c.customer_id, customer_ids)
    of_visits = and_(deviation.c.subject_type == SubjectType.VISIT, asked.among(deviation.c.subject_id, visit_ids))
    both = (
        select(deviation.c.id).where(deviation.c.care_system_id == asked.care_system_id, one)
        for one in (theirs, of_visits)
    )
    return deviation.c.id.in_(union(*both))


def _of_ids(asked: _Asked, master: Master[V], ids: Collection[str]) -> tuple[V, ...]:
    return asked.versions(master, asked.among(master.tables.versions.c.id, ids))


def _known(facts: Sequence[V], recorded_before: datetime) -> tuple[V, ...]:
    return tuple(fact for fact in facts if fact.recorded_at < recorded_before)


def _tags(asked: _Asked, customer_ids: frozenset[str], registered: Sequence[_Registered]) -> tuple[Tag, ...]:
    """Every version of the customers' tags, and of whatever tag the registrations may have read."""
    table = TAG.tables.versions
    texts = {one.registration.place.text for one in registered} - {None}
    uids = {uid for one in registered for _, uid in [named_tag(one.registration.place)]} - {None}
    named = {one.tag_id for one in registered} - {None} | {named_by_text(str(text)) for text in texts}
    ids = select(table.c.id).where(
        table.c.care_system_id == asked.care_system_id,
        or_(
            asked.among(table.c.customer_id, customer_ids),
            asked.among(table.c.id, {str(one) for one in named}),
            asked.among(table.c.uid, {str(one) for one in uids}),
        ),
    )
    return asked.versions(TAG, table.c.id.in_(ids))


def _plans(
    asked: _Asked, customer_ids: frozenset[str], registrations: Sequence[Registration]
) -> tuple[PlannedVisit, ...]:
    """Every version of the planned visits that ever stood with the customers around the months, and of those named."""
    table = PLANNED_VISIT.tables.versions
    named = {one.planned_visit_id for one in registrations if one.planned_visit_id is not None}
    near = and_(asked.among(table.c.customer_id, customer_ids), asked.within(table.c.starts_at))
    whose = (near, asked.among(table.c.id, named))
    ids = (select(table.c.id).where(table.c.care_system_id == asked.care_system_id, one) for one in whose)
    return asked.versions(PLANNED_VISIT, table.c.id.in_(union(*ids)))
