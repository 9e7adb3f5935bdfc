"""Policies: the dated numbers that a municipality may set, added and never edited."""

from __future__ import annotations

from typing import Any

from app.actions.calls import Answered, Call, Told
from app.actions.marks import mark_everyone
from app.actions.once import keep_answer, repeated, retried
from app.actions.providers import check_municipality
from app.actions.records import missing
from app.actions.taken import telling_taken
from app.rules.access import Resource, Verb
from app.rules.policies import Policy, check_policy
from app.storage.ids import new_id
from app.storage.policies import get_policy, insert_policy, page_of_policies


@retried
def add_policy(call: Call, fields: dict[str, Any], told: Told) -> Answered:
    """The value holds from its day on. Raises Refused: A2, the policy's rule (422); `Unfit`, `Taken`."""
    call.check(Resource.POLICY, Verb.CREATE)
    policy = Policy(**fields, id=new_id(), recorded_at=call.now)
    check_policy(policy.name, policy.value)
    with telling_taken("policy"), call.database.transaction() as tx:
        before = repeated(tx, call)
        if before is not None:
            return before
        check_municipality(tx, call, Resource.POLICY, policy.municipality)
        insert_policy(tx, call.care_system_id, policy, by=call.actor.id)
        mark_everyone(tx, call, (policy.valid_from, None), municipality=policy.municipality)
        answer = told.answer(policy)
        keep_answer(tx, call, answer)
    return answer


def read_policy(call: Call, policy_id: str) -> Policy:
    """The policy row. Raises Refused A2, A1 (404)."""
    call.check(Resource.POLICY, Verb.READ)
    with call.database.transaction(write=False) as tx:
        found = get_policy(tx, call.care_system_id, policy_id)
    if found is None:
        raise missing()
    return found


def list_policies(call: Call, municipality: str | None, after: str | None, limit: int) -> tuple[list[Policy], bool]:
    """Up to `limit` rows by id, those for all municipalities among them, and whether there are more. Refused A2."""
    call.check(Resource.POLICY, Verb.READ)
    with call.database.transaction(write=False) as tx:
        found = page_of_policies(tx, call.care_system_id, municipality=municipality, after=after, limit=limit + 1)
    return list(found[:limit]), len(found) > limit
