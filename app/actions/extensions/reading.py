"""Reading requests: one, a list, and the queue of those that wait for a review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.actions.calls import Call
from app.actions.extensions.showing import Shown, log, show
from app.actions.records import missing
from app.rules.access import Resource, Verb
from app.rules.extensions import is_overdue, overdue_spans, own_municipalities
from app.rules.policies import policies_of
from app.storage import extensions, policies
from app.storage.waiting import Place, waiting_requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A page of the queue; `next` is where the next one goes on, None at its end."""

    shown: tuple[Shown, ...]
    next: Place | None


def read(call: Call, extension_id: str) -> Shown:
    """The request as it stands; the read is logged. Raises Refused A1 (404), A2."""
    call.check(Resource.EXTENSION, Verb.READ)
    with call.database.transaction() as tx:
        scope = call.scope(Resource.EXTENSION)
        found = extensions.get_extension(
            tx, call.care_system_id, extension_id, scope=scope, today=call.today, asker=call.actor.id
        )
        if found is None:
            raise missing()
        log(tx, call, [found])
        return show(tx, call, [found])[0]


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
            asker=call.actor.id,
            after=after,
            limit=limit,
            **filters,  # type: ignore[arg-type]
        )
        log(tx, call, found)
        return show(tx, call, found)


def queue(call: Call, after: Place | None, limit: int, filters: Mapping[str, object] | None = None) -> Queue:
    """Up to `limit` requests within the scope that wait for a review, overdue ones first, then the oldest.

    Those that wait for information are none of them. Pages after the first go on in the queue as it was on the day of
    the first. `filters` are `month`, `provider_id`, `customer_id`, `state` and what they equal. What is given is
    logged. Raises Refused A2. Source: E6.
    """
    call.check(Resource.EXTENSION, Verb.READ)
    as_of = call.today if after is None else after.as_of
    with call.database.transaction() as tx:
        rules = policies_of(policies.policies_of(tx, call.care_system_id))
        found = waiting_requests(
            tx,
            call.care_system_id,
            scope=call.scope(Resource.EXTENSION),
            today=call.today,
            asker=call.actor.id,
            overdue={one: overdue_spans(rules, one, as_of) for one in (None, *sorted(own_municipalities(rules)))},
            filters=filters or {},
            after=after,
            limit=limit + 1,
        )
        given = found[:limit]
        log(tx, call, given)
        shown = tuple(show(tx, call, given))
    more = shown[-1] if len(found) > limit else None
    return Queue(shown=shown, next=None if more is None else _place(more, as_of))


def _place(last: Shown, as_of: date) -> Place:
    asked = last.request.extension
    return Place(as_of=as_of, overdue=is_overdue(last.due_on, as_of), requested_at=asked.requested_at, id=asked.id)
