"""The invoice basis to be read: pages of A4 with the parties, every invoice and credit note, and what they come to.

The letters are of a font that every reader has and that holds Latin-1: Swedish is whole, a letter beyond it is written
without its marks, and one that has no such form as a question mark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from app.actions.reimbursement.exports import Invoices
from app.api.files.columns import kronor
from app.rules.billing import BillingParty
from app.rules.providers import Service
from app.rules.reimbursement.invoices import Document, DocumentKind, Row

MEDIA = "application/pdf"
_TITLES = {DocumentKind.INVOICE: "Faktura", DocumentKind.CREDIT_NOTE: "Kreditfaktura"}
_SERVICES = {
    Service.PERSONAL_CARE: "Omvårdnad",
    Service.HOUSEHOLD: "Service",
    Service.ESCORT: "Ledsagning",
    Service.RESPITE: "Avlösning",
}
_HEADS = ("Rad", "Månad", "Insats", "Lag", "Tid", "kr per timme", "Belopp, kr")
_WIDTHS = (18, 20, 34, 14, 36, 26, 32)
"""In millimetres; together the page between its margins."""
_RIGHT = frozenset({0, 4, 5, 6})
"""Columns of numbers."""
_MARGIN, _LINE, _FOOT, _GAP = 15, 5, 18, 2
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "’": "'", "”": '"', "“": '"', "…": "..."})
_EXEMPT = "Ingen mervärdesskatt: social omsorg är undantagen (artikel 132.1 g i direktiv 2006/112/EG)."


class _Paper(FPDF):
    """Pages with what they belong to at the foot, and their number."""

    def __init__(self, foot: str) -> None:
        super().__init__(unit="mm", format="A4")
        self._foot = foot
        self.set_margins(_MARGIN, _MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(True, _FOOT)

    def footer(self) -> None:
        """The foot of each page."""
        self.set_y(-12)
        self.set_font("Helvetica", size=8)
        self.cell(0, 4, self._foot)
        self.set_y(-12)
        self.cell(0, 4, f"Sida {self.page_no()} av {{nb}}", align="R")

    def say(self, text: str, *, size: int = 9, bold: bool = False) -> None:
        """A line of its own, broken where it is too long."""
        self.set_font("Helvetica", "B" if bold else "", size)
        self.multi_cell(0, size * 0.55, latin(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def line_of_text(self, text: str, *, size: int = 9, bold: bool = False) -> None:
        """A short line of its own."""
        self.set_font("Helvetica", "B" if bold else "", size)
        self.text(_MARGIN, self.get_y() + 0.8 * _LINE, text)
        self.ln(_LINE)

    def row(self, cells: Sequence[str], *, bold: bool = False) -> None:
        """A line of the table, on one page, with a rule below it."""
        self.set_font("Helvetica", "B" if bold else "", 9)
        left, base = float(_MARGIN), self.get_y() + 0.7 * _LINE
        for place, (text, width) in enumerate(zip(cells, _WIDTHS, strict=True)):
            shift = width - _GAP - self.get_string_width(text) if place in _RIGHT else 0
            if text:
                self.text(left + shift, base, text)
            left += width
        self.ln(_LINE)
        self.line(_MARGIN, self.get_y(), left, self.get_y())


def basis_pdf(invoices: Invoices) -> bytes:
    """The document; all of it is held while it is made."""
    opened, documents = invoices.opened, list(invoices.documents)
    run = opened.run
    paper = _Paper(f"Hemtid, fakturaunderlag {run.month}, kommun {run.municipality}, körning {run.id}")
    paper.set_creation_date(run.issued_at)
    paper.set_title("Fakturaunderlag")
    paper.set_lang("sv-SE")
    paper.add_page()
    paper.say(f"Fakturaunderlag {run.month}", size=16, bold=True)
    paper.ln(3)
    _parties(paper, invoices)
    _totals(paper, documents)
    for document in documents:
        _document(paper, invoices, document)
    return bytes(paper.output())


def _parties(paper: _Paper, invoices: Invoices) -> None:
    seller, buyer = invoices.parties.seller, invoices.parties.buyer
    top, ends = paper.get_y(), []
    for left, head, party in ((_MARGIN, "Utförare", seller), (110, "Beställare", buyer)):
        paper.set_y(top)
        paper.set_left_margin(left)
        paper.set_right_margin(_MARGIN if left > _MARGIN else 105)
        paper.set_x(left)
        paper.say(head, bold=True)
        for line in _lines_of(party):
            paper.say(line)
        ends.append(paper.get_y())
    paper.set_left_margin(_MARGIN)
    paper.set_right_margin(_MARGIN)
    paper.set_y(max(ends) + _LINE)


def _lines_of(party: BillingParty) -> list[str]:
    told = [party.name, party.street, f"{party.postal_code} {party.city}", f"Org.nr {party.organisation_number}"]
    told += [f"Momsreg.nr {party.vat}"] if party.vat else []
    told += ["Godkänd för F-skatt"] if party.f_tax else []
    told += [f"Referens {party.buyer_reference}"] if party.buyer_reference else []
    paid = (("Bankgiro", party.bankgiro), ("Plusgiro", party.plusgiro), ("IBAN", party.iban))
    return told + [f"{name} {account}" for name, account in paid if account]


def _totals(paper: _Paper, documents: list[Document]) -> None:
    sums = {kind: [one.amount_ore for one in documents if one.kind is kind] for kind in DocumentKind}
    invoiced, credited = sums[DocumentKind.INVOICE], sums[DocumentKind.CREDIT_NOTE]
    paper.say(f"Fakturor: {len(invoiced)} st, {money(sum(invoiced))} kr", size=10)
    paper.say(f"Kreditfakturor: {len(credited)} st, {money(sum(credited))} kr", size=10)
    paper.say(f"Netto: {money(sum(one.signed_ore for one in documents))} kr", size=12, bold=True)
    paper.say(_EXEMPT, size=8)


def _document(paper: _Paper, invoices: Invoices, document: Document) -> None:
    if paper.will_page_break(7 * _LINE):
        paper.add_page()
    paper.ln(_LINE)
    paper.line_of_text(f"{_TITLES[document.kind]} {document.number}", size=11, bold=True)
    first, last = document.period
    paper.line_of_text(f"Brukarreferens {document.customer_id}. Period {first.isoformat()} - {last.isoformat()}.")
    paper.line_of_text(_dates(invoices, document))
    paper.ln(1)
    paper.row(_HEADS, bold=True)
    for row in document.rows:
        if paper.will_page_break(2 * _LINE):
            paper.add_page()
            paper.row(_HEADS, bold=True)
        paper.row(_cells(row))
    paper.row(("", "", "", "", "", "Summa", money(document.amount_ore)), bold=True)


def _dates(invoices: Invoices, document: Document) -> str:
    issued = f"Utställd {invoices.opened.issued_on.isoformat()}."
    if document.kind is DocumentKind.INVOICE:
        return f"{issued} Förfaller {invoices.due_on.isoformat()}."
    return f"{issued} Avser faktura {', '.join(document.corrects) or 'som saknas'}."


def _cells(row: Row) -> tuple[str, ...]:
    one = row.billed
    rate = format(kronor(one.ore_per_hour), "f").replace(".", ",")
    return (
        str(one.sequence),
        one.month,
        _SERVICES[one.service],
        one.law.value,
        duration(one.seconds),
        rate,
        money(row.amount_ore),
    )


def duration(seconds: int) -> str:
    """`13 h 56 min 50 s`; below zero with a minus."""
    whole = abs(seconds)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{whole // 3600} h {whole // 60 % 60:02d} min {whole % 60:02d} s"


def money(ore: int) -> str:
    """`5 160,47`: kronor and öre as Swedish writes them."""
    return f"{Decimal(ore).scaleb(-2):,.2f}".replace(",", "\u00a0").replace(".", ",")


def latin(text: str) -> str:
    """The text in the letters that the font has."""
    told = "".join(map(_letter, unicodedata.normalize("NFC", text.translate(_DASHES))))
    return told.encode("latin-1", errors="replace").decode("latin-1")


def _letter(one: str) -> str:
    """The letter, without its marks where the font has it only so."""
    return one if ord(one) < 256 else unicodedata.normalize("NFKD", one)[0]
