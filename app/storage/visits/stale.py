"""Visits that may no longer be kept as they are: those of marked months, and those that are open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select

from app.rules.visits.values import VisitState
from app.storage.database import Transaction
from app.storage.judgements import Due
from app.storage.statements import mappings
from app.storage.tables.deviations import judgement_due
from app.storage.tables.visits import visit, visit_household

Key = tuple[str, str]
"""A provider's id and a visit's."""


def marked(tx: Transaction, care_system_id: str) -> tuple[Due, ...]:
    """What is marked, left where it is, in order."""
    table = judgement_due
    statement = select(table).where(table.c.care_system_id == care_system_id)
    return tuple(
        sorted(
            Due(provider_id=row["provider_id"], customer_id=row["customer_id"], month=row["month"])
            for row in mappings(tx, statement)
        )
    )


def visits_of_month(
    tx: Transaction, care_system_id: str, due: Due, start: datetime, before: datetime
) -> frozenset[str]:
    """The ids of the provider's visits at the customer, or at nobody known, placed from `start` until `before`."""
    household = select(visit_household.c.visit_id).where(
        visit_household.c.care_system_id == care_system_id, visit_household.c.customer_id == due.customer_id
    )
    whose = (
        or_(visit.c.customer_id == due.customer_id, visit.c.id.in_(household))
        if due.customer_id
        else visit.c.customer_id.is_(None)
    )
    statement = select(visit.c.id).where(
        visit.c.care_system_id == care_system_id,
        visit.c.provider_id == due.provider_id,
        visit.c.placed_at >= start,
        visit.c.placed_at < before,
        whose,
    )
    return frozenset(tx.connection.execute(statement).scalars())


def open_ones(tx: Transaction, care_system_id: str, before: datetime) -> tuple[Key, ...]:
    """The visits kept as open that began before the instant."""
    statement = select(visit.c.provider_id, visit.c.id).where(
        visit.c.care_system_id == care_system_id, visit.c.state == VisitState.OPEN, visit.c.placed_at < before
    )
    return tuple((row.provider_id, row.id) for row in tx.connection.execute(statement))
