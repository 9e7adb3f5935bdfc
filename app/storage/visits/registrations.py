"""Registrations by id, by caregiver and time, and by page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, select

from app.rules.access import Scope
from app.rules.visits.values import Resolved
from app.storage.database import Transaction
from app.storage.people import customers_within
from app.storage.records import Reach, cut
from app.storage.statements import Row, among, insert_new_ids, mappings
from app.storage.tables.visits import registration as table
from app.storage.visits.rows import resolved_of, resolved_row


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A registration to be kept, with the SHA-256 of its content and who sent it."""

    resolved: Resolved
    content_hash: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A registration that is kept, with the SHA-256 of its content, and by whom it was recorded. Source: V2."""

    resolved: Resolved
    content_hash: str
    by: str


def save_registrations(tx: Transaction, care_system_id: str, arrived: Sequence[New]) -> set[str]:
    """The registrations are kept; the ids of those that were new are given back, the others stay as they were.

    One whose external id is taken is not new either. One statement for all; the caregivers are locked beforehand
    (`lock_caregivers`). Source: V2, V5.
    """
    rows = [resolved_row(care_system_id, one.resolved, one.content_hash, one.by) for one in arrived]
    return insert_new_ids(tx, table, rows)


def stored_of(row: Row) -> Stored:
    """The registration of a row, as it is kept."""
    return Stored(resolved=resolved_of(row), content_hash=row["content_hash"], by=row["recorded_by"])


def stored(tx: Transaction, care_system_id: str, ids: Collection[str]) -> dict[str, Stored]:
    """Those of the registrations that are kept already, by id."""
    if not ids:
        return {}
    statement = select(table).where(table.c.care_system_id == care_system_id, among(tx, table.c.id, ids))
    return {row["id"]: stored_of(row) for row in mappings(tx, statement)}


def registrations_by_id(tx: Transaction, care_system_id: str, ids: Collection[str]) -> tuple[Resolved, ...]:
    """The registrations with these ids, in the order of (time, id)."""
    return _in_order(tx, select(table).where(table.c.care_system_id == care_system_id, among(tx, table.c.id, ids)))


def registrations_between(
    tx: Transaction,
    care_system_id: str,
    *,
    caregiver_ids: Collection[str] | None = None,
    provider_id: str | None = None,
    start: datetime | None = None,
    before: datetime | None = None,
) -> tuple[Resolved, ...]:
    """The registrations from `start` on and before `before`, in the order of (time, id)."""
    conditions: list[ColumnElement[bool]] = [table.c.care_system_id == care_system_id]
    if caregiver_ids is not None:
        conditions.append(among(tx, table.c.caregiver_id, caregiver_ids))
    if provider_id is not None:
        conditions.append(table.c.provider_id == provider_id)
    if start is not None:
        conditions.append(table.c.at >= start)
    if before is not None:
        conditions.append(table.c.at < before)
    return _in_order(tx, select(table).where(*conditions))


def get_registration(
    tx: Transaction, care_system_id: str, registration_id: str, *, scope: Scope | None = None, today: date | None = None
) -> Resolved | None:
    """The registration, None where there is none within the scope."""
    statement = _within(tx, care_system_id, scope, today).where(table.c.id == registration_id)
    return next((resolved_of(row) for row in mappings(tx, statement)), None)


def page_of_registrations(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    today: date | None = None,
    caregiver_id: str | None = None,
    visit_id: str | None = None,
    start: datetime | None = None,
    before: datetime | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Resolved, ...]:
    """Up to `limit` registrations within the scope, by id."""
    statement = _within(tx, care_system_id, scope, today)
    if caregiver_id is not None:
        statement = statement.where(table.c.caregiver_id == caregiver_id)
    if visit_id is not None:
        statement = statement.where(table.c.visit_id == visit_id)
    if start is not None:
        statement = statement.where(table.c.at >= start)
    if before is not None:
        statement = statement.where(table.c.at < before)
    return tuple(resolved_of(row) for row in mappings(tx, cut(statement, table, after, limit)))


def _within(tx: Transaction, care_system_id: str, scope: Scope | None, today: date | None) -> Select[Any]:
    """A caregiver reaches its own registrations, a municipality those at its customers. Source: A1, A2."""
    statement = select(table).where(table.c.care_system_id == care_system_id)
    if scope is None:
        return statement
    if scope.care_system_id not in (None, care_system_id):
        return statement.where(false())
    if scope.caregiver_id is not None:
        statement = statement.where(table.c.caregiver_id == scope.caregiver_id)
    if scope.provider_id is not None:
        statement = statement.where(table.c.provider_id == scope.provider_id)
    if scope.municipality is not None:
        reach = Reach(tx=tx, care_system_id=care_system_id, scope=scope, today=today)
        customers = customers_within(reach)
        if customers is not None:
            statement = statement.where(table.c.resolved_customer_id.in_(customers))
    return statement


def _in_order(tx: Transaction, statement: Select[Any]) -> tuple[Resolved, ...]:
    return tuple(resolved_of(row) for row in mappings(tx, statement.order_by(table.c.at, table.c.id)))
