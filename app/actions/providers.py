"""Care systems, their municipalities, providers, and who is accredited for what."""

from __future__ import annotations

from dataclasses import dataclass

from app.actions.calls import Answered, Call, Told
from app.actions.faults import ChangedMeanwhile, Unfit
from app.actions.marks import mark_everyone
from app.actions.once import retried
from app.actions.records import Subject, Writing, missing, of_nobody
from app.actions.references import Draft
from app.actions.taken import telling_taken
from app.rules.access import Resource, Verb
from app.rules.providers import Accreditation, CareSystem, Provider
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.providers import ACCREDITATION, CARE_SYSTEM, PROVIDER, care_systems
from app.storage.records import get, insert, replace_version

PROVIDERS = Subject(resource=Resource.PROVIDER, master=PROVIDER, makes=Provider, persons=of_nobody)


@dataclass(frozen=True, slots=True, kw_only=True)
class Municipality:
    """Kommun: a principal of the care system, known by SCB's code."""

    care_system_id: str
    code: str


def municipalities_of(tx: Transaction, care_system_id: str) -> tuple[str, ...]:
    """SCB's codes of those that share the care system."""
    found = get(tx, CARE_SYSTEM, care_system_id, care_system_id)
    return () if found is None else found.municipalities


def check_municipality(tx: Transaction, call: Call, resource: Resource, code: str | None) -> None:
    """Returns where the code is None or one of the care system's within the scope; raises `Unfit` otherwise.

    A foreign one and one that is none are told alike. Source: A1.
    """
    if code is None:
        return
    limit = call.scope(resource).municipality
    if code not in municipalities_of(tx, call.care_system_id) or limit not in (None, code):
        raise Unfit("/municipality", "No municipality within your scope has this code.")


def _check_accreditation(writing: Writing[Accreditation]) -> None:
    check_municipality(writing.tx, writing.call, Resource.ACCREDITATION, writing.value.municipality)


def _judge_again(writing: Writing[Accreditation]) -> None:
    for one in (writing.before, writing.value):
        if one is not None:
            mark_everyone(
                writing.tx,
                writing.call,
                (one.valid_from, one.valid_before),
                municipality=one.municipality,
                provider_id=one.provider_id,
            )


ACCREDITATIONS = Subject(
    resource=Resource.ACCREDITATION,
    master=ACCREDITATION,
    makes=Accreditation,
    persons=of_nobody,
    check=_check_accreditation,
    then=_judge_again,
)


@retried
def create_care_system(call: Call, draft: Draft, told: Told) -> Answered:
    """A new tenant stands, its id its own `care_system_id`. Raises Refused A2, `Taken`."""
    call.check(Resource.CARE_SYSTEM, Verb.CREATE)
    value = CareSystem(**draft.complete({}), id=new_id(), recorded_at=call.now)
    with telling_taken(CARE_SYSTEM.tables.name), call.database.transaction() as tx:
        insert(tx, CARE_SYSTEM, value.id, value, by=call.actor.id)
    return told.answer(value)


def replace_care_system(call: Call, care_system_id: str, version: int, draft: Draft, told: Told) -> Answered:
    """The care system is the version after `version`. Raises Refused A2, A1 (404), `ChangedMeanwhile`, `Taken`."""
    call.check(Resource.CARE_SYSTEM, Verb.REPLACE)
    value = CareSystem(**draft.complete({}), id=care_system_id, recorded_at=call.now)
    with telling_taken(CARE_SYSTEM.tables.name), call.database.transaction() as tx:
        _found(tx, call, care_system_id)
        kept = replace_version(tx, CARE_SYSTEM, care_system_id, value, expected_version=version, by=call.actor.id)
        if kept is None:
            raise ChangedMeanwhile
    return told.answer(kept)


def read_care_system(call: Call, care_system_id: str) -> CareSystem:
    """The care system as it stands. Raises Refused A2, A1 (404)."""
    call.check(Resource.CARE_SYSTEM, Verb.READ)
    with call.database.transaction(write=False) as tx:
        return _found(tx, call, care_system_id)


def list_care_systems(call: Call, after: str | None, limit: int) -> tuple[list[CareSystem], bool]:
    """Those within the scope, by id, and whether there are more. Raises Refused A2."""
    call.check(Resource.CARE_SYSTEM, Verb.READ)
    own = call.scope(Resource.CARE_SYSTEM).care_system_id
    with call.database.transaction(write=False) as tx:
        found = care_systems(tx, care_system_id=own, after=after, limit=limit + 1)
    return list(found[:limit]), len(found) > limit


def list_municipalities(call: Call, after: list[str] | None, limit: int) -> list[Municipality]:
    """Up to `limit` of the care systems within the scope, by code, after that key. Raises Refused A2."""
    call.check(Resource.MUNICIPALITY, Verb.READ)
    own = call.scope(Resource.MUNICIPALITY).care_system_id
    with call.database.transaction(write=False) as tx:
        found = care_systems(tx, care_system_id=own, limit=1_000)
    pairs = [Municipality(care_system_id=one.id, code=code) for one in found for code in one.municipalities]
    return sorted((one for one in pairs if after is None or municipality_key(one) > after), key=municipality_key)[
        :limit
    ]


def municipality_key(one: Municipality) -> list[str]:
    """What it stands by in the list."""
    return [one.code, one.care_system_id]


def _found(tx: Transaction, call: Call, care_system_id: str) -> CareSystem:
    scope = call.scope(Resource.CARE_SYSTEM)
    found = get(tx, CARE_SYSTEM, care_system_id, care_system_id, scope=scope)
    if found is None:
        raise missing()
    return found
