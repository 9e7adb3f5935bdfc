"""Invoices and credit notes as Peppol BIS Billing 3 has them, in UBL 2.1. It needs the extra `einvoice`.

They tell of a customer by our id alone, and of the care by its seconds and its month. Source: R7, LR 5.4; Peppol BIS
Billing 3; EN 16931. Its rules are named where they decide something.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from app.actions.reimbursement.exports import Invoices
from app.api.files.columns import kronor
from app.api.files.extras import needed
from app.api.files.spooled import Sink, spooled
from app.api.files.ubl import Node, node, serialized
from app.rules.billing import COUNTRY, BillingParty
from app.rules.reimbursement.invoices import Document, DocumentKind, Row, Unit
from app.rules.reimbursement.values import LineKind
from app.rules.time import STOCKHOLM

MEDIA = "application/xml"
ZIP = "application/zip"
EXTRA = "einvoice"
_CUSTOMIZATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_TYPES = {DocumentKind.INVOICE: "380", DocumentKind.CREDIT_NOTE: "381"}
_CURRENCY = "SEK"
_EXEMPT = "E"
_REASON_CODE = "VATEX-EU-132-1G"
_REASON = "Social omsorg är undantagen från mervärdesskatt (artikel 132.1 g i direktiv 2006/112/EG)"
"""Services closely linked to welfare work; the directive's article stands whichever Swedish law was in force."""
_F_TAX = "Godkänd för F-skatt"
"""How a Swedish seller without VAT is known. Source: BR-E-02, SE-R-005."""
_INVOICED_OBJECT = "130"
_CREDIT_TRANSFER = "30"
_BRANCHES = {"bankgiro": "SE:BANKGIRO", "plusgiro": "SE:PLUSGIRO", "iban": None}


def document_xml(invoices: Invoices, document: Document) -> bytes:
    """The document. Raises Refused where the extra is missing."""
    return serialized(needed("lxml.etree", EXTRA), _document(invoices, document))


def documents_zip(invoices: Invoices) -> Iterator[bytes]:
    """Every document of the run, each as a file named by its number. Raises Refused where the extra is missing."""
    needed("lxml.etree", EXTRA)
    return spooled(lambda sink: _pack(sink, invoices))


def _pack(sink: Sink, invoices: Invoices) -> None:
    local = invoices.opened.run.issued_at.astimezone(STOCKHOLM)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for document in invoices.documents:
            named = zipfile.ZipInfo(f"{document.number}.xml", local.timetuple()[:6])
            archive.writestr(named, document_xml(invoices, document), zipfile.ZIP_DEFLATED)


def _document(invoices: Invoices, document: Document) -> Node:
    invoice = document.kind is DocumentKind.INVOICE
    name = "Invoice" if invoice else "CreditNote"
    first, last = document.period
    return node(
        name,
        node("cbc:CustomizationID", _CUSTOMIZATION),
        node("cbc:ProfileID", _PROFILE),
        node("cbc:ID", document.number),
        node("cbc:IssueDate", invoices.opened.issued_on.isoformat()),
        node("cbc:DueDate", invoices.due_on.isoformat()) if invoice else None,
        node(f"cbc:{name}TypeCode", _TYPES[document.kind]),
        node("cbc:DocumentCurrencyCode", _CURRENCY),
        node("cbc:BuyerReference", invoices.parties.buyer.buyer_reference or invoices.opened.run.id),
        _period(first.isoformat(), last.isoformat()),
        *(_corrected(number) for number in document.corrects),
        node(
            "cac:AdditionalDocumentReference",
            node("cbc:ID", document.customer_id),
            node("cbc:DocumentTypeCode", _INVOICED_OBJECT),
        ),
        node("cac:AccountingSupplierParty", _party(invoices.parties.seller, seller=True)),
        node("cac:AccountingCustomerParty", _party(invoices.parties.buyer, seller=False)),
        *(_payment(invoices.parties.seller, document) if invoice else ()),
        *_sums(document),
        *(_line(row, name, "Invoiced" if invoice else "Credited") for row in document.rows),
    )


def _corrected(number: str) -> Node:
    return node("cac:BillingReference", node("cac:InvoiceDocumentReference", node("cbc:ID", number)))


def _party(party: BillingParty, *, seller: bool) -> Node:
    taxed = [] if party.vat is None else [_taxed(party.vat, "VAT")]
    if seller and party.f_tax:
        taxed.append(_taxed(_F_TAX, "TAX"))
    return node(
        "cac:Party",
        node("cbc:EndpointID", party.electronic_address, schemeID=party.electronic_scheme.value),
        node("cac:PartyName", node("cbc:Name", party.name)),
        node(
            "cac:PostalAddress",
            node("cbc:StreetName", party.street),
            node("cbc:CityName", party.city),
            node("cbc:PostalZone", party.postal_code),
            node("cac:Country", node("cbc:IdentificationCode", COUNTRY)),
        ),
        *taxed,
        node(
            "cac:PartyLegalEntity",
            node("cbc:RegistrationName", party.name),
            node("cbc:CompanyID", party.organisation_digits, schemeID="0007"),
        ),
    )


def _taxed(identifier: str, scheme: str) -> Node:
    return node("cac:PartyTaxScheme", node("cbc:CompanyID", identifier), node("cac:TaxScheme", node("cbc:ID", scheme)))


def _payment(seller: BillingParty, document: Document) -> Iterator[Node]:
    """How it may be paid: each account that the seller has told of. Source: SE-R-007 to SE-R-012."""
    for name, branch in _BRANCHES.items():
        account = getattr(seller, name)
        if account is not None:
            at = None if branch is None else node("cac:FinancialInstitutionBranch", node("cbc:ID", branch))
            yield node(
                "cac:PaymentMeans",
                node("cbc:PaymentMeansCode", _CREDIT_TRANSFER),
                node("cbc:PaymentID", document.number),
                node("cac:PayeeFinancialAccount", node("cbc:ID", account), at),
            )


def _sums(document: Document) -> Iterator[Node]:
    whole = _money(document.amount_ore)
    category = _category(
        "cac:TaxCategory", node("cbc:TaxExemptionReasonCode", _REASON_CODE), node("cbc:TaxExemptionReason", _REASON)
    )
    if document.kind is DocumentKind.CREDIT_NOTE:  # it has no day by which it is due; its terms say what becomes of it
        yield node("cac:PaymentTerms", node("cbc:Note", "Dras av eller återbetalas"))
    yield node(
        "cac:TaxTotal",
        _amount("TaxAmount", _money(0)),
        node("cac:TaxSubtotal", _amount("TaxableAmount", whole), _amount("TaxAmount", _money(0)), category),
    )
    names = ("LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "PayableAmount")
    yield node("cac:LegalMonetaryTotal", *(_amount(name, whole) for name in names))


def _line(row: Row, name: str, counted: str) -> Node:
    billed = row.billed
    first, last = billed.period
    seconds = row.unit is Unit.SECOND
    price = kronor(row.price_ore)
    return node(
        f"cac:{name}Line",
        node("cbc:ID", str(billed.sequence)),
        node(f"cbc:{counted}Quantity", str(row.quantity), unitCode=row.unit.value),
        _amount("LineExtensionAmount", _money(row.amount_ore)),
        _period(first.isoformat(), last.isoformat()),
        node(
            "cac:Item",
            None if seconds else node("cbc:Description", _difference(row)),
            node("cbc:Name", _said(row)),
            _category("cac:ClassifiedTaxCategory"),
        ),
        node(
            "cac:Price",
            _amount("PriceAmount", format(price, "f")),
            node("cbc:BaseQuantity", str(row.base_quantity), unitCode=row.unit.value),
        ),
    )


def _said(row: Row) -> str:
    what = "Utförd tid enligt beställning" if row.billed.kind is LineKind.LINE else "Rättelse av utförd tid"
    return f"{what}, månad {row.billed.month}"


def _difference(row: Row) -> str:
    billed = row.billed
    rate = format(kronor(billed.ore_per_hour), "f").replace(".", ",")
    return f"{billed.seconds} sekunder à {rate} kr per timme: skillnad mellan avrundade belopp"


def _category(name: str, *reason: Node) -> Node:
    """Exempt from VAT, at no per cent. Source: BR-E-01, BR-E-05, BR-E-10."""
    scheme = node("cac:TaxScheme", node("cbc:ID", "VAT"))
    return node(name, node("cbc:ID", _EXEMPT), node("cbc:Percent", "0"), *reason, scheme)


def _period(first: str, last: str) -> Node:
    return node("cac:InvoicePeriod", node("cbc:StartDate", first), node("cbc:EndDate", last))


def _amount(name: str, text: str) -> Node:
    return node(f"cbc:{name}", text, currencyID=_CURRENCY)


def _money(ore: int) -> str:
    return format(kronor(ore), "f")
