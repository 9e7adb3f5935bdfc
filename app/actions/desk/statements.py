"""The statement as a page for a provider, and one provider's month as a page for the controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.desk.names import Names, names_of
from app.actions.months import Whose, provider_months_of
from app.actions.records import missing
from app.actions.reimbursement.statement import Stated, log, stated, statements
from app.rules.access import Resource, Verb
from app.rules.deviations.values import Rule
from app.rules.policies import policies_of
from app.rules.providers import Provider
from app.rules.reimbursement.statement import Caused, by_cause
from app.storage import policies
from app.storage.desk.deviations import blocking_kinds
from app.storage.providers import PROVIDER
from app.storage.records import get_many

MUNICIPALITIES = 50
"""More municipalities than a care system has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage:
    """What the provider is paid for a month in each municipality, with the names of its customers."""

    provider: Provider
    statements: tuple[Stated, ...]
    names: Names


def statement_page(call: Call, month: str) -> StatementPage:
    """The provider's own statements; the reads are logged. Raises Refused A2, A1 (404)."""
    if call.actor.provider_id is None:
        raise missing()
    told, _ = statements(call, month, Whose(provider_id=call.actor.provider_id), None, MUNICIPALITIES)
    customers = {customer.customer_id for one in told for customer in one.statement.customers}
    lines = (line for one in told for line in (*one.statement.adjustments, *one.later))
    with call.database.transaction(write=False) as tx:
        names = names_of(tx, call, customers | {line.total.key.customer_id for line in lines}, ())
        provider = get_many(tx, PROVIDER, call.care_system_id, [call.actor.provider_id])[call.actor.provider_id]
    return StatementPage(provider=provider, statements=tuple(told), names=names)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPage:
    """A provider's month for the controller: no person is named. `blocking` are counts by rule; `nowhere` those of
    them at nobody known, which wait in every municipality of the provider.
    """

    provider: Provider
    stated: Stated
    blocking: Mapping[Rule, int]
    nowhere: Mapping[Rule, int]
    adjusted: tuple[Caused, ...]
    later: tuple[Caused, ...]


def provider_page(call: Call, month: str, municipality: str, provider_id: str) -> ProviderPage:
    """The provider's month in the municipality, as issued or as a run would issue it now; the reads are logged.

    Raises Refused A1 (404), A2. Source: R8.
    """
    call.check(Resource.MONTH, Verb.READ)
    call.check(Resource.LINE, Verb.READ)
    cs = call.care_system_id
    with call.database.transaction(write=False) as tx:
        whose = Whose(municipality=municipality, provider_id=provider_id)
        found = provider_months_of(tx, cs, month, call.scope(Resource.MONTH), whose)
        if not found:
            raise missing()
        provider = get_many(tx, PROVIDER, cs, [provider_id])[provider_id]
        kinds = blocking_kinds(tx, cs, provider_id, month)
        told = stated(tx, call, found[0], policies_of(policies.policies_of(tx, cs)))
    log(call, [told])
    return ProviderPage(
        provider=provider,
        stated=told,
        blocking={rule: kinds[municipality, rule] for rule in Rule if (municipality, rule) in kinds},
        nowhere={rule: kinds[None, rule] for rule in Rule if (None, rule) in kinds},
        adjusted=by_cause(told.statement.adjustments),
        later=by_cause(told.later),
    )
