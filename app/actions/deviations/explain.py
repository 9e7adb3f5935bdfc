"""Explanations and verdicts: said once, kept, and judged by at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.actions.calls import Answered, Call
from app.actions.deviations.read import log
from app.actions.deviations.settle import settle_due
from app.actions.deviations.standing import found_of
from app.actions.faults import UnknownReferences
from app.actions.once import keep_answer, repeated, retried
from app.actions.records import missing
from app.rules.access import Resource, Verb
from app.rules.deviations.reconcile import check_explainable
from app.rules.deviations.values import VerdictOutcome
from app.storage.deviations import Deviation, get_deviations
from app.storage.explanations import (
    Explained,
    Judged,
    get_explanation,
    insert_explanation,
    insert_verdict,
    page_of_explanations,
)
from app.storage.ids import new_id
from app.storage.judgements import NOBODY, Due

Answer = Callable[[Explained], Answered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """The provider's reason for several deviations of one kind."""

    deviation_ids: tuple[str, ...]
    reason: str
    note: str


@retried
def explain(call: Call, said: Reason, answer: Answer) -> Answered:
    """The deviations are explained, to be accepted or rejected. Source: RULEBOOK D.

    Raises `UnknownReferences`, and Refused for several kinds at once, for what has cleared or was accepted, and A2.
    """
    call.check(Resource.DEVIATION, Verb.EXPLAIN)
    cs = call.care_system_id
    with call.database.transaction() as tx:
        before = repeated(tx, call)
        if before is not None:
            return before
        rows = get_deviations(tx, cs, said.deviation_ids, scope=call.scope(Resource.DEVIATION), lock=True)
        unknown = [f"/deviation_ids/{at}" for at, one in enumerate(said.deviation_ids) if one not in rows]
        if unknown:
            raise UnknownReferences(tuple(unknown))
        check_explainable([(found_of(row), row.state) for row in rows.values()])
        explained = _explained(call, said, next(iter(rows.values())))
        insert_explanation(tx, cs, explained, facts={key: row.facts for key, row in rows.items()})
        settle_due(tx, cs, _dues(rows.values()), call.now, by=call.actor.id)
        log(tx, call, tuple(rows.values()))
        answered = answer(explained)
        keep_answer(tx, call, answered)
    return answered


def _explained(call: Call, said: Reason, one: Deviation) -> Explained:
    return Explained(
        id=new_id(),
        provider_id=one.provider_id,
        rule=one.rule,
        reason=said.reason,
        note=said.note,
        by=call.actor.id,
        recorded_at=call.now,
        deviation_ids=said.deviation_ids,
    )


def _dues(rows: Iterable[Deviation]) -> list[Due]:
    return [
        Due(provider_id=row.provider_id, customer_id=row.customer_id or NOBODY, month=row.period)
        for row in rows
        if row.period is not None
    ]


def judge(call: Call, explanation_id: str, outcome: VerdictOutcome, note: str | None, answer: Answer) -> Answered:
    """The explanation is accepted or rejected, bound to the facts that its deviations show now. Source: RULEBOOK D.

    An earlier verdict stays and counts no more. Raises Refused A1 (404) where a deviation of it is out of scope, A2.
    """
    call.check(Resource.DEVIATION, Verb.JUDGE)
    cs, scope = call.care_system_id, call.scope(Resource.DEVIATION)
    with call.database.transaction() as tx:
        explained = get_explanation(tx, cs, explanation_id, scope=scope)
        if explained is None:
            raise missing()
        rows = get_deviations(tx, cs, explained.deviation_ids, scope=scope, lock=True)
        verdict = Judged(
            id=new_id(),
            explanation_id=explanation_id,
            outcome=outcome,
            by=call.actor.id,
            at=call.now,
            recorded_at=call.now,
            note=note,
            bound_facts={key: found_of(row).bound_facts for key, row in rows.items()},
        )
        insert_verdict(tx, cs, verdict)
        settle_due(tx, cs, _dues(rows.values()), call.now, by=call.actor.id)
        log(tx, call, tuple(rows.values()))
        judged = get_explanation(tx, cs, explanation_id)
    return answer(judged or explained)


def read_explanation(call: Call, explanation_id: str) -> Explained:
    """The explanation with its newest verdict; the read is logged. Raises Refused A1 (404), A2."""
    call.check(Resource.DEVIATION, Verb.READ)
    cs, scope = call.care_system_id, call.scope(Resource.DEVIATION)
    with call.database.transaction() as tx:
        found = get_explanation(tx, cs, explanation_id, scope=scope)
        if found is None:
            raise missing()
        log(tx, call, tuple(get_deviations(tx, cs, found.deviation_ids, scope=scope).values()))
    return found


def list_explanations(call: Call, provider_id: str | None, after: str | None, limit: int) -> list[Explained]:
    """Up to `limit` explanations within the scope, by id; the reads are logged. Raises Refused A2."""
    call.check(Resource.DEVIATION, Verb.READ)
    cs, scope = call.care_system_id, call.scope(Resource.DEVIATION)
    with call.database.transaction() as tx:
        found = page_of_explanations(tx, cs, scope=scope, provider_id=provider_id, after=after, limit=limit)
        ids = {key for one in found for key in one.deviation_ids}
        log(tx, call, tuple(get_deviations(tx, cs, ids, scope=scope).values()))
    return list(found)
