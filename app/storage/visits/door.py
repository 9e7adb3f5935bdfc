"""Everything that a check-in at the door reads, asked for at once (V1-V8, V14, V16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, String, bindparam, func, literal, literal_column, select, text, union
from sqlalchemy.sql.selectable import CTE

from app.rules.access import Actor
from app.rules.orders import Grant, Order
from app.rules.people import Caregiver, Customer
from app.rules.plans import PlannedVisit
from app.rules.policies import Policy
from app.rules.tags import Tag
from app.rules.time import BEGINNING
from app.rules.visits.values import Correction, Registration, RegistrationKind, Visit
from app.storage.access import Subject, actor_from_row, select_actor
from app.storage.database import Transaction
from app.storage.orders import grant_of, order_of
from app.storage.people import caregiver_of, customer_of
from app.storage.plans import planned_visit_of
from app.storage.policies import policy_of
from app.storage.prepared import Parts, Rows, ask
from app.storage.tables.columns import Id, UtcDateTime
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.people import caregiver, customer
from app.storage.tables.plans import planned_visit
from app.storage.tables.rates import policy
from app.storage.tables.tags import tag
from app.storage.tables.visits import correction, open_visit, registration, visit
from app.storage.tags import tag_of
from app.storage.visits.corrections import corrections_select
from app.storage.visits.neighbourhood import ENDING, Around, around_arrival
from app.storage.visits.projection import Open
from app.storage.visits.registrations import Stored
from app.storage.visits.rows import correction_of, resolved_of, visit_of

POLICIES = (
    "longest_stay_seconds",
    "longest_stay_escort_respite_seconds",
    "no_check_out_seconds",
    "verified_within_seconds",
    "evidence_within_seconds",
    "plan_match_seconds",
    "position_near_metres",
)
"""The policies that a registration and its visit are made with."""

PLANS_WITHIN = timedelta(hours=12)
"""Planned visits and visits this near are read, so that every one that V16 may match is among them."""

LOOKED_BACK = timedelta(days=4)
"""A visit that began earlier is matched with no plan at the door: the longest stay is 72 h (V4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorFacts:
    """What is known when a registration arrives.

    `actor` is None where nobody active has that id. `stored` is the registration with the same id. `caregiver` is None
    where the id is unknown. `around` is None where the fold needs more than was read: lock the caregiver, and ask for
    its neighbourhood. `plans` and `named_plan` are all versions; `visits_there` are the provider's at the customer.
    """

    actor: Actor | None
    stored: Stored | None
    caregiver: Caregiver | None
    tags: tuple[Tag, ...]
    named_plan: tuple[PlannedVisit, ...]
    customers: tuple[Customer, ...]
    open: Open
    around: Around | None
    corrections: tuple[Correction, ...]
    visits: tuple[Visit, ...]
    plans: tuple[PlannedVisit, ...]
    visits_there: tuple[Visit, ...]
    orders: tuple[Order, ...]
    grants: tuple[Grant, ...]
    policies: tuple[Policy, ...]


def facts_for(
    tx: Transaction,
    care_system_id: str,
    arriving: Registration,
    *,
    subject: Subject,
    actor_id: str,
    session_id: str | None,
    at: datetime,
    tag_id: str | None = None,
    tag_uid: str | None = None,
) -> DoorFacts:
    """What is known when the registration arrives; one statement on PostgreSQL.

    `at` is its time in every rule; `tag_id` and `tag_uid` are what its proof of place names, proven or not.
    """
    parameters = {
        "cs": care_system_id,
        "actor_id": actor_id,
        "registration_id": arriving.id,
        "caregiver_id": arriving.caregiver_id,
        "visit_id": arriving.visit_id,
        "planned_visit_id": arriving.planned_visit_id,
        "customer_id": arriving.customer_id,
        "tag_id": tag_id,
        "tag_uid": tag_uid,
        "at": at,
        "since": at - LOOKED_BACK,
        "until": at + PLANS_WITHIN,
    }
    return _facts_of(ask(tx, _BUILD[subject], parameters), arriving, at, session_id)


def _facts_of(rows: Rows, arriving: Registration, at: datetime, session_id: str | None) -> DoorFacts:
    stored = next((Stored(resolved=resolved_of(row), content_hash=row["content_hash"]) for row in rows["stored"]), None)
    opened = next(
        (Open(visit_id=row["visit_id"], since=row["since"], revision=row["revision"]) for row in rows["open"]), Open()
    )
    found = [resolved_of(row) for row in rows["around"]]
    return DoorFacts(
        actor=actor_from_row(next(iter(rows["actor"]), None), session_id),
        stored=stored,
        caregiver=next((caregiver_of(row) for row in rows["caregiver"]), None),
        tags=tuple(tag_of(row) for row in rows["tags"]),
        named_plan=tuple(planned_visit_of(row) for row in rows["named_plan"]),
        customers=tuple(customer_of(row) for row in rows["customers"]),
        open=opened,
        around=around_arrival(found, arriving, at),
        corrections=tuple(correction_of(row) for row in rows["corrections"]),
        visits=tuple(visit_of(row) for row in rows["visits"]),
        plans=tuple(planned_visit_of(row) for row in rows["plans"]),
        visits_there=tuple(visit_of(row) for row in rows["visits_there"]),
        orders=tuple(order_of(row) for row in rows["orders"]),
        grants=tuple(grant_of(row) for row in rows["grants"]),
        policies=tuple(policy_of(row) for row in rows["policies"]),
    )


CS = bindparam("cs", type_=Id)
REGISTRATION_ID = bindparam("registration_id", type_=Id)
CAREGIVER_ID = bindparam("caregiver_id", type_=Id)
VISIT_ID = bindparam("visit_id", type_=Id)
PLANNED_VISIT_ID = bindparam("planned_visit_id", type_=Id)
CUSTOMER_ID = bindparam("customer_id", type_=Id)
TAG_ID = bindparam("tag_id", type_=Id)
TAG_UID = bindparam("tag_uid", type_=String(40))
AT = bindparam("at", type_=UtcDateTime)
SINCE = bindparam("since", type_=UtcDateTime)
UNTIL = bindparam("until", type_=UtcDateTime)


def _parts(subject: Subject, dialect: str) -> Parts:
    """The selects of the door, on one dialect."""
    spanned = _spanned()
    around = _around_ids(spanned)
    whose = _whose(spanned)
    return {
        "actor": select_actor(subject),
        "stored": select(registration).where(registration.c.care_system_id == CS, registration.c.id == REGISTRATION_ID),
        "caregiver": select(caregiver.current).where(
            caregiver.current.c.care_system_id == CS, caregiver.current.c.id == CAREGIVER_ID
        ),
        "open": select(open_visit).where(open_visit.c.care_system_id == CS, open_visit.c.caregiver_id == CAREGIVER_ID),
        "around": select(registration).where(
            registration.c.care_system_id == CS, registration.c.id.in_(select(around.c.id))
        ),
        **_at_the_door(whose),
        **_folded(around),
        **_there(whose, _plans_from(dialect, spanned)),
    }


def _spanned() -> CTE:
    """The caregiver's registrations from the last check-in before the instant to the first after it."""
    table = registration
    theirs = (
        table.c.care_system_id == CS,
        table.c.caregiver_id == CAREGIVER_ID,
        table.c.kind == RegistrationKind.CHECK_IN,
    )
    last = select(func.max(table.c.at)).where(*theirs, table.c.at < AT).scalar_subquery()
    following = select(func.min(table.c.at)).where(*theirs, table.c.at > AT).scalar_subquery()
    return (
        select(table.c.id, table.c.visit_id, table.c.resolved_customer_id, table.c.at)
        .where(
            table.c.care_system_id == CS,
            table.c.caregiver_id == CAREGIVER_ID,
            table.c.at >= func.coalesce(last, literal(BEGINNING, UtcDateTime)),
            table.c.at <= func.coalesce(following, literal(ENDING, UtcDateTime)),
        )
        .cte("spanned")
    )


def _around_ids(spanned: CTE) -> CTE:
    """Those registrations, whatever names a visit begun among them, and the visits that are named."""
    table = registration
    ours = table.c.care_system_id == CS
    return union(
        select(spanned.c.id),
        select(spanned.c.visit_id).where(spanned.c.visit_id.is_not(None)),
        select(table.c.id).where(ours, table.c.visit_id.in_(select(spanned.c.id))),
        select(table.c.id).where(ours, table.c.visit_id == REGISTRATION_ID),
        select(table.c.id).where(ours, table.c.id == VISIT_ID),
    ).cte("around")


def _whose(spanned: CTE) -> CTE:
    """The customers that the registration may be about: named, the plan's, the tag's, those of the visits around."""
    person, plan, tags = customer.current, planned_visit.current, tag.versions
    return union(
        select(person.c.id.label("id")).where(person.c.care_system_id == CS, person.c.id == CUSTOMER_ID),
        select(plan.c.customer_id).where(plan.c.care_system_id == CS, plan.c.id == PLANNED_VISIT_ID),
        select(tags.c.customer_id).where(tags.c.care_system_id == CS, tags.c.id == TAG_ID),
        select(tags.c.customer_id).where(tags.c.care_system_id == CS, tags.c.uid == TAG_UID),
        select(spanned.c.resolved_customer_id).where(spanned.c.resolved_customer_id.is_not(None)),
    ).cte("whose")


def _plans_from(dialect: str, spanned: CTE) -> ColumnElement[datetime]:
    """From when on planned visits are read: so long before the visit that the registration may belong to."""
    began = func.coalesce(select(func.min(spanned.c.at)).scalar_subquery(), AT)
    hours = int(PLANS_WITHIN.total_seconds()) // 3600
    if dialect == "postgresql":
        return func.greatest(func.least(began, AT), SINCE) - text(f"interval '{hours} hours'")
    earliest = func.max(func.min(began, AT), SINCE)
    return func.strftime("%Y-%m-%dT%H:%M:%SZ", earliest, f"-{hours} hours", type_=UtcDateTime)


def _at_the_door(whose: CTE) -> Parts:
    """What the registration is resolved with: tags, the plan it names, customers and policies."""
    tags, plan, person = tag.versions, planned_visit.versions, customer.current
    read = union(
        select(tags.c.id).where(tags.c.care_system_id == CS, tags.c.id == TAG_ID),
        select(tags.c.id).where(tags.c.care_system_id == CS, tags.c.uid == TAG_UID),
    ).subquery()
    wanted = policy.c.name.in_([literal_column(f"'{name}'") for name in POLICIES])
    return {
        "tags": select(tags).where(tags.c.care_system_id == CS, tags.c.id.in_(select(read.c.id))),
        "named_plan": select(plan).where(plan.c.care_system_id == CS, plan.c.id == PLANNED_VISIT_ID),
        "customers": select(person).where(person.c.care_system_id == CS, person.c.id.in_(select(whose.c.id))),
        "policies": select(policy).where(policy.c.care_system_id == CS, wanted),
    }


def _folded(around: CTE) -> Parts:
    """What the visits around it were folded to, and corrected to."""
    ids = select(around.c.id)
    return {
        "corrections": corrections_select().where(correction.c.care_system_id == CS, correction.c.visit_id.in_(ids)),
        "visits": select(visit).where(visit.c.care_system_id == CS, visit.c.id.in_(ids)),
    }


def _there(whose: CTE, since: ColumnElement[datetime]) -> Parts:
    """What the provider plans, has done and was ordered to do at these customers, around that time."""
    staff, plan, grant, order = caregiver.current, planned_visit.versions, care_grant.current, care_order.current
    provider_id = (
        select(staff.c.provider_id).where(staff.c.care_system_id == CS, staff.c.id == CAREGIVER_ID).scalar_subquery()
    )
    customers = select(whose.c.id)
    theirs = select(grant.c.id).where(grant.c.care_system_id == CS, grant.c.customer_id.in_(customers))
    near = select(plan.c.id).where(
        plan.c.care_system_id == CS,
        plan.c.customer_id.in_(customers),
        plan.c.provider_id == provider_id,
        plan.c.starts_at.between(since, UNTIL),
    )
    return {
        "plans": select(plan).where(plan.c.care_system_id == CS, plan.c.id.in_(near)),
        "visits_there": select(visit).where(
            visit.c.care_system_id == CS,
            visit.c.provider_id == provider_id,
            visit.c.customer_id.in_(customers),
            visit.c.placed_at.between(since, UNTIL),
        ),
        "orders": select(order).where(
            order.c.care_system_id == CS, order.c.grant_id.in_(theirs), order.c.provider_id == provider_id
        ),
        "grants": select(grant).where(grant.c.care_system_id == CS, grant.c.customer_id.in_(customers)),
    }


_BUILD: dict[Subject, Callable[[str], Parts]] = {subject: partial(_parts, subject) for subject in Subject}
"""One builder for each kind of caller, so that each is prepared once."""
