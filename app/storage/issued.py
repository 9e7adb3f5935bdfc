"""Lines as they were issued: with their ids and runs, and what they come to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.rules.access import Scope
from app.rules.reimbursement.values import Line
from app.storage.database import Transaction
from app.storage.reimbursement import line_of, within
from app.storage.statements import Row, among, mappings
from app.storage.tables.reimbursement import reimbursement_line as table


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedLine:
    """A line with its id, the run that issued it, and when."""

    id: str
    run_id: str
    recorded_at: datetime
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """How many lines a run issued, and what they come to."""

    lines: int = 0
    amount_ore: int = 0


def issued_lines(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    run_ids: Collection[str] | None = None,
    after: int = 0,
    limit: int | None = None,
) -> tuple[IssuedLine, ...]:
    """The lines within the scope after that number, in the order issued; of these runs or of all. Source: R11."""
    statement = within(select(table), table, care_system_id, scope).where(table.c.sequence > after)
    if run_ids is not None:
        statement = statement.where(among(tx, table.c.run_id, run_ids))
    rows = mappings(tx, statement.order_by(table.c.sequence).limit(limit))
    return tuple(issued_of(row) for row in rows)


def issued_of(row: Row) -> IssuedLine:
    """The line of a row."""
    return IssuedLine(id=row["id"], run_id=row["run_id"], recorded_at=row["recorded_at"], line=line_of(row))


def sums_of(tx: Transaction, care_system_id: str, run_ids: Collection[str]) -> dict[str, Sum]:
    """What the lines of each run come to; a run without lines is left out."""
    if not run_ids:
        return {}
    statement = (
        select(table.c.run_id, func.count().label("lines"), func.sum(table.c.amount_ore).label("amount_ore"))
        .where(table.c.care_system_id == care_system_id, among(tx, table.c.run_id, run_ids))
        .group_by(table.c.run_id)
    )
    return {
        row["run_id"]: Sum(lines=row["lines"], amount_ore=int(row["amount_ore"])) for row in mappings(tx, statement)
    }
