"""T: time. Instants, whole seconds, half-open intervals, Stockholm's days and months."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.rules.time import (
    Interval,
    day_interval,
    days_of,
    days_touched,
    first_day,
    format_instant,
    is_month,
    iso_duration,
    local_day,
    local_instant,
    local_month,
    month_interval,
    next_month,
    parse_instant,
    previous_month,
    seconds_between,
    shift,
    shift_ms,
    split_at,
    split_at_days,
    union,
    union_seconds,
    utc,
)


def interval(start: str, end: str) -> Interval:
    """The time between two RFC 3339 instants."""
    return Interval(parse_instant(start), parse_instant(end))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("2014-02-03T08:00:00+01:00", "2014-02-03T07:00:00Z", id="an offset east of Greenwich"),
        pytest.param("2014-02-03T08:00:00-05:30", "2014-02-03T13:30:00Z", id="an offset west of it, with minutes"),
        pytest.param("2014-02-03T08:00:00Z", "2014-02-03T08:00:00Z", id="Z"),
        pytest.param("2014-02-03t08:00:00z", "2014-02-03T08:00:00Z", id="small letters, as RFC 3339 allows"),
        pytest.param("2014-02-03T08:00:00-00:00", "2014-02-03T08:00:00Z", id="an unknown local offset"),
        pytest.param("2014-02-03T00:30:00+01:00", "2014-02-02T23:30:00Z", id="another day in UTC"),
        pytest.param("2014-02-03T08:00:00+23:59", "2014-02-02T08:01:00Z", id="the widest offset"),
        pytest.param("2016-02-29T12:00:00Z", "2016-02-29T12:00:00Z", id="a leap day"),
    ],
)
def test_T1_an_instant_with_offset_is_kept_in_UTC(text: str, kept: str) -> None:
    instant = parse_instant(text)

    assert instant.tzinfo is UTC
    assert format_instant(instant) == kept


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2014-02-03T08:00:00", id="no offset"),
        pytest.param("2014-02-03", id="a day alone"),
        pytest.param("2014-02-03T08:00+01:00", id="no seconds"),
        pytest.param("2014-02-03T08:00:00+0100", id="an offset without colon"),
        pytest.param("2014-02-03T08:00:00+01", id="an offset of hours alone"),
        pytest.param("2014-02-03T08:00:00+24:00", id="an offset of a day"),
        pytest.param("2014-02-03T08:00:00+01:60", id="an offset of sixty minutes"),
        pytest.param("2014-02-03T24:00:00Z", id="an hour that no day has"),
        pytest.param("2014-02-03T08:60:00Z", id="a minute that no hour has"),
        pytest.param("2014-02-03T08:00:60Z", id="a leap second"),
        pytest.param("2014-02-29T08:00:00Z", id="a leap day of a common year"),
        pytest.param("2014-02-03T08:00:00.Z", id="a point without fraction"),
        pytest.param("2014-02-03T08:00:00Z ", id="a blank after it"),
        pytest.param("2014-02-03T08:00:00Z\n", id="a line break after it"),
        pytest.param("20140203T080000Z", id="the basic form of ISO 8601"),
        pytest.param("٢٠١٤-02-03T08:00:00Z", id="digits of another script"),
        pytest.param("0001-01-01T00:00:00+01:00", id="before the calendar"),
        pytest.param("9999-12-31T23:59:59-01:00", id="after the calendar"),
        pytest.param("", id="nothing"),
    ],
)
def test_T1_what_is_no_instant_with_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="T1"):
        parse_instant(text)


def test_T1_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="T1"):
        utc(datetime(2014, 2, 3, 8))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("2014-02-03T08:00:00.000Z", "2014-02-03T08:00:00Z", id="no fraction to cut"),
        pytest.param("2014-02-03T08:00:00.001Z", "2014-02-03T08:00:00Z", id="a thousandth after the second"),
        pytest.param("2014-02-03T08:00:00.5Z", "2014-02-03T08:00:00Z", id="half a second"),
        pytest.param("2014-02-03T08:00:00.999999999Z", "2014-02-03T08:00:00Z", id="a billionth before the next second"),
        pytest.param("2014-02-03T07:59:59.999Z", "2014-02-03T07:59:59Z", id="before the minute"),
        pytest.param("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59Z", id="before 1970"),
    ],
)
def test_T2_an_instant_is_cut_to_its_second_and_never_rounded_up(text: str, kept: str) -> None:
    assert format_instant(parse_instant(text)) == kept


def test_T2_a_datetime_with_microseconds_is_cut_to_its_second() -> None:
    instant = datetime(2014, 2, 3, 9, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))

    assert utc(instant) == datetime(2014, 2, 3, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("milliseconds", "kept"),
    [
        pytest.param(999, "2014-02-03T08:00:00Z", id="a thousandth below the second"),
        pytest.param(1000, "2014-02-03T08:00:01Z", id="on it"),
        pytest.param(1001, "2014-02-03T08:00:01Z", id="a thousandth above"),
        pytest.param(-1, "2014-02-03T07:59:59Z", id="backwards it is cut down too"),
        pytest.param(-1000, "2014-02-03T07:59:59Z", id="a whole second backwards"),
    ],
)
def test_T2_what_an_elapsed_clock_adds_is_cut_to_its_second(milliseconds: int, kept: str) -> None:
    assert format_instant(shift_ms(parse_instant("2014-02-03T08:00:00Z"), milliseconds)) == kept


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        pytest.param("2014-02-03T08:00:00+01:00", "2014-02-03T08:47:20+01:00", 2_840, id="a visit of 47:20"),
        pytest.param("2014-02-03T08:00:00+01:00", "2014-02-03T08:00:00+01:00", 0, id="no time at all"),
        pytest.param("2014-02-03T08:00:00+01:00", "2014-02-03T08:00:01+01:00", 1, id="one second"),
        pytest.param("2014-02-03T08:00:00+01:00", "2014-02-03T09:00:00+02:00", 0, id="one instant in two offsets"),
        pytest.param("2014-02-03T08:00:01+01:00", "2014-02-03T08:00:00+01:00", -1, id="the end before the start"),
        pytest.param("2014-02-28T23:59:59+01:00", "2014-03-01T00:00:00+01:00", 1, id="across a month's end"),
        pytest.param("2016-02-28T12:00:00+01:00", "2016-03-01T12:00:00+01:00", 172_800, id="across a leap day"),
        pytest.param("2014-02-28T12:00:00+01:00", "2014-03-01T12:00:00+01:00", 86_400, id="across no leap day"),
    ],
)
def test_T3_performed_time_is_end_minus_start_in_whole_seconds(start: str, end: str, seconds: int) -> None:
    assert seconds_between(parse_instant(start), parse_instant(end)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "PT0S"),
        (1, "PT1S"),
        (59, "PT59S"),
        (60, "PT1M"),
        (61, "PT1M1S"),
        (2_840, "PT47M20S"),
        (3_599, "PT59M59S"),
        (3_600, "PT1H"),
        (3_601, "PT1H1S"),
        (86_399, "PT23H59M59S"),
        (86_400, "PT24H"),
        (259_260, "PT72H1M"),
    ],
)
def test_T3_performed_time_is_written_in_hours_minutes_and_seconds(seconds: int, text: str) -> None:
    assert iso_duration(seconds) == text


@pytest.mark.parametrize(
    ("start", "end", "common"),
    [
        pytest.param("08:59:59", "10:00:00", 1, id="one second before the first ends"),
        pytest.param("09:00:00", "10:00:00", None, id="where the first ends: they touch"),
        pytest.param("09:00:01", "10:00:00", None, id="a second after"),
        pytest.param("07:00:00", "08:00:01", 1, id="until one second after the first starts"),
        pytest.param("07:00:00", "08:00:00", None, id="until where the first starts: they touch"),
        pytest.param("08:20:00", "08:30:00", 600, id="within the first"),
        pytest.param("07:00:00", "10:00:00", 3600, id="around the first"),
        pytest.param("08:00:00", "09:00:00", 3600, id="the same time"),
        pytest.param("08:30:00", "08:30:00", None, id="no time at all"),
    ],
)
def test_T4_intervals_that_touch_do_not_overlap(start: str, end: str, common: int | None) -> None:
    held = interval("2014-02-03T08:00:00Z", "2014-02-03T09:00:00Z")
    other = interval(f"2014-02-03T{start}Z", f"2014-02-03T{end}Z")

    assert [shared and shared.seconds for shared in (held.overlap(other), other.overlap(held))] == [common, common]


@pytest.mark.parametrize(
    ("clock", "inside"),
    [("07:59:59", False), ("08:00:00", True), ("08:59:59", True), ("09:00:00", False)],
)
def test_T4_an_interval_has_its_start_and_not_its_end(clock: str, inside: bool) -> None:
    held = interval("2014-02-03T08:00:00Z", "2014-02-03T09:00:00Z")

    assert held.covers(parse_instant(f"2014-02-03T{clock}Z")) is inside


def test_T4_a_union_counts_each_second_once_and_joins_what_touches() -> None:
    pieces = [
        interval("2014-02-03T10:00:00Z", "2014-02-03T10:00:10Z"),
        interval("2014-02-03T08:30:00Z", "2014-02-03T09:30:00Z"),
        interval("2014-02-03T08:00:00Z", "2014-02-03T09:00:00Z"),
        interval("2014-02-03T09:30:00Z", "2014-02-03T09:30:05Z"),
    ]

    assert union(pieces) == (
        interval("2014-02-03T08:00:00Z", "2014-02-03T09:30:05Z"),
        interval("2014-02-03T10:00:00Z", "2014-02-03T10:00:10Z"),
    )
    assert union_seconds(pieces) == 5_415


@pytest.mark.parametrize(
    ("text", "day", "month"),
    [
        pytest.param("2014-02-02T22:59:59Z", "2014-02-02", "2014-02", id="a second before midnight in winter"),
        pytest.param("2014-02-02T23:00:00Z", "2014-02-03", "2014-02", id="midnight in winter"),
        pytest.param("2014-06-02T21:59:59Z", "2014-06-02", "2014-06", id="a second before midnight in summer"),
        pytest.param("2014-06-02T22:00:00Z", "2014-06-03", "2014-06", id="midnight in summer"),
        pytest.param("2014-02-28T22:59:59Z", "2014-02-28", "2014-02", id="the last second of February"),
        pytest.param("2014-02-28T23:00:00Z", "2014-03-01", "2014-03", id="the first of March"),
        pytest.param("2016-02-28T23:00:00Z", "2016-02-29", "2016-02", id="a leap day begins"),
        pytest.param("2016-02-29T22:59:59Z", "2016-02-29", "2016-02", id="its last second"),
        pytest.param("2013-12-31T23:00:00Z", "2014-01-01", "2014-01", id="a year begins"),
    ],
)
def test_T5_day_and_month_of_a_second_are_those_of_Stockholm(text: str, day: str, month: str) -> None:
    instant = parse_instant(text)

    assert (local_day(instant).isoformat(), local_month(instant)) == (day, month)


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        pytest.param("2014-02-03T22:59:59Z", "2014-02-03T23:00:01Z", [1, 1], id="a second on each side of midnight"),
        pytest.param("2014-02-03T22:00:00Z", "2014-02-03T23:00:00Z", [3600], id="until midnight"),
        pytest.param("2014-02-03T23:00:00Z", "2014-02-04T00:00:00Z", [3600], id="from midnight"),
        pytest.param("2014-02-28T22:00:00Z", "2014-03-01T00:00:00Z", [3600, 3600], id="a month's end"),
        pytest.param("2016-02-28T22:00:00Z", "2016-02-29T23:30:00Z", [3600, 86_400, 1800], id="around a leap day"),
        pytest.param("2019-03-30T22:00:00Z", "2019-03-31T23:00:00Z", [3600, 82_800, 3600], id="around the day of 23 h"),
        pytest.param("2019-10-26T21:00:00Z", "2019-10-28T00:00:00Z", [3600, 90_000, 3600], id="around the day of 25 h"),
    ],
)
def test_T5_what_crosses_midnight_is_split_there(start: str, end: str, seconds: list[int]) -> None:
    whole = interval(start, end)
    pieces = split_at_days(whole)

    assert [piece.seconds for piece in pieces] == seconds
    assert (pieces[0].start, pieces[-1].end) == (whole.start, whole.end)
    assert len({local_day(piece.start) for piece in pieces}) == len(pieces)


def test_T5_an_empty_interval_has_no_day_and_no_pieces() -> None:
    empty = interval("2014-02-03T08:00:00Z", "2014-02-03T08:00:00Z")

    assert (list(days_touched(empty)), split_at_days(empty)) == ([], ())


def test_T5_borders_outside_or_at_the_ends_divide_nothing() -> None:
    whole = interval("2014-02-03T08:00:00Z", "2014-02-03T09:00:00Z")
    borders = [shift(whole.start, seconds) for seconds in (-1, 0, 1800, 1800, 3600, 3601)]

    assert [piece.seconds for piece in split_at(whole, borders)] == [1800, 1800]


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        pytest.param("2019-10-27T02:10:00+02:00", "2019-10-27T02:25:00+01:00", 4_500, id="the clock goes back"),
        pytest.param("2019-03-31T01:50:00+01:00", "2019-03-31T03:05:00+02:00", 900, id="the clock goes forward"),
        pytest.param(
            "2019-10-27T02:59:59+02:00", "2019-10-27T02:00:00+01:00", 1, id="the second in which it goes back"
        ),
        pytest.param(
            "2019-03-31T01:59:59+01:00", "2019-03-31T03:00:00+02:00", 1, id="the second in which it goes forward"
        ),
    ],
)
def test_T6_clock_changes_cost_nobody_a_second(start: str, end: str, seconds: int) -> None:
    """FAULTS 27."""
    assert interval(start, end).seconds == seconds


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2019-03-30", 24),
        ("2019-03-31", 23),
        ("2019-04-01", 24),
        ("2019-10-26", 24),
        ("2019-10-27", 25),
        ("2019-10-28", 24),
    ],
)
def test_T6_a_day_is_as_long_as_its_clock_changes_make_it(day: str, hours: int) -> None:
    assert day_interval(date.fromisoformat(day)).seconds == hours * 3600


@pytest.mark.parametrize(
    ("day", "minutes", "instant"),
    [
        pytest.param("2014-02-03", 450, "2014-02-03T06:30:00Z", id="07:30 in winter"),
        pytest.param("2014-06-03", 450, "2014-06-03T05:30:00Z", id="07:30 in summer"),
        pytest.param("2014-02-03", 1440, "2014-02-03T23:00:00Z", id="24:00 is the next midnight"),
        pytest.param("2019-10-27", 1440, "2019-10-27T23:00:00Z", id="24:00 of the day of 25 hours"),
        pytest.param("2019-10-27", 150, "2019-10-27T00:30:00Z", id="02:30 comes twice: the first"),
        pytest.param("2019-10-27", 180, "2019-10-27T02:00:00Z", id="03:00 after the hour that came twice"),
        pytest.param("2019-03-31", 120, "2019-03-31T01:00:00Z", id="02:00 is skipped: 03:00"),
        pytest.param("2019-03-31", 450, "2019-03-31T05:30:00Z", id="07:30 on the day of 23 hours"),
        pytest.param("2019-03-30", 1860, "2019-03-31T05:00:00Z", id="past midnight, into the day of 23 hours"),
    ],
)
def test_T6_a_wall_time_is_found_on_days_when_the_clock_changes(day: str, minutes: int, instant: str) -> None:
    assert format_instant(local_instant(date.fromisoformat(day), minutes)) == instant


@pytest.mark.parametrize(
    ("month", "start", "end", "days"),
    [
        pytest.param("2014-02", "2014-01-31T23:00:00Z", "2014-02-28T23:00:00Z", 28, id="February"),
        pytest.param("2016-02", "2016-01-31T23:00:00Z", "2016-02-29T23:00:00Z", 29, id="February of a leap year"),
        pytest.param("2014-03", "2014-02-28T23:00:00Z", "2014-03-31T22:00:00Z", 31, id="the clock goes forward in it"),
        pytest.param("2014-10", "2014-09-30T22:00:00Z", "2014-10-31T23:00:00Z", 31, id="the clock goes back in it"),
        pytest.param("2014-12", "2014-11-30T23:00:00Z", "2014-12-31T23:00:00Z", 31, id="the last of the year"),
    ],
)
def test_T5_a_month_runs_from_its_first_midnight_until_the_nexts(month: str, start: str, end: str, days: int) -> None:
    assert month_interval(month) == interval(start, end)
    assert len(days_of(month)) == days
    assert days_of(month)[0] == first_day(month)
    assert {local_month(local_instant(day)) for day in days_of(month)} == {month}


@pytest.mark.parametrize(
    ("before", "after"),
    [("2014-01", "2014-02"), ("2014-02", "2014-03"), ("2014-12", "2015-01"), ("2016-02", "2016-03")],
)
def test_T5_months_follow_each_other(before: str, after: str) -> None:
    assert (next_month(before), previous_month(after)) == (after, before)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("2014-02", True),
        ("2014-12", True),
        ("2014-13", False),
        ("2014-00", False),
        ("0000-02", False),
        ("2014-2", False),
        ("2014-02-01", False),
        ("2014-02\n", False),
        ("٢٠١٤-02", False),
    ],
)
def test_T5_a_month_is_written_YYYY_MM(text: str, answer: bool) -> None:
    assert is_month(text) is answer
