"""A provider's day: its plans in every version, its visits, what is still open from before, and who is away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, or_, select, union

from app.rules.people import Absence
from app.rules.plans import PlannedVisit
from app.rules.time import Interval
from app.rules.visits.values import Visit
from app.storage.database import Transaction
from app.storage.people import ABSENCE
from app.storage.plans import PLANNED_VISIT
from app.storage.records import page, versions
from app.storage.statements import among, mappings
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.people import absence
from app.storage.tables.plans import planned_visit
from app.storage.tables.visits import open_visit, visit
from app.storage.visits.rows import visit_of

_MANY = 10_000
"""More absences than a provider's customers have in a day."""


def plan_ids_of_day(tx: Transaction, care_system_id: str, provider_id: str, day: Interval) -> frozenset[str]:
    """The planned visits that start in the day as they stand, or ever did at customers of the provider's (V16)."""
    now, ever, grant, order = planned_visit.current, planned_visit.versions, care_grant.current, care_order.current
    standing = select(now.c.id).where(
        now.c.care_system_id == care_system_id,
        now.c.provider_id == provider_id,
        now.c.starts_at >= day.start,
        now.c.starts_at < day.end,
    )
    ordered = (
        select(grant.c.customer_id)
        .join(order, and_(order.c.care_system_id == grant.c.care_system_id, order.c.grant_id == grant.c.id))
        .where(order.c.care_system_id == care_system_id, order.c.provider_id == provider_id)
    )
    once = select(ever.c.id).where(
        ever.c.care_system_id == care_system_id,
        ever.c.customer_id.in_(ordered),
        ever.c.provider_id == provider_id,
        ever.c.starts_at >= day.start,
        ever.c.starts_at < day.end,
    )
    return frozenset(tx.connection.execute(union(standing, once)).scalars())


def plan_versions(tx: Transaction, care_system_id: str, ids: Collection[str]) -> tuple[PlannedVisit, ...]:
    """Every version of these planned visits."""
    return versions(tx, PLANNED_VISIT, care_system_id, ids) if ids else ()


def visits_of_day(
    tx: Transaction, care_system_id: str, provider_id: str, day: Interval, plan_ids: Collection[str]
) -> tuple[Visit, ...]:
    """The provider's visits placed in the day, and those that answer to one of the plans."""
    placed = and_(visit.c.provider_id == provider_id, visit.c.placed_at >= day.start, visit.c.placed_at < day.end)
    answering = and_(visit.c.provider_id == provider_id, among(tx, visit.c.planned_visit_id, plan_ids))
    either = or_(placed, answering) if plan_ids else placed
    statement = select(visit).where(visit.c.care_system_id == care_system_id, either)
    return tuple(visit_of(row) for row in mappings(tx, statement.order_by(visit.c.placed_at, visit.c.id)))


def still_open(tx: Transaction, care_system_id: str, provider_id: str, before: datetime) -> tuple[Visit, ...]:
    """The provider's visits that began before and that nobody has closed since."""
    theirs = and_(visit.c.care_system_id == open_visit.c.care_system_id, visit.c.id == open_visit.c.visit_id)
    statement = (
        select(visit)
        .join(open_visit, theirs)
        .where(
            open_visit.c.care_system_id == care_system_id,
            open_visit.c.since < before,
            visit.c.provider_id == provider_id,
            visit.c.placed_at < before,
        )
    )
    return tuple(visit_of(row) for row in mappings(tx, statement.order_by(visit.c.placed_at, visit.c.id)))


def absences_of_day(
    tx: Transaction, care_system_id: str, customer_ids: Collection[str], day: Interval
) -> tuple[Absence, ...]:
    """The customers' absences that have a second of the day."""
    if not customer_ids:
        return ()
    table = absence.current
    within = [
        among(tx, table.c.customer_id, customer_ids),
        table.c.starts_at < day.end,
        or_(table.c.ends_at.is_(None), table.c.ends_at > day.start),
    ]
    return page(tx, ABSENCE, care_system_id, conditions=within, limit=_MANY)
