"""Caregivers, customers and absences: rows and values, and who reaches which."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select

from app.rules.people import Absence, AbsenceCause, Caregiver, Customer, Education, Position, Protection, Relative
from app.rules.time import day_interval
from app.storage.database import Transaction
from app.storage.records import Master, Reach, recorded_of
from app.storage.statements import Row, has_member, members, upsert_rows
from app.storage.tables import people as tables
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.plans import planned_visit
from app.storage.tables.visits import registration


def caregiver_of(row: Row) -> Caregiver:
    """The value of a row."""
    return Caregiver(
        **recorded_of(row),
        provider_id=row["provider_id"],
        name=row["name"],
        education=Education(row["education"]),
        relative_of=tuple(_relative_of(one) for one in row["relative_of"]),
    )


def _relative_of(told: dict[str, str]) -> Relative:
    return Relative(
        customer_id=told["customer_id"], reason=told["reason"], notified_on=date.fromisoformat(told["notified_on"])
    )


def caregiver_row(value: Caregiver) -> dict[str, Any]:
    """The row's own columns."""
    relatives = [
        {"customer_id": one.customer_id, "reason": one.reason, "notified_on": one.notified_on.isoformat()}
        for one in value.relative_of
    ]
    return {
        "provider_id": value.provider_id,
        "name": value.name,
        "education": value.education,
        "relative_of": relatives,
    }


def customer_of(row: Row) -> Customer:
    """The value of a row."""
    return Customer(
        **recorded_of(row),
        municipality=row["municipality"],
        name=row["name"],
        birth_year=row["birth_year"],
        protection=Protection(row["protection"]),
        position=position_of(row),
    )


def customer_row(value: Customer) -> dict[str, Any]:
    """The row's own columns."""
    return {
        "municipality": value.municipality,
        "name": value.name,
        "birth_year": value.birth_year,
        "protection": value.protection,
        **position_columns(value.position),
    }


def position_of(row: Row) -> Position | None:
    """The position in a row's three columns, None where there is none."""
    if row["lat_e6"] is None:
        return None
    return Position(lat_e6=row["lat_e6"], lon_e6=row["lon_e6"], accuracy_m=row["accuracy_m"])


def position_columns(position: Position | None) -> dict[str, int | None]:
    """A position as three columns."""
    if position is None:
        return {"lat_e6": None, "lon_e6": None, "accuracy_m": None}
    return {"lat_e6": position.lat_e6, "lon_e6": position.lon_e6, "accuracy_m": position.accuracy_m}


def absence_of(row: Row) -> Absence:
    """The value of a row."""
    return Absence(
        **recorded_of(row),
        customer_id=row["customer_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        cause=AbsenceCause(row["cause"]),
    )


def absence_row(value: Absence) -> dict[str, Any]:
    """The row's own columns."""
    return {
        "customer_id": value.customer_id,
        "starts_at": value.starts_at,
        "ends_at": value.ends_at,
        "cause": value.cause,
    }


def _caregiver_within(reach: Reach) -> list[ColumnElement[bool]]:
    scope, table = reach.scope, tables.caregiver.current
    if scope.municipality is not None:
        return [false()]
    conditions: list[ColumnElement[bool]] = []
    if scope.provider_id is not None:
        conditions.append(table.c.provider_id == scope.provider_id)
    if scope.caregiver_id is not None:
        conditions.append(table.c.id == scope.caregiver_id)
    return conditions


def _customer_within(reach: Reach) -> list[ColumnElement[bool]]:
    scope, table = reach.scope, tables.customer.current
    conditions: list[ColumnElement[bool]] = []
    if scope.municipality is not None:
        conditions.append(table.c.municipality == scope.municipality)
    if scope.caregiver_id is not None:
        conditions.append(or_(*(table.c.id.in_(one) for one in _customers_today(reach))))
    elif scope.provider_id is not None:
        conditions.append(table.c.id.in_(_customers_ordered(reach.care_system_id, scope.provider_id)))
    return conditions


def _customers_ordered(care_system_id: str, provider_id: str) -> Select[Any]:
    """The customers that a provider sees: those with an order to it. Source: A1."""
    grant, order = care_grant.current, care_order.current
    joined = (grant.c.care_system_id == order.c.care_system_id) & (grant.c.id == order.c.grant_id)
    return (
        select(grant.c.customer_id)
        .join(order, joined)
        .where(order.c.care_system_id == care_system_id, order.c.provider_id == provider_id)
    )


def _customers_today(reach: Reach) -> list[Select[Any]]:
    """A caregiver's own customers of today: planned with it, or registered at. Source: A2."""
    if reach.today is None:
        raise ValueError("a caregiver's scope is that of a day")
    day, plan = day_interval(reach.today), planned_visit.current
    ours = (
        plan.c.care_system_id == reach.care_system_id,
        plan.c.starts_at >= day.start,
        plan.c.starts_at < day.end,
        plan.c.provider_id == reach.scope.provider_id,
        has_member(reach.tx, plan.c.caregiver_ids, str(reach.scope.caregiver_id)),
    )
    household = members(reach.tx, plan.c.household)
    registered = select(registration.c.resolved_customer_id).where(
        registration.c.care_system_id == reach.care_system_id,
        registration.c.caregiver_id == reach.scope.caregiver_id,
        registration.c.at >= day.start,
        registration.c.at < day.end,
        registration.c.resolved_customer_id.is_not(None),
    )
    return [
        select(plan.c.customer_id).where(*ours),
        select(household.c.value).select_from(plan, household).where(*ours),
        registered,
    ]


def customers_within(reach: Reach) -> Select[Any] | None:
    """The ids of the customers that the scope reaches; None where it reaches all of the care system."""
    table = tables.customer.current
    conditions = _customer_within(reach)
    if not conditions:
        return None
    return select(table.c.id).where(table.c.care_system_id == reach.care_system_id, *conditions)


def of_customers_within(reach: Reach, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """The condition that the column names a customer whom the scope reaches."""
    customers = customers_within(reach)
    return [] if customers is None else [column.in_(customers)]


def _absence_within(reach: Reach) -> list[ColumnElement[bool]]:
    return of_customers_within(reach, tables.absence.current.c.customer_id)


CAREGIVER = Master(tables=tables.caregiver, of=caregiver_of, row=caregiver_row, within=_caregiver_within)
CUSTOMER = Master(tables=tables.customer, of=customer_of, row=customer_row, within=_customer_within)
ABSENCE = Master(tables=tables.absence, of=absence_of, row=absence_row, within=_absence_within)


def keep_identity(
    tx: Transaction, care_system_id: str, customer_id: str, personal_identity_number: str, *, at: datetime, by: str
) -> None:
    """The number is kept apart from the customer, in place of an earlier one. Nothing gives it out. Source: A4."""
    row = {
        "care_system_id": care_system_id,
        "customer_id": customer_id,
        "personal_identity_number": personal_identity_number,
        "recorded_at": at,
        "recorded_by": by,
    }
    upsert_rows(tx, tables.customer_identity, [row])
