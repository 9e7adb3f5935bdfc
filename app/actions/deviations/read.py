"""Deviations as they are read: in a list, and one with everything that happened to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.people import customers_seen
from app.actions.records import log_read, missing
from app.rules.access import Resource, Verb
from app.storage.database import Transaction
from app.storage.deviations import Deviation, Happened, deviations_of, get_deviation, history_of
from app.storage.explanations import Explained, explanations_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A deviation with its history and what was said of it, the earliest first."""

    deviation: Deviation
    history: tuple[Happened, ...]
    explanations: tuple[Explained, ...]


def list_deviations(call: Call, filters: Mapping[str, object], after: str | None, limit: int) -> tuple[Deviation, ...]:
    """Up to `limit` deviations within the scope, by id; the reads are logged. Raises Refused A2."""
    call.check(Resource.DEVIATION, Verb.READ)
    with call.database.transaction() as tx:
        found = deviations_of(
            tx,
            call.care_system_id,
            scope=call.scope(Resource.DEVIATION),
            after=after,
            limit=limit,
            **filters,  # type: ignore[arg-type]
        )
        log(tx, call, found)
    return found


def read_deviation(call: Call, deviation_id: str) -> Told:
    """The deviation with its history; the read is logged. Raises Refused A1 (404), A2."""
    call.check(Resource.DEVIATION, Verb.READ)
    cs = call.care_system_id
    with call.database.transaction() as tx:
        found = get_deviation(tx, cs, deviation_id, scope=call.scope(Resource.DEVIATION))
        if found is None:
            raise missing()
        log(tx, call, [found])
        history = history_of(tx, cs, deviation_id)
        return Told(deviation=found, history=history, explanations=explanations_for(tx, cs, [deviation_id]))


def log(tx: Transaction, call: Call, found: Collection[Deviation]) -> None:
    """Whoever the deviations are about stands in the access log. Source: A3."""
    log_read(tx, call, Resource.DEVIATION, customers_seen(one.customer_id for one in found if one.customer_id))
