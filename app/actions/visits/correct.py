"""Corrections: made by one person, approved by another, and then part of what a visit is (V10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.actions.calls import Answered, Call, Told
from app.actions.faults import UnknownReferences
from app.actions.once import keep_answer, repeated, retried
from app.actions.records import log_read, missing
from app.actions.references import Draft
from app.actions.visits.known import look_up
from app.actions.visits.project import Change, Wider, project
from app.actions.visits.read import people_of_visits, visit_in_scope
from app.actions.visits.tell import Faces, tell_and_settle
from app.rules.access import Actor, Resource, Verb
from app.rules.refusal import Refused
from app.rules.visits.correct import check_changes, refusal_of_approval
from app.rules.visits.values import Correction, Visit
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.visits import approve_correction, corrections_of, get_correction, insert_correction
from app.storage.visits.timelines import lock_providers


@retried
def correct(call: Call, visit_id: str, draft: Draft, told: Told) -> Answered:
    """The correction is kept, pending. Raises Refused: A2, A1 (404), V10 (422); `UnknownReferences`, `KeyReused`."""
    call.check(Resource.VISIT, Verb.CORRECT)
    with call.database.transaction() as tx:
        before = repeated(tx, call)
        if before is not None:
            return before
        visit = visit_in_scope(tx, call, visit_id)
        correction = _made(call, visit_id, _completed(tx, call, draft))
        check_changes(correction.changes, visit)
        insert_correction(tx, call.care_system_id, correction, by=call.actor.id)
        answer = told.answer(correction)
        keep_answer(tx, call, answer)
    return answer


def _completed(tx: Transaction, call: Call, draft: Draft) -> dict[str, Any]:
    found = look_up(tx, call.care_system_id, [draft], call.today)
    unknown = tuple(one.pointer for one in draft.named if not found.leads(one))
    if unknown:
        raise UnknownReferences(unknown)
    return draft.complete(found.external)


def _made(call: Call, visit_id: str, fields: dict[str, Any]) -> Correction:
    if fields.pop("visit_id") not in (None, visit_id):
        raise UnknownReferences(("/visit_id",))
    return Correction(
        **fields, id=new_id(), visit_id=visit_id, made_by=call.actor.id, made_at=call.now, recorded_at=call.now
    )


def list_corrections(call: Call, visit_id: str) -> list[Correction]:
    """What has been stated of the visit, by id; the read is logged. Raises Refused: A2, A1 (404)."""
    call.check(Resource.VISIT, Verb.READ)
    with call.database.transaction() as tx:
        visit = visit_in_scope(tx, call, visit_id)
        log_read(tx, call, Resource.VISIT, people_of_visits([visit]))
        return list(corrections_of(tx, call.care_system_id, [visit_id]))


def read_correction(call: Call, visit_id: str, correction_id: str) -> Correction:
    """The correction of the visit; the read is logged. Raises Refused: A2, A1 (404)."""
    found = next((one for one in list_corrections(call, visit_id) if one.id == correction_id), None)
    if found is None:
        raise missing()
    return found


def approve(call: Call, visit_id: str, correction_id: str, faces: Faces) -> Correction:
    """The correction counts from now on, and the visit is what it comes to. Approving again changes nothing.

    Raises Refused: A2, A1 (404), V10 (409). Source: V10, FAULTS 17.
    """
    call.check(Resource.VISIT, Verb.APPROVE)
    provider_ids: frozenset[str] = frozenset()
    while True:
        try:
            with call.database.transaction() as tx:
                return _approve(tx, call, visit_id, correction_id, faces, provider_ids)
        except Wider as wider:
            provider_ids |= wider.provider_ids


def refusal_by(actor: Actor, correction: Correction, visit: Visit) -> Refused | None:
    """Why the actor may not approve the correction, None where it may. Source: V10."""
    own = {visit.caregiver_id} | ({actor.id} if actor.caregiver_id == visit.caregiver_id else set())
    return refusal_of_approval(replace(correction, approved_by=actor.id), own)


def _approve(
    tx: Transaction, call: Call, visit_id: str, correction_id: str, faces: Faces, provider_ids: frozenset[str]
) -> Correction:
    cs = call.care_system_id
    concerned = provider_ids | {visit_in_scope(tx, call, visit_id).provider_id}
    lock_providers(tx, cs, concerned)
    visit = visit_in_scope(tx, call, visit_id)
    correction = get_correction(tx, cs, correction_id)
    if correction is None or correction.visit_id != visit_id:
        raise missing()
    if correction.approved_by is not None:
        if correction.approved_by == call.actor.id:
            return correction
        raise Refused("V10", "another person has approved it already")
    approved = replace(correction, approved_by=call.actor.id, approved_at=call.now, recorded_at=call.now)
    refused = refusal_by(call.actor, correction, visit)
    if refused is not None:
        raise refused
    check_changes(correction.changes, visit)
    approve_correction(tx, cs, correction_id, by=call.actor.id, at=call.now, recorded_at=call.now)
    change = Change(provider_ids=concerned, visit_ids=frozenset([visit_id]))
    projected = project(tx, cs, change, call.now)
    tell_and_settle(tx, cs, projected, (), faces, call.now)
    return approved
