"""What time alone may have brought: plans that nobody answered, orders that fell due, visits left open."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select

from app.rules.orders import Grant, Order
from app.rules.plans import PlannedVisit
from app.rules.time import Interval, local_day, local_instant
from app.rules.visits.values import Visit, VisitState
from app.storage.database import Transaction
from app.storage.orders import grant_of, order_of
from app.storage.plans import PLANNED_VISIT
from app.storage.records import versions
from app.storage.statements import mappings
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.plans import planned_visit
from app.storage.tables.providers import provider
from app.storage.tables.visits import open_visit, visit
from app.storage.visits.rows import visit_of

LONGEST_PLAN = timedelta(days=4)
"""A planned visit is no longer than the longest stay, 72 h, and what a policy gives it (V4)."""


def unanswered_plans(tx: Transaction, care_system_id: str, ended: Interval) -> tuple[PlannedVisit, ...]:
    """Every version of the planned visits that ended in the time and that no visit answers to. Source: D3."""
    plan = planned_visit.current
    theirs = select(provider.current.c.id).where(provider.current.c.care_system_id == care_system_id)
    answered = exists().where(
        visit.c.care_system_id == care_system_id,
        visit.c.planned_visit_id == plan.c.id,
        visit.c.state != VisitState.VOID,
    )
    ids = select(plan.c.id).where(
        plan.c.care_system_id == care_system_id,
        plan.c.provider_id.in_(theirs),
        plan.c.starts_at >= ended.start - LONGEST_PLAN,
        plan.c.starts_at < ended.end,
        plan.c.ends_at >= ended.start,
        plan.c.ends_at < ended.end,
        ~answered,
    )
    return versions(tx, PLANNED_VISIT, care_system_id, conditions=[planned_visit.versions.c.id.in_(ids)])


def orders_begun(
    tx: Transaction, care_system_id: str, since: datetime, until: datetime
) -> tuple[tuple[Order, ...], tuple[Grant, ...]]:
    """The orders that began to count from `since` on, by `until`, as they stand, and their grants' versions.

    Source: O4, O5.
    """
    order, grant = care_order.current, care_grant.current
    first, last = local_day(since), local_day(until)
    begun = or_(order.c.ordered_at >= since, order.c.valid_from >= first, grant.c.valid_from >= first)
    joined = and_(grant.c.care_system_id == order.c.care_system_id, grant.c.id == order.c.grant_id)
    conditions = (
        order.c.care_system_id == care_system_id,
        begun,
        order.c.valid_from <= last,
        order.c.ordered_at <= until,
    )
    orders = mappings(tx, select(order).join(grant, joined).where(*conditions).order_by(order.c.id))
    granted, told = select(order.c.grant_id).join(grant, joined).where(*conditions), care_grant.versions
    grants = mappings(tx, select(told).where(told.c.care_system_id == care_system_id, told.c.id.in_(granted)))
    return tuple(order_of(row) for row in orders), tuple(grant_of(row) for row in grants)


def begun(tx: Transaction, care_system_id: str) -> datetime | None:
    """When the first order came to hold or the first visit was, None where there is neither."""
    order = care_order.current
    ordered = select(func.min(order.c.valid_from)).where(order.c.care_system_id == care_system_id)
    visited = select(func.min(visit.c.placed_at)).where(visit.c.care_system_id == care_system_id)
    first = tx.connection.execute(ordered).scalar_one()
    came = [tx.connection.execute(visited).scalar_one(), None if first is None else local_instant(first)]
    return min((one for one in came if one is not None), default=None)


def open_visits(tx: Transaction, care_system_id: str) -> tuple[Visit, ...]:
    """Every visit that is open."""
    joined = and_(open_visit.c.care_system_id == visit.c.care_system_id, open_visit.c.visit_id == visit.c.id)
    statement = (
        select(visit)
        .join(open_visit, joined)
        .where(open_visit.c.care_system_id == care_system_id, visit.c.state == VisitState.OPEN)
        .order_by(visit.c.id)
    )
    return tuple(visit_of(row) for row in mappings(tx, statement))
