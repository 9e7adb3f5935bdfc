"""Temporary extensions: asked for, asked about, answered, decided, withdrawn (E1–E6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.actions.calls import Answered, Call, Told
from app.actions.deviations.settle import settle_due
from app.actions.faults import UnknownReferences
from app.actions.once import keep_answer, repeated, retried
from app.actions.people import customers_seen
from app.actions.records import log_read, missing
from app.actions.references import Draft, Named, completed, look_up
from app.actions.taken import telling_taken
from app.rules.access import Resource, Role, Verb, check_within
from app.rules.extensions import (
    Act,
    Decision,
    DecisionOutcome,
    Extension,
    ExtensionState,
    check_decision,
    check_extension,
    is_late,
    move,
)
from app.rules.policies import Policies, policies_of
from app.rules.time import local_day, local_month
from app.rules.visits.values import Visit
from app.storage import extensions, policies
from app.storage.database import Transaction
from app.storage.events import Event, append
from app.storage.extensions import Note, Request
from app.storage.ids import new_id
from app.storage.judgements import Due
from app.storage.people import CUSTOMER
from app.storage.records import get_many
from app.storage.visits import get_visits


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A request as it stands: `late` was asked too long after, `overdue` has waited too long for review. Source: E6."""

    request: Request
    late: bool
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What a reviewer decides."""

    outcome: DecisionOutcome
    approved_seconds: int | None
    reasons: str


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
        extension = Extension(**{**fields, **made})
        _check_ours(call, extension)
        check_extension(extension)
        _check_visits(tx, call, extension)
        extensions.insert_extension(
            tx, call.care_system_id, extension, state=ExtensionState.REQUESTED, by=call.actor.id
        )
        shown = _shown(tx, call, [Request(extension=extension, state=ExtensionState.REQUESTED)])[0]
        _tell(tx, call, "extension.requested", shown, told)
        answer = told.answer(shown)
        keep_answer(tx, call, answer)
    return answer


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
        if visit_id not in known or not _is_of(known[visit_id], extension)
    ]
    if unknown:
        raise UnknownReferences(tuple(unknown))


def _is_of(visit: Visit, extension: Extension) -> bool:
    customers = {visit.customer_id, *(one.customer_id for one in visit.household)}
    months = {local_month(moment) for moment in (visit.starts_at, visit.ends_at) if moment is not None}
    ours = visit.provider_id == extension.provider_id
    return ours and extension.customer_id in customers and extension.month in months


def decide(call: Call, extension_id: str, judging: Judging, told: Told) -> Answered:
    """The decision is made and kept beside earlier ones; approved seconds raise the cap from now on.

    Raises Refused E3 for a step that is none and for seconds that do not fit, A1 (404), A2: the reviewer is a case
    officer of the customer's municipality, whom no provider has. Source: E3, E4, E5.
    """
    call.check(Resource.EXTENSION, Verb.DECIDE)
    with call.database.transaction() as tx:
        request = _locked(tx, call, extension_id)
        decision = _decision(call, request.extension, judging)
        check_decision(decision, request.extension)
        _move(tx, call, request, Act(judging.outcome.value))
        extensions.insert_decision(tx, call.care_system_id, decision)
        if judging.outcome is DecisionOutcome.NEEDS_INFORMATION:
            _say(tx, call, extension_id, judging.reasons)
        answer = _answer(tx, call, extension_id, told, "extension.decided")
        settle_due(tx, call.care_system_id, [_due(request.extension)], call.now)
    return answer


def _decision(call: Call, extension: Extension, judging: Judging) -> Decision:
    """All that was asked is named where all is approved."""
    whole = judging.outcome is DecisionOutcome.APPROVED and judging.approved_seconds is None
    return Decision(
        id=new_id(),
        recorded_at=call.now,
        extension_id=extension.id,
        outcome=judging.outcome,
        approved_seconds=extension.requested_seconds if whole else judging.approved_seconds,
        reasons=judging.reasons,
        reviewer=call.actor.id,
        decided_at=call.now,
    )


def answer_question(call: Call, extension_id: str, text: str, told: Told) -> Answered:
    """The reviewer's question is answered, and the request waits for review again. Raises Refused E3, A1, A2."""
    call.check(Resource.EXTENSION, Verb.REQUEST)
    with call.database.transaction() as tx:
        _move(tx, call, _locked(tx, call, extension_id), Act.ANSWER)
        _say(tx, call, extension_id, text)
        return _answer(tx, call, extension_id, told, None)


def withdraw(call: Call, extension_id: str, told: Told) -> Answered:
    """Nobody decides on the request any more. A caregiver withdraws its own only. Raises Refused E3, A1, A2."""
    call.check(Resource.EXTENSION, Verb.REQUEST)
    with call.database.transaction() as tx:
        request = _locked(tx, call, extension_id)
        if call.actor.role is Role.CAREGIVER and request.extension.requested_by != call.actor.id:
            raise missing()
        _move(tx, call, request, Act.WITHDRAW)
        return _answer(tx, call, extension_id, told, None)


def read(call: Call, extension_id: str) -> Shown:
    """The request as it stands; the read is logged. Raises Refused A1 (404), A2."""
    call.check(Resource.EXTENSION, Verb.READ)
    with call.database.transaction() as tx:
        scope = call.scope(Resource.EXTENSION)
        found = extensions.get_extension(tx, call.care_system_id, extension_id, scope=scope, today=call.today)
        if found is None:
            raise missing()
        _log(tx, call, [found])
        return _shown(tx, call, [found])[0]


def list_extensions(call: Call, filters: Mapping[str, object], after: str | None, limit: int) -> list[Shown]:
    """Up to `limit` requests within the scope, by id; the reads are logged. Raises Refused A2."""
    call.check(Resource.EXTENSION, Verb.READ)
    with call.database.transaction() as tx:
        scope = call.scope(Resource.EXTENSION)
        found = extensions.extensions_of(
            tx,
            call.care_system_id,
            scope=scope,
            today=call.today,
            after=after,
            limit=limit,
            **filters,  # type: ignore[arg-type]
        )
        _log(tx, call, found)
        return _shown(tx, call, found)


def _log(tx: Transaction, call: Call, found: Collection[Request]) -> None:
    log_read(tx, call, Resource.EXTENSION, customers_seen(one.extension.customer_id for one in found))


def _locked(tx: Transaction, call: Call, extension_id: str) -> Request:
    """The request, which nobody else moves until the transaction ends: of two who decide the second sees the first."""
    found = extensions.get_extension(
        tx, call.care_system_id, extension_id, scope=call.scope(Resource.EXTENSION), today=call.today, lock=True
    )
    if found is None:
        raise missing()
    return found


def _move(tx: Transaction, call: Call, request: Request, act: Act) -> None:
    after = move(request.state, act)
    extensions.move_extension(
        tx,
        call.care_system_id,
        request.extension.id,
        before=request.state,
        after=after,
        at=call.now,
        by=call.actor.id,
    )


def _say(tx: Transaction, call: Call, extension_id: str, text: str) -> None:
    note = Note(id=new_id(), extension_id=extension_id, by=call.actor.id, at=call.now, text=text)
    extensions.insert_note(tx, call.care_system_id, note)


def _answer(tx: Transaction, call: Call, extension_id: str, told: Told, event: str | None) -> Answered:
    request = extensions.get_extension(tx, call.care_system_id, extension_id)
    if request is None:
        raise missing()
    shown = _shown(tx, call, [request])[0]
    if event is not None:
        _tell(tx, call, event, shown, told)
    return told.answer(shown)


def _tell(tx: Transaction, call: Call, event: str, shown: Shown, told: Told) -> None:
    extension = shown.request.extension
    customer = get_many(tx, CUSTOMER, call.care_system_id, [extension.customer_id])[extension.customer_id]
    happened = Event(
        at=call.now,
        type=event,
        resource_type="extension",
        resource_id=extension.id,
        external_id=extension.external_id,
        provider_id=extension.provider_id,
        municipality=customer.municipality,
        data=told.dump(shown),
    )
    append(tx, call.care_system_id, [happened])


def _due(extension: Extension) -> Due:
    return Due(provider_id=extension.provider_id, customer_id=extension.customer_id, month=extension.month)


def _shown(tx: Transaction, call: Call, requests: Collection[Request]) -> list[Shown]:
    """The requests with what the policies say of their time. Source: E6."""
    if not requests:
        return []
    cs = call.care_system_id
    visits = get_visits(tx, cs, {name for one in requests for name in one.extension.visit_ids})
    customers = get_many(tx, CUSTOMER, cs, {one.extension.customer_id for one in requests})
    rules = policies_of(policies.policies_of(tx, cs))
    return [
        _judged(one, visits, customers[one.extension.customer_id].municipality, rules, call.now) for one in requests
    ]


def _judged(request: Request, visits: Mapping[str, Visit], municipality: str, rules: Policies, now: datetime) -> Shown:
    extension = request.extension
    day = _last_day(extension, visits)
    within = rules.number("extension_asked_within_days", municipality, day)
    reviewed = rules.number("extension_reviewed_within_days", municipality, local_day(extension.requested_at))
    waits = request.state in (ExtensionState.REQUESTED, ExtensionState.NEEDS_INFORMATION)
    asked_now = replace(extension, requested_at=now)
    return Shown(
        request=request,
        late=is_late(extension, day, within),
        overdue=waits and is_late(asked_now, local_day(extension.requested_at), reviewed),
    )


def _last_day(extension: Extension, visits: Mapping[str, Visit]) -> date:
    """The last of its days, or of its visits' days."""
    of_visits = [local_day(visits[name].placed_at) for name in extension.visit_ids if name in visits]
    return max([*extension.days, *of_visits], default=local_day(extension.requested_at))
