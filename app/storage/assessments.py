"""Proposed assessments as they are kept, their history, and the rows that signal them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, false, select

from app.rules.access import Scope
from app.rules.assessments import NOT_COUNTED, AssessmentCause, AssessmentState, What
from app.rules.deviations.values import DeviationState, Rule
from app.rules.extensions import Extension, ExtensionState
from app.storage.database import Transaction
from app.storage.deviations import Deviation, deviation_of
from app.storage.extensions import extension_of
from app.storage.ids import new_id
from app.storage.records import cut
from app.storage.statements import Row, among, insert_rows, locking, mappings, upsert_rows
from app.storage.tables.assessments import assessment as table
from app.storage.tables.assessments import assessment_event
from app.storage.tables.deviations import deviation
from app.storage.tables.extensions import extension
from app.storage.tables.people import customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A proposed assessment as it is kept. `subject` is a service, or a pool's id; `provider_id` None is several's."""

    id: str
    customer_id: str
    provider_id: str | None
    cause: AssessmentCause
    subject: str
    facts: dict[str, Any]
    state: AssessmentState
    proposed_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One line of an assessment's history; `by` None is a rule."""

    assessment_id: str
    at: datetime
    what: What
    facts: Mapping[str, Any]
    by: str | None = None
    note: str | None = None


def assessment_of(row: Row) -> Assessment:
    """The value of a row."""
    told = {name: row[name] for name in Assessment.__dataclass_fields__}
    return Assessment(**{**told, "cause": AssessmentCause(row["cause"]), "state": AssessmentState(row["state"])})


def save_assessments(
    tx: Transaction, care_system_id: str, changed: Sequence[Assessment], history: Sequence[Happened]
) -> None:
    """The assessments are kept as they are, and what happened is added to their history."""
    rows = [
        {
            "care_system_id": care_system_id,
            **{name: getattr(one, name) for name in Assessment.__dataclass_fields__},
        }
        for one in changed
    ]
    upsert_rows(tx, table, rows)
    told = [
        {
            "care_system_id": care_system_id,
            "id": new_id(),
            **{name: getattr(one, name) for name in Happened.__dataclass_fields__},
        }
        for one in history
    ]
    insert_rows(tx, assessment_event, told)


def assessments_at(tx: Transaction, care_system_id: str, customer_ids: Collection[str]) -> tuple[Assessment, ...]:
    """Every assessment there has been of these customers, by id, which nobody else changes meanwhile."""
    statement = select(table).where(
        table.c.care_system_id == care_system_id, among(tx, table.c.customer_id, customer_ids)
    )
    return tuple(assessment_of(row) for row in mappings(tx, locking(tx, statement.order_by(table.c.id))))


def counted_extensions(
    tx: Transaction, care_system_id: str, customer_ids: Collection[str]
) -> tuple[tuple[Extension, ExtensionState], ...]:
    """The customers' requests for more time that count, each with where it stands, by id. Source: E7."""
    statement = select(extension).where(
        extension.c.care_system_id == care_system_id,
        among(tx, extension.c.customer_id, customer_ids),
        extension.c.state.not_in(NOT_COUNTED),
    )
    rows = mappings(tx, statement.order_by(extension.c.id))
    return tuple((extension_of(row), ExtensionState(row["state"])) for row in rows)


def under_deliveries(tx: Transaction, care_system_id: str, customer_ids: Collection[str]) -> tuple[Deviation, ...]:
    """The customers' D1 that stand, by id. Source: E7, D1."""
    statement = select(deviation).where(
        deviation.c.care_system_id == care_system_id,
        among(tx, deviation.c.customer_id, customer_ids),
        deviation.c.rule == Rule.D1,
        deviation.c.state != DeviationState.CLEARED,
    )
    return tuple(deviation_of(row) for row in mappings(tx, statement.order_by(deviation.c.id)))


def get_assessment(
    tx: Transaction, care_system_id: str, assessment_id: str, *, scope: Scope | None = None, lock: bool = False
) -> Assessment | None:
    """The assessment, None where there is none within the scope; with `lock` nobody else changes it meanwhile."""
    statement = assessments_within(care_system_id, scope).where(table.c.id == assessment_id)
    rows = mappings(tx, locking(tx, statement) if lock else statement)
    return next((assessment_of(row) for row in rows), None)


def assessments_of(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    state: AssessmentState | None = None,
    cause: AssessmentCause | None = None,
    customer_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Assessment, ...]:
    """Up to `limit` assessments within the scope, by id."""
    equal = {"state": state, "cause": cause, "customer_id": customer_id}
    filters = [table.c[name] == value for name, value in equal.items() if value is not None]
    statement = assessments_within(care_system_id, scope).where(*filters)
    return tuple(assessment_of(row) for row in mappings(tx, cut(statement, table, after, limit)))


def assessments_within(care_system_id: str, scope: Scope | None) -> Select[Any]:
    """A municipality reaches its own customers', a provider what is about it alone, a caregiver none.

    Source: A1, A2; for the provider our decision.
    """
    statement = select(table).where(table.c.care_system_id == care_system_id)
    if scope is None:
        return statement
    if scope.care_system_id not in (None, care_system_id) or scope.caregiver_id is not None:
        return statement.where(false())
    if scope.provider_id is not None:
        statement = statement.where(table.c.provider_id == scope.provider_id)
    if scope.municipality is not None:
        theirs = select(customer.current.c.id).where(
            customer.current.c.care_system_id == care_system_id, customer.current.c.municipality == scope.municipality
        )
        statement = statement.where(table.c.customer_id.in_(theirs))
    return statement


def history_of(tx: Transaction, care_system_id: str, assessment_id: str) -> tuple[Happened, ...]:
    """What happened to the assessment, the earliest first."""
    rows = assessment_event
    statement = select(rows).where(rows.c.care_system_id == care_system_id, rows.c.assessment_id == assessment_id)
    return tuple(
        Happened(**{**{name: row[name] for name in Happened.__dataclass_fields__}, "what": What(row["what"])})
        for row in mappings(tx, statement.order_by(rows.c.id))
    )
