"""What the match with plans (V16) ties visits to: plans and visits near a spot, registrations of one boot (V8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, FromClause, Select, and_, column, func, literal, select
from sqlalchemy.types import Text

from app.rules.orders import Grant, Order
from app.rules.plans import PlannedVisit
from app.rules.visits.values import RegistrationKind, Resolved, Visit
from app.storage.database import Transaction
from app.storage.orders import GRANT, ORDER
from app.storage.plans import PLANNED_VISIT
from app.storage.records import versions
from app.storage.statements import among, each_looked_up, mappings, told_rows
from app.storage.tables.columns import Id, UtcDateTime
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.plans import planned_visit
from app.storage.tables.visits import registration, visit
from app.storage.visits.rows import resolved_of, visit_of

CLOCKS_APART = timedelta(days=1)
"""How far a visit may be placed from where its check-in alone puts it, for a match to see it. Source: our decision."""
MOST_MS = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Stretch:
    """A provider's time at a customer's, both ends inside."""

    provider_id: str
    customer_id: str
    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class InBoot:
    """A moment of a boot of a caregiver's phone."""

    caregiver_id: str
    boot_id: str
    elapsed_ms: int


def plans_near(
    tx: Transaction, care_system_id: str, stretches: Collection[Stretch], ids: Collection[str]
) -> tuple[PlannedVisit, ...]:
    """Every version of the planned visits that ever stood within the stretches, and of those with the ids."""
    table = planned_visit.versions
    found = set(ids)
    if stretches:
        wanted = _stretches(tx, stretches)
        there = select(table.c.id).where(
            table.c.care_system_id == care_system_id,
            table.c.provider_id == wanted.c.provider_id,
            table.c.customer_id == wanted.c.customer_id,
            table.c.starts_at.between(wanted.c.earliest, wanted.c.latest),
        )
        found |= set(tx.connection.execute(each_looked_up(tx, wanted, there)).scalars())
    return versions(tx, PLANNED_VISIT, care_system_id, found) if found else ()


def visits_near(
    tx: Transaction, care_system_id: str, stretches: Collection[Stretch], plan_ids: Collection[str]
) -> tuple[Visit, ...]:
    """The visits within the stretches, and those that answer to one of the plans."""
    found: dict[str, Visit] = {}
    if stretches:
        wanted = _stretches(tx, stretches, CLOCKS_APART)
        there = select(visit).where(
            visit.c.care_system_id == care_system_id,
            visit.c.provider_id == wanted.c.provider_id,
            visit.c.customer_id == wanted.c.customer_id,
            visit.c.placed_at.between(wanted.c.earliest, wanted.c.latest),
        )
        rows = {row["id"]: row for row in mappings(tx, each_looked_up(tx, wanted, there))}
        found |= {key: visit_of(row) for key, row in rows.items()}
    if plan_ids:
        answering = select(visit).where(
            visit.c.care_system_id == care_system_id, among(tx, visit.c.planned_visit_id, plan_ids)
        )
        found |= {row["id"]: visit_of(row) for row in mappings(tx, answering)}
    return tuple(found.values())


def of_one_boot(tx: Transaction, care_system_id: str, moments: Iterable[InBoot]) -> dict[str, Resolved]:
    """The registrations of each boot from the last check-in at the moment until the next one, by id. Source: V8."""
    asked = sorted(set(moments))
    found = mappings(tx, _boots_select(tx, care_system_id, asked)) if asked else ()
    return {key: resolved_of(row) for key, row in {row["id"]: row for row in found}.items()}


def grants_and_orders(
    tx: Transaction, care_system_id: str, customer_ids: Collection[str]
) -> tuple[tuple[Grant, ...], tuple[Order, ...]]:
    """Every version of the customers' grants, and of the orders that were ever placed of these."""
    grants = versions(
        tx, GRANT, care_system_id, conditions=[among(tx, care_grant.versions.c.customer_id, customer_ids)]
    )
    theirs = among(tx, care_order.versions.c.grant_id, {one.id for one in grants})
    return grants, versions(tx, ORDER, care_system_id, conditions=[theirs]) if grants else ()


def _boots_select(tx: Transaction, care_system_id: str, moments: Sequence[InBoot]) -> Select[Any]:
    columns = (column("caregiver_id", Id), column("boot_id", Text), column("elapsed_ms", BigInteger))
    wanted = told_rows(tx, "wanted", columns, [(one.caregiver_id, one.boot_id, one.elapsed_ms) for one in moments])
    check_ins = registration.alias()
    theirs = and_(
        check_ins.c.care_system_id == care_system_id,
        check_ins.c.caregiver_id == wanted.c.caregiver_id,
        check_ins.c.boot_id == wanted.c.boot_id,
        check_ins.c.boot_id.is_not(None),
        check_ins.c.kind == RegistrationKind.CHECK_IN,
    )
    elapsed = select(check_ins.c.elapsed_ms)
    last = elapsed.where(theirs, check_ins.c.elapsed_ms <= wanted.c.elapsed_ms)
    following = elapsed.where(theirs, check_ins.c.elapsed_ms > wanted.c.elapsed_ms)
    earliest = last.order_by(check_ins.c.elapsed_ms.desc()).limit(1).scalar_subquery()
    before = following.order_by(check_ins.c.elapsed_ms).limit(1).scalar_subquery()
    bounds = (
        select(
            wanted.c.caregiver_id,
            wanted.c.boot_id,
            func.coalesce(earliest, literal(0, BigInteger)).label("earliest_ms"),
            func.coalesce(before, literal(MOST_MS, BigInteger)).label("before_ms"),
        )
        .distinct()
        .cte("bounds")
    )
    table = registration
    mates = select(table).where(
        table.c.care_system_id == care_system_id,
        table.c.caregiver_id == bounds.c.caregiver_id,
        table.c.boot_id == bounds.c.boot_id,
        table.c.boot_id.is_not(None),
        table.c.elapsed_ms >= bounds.c.earliest_ms,
        table.c.elapsed_ms < bounds.c.before_ms,
    )
    return each_looked_up(tx, bounds, mates)


def _stretches(tx: Transaction, stretches: Iterable[Stretch], more: timedelta = timedelta()) -> FromClause:
    columns = (
        column("provider_id", Id),
        column("customer_id", Id),
        column("earliest", UtcDateTime),
        column("latest", UtcDateTime),
    )
    rows = [
        (one.provider_id, one.customer_id, one.earliest - more, one.latest + more) for one in sorted(set(stretches))
    ]
    wanted: FromClause = told_rows(tx, "wanted", columns, rows)
    return wanted
