"""R7, R8: what a run issued as invoices and credit notes, per customer, to the öre; and as a voucher that balances."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.billing import BillingParty, check_sender, needed
from app.rules.providers import Law, ProviderKind, Service
from app.rules.refusal import Refused
from app.rules.reimbursement.invoices import (
    MOST_ON_PAGES,
    Billed,
    Document,
    DocumentKind,
    Unit,
    check_invoices,
    check_readable,
    documents_of,
    invoice_numbers,
    row_of,
    the_only,
)
from app.rules.reimbursement.lines import amount_ore, half_up
from app.rules.reimbursement.values import LineKind
from app.rules.reimbursement.vouchers import MonthSum, check_vouchers, postings_of
from tests.counts import count

CASES = count(10_000, everyday=200)
MONTHS = ("2014-01", "2014-02", "2014-03")
RATES = st.sampled_from(["37000", "32000", "0", "1", "36300", "37850.5", "38362.1234", "99999.9999"]).map(Decimal)
SECONDS = st.lists(st.integers(0, 400_000), min_size=1, max_size=4)
"""What one key comes to as told at each run that computed it."""


def billed(sequence: int, seconds: int, amount: int | None = None, **changes: object) -> Billed:
    told = {
        "sequence": sequence,
        "customer_id": "anna",
        "kind": LineKind.LINE,
        "month": "2014-02",
        "service": Service.PERSONAL_CARE,
        "law": Law.SOL,
        "ore_per_hour": Decimal(37000),
        "seconds": seconds,
    }
    rate = Decimal(str(changes.get("ore_per_hour", told["ore_per_hour"])))
    worth = amount_ore(seconds, rate) if amount is None else amount
    return Billed(**{**told, "amount_ore": worth, **changes})  # type: ignore[arg-type]


@st.composite
def runs(draw: st.DrawFn) -> list[list[Billed]]:
    """What runs of three months issued: lines, and differences to what had been issued, as R8 makes them."""
    issued: list[list[Billed]] = [[], [], []]
    sequence = 0
    for customer in ("anna", "bo", "cia")[: draw(st.integers(1, 3))]:
        for month in range(3):
            rate, told = draw(RATES), draw(SECONDS)[: 3 - month]
            for place, (before, now) in enumerate(pairwise([0, *told])):
                difference = amount_ore(now, rate) - (amount_ore(before, rate) if place else 0)
                if now == before and not difference:
                    continue
                sequence += 1
                kind = LineKind.ADJUSTMENT if place else LineKind.LINE
                issued[month + place].append(
                    billed(
                        sequence,
                        now - before,
                        difference,
                        customer_id=customer,
                        kind=kind,
                        month=MONTHS[month],
                        ore_per_hour=rate,
                    )
                )
    return issued


def documents(run: Iterable[Billed], earlier: Iterable[tuple[str, Billed]] = ()) -> list[Document]:
    numbers = invoice_numbers("0182", earlier)
    ordered = sorted(run, key=lambda one: (one.customer_id, one.sequence))
    return [
        document
        for customer, lines in groupby(ordered, key=lambda one: one.customer_id)
        for document in documents_of("0182", lines, numbers.get(customer))
    ]


@settings(max_examples=CASES)
@given(issued=runs())
def test_R7_R8_invoices_less_credit_notes_are_the_run_and_every_row_is_its_quantity_times_its_price(
    issued: list[list[Billed]],
) -> None:
    told = [(MONTHS[place], one) for place, run in enumerate(issued) for one in run]
    everything = [documents(run, told) for run in issued]
    for run, found in zip(issued, everything, strict=True):
        assert sum(one.signed_ore for one in found) == sum(one.amount_ore for one in run)
        assert sorted(row.billed.sequence for one in found for row in one.rows) == sorted(one.sequence for one in run)
        for document in found:
            assert {row.billed.customer_id for row in document.rows} == {document.customer_id}
            for row in document.rows:
                exact = Fraction(row.price_ore) * row.quantity / row.base_quantity
                assert half_up(exact) == row.amount_ore >= 0
                worth = Fraction(row.billed.ore_per_hour) * abs(row.billed.seconds) / 3600
                assert abs(worth - row.amount_ore) <= (Fraction(1, 2) if row.unit is Unit.SECOND else 1)
    numbers = [one.number for found in everything for one in found]
    assert len(numbers) == len(set(numbers))
    invoices = {one.number for found in everything for one in found if one.kind is DocumentKind.INVOICE}
    assert {number for found in everything for one in found for number in one.corrects} <= invoices


def test_R1_a_line_is_its_seconds_at_the_price_of_an_hour() -> None:
    row = row_of(billed(7, 50_210))
    assert (row.unit, row.quantity, row.price_ore, row.base_quantity, row.amount_ore) == (
        Unit.SECOND,
        50_210,
        Decimal(37000),
        3600,
        516_047,
    )


def test_R8_a_difference_that_lies_an_ore_beside_its_seconds_is_one_at_its_own_price() -> None:
    """1,205 s at 370 kr/h are worth 12,385 öre; the difference of what was rounded is 12,384."""
    row = row_of(billed(7, -1_205, -12_384, kind=LineKind.ADJUSTMENT))
    assert (row.unit, row.quantity, row.price_ore, row.base_quantity, row.amount_ore) == (
        Unit.ONE,
        1,
        Decimal(12_384),
        1,
        12_384,
    )


def test_R7_a_customer_has_an_invoice_and_a_credit_note_that_names_the_invoice_of_its_month() -> None:
    january = ("2014-01", billed(3, 7_200, month="2014-01"))
    run = [
        billed(8, 3_600),
        billed(10, 1_800, kind=LineKind.ADJUSTMENT, month="2014-01", service=Service.ESCORT),
        billed(9, -3_600, -37_000, kind=LineKind.ADJUSTMENT, month="2014-01"),
    ]
    invoice, credit = documents(run, [january])
    assert (invoice.kind, invoice.number, invoice.amount_ore) == (DocumentKind.INVOICE, "F-0182-8", 55_500)
    assert [row.billed.sequence for row in invoice.rows] == [8, 10]
    assert [day.isoformat() for day in invoice.period] == ["2014-01-01", "2014-02-28"]
    assert invoice.corrects == ()
    assert (credit.kind, credit.number, credit.amount_ore) == (DocumentKind.CREDIT_NOTE, "K-0182-9", 37_000)
    assert credit.corrects == ("F-0182-3",)
    assert credit.signed_ore == -37_000


def test_R7_a_month_that_invoiced_the_customer_nothing_is_named_by_no_credit_note() -> None:
    only_credited = ("2014-01", billed(3, -60, -617, month="2013-12", kind=LineKind.ADJUSTMENT))
    (credit,) = documents([billed(9, -60, -617, month="2014-01", kind=LineKind.ADJUSTMENT)], [only_credited])
    assert credit.corrects == ()


def test_R8_seconds_taken_back_that_come_to_no_ore_are_credited() -> None:
    (credit,) = documents([billed(9, -1, 0, ore_per_hour=Decimal(1), kind=LineKind.ADJUSTMENT)])
    assert (credit.kind, credit.amount_ore) == (DocumentKind.CREDIT_NOTE, 0)


def test_LR_5_4_one_document_is_asked_for_by_its_customer_where_there_are_several() -> None:
    found = documents([billed(1, 60), billed(2, 60, customer_id="bo")])
    assert the_only(found[:1], DocumentKind.INVOICE) is found[0]
    for several in ([], found):
        with pytest.raises(Refused) as refused:
            the_only(several, DocumentKind.INVOICE)
        assert refused.value.facts == {"documents": len(several)}


def test_R7_each_kind_of_provider_has_its_own_kind_of_file() -> None:
    check_invoices(ProviderKind.PRIVATE)
    check_vouchers(ProviderKind.MUNICIPAL)
    with pytest.raises(Refused, match="voucher"):
        check_invoices(ProviderKind.MUNICIPAL)
    with pytest.raises(Refused, match="invoice"):
        check_vouchers(ProviderKind.PRIVATE)
    check_readable(MOST_ON_PAGES)
    with pytest.raises(Refused, match="2001 lines"):
        check_readable(MOST_ON_PAGES + 1)


def party(**told: object) -> BillingParty:
    named = {
        "id": "party",
        "name": "Omsorg AB",
        "organisation_number": "556677-8899",
        "street": "Ågatan 1",
        "postal_code": "131 30",
        "city": "Nacka",
    }
    return BillingParty(**{**named, **told})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "vat"),
    [
        ({}, None),
        ({"vat_identifier": "SE556677889901"}, None),
        ({"vat_registered": True}, "SE556677889901"),
        ({"vat_registered": True, "vat_identifier": "SE556677889902"}, "SE556677889902"),
    ],
)
def test_a_vat_identifier_is_told_of_whoever_is_registered_and_never_guessed(
    told: dict[str, object], vat: str | None
) -> None:
    assert party(**told).vat == vat


def test_BR_E_02_an_e_invoice_needs_to_know_of_its_seller_by_vat_or_f_tax() -> None:
    check_sender(party(f_tax=True))
    check_sender(party(vat_registered=True))
    with pytest.raises(Refused) as refused:
        check_sender(party(vat_identifier="SE556677889901"))
    assert refused.value.facts["missing"] == ["vat_registered", "f_tax"]
    with pytest.raises(Refused, match="municipality 0182"):
        needed(None, municipality="0182")


@settings(max_examples=CASES)
@given(sums=st.dictionaries(st.sampled_from(MONTHS), st.integers(-(10**9), 10**9)))
def test_R7_the_rows_of_a_voucher_sum_to_zero(sums: dict[str, int]) -> None:
    whose = party(cost_account="4631", settlement_account="7999", cost_centre="HT1")
    rows = postings_of(whose, [MonthSum(month=month, amount_ore=ore) for month, ore in sums.items()])
    assert sum(row.amount_ore for row in rows) == 0
    assert {row.text[-7:]: row.amount_ore for row in rows if row.account == "4631"} == {
        month: ore for month, ore in sums.items() if ore
    }
    assert all((row.cost_centre == "HT1") == (row.account == "4631") for row in rows)
    assert all(row.amount_ore for row in rows)


def test_R7_a_voucher_says_which_account_is_missing() -> None:
    for told, missing in (
        ({}, ["cost_account", "settlement_account"]),
        ({"cost_account": "4631"}, ["settlement_account"]),
    ):
        with pytest.raises(Refused) as refused:
            postings_of(party(**told), [MonthSum(month="2014-02", amount_ore=1)])
        assert refused.value.facts["missing"] == missing
