"""Rates: dated prices that are added and never edited."""

from __future__ import annotations

from typing import Any

from app.actions.calls import Answered, Call, Told
from app.actions.marks import mark_everyone
from app.actions.once import keep_answer, repeated, retried
from app.actions.providers import check_municipality
from app.actions.records import missing
from app.actions.taken import telling_taken
from app.rules.access import Resource, Verb
from app.rules.rates import Rate, check_rates
from app.storage.ids import new_id
from app.storage.rates import get_rate, insert_rate, lock_rates, page_of_rates, rates_of


@retried
def add_rate(call: Call, fields: dict[str, Any], told: Told) -> Answered:
    """The rate holds. Raises Refused A2, R3 where two rows would price a second; `Unfit`, `Taken`. Source: R3."""
    call.check(Resource.RATE, Verb.CREATE)
    cs = call.care_system_id
    rate = Rate(**fields, id=new_id(), recorded_at=call.now)
    with telling_taken("rate"), call.database.transaction() as tx:
        before = repeated(tx, call)
        if before is not None:
            return before
        check_municipality(tx, call, Resource.RATE, rate.municipality)
        lock_rates(tx, cs)
        check_rates((*rates_of(tx, cs), rate))
        insert_rate(tx, cs, rate, by=call.actor.id)
        mark_everyone(tx, call, (rate.valid_from, rate.valid_before), municipality=rate.municipality)
        answer = told.answer(rate)
        keep_answer(tx, call, answer)
    return answer


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
