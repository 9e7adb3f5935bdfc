"""The day as it happens: where each planned and each registered visit stands, on both sides of each border."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from app.rules.deviations.values import Rule
from app.rules.plans import PlannedVisit, as_it_stood
from app.rules.policies import Policy, policies_of
from app.rules.time import parse_instant, wall_instants
from app.rules.visits.day import Around, DayGroup, DayRow, day_rows, page_of
from tests.rules.builders import (
    NACKA,
    a_check_in,
    a_check_out,
    a_correction,
    a_planned_visit,
    a_policy,
    at,
    cancelled,
    found,
    judged,
)


def rows(*told: Any, now: str, away: tuple[str, ...] = ()) -> tuple[DayRow, ...]:
    """The rows of what is told, its visits derived as of `now`."""
    plans = as_it_stood([one for one in told if isinstance(one, PlannedVisit)], at(now))
    around = Around(
        policies=policies_of(one for one in told if isinstance(one, Policy)),
        municipalities={"k": NACKA, "k2": NACKA},
        away=away,
    )
    return day_rows(plans, judged(*told, now=at(now).isoformat().replace("+00:00", "Z")).visits, around, at(now))


def states(*told: Any, now: str, away: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The state and the group of each row."""
    return [(str(row.state), str(row.group)) for row in rows(*told, now=now, away=away)]


@pytest.mark.parametrize(
    ("now", "state", "group"),
    [
        ("07:59:59", "coming", "coming"),
        ("08:00", "coming", "coming"),
        ("08:00:01", "due", "now"),
        ("08:30", "due", "now"),
        ("08:30:01", "late", "hand"),
        ("09:00:01", "late", "hand"),
        ("10:00", "late", "hand"),
        ("10:00:01", "missed", "hand"),
    ],
)
def test_D3_D5_a_plan_that_nobody_has_come_to(now: str, state: str, group: str) -> None:
    assert states(a_planned_visit(), now=now) == [(state, group)]
    assert bool(found(judged(a_planned_visit(), now=at(now).isoformat().replace("+00:00", "Z")), Rule.D3)) is (
        state == "missed"
    )


@pytest.mark.parametrize(
    ("now", "state"), [("08:05", "due"), ("08:05:01", "late"), ("09:10", "late"), ("09:10:01", "missed")]
)
def test_D3_D5_the_municipality_may_be_stricter(now: str, state: str) -> None:
    stricter = (a_policy("off_schedule_seconds", 300), a_policy("missed_visit_seconds", 600))
    assert [one for one, _ in states(a_planned_visit(), *stricter, now=now)] == [state]


@pytest.mark.parametrize(("now", "state"), [("09:00", "under_way"), ("09:00:01", "still_open")])
def test_V4_an_open_visit_needs_a_hand_once_its_planned_end_has_passed(now: str, state: str) -> None:
    (row,) = rows(a_planned_visit(), a_check_in("08:00"), now=now)
    assert (row.state, row.group) == (state, DayGroup.NOW if state == "under_way" else DayGroup.HAND)
    assert (row.caregiver_ids, row.customer_id) == (("c",), "k")


def test_V4_what_has_both_ends_is_done_and_half_a_visit_needs_a_hand() -> None:
    plan = a_planned_visit()
    assert states(plan, a_check_in("08:00"), a_check_out("09:00"), now="09:00") == [("done", "done")]
    assert states(plan, a_check_in("08:00"), now="13:00:01") == [("no_check_out", "hand")]
    assert states(a_check_out("09:00"), now="09:01") == [("no_check_in", "hand")]


def test_V16_a_plan_counts_as_it_stood_at_its_start() -> None:
    before = a_planned_visit(cancelled=cancelled("07:59:59"))
    after = a_planned_visit(cancelled=cancelled("08:00"))
    assert states(before, now="12:00") == [("cancelled", "off")]
    assert states(after, now="12:00") == [("missed", "hand")]


def test_V18_whoever_is_away_is_waited_for_by_nobody() -> None:
    assert states(a_planned_visit(), now="12:00", away=("k",)) == [("away", "off")]
    assert states(a_planned_visit(), now="12:00", away=("k2",)) == [("missed", "hand")]


@pytest.mark.parametrize(
    ("now", "second"),
    [("07:50", "coming"), ("08:30", "due"), ("08:30:01", "short"), ("12:00", "short")],
)
def test_V16_of_two_planned_caregivers_the_one_who_has_not_come_is_a_row_of_its_own(now: str, second: str) -> None:
    both = a_planned_visit(caregiver_ids=("c", "c2"))
    told = rows(both, a_check_in("07:45"), now=now)
    assert [(row.caregiver_ids, str(row.state)) for row in told if row.visit is None] == [(("c2",), second)]
    came = rows(both, a_check_in("07:45"), a_check_in("07:46", caregiver="c2"), now=now)
    assert [row for row in came if row.visit is None] == []


def test_D17_what_matches_no_plan_is_told_apart_where_anything_was_planned() -> None:
    stay = (a_check_in("12:00"), a_check_out("12:30"))
    assert states(*stay, now="13:00") == [("done", "done")]
    assert states(a_planned_visit("15:00", "16:00"), *stay, now="13:00")[0] == ("done", "unplanned")
    extra = (a_check_in("12:00", extra_service=True), a_check_out("12:30"))
    assert states(a_planned_visit("15:00", "16:00"), *extra, now="13:00")[0] == ("done", "done")


def test_V10_a_void_visit_leaves_its_plan_unanswered() -> None:
    void = a_correction(void=True)
    told = states(a_planned_visit(), a_check_in("08:00"), a_check_out("09:00"), void, now="2014-02-06T12:00:00+01:00")
    assert told == [("missed", "hand")]


def test_what_is_always_shown_is_what_needs_somebody_and_a_group_goes_on_where_it_ended() -> None:
    plans = [a_planned_visit(f"{hour:02}:00", f"{hour:02}:30", id=f"plan {hour}") for hour in range(8, 16)]
    told = rows(*plans, now="11:10")
    whole = page_of(told, None, None, None, 2)
    assert {group: [row.id for row in several] for group, several in whole.shown.items()} == {
        DayGroup.HAND: ["plan 8", "plan 9"],
        DayGroup.NOW: ["plan 11"],
    }
    assert whole.counts[DayGroup.COMING] == 4
    first = page_of(told, None, DayGroup.COMING, None, 3)
    assert ([row.id for row in first.shown[DayGroup.COMING]], first.following) == (
        ["plan 12", "plan 13", "plan 14"],
        "plan 14",
    )
    last = page_of(told, None, DayGroup.COMING, first.following, 3)
    assert ([row.id for row in last.shown[DayGroup.COMING]], last.following) == (["plan 15"], None)
    assert page_of(told, "nobody", None, None, 3).counts == dict.fromkeys(DayGroup, 0)
    assert page_of(told, None, DayGroup.COMING, "plan that is no more", 3) == first


@pytest.mark.parametrize(
    ("wall", "instants"),
    [
        ("2014-02-03T08:00:01", ["2014-02-03T07:00:01Z"]),
        ("2014-10-26T01:59:59", ["2014-10-25T23:59:59Z"]),
        ("2014-10-26T02:00:00", ["2014-10-26T00:00:00Z", "2014-10-26T01:00:00Z"]),
        ("2014-10-26T02:59:59", ["2014-10-26T00:59:59Z", "2014-10-26T01:59:59Z"]),
        ("2014-10-26T03:00:00", ["2014-10-26T02:00:00Z"]),
        ("2014-03-30T01:59:59", ["2014-03-30T00:59:59Z"]),
        ("2014-03-30T02:00:00", []),
        ("2014-03-30T02:59:59", []),
        ("2014-03-30T03:00:00", ["2014-03-30T01:00:00Z"]),
    ],
)
def test_T6_a_wall_clocks_time_is_one_instant_or_two_or_none(wall: str, instants: list[str]) -> None:
    assert wall_instants(datetime.fromisoformat(wall)) == tuple(map(parse_instant, instants))
