"""Who has been placed with whom, and which of some named resources a scope reaches."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import or_, select

from app.rules.access import Scope
from app.rules.recorded import Recorded
from app.storage.database import Transaction
from app.storage.records import Master, reached
from app.storage.statements import among, mappings
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.people import customer
from app.storage.tables.visits import visit

V = TypeVar("V", bound=Recorded)
Pair = tuple[str, str]
"""A provider's id and a customer's."""


def named(
    tx: Transaction,
    master: Master[V],
    care_system_id: str,
    *,
    ids: Collection[str],
    external_ids: Collection[str],
    scope: Scope,
    today: date,
) -> tuple[V, ...]:
    """The values within the scope that have one of these ids, or one of these of another system."""
    table = master.current
    either = [
        among(tx, column, wanted)
        for column, wanted in ((table.c.id, ids), (table.c.external_id, external_ids))
        if wanted
    ]
    if not either:
        return ()
    statement = select(table).where(*reached(tx, master, care_system_id, scope, today), or_(*either))
    return tuple(master.of(row) for row in mappings(tx, statement))


def pairs(
    tx: Transaction,
    care_system_id: str,
    *,
    since: datetime,
    customer_ids: Collection[str] | None = None,
    provider_id: str | None = None,
    municipality: str | None = None,
) -> set[Pair]:
    """Every provider and customer that an order, or a visit placed at `since` or later, has brought together."""
    grant, order, person = care_grant.current, care_order.current, customer.current
    ordered = (
        select(order.c.provider_id, grant.c.customer_id)
        .join(grant, (grant.c.care_system_id == order.c.care_system_id) & (grant.c.id == order.c.grant_id))
        .join(person, (person.c.care_system_id == grant.c.care_system_id) & (person.c.id == grant.c.customer_id))
        .where(order.c.care_system_id == care_system_id)
    )
    visited = (
        select(visit.c.provider_id, visit.c.customer_id)
        .join(person, (person.c.care_system_id == visit.c.care_system_id) & (person.c.id == visit.c.customer_id))
        .where(visit.c.care_system_id == care_system_id, visit.c.placed_at >= since)
    )
    found: set[Pair] = set()
    for statement, provider, whom in (
        (ordered, order.c.provider_id, grant.c.customer_id),
        (visited, visit.c.provider_id, visit.c.customer_id),
    ):
        narrowed = statement
        if customer_ids is not None:
            narrowed = narrowed.where(among(tx, whom, customer_ids))
        if provider_id is not None:
            narrowed = narrowed.where(provider == provider_id)
        if municipality is not None:
            narrowed = narrowed.where(person.c.municipality == municipality)
        found |= {(row[0], row[1]) for row in tx.connection.execute(narrowed.distinct())}
    return found
