"""The visits that a judgement of some months reads, and those that it weighs on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import and_, false, literal_column, or_, select, type_coerce

from app.rules.deviations.values import Rule
from app.rules.time import format_instant, next_month
from app.rules.visits.values import Visit, VisitState
from app.storage.database import Transaction
from app.storage.judging.asked import CS, LOOKED_BACK, AskedRows, Whose, given, instant, listed, told_among
from app.storage.prepared import Parts, Rows, ask
from app.storage.statements import Row
from app.storage.tables.columns import UtcDateTime
from app.storage.tables.deviations import deviation
from app.storage.tables.visits import visit, visit_household
from app.storage.visits.rows import visit_of

Seen = dict[str, tuple[Row, Visit]]
"""Rows that were read before, by id, with the visits that they are: mostly they are the same when read again."""


def _visits(rows: Rows, seen: Seen | None = None) -> tuple[Visit, ...]:
    found: Seen = {} if seen is None else seen
    read = {row["id"]: row for part in rows.values() for row in part}
    for key, row in read.items():
        if key not in found or found[key][0] != row:
            found[key] = (row, visit_of(row))
    return tuple(found[key][1] for key in read)


def visits_of(tx: Transaction, care_system_id: str, whose: Whose, seen: Seen) -> tuple[Visit, ...]:
    """Every visit that has a second, or its only end, in the months: the customers', those of their households, and the
    providers' at nobody known. They are `seen` then.
    """
    told = given(
        tx,
        care_system_id,
        customers=whose.customer_ids,
        providers=whose.provider_ids,
        start=whose.start,
        before=whose.before,
        back=whose.start - LOOKED_BACK,
    )
    return _visits(ask(tx, _visit_parts, told), seen)


def _visit_parts(dialect: str) -> Parts:
    when = (
        visit.c.care_system_id == CS,
        visit.c.placed_at < instant("before"),
        visit.c.placed_at >= instant("back"),
        or_(visit.c.placed_at >= instant("start"), visit.c.ends_at > instant("start")),
    )
    shared = select(visit_household.c.visit_id).where(
        visit_household.c.care_system_id == CS, listed(dialect, visit_household.c.customer_id, "customers")
    )
    nobody = and_(visit.c.customer_id.is_(None), listed(dialect, visit.c.provider_id, "providers"))
    return {
        "own": select(visit).where(*when, listed(dialect, visit.c.customer_id, "customers")),
        "shared": select(visit).where(*when, visit.c.id.in_(shared)),
        "nobodys": select(visit).where(*when, nobody),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A D11 or D14 that stands: whose, and the stays that it overlaps or came too soon after."""

    rule: Rule
    visit_id: str
    customer_id: str | None
    provider_id: str
    month: str
    facts: Mapping[str, object]

    @property
    def visit_ids(self) -> frozenset[str]:
        """The other stays that it tells of."""
        told = self.facts.get("visit_ids")
        return frozenset(told if isinstance(told, list) else ())


def beside(
    tx: Transaction, care_system_id: str, whose: Whose, visits: Collection[Visit]
) -> tuple[tuple[Visit, ...], tuple[Held, ...]]:
    """The other stays of the same caregivers that share a second with one of these, and every D11 and D14 that stands
    with the same providers in the months and the one after each, where a stay that these weigh on may lie.

    Source: D11, D14.
    """
    if not visits:
        return (), ()
    told = given(
        tx,
        care_system_id,
        visits=[one.id for one in visits],
        providers={one.provider_id for one in visits},
        months={*whose.months, *(next_month(month) for month in whose.months)},
        back=min(one.placed_at for one in visits) - LOOKED_BACK,
    )
    rows = ask(tx, _beside_parts, told)
    return _visits({"others": rows["others"]}), tuple(
        Held(
            rule=Rule(row["rule"]),
            visit_id=row["subject_id"],
            customer_id=row["customer_id"],
            provider_id=row["provider_id"],
            month=row["period"],
            facts=row["facts"],
        )
        for row in rows["held"]
    )


def _beside_parts(dialect: str) -> Parts:
    own, other, held = visit.alias("own"), visit.alias("other"), deviation
    names = ("rule", "subject_id", "customer_id", "provider_id", "period", "facts")
    same = and_(own.c.care_system_id == other.c.care_system_id, own.c.caregiver_id == other.c.caregiver_id)
    overlapping = (
        select(other.c.id)
        .join(own, same)
        .where(
            own.c.care_system_id == CS,
            told_among(dialect, own.c.id, "visits"),
            other.c.id != own.c.id,
            other.c.placed_at >= instant("back"),
            other.c.placed_at < own.c.ends_at,
            other.c.ends_at > own.c.starts_at,
        )
    )
    return {
        "others": select(visit).where(
            visit.c.care_system_id == CS, visit.c.id.in_(overlapping), ~told_among(dialect, visit.c.id, "visits")
        ),
        "held": select(*(held.c[name] for name in names)).where(
            held.c.care_system_id == CS,
            listed(dialect, held.c.provider_id, "providers"),
            listed(dialect, held.c.period, "months"),
            or_(*(held.c.rule == literal_column(f"'{rule.value}'") for rule in (Rule.D11, Rule.D14))),
            held.c.state != literal_column("'cleared'"),
        ),
    }


def visits_answering(tx: Transaction, care_system_id: str, plan_ids: Collection[str]) -> tuple[Visit, ...]:
    """The visits that answer to these planned visits, whenever they were. Source: V16."""
    if not plan_ids:
        return ()
    return _visits(ask(tx, _answering_parts, given(tx, care_system_id, plans=plan_ids)))


def _answering_parts(dialect: str) -> Parts:
    theirs = listed(dialect, visit.c.planned_visit_id, "plans")
    return {"answering": select(visit).where(visit.c.care_system_id == CS, theirs)}


def first_visits(
    tx: Transaction, care_system_id: str, asked: Collection[tuple[str, str, datetime]]
) -> tuple[Visit, ...]:
    """For each (provider, customer, instant) the first visits, not void and no extra service, begun then or later: one
    of the customer's own, and one of a household that the customer belongs to. Source: O4, V12, V13.
    """
    if not asked:
        return ()
    rows = [
        {"provider": provider_id, "customer": customer_id, "since": format_instant(since)}
        for provider_id, customer_id, since in sorted(set(asked))
    ]
    return _visits(ask(tx, _first_parts, {"cs": care_system_id, "asked": orjson.dumps(rows).decode()}))


def _first_parts(dialect: str) -> Parts:
    asked, first = AskedRows(dialect), visit.alias("first")
    shared = select(visit_household.c.visit_id).where(
        visit_household.c.care_system_id == CS, visit_household.c.customer_id == asked.text("customer")
    )
    begun = (
        select(first.c.id)
        .where(
            first.c.care_system_id == CS,
            first.c.provider_id == asked.text("provider"),
            first.c.placed_at >= type_coerce(asked.instant("since"), UtcDateTime),
            first.c.starts_at.is_not(None),
            first.c.state != literal_column(f"'{VisitState.VOID.value}'"),
            first.c.extra_service == false(),
        )
        .order_by(first.c.placed_at, first.c.id)
        .limit(literal_column("1"))
        .correlate(asked.rows)
    )
    whose = {
        "own": begun.where(first.c.customer_id == asked.text("customer")),
        "shared": begun.where(first.c.id.in_(shared.correlate(asked.rows))),
    }
    return {
        name: select(visit).where(
            visit.c.care_system_id == CS, visit.c.id.in_(select(one.scalar_subquery()).select_from(asked.rows))
        )
        for name, one in whose.items()
    }
