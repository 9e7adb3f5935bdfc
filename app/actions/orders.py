"""Grants and orders."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from app.actions.calls import Call
from app.actions.marks import Days, mark_customers, mark_pairs
from app.actions.people import customers_seen
from app.actions.records import Subject, Writing
from app.rules.access import Resource
from app.rules.orders import Grant, Order, Placed, check_order, place
from app.rules.providers import Accreditation
from app.rules.time import format_instant
from app.storage import events
from app.storage.access_log import Seen
from app.storage.database import Transaction
from app.storage.events import Event
from app.storage.orders import GRANT, ORDER, orders_of_grants, orders_of_providers
from app.storage.people import CUSTOMER
from app.storage.providers import ACCREDITATION
from app.storage.records import get_many, page

_MOST_ACCREDITATIONS = 10_000


def _granted(_tx: Transaction, _care_system_id: str, values: Collection[Grant]) -> Iterable[Seen]:
    return customers_seen(one.customer_id for one in values)


def _check_grant(writing: Writing[Grant]) -> None:
    """A grant that is replaced still holds the orders placed of it. Source: O3."""
    if writing.before is None:
        return
    orders = orders_of_grants(writing.tx, writing.call.care_system_id, [writing.value.id], lock=True)
    for order in orders:
        others = [one for one in orders if one.id != order.id]
        check_order(order, writing.value, others, "", None)


def _judge_grant(writing: Writing[Grant]) -> None:
    told = [one for one in (writing.before, writing.value) if one is not None]
    periods: list[Days] = [(one.valid_from, one.valid_before) for one in told]
    mark_customers(writing.tx, writing.call, {one.customer_id for one in told}, periods)


GRANTS = Subject(
    resource=Resource.GRANT, master=GRANT, makes=Grant, persons=_granted, check=_check_grant, then=_judge_grant
)


def _ordered(tx: Transaction, care_system_id: str, values: Collection[Order]) -> Iterable[Seen]:
    grants = get_many(tx, GRANT, care_system_id, {one.grant_id for one in values})
    return customers_seen(grants[one.grant_id].customer_id for one in values)


def _placed(writing: Writing[Order]) -> tuple[Grant, str]:
    """The order's grant, and the municipality of its customer."""
    cs = writing.call.care_system_id
    grant = get_many(writing.tx, GRANT, cs, [writing.value.grant_id])[writing.value.grant_id]
    customer = get_many(writing.tx, CUSTOMER, cs, [grant.customer_id])[grant.customer_id]
    return grant, customer.municipality


def _check_order(writing: Writing[Order]) -> None:
    """Refuses a provider not accredited or at its ceiling (O6), and parts that exceed the whole (O3)."""
    tx, cs, order = writing.tx, writing.call.care_system_id, writing.value
    grant, municipality = _placed(writing)
    held = orders_of_grants(tx, cs, [grant.id], lock=True)
    accreditations = page(tx, ACCREDITATION, cs, filters={"provider_id": order.provider_id}, limit=_MOST_ACCREDITATIONS)
    others = [one for one in held if one.id != order.id]
    load = _load(writing, municipality, accreditations)
    check_order(order, grant, others, municipality, accreditations, load, writing.before)


def _load(writing: Writing[Order], municipality: str, accreditations: Iterable[Accreditation]) -> tuple[Placed, ...]:
    """What the provider takes in the municipality beside this order; () where it declared no ceiling. Source: O6."""
    if all(one.ceiling_seconds_per_week is None for one in accreditations):
        return ()
    order = writing.value
    orders, grants = orders_of_providers(
        writing.tx, writing.call.care_system_id, [order.provider_id], municipality, since=order.valid_from
    )
    return place([one for one in orders if one.id != order.id], grants)


def _tell_and_judge_order(writing: Writing[Order]) -> None:
    follow_order(writing.tx, writing.call, writing.before, writing.value, writing.told.dump(writing.value))


def follow_order(tx: Transaction, call: Call, before: Order | None, order: Order, data: dict[str, Any]) -> None:
    """Others are told of the order, as `data`, and what it weighs on is judged again. `before` None: it is new."""
    cs = call.care_system_id
    grant = get_many(tx, GRANT, cs, [order.grant_id])[order.grant_id]
    municipality = get_many(tx, CUSTOMER, cs, [grant.customer_id])[grant.customer_id].municipality
    told = Event(
        at=call.now,
        type="order.placed" if before is None else "order.changed",
        resource_type="order",
        resource_id=order.id,
        data=data,
        external_id=order.external_id,
        provider_id=order.provider_id,
        municipality=municipality,
    )
    events.append(tx, cs, [told])
    orders = [one for one in (before, order) if one is not None]
    placed = {(one.provider_id, grant.customer_id) for one in orders}
    mark_pairs(tx, call, placed, [(one.valid_from, one.valid_before) for one in orders])


def order_document(order: Order) -> dict[str, Any]:
    """The order as JSON values. Source: CONTRACT."""
    received = order.implementation_plan_received_on
    return {
        "id": order.id,
        "external_id": order.external_id,
        "recorded_at": format_instant(order.recorded_at),
        "grant_id": order.grant_id,
        "provider_id": order.provider_id,
        "ordered_at": format_instant(order.ordered_at),
        "chosen_by": order.chosen_by.value,
        "ordered_seconds": order.ordered_seconds,
        "valid_from": order.valid_from.isoformat(),
        "valid_before": order.valid_before and order.valid_before.isoformat(),
        "implementation_plan_received_on": received and received.isoformat(),
    }


ORDERS = Subject(
    resource=Resource.ORDER,
    master=ORDER,
    makes=Order,
    persons=_ordered,
    check=_check_order,
    then=_tell_and_judge_order,
)
