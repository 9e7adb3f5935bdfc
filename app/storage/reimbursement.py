"""Months, the runs that issue them, and the lines in the order issued (R1, R8, R9, R11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, false, select, tuple_, update

from app.rules.access import Scope
from app.rules.providers import Law, Service
from app.rules.reimbursement.months import Month, MonthState
from app.rules.reimbursement.values import Cause, Line, LineKey, LineKind, Segment, Total
from app.rules.time import format_instant, parse_instant
from app.storage.counters import lock_counter, move_counter
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.records import cut
from app.storage.statements import Row, insert_once, insert_rows, locking, mappings
from app.storage.tables.reimbursement import month as month_table
from app.storage.tables.reimbursement import reimbursement_line as line_table
from app.storage.tables.reimbursement import reimbursement_run as run_table


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMonth:
    """A month as it is kept, and which version of it; version 0 is one that nobody has touched: open."""

    month: Month
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One issuing of a provider's month in a municipality. `excess` are documents as in CONTRACT."""

    id: str
    municipality: str
    provider_id: str
    month: str
    locked_at: datetime
    issued_at: datetime
    issued_by: str
    content_hash: str
    excess: list[dict[str, Any]] = field(default_factory=list)


MonthKey = tuple[str, str, str]
"""(month, municipality, provider id): the order in which months are listed."""

_MONTH_KEY = (month_table.c.month, month_table.c.municipality, month_table.c.provider_id)


def get_month(
    tx: Transaction,
    care_system_id: str,
    municipality: str,
    provider_id: str,
    month: str,
    *,
    lock: bool = False,
) -> KeptMonth:
    """The month as it stands; one without a row is open. With `lock` nobody else moves one that has a row meanwhile."""
    statement = select(month_table).where(
        month_table.c.care_system_id == care_system_id, tuple_(*_MONTH_KEY) == (month, municipality, provider_id)
    )
    row = next(iter(mappings(tx, locking(tx, statement) if lock else statement)), None)
    if row is None:
        return KeptMonth(month=Month(municipality=municipality, provider_id=provider_id, month=month))
    return _month_of(row)


def _month_of(row: Row) -> KeptMonth:
    month = Month(
        municipality=row["municipality"],
        provider_id=row["provider_id"],
        month=row["month"],
        state=MonthState(row["state"]),
        attested_by=row["attested_by"],
        attested_at=row["attested_at"],
        locked_at=row["locked_at"],
        run_id=row["run_id"],
    )
    return KeptMonth(month=month, version=row["version"])


def save_month(tx: Transaction, care_system_id: str, month: Month, *, expected_version: int) -> bool:
    """The month stands so, as the version after the expected one; False where somebody moved it. Source: R8."""
    row = {
        "care_system_id": care_system_id,
        "municipality": month.municipality,
        "provider_id": month.provider_id,
        "month": month.month,
        "state": month.state,
        "version": expected_version + 1,
        "attested_by": month.attested_by,
        "attested_at": month.attested_at,
        "locked_at": month.locked_at,
        "run_id": month.run_id,
    }
    if expected_version == 0:
        return insert_once(tx, month_table, row, key=month_table.primary_key.columns.keys())
    changed = update(month_table).where(
        month_table.c.care_system_id == care_system_id,
        tuple_(*_MONTH_KEY) == (month.month, month.municipality, month.provider_id),
        month_table.c.version == expected_version,
    )
    return tx.connection.execute(changed.values(row)).rowcount == 1


def months_of(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    month: str | None = None,
    state: MonthState | None = None,
    provider_id: str | None = None,
    municipality: str | None = None,
    after: MonthKey | None = None,
    limit: int = 50,
) -> tuple[KeptMonth, ...]:
    """Up to `limit` months that somebody has touched, within the scope, by (month, municipality, provider)."""
    equal = {"month": month, "state": state, "provider_id": provider_id, "municipality": municipality}
    filters = [month_table.c[name] == value for name, value in equal.items() if value is not None]
    statement = within(select(month_table), month_table, care_system_id, scope).where(*filters)
    if after is not None:
        statement = statement.where(tuple_(*_MONTH_KEY) > after)
    return tuple(_month_of(row) for row in mappings(tx, statement.order_by(*_MONTH_KEY).limit(limit)))


def within(statement: Select[Any], table: Any, care_system_id: str, scope: Scope | None) -> Select[Any]:
    """A provider reaches its own, a municipality its own; a caregiver none. Source: A1, A2."""
    statement = statement.where(table.c.care_system_id == care_system_id)
    if scope is None:
        return statement
    if scope.care_system_id not in (None, care_system_id) or scope.caregiver_id is not None:
        return statement.where(false())
    if scope.provider_id is not None:
        statement = statement.where(table.c.provider_id == scope.provider_id)
    if scope.municipality is not None:
        statement = statement.where(table.c.municipality == scope.municipality)
    return statement


def insert_run(tx: Transaction, care_system_id: str, run: Run) -> bool:
    """The run is kept; False where that month is issued already. Of two at once the second waits, and hears False.

    Source: R9.
    """
    row = {
        "care_system_id": care_system_id,
        "id": run.id,
        "municipality": run.municipality,
        "provider_id": run.provider_id,
        "month": run.month,
        "locked_at": run.locked_at,
        "issued_at": run.issued_at,
        "issued_by": run.issued_by,
        "content_hash": run.content_hash,
        "excess": run.excess,
    }
    return insert_once(tx, run_table, row, key=("care_system_id", "municipality", "provider_id", "month"))


def get_run(tx: Transaction, care_system_id: str, run_id: str, *, scope: Scope | None = None) -> Run | None:
    """The run, None where there is none within the scope."""
    statement = within(select(run_table), run_table, care_system_id, scope).where(run_table.c.id == run_id)
    return next((run_of(row) for row in mappings(tx, statement)), None)


def runs_of(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    month: str | None = None,
    provider_id: str | None = None,
    municipality: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Run, ...]:
    """Up to `limit` runs within the scope, by id."""
    equal = {"month": month, "provider_id": provider_id, "municipality": municipality}
    filters = [run_table.c[name] == value for name, value in equal.items() if value is not None]
    statement = within(select(run_table), run_table, care_system_id, scope).where(*filters)
    return tuple(run_of(row) for row in mappings(tx, cut(statement, run_table, after, limit)))


def run_of(row: Row) -> Run:
    """The run of a row."""
    return Run(
        id=row["id"],
        municipality=row["municipality"],
        provider_id=row["provider_id"],
        month=row["month"],
        locked_at=row["locked_at"],
        issued_at=row["issued_at"],
        issued_by=row["issued_by"],
        content_hash=row["content_hash"],
        excess=list(row["excess"]),
    )


def append_lines(tx: Transaction, care_system_id: str, run: Run, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines are issued, each with its number: without a gap, and none lower is committed later. Source: R11."""
    if not lines:
        return ()
    last = lock_counter(tx, care_system_id, "lines")
    numbered = tuple(replace(line, run=run.month, sequence=last + place) for place, line in enumerate(lines, start=1))
    insert_rows(tx, line_table, [_line_row(care_system_id, run, line) for line in numbered])
    move_counter(tx, care_system_id, "lines", last + len(numbered))
    return numbered


def _line_row(care_system_id: str, run: Run, line: Line) -> dict[str, Any]:
    total, key = line.total, line.total.key
    return {
        "care_system_id": care_system_id,
        "sequence": line.sequence,
        "id": new_id(),
        "run_id": run.id,
        "run_month": run.month,
        "municipality": key.municipality,
        "provider_id": key.provider_id,
        "customer_id": key.customer_id,
        "service": key.service,
        "law": key.law,
        "rate_id": key.rate_id,
        "ore_per_hour": total.ore_per_hour,
        "band": total.band,
        "month": key.month,
        "seconds": line.seconds,
        "amount_ore": line.amount_ore,
        "total_seconds": total.seconds,
        "total_amount_ore": total.amount_ore,
        "kind": line.kind,
        "cause": line.cause,
        "segments": [_segment_document(one) for one in total.segments],
        "order_ids": list(total.order_ids),
        "grant_ids": list(total.grant_ids),
        "extension_ids": list(total.extension_ids),
        "recorded_at": run.issued_at,
    }


def _segment_document(segment: Segment) -> dict[str, Any]:
    return {
        "visit_id": segment.visit_id,
        "registration_ids": list(segment.registration_ids),
        "starts_at": format_instant(segment.starts_at),
        "ends_at": format_instant(segment.ends_at),
        "seconds": segment.seconds,
    }


def line_of(row: Row) -> Line:
    """The line of a row."""
    total = Total(
        key=_key_of(row),
        ore_per_hour=row["ore_per_hour"],
        band=row["band"],
        seconds=row["total_seconds"],
        amount_ore=row["total_amount_ore"],
        segments=tuple(_segment_of(one) for one in row["segments"]),
        order_ids=tuple(row["order_ids"]),
        grant_ids=tuple(row["grant_ids"]),
        extension_ids=tuple(row["extension_ids"]),
    )
    return Line(
        run=row["run_month"],
        kind=LineKind(row["kind"]),
        total=total,
        seconds=row["seconds"],
        amount_ore=row["amount_ore"],
        cause=None if row["cause"] is None else Cause(row["cause"]),
        sequence=row["sequence"],
    )


def _key_of(row: Row) -> LineKey:
    return LineKey(
        municipality=row["municipality"],
        provider_id=row["provider_id"],
        customer_id=row["customer_id"],
        service=Service(row["service"]),
        law=Law(row["law"]),
        rate_id=row["rate_id"],
        month=row["month"],
    )


def _segment_of(told: dict[str, Any]) -> Segment:
    return Segment(
        visit_id=told["visit_id"],
        registration_ids=tuple(told["registration_ids"]),
        starts_at=parse_instant(told["starts_at"]),
        ends_at=parse_instant(told["ends_at"]),
        seconds=told["seconds"],
    )


def issued_months(tx: Transaction, care_system_id: str, municipality: str, provider_id: str) -> tuple[Run, ...]:
    """The runs of the provider in the municipality, the earliest month first."""
    statement = select(run_table).where(
        run_table.c.care_system_id == care_system_id,
        run_table.c.municipality == municipality,
        run_table.c.provider_id == provider_id,
    )
    return tuple(run_of(row) for row in mappings(tx, statement.order_by(run_table.c.month)))
