"""Requests for more time, what was said and completed in them, and the decisions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select, update

from app.rules.access import Scope
from app.rules.extensions import (
    Completion,
    Decision,
    DecisionOutcome,
    Document,
    Extension,
    ExtensionCause,
    ExtensionState,
    completed,
)
from app.rules.providers import Service
from app.storage.completions import completions_of
from app.storage.database import Transaction
from app.storage.documents import documents_of
from app.storage.ids import new_id
from app.storage.people import customers_within
from app.storage.records import Reach, cut
from app.storage.statements import Row, among, insert_rows, locking, mappings
from app.storage.tables.extensions import extension as table
from app.storage.tables.extensions import extension_decision, extension_event, extension_note


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody said in a request's thread."""

    id: str
    extension_id: str
    by: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it stands: with its completions applied, its state, and everything decided, said, completed and
    attached, the earliest first.
    """

    extension: Extension
    state: ExtensionState
    decisions: tuple[Decision, ...] = ()
    notes: tuple[Note, ...] = ()
    completions: tuple[Completion, ...] = ()
    documents: tuple[Document, ...] = ()


def extension_of(row: Row) -> Extension:
    """The value of a row."""
    return Extension(
        id=row["id"],
        external_id=row["external_id"],
        recorded_at=row["recorded_at"],
        provider_id=row["provider_id"],
        customer_id=row["customer_id"],
        service=Service(row["service"]),
        month=row["month"],
        requested_seconds=row["requested_seconds"],
        cause=ExtensionCause(row["cause"]),
        justification=row["justification"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        visit_ids=tuple(row["visit_ids"]),
        days=tuple(date.fromisoformat(day) for day in row["days"]),
        documents=tuple(row["documents"]),
    )


def decision_of(row: Row) -> Decision:
    """The value of a row."""
    return Decision(
        id=row["id"],
        recorded_at=row["recorded_at"],
        extension_id=row["extension_id"],
        outcome=DecisionOutcome(row["outcome"]),
        approved_seconds=row["approved_seconds"],
        reasons=row["reasons"],
        reviewer=row["reviewer"],
        decided_at=row["decided_at"],
    )


def insert_extension(tx: Transaction, care_system_id: str, value: Extension, *, state: ExtensionState, by: str) -> None:
    """The request is kept in its first state. Raises IntegrityError for a taken id or an unknown reference."""
    row = {
        "care_system_id": care_system_id,
        "id": value.id,
        "external_id": value.external_id,
        "recorded_at": value.recorded_at,
        "recorded_by": by,
        "provider_id": value.provider_id,
        "customer_id": value.customer_id,
        "service": value.service,
        "month": value.month,
        "requested_seconds": value.requested_seconds,
        "cause": value.cause,
        "justification": value.justification,
        "requested_by": value.requested_by,
        "requested_at": value.requested_at,
        "visit_ids": list(value.visit_ids),
        "days": [day.isoformat() for day in value.days],
        "documents": list(value.documents),
        "state": state,
    }
    insert_rows(tx, table, [row])
    _insert_step(tx, care_system_id, value.id, at=value.recorded_at, by=by, state=state)


def move_extension(
    tx: Transaction,
    care_system_id: str,
    extension_id: str,
    *,
    before: ExtensionState,
    after: ExtensionState,
    at: datetime,
    by: str,
) -> bool:
    """The request has gone from one state to the next, which its history tells; False where it stands elsewhere."""
    moved = (
        update(table)
        .where(table.c.care_system_id == care_system_id, table.c.id == extension_id, table.c.state == before)
        .values(state=after)
    )
    if tx.connection.execute(moved).rowcount != 1:
        return False
    _insert_step(tx, care_system_id, extension_id, at=at, by=by, state=after)
    return True


def _insert_step(
    tx: Transaction, care_system_id: str, extension_id: str, *, at: datetime, by: str, state: ExtensionState
) -> None:
    row = {
        "care_system_id": care_system_id,
        "id": new_id(),
        "extension_id": extension_id,
        "at": at,
        "by": by,
        "state": state,
    }
    insert_rows(tx, extension_event, [row])


def insert_decision(tx: Transaction, care_system_id: str, value: Decision) -> None:
    """The decision is kept; earlier ones stay. Source: E3."""
    row = {
        "care_system_id": care_system_id,
        "id": value.id,
        "recorded_at": value.recorded_at,
        "extension_id": value.extension_id,
        "outcome": value.outcome,
        "approved_seconds": value.approved_seconds,
        "reasons": value.reasons,
        "reviewer": value.reviewer,
        "decided_at": value.decided_at,
    }
    insert_rows(tx, extension_decision, [row])


def insert_note(tx: Transaction, care_system_id: str, note: Note) -> None:
    """The words are added to the request's thread."""
    row = {
        "care_system_id": care_system_id,
        "id": note.id,
        "extension_id": note.extension_id,
        "by": note.by,
        "at": note.at,
        "text": note.text,
    }
    insert_rows(tx, extension_note, [row])


def get_extension(
    tx: Transaction,
    care_system_id: str,
    extension_id: str,
    *,
    scope: Scope | None = None,
    today: date | None = None,
    asker: str | None = None,
    lock: bool = False,
) -> Request | None:
    """The request as it stands, None where there is none within the scope; with `lock` nobody else moves it."""
    statement = requests_within(tx, care_system_id, scope, today, asker).where(table.c.id == extension_id)
    found = read_requests(tx, care_system_id, locking(tx, statement) if lock else statement)
    return found[0] if found else None


def extensions_of(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    today: date | None = None,
    asker: str | None = None,
    state: ExtensionState | None = None,
    month: str | None = None,
    customer_id: str | None = None,
    provider_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Request, ...]:
    """Up to `limit` requests within the scope, by id."""
    equal = {"state": state, "month": month, "customer_id": customer_id, "provider_id": provider_id}
    filters = [table.c[name] == value for name, value in equal.items() if value is not None]
    statement = requests_within(tx, care_system_id, scope, today, asker).where(*filters)
    return read_requests(tx, care_system_id, cut(statement, table, after, limit))


def requests_within(
    tx: Transaction, care_system_id: str, scope: Scope | None, today: date | None, asker: str | None = None
) -> Select[Any]:
    """The rows that the scope reaches. A caregiver reaches its provider's requests for today's own customers, and those
    that it made itself as the user `asker`, so that it can answer a question of the day after.

    Source: A1, A2, our decision.
    """
    statement = select(table).where(table.c.care_system_id == care_system_id)
    if scope is None:
        return statement
    if scope.care_system_id not in (None, care_system_id):
        return statement.where(false())
    if scope.provider_id is not None:
        statement = statement.where(table.c.provider_id == scope.provider_id)
    if scope.municipality is None and scope.caregiver_id is None:
        return statement
    customers = customers_within(Reach(tx=tx, care_system_id=care_system_id, scope=scope, today=today))
    if customers is None:
        return statement
    theirs = table.c.customer_id.in_(customers)
    made = scope.caregiver_id is not None and asker is not None
    return statement.where(or_(theirs, table.c.requested_by == asker) if made else theirs)


def read_requests(tx: Transaction, care_system_id: str, statement: Select[Any]) -> tuple[Request, ...]:
    """The requests of these rows, in their order, with all that belongs to them; one query for each kind of it."""
    rows = mappings(tx, statement)
    ids = [row["id"] for row in rows]
    decisions: dict[str, list[Decision]] = {}
    for decision in decisions_of(tx, care_system_id, ids):
        decisions.setdefault(decision.extension_id, []).append(decision)
    notes: dict[str, list[Note]] = {}
    for note in _notes_of(tx, care_system_id, ids):
        notes.setdefault(note.extension_id, []).append(note)
    completions, documents = completions_of(tx, care_system_id, ids), documents_of(tx, care_system_id, ids)
    return tuple(
        Request(
            extension=completed(extension_of(row), completions.get(row["id"], ())),
            state=ExtensionState(row["state"]),
            decisions=tuple(decisions.get(row["id"], ())),
            notes=tuple(notes.get(row["id"], ())),
            completions=completions.get(row["id"], ()),
            documents=documents.get(row["id"], ()),
        )
        for row in rows
    )


def decisions_of(tx: Transaction, care_system_id: str, extension_ids: Collection[str]) -> tuple[Decision, ...]:
    """The decisions on these requests, in the order made."""
    if not extension_ids:
        return ()
    rows = extension_decision
    statement = select(rows).where(
        rows.c.care_system_id == care_system_id, among(tx, rows.c.extension_id, extension_ids)
    )
    return tuple(decision_of(row) for row in mappings(tx, statement.order_by(rows.c.recorded_at, rows.c.id)))


def _notes_of(tx: Transaction, care_system_id: str, extension_ids: Collection[str]) -> tuple[Note, ...]:
    if not extension_ids:
        return ()
    rows = extension_note
    statement = select(rows).where(
        rows.c.care_system_id == care_system_id, among(tx, rows.c.extension_id, extension_ids)
    )
    return tuple(
        Note(id=row["id"], extension_id=row["extension_id"], by=row["by"], at=row["at"], text=row["text"])
        for row in mappings(tx, statement.order_by(rows.c.id))
    )


def all_extensions(
    tx: Transaction,
    care_system_id: str,
    *conditions: ColumnElement[bool],
    recorded_before: datetime | None = None,
) -> tuple[tuple[Extension, ...], tuple[Decision, ...]]:
    """Every request that meets the conditions (on the table `extension`), and the decisions on these.

    The requests are as completed by then; what was recorded later otherwise is the caller's to leave out.
    """
    statement = select(table).where(table.c.care_system_id == care_system_id, *conditions).order_by(table.c.id)
    extensions = tuple(extension_of(row) for row in mappings(tx, statement))
    ids = [one.id for one in extensions]
    made = completions_of(tx, care_system_id, ids)
    known = {
        name: [one for one in several if recorded_before is None or one.at < recorded_before]
        for name, several in made.items()
    }
    return tuple(completed(one, known.get(one.id, ())) for one in extensions), decisions_of(tx, care_system_id, ids)
