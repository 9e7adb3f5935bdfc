"""Lines and excess as they are read: in the order issued, each once (R11)."""

from __future__ import annotations

from typing import Any

from app.actions.calls import Call
from app.actions.people import customers_seen
from app.actions.records import log_read
from app.rules.access import Resource, Verb
from app.storage.issued import IssuedLine, issued_lines
from app.storage.reimbursement import runs_of

EVERY = 10_000


def list_lines(call: Call, after: int, limit: int) -> tuple[IssuedLine, ...]:
    """Up to `limit` lines within the scope after that number; none with a lower number ever comes later.

    The reads are logged. Raises Refused A2. Source: R11.
    """
    call.check(Resource.LINE, Verb.READ)
    with call.database.transaction() as tx:
        scope = call.scope(Resource.LINE)
        found = issued_lines(tx, call.care_system_id, scope=scope, after=after, limit=limit)
        log_read(tx, call, Resource.LINE, customers_seen(one.line.total.key.customer_id for one in found))
    return found


def read_excess(call: Call, month: str) -> list[dict[str, Any]]:
    """What lies beyond each pool's cap in the month, as the last run that computed it found. Raises Refused A2.

    Source: R2.
    """
    call.check(Resource.LINE, Verb.READ)
    with call.database.transaction() as tx:
        runs = runs_of(tx, call.care_system_id, scope=call.scope(Resource.LINE), limit=EVERY)
        newest: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for run in runs:
            told = [one for one in run.excess if one["month"] == month]
            if run.month == month or told:
                newest[run.municipality, run.provider_id] = told
        found = [one for key in sorted(newest) for one in newest[key]]
        log_read(tx, call, Resource.LINE, customers_seen(one["customer_id"] for one in found))
    return found
