"""A provider's deviations of a month: counted by rule, and so many of each kind at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from app.rules.deviations.values import DeviationState, Effect, Rule
from app.storage.concerned import TURNED_AWAY
from app.storage.database import Transaction
from app.storage.deviations import Deviation, deviation_of
from app.storage.statements import among, mappings
from app.storage.tables.deviations import deviation as table
from app.storage.tables.deviations import explanation_deviation
from app.storage.tables.devices import device

WANTED, SAID, TOLD = "wanted", "said", "told"
"""An explanation is wanted; it is given or judged; none is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which of a provider's deviations of a month: `rule` None is every rule's; `after` is the last id seen."""

    provider_id: str
    month: str
    rule: Rule | None = None
    kind: str | None = None
    after: str | None = None


def _kind() -> ColumnElement[str]:
    """What holds pay and has only its own reason (D9) wants an explanation too: there is none yet to be accepted."""
    links = explanation_deviation
    said = select(links.c.deviation_id).where(
        links.c.care_system_id == table.c.care_system_id, links.c.deviation_id == table.c.id
    )
    by_itself = and_(
        table.c.state == DeviationState.EXPLAINED, table.c.effect == Effect.HOLDS_PAY, ~said.correlate(table).exists()
    )
    wanted = and_(table.c.asks, or_(table.c.state.in_(TURNED_AWAY), by_itself))
    return case((wanted, WANTED), (table.c.asks, SAID), else_=TOLD)


def _standing(care_system_id: str, part: Part) -> list[ColumnElement[bool]]:
    return [
        table.c.care_system_id == care_system_id,
        table.c.provider_id == part.provider_id,
        table.c.period == part.month,
        table.c.state != DeviationState.CLEARED,
    ]


def counts(tx: Transaction, care_system_id: str, part: Part) -> dict[tuple[Rule, str], int]:
    """How many stand in the provider's month, by rule and kind."""
    kind = _kind().label("kind")
    statement = select(table.c.rule, kind, func.count()).where(*_standing(care_system_id, part))
    rows = tx.connection.execute(statement.group_by(table.c.rule, kind))
    return {(Rule(row[0]), row[1]): row[2] for row in rows}


def some_of_each(
    tx: Transaction, care_system_id: str, part: Part, most: Mapping[str, int]
) -> tuple[tuple[str, Deviation], ...]:
    """Of each rule and kind the first so many of the kind, by id."""
    kind = _kind().label("kind")
    conditions = _standing(care_system_id, part)
    if part.rule is not None:
        conditions.append(table.c.rule == part.rule)
    if part.after is not None:
        conditions.append(table.c.id > part.after)
    place = func.row_number().over(partition_by=(table.c.rule, kind), order_by=table.c.id).label("place")
    ranked = select(table, kind, place).where(*conditions).subquery()
    chosen = [and_(ranked.c.kind == name, ranked.c.place <= number) for name, number in most.items()]
    if part.kind is not None:
        chosen = [and_(ranked.c.kind == part.kind, ranked.c.place <= most[part.kind])]
    rows = mappings(tx, select(ranked).where(or_(*chosen)).order_by(ranked.c.id))
    return tuple((row["kind"], deviation_of(row)) for row in rows)


def blocking_kinds(
    tx: Transaction, care_system_id: str, provider_id: str, month: str
) -> dict[tuple[str | None, Rule], int]:
    """How many of each rule want an explanation, by municipality; None: at nobody known."""
    part = Part(provider_id=provider_id, month=month)
    conditions = [*_standing(care_system_id, part), table.c.asks, table.c.state.in_(TURNED_AWAY)]
    statement = select(table.c.municipality, table.c.rule, func.count()).where(*conditions)
    rows = tx.connection.execute(statement.group_by(table.c.municipality, table.c.rule))
    return {(row[0], Rule(row[1])): row[2] for row in rows}


def device_names(tx: Transaction, care_system_id: str, ids: Collection[str]) -> dict[str, str]:
    """What these phones are called, by id."""
    if not ids:
        return {}
    statement = select(device.c.id, device.c.name).where(
        device.c.care_system_id == care_system_id, among(tx, device.c.id, ids)
    )
    return {row[0]: row[1] for row in tx.connection.execute(statement)}
