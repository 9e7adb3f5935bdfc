"""Sums of many providers' months at once: a fixed number of statements, however many providers there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Text, and_, case, column, func, literal, or_, select
from sqlalchemy import cast as sql_cast

from app.rules.deviations.values import DeviationState, Effect, Rule
from app.rules.extensions import Decision, Extension, ExtensionState
from app.rules.orders import Placed, as_held, place
from app.rules.overviews import Count
from app.rules.time import Interval
from app.rules.visits.values import VisitState
from app.storage.database import Transaction
from app.storage.deviations import Deviation, deviation_of
from app.storage.extensions import all_extensions
from app.storage.orders import grant_of, order_of
from app.storage.statements import among, mappings, told_rows
from app.storage.tables.columns import UtcDateTime
from app.storage.tables.deviations import deviation
from app.storage.tables.extensions import extension
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.people import customer
from app.storage.tables.providers import provider
from app.storage.tables.reimbursement import reimbursement_line, reimbursement_run
from app.storage.tables.visits import visit

_LONGEST = timedelta(days=4)
"""A stay that reaches into a period began at most so long before it: the longest is 72 h. Source: V4."""
APPROVED = (ExtensionState.APPROVED, ExtensionState.PARTLY_APPROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """Seconds of whole visits in a period; municipality None: at nobody known."""

    period: str
    municipality: str | None
    provider_id: str
    seconds: int


def performed_in(
    tx: Transaction, care_system_id: str, periods: Sequence[tuple[str, Interval]], municipality: str | None = None
) -> tuple[Performed, ...]:
    """What was performed in each period, of whole visits that are no extra service, cut at its ends. Source: T3, T5.

    A stay in a household counts where its first customer lives.
    """
    if not periods:
        return ()
    columns = (column("period", Text), column("begins", UtcDateTime), column("ends", UtcDateTime))
    told = told_rows(tx, "told", columns, [(name, span.start, span.end) for name, span in periods])
    earliest, latest = min(span.start for _, span in periods), max(span.end for _, span in periods)
    home, firm = customer.current, provider.current
    begins = case((visit.c.starts_at < told.c.begins, told.c.begins), else_=visit.c.starts_at)
    ends = case((visit.c.ends_at > told.c.ends, told.c.ends), else_=visit.c.ends_at)
    seconds = func.sum(_seconds(tx, ends) - _seconds(tx, begins))
    keys = (told.c.period, home.c.municipality, visit.c.provider_id)
    statement = (
        select(*keys, seconds.label("seconds"))
        .select_from(firm)
        .join(visit, and_(visit.c.care_system_id == firm.c.care_system_id, visit.c.provider_id == firm.c.id))
        .join(told, and_(visit.c.starts_at < told.c.ends, visit.c.ends_at > told.c.begins))
        .join(home, _lives(visit.c.customer_id), isouter=True)
        .where(
            firm.c.care_system_id == care_system_id,
            visit.c.placed_at >= earliest - _LONGEST,
            visit.c.placed_at < latest,
            visit.c.state == VisitState.COMPLETE,
            visit.c.extra_service.is_(False),
        )
        .group_by(*keys)
    )
    if municipality is not None:
        statement = statement.where(home.c.municipality == municipality)
    return tuple(
        Performed(period=row[0], municipality=row[1], provider_id=row[2], seconds=int(row[3]))
        for row in tx.connection.execute(statement)
    )


def _seconds(tx: Transaction, instant: ColumnElement[Any]) -> ColumnElement[int]:
    """The instant as whole seconds since 1970."""
    since = func.extract("epoch", instant) if tx.dialect == "postgresql" else func.strftime(literal("%s"), instant)
    return sql_cast(since, Integer)


def _lives(customer_id: ColumnElement[Any]) -> ColumnElement[bool]:
    home = customer.current
    return and_(home.c.care_system_id == visit.c.care_system_id, home.c.id == customer_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedThere:
    """Orders with their grants, and the municipality of each customer."""

    placed: tuple[Placed, ...]
    homes: dict[str, str]


def placed_between(
    tx: Transaction, care_system_id: str, first: date, before: date, municipality: str | None = None
) -> PlacedThere:
    """The orders, as they stand, that hold on any day from `first` until, not including, `before`; their grants as each
    version held for its own days (O1).
    """
    grant, order, home = care_grant.current, care_order.current, customer.current
    wanted = (
        select(order)
        .join(grant, and_(grant.c.care_system_id == order.c.care_system_id, grant.c.id == order.c.grant_id))
        .join(home, and_(home.c.care_system_id == grant.c.care_system_id, home.c.id == grant.c.customer_id))
        .where(
            order.c.care_system_id == care_system_id,
            *_hold(order, first, before),
            or_(grant.c.valid_before.is_(None), grant.c.valid_before > first),
        )
    )
    if municipality is not None:
        wanted = wanted.where(home.c.municipality == municipality)
    orders = mappings(tx, wanted)
    granted, told = wanted.with_only_columns(order.c.grant_id), care_grant.versions
    grants = mappings(tx, select(told).where(told.c.care_system_id == care_system_id, told.c.id.in_(granted)))
    lived = wanted.with_only_columns(home.c.id, home.c.municipality).distinct()
    homes = {row[0]: row[1] for row in tx.connection.execute(lived)}
    return PlacedThere(placed=place(map(order_of, orders), as_held(map(grant_of, grants))), homes=homes)


def _hold(table: Any, first: date, before: date) -> list[ColumnElement[bool]]:
    return [table.c.valid_from < before, or_(table.c.valid_before.is_(None), table.c.valid_before > first)]


def approved_extensions(
    tx: Transaction, care_system_id: str, months: Collection[str]
) -> tuple[tuple[Extension, ...], tuple[Decision, ...]]:
    """The requests for these months that were approved, whole or in part, with their decisions."""
    return all_extensions(tx, care_system_id, among(tx, extension.c.month, months), extension.c.state.in_(APPROVED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A deviation that stands, and the time of the visit that it is about, where that is whole and of a grant (V13)."""

    deviation: Deviation
    stay: Interval | None


def money_matters(tx: Transaction, care_system_id: str, month: str) -> tuple[Standing, ...]:
    """The month's deviations that stand and may hold pay, and those that tell of excess (D2)."""
    counts = and_(visit.c.state == VisitState.COMPLETE, visit.c.extra_service.is_(False))
    statement = (
        select(deviation, visit.c.starts_at, visit.c.ends_at, counts.label("counts"))
        .select_from(deviation)
        .join(
            visit,
            and_(visit.c.care_system_id == deviation.c.care_system_id, visit.c.id == deviation.c.subject_id),
            isouter=True,
        )
        .where(
            deviation.c.care_system_id == care_system_id,
            deviation.c.provider_id.in_(_providers(care_system_id)),
            deviation.c.period == month,
            deviation.c.state != DeviationState.CLEARED,
            or_(deviation.c.effect == Effect.HOLDS_PAY, deviation.c.rule == Rule.D2),
        )
    )
    return tuple(
        Standing(
            deviation=deviation_of(row),
            stay=Interval(row["starts_at"], row["ends_at"]) if row["counts"] else None,
        )
        for row in mappings(tx, statement)
    )


def _providers(care_system_id: str) -> Select[tuple[str]]:
    """Every provider: deviations are found by provider and period, by an index, and not by reading all of them."""
    return select(provider.current.c.id).where(provider.current.c.care_system_id == care_system_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedSum:
    """Öre of the lines that were issued with a month or for it. `later_ore` was issued for it with later ones."""

    lines: int
    issued_ore: int
    adjusted_ore: int
    later_ore: int


NOTHING_ISSUED = IssuedSum(lines=0, issued_ore=0, adjusted_ore=0, later_ore=0)


def issued_in(tx: Transaction, care_system_id: str, month: str) -> dict[tuple[str, str], IssuedSum]:
    """What was issued with the month and for it, by municipality and provider. Source: R8."""
    table = reimbursement_line
    with_it, for_it = table.c.run_month == month, table.c.month == month

    def sum_of(told: ColumnElement[bool], value: Any) -> ColumnElement[int]:
        return func.sum(case((told, value), else_=0))

    keys = (table.c.municipality, table.c.provider_id)
    statement = (
        select(
            *keys,
            sum_of(with_it, 1),
            sum_of(and_(with_it, for_it), table.c.amount_ore),
            sum_of(and_(with_it, ~for_it), table.c.amount_ore),
            sum_of(and_(~with_it, for_it), table.c.amount_ore),
        )
        .where(table.c.care_system_id == care_system_id, or_(with_it, for_it))
        .group_by(*keys)
    )
    return {
        (row[0], row[1]): IssuedSum(
            lines=int(row[2]), issued_ore=int(row[3]), adjusted_ore=int(row[4]), later_ore=int(row[5])
        )
        for row in tx.connection.execute(statement)
    }


def issued_at(tx: Transaction, care_system_id: str, month: str) -> dict[tuple[str, str], datetime]:
    """When each provider's month was issued, by municipality and provider."""
    table = reimbursement_run
    statement = select(table.c.municipality, table.c.provider_id, table.c.issued_at).where(
        table.c.care_system_id == care_system_id, table.c.month == month
    )
    return {(row[0], row[1]): row[2] for row in tx.connection.execute(statement)}


def counts_by_rule(
    tx: Transaction, care_system_id: str, months: Collection[str], municipality: str | None = None
) -> tuple[Count, ...]:
    """How many deviations of the months stand where, by rule."""
    table = deviation
    statement = (
        select(table.c.rule, table.c.effect, table.c.state, func.count())
        .where(
            table.c.care_system_id == care_system_id,
            table.c.provider_id.in_(_providers(care_system_id)),
            among(tx, table.c.period, months),
        )
        .group_by(table.c.rule, table.c.effect, table.c.state)
    )
    if municipality is not None:
        statement = statement.where(table.c.municipality == municipality)
    rows = tx.connection.execute(statement)
    return tuple(
        Count(rule=Rule(row[0]), effect=Effect(row[1]), state=DeviationState(row[2]), number=row[3]) for row in rows
    )
