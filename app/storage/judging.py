"""What a judgement of some customers' months reads: their visits, and the facts around them, in a few statements."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union_all

from app.rules.deviations.values import Explanation, SubjectType
from app.rules.extensions import Decision, Extension
from app.rules.orders import Grant, Order
from app.rules.plans import PlannedVisit
from app.rules.time import first_day, local_instant, month_interval, next_month
from app.rules.visits.values import Visit, VisitState
from app.storage.database import Transaction
from app.storage.deviations import Deviation, deviation_of
from app.storage.explanations import rule_explanations
from app.storage.extensions import all_extensions
from app.storage.orders import GRANT, ORDER
from app.storage.plans import PLANNED_VISIT
from app.storage.records import versions
from app.storage.statements import among, locking, mappings
from app.storage.tables.deviations import deviation
from app.storage.tables.extensions import extension
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.plans import planned_visit
from app.storage.tables.visits import visit, visit_household
from app.storage.visits.rows import visit_of

LOOKED_BACK = timedelta(days=40)
"""A stay that began so long before a month may still reach into it: the longest is 72 h (V4). Source: our decision."""
ASKED_AT_ONCE = 100
"""So many first visits are asked for in one statement: SQLite joins no more than 500."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose months: customers, and providers for their visits at nobody known."""

    customer_ids: frozenset[str]
    provider_ids: frozenset[str]
    months: tuple[str, ...]

    @property
    def start(self) -> datetime:
        """The first instant of the months."""
        return month_interval(min(self.months)).start

    @property
    def before(self) -> datetime:
        """The first instant after the months."""
        return month_interval(max(self.months)).end


def lock_months(tx: Transaction, care_system_id: str, keys: Iterable[tuple[str, str]]) -> None:
    """Nobody else judges these (customer or provider, month) until this transaction ends; waits for who does.

    SQLite has one writer and needs no lock.
    """
    if tx.dialect != "postgresql":
        return
    for key in sorted({_number(care_system_id, *key) for key in keys}):
        tx.connection.execute(select(func.pg_advisory_xact_lock(key)))


def _number(*names: str) -> int:
    digest = hashlib.sha256("/".join(("judgement", *names)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def visits_of(tx: Transaction, care_system_id: str, whose: Whose) -> tuple[Visit, ...]:
    """Every visit that has a second, or its only end, in the months: the customers', those of their households, and the
    providers' at nobody known.
    """
    mine = visit.c.care_system_id == care_system_id
    when = and_(
        visit.c.placed_at < whose.before,
        visit.c.placed_at >= whose.start - LOOKED_BACK,
        or_(visit.c.placed_at >= whose.start, visit.c.ends_at > whose.start),
    )
    wanted: list[Select[Any]] = []
    if whose.customer_ids:
        household = select(visit_household.c.visit_id).where(
            visit_household.c.care_system_id == care_system_id,
            among(tx, visit_household.c.customer_id, whose.customer_ids),
        )
        wanted.append(select(visit).where(mine, when, among(tx, visit.c.customer_id, whose.customer_ids)))
        wanted.append(select(visit).where(mine, when, visit.c.id.in_(household)))
    if whose.provider_ids:
        nobody = visit.c.customer_id.is_(None)
        wanted.append(select(visit).where(mine, when, nobody, among(tx, visit.c.provider_id, whose.provider_ids)))
    return _visits(tx, wanted)


def _visits(tx: Transaction, wanted: list[Select[Any]]) -> tuple[Visit, ...]:
    if not wanted:
        return ()
    rows = mappings(tx, _any_of(wanted))
    return tuple({row["id"]: visit_of(row) for row in rows}.values())


def _any_of(wanted: list[Select[Any]]) -> Select[Any]:
    return wanted[0] if len(wanted) == 1 else select(union_all(*wanted).subquery())


def visits_beside(tx: Transaction, care_system_id: str, visits: Collection[Visit]) -> tuple[Visit, ...]:
    """The other stays of the same caregivers that share a second with one of these. Source: D11."""
    if not visits:
        return ()
    own, other = visit.alias("own"), visit.alias("other")
    statement = (
        select(other)
        .join(own, and_(own.c.care_system_id == other.c.care_system_id, own.c.caregiver_id == other.c.caregiver_id))
        .where(
            own.c.care_system_id == care_system_id,
            among(tx, own.c.id, [one.id for one in visits]),
            other.c.id != own.c.id,
            other.c.placed_at < own.c.ends_at,
            other.c.placed_at >= min(one.placed_at for one in visits) - LOOKED_BACK,
            other.c.ends_at > own.c.starts_at,
        )
    )
    return tuple({row["id"]: visit_of(row) for row in mappings(tx, statement)}.values())


def visits_answering(tx: Transaction, care_system_id: str, plan_ids: Collection[str]) -> tuple[Visit, ...]:
    """The visits that answer to these planned visits, whenever they were. Source: V16."""
    if not plan_ids:
        return ()
    mine = visit.c.care_system_id == care_system_id
    return _visits(tx, [select(visit).where(mine, among(tx, visit.c.planned_visit_id, plan_ids))])


def first_visits(
    tx: Transaction, care_system_id: str, asked: Collection[tuple[str, str, datetime]]
) -> tuple[Visit, ...]:
    """For each (provider, customer, instant) the first visits, not void and no extra service, begun then or later: one
    of the customer's own, and one of a household that the customer belongs to. Source: O4, V12, V13.
    """
    found: dict[str, Visit] = {}
    keys = sorted(set(asked))
    for position in range(0, len(keys), ASKED_AT_ONCE):
        wanted = [
            _first(care_system_id, provider_id, since, whose)
            for provider_id, customer_id, since in keys[position : position + ASKED_AT_ONCE]
            for whose in (visit.c.customer_id == customer_id, _in_household_of(care_system_id, customer_id))
        ]
        found |= {one.id: one for one in _visits(tx, wanted)}
    return tuple(found.values())


def _in_household_of(care_system_id: str, customer_id: str) -> ColumnElement[bool]:
    return visit.c.id.in_(
        select(visit_household.c.visit_id).where(
            visit_household.c.care_system_id == care_system_id, visit_household.c.customer_id == customer_id
        )
    )


def _first(care_system_id: str, provider_id: str, since: datetime, whose: ColumnElement[bool]) -> Select[Any]:
    first = (
        select(visit.c.id)
        .where(
            visit.c.care_system_id == care_system_id,
            visit.c.provider_id == provider_id,
            whose,
            visit.c.placed_at >= since,
            visit.c.starts_at.is_not(None),
            visit.c.state != VisitState.VOID,
            visit.c.extra_service.is_(False),
        )
        .order_by(visit.c.placed_at, visit.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return select(visit).where(visit.c.care_system_id == care_system_id, visit.c.id == first)


def customers_held_later(
    tx: Transaction, care_system_id: str, provider_ids: Collection[str], months: Collection[str]
) -> tuple[tuple[str | None, str, str, frozenset[str]], ...]:
    """(customer, provider, month, the stays it overlaps) of every D11 of the providers' months that stands."""
    statement = select(deviation.c.customer_id, deviation.c.provider_id, deviation.c.period, deviation.c.facts).where(
        deviation.c.care_system_id == care_system_id,
        among(tx, deviation.c.provider_id, provider_ids),
        among(tx, deviation.c.period, months),
        deviation.c.rule == "D11",
        deviation.c.state != "cleared",
    )
    return tuple(
        (row["customer_id"], row["provider_id"], row["period"], frozenset(row["facts"].get("visit_ids", ())))
        for row in mappings(tx, statement)
    )


def grants_and_orders(
    tx: Transaction, care_system_id: str, customer_ids: Collection[str]
) -> tuple[tuple[Grant, ...], tuple[Order, ...]]:
    """Every version of the customers' grants, and of the orders of these grants."""
    theirs = among(tx, care_grant.versions.c.customer_id, customer_ids)
    granted = select(care_grant.versions.c.id).where(care_grant.versions.c.care_system_id == care_system_id, theirs)
    grants = versions(tx, GRANT, care_system_id, conditions=[theirs])
    return grants, versions(tx, ORDER, care_system_id, conditions=[care_order.versions.c.grant_id.in_(granted)])


def plans_around(
    tx: Transaction, care_system_id: str, whose: Whose, visits: Collection[Visit]
) -> tuple[PlannedVisit, ...]:
    """Every version of the planned visits that ever stood with the customers in the months, of those that the visits
    answer to, and of one of each provider's in each month, which tells that it plans at all (D17).
    """
    table = planned_visit.versions
    ids = {one.planned_visit_id for one in visits if one.planned_visit_id is not None}
    ids |= _any_planned(tx, care_system_id, whose, visits)
    conditions: list[ColumnElement[bool]] = [among(tx, table.c.id, ids)]
    if whose.customer_ids:
        stood = select(table.c.id).where(
            table.c.care_system_id == care_system_id,
            among(tx, table.c.customer_id, whose.customer_ids),
            table.c.starts_at >= whose.start,
            table.c.starts_at < whose.before,
        )
        conditions.append(table.c.id.in_(stood))
    return versions(tx, PLANNED_VISIT, care_system_id, conditions=[or_(*conditions)])


def _any_planned(tx: Transaction, care_system_id: str, whose: Whose, visits: Collection[Visit]) -> set[str]:
    """For each provider of the visits and each month one planned visit, where there is one."""
    table = planned_visit.current
    wanted = [
        select(
            select(table.c.id)
            .where(
                table.c.care_system_id == care_system_id,
                table.c.provider_id == provider_id,
                table.c.starts_at >= local_instant(first_day(month)),
                table.c.starts_at < local_instant(first_day(next_month(month))),
            )
            .order_by(table.c.starts_at)
            .limit(1)
            .scalar_subquery()
            .label("id")
        )
        for provider_id in sorted({one.provider_id for one in visits})
        for month in whose.months
    ]
    found: set[str] = set()
    for position in range(0, len(wanted), ASKED_AT_ONCE):
        found |= {row["id"] for row in mappings(tx, _any_of(wanted[position : position + ASKED_AT_ONCE])) if row["id"]}
    return found


def stored_deviations(
    tx: Transaction, care_system_id: str, whose: Whose, visits: Collection[Visit]
) -> tuple[Deviation, ...]:
    """The rows that the judgement is beside, nobody else's until the end: the customers' in the months, and of any month
    what hangs on their orders; the providers' at nobody known; and what the visits have, whoever's they were.
    """
    table = deviation
    in_months = among(tx, table.c.period, whose.months)
    theirs = among(tx, table.c.customer_id, whose.customer_ids)
    nobody = and_(table.c.customer_id.is_(None), among(tx, table.c.provider_id, whose.provider_ids))
    conditions = (
        and_(theirs, or_(in_months, table.c.rule.in_(("D18", "D19")))),
        and_(nobody, in_months),
        and_(table.c.subject_type == SubjectType.VISIT, among(tx, table.c.subject_id, [one.id for one in visits])),
    )
    ids = _any_of([select(table.c.id).where(table.c.care_system_id == care_system_id, one) for one in conditions])
    statement = select(table).where(table.c.care_system_id == care_system_id, table.c.id.in_(ids)).order_by(table.c.id)
    return tuple(deviation_of(row) for row in mappings(tx, locking(tx, statement)))


def extensions_and_decisions(
    tx: Transaction, care_system_id: str, whose: Whose
) -> tuple[tuple[Extension, ...], tuple[Decision, ...]]:
    """The customers' requests for the months, and every decision on them."""
    theirs = among(tx, extension.c.customer_id, whose.customer_ids)
    return all_extensions(tx, care_system_id, theirs, among(tx, extension.c.month, whose.months))


def explanations_of(tx: Transaction, care_system_id: str, stored: Collection[Deviation]) -> tuple[Explanation, ...]:
    """What has been said of these deviations."""
    if not stored:
        return ()
    return rule_explanations(tx, care_system_id, among(tx, deviation.c.id, [one.id for one in stored]))
