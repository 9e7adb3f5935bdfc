"""The no-choice order: whose turn it is, proposed with its reasons, and decided by a case officer (O3, P2, LR 3.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from app.actions.calls import Call
from app.actions.faults import ChangedMeanwhile, UnknownReferences
from app.actions.orders import follow_order, order_document
from app.actions.people import customers_seen
from app.actions.records import log_read, missing
from app.actions.references import Named, look_up
from app.rules.access import Resource, Verb
from app.rules.no_choice import (
    Around,
    Candidate,
    Wanted,
    asked_from,
    binding,
    check_choice,
    check_current,
    check_undecided,
    ended,
    facts_of,
    order_of,
    shown_facts,
    turn_order,
    wanted_of,
)
from app.rules.orders import Grant, Order, check_order, place
from app.rules.people import Customer
from app.rules.time import format_instant
from app.storage import no_choice
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.no_choice import Decided, Kept, Proposal
from app.storage.orders import GRANT, ORDER, orders_of_grants, orders_of_providers
from app.storage.people import CUSTOMER
from app.storage.providers import ACCREDITATION, PROVIDER
from app.storage.records import get_many, insert, page, replace_version

_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What is wanted, what the turn is reckoned from, every candidate, and all of it as facts."""

    wanted: Wanted
    around: Around
    orders: tuple[Order, ...]
    candidates: tuple[Candidate, ...]
    facts: dict[str, object]


def propose(call: Call, grant: Named, valid_from: date | None) -> Kept:
    """Whose turn it is to take what nobody has of the grant, kept with every candidate and its reasons.

    Raises `UnknownReferences`, and Refused P2 where the grant does not hold or all of it is ordered, A2.
    """
    call.check(Resource.NO_CHOICE, Verb.CREATE)
    cs = call.care_system_id
    with call.database.transaction() as tx:
        named = _named(tx, call, grant)
        day = asked_from(named, valid_from, call.today)
        turn = _turn(tx, call, named, day, lock=False)
        proposal = Proposal(
            id=new_id(),
            recorded_at=call.now,
            recorded_by=call.actor.id,
            grant_id=named.id,
            customer_id=named.customer_id,
            valid_from=day,
            facts=turn.facts,
        )
        no_choice.insert_proposal(tx, cs, proposal)
        return _shown(tx, call, [Kept(proposal=proposal)])[0]


def _named(tx: Transaction, call: Call, grant: Named) -> Grant:
    known = look_up(tx, call, [grant])
    if not known.knows(grant):
        raise UnknownReferences((grant.pointer,))
    grant_id = known.external[grant.resource.value, grant.id] if grant.external else grant.id
    return get_many(tx, GRANT, call.care_system_id, [grant_id])[grant_id]


def _turn(tx: Transaction, call: Call, grant: Grant, day: date, *, lock: bool) -> Turn:
    """The turn as the facts are now; with `lock` nobody else places any of it until the transaction ends."""
    cs = call.care_system_id
    orders = orders_of_grants(tx, cs, [grant.id], lock=lock)
    customer = get_many(tx, CUSTOMER, cs, [grant.customer_id])[grant.customer_id]
    municipality = customer.municipality
    providers = page(tx, PROVIDER, cs, limit=_MOST)
    accreditations = page(tx, ACCREDITATION, cs, filters={"municipality": municipality}, limit=_MOST)
    accredited = {one.provider_id for one in accreditations}
    held, grants = orders_of_providers(tx, cs, sorted(accredited), municipality, since=day, lock=lock)
    around = Around(customer=customer, providers=providers, accreditations=accreditations, placed=place(held, grants))
    wanted = wanted_of(grant, orders, accreditations, municipality, day)
    candidates = turn_order(wanted, around)
    return Turn(
        wanted=wanted,
        around=around,
        orders=orders,
        candidates=candidates,
        facts=facts_of(wanted, around, candidates),
    )


def decide(call: Call, proposal_id: str, provider_id: str, reason: str | None) -> Kept:
    """The order is placed with the provider, and who decided it and why is kept; a lost provider's order ends.

    Raises Refused P2 where it has been decided on, its facts are no longer so, the provider has no turn, or a reason
    lacks; O3 and O6 as for every order; A1 (404), A2; `ChangedMeanwhile`.
    """
    call.check(Resource.NO_CHOICE, Verb.DECIDE)
    cs = call.care_system_id
    with call.database.transaction() as tx:
        kept = _found(tx, call, proposal_id)
        check_undecided(kept.decision is not None)
        proposal = kept.proposal
        grant = get_many(tx, GRANT, cs, [proposal.grant_id], lock=True)[proposal.grant_id]
        turn = _turn(tx, call, grant, proposal.valid_from, lock=True)
        check_current(proposal.facts, turn.facts)
        chosen = check_choice(turn.candidates, provider_id, reason)
        others = _without_lost(tx, call, turn)
        order = _placed(tx, call, turn, chosen, others)
        decided = Decided(
            proposal_id=proposal_id,
            provider_id=provider_id,
            rank=chosen.rank or 0,
            reason=reason,
            order_id=order.id,
            decided_at=call.now,
            decided_by=call.actor.id,
        )
        check_undecided(not no_choice.insert_decision(tx, cs, decided))
        return _shown(tx, call, [Kept(proposal=proposal, decision=decided)])[0]


def _without_lost(tx: Transaction, call: Call, turn: Turn) -> tuple[Order, ...]:
    """The orders of the grant, those of a lost provider ended as the new one begins."""
    orders = {one.id: one for one in turn.orders}
    for one in turn.wanted.lost:
        value = replace(ended(one, turn.wanted.valid_from), recorded_at=call.now)
        kept = replace_version(tx, ORDER, call.care_system_id, value, expected_version=one.version, by=call.actor.id)
        if kept is None:
            raise ChangedMeanwhile
        follow_order(tx, call, one, kept, order_document(kept))
        orders[one.id] = kept
    return tuple(orders.values())


def _placed(tx: Transaction, call: Call, turn: Turn, chosen: Candidate, others: tuple[Order, ...]) -> Order:
    wanted, around = turn.wanted, turn.around
    order = replace(order_of(wanted, chosen.provider_id), id=new_id(), recorded_at=call.now, ordered_at=call.now)
    load = [one for one in around.placed if one.order.provider_id == chosen.provider_id]
    rows = binding(chosen, around.accreditations)
    check_order(order, wanted.grant, others, around.customer.municipality, rows, load)
    insert(tx, ORDER, call.care_system_id, order, by=call.actor.id)
    follow_order(tx, call, None, order, order_document(order))
    return order


def read(call: Call, proposal_id: str) -> Kept:
    """The proposal with the decision on it; the read is logged. Raises Refused A1 (404), A2."""
    call.check(Resource.NO_CHOICE, Verb.READ)
    with call.database.transaction() as tx:
        return _shown(tx, call, [_found(tx, call, proposal_id)])[0]


def list_proposals(call: Call, filters: Mapping[str, object], after: str | None, limit: int) -> list[Kept]:
    """Up to `limit` proposals within the scope, by id, filtered by `customer_id` and `grant_id`; the reads are logged.

    Raises Refused A2.
    """
    call.check(Resource.NO_CHOICE, Verb.READ)
    with call.database.transaction() as tx:
        found = no_choice.proposals_of(
            tx,
            call.care_system_id,
            scope=call.scope(Resource.NO_CHOICE),
            today=call.today,
            after=after,
            limit=limit,
            **filters,  # type: ignore[arg-type]
        )
        return _shown(tx, call, found)


def _found(tx: Transaction, call: Call, proposal_id: str) -> Kept:
    scope = call.scope(Resource.NO_CHOICE)
    found = no_choice.get_proposal(tx, call.care_system_id, proposal_id, scope=scope, today=call.today)
    if found is None:
        raise missing()
    return found


def _shown(tx: Transaction, call: Call, found: Iterable[Kept]) -> list[Kept]:
    """The proposals as they may be shown, which the access log tells of."""
    rows = list(found)
    customers = get_many(tx, CUSTOMER, call.care_system_id, {one.proposal.customer_id for one in rows})
    log_read(tx, call, Resource.NO_CHOICE, customers_seen(one.proposal.customer_id for one in rows))
    return [_hidden(one, customers.get(one.proposal.customer_id)) for one in rows]


def _hidden(kept: Kept, customer: Customer | None) -> Kept:
    proposal = kept.proposal
    return replace(kept, proposal=replace(proposal, facts=shown_facts(proposal.facts, customer)))


def document(kept: Kept) -> dict[str, Any]:
    """The proposal with the decision on it as JSON values."""
    proposal, decision = kept.proposal, kept.decision
    return {
        "id": proposal.id,
        "external_id": None,
        "recorded_at": format_instant(proposal.recorded_at),
        "recorded_by": proposal.recorded_by,
        "grant_id": proposal.grant_id,
        "customer_id": proposal.customer_id,
        "valid_from": proposal.valid_from.isoformat(),
        "facts": proposal.facts,
        "decision": decision
        and {
            "provider_id": decision.provider_id,
            "rank": decision.rank,
            "reason": decision.reason,
            "order_id": decision.order_id,
            "decided_at": format_instant(decision.decided_at),
            "decided_by": decision.decided_by,
        },
    }
