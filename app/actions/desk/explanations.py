"""Explanations with the deviations they are for, gathered for whoever judges them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.desk.names import Names, names_of
from app.actions.deviations.read import log
from app.actions.deviations.standing import found_of
from app.rules.access import Resource, Verb
from app.rules.deviations.explain import Acceptance, acceptance_of
from app.rules.deviations.values import Rule, SubjectType
from app.rules.providers import Provider
from app.rules.visits.values import Visit
from app.storage.database import Transaction
from app.storage.desk import explanations as stored
from app.storage.desk.explanations import Place as Place
from app.storage.deviations import Deviation, get_deviations
from app.storage.explanations import Explained
from app.storage.providers import PROVIDER
from app.storage.records import get_many
from app.storage.visits import get_visits

RECENT = 20
"""How many of those that were judged last are shown."""
SHOWN = 25
"""How many deviations of one explanation are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An explanation with the first deviations that it is for, and what accepting it does to pay."""

    explained: Explained
    deviations: tuple[Deviation, ...]
    acceptance: tuple[Acceptance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The explanations of deviations of one rule."""

    rule: Rule
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a verdict, oldest first in each group, and what was judged last. `next` is where it goes on."""

    groups: tuple[Group, ...]
    judged: tuple[Group, ...]
    providers: Mapping[str, Provider]
    visits: Mapping[str, Visit]
    names: Names
    next: Place | None


def waiting(call: Call, after: Place | None, limit: int) -> Waiting:
    """Up to `limit` explanations that wait, and the last ones judged; a fixed number of statements.

    The reads are logged. Raises Refused A2. Source: RULEBOOK D, A1.
    """
    call.check(Resource.DEVIATION, Verb.JUDGE)
    cs, scope = call.care_system_id, call.scope(Resource.DEVIATION)
    with call.database.transaction() as tx:
        found = stored.waiting_explanations(tx, cs, scope, after, limit + 1)
        shown, judged = found[:limit], stored.judged_last(tx, cs, scope, RECENT)
        rows = _deviations(tx, call, [*shown, *judged])
        visits = get_visits(tx, cs, {row.subject.id for row in rows.values() if row.subject.type is SubjectType.VISIT})
        names = names_of(tx, call, {row.customer_id for row in rows.values()}, ())
        providers = get_many(tx, PROVIDER, cs, {one.provider_id for one in (*shown, *judged)})
        log(tx, call, tuple(rows.values()))
    last = shown[-1] if len(found) > limit else None
    return Waiting(
        groups=_groups(shown, rows),
        judged=_groups(judged, rows),
        providers=providers,
        visits=visits,
        names=names,
        next=None if last is None else Place(recorded_at=last.recorded_at, id=last.id),
    )


def _deviations(tx: Transaction, call: Call, several: Collection[Explained]) -> dict[str, Deviation]:
    ids = {key for one in several for key in one.deviation_ids[:SHOWN]}
    return get_deviations(tx, call.care_system_id, ids, scope=call.scope(Resource.DEVIATION))


def _groups(several: Collection[Explained], rows: Mapping[str, Deviation]) -> tuple[Group, ...]:
    """By rule, in the order of the rulebook; within a rule as they came."""
    return tuple(
        Group(rule=rule, said=said)
        for rule in Rule
        if (said := tuple(_said(one, rows) for one in several if one.rule is rule))
    )


def _said(explained: Explained, rows: Mapping[str, Deviation]) -> Said:
    theirs = tuple(rows[key] for key in explained.deviation_ids[:SHOWN] if key in rows)
    does = dict.fromkeys(acceptance_of(found_of(row)) for row in theirs)
    return Said(explained=explained, deviations=theirs, acceptance=tuple(does))
