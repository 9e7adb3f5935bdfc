"""Grants and orders: rows and values, and who reaches which."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from app.rules.orders import ChosenBy, Grant, Order, Per
from app.rules.providers import Law, Service
from app.storage.database import Transaction
from app.storage.people import customers_within, of_customers_within
from app.storage.records import Master, Reach, recorded_of
from app.storage.statements import Row, among, locking, mappings
from app.storage.tables import orders as tables
from app.storage.tables.people import customer
from app.storage.tables.providers import provider


def grant_of(row: Row) -> Grant:
    """The value of a row."""
    return Grant(
        **recorded_of(row),
        customer_id=row["customer_id"],
        services=tuple(Service(one) for one in row["services"]),
        law=Law(row["law"]),
        granted_seconds=row["granted_seconds"],
        per=Per(row["per"]),
        every=row["every"],
        double_staffed_seconds=row["double_staffed_seconds"],
        target_group=row["target_group"],
        valid_from=row["valid_from"],
        valid_before=row["valid_before"],
    )


def grant_row(value: Grant) -> dict[str, Any]:
    """The row's own columns."""
    return {
        "customer_id": value.customer_id,
        "services": list(value.services),
        "law": value.law,
        "granted_seconds": value.granted_seconds,
        "per": value.per,
        "every": value.every,
        "double_staffed_seconds": value.double_staffed_seconds,
        "target_group": value.target_group,
        "valid_from": value.valid_from,
        "valid_before": value.valid_before,
    }


def order_of(row: Row) -> Order:
    """The value of a row."""
    return Order(
        **recorded_of(row),
        grant_id=row["grant_id"],
        provider_id=row["provider_id"],
        ordered_at=row["ordered_at"],
        chosen_by=ChosenBy(row["chosen_by"]),
        ordered_seconds=row["ordered_seconds"],
        valid_from=row["valid_from"],
        valid_before=row["valid_before"],
        implementation_plan_received_on=row["implementation_plan_received_on"],
    )


def order_row(value: Order) -> dict[str, Any]:
    """The row's own columns."""
    return {
        "grant_id": value.grant_id,
        "provider_id": value.provider_id,
        "ordered_at": value.ordered_at,
        "chosen_by": value.chosen_by,
        "ordered_seconds": value.ordered_seconds,
        "valid_from": value.valid_from,
        "valid_before": value.valid_before,
        "implementation_plan_received_on": value.implementation_plan_received_on,
    }


def _grant_within(reach: Reach) -> list[ColumnElement[bool]]:
    """A provider reaches the grants that were ordered from it, not the customer's others. Source: A1, our decision."""
    grant, order = tables.care_grant.current, tables.care_order.current
    conditions = of_customers_within(reach, grant.c.customer_id)
    if reach.scope.provider_id is not None:
        ordered = select(order.c.grant_id).where(
            order.c.care_system_id == reach.care_system_id, order.c.provider_id == reach.scope.provider_id
        )
        conditions.append(grant.c.id.in_(ordered))
    return conditions


def _order_within(reach: Reach) -> list[ColumnElement[bool]]:
    grant, order = tables.care_grant.current, tables.care_order.current
    conditions: list[ColumnElement[bool]] = []
    if reach.scope.provider_id is not None:
        conditions.append(order.c.provider_id == reach.scope.provider_id)
    customers = customers_within(reach)
    if customers is not None:
        theirs = select(grant.c.id).where(
            grant.c.care_system_id == reach.care_system_id, grant.c.customer_id.in_(customers)
        )
        conditions.append(order.c.grant_id.in_(theirs))
    return conditions


GRANT = Master(tables=tables.care_grant, of=grant_of, row=grant_row, within=_grant_within)
ORDER = Master(tables=tables.care_order, of=order_of, row=order_row, within=_order_within)


def orders_of_grants(
    tx: Transaction, care_system_id: str, grant_ids: Collection[str], *, lock: bool = False
) -> tuple[Order, ...]:
    """The orders of these grants as they stand; with `lock` nobody else locks the grants meanwhile. Source: O3."""
    grant, order = tables.care_grant.current, tables.care_order.current
    if lock:
        held = select(grant.c.id).where(grant.c.care_system_id == care_system_id, among(tx, grant.c.id, grant_ids))
        mappings(tx, locking(tx, held.order_by(grant.c.id)))
    statement = select(order).where(order.c.care_system_id == care_system_id, among(tx, order.c.grant_id, grant_ids))
    return tuple(order_of(row) for row in mappings(tx, statement.order_by(order.c.id)))


def orders_of_providers(
    tx: Transaction,
    care_system_id: str,
    provider_ids: Collection[str],
    municipality: str,
    *,
    since: date,
    lock: bool = True,
) -> tuple[tuple[Order, ...], tuple[Grant, ...]]:
    """The providers' orders for customers in the municipality that hold on `since` or later, and their grants, as they
    stand; with `lock` nobody else counts the providers' orders until the transaction ends. Source: O6, LR 3.5.
    """
    grant, order = tables.care_grant.current, tables.care_order.current
    if lock:
        held = select(provider.current.c.id).where(
            provider.current.c.care_system_id == care_system_id, among(tx, provider.current.c.id, provider_ids)
        )
        mappings(tx, locking(tx, held.order_by(provider.current.c.id)))
    theirs = select(customer.current.c.id).where(
        customer.current.c.care_system_id == care_system_id, customer.current.c.municipality == municipality
    )
    granted = select(grant.c.id).where(grant.c.care_system_id == care_system_id, grant.c.customer_id.in_(theirs))
    statement = select(order).where(
        order.c.care_system_id == care_system_id,
        among(tx, order.c.provider_id, provider_ids),
        order.c.grant_id.in_(granted),
        or_(order.c.valid_before.is_(None), order.c.valid_before > since),
    )
    orders = tuple(order_of(row) for row in mappings(tx, statement.order_by(order.c.id)))
    placed = select(grant).where(
        grant.c.care_system_id == care_system_id, among(tx, grant.c.id, {one.grant_id for one in orders})
    )
    return orders, tuple(grant_of(row) for row in mappings(tx, placed.order_by(grant.c.id)))
