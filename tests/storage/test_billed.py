"""R7, R11: a run's lines are read page by page, whatever it has; its documents are the same as if read at once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest

from app.actions.calls import Call
from app.actions.reimbursement import exports
from app.actions.reimbursement.exports import OpenRun, documents_in, lines_of, open_run
from app.api.files.separated import lines_csv
from app.rules.access import Actor, Role
from app.rules.refusal import Refused
from app.rules.reimbursement.invoices import Billed, Document, documents_of
from app.rules.reimbursement.lines import amount_ore
from app.rules.reimbursement.values import Line, LineKind
from app.storage import billing
from app.storage.billed import billed_of_run, month_sums
from app.storage.database import Database
from app.storage.issued import issued_lines
from app.storage.reimbursement import append_lines, insert_run
from tests.settings import settings_for
from tests.storage.care import BILLED, BILLED_TO, CS, NOON
from tests.storage.money import LINE, RUN

EARLIER = replace(RUN, id="earlier", month="2014-01")
PAGE = 7


def a_line(number: int, customer: str, month: str, seconds: int, kind: LineKind = LineKind.LINE) -> Line:
    key = replace(LINE.total.key, customer_id=customer, month=month, rate_id=f"rate-{number}")
    return replace(
        LINE,
        kind=kind,
        total=replace(LINE.total, key=key),
        seconds=seconds,
        amount_ore=amount_ore(seconds, Decimal("37000.50")),
        cause=None if kind is LineKind.LINE else LINE.cause,
    )


def issued(database: Database) -> OpenRun:
    """January with a line of each of five customers, and February with 33 lines and an adjustment of each."""
    customers = ("eva", "dan", "cia", "bo", "anna")
    january = [a_line(number, one, "2014-01", 7_200) for number, one in enumerate(customers)]
    february = [a_line(number, customers[number % 4], "2014-02", 1_000 + number) for number in range(33)]
    february += [a_line(number, one, "2014-01", -600, LineKind.ADJUSTMENT) for number, one in enumerate(customers)]
    with database.transaction() as tx:
        for run, lines in ((EARLIER, january), (RUN, february)):
            insert_run(tx, CS, run)
            append_lines(tx, CS, run, lines)
    return open_run(_call(database), RUN.id)


def _call(database: Database) -> Call:
    actor = Actor(id="controller", role=Role.CONTROLLER, care_system_id=CS)
    return Call(
        database=database, settings=settings_for(""), actor=actor, now=NOON, why="readRunFile", request_id="request"
    )


def test_R11_lines_are_fetched_page_by_page_as_they_are_taken(care: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, fetched = issued(care), list[int]()

    def watched(*args: Any, **told: Any) -> Any:
        found = issued_lines(*args, **told)
        fetched.append(len(found))
        return found

    monkeypatch.setattr(exports, "PAGE", PAGE)
    monkeypatch.setattr(exports, "issued_lines", watched)
    lines = lines_of(opened)
    assert fetched == []
    first = next(lines)
    assert fetched == [PAGE]
    assert [one["sequence"] for one in (first, *lines)] == list(range(6, 44))
    assert fetched == [PAGE] * 5 + [38 - 5 * PAGE]
    fetched.clear()
    head, *_ = lines_csv(lines_of(opened))
    assert head.startswith(b'"sequence"')
    assert max(fetched) == PAGE


@pytest.mark.parametrize("page", [1, 2, PAGE, 500])
def test_R7_documents_are_the_same_whatever_page_their_lines_came_on(
    care: Database, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    opened = issued(care)
    with care.transaction(write=False) as tx:
        everything = billed_of_run(tx, CS, RUN.id, limit=1_000)
        assert [(one.month, one.amount_ore) for one in month_sums(tx, CS, RUN.id)] == [
            (month, sum(one.amount_ore for one in everything if one.month == month)) for month in ("2014-01", "2014-02")
        ]
    monkeypatch.setattr(exports, "PAGE", page)
    found = list(documents_in(opened))
    assert found == _at_once(everything)
    assert sum(one.signed_ore for one in found) == sum(one.amount_ore for one in everything) == opened.sum.amount_ore
    assert {one.customer_id: one.corrects for one in found if one.corrects} == {
        "eva": ("F-2029-1",),
        "dan": ("F-2029-2",),
        "cia": ("F-2029-3",),
        "bo": ("F-2029-4",),
        "anna": ("F-2029-5",),
    }
    alone = open_run(_call(care), RUN.id, "bo")
    assert list(documents_in(alone)) == [one for one in found if one.customer_id == "bo"]
    with pytest.raises(Refused):
        open_run(_call(care), EARLIER.id, "nobody")


def _at_once(everything: tuple[Billed, ...]) -> list[Document]:
    numbers = {
        name: {"2014-01": f"F-2029-{place}"} for place, name in enumerate(("eva", "dan", "cia", "bo", "anna"), 1)
    }
    ordered = sorted(everything, key=lambda one: (one.customer_id, one.sequence))
    return [
        document
        for customer, lines in groupby(ordered, key=lambda one: one.customer_id)
        for document in documents_of("2029", lines, numbers[customer])
    ]


def test_a_municipality_and_a_provider_have_one_party_each(care: Database) -> None:
    with care.transaction(write=False) as tx:
        assert billing.party_for(tx, CS, municipality="2029") == BILLED_TO
        assert billing.party_for(tx, CS, provider_id="olivia") == BILLED
        assert billing.party_for(tx, CS, municipality="2031") is None
        assert billing.party_for(tx, CS) is None
        assert billing.party_for(tx, "elsewhere", municipality="2029") is None
