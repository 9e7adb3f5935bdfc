"""How municipalities and providers are named on invoices, gathered for the controller who says so."""

from __future__ import annotations

from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.providers import municipalities_of
from app.actions.records import missing
from app.rules.access import Resource, Verb
from app.rules.billing import BillingParty, Gap, gaps
from app.rules.providers import Provider
from app.storage.billing import BILLING_PARTY, party_for
from app.storage.providers import PROVIDER
from app.storage.records import get, page

_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A municipality, by its code, or a provider, with what is told of it and what is missing."""

    municipality: str | None = None
    provider: Provider | None = None
    party: BillingParty | None = None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What is missing."""
        return gaps(self.party, None if self.provider is None else self.provider.kind)


def parties_page(call: Call) -> tuple[Named, ...]:
    """Everybody of the care system who may stand on an invoice: the municipalities, then the providers by name.

    Raises Refused A2.
    """
    _check(call)
    cs = call.care_system_id
    with call.database.transaction(write=False) as tx:
        told = page(tx, BILLING_PARTY, cs, limit=_MOST)
        providers = page(tx, PROVIDER, cs, limit=_MOST)
        codes = municipalities_of(tx, cs)
    of = {one.municipality or one.provider_id: one for one in told}
    return (
        *(Named(municipality=code, party=of.get(code)) for code in sorted(codes)),
        *(
            Named(provider=one, party=of.get(one.id))
            for one in sorted(providers, key=lambda one: (one.name.casefold(), one.id))
        ),
    )


def party_page(call: Call, municipality: str | None, provider_id: str | None) -> Named:
    """One of them. Raises Refused A2, A1 (404) for what is none of the care system."""
    _check(call)
    cs = call.care_system_id
    with call.database.transaction(write=False) as tx:
        if provider_id is not None:
            provider = get(tx, PROVIDER, cs, provider_id)
            if provider is None:
                raise missing()
            return Named(provider=provider, party=party_for(tx, cs, provider_id=provider_id))
        if municipality is None or municipality not in municipalities_of(tx, cs):
            raise missing()
        return Named(municipality=municipality, party=party_for(tx, cs, municipality=municipality))


def _check(call: Call) -> None:
    call.check(Resource.BILLING_PARTY, Verb.READ)
    call.check(Resource.BILLING_PARTY, Verb.REPLACE)
