"""The basis of invoices: what a run issued, as one invoice and one credit note for each customer (R7, LR 5.4).

What a line or a positive adjustment comes to is invoiced, what a negative one comes to is credited: the invoices less
the credit notes are the run, to the öre. A customer is told of by our id alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.rules.providers import Law, ProviderKind, Service
from app.rules.refusal import Refused
from app.rules.reimbursement.lines import half_up
from app.rules.reimbursement.values import LineKind
from app.rules.time import days_of

SECONDS_OF_AN_HOUR = 3600
MOST_ON_PAGES = 2_000
"""Lines of an invoice basis to be read on pages. Source: our decision."""


class DocumentKind(StrEnum):
    """What is sent: by UNTDID 1001 a commercial invoice (380) or a credit note (381)."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Unit(StrEnum):
    """What a row counts, by UN/ECE Recommendation 20: seconds, or one of something."""

    SECOND = "SEC"
    ONE = "C62"


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """A line as it was issued, without what stands behind it."""

    sequence: int
    customer_id: str
    kind: LineKind
    month: str
    service: Service
    law: Law
    ore_per_hour: Decimal
    seconds: int
    amount_ore: int

    @property
    def period(self) -> tuple[date, date]:
        """The first and the last day of its month, both inside, as invoices tell a period. Source: BG-26."""
        days = days_of(self.month)
        return days[0], days[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line on a document: `amount_ore` is half_up(quantity × price_ore ÷ base_quantity), exactly, never negative."""

    billed: Billed
    unit: Unit
    quantity: int
    price_ore: Decimal
    base_quantity: int
    amount_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An invoice or a credit note to one municipality about one customer. `corrects` are numbers of invoices."""

    kind: DocumentKind
    number: str
    customer_id: str
    rows: tuple[Row, ...]
    corrects: tuple[str, ...] = ()

    @property
    def amount_ore(self) -> int:
        """What its rows come to; of a credit note what is given back."""
        return sum(row.amount_ore for row in self.rows)

    @property
    def signed_ore(self) -> int:
        """What it adds to the run."""
        return self.amount_ore if self.kind is DocumentKind.INVOICE else -self.amount_ore

    @property
    def period(self) -> tuple[date, date]:
        """From its rows' first day to their last: theirs lie within. Source: BG-14; PEPPOL-EN16931-R110, R111."""
        periods = [row.billed.period for row in self.rows]
        return min(first for first, _ in periods), max(last for _, last in periods)


def due_on(issued_on: date, payment_days: int) -> date:
    """The day by which an invoice is to be paid."""
    return issued_on + timedelta(days=payment_days)


def kind_of(billed: Billed) -> DocumentKind:
    """A credit note's is what takes away: öre, or where rounding left none, seconds. Source: our decision."""
    taken = billed.amount_ore < 0 or (billed.amount_ore == 0 and billed.seconds < 0)
    return DocumentKind.CREDIT_NOTE if taken else DocumentKind.INVOICE


def row_of(billed: Billed) -> Row:
    """The line as a row whose quantity times price is its amount.

    Seconds at the price of 3,600 of them. An adjustment is a difference of rounded amounts and may lie one öre beside
    its own seconds' worth (R8): then it is one, at the price of its amount. Source: Peppol, PEPPOL-EN16931-R120.
    """
    quantity, amount = abs(billed.seconds), abs(billed.amount_ore)
    worth = half_up(Fraction(billed.ore_per_hour) * quantity / SECONDS_OF_AN_HOUR)
    if worth == amount:
        return Row(
            billed=billed,
            unit=Unit.SECOND,
            quantity=quantity,
            price_ore=billed.ore_per_hour,
            base_quantity=SECONDS_OF_AN_HOUR,
            amount_ore=amount,
        )
    return Row(billed=billed, unit=Unit.ONE, quantity=1, price_ore=Decimal(amount), base_quantity=1, amount_ore=amount)


def number_of(kind: DocumentKind, municipality: str, sequence: int) -> str:
    """The number of the document whose first line has that sequence: no other one has it. Source: our decision."""
    return f"{'F' if kind is DocumentKind.INVOICE else 'K'}-{municipality}-{sequence}"


def documents_of(
    municipality: str, billed: Iterable[Billed], invoiced: Mapping[str, str] | None = None
) -> tuple[Document, ...]:
    """The documents of one customer's lines of a run: an invoice, a credit note, both, or none for no line.

    `invoiced` has the number of the invoice that each earlier month was invoiced by. Source: R7, R8, LR 5.4.
    """
    told = sorted(billed, key=lambda one: one.sequence)
    found: list[Document] = []
    for kind in DocumentKind:
        rows = tuple(row_of(one) for one in told if kind_of(one) is kind)
        if not rows:
            continue
        first = rows[0].billed
        months = sorted({row.billed.month for row in rows}) if kind is DocumentKind.CREDIT_NOTE else ()
        found.append(
            Document(
                kind=kind,
                number=number_of(kind, municipality, first.sequence),
                customer_id=first.customer_id,
                rows=rows,
                corrects=tuple(one for one in map((invoiced or {}).get, months) if one is not None),
            )
        )
    return tuple(found)


def undone(billed: Iterable[Billed]) -> tuple[Billed, ...]:
    """Those that a credit note takes back."""
    return tuple(one for one in billed if kind_of(one) is DocumentKind.CREDIT_NOTE)


def invoice_numbers(municipality: str, issued: Iterable[tuple[str, Billed]]) -> dict[str, dict[str, str]]:
    """The number of each customer's invoice of each run, by customer and month of the run, of everything they issued.

    A run that only credited a customer invoiced nothing, and is not among them.
    """
    first: dict[tuple[str, str], int] = {}
    for month, one in issued:
        if kind_of(one) is DocumentKind.INVOICE:
            key = (one.customer_id, month)
            first[key] = min(one.sequence, first.get(key, one.sequence))
    found: dict[str, dict[str, str]] = {}
    for (customer_id, month), sequence in sorted(first.items()):
        found.setdefault(customer_id, {})[month] = number_of(DocumentKind.INVOICE, municipality, sequence)
    return found


def check_readable(lines: int) -> None:
    """Returns for so many lines as anybody reads on pages, Refused (409) for more. Source: our decision."""
    if lines > MOST_ON_PAGES:
        raise Refused(
            "R7",
            f"{lines} lines are more than fit pages to read: take invoice.csv or invoice.json, or one customer's pages "
            "by customer_id.",
            facts={"lines": lines, "most": MOST_ON_PAGES},
        )


def the_only(documents: Sequence[Document], kind: DocumentKind) -> Document:
    """The one document among them; Refused (409) where there is none of the kind, or more than one. Source: LR 5.4."""
    named = kind.value.replace("_", " ")
    if not documents:
        raise Refused("R7", f"There is no {named} here: the run has nothing for it.", facts={"documents": 0})
    if len(documents) > 1:
        raise Refused(
            "R7",
            f"The run has more than one {named}, each about one customer: name it by customer_id, or take them all "
            "as e-invoices.zip.",
            facts={"documents": len(documents)},
        )
    return documents[0]


def check_invoices(kind: ProviderKind) -> None:
    """Returns for a private provider; Refused (409) for a municipal one, which is posted internally. Source: R7."""
    if kind is ProviderKind.MUNICIPAL:
        raise Refused(
            "R7",
            "A municipal provider sends no invoice: it is posted internally, by the voucher voucher.se.",
            facts={"provider_kind": kind.value},
        )
