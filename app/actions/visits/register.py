"""A registration at the door: one query, the rules, one statement, where it is the usual check-in or check-out.

Whatever else it is goes the way of `record`, which holds for all. Source: ARCHITECTURE, How a check-in flows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from app.actions.access.signing_in import checked
from app.actions.faults import UnknownReferences
from app.actions.sun import keys_of, reader_of
from app.actions.visits.known import check_registers, may_register_for
from app.actions.visits.project import Projected
from app.actions.visits.record import (
    Arriving,
    Doorway,
    Registered,
    measured,
    record,
    registration_from,
    same_or_refused,
)
from app.actions.visits.show import SeenVisit
from app.actions.visits.tell import dues_of, recorded, tell_and_settle, visit_event
from app.rules.access import Actor
from app.rules.access.devices import is_at_hand
from app.rules.orders import as_held, place
from app.rules.plans import as_it_stood
from app.rules.policies import policies_of
from app.rules.recorded import known_at
from app.rules.tags import known_tags, named_tag, names_no_tag
from app.rules.visits.arrive import Doorstep, arrive, is_clean
from app.rules.visits.clock import evidence_of
from app.rules.visits.resolve import Known, by_id, resolve
from app.rules.visits.surroundings import Surroundings, surroundings
from app.rules.visits.values import Registration, RegistrationKind, Resolved, Visit
from app.storage.database import Transaction
from app.storage.events import Event
from app.storage.visits import Arrival, DoorFacts, Open, Raced, Stored, facts_for, save_registration


def register(doorway: Doorway, arriving: Arriving) -> Registered:
    """The registration is kept, once however often it is sent, and the visits are what it makes of them.

    Raises NotSignedIn; Refused A2 (403), V2 (409); `UnknownReferences`, `Taken`. Source: V1, V2, FAULTS 1-3.
    """
    care_system_id = doorway.claims.care_system_id
    if care_system_id is not None and _is_plain(arriving):
        try:
            found = _at_once(doorway, care_system_id, arriving)
        except (Raced, IntegrityError):  # somebody was before, or a key is taken: `record` tells which
            found = None
        if found is not None:
            return found
    (outcome,) = record(doorway, [arriving])
    if isinstance(outcome, Registered):
        return outcome
    raise outcome


def _is_plain(arriving: Arriving) -> bool:
    """True where it names nothing by another system's id, and no household."""
    return not any(one.external or one.pointer.startswith("/household") for one in arriving.draft.named)


def _at_once(doorway: Doorway, care_system_id: str, arriving: Arriving) -> Registered | None:
    """The registration, kept by two statements; None where it takes more. Raises `Raced` and what `register` does.

    What was read is held against what stands when it is written, so that nothing has to be locked in between.
    """
    with doorway.database.each_alone() as tx:
        found = _found(tx, doorway, care_system_id, arriving)
        if isinstance(found, _Arrived) and found.is_clean:
            save_registration(tx, care_system_id, _arrival(found, arriving, _events(found, doorway)))
    if not isinstance(found, _Arrived):
        return found
    if not found.is_clean:
        with doorway.database.transaction() as tx:
            save_registration(tx, care_system_id, _arrival(found, arriving, ()))
            tell_and_settle(tx, care_system_id, found.projected, [found.one], doorway.faces, doorway.now)
    return Registered(resolved=found.one, made=True, care_system_id=care_system_id, by=found.actor.id)


def _found(tx: Transaction, doorway: Doorway, care_system_id: str, arriving: Arriving) -> _Arrived | Registered | None:
    """What the registration comes to, or came to when it was first sent; None where more has to be read to tell."""
    now = doorway.now
    told = registration_from(arriving.draft.complete({}), now)
    if names_no_tag(told.place):
        return None
    facts = _facts(tx, doorway, care_system_id, told)
    actor = _checked(facts.actor, doorway)
    if actor.care_system_id != care_system_id:
        return None
    if not is_at_hand(actor, told.caregiver_id, evidence_of(told)[1]):
        return None
    if facts.stored is not None:
        return _repeated(facts.stored, arriving, care_system_id)
    _check_references(facts, told, actor)
    one = resolve(measured(told, actor), _known(facts, doorway))
    around = _around(facts, now)
    visit = arrive(one, _doorstep(facts, around), now)
    return None if visit is None else _Arrived(one=one, visit=visit, facts=facts, around=around, actor=actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrived:
    """A registration that touches one visit only, what was known, and whose it is."""

    one: Resolved
    visit: Visit
    facts: DoorFacts
    around: Surroundings
    actor: Actor

    @property
    def is_check_in(self) -> bool:
        return self.one.registration.kind is RegistrationKind.CHECK_IN

    @property
    def is_tap(self) -> bool:
        """True for a cryptographic tap: of two at one tag at once only one can be written unseen by the other. D21."""
        return self.one.reading.counter is not None

    @property
    def is_clean(self) -> bool:
        """True for a check-in of which there is nothing to judge at once: the next sweep does. Source: ours."""
        return self.is_check_in and is_clean(self.one)

    @property
    def afterwards(self) -> Open:
        """What the caregiver has open now, and how far its timeline reaches. Source: V6."""
        moments = [self.one.at, *(end.at for end in self.visit.ends)]
        if self.is_check_in:
            return Open(visit_id=self.visit.id, since=self.one.at, latest=max(moments))
        return Open(latest=max(moments))

    @property
    def projected(self) -> Projected:
        """The one visit, as it was and as it is."""
        before = {one.id: one for one in self.facts.visits if one.id == self.visit.id}
        return Projected(before=before, after={self.visit.id: self.visit}, around=self.around)


def _facts(tx: Transaction, doorway: Doorway, care_system_id: str, told: Registration) -> DoorFacts:
    tag_id, uid = named_tag(told.place)
    return facts_for(
        tx,
        care_system_id,
        told,
        subject=doorway.claims.subject,
        actor_id=doorway.claims.actor_id,
        session_id=doorway.claims.session_id,
        at=told.stated_at or evidence_of(told)[1],
        tag_id=tag_id,
        tag_uid=uid,
    )


def _checked(actor: Actor | None, doorway: Doorway) -> Actor:
    found = checked(actor, doorway.claims)
    check_registers(found)
    return found


def _repeated(kept: Stored, arriving: Arriving, care_system_id: str) -> Registered:
    outcome = same_or_refused(arriving.content_hash, kept, care_system_id)
    if isinstance(outcome, Registered):
        return outcome
    raise outcome


def _check_references(facts: DoorFacts, told: Registration, actor: Actor) -> None:
    """Returns where everything named is there. Raises `UnknownReferences`."""
    leads = {
        "/caregiver_id": facts.caregiver is not None and may_register_for(actor, facts.caregiver),
        "/customer_id": told.customer_id is None or told.customer_id in {one.id for one in facts.customers},
        "/planned_visit_id": told.planned_visit_id is None or bool(facts.named_plan),
    }
    unknown = tuple(pointer for pointer, there in leads.items() if not there)
    if unknown:
        raise UnknownReferences(unknown)


def _known(facts: DoorFacts, doorway: Doorway) -> Known:
    return Known(
        caregivers=by_id([] if facts.caregiver is None else [facts.caregiver]),
        customers=by_id(facts.customers),
        planned_visits=by_id(facts.named_plan),
        tags=known_tags(facts.tags, keys_of(doorway.settings), reader_of(doorway.settings)),
        policies=policies_of(facts.policies),
    )


def _around(facts: DoorFacts, now: datetime) -> Surroundings:
    plans = {(one.id, one.version): one for one in (*facts.plans, *facts.named_plan)}
    return surroundings(
        as_it_stood(plans.values(), now),
        place(known_at(facts.orders, now), as_held(one for one in facts.grants if one.recorded_at <= now)),
        policies_of(known_at(facts.policies, now)),
        {one.id: one.municipality for one in facts.customers},
    )


def _doorstep(facts: DoorFacts, around: Surroundings) -> Doorstep:
    found = () if facts.around is None else facts.around.registrations
    opened = next((visit for visit in facts.visits if visit.id == facts.open.visit_id), None)
    its = () if opened is None else tuple(row for row in found if row.id in opened.registration_ids)
    whole = opened is not None and len(its) == len(opened.registration_ids) and facts.around is not None
    return Doorstep(
        latest=facts.open.latest,
        open_id=facts.open.visit_id,
        open_visit=opened if whole else None,
        its=its,
        corrected=bool(facts.corrections),
        named=facts.named,
        later_in_boot=facts.later_in_boot,
        check_in_of_boot=facts.check_in_of_boot,
        visits_there=facts.visits_there,
        around=around,
        seen=facts.seen,
        top_tap=facts.top_tap,
    )


def _arrival(arrived: _Arrived, arriving: Arriving, told: tuple[Event, ...]) -> Arrival:
    """What is written of it."""
    customer_id = arrived.one.customer_id if arrived.is_check_in or arrived.is_tap else None
    return Arrival(
        resolved=arrived.one,
        content_hash=arriving.content_hash,
        by=arrived.actor.id,
        seen=arrived.facts.open,
        afterwards=arrived.afterwards,
        door_customer_id=customer_id,
        seen_door=arrived.facts.doors.get(customer_id or "", 0),
        visits=(arrived.visit,),
        events=told,
        due=tuple(sorted(dues_of([arrived.visit]))),
    )


def _events(arrived: _Arrived, doorway: Doorway) -> tuple[Event, Event]:
    """What a clean check-in tells: that it is kept, and that a visit is open, of which nothing is to be said yet."""
    faces, now = doorway.faces, doorway.now
    seen = SeenVisit(visit=arrived.visit)
    return (
        recorded(arrived.one, arrived.around, faces, now),
        visit_event("visit.opened", seen, arrived.around, faces, now),
    )
