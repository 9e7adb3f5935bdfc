"""A run as files: its lines in the order issued, its invoices, and its voucher, a page at a time (R7, R11).

Lines are never changed, so that pages that are read one after another, each in a transaction of its own, are of one
run; nobody holds a transaction open for as long as a file takes to be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from typing import Any

from app.actions.calls import Call
from app.actions.people import customers_seen
from app.actions.records import log_read, missing
from app.actions.reimbursement.document import issued_document
from app.rules.access import Resource, Verb
from app.rules.billing import BillingParty, Parties, check_sender, needed
from app.rules.providers import Provider
from app.rules.reimbursement.invoices import (
    Billed,
    Document,
    DocumentKind,
    check_invoices,
    check_readable,
    documents_of,
    due_on,
    invoice_numbers,
    the_only,
    undone,
)
from app.rules.reimbursement.vouchers import Posting, check_vouchers, postings_of
from app.rules.time import local_day
from app.storage.billed import billed_in_months, billed_of_run, customers_of_run, month_sums
from app.storage.billing import party_for
from app.storage.database import Transaction
from app.storage.issued import Sum, issued_lines, sums_of
from app.storage.providers import PROVIDER
from app.storage.records import get
from app.storage.reimbursement import Run, get_run

PAGE = 500
"""Lines that are held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    """A file as it is sent: what it is called, what it is, and its bytes, made as they are taken."""

    name: str
    media_type: str
    etag: str
    chunks: Iterable[bytes]


RunFiles = Callable[[Call, str, str, str | None], RunFile]
"""Gives a run's file of a name; the last is the one customer whose documents are wanted, None for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """A run within the actor's reach, whose customers are in the access log as read."""

    call: Call
    run: Run
    sum: Sum
    provider: Provider
    customer_ids: tuple[str, ...]
    customer_id: str | None = None

    @property
    def issued_on(self) -> date:
        """The Stockholm day on which it was issued."""
        return local_day(self.run.issued_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """A municipal provider's month as postings that sum to zero, and whose they are."""

    party: BillingParty
    rows: tuple[Posting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoices:
    """The invoices and credit notes of a run, told one after another, once."""

    opened: OpenRun
    parties: Parties
    due_on: date
    documents: Iterator[Document]


def open_run(call: Call, run_id: str, customer_id: str | None = None) -> OpenRun:
    """The run, or one customer's part of it. Raises Refused A2, A1 (404): no run, or no line of the customer in it."""
    call.check(Resource.RUN, Verb.READ)
    call.check(Resource.LINE, Verb.READ)
    cs = call.care_system_id
    with call.database.transaction() as tx:
        run = get_run(tx, cs, run_id, scope=call.scope(Resource.RUN))
        provider = None if run is None else get(tx, PROVIDER, cs, run.provider_id)
        if run is None or provider is None:
            raise missing()
        ids = customers_of_run(tx, cs, run_id)
        if customer_id is not None and customer_id not in ids:
            raise missing()
        log_read(tx, call, Resource.LINE, customers_seen(ids if customer_id is None else (customer_id,)))
        found = sums_of(tx, cs, [run_id]).get(run_id, Sum())
    return OpenRun(call=call, run=run, sum=found, provider=provider, customer_ids=ids, customer_id=customer_id)


def lines_of(opened: OpenRun) -> Iterator[dict[str, Any]]:
    """Every line as the feed tells it, in the order issued. Source: R11."""
    after, call = 0, opened.call
    while True:
        with call.database.transaction(write=False) as tx:
            found = issued_lines(tx, call.care_system_id, run_ids=[opened.run.id], after=after, limit=PAGE)
        yield from map(issued_document, found)
        if len(found) < PAGE:
            return
        after = found[-1].line.sequence


def invoices_of(opened: OpenRun) -> Invoices:
    """The run's documents with who they are from and to.

    Raises Refused A2, and R7 where the provider is municipal or not all of a party is told. Source: R7, LR 5.4.
    """
    call, run = opened.call, opened.run
    call.check(Resource.BILLING_PARTY, Verb.READ)
    check_invoices(opened.provider.kind)
    with call.database.transaction(write=False) as tx:
        seller = party_for(tx, call.care_system_id, provider_id=run.provider_id)
        buyer = party_for(tx, call.care_system_id, municipality=run.municipality)
    parties = Parties(
        seller=needed(seller, provider_id=run.provider_id), buyer=needed(buyer, municipality=run.municipality)
    )
    due = due_on(opened.issued_on, parties.seller.payment_days)
    return Invoices(opened=opened, parties=parties, due_on=due, documents=documents_in(opened))


def e_invoices_of(opened: OpenRun) -> Invoices:
    """As `invoices_of`, to be sent. Raises Refused R7 also where an e-invoice would say too little of its seller."""
    found = invoices_of(opened)
    check_sender(found.parties.seller)
    return found


def pages_of(opened: OpenRun) -> Invoices:
    """As `invoices_of`, of so few lines that they may be read on pages. Raises Refused R7 for more too."""
    if opened.customer_id is None:
        check_readable(opened.sum.lines)
    return invoices_of(opened)


def one_document(invoices: Invoices, kind: DocumentKind) -> Document:
    """The one document of the kind. Raises Refused R7 where there is none, or several. Source: LR 5.4."""
    return the_only(list(islice((one for one in invoices.documents if one.kind is kind), 2)), kind)


def documents_in(opened: OpenRun) -> Iterator[Document]:
    """Every invoice and credit note of the run, or of the one customer, by customer. Source: R7, LR 5.4."""
    for batch in _batches(opened):
        with opened.call.database.transaction(write=False) as tx:
            numbers = _numbers(tx, opened, batch)
        for customer_id, billed in groupby(batch, key=lambda one: one.customer_id):
            yield from documents_of(opened.run.municipality, billed, numbers.get(customer_id))


def _batches(opened: OpenRun) -> Iterator[list[Billed]]:
    """The lines of some customers at a time, by customer, each customer's all together."""
    held: list[Billed] = []
    call = opened.call
    while True:
        after = (held[-1].customer_id, held[-1].sequence) if held else None
        with call.database.transaction(write=False) as tx:
            found = billed_of_run(
                tx, call.care_system_id, opened.run.id, customer_id=opened.customer_id, after=after, limit=PAGE
            )
        held += found
        if len(found) < PAGE:
            yield held
            return
        last = held[-1].customer_id
        whole = [one for one in held if one.customer_id != last]
        if whole:
            yield whole
            held = held[len(whole) :]


def _numbers(tx: Transaction, opened: OpenRun, batch: list[Billed]) -> dict[str, dict[str, str]]:
    """The numbers of the invoices that the batch's credit notes are of: by customer, by month."""
    back = undone(batch)
    months = sorted({one.month for one in back})
    earlier = billed_in_months(tx, opened.call.care_system_id, opened.run, {one.customer_id for one in back}, months)
    return invoice_numbers(opened.run.municipality, ((one.run_month, one.billed) for one in earlier))


def voucher_of(opened: OpenRun) -> Voucher:
    """The voucher of a municipal provider's month. Raises Refused A2, R7. Source: R7, LR 5.5."""
    call, run = opened.call, opened.run
    call.check(Resource.BILLING_PARTY, Verb.READ)
    check_vouchers(opened.provider.kind)
    with call.database.transaction(write=False) as tx:
        party = party_for(tx, call.care_system_id, provider_id=run.provider_id)
        sums = month_sums(tx, call.care_system_id, run.id)
    party = needed(party, provider_id=run.provider_id)
    return Voucher(party=party, rows=postings_of(party, sums))
