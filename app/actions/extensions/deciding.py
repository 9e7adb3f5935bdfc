"""Deciding: the reviewer's decisions and questions, the provider's answers, and the requester's withdrawal."""

from __future__ import annotations

from dataclasses import dataclass

from app.actions.assessments import assess
from app.actions.calls import Answered, Call, Told
from app.actions.deviations.settle import settle_due
from app.actions.extensions.showing import answer_as_it_stands, locked
from app.rules.access import Resource, Verb
from app.rules.extensions import Act, Decision, DecisionOutcome, Extension, check_decision, move
from app.storage import extensions
from app.storage.database import Transaction
from app.storage.extensions import Note, Request
from app.storage.ids import new_id
from app.storage.judgements import Due


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What a reviewer decides."""

    outcome: DecisionOutcome
    approved_seconds: int | None
    reasons: str


def decide(call: Call, extension_id: str, judging: Judging, told: Told) -> Answered:
    """The decision is made and kept beside earlier ones; approved seconds raise the cap from now on.

    Raises Refused E3 for a step that is none and for seconds that do not fit, A1 (404), A2: the reviewer is a case
    officer of the customer's municipality, whom no provider has. Source: E3, E4, E5.
    """
    call.check(Resource.EXTENSION, Verb.DECIDE)
    with call.database.transaction() as tx:
        act = Act(judging.outcome.value)
        request = locked(tx, call, extension_id, act)
        decision = _decision(call, request.extension, judging)
        check_decision(decision, request.extension)
        _move(tx, call, request, act)
        extensions.insert_decision(tx, call.care_system_id, decision)
        if judging.outcome is DecisionOutcome.NEEDS_INFORMATION:
            _say(tx, call, extension_id, judging.reasons)
        answer = answer_as_it_stands(tx, call, extension_id, told, "extension.decided")
        settle_due(tx, call.care_system_id, [_due(request.extension)], call.now)
        assess(tx, call.care_system_id, [request.extension.customer_id], call.now)
    return answer


def _decision(call: Call, extension: Extension, judging: Judging) -> Decision:
    """The decision names its seconds also where it approves all that is asked for, so that it binds these."""
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
    """The reviewer's question is answered, and the request waits for review again. A caregiver answers for its own
    requests only. Raises Refused E3, A1 (404), A2.
    """
    call.check(Resource.EXTENSION, Verb.REQUEST)
    with call.database.transaction() as tx:
        _move(tx, call, locked(tx, call, extension_id, Act.ANSWER), Act.ANSWER)
        _say(tx, call, extension_id, text)
        return answer_as_it_stands(tx, call, extension_id, told, None)


def withdraw(call: Call, extension_id: str, told: Told) -> Answered:
    """Nobody decides on the request any more. A caregiver withdraws its own only. Raises Refused E3, A1 (404), A2."""
    call.check(Resource.EXTENSION, Verb.REQUEST)
    with call.database.transaction() as tx:
        request = locked(tx, call, extension_id, Act.WITHDRAW)
        _move(tx, call, request, Act.WITHDRAW)
        assess(tx, call.care_system_id, [request.extension.customer_id], call.now)
        return answer_as_it_stands(tx, call, extension_id, told, None)


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


def _due(extension: Extension) -> Due:
    return Due(provider_id=extension.provider_id, customer_id=extension.customer_id, month=extension.month)
