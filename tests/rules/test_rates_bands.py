"""Bands of hours: which second belongs to which (R4), and what no band covers (D20)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.rules.deviations.judge import judge
from app.rules.providers import Law, ProviderKind, Service
from app.rules.rates import Band, Rate, RateBook, Window, check_rates, rate_book
from app.rules.time import day_interval
from tests.rules.builders import NACKA, a_provider, at, judged, some_facts, the_deviation
from tests.rules.money_builders import (
    CARE,
    HOUSEHOLD,
    HOUSEHOLD_2013,
    KRONOR_2013,
    PRIVATE,
    SINCE_2013,
    a_band_of,
    a_row,
    a_stay,
    amounts,
    fates,
    nacka_2013,
)

BOOK_2013 = rate_book(nacka_2013())


def band_at(book: RateBook, when: str, service: Service = CARE) -> str | None:
    """The name of the band that prices the second, None where none does."""
    rate = book.rate_at(NACKA, service, Law.SOL, PRIVATE, at(when))
    return None if rate is None or rate.band is None else rate.band.name


def priced(band: Band, when: str, holidays: frozenset[date] = frozenset()) -> bool:
    return band_at(rate_book([a_row("a", band=band, valid_from=date(2013, 1, 1))], holidays), when) is not None


@pytest.mark.parametrize(
    ("when", "band"),
    [
        ("2013-02-14T07:29:59+01:00", None),
        ("2013-02-14T07:30:00+01:00", "dag"),
        ("2013-02-14T18:59:59+01:00", "dag"),
        ("2013-02-14T19:00:00+01:00", "kväll"),
        ("2013-02-14T22:29:59+01:00", "kväll"),
        ("2013-02-14T22:30:00+01:00", None),
        ("2013-02-15T07:30:00+01:00", "dag"),
        ("2013-02-15T18:59:59+01:00", "dag"),
        ("2013-02-15T19:00:00+01:00", "helg"),
        ("2013-02-15T22:29:59+01:00", "helg"),
        ("2013-02-15T22:30:00+01:00", None),
        ("2013-02-16T07:29:59+01:00", None),
        ("2013-02-16T07:30:00+01:00", "helg"),
        ("2013-02-16T22:29:59+01:00", "helg"),
        ("2013-02-16T22:30:00+01:00", None),
        ("2013-02-17T07:30:00+01:00", "helg"),
        ("2013-02-17T22:29:59+01:00", "helg"),
        ("2013-02-18T07:29:59+01:00", None),
        ("2013-02-18T07:30:00+01:00", "dag"),
        ("2013-02-18T19:00:00+01:00", "kväll"),
        ("2013-07-18T05:29:59Z", None),
        ("2013-07-18T05:30:00Z", "dag"),
        ("2013-12-31T22:29:59+01:00", "kväll"),
        ("2014-01-01T12:00:00+01:00", None),
    ],
)
def test_R4_nacka_2013_from_thursday_to_monday_second_by_second_at_each_border(when: str, band: str | None) -> None:
    assert band_at(BOOK_2013, when) == band


@pytest.mark.parametrize(("service", "kind"), sorted(KRONOR_2013))
def test_R4_nacka_2013_has_its_three_prices_for_each_service_and_kind(service: Service, kind: ProviderKind) -> None:
    moments = ("2013-02-14T12:00:00+01:00", "2013-02-14T20:00:00+01:00", "2013-02-16T12:00:00+01:00")
    found = [BOOK_2013.rate_at(NACKA, service, Law.SOL, kind, at(moment)) for moment in moments]
    assert [one and one.ore_per_hour for one in found] == [kronor * 100 for kronor in KRONOR_2013[service, kind]]
    assert BOOK_2013.rate_at(NACKA, service, Law.SOL, kind, at("2013-02-14T03:00:00+01:00")) is None


@pytest.mark.parametrize(
    "when", ["2013-02-14T03:00:00+01:00", "2013-02-14T12:00:00+01:00", "2013-02-17T23:00:00+01:00"]
)
def test_R4_nacka_2013_pays_household_service_alike_at_all_hours(when: str) -> None:
    for kind, kronor in HOUSEHOLD_2013.items():
        rate = BOOK_2013.rate_at(NACKA, HOUSEHOLD, Law.SOL, kind, at(when))
        assert rate is not None
        assert rate.ore_per_hour == kronor * 100


def test_R4_thursday_2013_02_14_1850_to_1920_is_600_s_dag_and_1200_s_kvall() -> None:
    stay = a_stay("2013-02-14T18:50:00+01:00", "2013-02-14T19:20:00+01:00")
    judgement = judged(*SINCE_2013, *nacka_2013(), *stay, without=(Rate,))
    assert amounts(judgement, "2013-02") == [(600, 5_583), (1_200, 12_300)]


def test_R4_D20_the_seconds_of_a_night_that_no_band_covers_are_held_and_never_guessed() -> None:
    stay = a_stay("2013-02-14T22:20:00+01:00", "2013-02-15T07:40:00+01:00")
    judgement = judged(*SINCE_2013, *nacka_2013(), *stay, without=(Rate,))
    assert fates(judgement) == {"unpriced": 32_400, "paid": 1_200}
    assert amounts(judgement, "2013-02") == [(600, 5_583), (600, 6_150)]
    deviation = the_deviation(judgement, "D20").found
    assert deviation.facts == {"seconds": 32_400, "from": "2013-02-14T21:30:00Z"}
    assert (str(deviation.effect), deviation.asks) == ("holds_pay", False)


FRIDAY_NIGHT = a_band_of("22:00", "06:00", weekdays=(5,))


@pytest.mark.parametrize(
    ("when", "covered"),
    [
        ("2014-02-07T05:59:59+01:00", False),
        ("2014-02-07T21:59:59+01:00", False),
        ("2014-02-07T22:00:00+01:00", True),
        ("2014-02-08T00:00:00+01:00", True),
        ("2014-02-08T05:59:59+01:00", True),
        ("2014-02-08T06:00:00+01:00", False),
        ("2014-02-08T22:00:00+01:00", False),
    ],
    ids=[
        "Friday morning, of Thursday's night",
        "a second before it begins",
        "Friday 22:00",
        "Saturday midnight",
        "its last second",
        "Saturday 06:00",
        "Saturday 22:00",
    ],
)
def test_R4_a_window_across_midnight_belongs_to_the_day_it_begins(when: str, covered: bool) -> None:
    assert priced(FRIDAY_NIGHT, when) is covered


def test_R4_a_night_that_began_in_the_old_year_is_priced_in_the_new_by_the_new_row() -> None:
    night = a_band_of("22:00", "06:00", name="night")
    rows = [
        a_row("old", kronor=360, band=night, valid_from=date(2013, 1, 1)),
        a_row("new", kronor=370, band=night, valid_from=date(2014, 1, 1)),
    ]
    stay = a_stay("2013-12-31T23:00:00+01:00", "2014-01-01T01:00:00+01:00")
    judgement = judged(*SINCE_2013, *rows, *stay, without=(Rate,))
    assert amounts(judgement, "2013-12") == [(3_600, 36_000)]
    assert amounts(judgement, "2014-01") == [(3_600, 37_000)]


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2014-03-29T21:00:00+01:00", "2014-03-30T07:00:00+02:00", 25_200),
        ("2014-10-25T21:00:00+02:00", "2014-10-26T07:00:00+01:00", 32_400),
        ("2014-02-15T21:00:00+01:00", "2014-02-16T07:00:00+01:00", 28_800),
    ],
    ids=["the night of the lost hour: 7 h", "the night of the hour that comes twice: 9 h", "any other night: 8 h"],
)
def test_R4_T6_a_night_from_22_to_06_has_the_hours_that_it_has(start: str, end: str, seconds: int) -> None:
    row = a_row("night", band=a_band_of("22:00", "06:00"))
    judgement = judged(*SINCE_2013, row, *a_stay(start, end), without=(Rate,), now="2014-12-05T18:00:00+01:00")
    assert fates(judgement) == {"unpriced": 7_200, "paid": seconds}


@pytest.mark.parametrize(
    ("band", "minutes"),
    [
        (Band(name="empty", windows=()), 0),
        (a_band_of("00:00", "24:00", weekdays=(1,)), 1_440),
        (a_band_of("00:00", "00:00", weekdays=(1,)), 1_440),
        (a_band_of("23:59", "24:00", weekdays=(1,)), 1),
        (a_band_of("12:00", "12:00", weekdays=(1,)), 720),
        (Band(name="two", windows=(Window(weekdays=(1,), start_minute=0, before_minute=60),) * 2), 60),
    ],
    ids=[
        "no window",
        "24:00 is the end of the day",
        "from midnight until midnight",
        "the last minute",
        "from noon until noon: until midnight on that day",
        "told twice",
    ],
)
def test_R4_a_days_windows_price_so_many_of_its_minutes(band: Band, minutes: int) -> None:
    book = rate_book([a_row("a", band=band)])
    midnight = at("2014-02-03T00:00:00+01:00")
    moments = [midnight + timedelta(minutes=n) for n in range(1_440)]
    assert sum(book.rate_at(NACKA, CARE, Law.SOL, PRIVATE, moment) is not None for moment in moments) == minutes


CHRISTMAS = frozenset({date(2013, 12, 25), date(2013, 12, 26)})
"""A Wednesday and a Thursday."""


@pytest.mark.parametrize(
    ("holidays", "when", "covered"),
    [
        ("by_weekday", "2013-12-24T12:00:00+01:00", True),
        ("by_weekday", "2013-12-25T12:00:00+01:00", True),
        ("exclude", "2013-12-24T12:00:00+01:00", True),
        ("exclude", "2013-12-25T12:00:00+01:00", False),
        ("exclude", "2013-12-27T12:00:00+01:00", True),
        ("only", "2013-12-24T12:00:00+01:00", False),
        ("only", "2013-12-26T12:00:00+01:00", True),
        ("only", "2013-12-27T12:00:00+01:00", False),
    ],
)
def test_R4_a_public_holiday_is_priced_by_its_weekday_unless_the_band_says_otherwise(
    holidays: str, when: str, covered: bool
) -> None:
    band = a_band_of("07:30", "19:00", weekdays=(1, 2, 3, 4, 5), holidays=holidays)
    assert priced(band, when, CHRISTMAS) is covered


@pytest.mark.parametrize(
    ("holidays", "when", "covered"),
    [
        ("only", "2014-12-25T23:00:00+01:00", True),
        ("only", "2014-12-26T05:59:59+01:00", True),
        ("only", "2014-12-25T05:59:59+01:00", False),
        ("exclude", "2014-12-25T05:59:59+01:00", True),
        ("exclude", "2014-12-26T05:59:59+01:00", False),
    ],
    ids=[
        "a holiday's night",
        "its morning after",
        "the morning of the holiday, of the night before",
        "the night before runs into the holiday",
        "a holiday's night runs on without a price",
    ],
)
def test_R4_a_holidays_night_is_the_one_that_begins_on_it(holidays: str, when: str, covered: bool) -> None:
    night = a_band_of("22:00", "06:00", holidays=holidays)
    assert priced(night, when, frozenset({date(2014, 12, 25)})) is covered


def test_R4_the_holidays_of_the_facts_are_those_of_the_price() -> None:
    weekday = a_row("weekday", kronor=300, band=a_band_of("00:00", "24:00", name="weekday", holidays="exclude"))
    holiday = a_row("holiday", kronor=600, band=a_band_of("00:00", "24:00", name="holiday", holidays="only"))
    stay = a_stay("2014-02-03T23:00:00+01:00", "2014-02-04T01:00:00+01:00")
    facts = some_facts(weekday, holiday, *stay, without=(Rate,), holidays=frozenset({date(2014, 2, 4)}))
    judgement = judge(facts, at("2014-03-05T18:00:00+01:00"), ())
    assert sorted(amounts(judgement)) == [(3_600, 30_000), (3_600, 60_000)]


def test_R4_R7_a_band_of_one_kind_of_provider_leaves_the_other_without_a_price() -> None:
    row = a_row("private", band=a_band_of("00:00", "24:00"), provider_kind=PRIVATE)
    stay = a_stay("08:00", "09:00")
    assert fates(judged(row, *stay, without=(Rate,))) == {"paid": 3_600}
    municipal = judged(a_provider(kind=ProviderKind.MUNICIPAL), row, *stay, without=(Rate,))
    assert fates(municipal) == {"unpriced": 3_600}


def test_R4_D20_a_night_whose_row_ends_at_midnight_goes_on_without_a_price() -> None:
    night = a_band_of("22:00", "06:00", name="night")
    row = a_row("night", band=night, valid_from=date(2013, 1, 1), valid_before=date(2014, 1, 1))
    stay = a_stay("2013-12-31T23:00:00+01:00", "2014-01-01T01:00:00+01:00")
    judgement = judged(*SINCE_2013, row, *stay, without=(Rate,))
    assert fates(judgement) == {"paid": 3_600, "unpriced": 3_600}
    assert amounts(judgement, "2013-12") == [(3_600, 37_000)]


@pytest.mark.parametrize(
    ("day", "hours"), [("2014-03-30", 23), ("2014-10-26", 25), ("2014-02-16", 24)], ids=["lost", "twice", "neither"]
)
@pytest.mark.parametrize("border", ["01:59", "02:00", "02:30", "02:59", "03:00"])
def test_R4_T6_bands_that_meet_in_the_hour_of_a_clock_change_price_every_second_once(
    day: str, hours: int, border: str
) -> None:
    """Saturday's night ends where Sunday's morning begins, also where no clock shows that time, or where two do."""
    rows = [
        a_row("night", band=a_band_of("22:00", border, name="night", weekdays=(6,))),
        a_row("morning", band=a_band_of(border, "24:00", name="morning", weekdays=(7,))),
    ]
    check_rates(rows)
    book, sunday = rate_book(rows), day_interval(date.fromisoformat(day))
    names = [
        band_at(book, (sunday.start + timedelta(minutes=n)).isoformat()) for n in range(0, sunday.seconds // 60, 1)
    ]
    assert len(names) == hours * 60
    assert names == sorted(names, key=("night", "morning").index)
    assert set(names) == {"night", "morning"}
