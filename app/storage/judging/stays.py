"""Where the caregivers of some visits were just before and just after them, at whoever's. Source: D14."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, FromClause, Select, literal_column, or_, select, type_coerce

from app.rules.deviations.at_travels import JOURNEY_SECONDS, NEAR, SPEED
from app.rules.people import Customer
from app.rules.policies import Policy
from app.rules.time import format_instant, shift
from app.rules.visits.values import Stay, Visit, VisitState
from app.storage.database import Transaction
from app.storage.judging.asked import CS, LOOKED_BACK, AskedRows, given, instant, listed, told_among
from app.storage.people import customer_of
from app.storage.policies import policy_of
from app.storage.prepared import Parts, ask
from app.storage.statements import Row
from app.storage.tables.columns import UtcDateTime
from app.storage.tables.people import customer
from app.storage.tables.rates import policy
from app.storage.tables.visits import visit

_VOID: ColumnElement[str] = literal_column(f"'{VisitState.VOID.value}'")

_STAY = tuple(visit.c[name] for name in ("id", "caregiver_id", "customer_id", "household", "placed_at", "ends_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Journeys:
    """What the journeys to and from some visits are judged by.

    `stays` are the one before and the one after each visit, but for the visits themselves."""

    stays: tuple[Stay, ...] = ()
    customers: tuple[Customer, ...] = ()
    policies: tuple[Policy, ...] = ()


def journeys(tx: Transaction, care_system_id: str, visits: Collection[Visit]) -> Journeys:
    """The stays that the visits' caregivers began last before and first after each of them, in two statements.

    Begun no longer before than a stay may last, and after by a day or less: further on no journey is looked at.
    """
    if not visits:
        return Journeys()
    latest = max(one.ends_at or one.placed_at for one in visits)
    told = given(
        tx,
        care_system_id,
        visits=[one.id for one in visits],
        names=[SPEED, NEAR],
        back=min(one.placed_at for one in visits) - LOOKED_BACK,
        ahead=shift(latest, JOURNEY_SECONDS),
    )
    rows = ask(tx, _journey_parts, told)
    stays = tuple(_stay_of(row) for row in rows["stays"])
    whose = {one.customer_id for one in stays} | {one.customer_id for one in visits}
    customer_ids = {one for one in whose if one is not None}
    homes = ask(tx, _home_parts, given(tx, care_system_id, customers=customer_ids))
    return Journeys(
        stays=stays,
        customers=tuple(customer_of(row) for row in homes["homes"]),
        policies=tuple(policy_of(row) for row in rows["policies"]),
    )


def begun_next(tx: Transaction, care_system_id: str, left: Collection[Visit]) -> tuple[Stay, ...]:
    """The stays that the same caregivers began next after where these visits were, now that they are not there.

    Their journeys begin elsewhere by now. None for one that followed a day later or more.
    """
    if not left:
        return ()
    rows = [
        {"caregiver": one.caregiver_id, "id": one.id, "since": format_instant(one.placed_at)}
        for one in sorted(left, key=lambda one: one.id)
    ]
    found = ask(tx, _next_parts, {"cs": care_system_id, "asked": orjson.dumps(rows).decode()})
    latest = {one.caregiver_id: shift(one.ends_at or one.placed_at, JOURNEY_SECONDS) for one in left}
    stays = (_stay_of(row) for row in found["stays"])
    return tuple(one for one in stays if one.arrived_at < latest[one.caregiver_id])


def _next_parts(dialect: str) -> Parts:
    asked, after = AskedRows(dialect), visit.alias("after")
    since = type_coerce(asked.instant("since"), UtcDateTime)
    first = (
        select(after.c.id)
        .where(
            after.c.care_system_id == CS,
            after.c.caregiver_id == asked.text("caregiver"),
            after.c.placed_at >= since,
            or_(after.c.placed_at > since, after.c.id > asked.text("id")),
            after.c.state != _VOID,
        )
        .order_by(after.c.placed_at, after.c.id)
        .limit(literal_column("1"))
        .correlate(asked.rows)
        .scalar_subquery()
    )
    ids = select(first).select_from(asked.rows)
    return {"stays": select(*_STAY).where(visit.c.care_system_id == CS, visit.c.id.in_(ids))}


def _stay_of(row: Row) -> Stay:
    whose = tuple(dict.fromkeys(one["customer_id"] for one in row["household"]))
    customer_id = row["customer_id"]
    return Stay(
        id=row["id"],
        caregiver_id=row["caregiver_id"],
        customer_id=customer_id,
        customer_ids=whose or (() if customer_id is None else (customer_id,)),
        arrived_at=row["placed_at"],
        left_at=row["ends_at"] or row["placed_at"],
    )


def _journey_parts(dialect: str) -> Parts:
    beside = _neighbours(dialect)
    return {
        "stays": select(*_STAY).where(
            visit.c.care_system_id == CS, visit.c.id.in_(beside), ~told_among(dialect, visit.c.id, "visits")
        ),
        "policies": select(policy).where(policy.c.care_system_id == CS, listed(dialect, policy.c.name, "names")),
    }


def _neighbours(dialect: str) -> Select[Any]:
    """The ids of the stays just before and just after each of the visits told, void ones passed over."""
    own = visit.alias("own")
    told = (own.c.care_system_id == CS, told_among(dialect, own.c.id, "visits"))
    sides = (
        select(one.correlate(own).scalar_subquery().label("id")).where(*told) for one in (_earlier(own), _later(own))
    )
    first, second = sides
    return select(first.union_all(second).subquery("neighbours").c.id)


def _earlier(own: FromClause) -> Select[Any]:
    """The stay that the same caregiver began last before this one, of those begun together the last by id."""

    def before(one: FromClause) -> list[ColumnElement[bool]]:
        first = or_(one.c.placed_at < own.c.placed_at, one.c.id < own.c.id)
        return [*_same(one, own), one.c.placed_at >= instant("back"), one.c.placed_at <= own.c.placed_at, first]

    nearest, beside = visit.alias("nearest"), visit.alias("before")
    at = select(nearest.c.placed_at).where(*before(nearest)).order_by(nearest.c.placed_at.desc())
    return _of_those_at(at, beside, before(beside), own).order_by(beside.c.id.desc())


def _later(own: FromClause) -> Select[Any]:
    """The stay that the same caregiver began first after this one, of those begun together the first by id."""

    def after(one: FromClause) -> list[ColumnElement[bool]]:
        last = or_(one.c.placed_at > own.c.placed_at, one.c.id > own.c.id)
        return [*_same(one, own), one.c.placed_at <= instant("ahead"), one.c.placed_at >= own.c.placed_at, last]

    nearest, beside = visit.alias("nearest"), visit.alias("after")
    at = select(nearest.c.placed_at).where(*after(nearest)).order_by(nearest.c.placed_at)
    return _of_those_at(at, beside, after(beside), own).order_by(beside.c.id)


def _same(one: FromClause, own: FromClause) -> list[ColumnElement[bool]]:
    return [one.c.care_system_id == CS, one.c.caregiver_id == own.c.caregiver_id, one.c.state != _VOID]


def _of_those_at(
    at: Select[Any], beside: FromClause, conditions: list[ColumnElement[bool]], own: FromClause
) -> Select[Any]:
    """One of the stays at the nearest instant, which an index tells at once; ordered by id besides, all would be read
    to be sorted.
    """
    nearest = at.limit(literal_column("1")).correlate(own).scalar_subquery()
    return select(beside.c.id).where(*conditions, beside.c.placed_at == nearest).limit(literal_column("1"))


def _home_parts(dialect: str) -> Parts:
    homes = customer.versions
    return {"homes": select(homes).where(homes.c.care_system_id == CS, listed(dialect, homes.c.id, "customers"))}
