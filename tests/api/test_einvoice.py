"""R7, LR 5.4: invoices and credit notes as Peppol BIS Billing 3, judged by UBL 2.1's schema and EN 16931's rules.

Peppol's own rules are no package that is installed here: those that say anything of these documents are checked by hand
in tests/ubl.py, and named there.
"""

from __future__ import annotations

import importlib
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from app.actions.reimbursement.exports import Invoices, OpenRun
from app.api.files import columnar, einvoice
from app.rules.billing import ElectronicScheme, Parties
from app.rules.providers import Provider, ProviderKind
from app.rules.refusal import Refused
from app.rules.reimbursement.invoices import Billed, Document, documents_of
from app.rules.reimbursement.values import LineKind
from app.storage.issued import Sum
from app.storage.reimbursement import Run
from tests.rules.test_invoices import billed, party
from tests.ubl import norm_faults, peppol_faults, schema_faults

LINES = (
    billed(11, 50_210),
    billed(12, 9, ore_per_hour=Decimal("37850.5")),
    billed(13, 1_800, kind=LineKind.ADJUSTMENT, month="2014-01"),
    billed(14, -1_205, -12_384, kind=LineKind.ADJUSTMENT, month="2014-01"),
    billed(15, -3_600, -37_000, kind=LineKind.ADJUSTMENT, month="2013-12"),
)
SELLER = party(f_tax=True, bankgiro="9912346", plusgiro="1234566", iban="SE4550000000058398257466")
BUYER = party(
    name="Exempel & kommun <Nämnd>",
    organisation_number="212000-0167",
    vat_registered=True,
    buyer_reference="ZZ0182",
    electronic_scheme=ElectronicScheme.GLN,
    electronic_id="7365565566556",
)
RUN = Run(
    id="0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e40",
    municipality="0182",
    provider_id="olivia",
    month="2014-02",
    locked_at=datetime(2014, 3, 5, 17, tzinfo=UTC),
    issued_at=datetime(2014, 3, 5, 17, 5, tzinfo=UTC),
    issued_by="somebody",
    content_hash="0" * 64,
)


def of(documents: tuple[Document, ...], **parties: Any) -> Invoices:
    opened = OpenRun(
        call=cast(Any, None),
        run=RUN,
        sum=Sum(),
        provider=Provider(id="olivia", name="Olivia", kind=ProviderKind.PRIVATE),
        customer_ids=(),
    )
    both = Parties(**{"seller": SELLER, "buyer": BUYER, **parties})
    return Invoices(opened=opened, parties=both, due_on=date(2014, 4, 4), documents=iter(documents))


def written(lines: tuple[Billed, ...] = LINES, **parties: Any) -> list[bytes]:
    documents = documents_of("0182", lines, {"2014-01": "F-0182-3", "2013-12": "F-0182-1"})
    invoices = of(documents, **parties)
    return [einvoice.document_xml(invoices, one) for one in documents]


@pytest.mark.parametrize(
    "parties",
    [
        {},
        {"seller": party(vat_registered=True), "buyer": party(organisation_number="212000-0167")},
    ],
    ids=["F-tax and every account", "VAT and no account"],
)
def test_R7_an_invoice_and_a_credit_note_hold_by_ubl_by_en_16931_and_by_peppol(parties: dict[str, Any]) -> None:
    both = written(**parties)
    assert len(both) == 2
    for document in both:
        assert schema_faults(document) == []
        assert norm_faults(document) == []
        assert peppol_faults(document) == []


def test_R7_broken_ones_are_found_out_by_each() -> None:
    invoice, credit = (one.decode() for one in written())
    misplaced = invoice.replace("<cbc:ID>F-0182-11</cbc:ID>", "").encode()
    assert schema_faults(misplaced) != []
    assert "BR-02" in norm_faults(misplaced)
    untold = re.sub("(?s)<cac:PartyTaxScheme>.*?</cac:PartyTaxScheme>", "", invoice, count=1).encode()
    assert (schema_faults(untold), norm_faults(untold)) == ([], ["BR-E-02"])
    dearer = credit.replace('<cbc:PriceAmount currencyID="SEK">123.84', '<cbc:PriceAmount currencyID="SEK">123.85')
    assert norm_faults(dearer.encode()) == []
    assert peppol_faults(dearer.encode()) == ["PEPPOL-EN16931-R120"]
    summed = credit.replace(">493.84</cbc:PayableAmount>", ">493.85</cbc:PayableAmount>").encode()
    assert norm_faults(summed) == ["BR-CO-16"]


def test_R7_an_e_invoice_tells_of_seconds_and_a_customer_of_no_name_and_nothing_of_the_care() -> None:
    invoice, credit = (one.decode() for one in written())
    for told in (
        '<cbc:InvoicedQuantity unitCode="SEC">50210</cbc:InvoicedQuantity>',
        '<cbc:PriceAmount currencyID="SEK">370.00</cbc:PriceAmount>',
        '<cbc:BaseQuantity unitCode="SEC">3600</cbc:BaseQuantity>',
        '<cbc:PriceAmount currencyID="SEK">378.505</cbc:PriceAmount>',
        "Utförd tid enligt beställning, månad 2014-02",
        "<cbc:ID>E</cbc:ID>",
        "artikel 132.1 g i direktiv 2006/112/EG",
        "<cbc:DueDate>2014-04-04</cbc:DueDate>",
    ):
        assert told in invoice, told
    for told in ("<cbc:ID>F-0182-1</cbc:ID>", "<cbc:ID>F-0182-3</cbc:ID>", "Rättelse av utförd tid, månad 2014-01"):
        assert told in credit, told
    for never in ("personal_care", "Omvårdnad", "SoL", "household", "visit"):
        assert never not in invoice + credit, never


def test_R7_the_same_run_is_the_same_archive() -> None:
    documents = documents_of("0182", LINES)
    first, again = (b"".join(einvoice.documents_zip(of(documents))) for _ in range(2))
    assert first == again
    assert first.count(b"F-0182-11.xml") == first.count(b"K-0182-14.xml") == 2


def test_what_an_installation_lacks_is_said_by_the_name_of_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = importlib.import_module

    def lacking(name: str, package: str | None = None) -> Any:
        if name.split(".")[0] in ("lxml", "pyarrow"):
            raise ModuleNotFoundError(name)
        return whole(name, package)

    monkeypatch.setattr(importlib, "import_module", lacking)
    documents = documents_of("0182", LINES)
    with pytest.raises(Refused, match="'einvoice'") as refused:
        einvoice.document_xml(of(documents), documents[0])
    assert refused.value.facts == {"extra": "einvoice"}
    with pytest.raises(Refused, match="'einvoice'"):
        einvoice.documents_zip(of(documents))
    with pytest.raises(Refused, match="'parquet'"):
        columnar.lines_parquet([])
