"""Changes: what happened, in order, for whoever follows along."""

from __future__ import annotations

from app.actions.calls import Call
from app.rules.access import Resource, Verb
from app.storage import events
from app.storage.events import Change


def list_changes(call: Call, after: int, limit: int) -> tuple[Change, ...]:
    """Up to `limit` changes after that number within the scope; none with a lower number ever comes later.

    Raises Refused A2.
    """
    call.check(Resource.CHANGE, Verb.READ)
    with call.database.transaction() as tx:
        return events.page(tx, call.care_system_id, scope=call.scope(Resource.CHANGE), after=after, limit=limit)
