"""Planned visits: rows and values, and who reaches which."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_

from app.rules.access import Scope
from app.rules.plans import Cancellation, CancelledBy, PlannedVisit
from app.rules.providers import Service
from app.rules.time import day_interval
from app.storage.database import Transaction
from app.storage.people import customers_within
from app.storage.records import Master, Reach, page, recorded_of
from app.storage.statements import Row, has_member
from app.storage.tables import plans as tables


def planned_visit_of(row: Row) -> PlannedVisit:
    """The value of a row."""
    return PlannedVisit(
        **recorded_of(row),
        provider_id=row["provider_id"],
        customer_id=row["customer_id"],
        service=Service(row["service"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        household=tuple(row["household"]),
        caregiver_ids=tuple(row["caregiver_ids"]),
        grant_id=row["grant_id"],
        activities=tuple(row["activities"]),
        cancelled=_cancellation_of(row),
    )


def _cancellation_of(row: Row) -> Cancellation | None:
    if row["cancelled_at"] is None:
        return None
    return Cancellation(at=row["cancelled_at"], by=CancelledBy(row["cancelled_by"]), reason=row["cancelled_reason"])


def planned_visit_row(value: PlannedVisit) -> dict[str, Any]:
    """The row's own columns."""
    cancelled = value.cancelled
    return {
        "provider_id": value.provider_id,
        "customer_id": value.customer_id,
        "service": value.service,
        "starts_at": value.starts_at,
        "ends_at": value.ends_at,
        "household": list(value.household),
        "caregiver_ids": list(value.caregiver_ids),
        "grant_id": value.grant_id,
        "activities": list(value.activities),
        "cancelled_at": None if cancelled is None else cancelled.at,
        "cancelled_by": None if cancelled is None else cancelled.by,
        "cancelled_reason": None if cancelled is None else cancelled.reason,
    }


def _planned_visit_within(reach: Reach) -> list[ColumnElement[bool]]:
    """A caregiver reaches today's planned visits with its name on them. Source: A2."""
    scope, table = reach.scope, tables.planned_visit.current
    conditions: list[ColumnElement[bool]] = []
    if scope.provider_id is not None:
        conditions.append(table.c.provider_id == scope.provider_id)
    if scope.caregiver_id is not None:
        conditions += _todays(reach, scope.caregiver_id)
    if scope.municipality is not None:
        customers = customers_within(reach)
        if customers is not None:
            conditions.append(table.c.customer_id.in_(customers))
    return conditions


def _todays(reach: Reach, caregiver_id: str) -> list[ColumnElement[bool]]:
    if reach.today is None:
        raise ValueError("a caregiver's scope is that of a day")
    table, day = tables.planned_visit.current, day_interval(reach.today)
    named = has_member(reach.tx, table.c.caregiver_ids, caregiver_id)
    return [table.c.starts_at >= day.start, table.c.starts_at < day.end, named]


PLANNED_VISIT = Master(
    tables=tables.planned_visit, of=planned_visit_of, row=planned_visit_row, within=_planned_visit_within
)


def plans_between(
    tx: Transaction,
    care_system_id: str,
    *,
    start: datetime | None = None,
    before: datetime | None = None,
    scope: Scope | None = None,
    today: date | None = None,
    provider_id: str | None = None,
    customer_id: str | None = None,
    caregiver_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[PlannedVisit, ...]:
    """Up to `limit` planned visits that start from `start` on and before `before`, by id.

    A customer's are those of its household too.
    """
    table = tables.planned_visit.current
    conditions: list[ColumnElement[bool]] = []
    if start is not None:
        conditions.append(table.c.starts_at >= start)
    if before is not None:
        conditions.append(table.c.starts_at < before)
    if customer_id is not None:
        conditions.append(or_(table.c.customer_id == customer_id, has_member(tx, table.c.household, customer_id)))
    if caregiver_id is not None:
        conditions.append(has_member(tx, table.c.caregiver_ids, caregiver_id))
    return page(
        tx,
        PLANNED_VISIT,
        care_system_id,
        scope=scope,
        today=today,
        filters={"provider_id": provider_id},
        conditions=conditions,
        after=after,
        limit=limit,
    )
