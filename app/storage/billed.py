"""A run's lines as its files need them: whose they are, what they come to, and page by page by customer (R7, R11)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_

from app.rules.providers import Law, Service
from app.rules.reimbursement.invoices import Billed
from app.rules.reimbursement.values import LineKind
from app.rules.reimbursement.vouchers import MonthSum
from app.storage.database import Transaction
from app.storage.reimbursement import Run
from app.storage.statements import Row, among, mappings
from app.storage.tables.reimbursement import reimbursement_line as table

_COLUMNS = (
    *(table.c.sequence, table.c.customer_id, table.c.kind, table.c.month, table.c.service, table.c.law),
    *(table.c.ore_per_hour, table.c.seconds, table.c.amount_ore, table.c.run_month),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledIn:
    """A billed line, and the month of the run that issued it."""

    run_month: str
    billed: Billed


def customers_of_run(tx: Transaction, care_system_id: str, run_id: str) -> tuple[str, ...]:
    """Whom the run has lines for, by id."""
    statement = select(table.c.customer_id).where(table.c.care_system_id == care_system_id, table.c.run_id == run_id)
    return tuple(tx.connection.execute(statement.distinct().order_by(table.c.customer_id)).scalars())


def billed_of_run(
    tx: Transaction,
    care_system_id: str,
    run_id: str,
    *,
    customer_id: str | None = None,
    after: tuple[str, int] | None = None,
    limit: int,
) -> tuple[Billed, ...]:
    """Up to `limit` of the run's lines, or of one customer's of them, by (customer, sequence), after that key."""
    statement = select(*_COLUMNS).where(table.c.care_system_id == care_system_id, table.c.run_id == run_id)
    if customer_id is not None:
        statement = statement.where(table.c.customer_id == customer_id)
    if after is not None:
        statement = statement.where(tuple_(table.c.customer_id, table.c.sequence) > after)
    rows = mappings(tx, statement.order_by(table.c.customer_id, table.c.sequence).limit(limit))
    return tuple(_billed_of(row) for row in rows)


def billed_in_months(
    tx: Transaction, care_system_id: str, run: Run, customer_ids: Collection[str], months: Sequence[str]
) -> tuple[BilledIn, ...]:
    """What the runs of these months issued for the customers, to the same provider in the same municipality."""
    if not customer_ids or not months:
        return ()
    statement = select(*_COLUMNS).where(
        table.c.care_system_id == care_system_id,
        table.c.provider_id == run.provider_id,
        table.c.municipality == run.municipality,
        among(tx, table.c.customer_id, customer_ids),
        table.c.run_month.in_(months),
    )
    rows = mappings(tx, statement.order_by(table.c.sequence))
    return tuple(BilledIn(run_month=row["run_month"], billed=_billed_of(row)) for row in rows)


def month_sums(tx: Transaction, care_system_id: str, run_id: str) -> tuple[MonthSum, ...]:
    """What the run's lines of each month come to."""
    statement = (
        select(table.c.month, func.sum(table.c.amount_ore).label("amount_ore"))
        .where(table.c.care_system_id == care_system_id, table.c.run_id == run_id)
        .group_by(table.c.month)
    )
    rows = mappings(tx, statement.order_by(table.c.month))
    return tuple(MonthSum(month=row["month"], amount_ore=int(row["amount_ore"])) for row in rows)


def _billed_of(row: Row) -> Billed:
    return Billed(
        sequence=row["sequence"],
        customer_id=row["customer_id"],
        kind=LineKind(row["kind"]),
        month=row["month"],
        service=Service(row["service"]),
        law=Law(row["law"]),
        ore_per_hour=row["ore_per_hour"],
        seconds=row["seconds"],
        amount_ore=row["amount_ore"],
    )
