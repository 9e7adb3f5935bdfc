"""What waits in a provider's month beside its deviations: open visits, and what phones sent and nobody has judged."""

from __future__ import annotations

from sqlalchemy import and_, func, select

from app.rules.time import Interval
from app.rules.visits.quarantine import QuarantineState
from app.rules.visits.values import VisitState
from app.storage.database import Transaction
from app.storage.tables.devices import quarantined_registration
from app.storage.tables.people import customer
from app.storage.tables.visits import visit


def open_by_municipality(
    tx: Transaction, care_system_id: str, provider_id: str, month: Interval
) -> dict[str | None, int]:
    """How many visits of the month are open, by the customer's municipality; None: at nobody known."""
    home = customer.current
    lives = and_(home.c.care_system_id == visit.c.care_system_id, home.c.id == visit.c.customer_id)
    statement = (
        select(home.c.municipality, func.count())
        .select_from(visit)
        .join(home, lives, isouter=True)
        .where(
            visit.c.care_system_id == care_system_id,
            visit.c.provider_id == provider_id,
            visit.c.placed_at >= month.start,
            visit.c.placed_at < month.end,
            visit.c.state == VisitState.OPEN,
        )
        .group_by(home.c.municipality)
    )
    return {row[0]: row[1] for row in tx.connection.execute(statement)}


def quarantined(tx: Transaction, care_system_id: str, provider_id: str) -> int:
    """How many registrations of the provider's phones wait for its coordinator."""
    table = quarantined_registration
    statement = select(func.count()).where(
        table.c.care_system_id == care_system_id,
        table.c.provider_id == provider_id,
        table.c.state == QuarantineState.WAITING,
    )
    return int(tx.connection.execute(statement).scalar_one())
