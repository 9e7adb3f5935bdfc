"""Which providers' months there are: where care was ordered or done, or somebody touched the month itself."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, and_, case, or_, select, tuple_, union, update

from app.rules.access import Scope
from app.rules.deviations.values import DeviationState
from app.rules.reimbursement.months import REOPENED, MonthState
from app.rules.time import first_day, month_interval, next_month
from app.storage.database import Transaction
from app.storage.judgements import Due
from app.storage.statements import among, insert_new_rows, mappings
from app.storage.tables.deviations import deviation, judgement_due
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.people import customer
from app.storage.tables.reimbursement import month as month_table
from app.storage.tables.visits import visit

Pair = tuple[str, str]
"""(municipality, provider id)."""
TURNED_AWAY = (DeviationState.OPEN, DeviationState.REJECTED)
"""Where a deviation that asks for an explanation has none that holds. Source: R8."""


def provider_months(
    tx: Transaction,
    care_system_id: str,
    month: str,
    *,
    scope: Scope | None = None,
    municipality: str | None = None,
    provider_id: str | None = None,
) -> tuple[Pair, ...]:
    """Every (municipality, provider) that has something in the month, within the scope, in order."""
    found = union(*_where_care_was(care_system_id, month), _touched(care_system_id, month)).subquery()
    columns = tuple(found.c)
    limits = [(columns[0], municipality), (columns[1], provider_id)]
    if scope is not None:
        limits += [(columns[0], scope.municipality), (columns[1], scope.provider_id)]
    conditions = [column == value for column, value in limits if value is not None]
    statement = select(*columns).where(*conditions).order_by(*columns)
    return tuple((row[0], row[1]) for row in tx.connection.execute(statement))


def _where_care_was(care_system_id: str, month: str) -> list[Select[tuple[str, str]]]:
    interval = month_interval(month)
    start, before = first_day(month), first_day(next_month(month))
    order, grant = care_order.current, care_grant.current
    ordered = (
        select(customer.current.c.municipality, order.c.provider_id)
        .join(grant, and_(grant.c.care_system_id == order.c.care_system_id, grant.c.id == order.c.grant_id))
        .join(customer.current, _customer_is(grant.c.care_system_id, grant.c.customer_id))
        .where(
            order.c.care_system_id == care_system_id,
            order.c.valid_from < before,
            or_(order.c.valid_before.is_(None), order.c.valid_before > start),
        )
        .select_from(order)
    )
    done = (
        select(customer.current.c.municipality, visit.c.provider_id)
        .join(customer.current, _customer_is(visit.c.care_system_id, visit.c.customer_id))
        .where(
            visit.c.care_system_id == care_system_id,
            visit.c.placed_at >= interval.start,
            visit.c.placed_at < interval.end,
        )
        .select_from(visit)
    )
    return [ordered, done]


def _touched(care_system_id: str, month: str) -> Select[tuple[str, str]]:
    return select(month_table.c.municipality, month_table.c.provider_id).where(
        month_table.c.care_system_id == care_system_id, month_table.c.month == month
    )


def _customer_is(care_system_id: ColumnElement[str], customer_id: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(customer.current.c.care_system_id == care_system_id, customer.current.c.id == customer_id)


def blocking(
    tx: Transaction, care_system_id: str, month: str, provider_ids: Collection[str]
) -> dict[tuple[str, str | None], tuple[str, ...]]:
    """By (provider, municipality) the deviations of the month that still want an explanation; None: at nobody known."""
    table = deviation
    statement = (
        select(table.c.provider_id, table.c.municipality, table.c.id)
        .where(
            table.c.care_system_id == care_system_id,
            among(tx, table.c.provider_id, provider_ids),
            table.c.period == month,
            table.c.asks,
            table.c.state.in_(TURNED_AWAY),
        )
        .order_by(table.c.id)
    )
    found: dict[tuple[str, str | None], list[str]] = {}
    for row in mappings(tx, statement):
        found.setdefault((row["provider_id"], row["municipality"]), []).append(row["id"])
    return {key: tuple(ids) for key, ids in found.items()}


def due_of(tx: Transaction, care_system_id: str, provider_ids: Collection[str], month: str) -> tuple[Due, ...]:
    """What of the providers' month waits to be judged."""
    table = judgement_due
    statement = select(table.c.provider_id, table.c.customer_id).where(
        table.c.care_system_id == care_system_id,
        among(tx, table.c.provider_id, provider_ids),
        table.c.month == month,
    )
    return tuple(Due(provider_id=row[0], customer_id=row[1], month=month) for row in tx.connection.execute(statement))


def reopen(
    tx: Transaction, care_system_id: str, dues: Collection[Due], carried_by: str
) -> tuple[tuple[str, str, str], ...]:
    """The attested months of these are open again, as (month, municipality, provider id); others stay. Source: R8.

    What was done at nobody known reopens the provider's month everywhere. Of those that are locked the provider's month
    `carried_by` is there from now on, though no care was ordered or done in it: it is the one that adjusts them.
    """
    table = month_table
    statement = select(table.c.month, table.c.municipality, table.c.provider_id, table.c.state).where(
        table.c.care_system_id == care_system_id,
        table.c.state != MonthState.OPEN,
        tuple_(table.c.provider_id, table.c.month).in_(sorted({(one.provider_id, one.month) for one in dues})),
    )
    standing = {(row[0], row[1], row[2]): row[3] for row in tx.connection.execute(statement)}
    if not standing:
        return ()
    homes = _homes(tx, care_system_id, {one.customer_id for one in dues if one.customer_id})
    wanted = {(one.month, homes.get(one.customer_id), one.provider_id) for one in dues}
    meant = [key for key in standing if key in wanted or (key[0], None, key[2]) in wanted]
    keys = [key for key in meant if standing[key] in REOPENED]
    _carry(tx, care_system_id, {(carried_by, key[1], key[2]) for key in meant if standing[key] not in REOPENED})
    if keys:
        state = case(dict(REOPENED), value=table.c.state)
        opened = {"state": state, "attested_by": None, "attested_at": None, "version": table.c.version + 1}
        where = tuple_(table.c.month, table.c.municipality, table.c.provider_id).in_(keys)
        tx.connection.execute(update(table).where(table.c.care_system_id == care_system_id, where).values(opened))
    return tuple(keys)


def _carry(tx: Transaction, care_system_id: str, keys: Collection[tuple[str, str, str]]) -> None:
    """These months are there, open where nobody has touched them."""
    rows = [
        {
            "care_system_id": care_system_id,
            "month": month,
            "municipality": municipality,
            "provider_id": provider_id,
            "state": MonthState.OPEN,
            "version": 1,
        }
        for month, municipality, provider_id in sorted(keys)
    ]
    if rows:
        insert_new_rows(tx, month_table, rows)


def _homes(tx: Transaction, care_system_id: str, customer_ids: Collection[str]) -> dict[str, str]:
    table = customer.current
    statement = select(table.c.id, table.c.municipality).where(
        table.c.care_system_id == care_system_id, among(tx, table.c.id, customer_ids)
    )
    return {row[0]: row[1] for row in tx.connection.execute(statement)}
