"""Every file of a run by its name: what it is, how it is made, and what it is called when it is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.records import missing
from app.actions.reimbursement.exports import (
    Invoices,
    OpenRun,
    RunFile,
    e_invoices_of,
    invoices_of,
    lines_of,
    one_document,
    open_run,
    pages_of,
    voucher_of,
)
from app.api.files import basis, columnar, einvoice, lines, paper, separated, voucher, workbook
from app.rules.reimbursement.invoices import DocumentKind

Made = tuple[str, Iterable[bytes]]
"""What the file rests on beside the run's lines, and its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """One kind of file. `of_customer`: it may be asked for one customer's documents alone."""

    media_type: str
    what: str
    make: Callable[[OpenRun], Made]
    of_customer: bool = False


def run_file(call: Call, run_id: str, name: str, customer_id: str | None = None) -> RunFile:
    """The run's file of that name, of one customer or of all; its reads are logged.

    Raises Refused A2, A1 (404): no such run or name, and R7 where the run has no such file.
    """
    kind = FILES.get(name)
    if kind is None or (customer_id is not None and not kind.of_customer):
        raise missing()
    opened = open_run(call, run_id, customer_id)
    rests_on, chunks = kind.make(opened)
    run = opened.run
    saved = f"hemtid-{run.month}-{run.municipality}-{run.id[-12:]}-{name}"
    return RunFile(name=saved, media_type=kind.media_type, etag=f"{run.content_hash}{rests_on}", chunks=chunks)


def _table(make: Callable[[OpenRun], Iterable[bytes]]) -> Callable[[OpenRun], Made]:
    return lambda opened: ("", make(opened))


def _invoiced(
    make: Callable[[Invoices], Iterable[bytes]], invoiced: Callable[[OpenRun], Invoices] = invoices_of
) -> Callable[[OpenRun], Made]:
    """What names the parties rests on their versions too."""

    def made(opened: OpenRun) -> Made:
        invoices = invoiced(opened)
        parties = invoices.parties
        return f"-{parties.seller.version}-{parties.buyer.version}", make(invoices)

    return made


def _electronic(kind: DocumentKind) -> Callable[[OpenRun], Made]:
    def written(invoices: Invoices) -> Iterable[bytes]:
        return (einvoice.document_xml(invoices, one_document(invoices, kind)),)

    return _invoiced(written, e_invoices_of)


def _voucher(opened: OpenRun) -> Made:
    found = voucher_of(opened)
    return f"-{found.party.version}", (voucher.voucher_se(opened, found),)


FILES: Mapping[str, FileKind] = {
    "lines.csv": FileKind(
        media_type=separated.MEDIA,
        what="the lines as CSV (RFC 4180, UTF-8), safe in a spreadsheet.",
        make=_table(lambda opened: separated.lines_csv(lines_of(opened))),
    ),
    "lines.xlsx": FileKind(
        media_type=workbook.MEDIA,
        what="the lines as a workbook.",
        make=_table(lambda opened: workbook.lines_xlsx(lines_of(opened), opened.run.issued_at)),
    ),
    "lines.ndjson": FileKind(
        media_type=lines.MEDIA,
        what="the lines as the feed tells them, one a line.",
        make=_table(lambda opened: lines.lines_ndjson(lines_of(opened))),
    ),
    "lines.parquet": FileKind(
        media_type=columnar.MEDIA,
        what="the lines with typed columns (extra parquet).",
        make=_table(lambda opened: columnar.lines_parquet(lines_of(opened))),
    ),
    "invoice.json": FileKind(
        media_type="application/json",
        what="a private provider's invoice basis, an invoice for each customer (LR 5.4).",
        make=_invoiced(basis.basis_json),
        of_customer=True,
    ),
    "invoice.csv": FileKind(
        media_type=separated.MEDIA,
        what="the same as CSV; what is credited stands below zero.",
        make=_invoiced(basis.basis_csv),
        of_customer=True,
    ),
    "invoice.pdf": FileKind(
        media_type=paper.MEDIA,
        what="the same as pages to read.",
        make=_invoiced(lambda invoices: (paper.basis_pdf(invoices),), pages_of),
        of_customer=True,
    ),
    "invoice.xml": FileKind(
        media_type=einvoice.MEDIA,
        what="a customer's invoice as Peppol BIS Billing 3 (extra einvoice).",
        make=_electronic(DocumentKind.INVOICE),
        of_customer=True,
    ),
    "credit-note.xml": FileKind(
        media_type=einvoice.MEDIA,
        what="a customer's credit note, likewise.",
        make=_electronic(DocumentKind.CREDIT_NOTE),
        of_customer=True,
    ),
    "e-invoices.zip": FileKind(
        media_type=einvoice.ZIP,
        what="every invoice and credit note, likewise.",
        make=_invoiced(einvoice.documents_zip, e_invoices_of),
        of_customer=True,
    ),
    "voucher.se": FileKind(
        media_type=voucher.MEDIA,
        what="a municipal provider's month as a SIE 4 voucher (LR 5.5).",
        make=_voucher,
    ),
}
"""By name, in the order of the specification."""
