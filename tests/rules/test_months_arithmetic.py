"""Granted time of a month is exact, and cut to whole seconds once: O2."""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.orders import Grant, Order, Per, Placed, as_held, double_staffed_seconds, granted_seconds, place
from tests.counts import count
from tests.rules.builders import a_grant, an_order, judged
from tests.rules.money_builders import FEBRUARY, a_stay, fates

START = date(2010, 1, 1)


def placed(grant: Grant, **order: Any) -> tuple[Placed, ...]:
    told: dict[str, Any] = {"valid_from": START, **order}
    return place([an_order(**told)], [grant])


def granted(seconds: int, per: str, month: str, *, every: int = 1, **valid: date) -> int:
    """What a grant alone comes to in the month, its order without borders."""
    told: dict[str, Any] = {"valid_from": START, **valid}
    return granted_seconds(placed(a_grant(granted_seconds=seconds, per=Per(per), every=every, **told)), month)


@pytest.mark.parametrize(
    ("seconds", "per", "every", "month", "expected"),
    [
        (18_900, "week", 1, "2014-04", 81_000),
        (18_900, "week", 1, "2014-01", 83_700),
        (18_900, "week", 1, "2014-02", 75_600),
        (18_900, "week", 1, "2016-02", 78_300),
        (18_900, "week", 2, "2014-04", 40_500),
        (1, "week", 1, "2014-04", 4),
        (1, "week", 5, "2014-04", 0),
        (1_000, "day", 1, "2014-02", 28_000),
        (1_000, "day", 1, "2016-02", 29_000),
        (3_600, "day", 1, "2014-03", 111_600),
        (3_600, "day", 1, "2014-10", 111_600),
        (1_001, "day", 2, "2014-01", 15_515),
        (1_001, "day", 2, "2014-02", 14_014),
        (36_000, "month", 1, "2014-02", 36_000),
        (36_000, "month", 1, "2016-02", 36_000),
        (36_001, "month", 2, "2014-05", 18_000),
        (100, "month", 3, "2014-05", 33),
    ],
    ids=[
        "the rulebook's 5 h 15 min a week in 30 days",
        "a week's grant in 31 days",
        "a week's grant in 28 days",
        "a week's grant in a leap February",
        "every second week in 30 days",
        "a second a week: 30 sevenths are cut, not rounded",
        "a second every fifth week is none",
        "a day's grant in February",
        "a day's grant in a leap February",
        "a day's grant over the lost hour is still 31 days",
        "a day's grant over the hour that comes twice is still 31 days",
        "every second day of 31: the half is cut",
        "every second day of 28",
        "a month's grant in February",
        "a month's grant in a leap February",
        "every second month: the half is cut",
        "every third month: the third is cut",
    ],
)
def test_O2_a_whole_month_is_granted_exactly(seconds: int, per: str, every: int, month: str, expected: int) -> None:
    assert granted(seconds, per, month, every=every) == expected


@pytest.mark.parametrize(
    ("valid", "order", "expected"),
    [
        ({"valid_from": date(2014, 4, 16)}, {}, 15_000),
        ({"valid_before": date(2014, 4, 16)}, {}, 15_000),
        ({}, {"valid_from": date(2014, 4, 16)}, 15_000),
        ({}, {"valid_before": date(2014, 4, 16)}, 15_000),
        ({"valid_before": date(2014, 4, 16)}, {"valid_from": date(2014, 4, 15)}, 1_000),
        ({"valid_before": date(2014, 4, 15)}, {"valid_from": date(2014, 4, 15)}, 0),
        ({"valid_from": date(2014, 4, 30)}, {}, 1_000),
        ({"valid_from": date(2014, 5, 1)}, {}, 0),
        ({"valid_before": date(2014, 4, 1)}, {}, 0),
        ({"valid_before": date(2014, 4, 2)}, {}, 1_000),
        ({"valid_before": date(2014, 5, 1)}, {}, 30_000),
    ],
    ids=[
        "a grant from the 16th",
        "a grant until the 16th, which is outside",
        "an order from the 16th",
        "an order until the 16th, which is outside",
        "grant and order share one day",
        "grant and order only touch",
        "from the last day of the month",
        "from the first day of the next month",
        "until the first day of the month",
        "until the second",
        "until the first day of the next month",
    ],
)
def test_O2_a_day_is_valid_where_both_grant_and_order_are(
    valid: dict[str, date], order: dict[str, date], expected: int
) -> None:
    told: dict[str, Any] = {"valid_from": START, **valid}
    pool = placed(a_grant(granted_seconds=30_000, **told), **order)
    assert granted_seconds(pool, "2014-04") == expected


def versions_of(*told: tuple[int, str, int, date]) -> tuple[Grant, ...]:
    """Versions of one grant, recorded one after the other: (seconds, per, every, valid from)."""
    return as_held(
        a_grant(granted_seconds=seconds, per=Per(per), every=every, valid_from=day, version=number)
        for number, (seconds, per, every, day) in enumerate(told, start=1)
    )


@pytest.mark.parametrize(
    ("versions", "month", "expected"),
    [
        ([(30_000, "month", 1, START), (60_000, "month", 1, date(2014, 4, 16))], "2014-04", 45_000),
        ([(30_000, "month", 1, START), (60_000, "month", 1, date(2014, 4, 30))], "2014-04", 31_000),
        ([(30_000, "month", 1, START), (60_000, "month", 1, date(2014, 5, 1))], "2014-04", 30_000),
        ([(30_000, "month", 1, START), (60_000, "month", 1, date(2014, 4, 1))], "2014-04", 60_000),
        ([(18_900, "week", 1, START), (1_000, "day", 2, date(2014, 4, 16))], "2014-04", 48_000),
        ([(1, "week", 1, START), (2, "week", 1, date(2014, 4, 16))], "2014-04", 6),
        ([(29_000, "month", 1, START), (58_000, "month", 1, date(2016, 2, 29))], "2016-02", 30_000),
        (
            [(30_000, "month", 1, START), (60_000, "month", 1, date(2014, 4, 11)), (0, "day", 1, date(2014, 4, 21))],
            "2014-04",
            30_000,
        ),
    ],
    ids=[
        "half and half",
        "from the last day of the month",
        "from the first day of the next month",
        "from the first day of the month",
        "another time frame: 15 days of 5 h 15 min a week, and 15 of 1,000 s every second day",
        "15 sevenths and 30 sevenths are summed before they are cut",
        "from the leap day on",
        "changed twice in a month: ten days of each, the last of none",
    ],
)
def test_O2_a_grant_changed_in_mid_month_is_counted_version_by_version(
    versions: list[tuple[int, str, int, date]], month: str, expected: int
) -> None:
    pool = place([an_order(valid_from=START)], versions_of(*versions))
    assert granted_seconds(pool, month) == expected


def test_O2_the_second_caregivers_seconds_are_counted_version_by_version_too() -> None:
    first = a_grant(granted_seconds=30_000, double_staffed_seconds=3_000, valid_from=START)
    second = replace(first, double_staffed_seconds=9_000, valid_from=date(2014, 4, 16), version=2)
    halves = [an_order(f"o{n}", grant_id=first.id, ordered_seconds=15_000, valid_from=START) for n in (1, 2)]
    assert double_staffed_seconds(place(halves, as_held([first, second])), "2014-04") == 6_000


def test_O2_a_month_of_another_length_makes_a_days_worth_of_another_size() -> None:
    assert granted(36_000, "month", FEBRUARY, valid_from=date(2014, 2, 15)) == 18_000
    assert granted(36_000, "month", "2014-03", valid_before=date(2014, 3, 15)) == 16_258


def pool_of(*parts: tuple[int, str, int, int | None]) -> tuple[Placed, ...]:
    """Grants of one pool, each with its order: (seconds, per, every, ordered)."""
    grants = [
        a_grant(f"g{number}", granted_seconds=seconds, per=Per(per), every=every, valid_from=START)
        for number, (seconds, per, every, _) in enumerate(parts)
    ]
    orders = [
        an_order(f"o{number}", grant_id=f"g{number}", valid_from=START, ordered_seconds=ordered)
        for number, (_, _, _, ordered) in enumerate(parts)
    ]
    return place(orders, grants)


def test_O2_the_sum_over_the_pool_is_cut_once() -> None:
    half = (1, "day", 2, None)
    assert granted_seconds(pool_of(half), "2014-01") == 15
    assert granted_seconds(pool_of(half, half), "2014-01") == 31
    assert granted_seconds(pool_of((1, "week", 1, None), (1, "month", 7, None), (1, "day", 2, None)), "2014-01") == 20


def test_O3_a_part_of_a_grant_is_granted_in_the_grants_own_time_frame() -> None:
    assert granted_seconds(pool_of((18_900, "week", 1, 7_000)), "2014-04") == 30_000
    assert granted_seconds(pool_of((36_000, "month", 2, 10_001)), "2014-04") == 5_000


@pytest.mark.parametrize(
    ("seconds", "per", "month", "expected"),
    [
        (6_300, "week", "2014-04", 27_000),
        (1, "week", "2014-04", 4),
        (7_200, "month", FEBRUARY, 7_200),
        (0, "day", FEBRUARY, 0),
    ],
    ids=["90 minutes a week", "cut, not rounded", "two hours a month", "none"],
)
def test_O2_the_second_caregivers_seconds_are_reckoned_alike(seconds: int, per: str, month: str, expected: int) -> None:
    grant = a_grant(granted_seconds=100_000, double_staffed_seconds=seconds, per=Per(per), valid_from=START)
    assert double_staffed_seconds(placed(grant), month) == expected


def test_O2_a_grant_placed_in_two_parts_has_its_second_caregivers_seconds_once() -> None:
    grant = a_grant(granted_seconds=30_000, double_staffed_seconds=3_000, valid_from=START)
    halves = [an_order(f"o{n}", grant_id=grant.id, ordered_seconds=15_000, valid_from=START) for n in (1, 2)]
    assert double_staffed_seconds(place(halves, [grant]), "2014-04") == 3_000
    one_after_the_other = [
        an_order("o1", grant_id=grant.id, valid_from=START, valid_before=date(2014, 4, 16)),
        an_order("o2", grant_id=grant.id, valid_from=date(2014, 4, 16)),
    ]
    assert double_staffed_seconds(place(one_after_the_other, [grant]), "2014-04") == 3_000


PERS = st.sampled_from(sorted(Per))
DAYS = st.dates(date(2013, 12, 1), date(2016, 4, 30))
MONTHS = st.sampled_from(["2014-01", "2014-02", "2014-03", "2014-04", "2014-10", "2015-12", "2016-02"])


@st.composite
def some_pools(draw: st.DrawFn) -> tuple[list[Grant], list[Order]]:
    grants, orders = [], []
    for number in range(draw(st.integers(1, 4))):
        grant = a_grant(
            f"g{number}",
            granted_seconds=draw(st.integers(1, 500_000)),
            per=draw(PERS),
            every=draw(st.integers(1, 9)),
            valid_from=draw(DAYS),
            valid_before=draw(st.none() | DAYS),
        )
        grants.append(grant)
        ordered = draw(st.none() | st.integers(0, grant.granted_seconds))
        orders.append(
            an_order(
                f"o{number}",
                grant_id=grant.id,
                ordered_seconds=ordered,
                valid_from=draw(DAYS),
                valid_before=draw(st.none() | DAYS),
            )
        )
    return grants, orders


def day_by_day(grants: list[Grant], orders: list[Order], month: str) -> Fraction:
    """The same, plainly: every day of the calendar adds its share of every order that holds then."""
    year, number = int(month[:4]), int(month[5:])
    length = calendar.monthrange(year, number)[1]
    total = Fraction(0)
    for grant, order in zip(grants, orders, strict=True):
        seconds = grant.granted_seconds if order.ordered_seconds is None else order.ordered_seconds
        days = {"day": grant.every, "week": 7 * grant.every, "month": length * grant.every}[grant.per]
        for day in (date(year, number, 1) + timedelta(days=n) for n in range(length)):
            begun = day >= grant.valid_from and day >= order.valid_from
            ended = day >= (grant.valid_before or date.max) or day >= (order.valid_before or date.max)
            if begun and not ended:
                total += Fraction(seconds, days)
    return total


@settings(max_examples=count(10_000))
@given(pool=some_pools(), month=MONTHS)
def test_O2_a_pool_is_granted_what_its_days_add_up_to(pool: tuple[list[Grant], list[Order]], month: str) -> None:
    grants, orders = pool
    exact = day_by_day(grants, orders, month)
    assert granted_seconds(place(orders, grants), month) == floor(exact)


@settings(max_examples=count(10_000))
@given(seconds=st.integers(1, 500_000), per=PERS, every=st.integers(1, 9), month=MONTHS, cut=st.integers(1, 31))
def test_O2_an_order_that_passes_to_another_on_any_day_grants_the_same(
    seconds: int, per: Per, every: int, month: str, cut: int
) -> None:
    grant = a_grant(granted_seconds=seconds, per=per, every=every, valid_from=START)
    day = date(int(month[:4]), int(month[5:]), 1) + timedelta(days=cut - 1)
    two = [an_order("a", valid_from=START, valid_before=day), an_order("b", valid_from=day)]
    whole = [an_order("a", valid_from=START)]
    assert granted_seconds(place(two, [grant]), month) == granted_seconds(place(whole, [grant]), month)


@pytest.mark.parametrize(
    ("length", "paid"),
    [("02:59:59", 10_799), ("03:00:00", 10_800), ("03:00:01", 10_800)],
    ids=["a second below", "on it", "a second above"],
)
def test_O2_R2_the_months_grant_is_the_cap_to_the_second(length: str, paid: int) -> None:
    grant = a_grant(granted_seconds=2_700, per=Per.WEEK)
    judgement = judged(grant, *a_stay("00:00:00", length))
    assert fates(judgement).get("paid") == paid
    assert fates(judgement).get("excess", 0) == (1 if length == "03:00:01" else 0)


def test_O2_what_was_granted_is_what_the_deviation_tells() -> None:
    grant = a_grant(granted_seconds=18_900, per=Per.WEEK, valid_from=date(2014, 2, 3))
    judgement = judged(grant, months=(FEBRUARY,))
    (told,) = [one for one in judgement.deviations if one.found.rule == "D1" and one.found.customer_id == "k"]
    assert told.found.seen == {"performed_seconds": 0, "granted_seconds": 70_200, "percent": 75}
