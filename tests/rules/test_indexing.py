"""OPI: next year's rates are proposed exactly, and become rates where a controller sets the krona (R10)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.indexing import kronor_of, proposals, proposed_ore_per_hour, swedish_number
from app.rules.providers import Law
from app.rules.rates import check_rates, ends_before
from app.rules.time import BEGINNING
from tests.counts import count
from tests.rules.builders import NACKA
from tests.rules.money_builders import (
    ESCORT,
    LEKSAND,
    MUNICIPAL,
    PRIVATE,
    a_band_of,
    a_row,
    nacka_2013,
    nacka_2014,
)

NEW_YEAR = date(2015, 1, 1)
PERCENT = Decimal("2.3")
ORE = st.decimals(min_value=0, max_value=1_000_000_000, places=4)
PERCENTS = st.decimals(min_value=Decimal("-99.9999"), max_value=Decimal("99.9999"), places=4)


@pytest.mark.parametrize(
    ("kronor", "percent", "proposed"),
    [
        ("370", "2.3", "378.51"),
        ("363", "2.3", "371.349"),
        ("375", "2.3", "383.625"),
        ("370", "0", "370"),
        ("370", "-1.25", "365.375"),
        ("0", "2.3", "0"),
        ("378.5125", "1.0001", "382.29800351250"),
    ],
)
def test_R10_the_proposal_is_the_price_times_the_index_and_is_never_rounded(
    kronor: str, percent: str, proposed: str
) -> None:
    assert kronor_of(proposed_ore_per_hour(Decimal(kronor) * 100, Decimal(percent))) == Decimal(proposed)


@settings(max_examples=count(10_000, 300), deadline=None)
@given(ore=ORE, more=ORE, percent=PERCENTS, higher=PERCENTS)
def test_R10_proposals_are_exact_and_grow_with_the_price_and_with_the_index(
    ore: Decimal, more: Decimal, percent: Decimal, higher: Decimal
) -> None:
    found = proposed_ore_per_hour(ore, percent)
    assert Fraction(found) == Fraction(ore) * (100 + Fraction(percent)) / 100
    assert (ore < more) == (found < proposed_ore_per_hour(more, percent))
    assert (percent < higher and ore > 0) == (found < proposed_ore_per_hour(ore, higher))
    assert Decimal(swedish_number(found).replace(",", ".")) == found


ROWS: dict[str, Any] = {
    "holds": {},
    "ends that day": {"valid_before": NEW_YEAR, "provider_kind": PRIVATE},
    "begins the day before": {"valid_from": date(2014, 12, 31)},
    "ended the day before": {"valid_before": date(2014, 12, 31)},
    "begins that day": {"valid_from": NEW_YEAR},
    "another municipality's": {"municipality": LEKSAND},
}


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        ("holds", True),
        ("ends that day", True),
        ("begins the day before", True),
        ("ended the day before", False),
        ("begins that day", False),
        ("another municipality's", False),
    ],
)
def test_R10_what_holds_on_the_day_before_is_proposed_and_nothing_else(name: str, proposed: bool) -> None:
    found = proposals([a_row(name, **ROWS[name])], NACKA, PERCENT, NEW_YEAR)
    assert [one.rate.id for one in found] == [name] * proposed


def test_R10_a_row_that_was_followed_the_day_before_is_not_the_one_that_is_proposed_from() -> None:
    rows = [a_row("old"), a_row("new", kronor=371, valid_from=date(2014, 12, 31)), a_row("next", valid_from=NEW_YEAR)]
    (found,) = proposals(rows, NACKA, PERCENT, NEW_YEAR)
    assert (found.rate.id, found.begun_by) == ("new", "next")


def test_R10_every_key_that_holds_is_proposed_once_in_the_order_in_which_prices_are_read() -> None:
    rows = [*nacka_2014(), *nacka_2013()]
    found = proposals(rows, NACKA, PERCENT, NEW_YEAR)
    services = [str(one.rate.service) for one in found]
    assert services == [name for name in ("personal_care", "household", "escort", "respite") for _ in range(2)]
    assert [one.rate.provider_kind for one in found] == [PRIVATE, MUNICIPAL] * 4
    assert proposals(rows, NACKA, PERCENT, date(2014, 1, 1))[0].rate.valid_from == date(2013, 1, 1)
    assert len(proposals(rows, NACKA, PERCENT, date(2014, 1, 1))) == 20
    assert proposals(rows, NACKA, PERCENT, date(2013, 1, 1)) == ()


def test_R10_what_a_controller_sets_is_a_row_of_the_same_key_that_says_what_was_proposed() -> None:
    evening = a_band_of("19:00", "22:30", name="kväll")
    row = a_row("old", ESCORT, kronor=370, law=Law.LSS, provider_kind=PRIVATE, band=evening, external_id="theirs")
    (found,) = proposals([row], NACKA, PERCENT, NEW_YEAR)
    assert found.source == "OPI 2,3 % (R10): 370 kr blir 378,51 kr före avrundning; kronan satt av kundvalsansvarig"
    made = found.set_at(379)
    assert (made.id, made.external_id, made.recorded_at, made.valid_before) == ("", None, BEGINNING, None)
    assert (made.ore_per_hour, made.valid_from, made.source) == (Decimal(37_900), NEW_YEAR, found.source)
    assert (made.service, made.law, made.provider_kind, made.band) == (ESCORT, Law.LSS, PRIVATE, evening)
    check_rates([row, made])
    assert ends_before([row, made]) == {"old": NEW_YEAR, "": None}
