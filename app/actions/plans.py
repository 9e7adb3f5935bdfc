"""Planned visits, one at a time and a thousand at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.actions.calls import Call, Told
from app.actions.faults import Taken, Unfit, UnknownReferences
from app.actions.marks import mark_months
from app.actions.people import customers_seen
from app.actions.records import Subject, Writing, list_records, missing
from app.actions.references import Draft, Known, completed, look_up
from app.actions.taken import telling_taken
from app.rules.access import Resource, Scope, Verb
from app.rules.plans import PlannedVisit, check_plan
from app.rules.refusal import Refused
from app.rules.time import local_day
from app.storage import events
from app.storage.access_log import Seen
from app.storage.database import Transaction
from app.storage.events import Event
from app.storage.ids import new_id
from app.storage.orders import GRANT
from app.storage.people import CAREGIVER, CUSTOMER
from app.storage.placements import named
from app.storage.plans import PLANNED_VISIT, plans_between
from app.storage.records import get_many, put_many


def _planned(_tx: Transaction, _care_system_id: str, values: Collection[PlannedVisit]) -> Iterable[Seen]:
    for one in values:
        yield from customers_seen((one.customer_id, *one.household))
        yield from (Seen(whom_type="caregiver", whom_id=caregiver) for caregiver in one.caregiver_ids)


def _check(writing: Writing[PlannedVisit]) -> None:
    facts = _facts(writing.tx, writing.call, [writing.value])
    facts.check(writing.value)


def _then(writing: Writing[PlannedVisit]) -> None:
    before = {} if writing.before is None else {writing.before.id: writing.before}
    _tell_and_judge(writing.tx, writing.call, [writing.value], before, writing.told)


PLANNED_VISITS = Subject(
    resource=Resource.PLANNED_VISIT,
    master=PLANNED_VISIT,
    makes=PlannedVisit,
    persons=_planned,
    check=_check,
    then=_then,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """What a plan is checked against: whose the caregivers and the grants are."""

    provider_of: dict[str, str]
    customer_of: dict[str, str]

    def check(self, plan: PlannedVisit) -> None:
        """Refuses an end before the start (T4), another provider's caregiver and another customer's grant."""
        check_plan(plan)
        foreign = [
            f"/caregiver_ids/{place}"
            for place, caregiver in enumerate(plan.caregiver_ids)
            if self.provider_of[caregiver] != plan.provider_id
        ]
        if plan.grant_id is not None and self.customer_of[plan.grant_id] not in (plan.customer_id, *plan.household):
            foreign.append("/grant_id")
        if foreign:
            raise UnknownReferences(tuple(foreign))


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


def put_planned_visits(call: Call, rows: Sequence[Row], told: Told) -> dict[int, Outcome]:
    """Each good row is kept, and each bad one has its fault, by the rows' indexes. Raises Refused A2 for the whole.

    A row replaces the plan of its id or external id, else makes one.
    """
    call.check(Resource.PLANNED_VISIT, Verb.CREATE)
    call.check(Resource.PLANNED_VISIT, Verb.REPLACE)
    try:
        return _put(call, rows, told)
    except Taken:
        # Somebody else made one of them meanwhile: now it is found, and replaced or told for its row alone.
        return _put(call, rows, told)


def _put(call: Call, rows: Sequence[Row], told: Told) -> dict[int, Outcome]:
    with telling_taken(PLANNED_VISIT.tables.name), call.database.transaction() as tx:
        known = look_up(tx, call, (one for row in rows for one in row.draft.named))
        held = _held(tx, call, rows)
        outcomes: dict[int, Outcome] = {}
        plans: dict[int, PlannedVisit] = {}
        for row in rows:
            try:
                plans[row.index] = _plan(call, row, known, held, plans.values())
            except (Refused, UnknownReferences, Taken, Unfit) as fault:
                outcomes[row.index] = fault
        facts = _facts(tx, call, plans.values())
        for index, plan in list(plans.items()):
            try:
                facts.check(plan)
            except (Refused, UnknownReferences) as fault:
                outcomes[index] = fault
                del plans[index]
        kept = put_many(tx, PLANNED_VISIT, call.care_system_id, list(plans.values()), by=call.actor.id)
        before = {plan.id: plan for plan in held.by_id.values()}
        changed = [plan for plan in kept.values() if plan is not before.get(plan.id) and plan != before.get(plan.id)]
        _tell_and_judge(tx, call, changed, before, told)
    return outcomes | {index: Kept(plan=kept[plan.id], made=plan.id not in before) for index, plan in plans.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """The plans that rows of a batch name: those within the scope, and the external ids that others have."""

    by_id: dict[str, PlannedVisit]
    by_external_id: dict[str, PlannedVisit]
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


def _plan(call: Call, row: Row, known: Known, held: _Held, before: Collection[PlannedVisit]) -> PlannedVisit:
    """The plan that the row makes or replaces. Raises the row's fault."""
    named_one = _named_by(row, held)
    plan = PlannedVisit(
        **completed(row.draft, known), id=new_id() if named_one is None else named_one.id, recorded_at=call.now
    )
    for other in before:
        if other.id == plan.id or (plan.external_id is not None and other.external_id == plan.external_id):
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


def _facts(tx: Transaction, call: Call, plans: Collection[PlannedVisit]) -> PlanFacts:
    cs = call.care_system_id
    caregivers = get_many(tx, CAREGIVER, cs, {one for plan in plans for one in plan.caregiver_ids})
    grants = get_many(tx, GRANT, cs, {plan.grant_id for plan in plans if plan.grant_id is not None})
    return PlanFacts(
        provider_of={key: one.provider_id for key, one in caregivers.items()},
        customer_of={key: one.customer_id for key, one in grants.items()},
    )


def _tell_and_judge(
    tx: Transaction, call: Call, plans: Collection[PlannedVisit], before: dict[str, PlannedVisit], told: Told
) -> None:
    """Each changed plan is told to whoever follows along, and what it is compared with is judged again."""
    cs = call.care_system_id
    customers = get_many(tx, CUSTOMER, cs, {plan.customer_id for plan in plans})
    events.append(
        tx,
        cs,
        [
            Event(
                at=call.now,
                type="planned_visit.changed",
                resource_type="planned_visit",
                resource_id=plan.id,
                data=told.dump(plan),
                external_id=plan.external_id,
                provider_id=plan.provider_id,
                municipality=customers[plan.customer_id].municipality,
            )
            for plan in plans
        ],
    )
    both = [one for plan in plans for one in (before.get(plan.id), plan) if one is not None]
    mark_months(
        tx,
        call,
        [
            ((one.provider_id, whom), local_day(one.starts_at))
            for one in both
            for whom in (one.customer_id, *one.household)
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFilter:
    """Which planned visits are wanted; None is any. They start from `start` on and before `before`."""

    provider_id: str | None = None
    customer_id: str | None = None
    caregiver_id: str | None = None
    start: datetime | None = None
    before: datetime | None = None


def list_planned_visits(
    call: Call, wanted: PlanFilter, after: str | None, limit: int
) -> tuple[list[PlannedVisit], bool]:
    """Up to `limit` planned visits within the scope, by id, and whether there are more. Raises Refused A2."""

    def listed(tx: Transaction, scope: Scope, most: int) -> tuple[PlannedVisit, ...]:
        return plans_between(
            tx,
            call.care_system_id,
            start=wanted.start,
            before=wanted.before,
            scope=scope,
            today=call.today,
            provider_id=wanted.provider_id,
            customer_id=wanted.customer_id,
            caregiver_id=wanted.caregiver_id,
            after=after,
            limit=most,
        )

    return list_records(call, PLANNED_VISITS, {}, after, limit, listed)
