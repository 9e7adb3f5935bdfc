"""The published tariffs as data: what the files say is what the rulebook's tables say, row by row (R3, R4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.rules.rates import Rate, check_rates
from app.rules.time import BEGINNING
from app.storage.tariffs import FOLDER, tariffs
from schemas.reimbursement import RateRequestSchema
from tests.rules.money_builders import leksand_rattvik_2011, nacka_2013, nacka_2014

TABLES: dict[str, Callable[[], list[Rate]]] = {
    "leksand_rattvik_2011": leksand_rattvik_2011,
    "nacka_2013": nacka_2013,
    "nacka_2014": nacka_2014,
}
PUBLISHED = {
    ("nacka_2013", "personal_care", "private"): (335, 369, 421),
    ("nacka_2013", "household", "private"): (284,),
    ("nacka_2013", "escort", "private"): (291, 313, 339),
    ("nacka_2013", "respite", "private"): (281, 301, 329),
    ("nacka_2013", "personal_care", "municipal"): (317, 351, 400),
    ("nacka_2013", "household", "municipal"): (266,),
    ("nacka_2013", "escort", "municipal"): (277, 294, 322),
    ("nacka_2013", "respite", "municipal"): (266, 283, 310),
    ("nacka_2014", "personal_care", "private"): (370,),
    ("nacka_2014", "household", "private"): (370,),
    ("nacka_2014", "escort", "private"): (320,),
    ("nacka_2014", "respite", "private"): (310,),
    ("nacka_2014", "personal_care", "municipal"): (363,),
    ("nacka_2014", "household", "municipal"): (363,),
    ("nacka_2014", "escort", "municipal"): (314,),
    ("nacka_2014", "respite", "municipal"): (304,),
    ("leksand_rattvik_2011", "personal_care", None): (375, 375),
    ("leksand_rattvik_2011", "household", None): (375, 375),
    ("leksand_rattvik_2011", "escort", None): (375, 375),
}
"""Kronor an hour, read off the two documents: by dag, kväll and helg, or at all times; Leksand, then Rättvik."""


def told(name: str) -> dict[str, Any]:
    """The file of a tariff."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return content


def bare(rate: Rate) -> Rate:
    """The row without what names it and its source, which the tables of the tests do not have."""
    return replace(rate, id="", source="", recorded_at=BEGINNING)


def test_every_tariff_is_one_of_the_two_documents_and_stands_under_its_own_name() -> None:
    assert set(tariffs()) == set(TABLES)
    assert [one.name for one in tariffs().values()] == sorted(TABLES)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_R3_R4_a_tariffs_rows_are_rates_as_they_may_be_sent_and_agree_with_the_rulebooks_tables(name: str) -> None:
    sent = [Rate(**RateRequestSchema().load(row), id="") for row in told(name)["rows"]]
    assert [bare(one) for one in sent] == [bare(one) for one in tariffs()[name].rows]
    assert {bare(one) for one in sent} == {bare(one) for one in TABLES[name]()}
    assert len(sent) == len(TABLES[name]())


@pytest.mark.parametrize(("name", "service", "kind"), list(PUBLISHED), ids=str)
def test_R3_a_tariffs_kronor_are_those_that_were_published(name: str, service: str, kind: str | None) -> None:
    rows = [one for one in tariffs()[name].rows if (one.service, one.provider_kind) == (service, kind)]
    assert tuple(one.ore_per_hour for one in rows) == tuple(Decimal(kr * 100) for kr in PUBLISHED[name, service, kind])


def test_R3_no_tariff_has_a_row_beyond_those() -> None:
    there = {(name, one.service, one.provider_kind) for name, tariff in tariffs().items() for one in tariff.rows}
    assert there == set(PUBLISHED)
    assert {name: len(tariff.rows) for name, tariff in tariffs().items()} == {
        "leksand_rattvik_2011": 6,
        "nacka_2013": 20,
        "nacka_2014": 8,
    }


def test_R3_each_tariff_prices_no_second_twice_and_all_of_them_stand_together() -> None:
    for tariff in tariffs().values():
        check_rates(tariff.rows)
    check_rates([row for tariff in tariffs().values() for row in tariff.rows])


@pytest.mark.parametrize("name", sorted(TABLES))
def test_R3_a_tariff_names_its_document_its_section_and_what_the_source_leaves_out(name: str) -> None:
    tariff, section = tariffs()[name], {"nacka_2013": "N 4.4.2.1", "nacka_2014": "N Sammanfattning"}.get(name, "LR 5.2")
    assert section in tariff.section
    assert all(section in row.source and len(row.source) <= 500 for row in tariff.rows)
    assert {(row.valid_from, row.valid_before) for row in tariff.rows} == {(tariff.valid_from, tariff.valid_before)}
    assert all(set(text) == {"sv", "en"} and text["sv"] != text["en"] for text in (tariff.title, *tariff.leaves_out))
    wanted = {"nacka_2013": "22.30 och 07.30", "nacka_2014": "momskompensation"}.get(name, "Avlösning har inget pris")
    assert any(wanted in text["sv"] for text in tariff.leaves_out)


def test_R3_a_tariff_of_two_municipalities_is_told_for_each() -> None:
    tariff = tariffs()["leksand_rattvik_2011"]
    assert tariff.municipalities == ("2029", "2031")
    assert [len(tariff.rows_of(code)) for code in ("2029", "2031", None, "0182")] == [3, 3, 6, 0]
    assert tariffs()["nacka_2014"].valid_from == date(2014, 1, 1)
