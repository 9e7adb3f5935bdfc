"""The invoice basis: every invoice and credit note of a run, as JSON and as a table. For the municipality's own reading
it tells of service and law, which the e-invoice does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from app.actions.reimbursement.exports import Invoices, OpenRun
from app.api.files.columns import kronor
from app.api.files.separated import table
from app.rules.billing import BillingParty
from app.rules.reimbursement.invoices import Document, DocumentKind, Row
from app.rules.time import format_instant

_NAMES = (
    *("kind", "number", "customer_id", "issued_on", "due_on", "seller", "seller_organisation_number", "buyer"),
    *("buyer_organisation_number", "sequence", "month", "service", "law", "ore_per_hour", "seconds"),
    *("unit", "quantity", "price_ore", "base_quantity", "amount_ore", "amount_kronor"),
)


def basis_json(invoices: Invoices) -> Iterator[bytes]:
    """One object: the run, the parties, `documents` one after another, and what they come to."""
    head = {
        "run": _run(invoices.opened),
        "seller": _party(invoices.parties.seller),
        "buyer": _party(invoices.parties.buyer),
    }
    yield orjson.dumps(head)[:-1] + b',"documents":['
    sums = dict.fromkeys(DocumentKind, 0)
    for place, document in enumerate(invoices.documents):
        sums[document.kind] += document.amount_ore
        yield (b"," if place else b"") + orjson.dumps(_document(invoices, document))
    invoiced, credited = sums[DocumentKind.INVOICE], sums[DocumentKind.CREDIT_NOTE]
    told = {"invoiced_ore": invoiced, "credited_ore": credited, "amount_ore": invoiced - credited}
    yield b'],"totals":' + orjson.dumps(told) + b"}\n"


def basis_csv(invoices: Invoices) -> Iterator[bytes]:
    """A row for each row of each document; what is credited stands below zero, so that the column sums to the run."""
    return table(_NAMES, _rows(invoices))


def _rows(invoices: Invoices) -> Iterable[list[Any]]:
    seller, buyer = invoices.parties.seller, invoices.parties.buyer
    parties = [seller.name, seller.organisation_number, buyer.name, buyer.organisation_number]
    for one in invoices.documents:
        due = invoices.due_on.isoformat() if one.kind is DocumentKind.INVOICE else None
        head = [one.kind.value, one.number, one.customer_id, invoices.opened.issued_on.isoformat(), due, *parties]
        for row in one.rows:
            signed = row.amount_ore if one.kind is DocumentKind.INVOICE else -row.amount_ore
            yield [*head, *_row(row).values(), signed, kronor(signed)]


def _row(row: Row) -> dict[str, Any]:
    billed = row.billed
    return {
        "sequence": billed.sequence,
        "month": billed.month,
        "service": billed.service.value,
        "law": billed.law.value,
        "ore_per_hour": billed.ore_per_hour,
        "seconds": billed.seconds,
        "unit": row.unit.value,
        "quantity": row.quantity,
        "price_ore": row.price_ore,
        "base_quantity": row.base_quantity,
    }


def _document(invoices: Invoices, one: Document) -> Mapping[str, Any]:
    first, last = one.period
    return {
        "kind": one.kind.value,
        "number": one.number,
        "customer_id": one.customer_id,
        "issued_on": invoices.opened.issued_on,
        "due_on": invoices.due_on if one.kind is DocumentKind.INVOICE else None,
        "period_from": first,
        "period_to": last,
        "corrects": one.corrects,
        "rows": [{**_row(row), **_prices(row), "amount_ore": row.amount_ore} for row in one.rows],
        "amount_ore": one.amount_ore,
    }


def _prices(row: Row) -> dict[str, str]:
    """Decimals as text, as everywhere in the API."""
    return {"ore_per_hour": format(row.billed.ore_per_hour, "f"), "price_ore": format(row.price_ore, "f")}


def _run(opened: OpenRun) -> dict[str, Any]:
    run = opened.run
    return {
        "id": run.id,
        "municipality": run.municipality,
        "provider_id": run.provider_id,
        "month": run.month,
        "issued_at": format_instant(run.issued_at),
        "content_hash": run.content_hash,
        "line_count": opened.sum.lines,
        "amount_ore": opened.sum.amount_ore,
    }


def _party(party: BillingParty) -> dict[str, Any]:
    own = ("id", "version", "name", "organisation_number", "street", "postal_code", "city", "vat", "f_tax")
    told = {name: getattr(party, name) for name in own}
    paid = {name: getattr(party, name) for name in ("bankgiro", "plusgiro", "iban", "buyer_reference", "payment_days")}
    address = {"scheme": party.electronic_scheme.value, "id": party.electronic_address}
    return {**told, **paid, "electronic_address": address}
