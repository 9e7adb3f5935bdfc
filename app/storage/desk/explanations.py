"""Explanations that wait for a verdict, and those that got one last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from app.rules.access import Scope
from app.rules.deviations.values import DeviationState
from app.storage.database import Transaction
from app.storage.deviations import within
from app.storage.explanations import Explained, explanations_by_id
from app.storage.tables.deviations import deviation, explanation_deviation, verdict
from app.storage.tables.deviations import explanation as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an explanation stands in the queue: the oldest first."""

    recorded_at: datetime
    id: str


def waiting_explanations(
    tx: Transaction, care_system_id: str, scope: Scope, after: Place | None, limit: int
) -> tuple[Explained, ...]:
    """Up to `limit` that wait, the oldest first, from the one after `after` on. None of which any deviation is outside
    the scope.

    One waits while nobody has judged it, and it is the last word on a deviation that is explained and no more.
    """
    statement = _within(care_system_id, scope).where(~_judged(), _wanted())
    if after is not None:
        same = and_(table.c.recorded_at == after.recorded_at, table.c.id > after.id)
        statement = statement.where(or_(table.c.recorded_at > after.recorded_at, same))
    return _in_order(tx, care_system_id, statement.order_by(table.c.recorded_at, table.c.id).limit(limit))


def judged_last(tx: Transaction, care_system_id: str, scope: Scope, limit: int) -> tuple[Explained, ...]:
    """Up to `limit` that were judged, the last verdict first, within the scope as those that wait."""
    newest = (
        select(verdict.c.explanation_id, func.max(verdict.c.recorded_at).label("at"))
        .where(verdict.c.care_system_id == care_system_id)
        .group_by(verdict.c.explanation_id)
        .subquery()
    )
    statement = _within(care_system_id, scope).join(newest, newest.c.explanation_id == table.c.id)
    return _in_order(tx, care_system_id, statement.order_by(newest.c.at.desc(), table.c.id.desc()).limit(limit))


def _in_order(tx: Transaction, care_system_id: str, statement: Select[Any]) -> tuple[Explained, ...]:
    ids = [row[0] for row in tx.connection.execute(statement)]
    found = explanations_by_id(tx, care_system_id, ids)
    return tuple(found[one] for one in ids)


def _within(care_system_id: str, scope: Scope) -> Select[Any]:
    links = explanation_deviation
    reached = within(care_system_id, scope).with_only_columns(deviation.c.id)
    beyond = exists().where(_is_of(links), links.c.deviation_id.not_in(reached))
    return select(table.c.id).where(table.c.care_system_id == care_system_id, ~beyond)


def _is_of(rows: Any) -> ColumnElement[bool]:
    """The rows are the explanation's."""
    return and_(rows.c.care_system_id == table.c.care_system_id, rows.c.explanation_id == table.c.id)


def _judged() -> ColumnElement[bool]:
    return exists().where(_is_of(verdict))


def _wanted() -> ColumnElement[bool]:
    """Any of its deviations is explained, and nobody has explained that one anew."""
    links, later, said = explanation_deviation, explanation_deviation.alias("later"), table.alias("said")
    anew = exists(
        select(1)
        .where(
            later.c.care_system_id == links.c.care_system_id,
            later.c.deviation_id == links.c.deviation_id,
            said.c.care_system_id == later.c.care_system_id,
            said.c.id == later.c.explanation_id,
            or_(
                said.c.recorded_at > table.c.recorded_at,
                and_(said.c.recorded_at == table.c.recorded_at, said.c.id > table.c.id),
            ),
        )
        .correlate(links, table)
    )
    return exists(
        select(1)
        .where(
            _is_of(links),
            deviation.c.care_system_id == links.c.care_system_id,
            deviation.c.id == links.c.deviation_id,
            deviation.c.state == DeviationState.EXPLAINED,
            ~anew,
        )
        .correlate(table)
    )
