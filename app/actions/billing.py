"""Billing parties: who stands on invoices and vouchers, told by the controller."""

from __future__ import annotations

from app.actions.faults import Taken
from app.actions.providers import check_municipality
from app.actions.records import Subject, Writing, of_nobody
from app.rules.access import Resource
from app.rules.billing import BillingParty
from app.storage.billing import BILLING_PARTY, lock_parties, party_for


def _check(writing: Writing[BillingParty]) -> None:
    """Raises `Unfit` for a municipality out of reach, `Taken` where its municipality or provider has a party."""
    value, cs = writing.value, writing.call.care_system_id
    check_municipality(writing.tx, writing.call, Resource.BILLING_PARTY, value.municipality)
    lock_parties(writing.tx, cs)
    held = party_for(writing.tx, cs, municipality=value.municipality, provider_id=value.provider_id)
    if held is not None and held.id != value.id:
        raise Taken("/provider_id" if value.municipality is None else "/municipality")


PARTIES = Subject(
    resource=Resource.BILLING_PARTY, master=BILLING_PARTY, makes=BillingParty, persons=of_nobody, check=_check
)
