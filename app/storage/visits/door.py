"""Everything that a check-in at the door reads, asked for at once (V1-V8, V14, V16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    String,
    Text,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    text,
    true,
    union,
)
from sqlalchemy.sql.selectable import CTE

from app.rules.access import Actor
from app.rules.orders import Grant, Order
from app.rules.people import Caregiver, Customer
from app.rules.plans import PlannedVisit
from app.rules.policies import Policy
from app.rules.sun import may_be_sun
from app.rules.tags import Tag
from app.rules.time import BEGINNING, Interval
from app.rules.visits.taps import Tap
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
from app.storage.tables.visits import correction, door, open_visit, registration, visit
from app.storage.tags import tag_of
from app.storage.visits.corrections import corrections_select
from app.storage.visits.neighbourhood import ENDING, Around, around_arrival
from app.storage.visits.projection import Open, open_of
from app.storage.visits.registrations import Stored, stored_of
from app.storage.visits.rows import correction_of, resolved_of, visit_of
from app.storage.visits.taps import tap_of_row, tapped

POLICIES = (
    "longest_stay_seconds",
    "longest_stay_escort_respite_seconds",
    "no_check_out_seconds",
    "verified_within_seconds",
    "evidence_within_seconds",
    "plan_match_seconds",
    "position_near_metres",
    "tap_order_seconds",
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
    where the id is unknown. `around` is None for a check-in, and where the fold needs more than was read: lock, and ask
    for the neighbourhood. `named` tells that something names the registration as its visit. `plans` and `named_plan`
    are all versions; `visits_there` are the provider's at the customers, and those that answer to one of the plans;
    within `seen` these are all there are. `doors` are the revisions of the customers' doors. Of the phone's boot,
    `later_in_boot` tells that one made later, or in the same millisecond, is kept, and `check_in_of_boot` is the last
    check-in made before. `top_tap` is the tap that has counted furthest at the tag, the latest of its copies.
    """

    actor: Actor | None
    stored: Stored | None
    caregiver: Caregiver | None
    tags: tuple[Tag, ...]
    named_plan: tuple[PlannedVisit, ...]
    customers: tuple[Customer, ...]
    open: Open
    around: Around | None
    named: bool
    corrections: tuple[Correction, ...]
    visits: tuple[Visit, ...]
    plans: tuple[PlannedVisit, ...]
    visits_there: tuple[Visit, ...]
    orders: tuple[Order, ...]
    grants: tuple[Grant, ...]
    policies: tuple[Policy, ...]
    seen: Interval
    doors: Mapping[str, int]
    later_in_boot: bool
    check_in_of_boot: str | None
    top_tap: Tap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Which facts are asked for, so that nobody asks for what the registration cannot need."""

    subject: Subject
    kind: RegistrationKind
    tag_by_id: bool
    tag_by_uid: bool
    names_plan: bool
    names_customer: bool
    has_clock: bool
    may_tap: bool = False


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
    asking = Asking(
        subject=subject,
        kind=arriving.kind,
        tag_by_id=tag_id is not None,
        tag_by_uid=tag_uid is not None,
        names_plan=arriving.planned_visit_id is not None,
        names_customer=arriving.customer_id is not None,
        has_clock=arriving.clock is not None,
        may_tap=arriving.place.text is not None and may_be_sun(arriving.place.text),
    )
    parameters = {
        "cs": care_system_id,
        "actor_id": actor_id,
        "session_id": session_id,
        "registration_id": arriving.id,
        "caregiver_id": arriving.caregiver_id,
        "visit_id": arriving.visit_id,
        "planned_visit_id": arriving.planned_visit_id,
        "customer_id": arriving.customer_id,
        "tag_id": tag_id,
        "tag_uid": tag_uid,
        "at": at,
        "earliest": at - PLANS_WITHIN,
        "since": at - LOOKED_BACK,
        "until": at + PLANS_WITHIN,
        "boot_id": None if arriving.clock is None else arriving.clock.boot_id,
        "elapsed_ms": None if arriving.clock is None else arriving.clock.elapsed_ms,
    }
    return _facts_of(ask(tx, _building(asking), parameters), arriving, at, session_id)


@cache
def _building(asking: Asking) -> Callable[[str], Parts]:
    """The builder of what is asked for, the same one every time, so that each is prepared once."""
    return partial(_parts, asking)


def _facts_of(rows: Rows, arriving: Registration, at: datetime, session_id: str | None) -> DoorFacts:
    stored = next((stored_of(row) for row in rows["stored"]), None)
    found = [resolved_of(row) for row in rows.get("around", ())]
    began = min((one.at for one in found), default=at)
    since = max(min(began, at), at - LOOKED_BACK) - PLANS_WITHIN
    caregiver = next((caregiver_of(row) for row in rows["caregiver"]), None)
    provider_id = None if caregiver is None else caregiver.provider_id
    there = [row for row in rows["visits_there"] if row["provider_id"] == provider_id] + [*rows["answering"]]
    return DoorFacts(
        actor=actor_from_row(next(iter(rows["actor"]), None), session_id),
        stored=stored,
        caregiver=caregiver,
        tags=tuple(tag_of(row) for row in rows.get("tags", ())),
        named_plan=tuple(planned_visit_of(row) for row in rows.get("named_plan", ())),
        customers=tuple(customer_of(row) for row in rows["customers"]),
        open=next((open_of(row) for row in rows["open"]), Open()),
        around=around_arrival(found, arriving, at) if "around" in rows else None,
        named=bool(rows["named"]),
        corrections=tuple(correction_of(row) for row in rows.get("corrections", ())),
        visits=tuple(visit_of(row) for row in rows.get("visits", ())),
        plans=tuple(planned_visit_of(row) for row in rows["plans"] if row["provider_id"] == provider_id),
        visits_there=tuple({row["id"]: visit_of(row) for row in there}.values()),
        orders=tuple(order_of(row) for row in rows["orders"] if row["provider_id"] == provider_id),
        grants=tuple(grant_of(row) for row in rows["grants"]),
        policies=tuple(policy_of(row) for row in rows["policies"]),
        seen=Interval(since, at + PLANS_WITHIN),
        doors={row["customer_id"]: row["revision"] for row in rows["doors"]},
        later_in_boot=bool(rows.get("later_in_boot")),
        check_in_of_boot=next((row["id"] for row in rows.get("check_in_of_boot", ())), None),
        top_tap=next((tap_of_row(row) for row in rows.get("top_tap", ())), None),
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
EARLIEST = bindparam("earliest", type_=UtcDateTime)
SINCE = bindparam("since", type_=UtcDateTime)
UNTIL = bindparam("until", type_=UtcDateTime)
BOOT_ID = bindparam("boot_id", type_=Text)
ELAPSED_MS = bindparam("elapsed_ms", type_=BigInteger)


def _parts(asking: Asking, dialect: str) -> Parts:
    """The selects of the door, on one dialect."""
    if asking.kind is RegistrationKind.CHECK_IN:
        whose = _whose(asking)
        return {**_always(asking, whose, dialect), **_there(whose, EARLIEST, dialect)}
    spanned = _spanned()
    around = _around_ids(spanned)
    whose = _whose(asking, spanned)
    return {
        **_always(asking, whose, dialect),
        "around": _among(dialect, _ours(registration), registration.c.id, around),
        **_folded(around, dialect),
        **_there(whose, _plans_from(dialect, spanned), dialect),
    }


def _always(asking: Asking, whose: CTE, dialect: str) -> Parts:
    """What every registration needs."""
    ours = registration.c.care_system_id == CS
    return {
        "actor": select_actor(asking.subject),
        "stored": _ours(registration).where(registration.c.id == REGISTRATION_ID),
        "caregiver": _ours(caregiver.current).where(caregiver.current.c.id == CAREGIVER_ID),
        "open": _ours(open_visit).where(open_visit.c.caregiver_id == CAREGIVER_ID),
        "named": select(registration.c.id).where(ours, registration.c.visit_id == REGISTRATION_ID).limit(1),
        "doors": _among(dialect, _ours(door), door.c.customer_id, whose),
        **(_of_the_boot() if asking.has_clock else {}),
        **_at_the_door(asking, whose, dialect),
    }


def _ours(table: FromClause) -> Select[Any]:
    """The table's rows of the care system."""
    return select(table).where(table.c.care_system_id == CS)


def _among(dialect: str, rows: Select[Any], column: ColumnElement[Any], ids: CTE) -> Select[Any]:
    """Those of the rows whose column is one of the ids; these are few, and each is there once.

    PostgreSQL looks each id up by an index; OFFSET 0 keeps it from reading the table instead, which may have been as
    good as empty when the statement was planned.
    """
    if dialect != "postgresql":
        return rows.where(column.in_(select(ids.c.id)))
    found = rows.where(column == ids.c.id).offset(literal_column("0")).lateral()
    return select(found).select_from(ids.join(found, true()))


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


def _whose(asking: Asking, spanned: CTE | None = None) -> CTE:
    """The customers that the registration may be about: named, the plan's, the tag's, those of the visits around."""
    person, plan, tags = customer.current, planned_visit.current, tag.versions
    mine = tags.c.care_system_id == CS
    told = [select(cast(null(), Id).label("id"))]
    if asking.names_customer:
        told.append(select(person.c.id).where(person.c.care_system_id == CS, person.c.id == CUSTOMER_ID))
    if asking.names_plan:
        told.append(select(plan.c.customer_id).where(plan.c.care_system_id == CS, plan.c.id == PLANNED_VISIT_ID))
    if asking.tag_by_id:
        told.append(select(tags.c.customer_id).where(mine, tags.c.id == TAG_ID))
    if asking.tag_by_uid:
        told.append(select(tags.c.customer_id).where(mine, tags.c.uid == TAG_UID))
    if spanned is not None:
        told.append(select(spanned.c.resolved_customer_id))
    return union(*told).cte("whose")


def _plans_from(dialect: str, spanned: CTE) -> ColumnElement[datetime]:
    """From when on planned visits are read: so long before the visit that the registration may belong to."""
    began = func.coalesce(select(func.min(spanned.c.at)).scalar_subquery(), AT)
    hours = int(PLANS_WITHIN.total_seconds()) // 3600
    if dialect == "postgresql":
        return func.greatest(func.least(began, AT), SINCE) - text(f"interval '{hours} hours'")
    earliest = func.max(func.min(began, AT), SINCE)
    return func.strftime("%Y-%m-%dT%H:%M:%SZ", earliest, f"-{hours} hours", type_=UtcDateTime)


def _of_the_boot() -> Parts:
    """What the caregiver has registered in the same boot of the phone: anything later, and the check-in before. V8."""
    table = registration
    mates = select(table.c.id).where(
        table.c.care_system_id == CS, table.c.caregiver_id == CAREGIVER_ID, table.c.boot_id == BOOT_ID
    )
    later = mates.where(table.c.elapsed_ms >= ELAPSED_MS, table.c.id != REGISTRATION_ID)
    check_ins = mates.where(table.c.elapsed_ms < ELAPSED_MS, table.c.kind == RegistrationKind.CHECK_IN)
    return {
        "later_in_boot": later.limit(1),
        "check_in_of_boot": check_ins.order_by(table.c.elapsed_ms.desc(), table.c.id.desc()).limit(1),
    }


def _at_the_door(asking: Asking, whose: CTE, dialect: str) -> Parts:
    """What the registration is resolved with: tags, the plan it names, customers and policies."""
    tags, plan, person = tag.versions, planned_visit.versions, customer.current
    wanted = policy.c.name.in_([literal_column(f"'{name}'") for name in POLICIES])
    parts = {
        "customers": _among(dialect, _ours(person), person.c.id, whose),
        "policies": _ours(policy).where(wanted),
    }
    if asking.names_plan:
        parts["named_plan"] = _ours(plan).where(plan.c.id == PLANNED_VISIT_ID)
    read = [select(TAG_ID.label("id"))] if asking.tag_by_id else []
    if asking.tag_by_uid:
        read.append(select(tags.c.id).where(tags.c.care_system_id == CS, tags.c.uid == TAG_UID).distinct())
    if read:
        ids = union(*read).cte("read_tags")
        parts["tags"] = _among(dialect, _ours(tags), tags.c.id, ids)
        if asking.may_tap:
            tapping = tapped().where(registration.c.care_system_id == CS)
            latest = _among(dialect, tapping, registration.c.tag_id, ids).subquery()
            parts["top_tap"] = (
                select(latest).order_by(latest.c.tap_counter.desc(), latest.c.corrected_at.desc()).limit(1)
            )
    return parts


def _folded(around: CTE, dialect: str) -> Parts:
    """What the visits around it were folded to, and corrected to."""
    corrections = corrections_select().where(correction.c.care_system_id == CS)
    return {
        "corrections": _among(dialect, corrections, correction.c.visit_id, around),
        "visits": _among(dialect, _ours(visit), visit.c.id, around),
    }


def _there(whose: CTE, since: ColumnElement[datetime], dialect: str) -> Parts:
    """What is planned, has been done and was ordered at these customers, around that time, by any provider."""
    plan, grant, order = planned_visit.versions, care_grant.versions, care_order.current
    grants = _among(dialect, _ours(grant), grant.c.customer_id, whose).cte("grants")
    planned = _among(dialect, _ours(plan).where(plan.c.starts_at.between(since, UNTIL)), plan.c.customer_id, whose)
    near = select(planned.subquery().c.id).distinct().cte("near")
    visits = _ours(visit).where(visit.c.placed_at.between(since, UNTIL))
    return {
        "plans": _among(dialect, _ours(plan), plan.c.id, near),
        "visits_there": _among(dialect, visits, visit.c.customer_id, whose),
        "answering": _among(dialect, _ours(visit), visit.c.planned_visit_id, near),
        "orders": _among(dialect, _ours(order), order.c.grant_id, grants),
        "grants": select(grants),
    }
