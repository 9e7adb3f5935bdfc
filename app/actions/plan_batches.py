"""A schedule as a whole: up to a thousand planned visits, an outcome for each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.faults import Taken, Unfit, UnknownReferences
from app.actions.plans import PlanTold, facts_of, follow, widened
from app.actions.records import missing
from app.actions.references import Draft, Known, completed, look_up
from app.actions.taken import telling_taken
from app.rules.access import Resource, Scope, Verb
from app.rules.plans import PlannedVisit
from app.rules.refusal import Refused
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.placements import named
from app.storage.plans import PLANNED_VISIT
from app.storage.records import put_many
from app.storage.visits.timelines import lock_providers


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a batch that could be read: by which ids it is known, and its content."""

    index: int
    id: str | None
    external_id: str | None
    draft: Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a row: the plan as it stands now, and whether it was made."""

    plan: PlannedVisit
    made: bool


RowFault = Refused | UnknownReferences | Taken | Unfit
Outcome = Kept | RowFault


def put_planned_visits(call: Call, rows: Sequence[Row], told: PlanTold) -> dict[int, Outcome]:
    """Each good row is kept, and each bad one has its fault, by the rows' indexes. Raises Refused A2 for the whole.

    A row replaces the plan of its id or external id, else makes one.
    """
    call.check(Resource.PLANNED_VISIT, Verb.CREATE)
    call.check(Resource.PLANNED_VISIT, Verb.REPLACE)
    try:
        return widened(lambda locked: _put(call, rows, told, locked))
    except Taken:
        # Somebody else made one of them meanwhile: now it is found, and replaced or told for its row alone.
        return widened(lambda locked: _put(call, rows, told, locked))


def _put(call: Call, rows: Sequence[Row], told: PlanTold, locked: frozenset[str]) -> dict[int, Outcome]:
    with telling_taken(PLANNED_VISIT.tables.name), call.database.transaction() as tx:
        known = look_up(tx, call, (one for row in rows for one in row.draft.named))
        ours = locked | known.own.get(Resource.PROVIDER, frozenset()) | _by_external(known, Resource.PROVIDER)
        lock_providers(tx, call.care_system_id, ours)
        held = _held(tx, call, rows)
        outcomes: dict[int, Outcome] = {}
        plans = _plans(call, rows, known, held, outcomes)
        _check(tx, call, plans, outcomes)
        # In one order, whatever the batch's, so that two batches never wait for each other in a circle.
        ordered = sorted(plans.values(), key=lambda plan: (plan.external_id or "", plan.id))
        kept = put_many(tx, PLANNED_VISIT, call.care_system_id, ordered, by=call.actor.id)
        changed = [plan for plan in kept.values() if plan != held.by_id.get(plan.id)]
        moved = {plan.provider_id for plan in held.by_id.values()}
        follow(tx, call, changed, held.by_id, ours | moved, told)
    made = {key for key in kept if key not in held.by_id}
    return outcomes | {index: Kept(plan=kept[plan.id], made=plan.id in made) for index, plan in plans.items()}


def _by_external(known: Known, resource: Resource) -> frozenset[str]:
    return frozenset(ours for (named_as, _), ours in known.external.items() if named_as == resource.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """The plans that rows of a batch name: those within the scope, and the external ids that others have."""

    by_id: Mapping[str, PlannedVisit]
    by_external_id: Mapping[str, PlannedVisit]
    others: frozenset[str]


def _held(tx: Transaction, call: Call, rows: Sequence[Row]) -> _Held:
    ids = {row.id for row in rows if row.id is not None}
    external_ids = {row.external_id for row in rows if row.external_id is not None}
    scope = call.scope(Resource.PLANNED_VISIT)
    cs, today = call.care_system_id, call.today
    ours = named(tx, PLANNED_VISIT, cs, ids=ids, external_ids=external_ids, scope=scope, today=today)
    everyone = Scope(care_system_id=cs, municipality=None, provider_id=None, caregiver_id=None, with_names=False)
    there = named(tx, PLANNED_VISIT, cs, ids=(), external_ids=external_ids, scope=everyone, today=today)
    reached = {plan.id for plan in ours}
    return _Held(
        by_id={plan.id: plan for plan in ours},
        by_external_id={plan.external_id: plan for plan in ours if plan.external_id is not None},
        others=frozenset(plan.external_id for plan in there if plan.id not in reached and plan.external_id is not None),
    )


def _plans(
    call: Call, rows: Sequence[Row], known: Known, held: _Held, outcomes: dict[int, Outcome]
) -> dict[int, PlannedVisit]:
    """The plan of each row that names one, by its index; the faults of the others are added to the outcomes."""
    plans: dict[int, PlannedVisit] = {}
    taken: set[str] = set()
    for row in rows:
        try:
            plan = _plan(call, row, known, held, taken)
        except (Refused, UnknownReferences, Taken, Unfit) as fault:
            outcomes[row.index] = fault
        else:
            plans[row.index] = plan
            taken |= {plan.id, f"external {plan.external_id}"}
    return plans


def _plan(call: Call, row: Row, known: Known, held: _Held, taken: Collection[str]) -> PlannedVisit:
    """The plan that the row makes or replaces. Raises the row's fault."""
    before = _named_by(row, held)
    fields = completed(row.draft, known)
    plan = PlannedVisit(**fields, id=new_id() if before is None else before.id, recorded_at=call.now)
    if plan.id in taken or (plan.external_id is not None and f"external {plan.external_id}" in taken):
        raise Unfit("/external_id", "Another row of this batch names the same planned visit.")
    return plan


def _named_by(row: Row, held: _Held) -> PlannedVisit | None:
    if row.external_id in held.others:
        raise Taken("/external_id")
    by_external = None if row.external_id is None else held.by_external_id.get(row.external_id)
    if row.id is None:
        return by_external
    if row.id not in held.by_id:
        raise missing()
    if by_external is not None and by_external.id != row.id:
        raise Taken("/external_id")
    return held.by_id[row.id]


def _check(tx: Transaction, call: Call, plans: dict[int, PlannedVisit], outcomes: dict[int, Outcome]) -> None:
    """The plans are those that may be kept; the faults of the others are among the outcomes."""
    facts = facts_of(tx, call.care_system_id, plans.values())
    for index, plan in list(plans.items()):
        try:
            facts.check(plan)
        except (Refused, UnknownReferences) as fault:
            outcomes[index] = fault
            del plans[index]
