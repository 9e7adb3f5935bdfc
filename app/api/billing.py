"""Billing parties: who stands on invoices and vouchers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import ValidationError

from app.actions.billing import PARTIES
from app.actions.calls import Call
from app.actions.records import create, replace
from app.api.examples import PROVIDER, as_listed, as_sent
from app.api.operations import Asked, Content, operation
from app.api.records import Face, create_record, draft_of, list_of_records, read_record, replace_record, told_by
from app.rules.billing import BillingParty
from schemas.billing import BillingPartyQuerySchema, BillingPartyRequestSchema, BillingPartySchema
from schemas.envelopes import list_of

billing_parties = Blueprint(
    "billing-parties", __name__, url_prefix="/api/v1/billing-parties", description="Faktureringsparter (R7)."
)

BILLING_PARTY: dict[str, Any] = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e50",
    "external_id": None,
    "municipality": None,
    "provider_id": PROVIDER["id"],
    "name": "Olivia hemtjänst AB",
    "organisation_number": "556677-8899",
    "street": "Norsgatan 1",
    "postal_code": "793 30",
    "city": "Leksand",
    "electronic_scheme": "0007",
    "electronic_id": None,
    "vat_registered": False,
    "vat_identifier": None,
    "f_tax": True,
    "bankgiro": "9912346",
    "plusgiro": None,
    "iban": None,
    "buyer_reference": None,
    "payment_days": 30,
    "cost_account": None,
    "settlement_account": None,
    "cost_centre": None,
    "recorded_at": "2014-01-02T08:00:00Z",
}
PARTY = Face(
    path="/api/v1/billing-parties",
    subject=PARTIES,
    request=BillingPartyRequestSchema,
    resource=BillingPartySchema(),
)
_SENT = Content(schema=BillingPartyRequestSchema, example=as_sent(BILLING_PARTY))
_ANSWER = Content(schema=BillingPartySchema, example=BILLING_PARTY)


@billing_parties.route("")
class BillingParties(MethodView):
    """How municipalities and providers are named on invoices."""

    @operation(
        "listBillingParties",
        query=BillingPartyQuerySchema,
        answers=Content(schema=list_of(BillingPartySchema), example=as_listed(BILLING_PARTY)),
    )
    def get(self, asked: Asked) -> Response:
        """List billing parties."""
        return list_of_records(asked, PARTY)

    @operation(
        "createBillingParty", body=_SENT, answers=_ANSWER, status=201, versioned=True, once=True, problems=(409,)
    )
    def post(self, asked: Asked) -> Response:
        """Create a billing party, one for each municipality and each provider."""
        return create_record(asked, PARTY)


@billing_parties.route("/<id:billing_party_id>")
class OneBillingParty(MethodView):
    """One billing party."""

    @operation("readBillingParty", answers=_ANSWER, versioned=True)
    def get(self, asked: Asked, billing_party_id: str) -> Response:
        """Read a billing party."""
        return read_record(asked, PARTY, billing_party_id)

    @operation("replaceBillingParty", body=_SENT, answers=_ANSWER, replaces=True, versioned=True, problems=(409,))
    def put(self, asked: Asked, billing_party_id: str) -> Response:
        """Replace a billing party. Files of runs that are taken afterwards name it so."""
        return replace_record(asked, PARTY, billing_party_id)


def keep_party(call: Call, told: Mapping[str, Any], before: BillingParty | None) -> frozenset[str]:
    """The party is kept as told, in place of `before`, and no field is named; or the fields that must be mended.

    Raises as `create` and `replace` of records.
    """
    try:
        draft = draft_of(BillingPartyRequestSchema().load(dict(told)), BillingPartyRequestSchema)
    except ValidationError as fault:
        return frozenset(map(str, fault.messages)) if isinstance(fault.messages, dict) else frozenset({"name"})
    answer = told_by(PARTY.path, PARTY.dump, 200)
    if before is None:
        create(call, PARTIES, draft, answer)
    else:
        replace(call, PARTIES, before.id, before.version, draft, answer)
    return frozenset()
