"""The time line of a day: where things lie, what overlaps, and the hours of days that are not 24 of them."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.rules.time import parse_instant
from app.web.desk.timeline import WIDTH, axis_of, bars, lanes_of


def at(text: str) -> datetime:
    return parse_instant(f"2014-02-04T{text}+01:00")


def test_the_axis_goes_from_the_full_hour_before_to_the_full_hour_after() -> None:
    axis = axis_of([(at("08:30:00"), at("09:10:00")), (None, at("10:59:59")), (at("08:05:00"), None)])
    assert axis is not None
    assert (axis.start, axis.end) == (at("08:00:00"), at("11:00:00"))
    assert [(one.left, one.label) for one in axis.ticks()] == [(0, "08"), (333, "09"), (666, "10"), (WIDTH, "11")]


def test_nothing_has_no_axis() -> None:
    assert axis_of([]) is None
    assert axis_of([(None, None)]) is None


@pytest.mark.parametrize(
    ("second", "lanes"), [("09:00:00", 1), ("08:59:00", 2), ("09:01:00", 1)], ids=["touching", "overlapping", "apart"]
)
def test_T4_what_overlaps_lies_in_a_lane_of_its_own_and_what_touches_does_not(second: str, lanes: int) -> None:
    several = [(at(second), at("10:00:00")), (at("08:00:00"), at("09:00:00"))]
    axis = axis_of(several)
    assert axis is not None
    drawn = bars(axis, several)
    assert lanes_of(drawn) == lanes
    assert [one.lane for one in drawn] == [0, lanes - 1]


def test_an_open_end_is_a_mark_and_a_second_can_be_seen() -> None:
    several = [(at("08:00:00"), None), (at("09:00:00"), at("09:00:01")), (None, at("10:30:00"))]
    axis = axis_of(several)
    assert axis is not None
    assert [(one.left, one.width, one.open_end) for one in bars(axis, several)] == [
        (0, 4, True),
        (333, 4, False),
        (833, 4, True),
    ]


def test_T6_the_night_of_the_clock_change_shows_the_hours_that_it_has() -> None:
    night = [(parse_instant("2019-10-27T01:10:00+02:00"), parse_instant("2019-10-27T03:30:00+01:00"))]
    axis = axis_of([night[0]])
    assert axis is not None
    assert [one.label for one in axis.ticks()] == ["01", "02", "02", "03", "04"]


def test_a_long_stay_has_hours_with_room_for_their_labels() -> None:
    axis = axis_of([(at("00:00:00"), parse_instant("2014-02-06T23:00:00+01:00"))])
    assert axis is not None
    assert len(axis.ticks()) <= 9
