"""A provider's deviations of a month, by rule: what wants an explanation, what was said, and what only tells."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.actions.calls import Call
from app.actions.desk.names import Names, names_of, seen
from app.actions.records import log_read, missing
from app.rules.access import Resource, Verb
from app.rules.deviations.values import Effect, Rule, SubjectType
from app.rules.plans import PlannedVisit
from app.rules.reimbursement.months import Month
from app.rules.visits.values import Visit
from app.storage.database import Transaction
from app.storage.desk.deviations import SAID, TOLD, WANTED, Part, counts, device_names, some_of_each
from app.storage.deviations import Deviation
from app.storage.explanations import Explained, explanations_for
from app.storage.plans import PLANNED_VISIT
from app.storage.records import get_many
from app.storage.reimbursement import months_of
from app.storage.visits import get_visits

MOST: Mapping[str, int] = MappingProxyType({WANTED: 200, SAID: 50, TOLD: 50})
"""How many of a rule are shown at once, by kind."""
KINDS = tuple(MOST)
_MONTHS = 100
"""More municipalities than a care system has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One deviation with what it is about. `said` is the newest explanation of it, with the verdict on that."""

    deviation: Deviation
    customer_ids: tuple[str, ...]
    caregiver_ids: tuple[str, ...]
    visit: Visit | None = None
    plan: PlannedVisit | None = None
    device: str | None = None
    said: Explained | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The deviations of one rule and kind. `following` is the last that is shown, where more follow."""

    rule: Rule
    effects: tuple[Effect, ...]
    count: int
    lines: tuple[Line, ...]
    following: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything that stands in a provider's month."""

    month: str
    wanted: tuple[Card, ...]
    said: tuple[Card, ...]
    told: tuple[Card, ...]
    names: Names
    months: tuple[Month, ...]
    """The month as it stands in each municipality, where somebody attested or locked it."""


def board(call: Call, month: str, rule: Rule | None = None, kind: str | None = None, after: str | None = None) -> Board:
    """The provider's month by rule; of one rule and kind, from the one `after` on, where these are told.

    The reads are logged. Raises Refused A2, A1 (404).
    """
    call.check(Resource.DEVIATION, Verb.READ)
    provider_id, cs = call.actor.provider_id, call.care_system_id
    if provider_id is None:
        raise missing()
    part = Part(provider_id=provider_id, month=month, rule=rule, kind=kind, after=after)
    with call.database.transaction() as tx:
        numbers = counts(tx, cs, part)
        rows = some_of_each(tx, cs, part, {name: number + 1 for name, number in MOST.items()})
        lines = _lines(tx, call, [row for _, row in rows])
        customers = {one for line in lines.values() for one in line.customer_ids}
        caregivers = {one for line in lines.values() for one in line.caregiver_ids}
        names = names_of(tx, call, customers, caregivers)
        log_read(tx, call, Resource.DEVIATION, seen(customers, caregivers))
        kept = months_of(tx, cs, month=month, provider_id=provider_id, limit=_MONTHS)
    told = [(name, lines[row.id]) for name, row in rows]
    return Board(
        month=month,
        wanted=_cards(WANTED, numbers, told),
        said=_cards(SAID, numbers, told),
        told=_cards(TOLD, numbers, told),
        names=names,
        months=tuple(one.month for one in kept),
    )


def _cards(kind: str, numbers: Mapping[tuple[Rule, str], int], told: Collection[tuple[str, Line]]) -> tuple[Card, ...]:
    """The cards of the kind in the order of the rules, which is that of the rulebook."""
    return tuple(
        _card(rule, lines, numbers[rule, kind], MOST[kind])
        for rule in Rule
        if (lines := [line for name, line in told if name == kind and line.deviation.rule is rule])
    )


def _card(rule: Rule, lines: list[Line], count: int, most: int) -> Card:
    """So many lines at most: one more tells that more follow."""
    shown = lines[:most]
    return Card(
        rule=rule,
        effects=tuple(sorted({line.deviation.effect for line in shown})),
        count=count,
        lines=tuple(shown),
        following=shown[-1].deviation.id if len(lines) > most else None,
    )


def _lines(tx: Transaction, call: Call, rows: Collection[Deviation]) -> dict[str, Line]:
    cs = call.care_system_id
    subjects: dict[SubjectType, set[str]] = {kind: set() for kind in SubjectType}
    for row in rows:
        subjects[row.subject.type].add(row.subject.id)
    visits = get_visits(tx, cs, subjects[SubjectType.VISIT])
    planned = subjects[SubjectType.PLANNED_VISIT] | {
        one.planned_visit_id for one in visits.values() if one.planned_visit_id is not None
    }
    plans = get_many(tx, PLANNED_VISIT, cs, planned)
    devices = device_names(tx, cs, subjects[SubjectType.DEVICE])
    said = newest_said(tx, cs, [row.id for row in rows])
    return {row.id: _line(row, visits, plans, devices, said) for row in rows}


def newest_said(tx: Transaction, care_system_id: str, deviation_ids: Collection[str]) -> dict[str, Explained]:
    """The newest explanation of each deviation that has one, by the deviation's id."""
    found: dict[str, Explained] = {}
    for one in sorted(explanations_for(tx, care_system_id, deviation_ids), key=lambda one: (one.recorded_at, one.id)):
        found.update(dict.fromkeys(one.deviation_ids, one))
    return found


def _line(
    row: Deviation,
    visits: Mapping[str, Visit],
    plans: Mapping[str, PlannedVisit],
    devices: Mapping[str, str],
    said: Mapping[str, Explained],
) -> Line:
    visit = visits.get(row.subject.id)
    plan = plans.get(row.subject.id) if visit is None else plans.get(visit.planned_visit_id or "")
    staff = () if plan is None else plan.caregiver_ids
    return Line(
        deviation=row,
        customer_ids=(row.customer_id,) if row.customer_id is not None else (),
        caregiver_ids=staff if visit is None else (visit.caregiver_id,),
        visit=visit,
        plan=plan,
        device=devices.get(row.subject.id),
        said=said.get(row.id),
    )
