"""No-choice proposals as they are kept, with what was decided on each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, false, select

from app.rules.access import Scope
from app.storage.database import Transaction
from app.storage.people import customers_within
from app.storage.records import Reach, cut
from app.storage.statements import Row, among, insert_once, insert_rows, mappings
from app.storage.tables.no_choice import no_choice_decision as decisions
from app.storage.tables.no_choice import no_choice_proposal as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Whose turn it was for a grant from a day on; `facts` are all that said so."""

    id: str
    recorded_at: datetime
    recorded_by: str
    grant_id: str
    customer_id: str
    valid_from: date
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Who decided on a proposal, for whom, and why; `order_id` is the order that it placed."""

    proposal_id: str
    provider_id: str
    rank: int
    reason: str | None
    order_id: str
    decided_at: datetime
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A proposal with the decision on it, None where there is none yet."""

    proposal: Proposal
    decision: Decided | None = None


def insert_proposal(tx: Transaction, care_system_id: str, value: Proposal) -> None:
    """The proposal is kept for good."""
    row = {
        "care_system_id": care_system_id,
        "id": value.id,
        "recorded_at": value.recorded_at,
        "recorded_by": value.recorded_by,
        "grant_id": value.grant_id,
        "customer_id": value.customer_id,
        "valid_from": value.valid_from,
        "facts": value.facts,
    }
    insert_rows(tx, table, [row])


def insert_decision(tx: Transaction, care_system_id: str, value: Decided) -> bool:
    """The decision is kept for good, and True; False where the proposal has one already."""
    row = {
        "care_system_id": care_system_id,
        "proposal_id": value.proposal_id,
        "provider_id": value.provider_id,
        "rank": value.rank,
        "reason": value.reason,
        "order_id": value.order_id,
        "decided_at": value.decided_at,
        "decided_by": value.decided_by,
    }
    return insert_once(tx, decisions, row, key=("care_system_id", "proposal_id"))


def get_proposal(
    tx: Transaction, care_system_id: str, proposal_id: str, *, scope: Scope | None = None, today: date | None = None
) -> Kept | None:
    """The proposal with its decision, None where there is none within the scope."""
    statement = proposals_within(tx, care_system_id, scope, today).where(table.c.id == proposal_id)
    return next(iter(kept_of(tx, care_system_id, statement)), None)


def proposals_of(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    today: date | None = None,
    grant_id: str | None = None,
    customer_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Kept, ...]:
    """Up to `limit` proposals within the scope, by id, with the decisions on them."""
    equal = {"grant_id": grant_id, "customer_id": customer_id}
    filters = [table.c[name] == value for name, value in equal.items() if value is not None]
    statement = proposals_within(tx, care_system_id, scope, today).where(*filters)
    return kept_of(tx, care_system_id, cut(statement, table, after, limit))


def proposals_within(tx: Transaction, care_system_id: str, scope: Scope | None, today: date | None) -> Select[Any]:
    """The proposals that the scope reaches. One shows what every provider declared and has, so no provider reaches any.

    Source: A1, our decision.
    """
    statement = select(table).where(table.c.care_system_id == care_system_id)
    if scope is None:
        return statement
    limited = scope.provider_id is not None or scope.caregiver_id is not None
    if limited or scope.care_system_id not in (None, care_system_id):
        return statement.where(false())
    customers = customers_within(Reach(tx=tx, care_system_id=care_system_id, scope=scope, today=today))
    return statement if customers is None else statement.where(table.c.customer_id.in_(customers))


def kept_of(tx: Transaction, care_system_id: str, statement: Select[Any]) -> tuple[Kept, ...]:
    """The proposals of the statement's rows, in their order, with the decisions on them."""
    rows = mappings(tx, statement)
    decided = _decisions(tx, care_system_id, [row["id"] for row in rows])
    return tuple(Kept(proposal=_proposal_of(row), decision=decided.get(row["id"])) for row in rows)


def _proposal_of(row: Row) -> Proposal:
    return Proposal(**{name: row[name] for name in Proposal.__dataclass_fields__})


def _decisions(tx: Transaction, care_system_id: str, ids: Collection[str]) -> dict[str, Decided]:
    if not ids:
        return {}
    statement = select(decisions).where(
        decisions.c.care_system_id == care_system_id, among(tx, decisions.c.proposal_id, ids)
    )
    return {
        row["proposal_id"]: Decided(**{name: row[name] for name in Decided.__dataclass_fields__})
        for row in mappings(tx, statement)
    }
