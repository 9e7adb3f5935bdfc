"""Billing parties: who stands on an invoice or a voucher, and what must be known of them for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.rules.providers import ProviderKind
from app.rules.recorded import Recorded
from app.rules.refusal import Refused

COUNTRY = "SE"
"""Every party is in Sweden: LOV's are. Source: our decision."""
PAYMENT_DAYS = 30
"""Days until an invoice is due where the party says nothing. Source: our decision."""


class ElectronicScheme(StrEnum):
    """What kind of electronic address a party has, by its code in Peppol's list of address schemes (EAS)."""

    ORGANISATION_NUMBER = "0007"
    GLN = "0088"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingParty(Recorded):
    """A municipality or a provider, one of the two, as its invoices name it.

    `vat_registered` says that it is registered for VAT, under `vat_identifier` or else under the number that follows
    from its organisation number; `f_tax` that it is approved for F-tax. The accounts are those of a municipal
    provider's voucher. Without `electronic_id` its electronic address is its organisation number.
    """

    name: str
    organisation_number: str
    street: str
    postal_code: str
    city: str
    municipality: str | None = None
    provider_id: str | None = None
    electronic_scheme: ElectronicScheme = ElectronicScheme.ORGANISATION_NUMBER
    electronic_id: str | None = None
    vat_registered: bool = False
    vat_identifier: str | None = None
    f_tax: bool = False
    bankgiro: str | None = None
    plusgiro: str | None = None
    iban: str | None = None
    buyer_reference: str | None = None
    payment_days: int = PAYMENT_DAYS
    cost_account: str | None = None
    settlement_account: str | None = None
    cost_centre: str | None = None

    @property
    def organisation_digits(self) -> str:
        """The organisation number as ten digits. Source: SE-R-003, SE-R-004."""
        return self.organisation_number.replace("-", "")

    @property
    def electronic_address(self) -> str:
        """The id within its scheme. Source: Peppol BIS Billing 3, BT-34, BT-49."""
        return self.electronic_id or self.organisation_digits

    @property
    def vat(self) -> str | None:
        """The VAT identifier, None for whoever is not registered: it is never guessed. Source: SE-R-001, BR-E-02."""
        if not self.vat_registered:
            return None
        return self.vat_identifier or f"{COUNTRY}{self.organisation_digits}01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who an invoice is from and to."""

    seller: BillingParty
    buyer: BillingParty


def check_sender(seller: BillingParty) -> None:
    """Returns where an e-invoice without VAT may name the seller; Refused (409) where it says of neither tax.

    Source: EN 16931, BR-E-02; Peppol, SE-R-005.
    """
    if seller.vat is None and not seller.f_tax:
        raise Refused(
            "R7",
            "An e-invoice must say how its seller is known to the Tax Agency (BR-E-02): state vat_registered or f_tax "
            f"of the billing party {seller.id}.",
            facts={"billing_party_id": seller.id, "missing": ["vat_registered", "f_tax"]},
        )


def check_accounts(party: BillingParty) -> None:
    """Returns where the party has both accounts of a voucher; Refused (409), naming what is missing. Source: ours."""
    missing = [name for name in ("cost_account", "settlement_account") if getattr(party, name) is None]
    if missing:
        raise Refused(
            "R7",
            f"A voucher needs accounts: state {' and '.join(missing)} of the billing party {party.id}.",
            facts={"billing_party_id": party.id, "missing": missing},
        )


def needed(party: BillingParty | None, **whose: str) -> BillingParty:
    """The party; Refused (409) where nobody has told of it yet, naming whose it would be. Source: our decision."""
    if party is None:
        told = ", ".join(f"{name} {value}" for name, value in whose.items())
        raise Refused(
            "R7",
            f"Nobody has said how this party is named on an invoice: make a billing party for {told} "
            "(POST /api/v1/billing-parties).",
            facts=dict(whose),
        )
    return party


class Gap(StrEnum):
    """What is not told of a party, and what it is needed for."""

    PARTY = "party"
    """Nothing at all: no invoice and no voucher."""
    TAX = "tax"
    """Neither VAT nor F-tax: no e-invoice (BR-E-02)."""
    ACCOUNT = "account"
    """No account to pay to: an invoice does not say how it is paid."""
    VOUCHER = "voucher"
    """No cost account or none to settle with: no voucher."""
    REFERENCE = "reference"
    """No reference of the buyer's own: an e-invoice refers to the run."""


def gaps(party: BillingParty | None, kind: ProviderKind | None) -> tuple[Gap, ...]:
    """What is missing of a provider of the kind, or of a municipality where it is None. Source: our decision."""
    if party is None:
        return (Gap.PARTY,)
    paid = (party.bankgiro, party.plusgiro, party.iban)
    lacks = {
        Gap.TAX: kind is ProviderKind.PRIVATE and party.vat is None and not party.f_tax,
        Gap.ACCOUNT: kind is ProviderKind.PRIVATE and not any(paid),
        Gap.VOUCHER: kind is ProviderKind.MUNICIPAL and None in (party.cost_account, party.settlement_account),
        Gap.REFERENCE: kind is None and party.buyer_reference is None,
    }
    return tuple(gap for gap, missing in lacks.items() if missing)
