"""Grants that nobody has, and whose turn it is, gathered for the case officer who decides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.actions import no_choice
from app.actions.calls import Call
from app.actions.desk.names import Names, names_of
from app.actions.people import customers_seen
from app.actions.records import log_read
from app.actions.references import Named
from app.rules.access import Resource, Verb
from app.rules.no_choice import Wanted
from app.rules.overviews import without_provider
from app.rules.providers import Provider
from app.storage.database import Transaction
from app.storage.desk.no_choice import granted_since, newest_proposals
from app.storage.no_choice import Kept
from app.storage.providers import ACCREDITATION, PROVIDER
from app.storage.records import get_many, page

RECENT = 20
SHOWN = 100
"""How many grants without a provider are shown at once."""
_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanting:
    """Grants of which somebody is wanted for something, the soonest first, `count` of them, and the last proposals."""

    wanted: tuple[Wanted, ...]
    count: int
    proposals: tuple[Kept, ...]
    providers: Mapping[str, Provider]
    names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A proposal with the names of the customer and of every candidate."""

    kept: Kept
    providers: Mapping[str, Provider]
    names: Names


def wanting(call: Call) -> Wanting:
    """What wants a provider in the municipality, and what was proposed last; the reads are logged.

    A fixed number of statements. Raises Refused A2. Source: LR 3.4, O3, P2.
    """
    call.check(Resource.NO_CHOICE, Verb.CREATE)
    call.check(Resource.GRANT, Verb.READ)
    cs, scope = call.care_system_id, call.scope(Resource.GRANT)
    with call.database.transaction() as tx:
        granted = granted_since(tx, cs, scope, call.today)
        accreditations = page(tx, ACCREDITATION, cs, filters={"municipality": scope.municipality}, limit=_MOST)
        wanted = without_provider(granted.grants, granted.orders, accreditations, granted.homes, call.today)
        shown = wanted[:SHOWN]
        proposals = newest_proposals(tx, cs, call.scope(Resource.NO_CHOICE), call.today, RECENT)
        people = {one.grant.customer_id for one in shown} | {one.proposal.customer_id for one in proposals}
        log_read(tx, call, Resource.NO_CHOICE, customers_seen(sorted(people)))
        decided = {one.decision.provider_id for one in proposals if one.decision is not None}
        lost = {order.provider_id for one in shown for order in one.lost}
        return Wanting(
            wanted=shown,
            count=len(wanted),
            proposals=proposals,
            providers=get_many(tx, PROVIDER, cs, decided | lost),
            names=names_of(tx, call, people, ()),
        )


def propose(call: Call, grant_id: str) -> Kept:
    """Whose turn it is, from today or the grant's first day on. Raises as `app.actions.no_choice.propose`."""
    named = Named(resource=Resource.GRANT, id=grant_id, external=False, pointer="/grant_id")
    return no_choice.propose(call, named, None)


def turn(call: Call, proposal_id: str) -> Turn:
    """The proposal with every candidate; the read is logged. Raises Refused A1 (404), A2."""
    kept = no_choice.read(call, proposal_id)
    with call.database.transaction(write=False) as tx:
        return _named(tx, call, kept, [one["provider_id"] for one in kept.proposal.facts["candidates"]])


def _named(tx: Transaction, call: Call, kept: Kept, provider_ids: Collection[str]) -> Turn:
    return Turn(
        kept=kept,
        providers=get_many(tx, PROVIDER, call.care_system_id, provider_ids),
        names=names_of(tx, call, {kept.proposal.customer_id}, ()),
    )
