"""A run's files, and how those who stand on its invoices are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from app.actions.calls import Call
from app.actions.desk.billing import Named, parties_page, party_page
from app.rules.access import Role
from app.rules.billing import BillingParty, ElectronicScheme
from app.rules.providers import ProviderKind
from app.rules.recorded import Recorded
from app.web.desk import session
from app.web.desk.asked import id_in
from app.web.desk.shell import back_to, desk, opened, show

_SWITCHES = ("vat_registered", "f_tax")
_SENT = tuple(one.name for one in fields(BillingParty) if one.name not in {each.name for each in fields(Recorded)})


@desk.get("/runs/<id:run_id>/files/<name>")
@opened(Role.CONTROLLER, Role.COORDINATOR)
def run_file(call: Call, run_id: str, name: str) -> Response:
    """The run's file of that name, of all customers or of one, to be saved. Source: R7, R11."""
    found = session.tellers().run_file(call, run_id, name, id_in(request.args.get("customer_id")))
    response = Response(found.chunks)
    response.headers["Content-Type"] = found.media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
    return response


@desk.get("/billing")
@opened(Role.CONTROLLER)
def billing(call: Call) -> Response:
    """Everybody who may stand on an invoice, and what is missing of each. Source: R7."""
    return show("billing.html", found=parties_page(call), active="desk.months")


@desk.get("/billing/party")
@opened(Role.CONTROLLER)
def billing_party(call: Call) -> Response:
    """One of them, to be told of or changed."""
    return _form(_asked(call), {})


@desk.post("/billing/party")
@opened(Role.CONTROLLER)
def keep_billing_party(call: Call) -> AnyResponse:
    """The party is kept as written, or what is wrong stands beside it."""
    found = _asked(call)
    before = found.party if found.party is None else replace(found.party, version=_version())
    wrong = session.tellers().party(call, _written(found), before)
    if wrong:
        ordered = sorted(wrong, key=lambda name: (name not in _shown(found), _SENT.index(name)))
        return _form(found, {f"party_{name}": f"fault_party_{name}" for name in ordered})
    return back_to("desk.billing", "party_kept")


def _asked(call: Call) -> Named:
    return party_page(call, request.args.get("municipality"), id_in(request.args.get("provider_id")))


def _version() -> int:
    """The version that the form was filled from; 0 is none, and another one than stands."""
    stated = request.form.get("version", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else 0


def _shown(found: Named) -> tuple[str, ...]:
    """The fields that the form has: for a municipality, a private provider or the municipality's own."""
    own = ("name", "organisation_number", "street", "postal_code", "city")
    electronic = ("electronic_scheme", "electronic_id", "vat_registered", "vat_identifier")
    if found.provider is None:
        return (*own, *electronic, "buyer_reference")
    if found.provider.kind is ProviderKind.MUNICIPAL:
        return (*own, "cost_account", "settlement_account", "cost_centre")
    return (*own, *electronic, "f_tax", "bankgiro", "plusgiro", "iban", "payment_days")


def _written(found: Named) -> dict[str, Any]:
    """The party as a request has it: what the form has as written, the rest as it stands."""
    told = {name: getattr(found.party, name) for name in _SENT} if found.party is not None else {}
    for name in _shown(found):
        written = request.form.get(f"party_{name}", "").replace("\0", "").strip()
        told[name] = f"party_{name}" in request.form if name in _SWITCHES else written or None
    told = {name: value for name, value in told.items() if value is not None}
    if "payment_days" in told:
        told["payment_days"] = _number(told["payment_days"])
    whose = {"municipality": found.municipality} if found.provider is None else {"provider_id": found.provider.id}
    external = {} if found.party is None else {"external_id": found.party.external_id}
    return {**told, **whose, **external}


def _number(written: Any) -> Any:
    """The whole number that was written; what is none stays as it is, to be told of as wrong."""
    text = str(written)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else text


def _form(found: Named, faults: Mapping[str, str]) -> Response:
    kept = found.party
    before = {name: "" if kept is None else getattr(kept, name) for name in _SENT}
    if request.method == "POST":
        before = {name: request.form.get(f"party_{name}", "") for name in _SENT}
    return show(
        "billing_party.html",
        422 if faults else 200,
        found=found,
        names=_shown(found),
        before=before,
        schemes=tuple(ElectronicScheme),
        switches=_SWITCHES,
        form_faults=faults,
        active="desk.months",
    )
