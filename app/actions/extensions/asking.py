"""Asking: a request as a whole, one right at check-out in two fields, and what somebody completes in it."""

from __future__ import annotations

from dataclasses import replace

from app.actions.assessments import assess
from app.actions.calls import Answered, Call, Told
from app.actions.extensions.showing import answer_as_it_stands, locked, show, tell
from app.actions.faults import UnknownReferences
from app.actions.once import keep_answer, repeated, retried
from app.actions.records import missing
from app.actions.references import Draft, Named, completed, look_up
from app.actions.taken import telling_taken
from app.rules.access import Resource, Verb, check_within
from app.rules.extensions import (
    Act,
    Amended,
    Completion,
    Extension,
    ExtensionCause,
    ExtensionState,
    amend,
    check_extension,
    is_about,
    move,
    needed_after,
)
from app.rules.plans import PlannedVisit
from app.rules.providers import Service
from app.rules.visits.values import Visit
from app.storage import extensions
from app.storage.completions import insert_completion
from app.storage.database import Transaction
from app.storage.extensions import Request
from app.storage.ids import new_id
from app.storage.plans import PLANNED_VISIT
from app.storage.records import get_many
from app.storage.visits import get_visit, get_visits


@retried
def request_extension(call: Call, draft: Draft, told: Told) -> Answered:
    """The request is made, to be reviewed. Raises Refused E1, E2, A1, A2, and `UnknownReferences`."""
    call.check(Resource.EXTENSION, Verb.REQUEST)
    with telling_taken("extension"), call.database.transaction() as tx:
        before = repeated(tx, call)
        if before is not None:
            return before
        named = tuple(one for one in draft.named if not _is_known(call, one))
        fields = completed(replace(draft, named=named), look_up(tx, call, named))
        made = {"id": new_id(), "recorded_at": call.now, "requested_by": call.actor.id, "requested_at": call.now}
        return _made(tx, call, Extension(**{**fields, **made}), told)


@retried
def request_for_visit(call: Call, visit_id: str, cause: ExtensionCause, justification: str, told: Told) -> Answered:
    """A request is made right at check-out: all but its cause and justification is what the visit tells.

    A caregiver asks for its own visits, a coordinator for its provider's. Raises Refused E1, E2, A1 (404), A2.
    """
    call.check(Resource.EXTENSION, Verb.REQUEST)
    with call.database.transaction() as tx:
        before = repeated(tx, call)
        if before is not None:
            return before
        visit = get_visit(tx, call.care_system_id, visit_id, scope=call.scope(Resource.VISIT), today=call.today)
        if visit is None:
            raise missing()
        needed = needed_after(visit, _planned(tx, call, visit))
        extension = Extension(
            id=new_id(),
            recorded_at=call.now,
            provider_id=visit.provider_id,
            customer_id=needed.customer_id,
            service=Service.PERSONAL_CARE,
            month=needed.month,
            requested_seconds=needed.seconds,
            cause=cause,
            justification=justification,
            requested_by=call.actor.id,
            requested_at=call.now,
            visit_ids=(visit.id,),
        )
        return _made(tx, call, extension, told)


def _planned(tx: Transaction, call: Call, visit: Visit) -> PlannedVisit | None:
    name = visit.planned_visit_id
    return None if name is None else get_many(tx, PLANNED_VISIT, call.care_system_id, [name]).get(name)


def _made(tx: Transaction, call: Call, extension: Extension, told: Told) -> Answered:
    _check_ours(call, extension)
    check_extension(extension)
    _check_visits(tx, call, extension)
    state = ExtensionState.REQUESTED
    extensions.insert_extension(tx, call.care_system_id, extension, state=state, by=call.actor.id)
    assess(tx, call.care_system_id, [extension.customer_id], call.now)
    shown = show(tx, call, [Request(extension=extension, state=state)])[0]
    tell(tx, call, "extension.requested", shown, told)
    answer = told.answer(shown)
    keep_answer(tx, call, answer)
    return answer


def complete(call: Call, extension_id: str, wanted: Amended, told: Told) -> Answered:
    """What is stated is so in the request from now on, and what it was before is kept; nobody has decided on it yet.

    By a coordinator of its provider. Raises Refused E2, E3, A1 (404), A2, and `UnknownReferences`.
    """
    call.check(Resource.EXTENSION, Verb.REQUEST)
    with call.database.transaction() as tx:
        request = locked(tx, call, extension_id, Act.COMPLETE)
        move(request.state, Act.COMPLETE)
        before, after = amend(request.extension, wanted)
        made = Completion(
            id=new_id(), extension_id=extension_id, by=call.actor.id, at=call.now, before=before, after=after
        )
        insert_completion(tx, call.care_system_id, made)
        found = extensions.get_extension(tx, call.care_system_id, extension_id)
        if found is None:
            raise missing()
        _check_visits(tx, call, found.extension)
        assess(tx, call.care_system_id, [found.extension.customer_id], call.now)
        return answer_as_it_stands(tx, call, extension_id, told, "extension.requested")


def _is_known(call: Call, one: Named) -> bool:
    """True for the asker's own provider, which it may not read otherwise, and for visits, which are looked at apart."""
    own = one.resource is Resource.PROVIDER and not one.external and one.id == call.actor.provider_id
    return own or one.resource is Resource.VISIT


def _check_ours(call: Call, extension: Extension) -> None:
    caregivers = [call.actor.caregiver_id] if call.actor.caregiver_id else []
    check_within(
        call.scope(Resource.EXTENSION),
        care_system_id=call.care_system_id,
        provider_ids=[extension.provider_id],
        caregiver_ids=caregivers,
    )


def _check_visits(tx: Transaction, call: Call, extension: Extension) -> None:
    """Refuses visits that are not the provider's at the customer in the month. Source: E2."""
    known = get_visits(tx, call.care_system_id, extension.visit_ids)
    unknown = [
        f"/visit_ids/{position}"
        for position, visit_id in enumerate(extension.visit_ids)
        if visit_id not in known or not is_about(known[visit_id], extension)
    ]
    if unknown:
        raise UnknownReferences(tuple(unknown))
