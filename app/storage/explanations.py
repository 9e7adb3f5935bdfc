"""Explanations of deviations, and the verdicts on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select

from app.rules.access import Scope
from app.rules.deviations.values import Explanation, Rule, Verdict, VerdictOutcome
from app.storage.database import Transaction
from app.storage.deviations import get_deviations, within
from app.storage.records import cut
from app.storage.statements import Row, among, insert_rows, mappings
from app.storage.tables.deviations import deviation, explanation_deviation, verdict
from app.storage.tables.deviations import explanation as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict as it is kept. `bound_facts` are for each deviation's id the text of the facts that were shown."""

    id: str
    explanation_id: str
    outcome: VerdictOutcome
    by: str
    at: datetime
    recorded_at: datetime
    note: str | None = None
    bound_facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An explanation as it is kept, for several deviations of one kind; `verdict` is the newest."""

    id: str
    provider_id: str
    rule: Rule
    reason: str
    note: str
    by: str
    recorded_at: datetime
    deviation_ids: tuple[str, ...]
    external_id: str | None = None
    verdict: Judged | None = None


def insert_explanation(
    tx: Transaction, care_system_id: str, value: Explained, *, facts: Mapping[str, Mapping[str, object]]
) -> None:
    """The explanation is kept, with the facts of each of its deviations as they are now."""
    row = {
        "care_system_id": care_system_id,
        "id": value.id,
        "external_id": value.external_id,
        "recorded_at": value.recorded_at,
        "recorded_by": value.by,
        "provider_id": value.provider_id,
        "rule": value.rule,
        "reason": value.reason,
        "note": value.note,
    }
    insert_rows(tx, table, [row])
    links = [
        {
            "care_system_id": care_system_id,
            "explanation_id": value.id,
            "deviation_id": deviation_id,
            "facts": dict(facts[deviation_id]),
        }
        for deviation_id in value.deviation_ids
    ]
    insert_rows(tx, explanation_deviation, links)


def insert_verdict(tx: Transaction, care_system_id: str, value: Judged) -> None:
    """The verdict is kept and counts from now on; earlier ones stay."""
    insert_verdicts(tx, care_system_id, [value])


def insert_verdicts(tx: Transaction, care_system_id: str, values: Collection[Judged]) -> None:
    """The verdicts are kept and count from now on; earlier ones stay."""
    rows = [
        {
            "care_system_id": care_system_id,
            "id": value.id,
            "recorded_at": value.recorded_at,
            "explanation_id": value.explanation_id,
            "outcome": value.outcome,
            "by": value.by,
            "at": value.at,
            "note": value.note,
            "bound_facts": value.bound_facts,
        }
        for value in values
    ]
    insert_rows(tx, verdict, rows)


def get_explanation(
    tx: Transaction, care_system_id: str, explanation_id: str, *, scope: Scope | None = None
) -> Explained | None:
    """The explanation with its newest verdict, None where any of its deviations is outside the scope."""
    statement = select(table).where(table.c.care_system_id == care_system_id, table.c.id == explanation_id)
    found = _explained(tx, care_system_id, statement)
    if not found:
        return None
    seen = get_deviations(tx, care_system_id, found[0].deviation_ids, scope=scope)
    return found[0] if len(seen) == len(found[0].deviation_ids) else None


def explanations_by_id(tx: Transaction, care_system_id: str, ids: Collection[str]) -> dict[str, Explained]:
    """These explanations with their newest verdicts, by id, whoever they are of."""
    if not ids:
        return {}
    statement = select(table).where(table.c.care_system_id == care_system_id, among(tx, table.c.id, ids))
    return {one.id: one for one in _explained(tx, care_system_id, statement)}


def explanations_for(tx: Transaction, care_system_id: str, deviation_ids: Collection[str]) -> tuple[Explained, ...]:
    """The explanations of these deviations with their newest verdicts, by id."""
    if not deviation_ids:
        return ()
    links = explanation_deviation
    ids = select(links.c.explanation_id).where(
        links.c.care_system_id == care_system_id, among(tx, links.c.deviation_id, deviation_ids)
    )
    statement = select(table).where(table.c.care_system_id == care_system_id, table.c.id.in_(ids))
    return _explained(tx, care_system_id, statement.order_by(table.c.id))


def page_of_explanations(
    tx: Transaction,
    care_system_id: str,
    *,
    scope: Scope | None = None,
    provider_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Explained, ...]:
    """Up to `limit` explanations by id, of one provider or of all; none of which any deviation is outside the scope."""
    links, reached = explanation_deviation, within(care_system_id, scope).with_only_columns(deviation.c.id)
    beyond = select(links.c.explanation_id).where(
        links.c.care_system_id == care_system_id, links.c.deviation_id.not_in(reached)
    )
    statement = select(table).where(table.c.care_system_id == care_system_id, table.c.id.not_in(beyond))
    if provider_id is not None:
        statement = statement.where(table.c.provider_id == provider_id)
    return _explained(tx, care_system_id, cut(statement, table, after, limit))


def _explained(tx: Transaction, care_system_id: str, statement: Select[Any]) -> tuple[Explained, ...]:
    rows = mappings(tx, statement)
    ids = [row["id"] for row in rows]
    if not ids:
        return ()
    links = explanation_deviation
    linked = select(links.c.explanation_id, links.c.deviation_id).where(
        links.c.care_system_id == care_system_id, among(tx, links.c.explanation_id, ids)
    )
    about: dict[str, list[str]] = {}
    for link in mappings(tx, linked.order_by(links.c.explanation_id, links.c.deviation_id)):
        about.setdefault(link["explanation_id"], []).append(link["deviation_id"])
    verdicts = _newest_verdicts(tx, care_system_id, ids)
    return tuple(_explained_of(row, about.get(row["id"], []), verdicts.get(row["id"])) for row in rows)


def _explained_of(row: Row, deviation_ids: list[str], judged: Judged | None) -> Explained:
    return Explained(
        id=row["id"],
        external_id=row["external_id"],
        provider_id=row["provider_id"],
        rule=Rule(row["rule"]),
        reason=row["reason"],
        note=row["note"],
        by=row["recorded_by"],
        recorded_at=row["recorded_at"],
        deviation_ids=tuple(deviation_ids),
        verdict=judged,
    )


def _newest_verdicts(
    tx: Transaction, care_system_id: str, ids: Collection[str], recorded_before: datetime | None = None
) -> dict[str, Judged]:
    statement = select(verdict).where(
        verdict.c.care_system_id == care_system_id, among(tx, verdict.c.explanation_id, ids)
    )
    if recorded_before is not None:
        statement = statement.where(verdict.c.recorded_at < recorded_before)
    ordered = statement.order_by(verdict.c.recorded_at, verdict.c.id)
    return {row["explanation_id"]: judged_of(row) for row in mappings(tx, ordered)}


def judged_of(row: Row) -> Judged:
    """The verdict of a row."""
    return Judged(
        id=row["id"],
        explanation_id=row["explanation_id"],
        outcome=VerdictOutcome(row["outcome"]),
        by=row["by"],
        at=row["at"],
        recorded_at=row["recorded_at"],
        note=row["note"],
        bound_facts=row["bound_facts"],
    )


def rule_explanations(
    tx: Transaction,
    care_system_id: str,
    *conditions: ColumnElement[bool],
    recorded_before: datetime | None = None,
) -> tuple[Explanation, ...]:
    """What the rules read: an explanation of each deviation that meets the conditions (on the table `deviation`).

    Each carries its newest verdict with the facts that were shown for that deviation. Source: D, Release.
    """
    links = explanation_deviation
    joined = (
        select(
            table,
            deviation.c.id.label("deviation_id"),
            deviation.c.subject_id,
            deviation.c.customer_id,
            deviation.c.period,
        )
        .join(links, and_(links.c.care_system_id == table.c.care_system_id, links.c.explanation_id == table.c.id))
        .join(
            deviation,
            and_(deviation.c.care_system_id == links.c.care_system_id, deviation.c.id == links.c.deviation_id),
        )
        .where(table.c.care_system_id == care_system_id, *conditions)
    )
    if recorded_before is not None:
        joined = joined.where(table.c.recorded_at < recorded_before)
    rows = mappings(tx, joined.order_by(table.c.id, deviation.c.id))
    verdicts = _newest_verdicts(tx, care_system_id, {row["id"] for row in rows}, recorded_before)
    return tuple(explanation_of(row, verdicts.get(row["id"])) for row in rows)


def explanation_of(row: Row, judged: Judged | None) -> Explanation:
    """What the rules read of an explanation of one deviation, whose columns stand beside it in the row."""
    told = None
    if judged is not None:
        bound = judged.bound_facts.get(row["deviation_id"])
        told = Verdict(outcome=judged.outcome, by=judged.by, at=judged.at, note=judged.note, bound_facts=bound)
    return Explanation(
        id=row["id"],
        external_id=row["external_id"],
        recorded_at=row["recorded_at"],
        rule=Rule(row["rule"]),
        reason=row["reason"],
        note=row["note"],
        subject_id=row["subject_id"],
        customer_id=row["customer_id"],
        month=row["period"] or None,
        verdict=told,
    )
