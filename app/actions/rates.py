"""Rates: dated prices that are added and never edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.actions.calls import Answered, Call, Told
from app.actions.marks import mark_everyone
from app.actions.once import keep_answer, repeated, retried
from app.actions.providers import check_municipality
from app.actions.records import missing
from app.actions.taken import telling_taken
from app.rules.access import Resource, Verb
from app.rules.indexing import Proposal, proposals
from app.rules.rates import Rate, check_rates
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.rates import get_rate, insert_rate, lock_rates, page_of_rates, rates_of

Rows = Sequence[Rate]
Answering = Callable[[Rows], Answered]


def add_rate(call: Call, fields: dict[str, Any], told: Told) -> Answered:
    """The rate holds. Raises Refused A2, R3 where two rows would price a second; `Unfit`, `Taken`. Source: R3."""
    return add_rates(call, [Rate(**fields, id="")], lambda rows: told.answer(rows[0]))


@retried
def add_rates(call: Call, drafts: Rows, answering: Answering) -> Answered:
    """All of the rates hold, under ids of ours, or none. Raises as `add_rate`. Source: R3."""
    call.check(Resource.RATE, Verb.CREATE)
    with telling_taken("rate"), call.database.transaction() as tx:
        before = repeated(tx, call)
        if before is not None:
            return before
        rows = [replace(one, id=new_id(), recorded_at=call.now) for one in drafts]
        _add(tx, call, rows)
        answer = answering(rows)
        keep_answer(tx, call, answer)
    return answer


def _add(tx: Transaction, call: Call, rows: Rows) -> None:
    cs = call.care_system_id
    for municipality in sorted({rate.municipality for rate in rows}):
        check_municipality(tx, call, Resource.RATE, municipality)
    lock_rates(tx, cs)
    check_rates((*rates_of(tx, cs), *rows))
    for rate in rows:
        insert_rate(tx, cs, rate, by=call.actor.id)
    for municipality, start, before in dict.fromkeys(
        (one.municipality, one.valid_from, one.valid_before) for one in rows
    ):
        mark_everyone(tx, call, (start, before), municipality=municipality)


def propose_rates(call: Call, municipality: str, index_percent: Decimal, valid_from: date) -> tuple[Proposal, ...]:
    """What each row that holds the day before would come to; nothing is stored. Raises Refused A2; `Unfit`.

    Source: R10.
    """
    call.check(Resource.RATE, Verb.CREATE)
    with call.database.transaction(write=False) as tx:
        check_municipality(tx, call, Resource.RATE, municipality)
        known = rates_of(tx, call.care_system_id)
    return proposals(known, municipality, index_percent, valid_from)


def read_rate(call: Call, rate_id: str) -> Rate:
    """The rate. Raises Refused A2, A1 (404)."""
    call.check(Resource.RATE, Verb.READ)
    with call.database.transaction(write=False) as tx:
        found = get_rate(tx, call.care_system_id, rate_id)
    if found is None:
        raise missing()
    return found


def list_rates(call: Call, municipality: str | None, after: str | None, limit: int) -> tuple[list[Rate], bool]:
    """Up to `limit` rates by id, and whether there are more. Raises Refused A2."""
    call.check(Resource.RATE, Verb.READ)
    with call.database.transaction(write=False) as tx:
        found = page_of_rates(tx, call.care_system_id, municipality=municipality, after=after, limit=limit + 1)
    return list(found[:limit]), len(found) > limit
