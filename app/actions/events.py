"""Changes: what happened, in order, for whoever follows along."""

from __future__ import annotations

from collections.abc import Iterator

from app.actions.calls import Call
from app.actions.records import log_read
from app.rules.access import Resource, Verb
from app.storage import events
from app.storage.access_log import Seen
from app.storage.events import Change

_PEOPLE = {
    "customer_id": "customer",
    "household": "customer",
    "caregiver_id": "caregiver",
    "caregiver_ids": "caregiver",
}
"""The fields that name people. A plan's household is a list of ids, a registration's one of objects with them."""


def list_changes(call: Call, after: int, limit: int) -> tuple[Change, ...]:
    """Up to `limit` changes after that number within the scope; none with a lower number ever comes later.

    Whoever they tell of stands in the access log. Raises Refused A2. Source: CONTRACT, change; A3.
    """
    call.check(Resource.CHANGE, Verb.READ)
    with call.database.transaction() as tx:
        found = events.page(tx, call.care_system_id, scope=call.scope(Resource.CHANGE), after=after, limit=limit)
        log_read(tx, call, Resource.CHANGE, (seen for one in found for seen in people_in(one.event.data)))
    return found


def people_in(told: object) -> Iterator[Seen]:
    """The customers and caregivers that JSON values name by our ids, at whatever depth."""
    if isinstance(told, dict):
        for name, value in told.items():
            if name in _PEOPLE:
                ids = value if isinstance(value, list) else [value]
                yield from (Seen(whom_type=_PEOPLE[name], whom_id=one) for one in ids if isinstance(one, str))
            if name not in _PEOPLE or name == "household":
                yield from people_in(value)
    elif isinstance(told, list):
        for value in told:
            yield from people_in(value)
