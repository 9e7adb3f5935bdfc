"""Master data: made, read, listed and replaced in one way, whatever the subject.

Scope, access log, references, versions and the transaction stand here once. A `Subject` tells what is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from app.actions.calls import Answered, Call, Told
from app.actions.faults import ChangedMeanwhile
from app.actions.once import keep_answer, repeated, retried
from app.actions.references import Draft, completed, look_up
from app.actions.taken import telling_taken
from app.rules.access import Resource, Scope, Verb
from app.rules.recorded import Recorded
from app.rules.refusal import Kind, Refused
from app.storage import access_log
from app.storage.access_log import Seen
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.records import Master, get, insert, page, replace_version

V = TypeVar("V", bound=Recorded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing(Generic[V]):
    """A value on its way in: what it was before (None when it is made) and what came beside it."""

    tx: Transaction
    call: Call
    before: V | None
    value: V
    beside: Mapping[str, Any]
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject(Generic[V]):
    """What is its own to one kind of master data.

    `fit` is the value as it may be kept; `check` refuses; `finish` is the value with what came beside it; `then` writes
    what follows from the write. `shown` is the value as a scope may see it. `persons` tells whose data some values
    show, for the access log.
    """

    resource: Resource
    master: Master[V]
    makes: type[V]
    persons: Callable[[Transaction, str, Collection[V]], Iterable[Seen]]
    check: Callable[[Writing[V]], None] = lambda _writing: None
    then: Callable[[Writing[V]], None] = lambda _writing: None
    fit: Callable[[V], V] = lambda value: value
    finish: Callable[[Writing[V]], V] = lambda writing: writing.value
    shown: Callable[[V, Scope], V] = lambda value, _scope: value


def of_nobody(_tx: Transaction, _care_system_id: str, _values: Collection[Any]) -> Iterable[Seen]:
    """The values tell of no person."""
    return ()


def missing() -> Refused:
    """The refusal of what is not there or not within the scope. Source: A1."""
    return Refused("A1", "not there, or not within your scope", Kind.MISSING)


@retried
def create(call: Call, subject: Subject[V], draft: Draft, told: Told) -> Answered:
    """The value is kept as its first version; the answer is the one that is repeated for the same idempotency key.

    Raises Refused (A2, the subject's rules), `UnknownReferences`, `Taken`, `Unfit`, `KeyReused`.
    """
    call.check(subject.resource, Verb.CREATE)
    with telling_taken(subject.master.tables.name), call.database.transaction() as tx:
        before = repeated(tx, call)
        if before is not None:
            return before
        fields = completed(draft, look_up(tx, call, draft.named))
        value = subject.fit(subject.makes(**fields, id=new_id(), recorded_at=call.now))
        writing = Writing(tx=tx, call=call, before=None, value=value, beside=draft.beside, told=told)
        subject.check(writing)
        value = subject.finish(writing)
        insert(tx, subject.master, call.care_system_id, value, by=call.actor.id)
        subject.then(writing)
        answer = told.answer(subject.shown(value, call.scope(subject.resource)))
        keep_answer(tx, call, answer)
    return answer


def replace(call: Call, subject: Subject[V], record_id: str, version: int, draft: Draft, told: Told) -> Answered:
    """The value is the version after `version`. Raises as `create`, Refused A1 (404) and `ChangedMeanwhile`."""
    call.check(subject.resource, Verb.REPLACE)
    scope = call.scope(subject.resource)
    with telling_taken(subject.master.tables.name), call.database.transaction() as tx:
        before = get(tx, subject.master, call.care_system_id, record_id, scope=scope, today=call.today)
        if before is None:
            raise missing()
        if before.version != version:
            raise ChangedMeanwhile
        fields = completed(draft, look_up(tx, call, draft.named))
        value = subject.fit(subject.makes(**fields, id=record_id, recorded_at=call.now))
        writing = Writing(tx=tx, call=call, before=before, value=value, beside=draft.beside, told=told)
        subject.check(writing)
        value = subject.finish(writing)
        kept = replace_version(
            tx, subject.master, call.care_system_id, value, expected_version=version, by=call.actor.id
        )
        if kept is None:
            raise ChangedMeanwhile
        subject.then(writing)
    return told.answer(subject.shown(kept, scope))


def read(call: Call, subject: Subject[V], record_id: str) -> V:
    """The value as the actor may see it; the read is logged. Raises Refused: A2, A1 (404)."""
    call.check(subject.resource, Verb.READ)
    scope = call.scope(subject.resource)
    with call.database.transaction() as tx:
        found = get(tx, subject.master, call.care_system_id, record_id, scope=scope, today=call.today)
        if found is None:
            raise missing()
        log_read(tx, call, subject.resource, subject.persons(tx, call.care_system_id, (found,)))
    return subject.shown(found, scope)


Listed = Callable[[Transaction, Scope, int], tuple[V, ...]]
"""Reads up to so many values within the scope, by id."""


def list_records(
    call: Call,
    subject: Subject[V],
    filters: Mapping[str, object],
    after: str | None,
    limit: int,
    listed: Listed[V] | None = None,
) -> tuple[list[V], bool]:
    """Up to `limit` values within the scope as the actor may see them, by id, and whether there are more.

    What is given is logged. Raises Refused A2.
    """
    call.check(subject.resource, Verb.READ)
    scope, cs = call.scope(subject.resource), call.care_system_id
    with call.database.transaction() as tx:
        if listed is None:
            found = page(
                tx, subject.master, cs, scope=scope, today=call.today, filters=filters, after=after, limit=limit + 1
            )
        else:
            found = listed(tx, scope, limit + 1)
        given = found[:limit]
        log_read(tx, call, subject.resource, subject.persons(tx, cs, given))
    return [subject.shown(value, scope) for value in given], len(found) > limit


def log_read(tx: Transaction, call: Call, resource: Resource, whom: Iterable[Seen]) -> None:
    """Who read what about whom, when and why stands in the access log, once for each person. Source: A3, FAULTS 48."""
    people = tuple(dict.fromkeys(whom))
    if people:
        access_log.record(
            tx,
            call.care_system_id,
            actor=call.actor,
            what=resource.value,
            whom=people,
            at=call.now,
            why=call.why,
            request_id=call.request_id,
        )
