"""Lines and excess as they are read: in the order issued, each once (R11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.actions.calls import Call
from app.actions.people import customers_seen
from app.actions.records import log_read
from app.rules.access import Resource, Verb
from app.rules.reimbursement.runs import Closed, last_computing
from app.storage.issued import IssuedLine, issued_lines
from app.storage.reimbursement import Run, runs_of

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


def excess_key(one: Mapping[str, Any]) -> list[str]:
    """What the pool stands by in the list."""
    return [one["provider_id"], one["customer_id"], one["law"], "+".join(one["services"])]


def read_excess(call: Call, month: str, after: list[str] | None, limit: int) -> list[dict[str, Any]]:
    """Up to `limit` pools that went beyond their cap in the month, after that key, as the last run that computed them
    found. The reads are logged. Raises Refused A2. Source: R2.
    """
    call.check(Resource.LINE, Verb.READ)
    with call.database.transaction() as tx:
        runs = runs_of(tx, call.care_system_id, scope=call.scope(Resource.LINE), limit=EVERY)
        everything = sorted(_newest(runs, month), key=excess_key)
        found = [one for one in everything if after is None or excess_key(one) > after][:limit]
        log_read(tx, call, Resource.LINE, customers_seen(one["customer_id"] for one in found))
    return found


def _newest(runs: Iterable[Run], month: str) -> list[dict[str, Any]]:
    """The month's excess as the last run of each provider and municipality found that computed the month: where that
    one found none any more, there is none.
    """
    of_each: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        of_each.setdefault((run.municipality, run.provider_id), []).append(run)
    newest = [
        made[last]
        for made in of_each.values()
        if (last := last_computing(month, (Closed(month=run.month, locked_at=run.locked_at) for run in made)))
        is not None
    ]
    return [one for run in newest for one in run.excess if one["month"] == month]
