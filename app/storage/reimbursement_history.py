"""What a line, a visit and a customer's month are followed through: so many statements, however much it is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_

from app.rules.access import Scope
from app.rules.deviations.values import Effect, Rule, SubjectType
from app.rules.ledger.commitments import Kind
from app.rules.orders import Grant, Order
from app.rules.rates import Rate
from app.rules.reimbursement.values import LineKey, LineKind
from app.storage.database import Transaction
from app.storage.deviations import Deviation, Happened, Happening, deviation_of
from app.storage.extensions import Request, read_requests
from app.storage.issued import IssuedLine, Sum, issued_of
from app.storage.orders import GRANT, ORDER
from app.storage.rates import rate_of
from app.storage.records import versions
from app.storage.reimbursement import Run, run_of, within
from app.storage.statements import among, mappings
from app.storage.tables.deviations import deviation, deviation_event
from app.storage.tables.extensions import extension
from app.storage.tables.ledger import ledger_leaf
from app.storage.tables.rates import rate as rate_table
from app.storage.tables.reimbursement import reimbursement_line as line_table
from app.storage.tables.reimbursement import reimbursement_run as run_table

UNPAID = (Rule.D2, Rule.D12, Rule.D24)
"""These hold nothing, and yet what they are about is not paid. Source: RULEBOOK D."""


def numbered_line(tx: Transaction, care_system_id: str, sequence: int, *, scope: Scope) -> IssuedLine | None:
    """The line of that number, None where there is none within the scope."""
    statement = within(select(line_table), line_table, care_system_id, scope).where(line_table.c.sequence == sequence)
    return next((issued_of(row) for row in mappings(tx, statement)), None)


def lines_of_key(tx: Transaction, care_system_id: str, key: LineKey) -> tuple[IssuedLine, ...]:
    """Every line and adjustment of the key, in the order issued."""
    names = ("municipality", "provider_id", "customer_id", "service", "law", "rate_id", "month")
    statement = select(line_table).where(
        line_table.c.care_system_id == care_system_id, *(line_table.c[name] == getattr(key, name) for name in names)
    )
    return tuple(issued_of(row) for row in mappings(tx, statement.order_by(line_table.c.sequence)))


def lines_at(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope,
    customer_ids: Collection[str],
    months: Collection[str],
    provider_ids: Collection[str] | None = None,
) -> tuple[IssuedLine, ...]:
    """The lines within the scope for the customers' months, of these providers or of all, in the order issued."""
    statement = within(select(line_table), line_table, care_system_id, scope).where(
        among(tx, line_table.c.customer_id, customer_ids), among(tx, line_table.c.month, months)
    )
    if provider_ids is not None:
        statement = statement.where(among(tx, line_table.c.provider_id, provider_ids))
    return tuple(issued_of(row) for row in mappings(tx, statement.order_by(line_table.c.sequence)))


def lines_of_place(
    tx: Transaction, care_system_id: str, municipality: str, provider_id: str, month: str
) -> tuple[IssuedLine, ...]:
    """What was issued for the provider's month in the municipality and with it, in the order issued."""
    statement = select(line_table).where(
        line_table.c.care_system_id == care_system_id,
        line_table.c.municipality == municipality,
        line_table.c.provider_id == provider_id,
        or_(line_table.c.month == month, line_table.c.run_month == month),
    )
    return tuple(issued_of(row) for row in mappings(tx, statement.order_by(line_table.c.sequence)))


def lines_of_run(
    tx: Transaction, care_system_id: str, run_id: str, *, after: int, limit: int, adjustments: bool
) -> tuple[IssuedLine, ...]:
    """Up to `limit` lines of the run after that number, or adjustments of it, in the order issued."""
    kind = line_table.c.kind == (LineKind.ADJUSTMENT if adjustments else LineKind.LINE)
    statement = select(line_table).where(
        line_table.c.care_system_id == care_system_id,
        line_table.c.run_id == run_id,
        line_table.c.sequence > after,
        kind,
    )
    return tuple(issued_of(row) for row in mappings(tx, statement.order_by(line_table.c.sequence).limit(limit)))


def runs_by_id(tx: Transaction, care_system_id: str, ids: Collection[str]) -> tuple[Run, ...]:
    """These runs, the first made first."""
    if not ids:
        return ()
    statement = select(run_table).where(run_table.c.care_system_id == care_system_id, among(tx, run_table.c.id, ids))
    return tuple(run_of(row) for row in mappings(tx, statement.order_by(run_table.c.id)))


def money_deviations(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope,
    visit_ids: Collection[str],
    pools_of: Collection[tuple[str, str]],
) -> tuple[Deviation, ...]:
    """What holds pay at the visits, or held it, or is not paid; and of these (customer, month) what lies beyond a cap.

    Those that cleared are among them: a hold that was lifted is part of why an amount is what it is.
    """
    at_visits = and_(
        deviation.c.subject_type == SubjectType.VISIT,
        among(tx, deviation.c.subject_id, visit_ids),
        or_(deviation.c.effect == Effect.HOLDS_PAY, deviation.c.rule.in_(UNPAID)),
    )
    told: list[ColumnElement[bool]] = [at_visits]
    if pools_of:
        whose = tuple_(deviation.c.customer_id, deviation.c.period).in_(sorted(set(pools_of)))
        told.append(and_(deviation.c.rule.in_(UNPAID), whose))
    statement = select(deviation).where(deviation.c.care_system_id == care_system_id, or_(*told))
    if scope.provider_id is not None:
        statement = statement.where(deviation.c.provider_id == scope.provider_id)
    if scope.municipality is not None:
        here = or_(deviation.c.municipality == scope.municipality, deviation.c.municipality.is_(None))
        statement = statement.where(here)
    return tuple(deviation_of(row) for row in mappings(tx, statement.order_by(deviation.c.opened_at, deviation.c.id)))


def happened_to(tx: Transaction, care_system_id: str, deviation_ids: Collection[str]) -> tuple[Happened, ...]:
    """What happened to the deviations, the earliest first; without the facts of each time."""
    if not deviation_ids:
        return ()
    rows = deviation_event
    statement = select(rows.c.deviation_id, rows.c.at, rows.c.what, rows.c.by).where(
        rows.c.care_system_id == care_system_id, among(tx, rows.c.deviation_id, deviation_ids)
    )
    return tuple(
        Happened(deviation_id=row["deviation_id"], at=row["at"], what=Happening(row["what"]), facts={}, by=row["by"])
        for row in mappings(tx, statement.order_by(rows.c.at, rows.c.id))
    )


def leaves_of(tx: Transaction, care_system_id: str, kind: Kind, ids: Collection[str]) -> dict[str, int]:
    """Where in the sealed tree each row stands, by id; one that waits for the next seal is left out. Source: A5."""
    if not ids:
        return {}
    table = ledger_leaf
    statement = select(table.c.row_id, table.c.position).where(
        table.c.care_system_id == care_system_id, table.c.kind == kind.value, among(tx, table.c.row_id, ids)
    )
    return {row["row_id"]: row["position"] for row in mappings(tx, statement)}


def rates_by_id(tx: Transaction, care_system_id: str, ids: Collection[str]) -> tuple[Rate, ...]:
    """These rates, by id."""
    if not ids:
        return ()
    statement = select(rate_table).where(rate_table.c.care_system_id == care_system_id, among(tx, rate_table.c.id, ids))
    return tuple(rate_of(row) for row in mappings(tx, statement.order_by(rate_table.c.id)))


def ordered(
    tx: Transaction, care_system_id: str, order_ids: Collection[str], grant_ids: Collection[str]
) -> tuple[tuple[Order, ...], tuple[Grant, ...]]:
    """Every version of these orders and grants, by id and version. Source: O1."""
    orders = versions(tx, ORDER, care_system_id, order_ids) if order_ids else ()
    return orders, versions(tx, GRANT, care_system_id, grant_ids) if grant_ids else ()


def extended(
    tx: Transaction, care_system_id: str, *, scope: Scope, customer_ids: Collection[str], months: Collection[str]
) -> tuple[Request, ...]:
    """Every request for the customers' months that a provider in the scope has made, by id."""
    conditions: list[ColumnElement[Any]] = [
        extension.c.care_system_id == care_system_id,
        among(tx, extension.c.customer_id, customer_ids),
        among(tx, extension.c.month, months),
    ]
    if scope.provider_id is not None:
        conditions.append(extension.c.provider_id == scope.provider_id)
    return read_requests(tx, care_system_id, select(extension).where(*conditions).order_by(extension.c.id))


def sums_by_kind(tx: Transaction, care_system_id: str, run_id: str) -> dict[LineKind, Sum]:
    """How many lines and adjustments the run issued, and what they come to; a kind that it has none of is left out."""
    statement = (
        select(line_table.c.kind, func.count().label("lines"), func.sum(line_table.c.amount_ore).label("amount_ore"))
        .where(line_table.c.care_system_id == care_system_id, line_table.c.run_id == run_id)
        .group_by(line_table.c.kind)
    )
    return {
        LineKind(row["kind"]): Sum(lines=row["lines"], amount_ore=int(row["amount_ore"]))
        for row in mappings(tx, statement)
    }
