"""Grants that may want a provider, with their orders, and the newest proposals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select

from app.rules.access import Scope
from app.rules.orders import Grant, Order
from app.storage.database import Transaction
from app.storage.no_choice import Kept, kept_of, proposals_within
from app.storage.orders import GRANT, grant_of, order_of
from app.storage.records import reached
from app.storage.statements import mappings
from app.storage.tables.no_choice import no_choice_proposal
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.people import customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Grants that hold on a day or later, their orders, and each customer's municipality."""

    grants: tuple[Grant, ...]
    orders: tuple[Order, ...]
    homes: dict[str, str]


def granted_since(tx: Transaction, care_system_id: str, scope: Scope, today: date) -> Granted:
    """What is granted within the scope today and later, in three statements."""
    grant, order, home = care_grant.current, care_order.current, customer.current
    holding = or_(grant.c.valid_before.is_(None), grant.c.valid_before > today)
    wanted = select(grant).where(*reached(tx, GRANT, care_system_id, scope, today), holding)
    ids = wanted.with_only_columns(grant.c.id)
    lived = wanted.join(
        home, and_(home.c.care_system_id == grant.c.care_system_id, home.c.id == grant.c.customer_id)
    ).with_only_columns(home.c.id, home.c.municipality)
    placed = select(order).where(order.c.care_system_id == care_system_id, order.c.grant_id.in_(ids))
    return Granted(
        grants=tuple(map(grant_of, mappings(tx, wanted))),
        orders=tuple(map(order_of, mappings(tx, placed.order_by(order.c.id)))),
        homes={row[0]: row[1] for row in tx.connection.execute(lived.distinct())},
    )


def newest_proposals(tx: Transaction, care_system_id: str, scope: Scope, today: date, limit: int) -> tuple[Kept, ...]:
    """Up to `limit` proposals within the scope, the newest first, with the decisions on them."""
    table = no_choice_proposal
    statement = proposals_within(tx, care_system_id, scope, today)
    return kept_of(tx, care_system_id, statement.order_by(table.c.recorded_at.desc(), table.c.id.desc()).limit(limit))
