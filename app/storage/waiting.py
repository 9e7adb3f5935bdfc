"""The queue of requests that wait for a review: overdue ones first, then the oldest (E6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, false, or_, select

from app.rules.access import Scope
from app.rules.extensions import ExtensionState, Span
from app.storage.database import Transaction
from app.storage.extensions import Request, read_requests, requests_within
from app.storage.statements import among
from app.storage.tables.extensions import extension as table
from app.storage.tables.people import customer

Overdue = Mapping[str | None, tuple[Span, ...]]
"""When a request was made that is overdue, by municipality; None stands for all that are not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request stands in the queue as it was on a day, so that the next page goes on in the same queue."""

    as_of: date
    overdue: bool
    requested_at: datetime
    id: str


def waiting_requests(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None,
    today: date,
    overdue: Overdue,
    asker: str | None = None,
    filters: Mapping[str, object],
    after: Place | None,
    limit: int,
) -> tuple[Request, ...]:
    """Up to `limit` requests within the scope that nobody has reviewed, from the one after `after` on.

    `filters` are columns and what they equal.
    """
    rank = case((_is_overdue(tx, overdue), 0), else_=1)
    statement = requests_within(tx, care_system_id, scope, today, asker).where(
        table.c.state == ExtensionState.REQUESTED, *(table.c[name] == value for name, value in filters.items())
    )
    if after is not None:
        statement = statement.where(_behind(rank, after))
    ordered = statement.order_by(rank, table.c.requested_at, table.c.id).limit(limit)
    return read_requests(tx, care_system_id, ordered)


def _behind(rank: ColumnElement[int], place: Place) -> ColumnElement[bool]:
    own, asked, name = 0 if place.overdue else 1, table.c.requested_at, table.c.id
    later = or_(asked > place.requested_at, and_(asked == place.requested_at, name > place.id))
    return or_(rank > own, and_(rank == own, later))


def _is_overdue(tx: Transaction, overdue: Overdue) -> ColumnElement[bool]:
    named = [one for one in overdue if one is not None]
    person = customer.current
    lives = select(person.c.id).where(person.c.care_system_id == table.c.care_system_id)
    found = [
        and_(_within(spans), table.c.customer_id.in_(lives.where(person.c.municipality == one)))
        for one, spans in overdue.items()
        if one is not None
    ]
    others = _within(overdue.get(None, ()))
    if named:
        others = and_(others, table.c.customer_id.not_in(lives.where(among(tx, person.c.municipality, named))))
    return or_(*found, others)


def _within(spans: Iterable[Span]) -> ColumnElement[bool]:
    asked = table.c.requested_at
    return or_(
        false(),
        *(asked < one.before if one.start is None else and_(asked >= one.start, asked < one.before) for one in spans),
    )
