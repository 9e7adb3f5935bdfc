"""What a new row does to those that there are, and to which months: it edits none, and ends the one before it (R3)."""

from __future__ import annotations

from datetime import date

import pytest

from app.rules.providers import ProviderKind
from app.rules.rates import Stage, check_rates, ends_before, moved_ends, prices, stage_of
from tests.rules.builders import NACKA
from tests.rules.money_builders import LEKSAND, MUNICIPAL, PRIVATE, a_row
from tests.rules.test_rates import price


@pytest.mark.parametrize(
    ("kind", "valid_from", "moved"),
    [
        (None, date(2013, 1, 1), {}),
        (None, date(2014, 1, 2), {"first": date(2014, 1, 2)}),
        (None, date(2014, 2, 28), {"first": date(2014, 2, 28)}),
        (None, date(2014, 3, 2), {"next": date(2014, 3, 2)}),
        (PRIVATE, date(2014, 4, 1), {}),
    ],
    ids=["backdated before all", "between two", "a day before the next", "after the last", "of another key"],
)
def test_R3_a_new_row_moves_the_end_of_the_one_before_it_and_of_no_other(
    kind: ProviderKind | None, valid_from: date, moved: dict[str, date]
) -> None:
    rows = [a_row("first"), a_row("next", valid_from=date(2014, 3, 1))]
    assert moved_ends(rows, [a_row("added", valid_from=valid_from, provider_kind=kind)]) == moved


def test_R3_a_backdated_row_holds_until_the_next_of_its_key_which_goes_on() -> None:
    rows = [a_row("first"), a_row("next", kronor=380, valid_from=date(2014, 3, 1))]
    backdated = a_row("backdated", kronor=375, valid_from=date(2014, 2, 1))
    check_rates([*rows, backdated])
    assert ends_before([*rows, backdated])["backdated"] == date(2014, 3, 1)
    for when, kronor in (("2014-01-31T23:59:59+01:00", 370), ("2014-02-01T00:00:00+01:00", 375)):
        assert price([*rows, backdated], when) == kronor
    assert price([*rows, backdated], "2014-03-01T00:00:00+01:00") == 380


@pytest.mark.parametrize(
    ("valid_from", "end", "stage"),
    [
        (date(2014, 2, 3), None, Stage.NOW),
        (date(2014, 2, 4), None, Stage.COMING),
        (date(2014, 2, 2), date(2014, 2, 4), Stage.NOW),
        (date(2014, 2, 2), date(2014, 2, 3), Stage.PAST),
    ],
)
def test_R3_a_row_holds_from_its_first_day_until_its_end_which_is_outside(
    valid_from: date, end: date | None, stage: Stage
) -> None:
    assert stage_of(a_row("a", valid_from=valid_from), end, date(2014, 2, 3)) is stage


@pytest.mark.parametrize(
    ("valid_from", "end", "touched"),
    [
        (date(2014, 2, 28), None, True),
        (date(2014, 3, 1), None, False),
        (date(2014, 1, 1), date(2014, 2, 1), False),
        (date(2014, 1, 1), date(2014, 2, 2), True),
    ],
)
def test_R3_R8_a_row_weighs_on_a_month_that_has_one_of_its_days(
    valid_from: date, end: date | None, touched: bool
) -> None:
    row = a_row("a", valid_from=valid_from, provider_kind=PRIVATE)
    assert prices(row, end, NACKA, PRIVATE, "2014-02") is touched
    assert not prices(row, end, NACKA, MUNICIPAL, "2014-02")
    assert not prices(row, end, LEKSAND, PRIVATE, "2014-02")
