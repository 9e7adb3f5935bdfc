"""Explanations and verdicts: said once, kept, and judged by at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.actions.calls import Answered, Call
from app.actions.deviations.read import log
from app.actions.deviations.settle import settle_due
from app.actions.deviations.standing import found_of
from app.actions.faults import ChangedMeanwhile, UnknownReferences
from app.actions.once import keep_answer, repeated, retried
from app.actions.records import missing
from app.rules.access import Resource, Verb
from app.rules.deviations.reconcile import check_explainable
from app.rules.deviations.values import VerdictOutcome
from app.storage.database import Transaction
from app.storage.deviations import Deviation, get_deviations
from app.storage.explanations import (
    Explained,
    Judged,
    explanations_by_id,
    get_explanation,
    insert_explanation,
    insert_verdicts,
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
    return _explain(call, said, answer, lambda _row: None)


@retried
def explain_apart(call: Call, said: Reason, answer: Answer) -> Answered:
    """The same with an explanation for each municipality, so that each is there for a case officer of its own to judge.

    The answer is the last one's. Raises as `explain`. Source: A2, our decision.
    """
    return _explain(call, said, answer, lambda row: row.municipality)


def _explain(call: Call, said: Reason, answer: Answer, apart: Callable[[Deviation], str | None]) -> Answered:
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
        parts: dict[str | None, list[str]] = {}
        for key in said.deviation_ids:
            parts.setdefault(apart(rows[key]), []).append(key)
        several = [_explained(call, replace(said, deviation_ids=tuple(ids)), rows[ids[0]]) for ids in parts.values()]
        for explained in several:
            insert_explanation(tx, cs, explained, facts={key: rows[key].facts for key in explained.deviation_ids})
        settle_due(tx, cs, _dues(rows.values()), call.now, by=call.actor.id)
        log(tx, call, tuple(rows.values()))
        answered = answer(several[-1])
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
    with call.database.transaction() as tx:
        judged = _judge(tx, call, [explanation_id], outcome, note)
    return answer(judged[explanation_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An explanation as whoever judges it saw it: under that verdict, None being none."""

    id: str
    verdict_id: str | None = None


def judge_several(call: Call, seen: Sequence[Seen], outcome: VerdictOutcome, note: str | None) -> None:
    """Several explanations are judged at once, all or none of them, in a fixed number of statements.

    Raises as `judge`, and `ChangedMeanwhile` where somebody has judged one of them since it was seen.
    """
    call.check(Resource.DEVIATION, Verb.JUDGE)
    with call.database.transaction() as tx:
        _judge(tx, call, [one.id for one in seen], outcome, note, {one.id: one.verdict_id for one in seen})


def _judge(
    tx: Transaction,
    call: Call,
    ids: Sequence[str],
    outcome: VerdictOutcome,
    note: str | None,
    under: Mapping[str, str | None] | None = None,
) -> dict[str, Explained]:
    cs, scope = call.care_system_id, call.scope(Resource.DEVIATION)
    named = {key for one in explanations_by_id(tx, cs, ids).values() for key in one.deviation_ids}
    rows = get_deviations(tx, cs, named, scope=scope, lock=True)
    found = explanations_by_id(tx, cs, ids)
    if found.keys() != set(ids) or rows.keys() != named:
        raise missing()
    if under is not None and any(_verdict_id(one) != under[one.id] for one in found.values()):
        raise ChangedMeanwhile
    insert_verdicts(tx, cs, [_verdict(call, one, rows, outcome, note) for one in found.values()])
    settle_due(tx, cs, _dues(rows.values()), call.now, by=call.actor.id)
    log(tx, call, tuple(rows.values()))
    return explanations_by_id(tx, cs, ids)


def _verdict_id(explained: Explained) -> str | None:
    return None if explained.verdict is None else explained.verdict.id


def _verdict(
    call: Call, explained: Explained, rows: Mapping[str, Deviation], outcome: VerdictOutcome, note: str | None
) -> Judged:
    return Judged(
        id=new_id(),
        explanation_id=explained.id,
        outcome=outcome,
        by=call.actor.id,
        at=call.now,
        recorded_at=call.now,
        note=note,
        bound_facts={key: found_of(rows[key]).bound_facts for key in explained.deviation_ids},
    )


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
