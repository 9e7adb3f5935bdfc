"""Deviations as they are kept: reconciled rows and their history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, false, select

from app.rules.access import Scope
from app.rules.deviations.values import DeviationState, Effect, Rule, Subject, SubjectType, bound
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.records import cut
from app.storage.statements import Row, among, insert_rows, locking, mappings, upsert_rows
from app.storage.tables.deviations import deviation as table
from app.storage.tables.deviations import deviation_event


class Happening(StrEnum):
    """What became of a deviation."""

    OPENED = "opened"
    CHANGED = "changed"
    CLEARED = "cleared"
    REOPENED = "reopened"
    EXPLAINED = "explained"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A deviation as it is kept. `period` None has none; `facts` are those that showed it last."""

    id: str
    rule: Rule
    subject: Subject
    provider_id: str
    period: str | None
    facts: dict[str, object]
    effect: Effect
    asks: bool
    state: DeviationState
    opened_at: datetime
    changed_at: datetime
    municipality: str | None = None
    customer_id: str | None = None
    own_reason: str | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """One row per rule, subject and period, as `Found.key`."""
        return (self.rule, self.subject.type, self.subject.id, self.period or "")

    @property
    def bound_facts(self) -> str:
        """What an acceptance binds to, as `Found.bound_facts`."""
        return bound(self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One line of a deviation's history; `by` None is a rule."""

    deviation_id: str
    at: datetime
    what: Happening
    facts: dict[str, object]
    by: str | None = None


def deviation_of(row: Row) -> Deviation:
    """The value of a row."""
    return Deviation(
        id=row["id"],
        rule=Rule(row["rule"]),
        subject=Subject(type=SubjectType(row["subject_type"]), id=row["subject_id"]),
        provider_id=row["provider_id"],
        period=row["period"] or None,
        facts=row["facts"],
        effect=Effect(row["effect"]),
        asks=row["asks"],
        state=DeviationState(row["state"]),
        opened_at=row["opened_at"],
        changed_at=row["changed_at"],
        municipality=row["municipality"],
        customer_id=row["customer_id"],
        own_reason=row["own_reason"],
    )


def _deviation_row(care_system_id: str, value: Deviation) -> dict[str, Any]:
    return {
        "care_system_id": care_system_id,
        "id": value.id,
        "rule": value.rule,
        "subject_type": value.subject.type,
        "subject_id": value.subject.id,
        "period": value.period or "",
        "provider_id": value.provider_id,
        "municipality": value.municipality,
        "customer_id": value.customer_id,
        "facts": value.facts,
        "effect": value.effect,
        "asks": value.asks,
        "state": value.state,
        "own_reason": value.own_reason,
        "opened_at": value.opened_at,
        "changed_at": value.changed_at,
    }


def save_deviations(
    tx: Transaction, care_system_id: str, changed: Sequence[Deviation], history: Sequence[Happened]
) -> None:
    """The deviations are kept as they are, and what happened is added to their history.

    Raises IntegrityError where another transaction opened one of the same key meanwhile.
    """
    upsert_rows(tx, table, [_deviation_row(care_system_id, one) for one in changed], keep=("opened_at",))
    rows = [
        {
            "care_system_id": care_system_id,
            "id": new_id(),
            "deviation_id": one.deviation_id,
            "at": one.at,
            "by": one.by,
            "what": one.what,
            "facts": one.facts,
        }
        for one in history
    ]
    insert_rows(tx, deviation_event, rows)


def get_deviation(
    tx: Transaction, care_system_id: str, deviation_id: str, *, scope: Scope | None = None
) -> Deviation | None:
    """The deviation, None where there is none within the scope."""
    return get_deviations(tx, care_system_id, [deviation_id], scope=scope).get(deviation_id)


def get_deviations(
    tx: Transaction, care_system_id: str, ids: Collection[str], *, scope: Scope | None = None, lock: bool = False
) -> dict[str, Deviation]:
    """Those of the deviations that are within the scope, by id; with `lock` nobody else changes them meanwhile."""
    if not ids:
        return {}
    statement = within(care_system_id, scope).where(among(tx, table.c.id, ids)).order_by(table.c.id)
    rows = mappings(tx, locking(tx, statement) if lock else statement)
    return {row["id"]: deviation_of(row) for row in rows}


def deviations_of(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    rule: Rule | None = None,
    state: DeviationState | None = None,
    period: str | None = None,
    provider_id: str | None = None,
    customer_id: str | None = None,
    subject_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Deviation, ...]:
    """Up to `limit` deviations within the scope, by id."""
    equal = {
        "rule": rule,
        "state": state,
        "period": period,
        "provider_id": provider_id,
        "customer_id": customer_id,
        "subject_id": subject_id,
    }
    filters = [table.c[name] == value for name, value in equal.items() if value is not None]
    statement = within(care_system_id, scope).where(*filters)
    return tuple(deviation_of(row) for row in mappings(tx, cut(statement, table, after, limit)))


def rules_at(tx: Transaction, care_system_id: str, subject_ids: Collection[str]) -> dict[str, tuple[Deviation, ...]]:
    """The deviations of these subjects that stand, by subject, for a list of visits."""
    if not subject_ids:
        return {}
    statement = (
        select(table)
        .where(
            table.c.care_system_id == care_system_id,
            among(tx, table.c.subject_id, subject_ids),
            table.c.state != DeviationState.CLEARED,
        )
        .order_by(table.c.rule, table.c.id)
    )
    found: dict[str, list[Deviation]] = {}
    for row in mappings(tx, statement):
        found.setdefault(row["subject_id"], []).append(deviation_of(row))
    return {key: tuple(rows) for key, rows in found.items()}


def within(care_system_id: str, scope: Scope | None) -> Select[Any]:
    """The rows that the scope reaches: its provider's own, its municipality's customers', a caregiver none.

    Source: A1, A2.
    """
    statement = select(table).where(table.c.care_system_id == care_system_id)
    if scope is None:
        return statement
    if scope.care_system_id not in (None, care_system_id) or scope.caregiver_id is not None:
        return statement.where(false())
    if scope.provider_id is not None:
        statement = statement.where(table.c.provider_id == scope.provider_id)
    if scope.municipality is not None:
        statement = statement.where(table.c.municipality == scope.municipality)
    return statement


def history_of(tx: Transaction, care_system_id: str, deviation_id: str) -> tuple[Happened, ...]:
    """What happened to the deviation, the earliest first."""
    rows = deviation_event
    statement = select(rows).where(rows.c.care_system_id == care_system_id, rows.c.deviation_id == deviation_id)
    return tuple(
        Happened(
            deviation_id=row["deviation_id"],
            at=row["at"],
            what=Happening(row["what"]),
            facts=row["facts"],
            by=row["by"],
        )
        for row in mappings(tx, statement.order_by(rows.c.id))
    )
