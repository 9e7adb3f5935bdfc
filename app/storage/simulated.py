"""How much a simulation of months would read."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, func, or_, select

from app.rules.time import Interval
from app.storage.database import Transaction
from app.storage.tables.people import customer
from app.storage.tables.visits import visit


def visits_in(
    tx: Transaction,
    care_system_id: str,
    intervals: Collection[Interval],
    municipality: str | None = None,
    provider_id: str | None = None,
    *,
    most: int,
) -> int:
    """How many visits began in the intervals, of one municipality and provider or of any; counted up to `most` + 1."""
    spans = [and_(visit.c.placed_at >= one.start, visit.c.placed_at < one.end) for one in intervals]
    wanted = select(visit.c.id).where(visit.c.care_system_id == care_system_id, or_(*spans))
    if provider_id is not None:
        wanted = wanted.where(visit.c.provider_id == provider_id)
    if municipality is not None:
        home = customer.current
        lives = and_(home.c.care_system_id == visit.c.care_system_id, home.c.id == visit.c.customer_id)
        wanted = wanted.join(home, lives).where(home.c.municipality == municipality)
    return int(tx.connection.execute(select(func.count()).select_from(wanted.limit(most + 1).subquery())).scalar_one())
