"""Splitting is exact: over two decades days, months, rate dates, bands and clock changes lose no second (T5, T6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.rules.rates import Band, Holidays, Rate, RateBook, Window, rate_book
from app.rules.time import Interval, local_day, local_month, shift, split_at, split_at_days
from tests.counts import count
from tests.rules.builders import NACKA, at
from tests.rules.money_builders import CARE, PRIVATE, a_row

HERE = ZoneInfo("Europe/Stockholm")
FIRST = datetime(2005, 1, 1, tzinfo=UTC)
TWO_DECADES = 20 * 366 * 86_400
LONGEST = 72 * 3_600
STARTS, LENGTHS = st.integers(0, TWO_DECADES), st.integers(1, LONGEST)
INTO_SUMMER, INTO_WINTER = at("2019-03-31T00:30:00+01:00"), at("2019-10-27T00:30:00+02:00")


def interval(start: int, seconds: int) -> Interval:
    begin = shift(FIRST, start)
    return Interval(begin, shift(begin, seconds))


def since_first(instant: datetime) -> int:
    return int((instant - FIRST).total_seconds())


def by_calendar(stay: Interval) -> dict[date, int]:
    """Seconds of each day, counted by the clock on the wall: what lies between two midnights of Stockholm."""
    found: dict[date, int] = {}
    day = stay.start.astimezone(HERE).date()
    while (midnight := datetime(day.year, day.month, day.day, tzinfo=HERE).timestamp()) < stay.end.timestamp():
        after = day + timedelta(days=1)
        until = datetime(after.year, after.month, after.day, tzinfo=HERE).timestamp()
        seconds = min(until, stay.end.timestamp()) - max(midnight, stay.start.timestamp())
        found[day] = int(seconds)
        day = after
    return {day: seconds for day, seconds in found.items() if seconds > 0}


def whole(stay: Interval, pieces: tuple[Interval, ...]) -> bool:
    """True where the pieces touch, begin and end with the stay, and none is empty."""
    touch = all(before.end == after.start for before, after in pairwise(pieces))
    ends = (pieces[0].start, pieces[-1].end) == (stay.start, stay.end)
    return (
        touch and ends and all(one.seconds > 0 for one in pieces) and sum(one.seconds for one in pieces) == stay.seconds
    )


@settings(max_examples=count(10_000))
@given(start=STARTS, seconds=LENGTHS)
@example(start=since_first(INTO_SUMMER), seconds=7_200)
@example(start=since_first(INTO_WINTER), seconds=14_400)
def test_T5_T6_a_stay_is_split_at_every_midnight_and_nowhere_else(start: int, seconds: int) -> None:
    stay = interval(start, seconds)
    pieces = split_at_days(stay)
    assert whole(stay, pieces)
    assert {local_day(one.start): one.seconds for one in pieces} == by_calendar(stay)
    assert all(local_month(one.start) == local_month(shift(one.end, -1)) for one in pieces)


MINUTES = st.integers(0, 48).map(lambda half_hours: half_hours * 30)
WEEKDAYS = st.sampled_from([(1, 2, 3, 4, 5), (6, 7), (5,), (1, 2, 3, 4, 5, 6, 7)])


@st.composite
def some_books(draw: st.DrawFn) -> RateBook:
    """Prices whose bands may begin and end at any half hour, change on any day, and know holidays."""
    day = local_day(FIRST) + timedelta(days=draw(st.integers(0, 20 * 366)))
    band = Band(
        name="band",
        windows=(Window(weekdays=draw(WEEKDAYS), start_minute=draw(MINUTES) % 1440, before_minute=draw(MINUTES)),),
        holidays=draw(st.sampled_from(list(Holidays))),
    )
    rows: list[Rate] = [
        a_row("old", band=band, kronor=300, valid_from=date(2000, 1, 1)),
        a_row("new", band=band, kronor=400, valid_from=day),
    ]
    holidays = draw(st.frozensets(st.integers(-2, 2), max_size=2))
    return rate_book(rows, frozenset(day + timedelta(days=away) for away in holidays))


@settings(max_examples=count(10_000, everyday=300))
@given(book=some_books(), away=st.integers(-LONGEST, 86_400), seconds=LENGTHS, seed=st.integers(0, 1 << 32))
def test_T5_R3_R4_between_two_borders_every_second_has_one_price(
    book: RateBook, away: int, seconds: int, seed: int
) -> None:
    (_, new) = book.rows[NACKA, CARE]
    begin = shift(datetime(new.valid_from.year, new.valid_from.month, new.valid_from.day, tzinfo=UTC), away)
    stay, draw = Interval(begin, shift(begin, seconds)), Random(seed)
    pieces = tuple(piece for day in split_at_days(stay) for piece in split_at(day, book.borders(NACKA, CARE, day)))
    assert whole(stay, pieces)
    for one in pieces:
        seconds_of_it = (0, one.seconds - 1, draw.randrange(one.seconds))
        prices = {book.rate_at(NACKA, CARE, None, PRIVATE, shift(one.start, second)) for second in seconds_of_it}
        assert len(prices) == 1


@settings(max_examples=count(10_000, everyday=300))
@given(book=some_books(), away=st.integers(-LONGEST, 86_400), cut=LENGTHS, seconds=LENGTHS)
def test_T5_cutting_a_stay_anywhere_changes_no_prices_seconds(
    book: RateBook, away: int, cut: int, seconds: int
) -> None:
    (_, new) = book.rows[NACKA, CARE]
    begin = shift(datetime(new.valid_from.year, new.valid_from.month, new.valid_from.day, tzinfo=UTC), away)
    stay = Interval(begin, shift(begin, seconds))
    middle = shift(begin, min(cut, seconds))
    assert priced(book, stay) == priced(book, Interval(begin, middle), Interval(middle, stay.end))


def priced(book: RateBook, *stays: Interval) -> dict[str | None, int]:
    """Seconds by price, None where there is none."""
    found: dict[str | None, int] = {}
    for stay in stays:
        for day in split_at_days(stay):
            for piece in split_at(day, book.borders(NACKA, CARE, day)):
                rate = book.rate_at(NACKA, CARE, None, PRIVATE, piece.start)
                key = None if rate is None else rate.id
                found[key] = found.get(key, 0) + piece.seconds
    return found


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2019-03-30T22:00:00+01:00", "2019-04-01T02:00:00+02:00", [7_200, 82_800, 7_200]),
        ("2019-10-26T22:00:00+02:00", "2019-10-28T02:00:00+01:00", [7_200, 90_000, 7_200]),
        ("2015-12-31T23:59:59+01:00", "2016-01-01T00:00:01+01:00", [1, 1]),
        ("2016-02-28T23:59:59+01:00", "2016-03-01T00:00:01+01:00", [1, 86_400, 1]),
        ("2015-02-28T23:59:59+01:00", "2015-03-01T00:00:00+01:00", [1]),
    ],
    ids=[
        "over the day that lacks an hour",
        "over the day that has one more",
        "a second of either year",
        "over a leap day",
        "until a midnight that is outside",
    ],
)
def test_T5_T6_the_days_of_a_stay_have_the_seconds_that_they_have(start: str, end: str, days: list[int]) -> None:
    assert [one.seconds for one in split_at_days(Interval(at(start), at(end)))] == days
