"""What the controller's rates weigh on: months that were issued, and time that is held because nothing prices it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, select

from app.rules.deviations.values import DeviationState, Rule
from app.rules.providers import ProviderKind
from app.storage.database import Transaction
from app.storage.statements import among, mappings
from app.storage.tables.deviations import deviation
from app.storage.tables.providers import provider
from app.storage.tables.reimbursement import reimbursement_run


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class IssuedMonth:
    """A month that was issued to a provider of the kind."""

    month: str
    municipality: str
    provider_id: str
    provider_kind: ProviderKind


def issued_months(tx: Transaction, care_system_id: str, municipalities: Collection[str]) -> tuple[IssuedMonth, ...]:
    """Every month that was issued in the municipalities, the earliest first."""
    run, firm = reimbursement_run, provider.current
    statement = (
        select(run.c.month, run.c.municipality, run.c.provider_id, firm.c.kind)
        .join(firm, and_(firm.c.care_system_id == run.c.care_system_id, firm.c.id == run.c.provider_id))
        .where(run.c.care_system_id == care_system_id, among(tx, run.c.municipality, municipalities))
        .order_by(run.c.month, run.c.municipality, run.c.provider_id)
    )
    return tuple(
        IssuedMonth(month=row[0], municipality=row[1], provider_id=row[2], provider_kind=ProviderKind(row[3]))
        for row in tx.connection.execute(statement)
    )


def unpriced_by_month(tx: Transaction, care_system_id: str, municipality: str) -> dict[str, int]:
    """Seconds that are held in each month because nothing prices them, the earliest first. Source: D20."""
    providers = select(provider.current.c.id).where(provider.current.c.care_system_id == care_system_id)
    statement = select(deviation.c.period, deviation.c.facts).where(
        deviation.c.care_system_id == care_system_id,
        deviation.c.provider_id.in_(providers),
        deviation.c.municipality == municipality,
        deviation.c.rule == Rule.D20,
        deviation.c.state != DeviationState.CLEARED,
    )
    found: dict[str, int] = {}
    for row in mappings(tx, statement.order_by(deviation.c.period)):
        found[row["period"]] = found.get(row["period"], 0) + int(row["facts"]["seconds"])
    return found
