"""The visits as they are kept: a projection, written by whoever folds, read by everybody (V4, V5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, false, or_, select

from app.rules.access import Scope
from app.rules.visits.values import Visit, VisitState
from app.storage.database import Transaction
from app.storage.people import customers_within
from app.storage.records import Reach, cut
from app.storage.statements import Row, among, insert_into, insert_rows, mappings, upsert_rows, write
from app.storage.tables.visits import open_visit, visit_household
from app.storage.tables.visits import visit as table
from app.storage.visits.rows import visit_of, visit_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A caregiver's open visit, if any, and the revision of what the caregiver has registered; 0 before the first.

    Nothing of the caregiver is later than `latest`.
    """

    visit_id: str | None = None
    since: datetime | None = None
    revision: int = 0
    latest: datetime | None = None


def upsert_visits(tx: Transaction, care_system_id: str, visits: Collection[Visit]) -> None:
    """The visits are kept as they are, in place of those with the same ids."""
    upsert_rows(tx, table, [visit_row(care_system_id, one) for one in visits])
    keep_households(tx, care_system_id, [one for one in visits if one.household])


def keep_households(tx: Transaction, care_system_id: str, visits: Collection[Visit]) -> None:
    """Each visit to a household is found by every customer of it. Source: V12."""
    if not visits:
        return
    _forget_households(tx, care_system_id, [one.id for one in visits])
    rows = [
        {"care_system_id": care_system_id, "customer_id": customer_id, "visit_id": one.id}
        for one in visits
        for customer_id in sorted({share.customer_id for share in one.household})
    ]
    insert_rows(tx, visit_household, rows)


def _forget_households(tx: Transaction, care_system_id: str, ids: Collection[str]) -> None:
    theirs = visit_household
    tx.connection.execute(
        delete(theirs).where(theirs.c.care_system_id == care_system_id, among(tx, theirs.c.visit_id, ids))
    )


def remove_visits(tx: Transaction, care_system_id: str, ids: Collection[str]) -> None:
    """No visit has any of these ids: the registrations no longer add up to one."""
    if not ids:
        return
    _forget_households(tx, care_system_id, ids)
    tx.connection.execute(delete(table).where(table.c.care_system_id == care_system_id, among(tx, table.c.id, ids)))


def get_visit(
    tx: Transaction, care_system_id: str, visit_id: str, *, scope: Scope | None = None, today: date | None = None
) -> Visit | None:
    """The visit, None where there is none within the scope."""
    statement = _within(tx, care_system_id, scope, today).where(table.c.id == visit_id)
    return next((visit_of(row) for row in mappings(tx, statement)), None)


def get_visits(tx: Transaction, care_system_id: str, ids: Collection[str]) -> dict[str, Visit]:
    """Those of the visits that there are, by id."""
    if not ids:
        return {}
    statement = select(table).where(table.c.care_system_id == care_system_id, among(tx, table.c.id, ids))
    return {row["id"]: visit_of(row) for row in mappings(tx, statement)}


def visits_of(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    today: date | None = None,
    provider_id: str | None = None,
    customer_id: str | None = None,
    caregiver_id: str | None = None,
    start: datetime | None = None,
    before: datetime | None = None,
    state: VisitState | None = None,
    planned_visit_ids: Collection[str] | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Visit, ...]:
    """Up to `limit` visits within the scope by id, placed from `start` on and before `before`.

    A customer's are those of its household too.
    """
    equal = {"provider_id": provider_id, "caregiver_id": caregiver_id, "state": state}
    conditions = [table.c[name] == value for name, value in equal.items() if value is not None]
    if customer_id is not None:
        conditions.append(_at_customers(tx, care_system_id, [customer_id]))
    if planned_visit_ids is not None:
        conditions.append(among(tx, table.c.planned_visit_id, planned_visit_ids))
    conditions += _placed(start, before)
    statement = _within(tx, care_system_id, scope, today).where(*conditions)
    return tuple(visit_of(row) for row in mappings(tx, cut(statement, table, after, limit)))


def all_visits(
    tx: Transaction,
    care_system_id: str,
    *,
    start: datetime | None = None,
    before: datetime | None = None,
    customer_ids: Collection[str] | None = None,
    provider_id: str | None = None,
    caregiver_ids: Collection[str] | None = None,
) -> tuple[Visit, ...]:
    """Every visit placed from `start` on and before `before`, in the order of (placed, id)."""
    conditions: list[ColumnElement[bool]] = [table.c.care_system_id == care_system_id, *_placed(start, before)]
    if customer_ids is not None:
        conditions.append(_at_customers(tx, care_system_id, customer_ids))
    if provider_id is not None:
        conditions.append(table.c.provider_id == provider_id)
    if caregiver_ids is not None:
        conditions.append(among(tx, table.c.caregiver_id, caregiver_ids))
    statement = select(table).where(*conditions).order_by(table.c.placed_at, table.c.id)
    return tuple(visit_of(row) for row in mappings(tx, statement))


def _placed(start: datetime | None, before: datetime | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [] if start is None else [table.c.placed_at >= start]
    return conditions if before is None else [*conditions, table.c.placed_at < before]


def _at_customers(tx: Transaction, care_system_id: str, customer_ids: Collection[str]) -> ColumnElement[bool]:
    theirs = visit_household
    shared = select(theirs.c.visit_id).where(
        theirs.c.care_system_id == care_system_id, among(tx, theirs.c.customer_id, customer_ids)
    )
    return or_(among(tx, table.c.customer_id, customer_ids), table.c.id.in_(shared))


def _within(tx: Transaction, care_system_id: str, scope: Scope | None, today: date | None) -> Select[Any]:
    """A caregiver reaches its own visits, a municipality those at its customers. Source: A1, A2."""
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
            statement = statement.where(table.c.customer_id.in_(customers))
    return statement


def lock_caregivers(tx: Transaction, care_system_id: str, caregiver_ids: Iterable[str]) -> dict[str, Open]:
    """Nobody else registers for these caregivers until the transaction ends; what they have open, by caregiver.

    Whoever read them before has to begin again: their revisions have moved. Source: V6, FAULTS 15-17.
    """
    ids = sorted(set(caregiver_ids))
    if not ids:
        return {}
    rows = [{"care_system_id": care_system_id, "caregiver_id": one, "revision": 1} for one in ids]
    _touch(tx, rows)
    theirs = open_visit
    statement = select(theirs).where(theirs.c.care_system_id == care_system_id, among(tx, theirs.c.caregiver_id, ids))
    return {row["caregiver_id"]: open_of(row) for row in mappings(tx, statement)}


def open_of(row: Row) -> Open:
    """The value of a row."""
    return Open(visit_id=row["visit_id"], since=row["since"], revision=row["revision"], latest=row["latest"])


def _touch(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    """Each revision is one more, and its row locked, in the order given."""
    keys = ["care_system_id", "caregiver_id"]
    moved = {"revision": open_visit.c.revision + 1}
    insert = insert_into(tx, open_visit).on_conflict_do_update(index_elements=keys, set_=moved)
    write(tx, insert, rows)
