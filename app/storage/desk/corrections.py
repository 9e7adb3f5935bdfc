"""Corrections that wait for another person, with the visits that they are of."""

from __future__ import annotations

from sqlalchemy import and_, func, select

from app.rules.time import Interval
from app.rules.visits.values import Correction, Visit
from app.storage.database import Transaction
from app.storage.statements import mappings
from app.storage.tables.people import customer
from app.storage.tables.visits import correction, correction_approval, visit
from app.storage.visits.corrections import corrections_select
from app.storage.visits.projection import get_visits
from app.storage.visits.rows import correction_of

_THEIRS = and_(visit.c.care_system_id == correction.c.care_system_id, visit.c.id == correction.c.visit_id)
_PENDING = correction_approval.c.correction_id.is_(None)


def pending_of(
    tx: Transaction, care_system_id: str, provider_id: str, *, after: str | None, limit: int
) -> tuple[tuple[Correction, Visit], ...]:
    """Up to `limit` corrections of the provider's visits that nobody has approved, by id: the oldest first."""
    statement = (
        corrections_select()
        .join(visit, _THEIRS)
        .where(correction.c.care_system_id == care_system_id, visit.c.provider_id == provider_id, _PENDING)
    )
    if after is not None:
        statement = statement.where(correction.c.id > after)
    found = [correction_of(row) for row in mappings(tx, statement.order_by(correction.c.id).limit(limit))]
    visits = get_visits(tx, care_system_id, {one.visit_id for one in found})
    return tuple((one, visits[one.visit_id]) for one in found)


def pending_by_municipality(
    tx: Transaction, care_system_id: str, provider_id: str, month: Interval
) -> dict[str | None, int]:
    """How many wait of visits placed in the month, by the customer's municipality; None: at nobody known."""
    approved = and_(
        correction_approval.c.care_system_id == correction.c.care_system_id,
        correction_approval.c.correction_id == correction.c.id,
    )
    home = customer.current
    lives = and_(home.c.care_system_id == visit.c.care_system_id, home.c.id == visit.c.customer_id)
    statement = (
        select(home.c.municipality, func.count())
        .select_from(correction)
        .join(visit, _THEIRS)
        .join(home, lives, isouter=True)
        .join(correction_approval, approved, isouter=True)
        .where(
            correction.c.care_system_id == care_system_id,
            visit.c.provider_id == provider_id,
            visit.c.placed_at >= month.start,
            visit.c.placed_at < month.end,
            _PENDING,
        )
        .group_by(home.c.municipality)
    )
    return {row[0]: row[1] for row in tx.connection.execute(statement)}
