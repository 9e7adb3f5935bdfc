"""Histories as pages: with the names that whoever looks may see, and whose rate and provider it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.desk.names import Names, names_of
from app.actions.reimbursement.history import (
    Chain,
    CustomerHistory,
    LineHistory,
    VisitHistory,
    customer_history,
    line_history,
    visit_history,
)
from app.rules.providers import Provider
from app.storage.providers import PROVIDER
from app.storage.records import get_many


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Who and what a chain's ids are, as whoever looks may see them; reading the chain has logged them. Source: A2."""

    names: Names
    providers: Mapping[str, Provider]


def line_page(call: Call, sequence: int) -> tuple[LineHistory, Beside]:
    """The line with its history. Raises Refused A1 (404), A2."""
    found = line_history(call, sequence)
    return found, _beside(call, found.chain, found.line.issued.line.total.key.customer_id)


def visit_page(call: Call, visit_id: str) -> tuple[VisitHistory, Beside]:
    """The visit with its history. Raises Refused A1 (404), A2."""
    found = visit_history(call, visit_id)
    return found, _beside(call, found.chain)


def customer_page(call: Call, customer_id: str, month: str) -> tuple[CustomerHistory, Beside]:
    """The customer's month. Raises Refused A1 (404), A2."""
    found = customer_history(call, customer_id, month)
    return found, _beside(call, found.chain, customer_id)


def _beside(call: Call, chain: Chain, *customer_ids: str) -> Beside:
    customers = {*customer_ids, *(customer for one in chain.visits for customer in one.visit.customer_ids)}
    customers |= {one.changes.customer_id for one in chain.corrections if one.changes.customer_id is not None}
    customers |= {one.issued.line.total.key.customer_id for one in chain.lines}
    caregivers = {one.visit.caregiver_id for one in chain.visits}
    providers = {one.visit.provider_id for one in chain.visits} | {one.pool.provider_id for one in chain.pools}
    providers |= {one.issued.line.total.key.provider_id for one in chain.lines}
    with call.database.transaction(write=False) as tx:
        return Beside(
            names=names_of(tx, call, customers, caregivers),
            providers=get_many(tx, PROVIDER, call.care_system_id, providers),
        )
