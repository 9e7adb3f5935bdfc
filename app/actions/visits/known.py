"""What registrations are resolved with: the master data that they name, as they were known when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.actions.faults import UnknownReferences
from app.actions.references import Draft, Named
from app.actions.sun import keys_of, reader_of
from app.rules.access import Actor, Permission, Resource, Scope, Verb, check_may, scope_of
from app.rules.people import Caregiver
from app.rules.policies import policies_of as asked_by_name
from app.rules.tags import Tag, known_tags, named_tag, names_no_tag
from app.rules.visits.resolve import Known, by_id
from app.rules.visits.values import Registration
from app.settings import Settings
from app.storage.database import Transaction
from app.storage.people import CAREGIVER, CUSTOMER
from app.storage.placements import named as find_named
from app.storage.plans import PLANNED_VISIT
from app.storage.policies import policies_of
from app.storage.records import Master, versions
from app.storage.statements import among
from app.storage.tables.tags import tag
from app.storage.tags import TAG, sun_tags

_MASTERS: Mapping[Resource, Master[Any]] = {
    Resource.CUSTOMER: CUSTOMER,
    Resource.CAREGIVER: CAREGIVER,
    Resource.PLANNED_VISIT: PLANNED_VISIT,
}
"""What must be there where it is named. A visit need not: its check-in may come later. Source: V1, FAULTS 5."""

MOST_TRIED = 200
"""So many cryptographic tags are tried where a text names none. Source: our decision."""

CREATE = Permission(Resource.REGISTRATION, Verb.CREATE)


def check_registers(actor: Actor) -> None:
    """Returns where the actor's role may register; Refused A2 (403) otherwise."""
    check_may(actor, CREATE)


def may_register_for(actor: Actor, caregiver: Caregiver) -> bool:
    """True where the caregiver is the one signed in, or of the provider that a client measures for. Source: A1, V17.

    An enrolled phone delivers for whoever of its provider; who was signed in there then is asked by `is_captured_by`.
    """
    scope = scope_of(actor, Resource.REGISTRATION)
    own = actor.device_id is not None or scope.caregiver_id in (None, caregiver.id)
    return own and scope.provider_id in (None, caregiver.provider_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Which of the names in some registrations lead somewhere in the care system."""

    own: Mapping[Resource, frozenset[str]]
    external: Mapping[tuple[str, str], str]
    caregivers: Mapping[str, Caregiver]

    def leads(self, one: Named) -> bool:
        """True where the name leads somewhere, or need not."""
        return one.resource not in _MASTERS or self.own_id(one) in self.own.get(one.resource, ())

    def own_id(self, one: Named) -> str | None:
        """Our id of what is named."""
        return self.external.get((one.resource.value, one.id)) if one.external else one.id


def look_up(tx: Transaction, care_system_id: str, drafts: Iterable[Draft], today: date) -> Found:
    """What the drafts name, found anywhere in the care system: at the door a wrong customer is recorded too (V1)."""
    wanted = {one for draft in drafts for one in draft.named if one.resource in _MASTERS}
    everywhere = Scope(
        care_system_id=care_system_id, municipality=None, provider_id=None, caregiver_id=None, with_names=False
    )
    own: dict[Resource, frozenset[str]] = {}
    external: dict[tuple[str, str], str] = {}
    caregivers: dict[str, Caregiver] = {}
    for resource, master in _MASTERS.items():
        found = find_named(
            tx,
            master,
            care_system_id,
            ids={one.id for one in wanted if one.resource is resource and not one.external},
            external_ids={one.id for one in wanted if one.resource is resource and one.external},
            scope=everywhere,
            today=today,
        )
        own[resource] = frozenset(value.id for value in found)
        external |= {(resource.value, value.external_id): value.id for value in found if value.external_id is not None}
        if resource is Resource.CAREGIVER:
            caregivers = {value.id: value for value in found}
    return Found(own=own, external=external, caregivers=caregivers)


def unknown_of(draft: Draft, known: Found, actor: Actor) -> tuple[str, ...]:
    """The pointers of what the draft names and is not there, or is a caregiver for whom the actor may not register."""
    return tuple(one.pointer for one in draft.named if not _may_be_named(one, known, actor))


def _may_be_named(one: Named, known: Found, actor: Actor) -> bool:
    if not known.leads(one) or one.resource is not Resource.CAREGIVER:
        return known.leads(one)
    return may_register_for(actor, known.caregivers[str(known.own_id(one))])


def completed(draft: Draft, known: Found, actor: Actor) -> dict[str, Any]:
    """The registration's fields with ids of ours alone. Raises `UnknownReferences`."""
    unknown = unknown_of(draft, known, actor)
    if unknown:
        raise UnknownReferences(unknown)
    return draft.complete(known.external)


def known_for(
    tx: Transaction, care_system_id: str, registrations: Collection[Registration], settings: Settings
) -> Known:
    """All versions of what these registrations name, by id. A few queries however many they are. Source: V5."""
    caregivers = {one.caregiver_id for one in registrations}
    plan_ids = {one.planned_visit_id for one in registrations if one.planned_visit_id is not None}
    plans = versions(tx, PLANNED_VISIT, care_system_id, plan_ids) if plan_ids else ()
    tags = _tags(tx, care_system_id, registrations)
    customers = {one.customer_id for one in registrations if one.customer_id is not None}
    customers |= {one.customer_id for one in plans} | {one.customer_id for one in tags}
    customers |= {share.customer_id for one in registrations for share in one.household}
    return Known(
        caregivers=by_id(versions(tx, CAREGIVER, care_system_id, caregivers)),
        customers=by_id(versions(tx, CUSTOMER, care_system_id, customers) if customers else ()),
        planned_visits=by_id(plans),
        tags=known_tags(tags, keys_of(settings), reader_of(settings)),
        policies=asked_by_name(policies_of(tx, care_system_id)),
    )


def _tags(tx: Transaction, care_system_id: str, registrations: Collection[Registration]) -> tuple[Tag, ...]:
    names = [named_tag(one.place) for one in registrations]
    ids = {key for key, _ in names if key is not None}
    uids = {uid for _, uid in names if uid is not None}
    found: dict[tuple[str, int], Tag] = {}
    if ids:
        found |= {(one.id, one.version): one for one in versions(tx, TAG, care_system_id, ids)}
    if uids:
        table = tag.versions
        of_uids = {one.id for one in versions(tx, TAG, care_system_id, conditions=[among(tx, table.c.uid, uids)])}
        found |= {(one.id, one.version): one for one in versions(tx, TAG, care_system_id, of_uids)}
    if any(names_no_tag(one.place) for one in registrations):
        found |= {(one.id, one.version): one for one in sun_tags(tx, care_system_id, MOST_TRIED)}
    return tuple(found.values())
