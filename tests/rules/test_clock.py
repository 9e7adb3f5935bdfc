"""V8: the time of a registration from what its phone's clocks say, and how well it is proven."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.rules.time import format_instant, seconds_between
from app.rules.visits.clock import ClockTolerances, one_anchor, read_clock
from app.rules.visits.values import Clock, ClockGrade, Registration
from tests.rules.builders import (
    a_check_in,
    a_check_out,
    a_clock,
    a_policy,
    an_anchor,
    at,
    by_hand,
    resolved,
    seconds_after,
    sent,
    the_visit,
    visits,
)

DEFAULT = ClockTolerances()
VERIFIED, ESTIMATED, UNVERIFIED = ClockGrade.VERIFIED, ClockGrade.ESTIMATED, ClockGrade.UNVERIFIED


@pytest.mark.parametrize(
    ("registration", "time"),
    [
        pytest.param(a_check_in("08:00"), "08:00", id="nothing but the time as captured"),
        pytest.param(
            a_check_in("09:17", clock=a_clock(700, anchor=an_anchor("08:00", 100))),
            "08:10",
            id="the anchor plus the elapsed clock since",
        ),
        pytest.param(
            a_check_in("09:17", received="12:00", clock=a_clock(700), sent=sent(4300)),
            "11:00",
            id="received less the elapsed clock between capture and sending",
        ),
        pytest.param(
            a_check_in("09:17", received="12:00", clock=a_clock(700, anchor=an_anchor("08:00", 100)), sent=sent(4300)),
            "08:10",
            id="the anchor before the sending",
        ),
        pytest.param(
            a_check_in(
                "09:17",
                received="12:00",
                clock=a_clock(700, anchor=an_anchor("08:00", 100, boot="old")),
                sent=sent(4300),
            ),
            "11:00",
            id="an anchor of another boot is none",
        ),
        pytest.param(
            a_check_in("09:17", received="12:00", clock=a_clock(700), sent=sent(4300, boot="next")),
            "09:17",
            id="a sending in another boot is none",
        ),
        pytest.param(
            a_check_in("09:17", received="12:00", clock=a_clock(700), sent=sent(699)),
            "09:17",
            id="a sending before the capture is none",
        ),
        pytest.param(
            a_check_in("09:17", received="12:00", sent=sent(4300)), "09:17", id="a sending without clock is none"
        ),
        pytest.param(
            a_check_in("09:17", clock=a_clock(0.999, anchor=an_anchor("08:00", 0))), "08:00", id="milliseconds are cut"
        ),
        pytest.param(
            a_check_in("09:17", received="12:00", clock=a_clock(0), sent=sent(0.001)),
            "11:59:59",
            id="milliseconds backwards are cut down too",
        ),
    ],
)
def test_V8_the_corrected_time_rests_on_the_best_evidence(registration: Registration, time: str) -> None:
    assert read_clock(registration, DEFAULT).corrected_at == at(time)


@pytest.mark.parametrize(
    ("registration", "grade"),
    [
        pytest.param(a_check_in("08:00", received="08:00"), VERIFIED, id="received at once"),
        pytest.param(a_check_in("08:00", received="08:00:29"), VERIFIED, id="received after 29 s"),
        pytest.param(a_check_in("08:00", received="08:00:30"), VERIFIED, id="received after 30 s"),
        pytest.param(a_check_in("08:00", received="08:00:31"), UNVERIFIED, id="received after 31 s, no evidence"),
        pytest.param(a_check_in("08:00:31", received="08:00"), UNVERIFIED, id="received 31 s before it was captured"),
        pytest.param(
            a_check_in("08:00", received="10:00", clock=a_clock(50)),
            UNVERIFIED,
            id="an elapsed clock that nothing anchors",
        ),
        pytest.param(
            a_check_in("08:00", received="10:00", clock=a_clock(50, anchor=an_anchor("07:00", 0, boot="old"))),
            UNVERIFIED,
            id="restarted since the last anchor (FAULTS 26)",
        ),
        pytest.param(
            a_check_in("08:00", received="10:00", clock=a_clock(0, anchor=an_anchor("08:00", 0)), sent=sent(7198)),
            VERIFIED,
            id="anchor and sending 2 s apart",
        ),
        pytest.param(
            a_check_in("08:00", received="10:00", clock=a_clock(0, anchor=an_anchor("08:00", 0)), sent=sent(7202)),
            VERIFIED,
            id="2 s apart the other way",
        ),
        pytest.param(
            a_check_in("08:00", received="10:00", clock=a_clock(0, anchor=an_anchor("08:00", 0)), sent=sent(7197)),
            ESTIMATED,
            id="anchor and sending 3 s apart",
        ),
        pytest.param(
            a_check_in("08:00", received="10:00", clock=a_clock(0), sent=sent(7198)),
            VERIFIED,
            id="the sending alone, 2 s from the capture",
        ),
        pytest.param(
            a_check_in("08:00", received="10:00", clock=a_clock(0), sent=sent(7197)),
            ESTIMATED,
            id="the sending alone, 3 s from the capture",
        ),
        pytest.param(
            a_check_in("08:03", received="10:00", clock=a_clock(0, anchor=an_anchor("08:00", 0))),
            ESTIMATED,
            id="the anchor alone, 3 min from the capture",
        ),
        pytest.param(
            a_check_in("09:00", received="08:00:30", clock=a_clock(0, anchor=an_anchor("08:00", 0))),
            VERIFIED,
            id="a wall clock an hour off, received within 30 s of the anchored time",
        ),
    ],
)
def test_V8_the_grade_says_how_well_the_time_is_proven(registration: Registration, grade: ClockGrade) -> None:
    assert read_clock(registration, DEFAULT).grade is grade


def test_V8_two_estimates_tell_how_far_apart_they_lie_and_one_does_not() -> None:
    clock = a_clock(0, anchor=an_anchor("08:00", 0))
    two = read_clock(a_check_in("08:00", received="10:00", clock=clock, sent=sent(7100)), DEFAULT)
    lone = read_clock(a_check_in("09:00", received="10:00", clock=clock), DEFAULT)

    assert (two.apart_seconds, lone.apart_seconds) == (100, None)


@pytest.mark.parametrize(("within", "grade"), [(59, UNVERIFIED), (60, VERIFIED), (61, VERIFIED)])
def test_V8_how_soon_is_verified_is_a_policy(within: int, grade: ClockGrade) -> None:
    late = a_check_in("08:00", received="08:01")
    (one,) = resolved(late, a_policy("verified_within_seconds", within, municipality=None))

    assert one.clock.grade is grade


def test_V8_the_customers_municipality_says_how_soon_and_how_close() -> None:
    late = a_check_in("08:00", received="08:01")
    apart = a_check_in("08:00", received="10:00", clock=a_clock(0), sent=sent(7190))
    for registration, name in ((late, "verified_within_seconds"), (apart, "evidence_within_seconds")):
        graded = [
            resolved(registration, a_policy(name, 60, municipality=code))[0].clock.grade for code in ("0182", "2029")
        ]
        assert graded[0] is VERIFIED
        assert graded[1] is not VERIFIED


@pytest.mark.parametrize(("within", "grade"), [(9, ESTIMATED), (10, VERIFIED), (11, VERIFIED)])
def test_V8_how_close_evidence_is_verified_is_a_policy(within: int, grade: ClockGrade) -> None:
    apart = a_check_in("08:00", received="10:00", clock=a_clock(0), sent=sent(7190))
    (one,) = resolved(apart, a_policy("evidence_within_seconds", within, municipality=None))

    assert one.clock.grade is grade


@pytest.mark.parametrize("off", [0, 1, -1, 86_400, -86_400, 31_536_000, -31_536_000])
def test_V8_a_wall_clock_that_is_a_day_or_a_year_off_costs_no_second(off: int) -> None:
    """FAULTS 24."""
    visit = the_visit(
        a_check_in(seconds_after("08:00", off), received="12:00", clock=a_clock(100), sent=sent(14_500)),
        a_check_out(seconds_after("08:47:20", off), received="12:00", clock=a_clock(2_940), sent=sent(14_500)),
    )

    assert (visit.starts_at, visit.ends_at) == (at("08:00"), at("08:47:20"))
    assert visit.clock_grade is (VERIFIED if abs(off) <= 2 else ESTIMATED)


@pytest.mark.parametrize("moved", [3_600, -3_600, -2_841, -2_840, 86_400, -86_400])
def test_V8_a_wall_clock_moved_during_the_visit_changes_no_second_of_it(moved: int) -> None:
    """FAULTS 25. The check-out's time as captured may even lie before the start."""
    found = visits(
        a_check_in("08:00", id="in", clock=a_clock(100)),
        a_check_out(seconds_after("08:47:20", moved), id="out", clock=a_clock(2_940)),
    )

    assert list(found) == ["in"]
    assert (found["in"].starts_at, found["in"].performed_seconds) == (at("08:00"), 2_840)


def test_V8_a_visit_named_by_its_check_out_is_timed_from_one_anchor_too() -> None:
    found = visits(
        a_check_in("08:00", id="first", clock=a_clock(100)),
        a_check_in("10:00", id="second", door="k2", clock=a_clock(7_300)),
        a_check_out("06:00", id="out", names="first", clock=a_clock(2_940)),
    )

    assert found["first"].performed_seconds == 2_840


@pytest.mark.parametrize(
    ("check_in", "check_out", "times"),
    [
        pytest.param(
            a_check_in("08:00", clock=a_clock(0)),
            a_check_out("11:00", clock=a_clock(600)),
            ("08:00", "08:10"),
            id="no evidence: the check-in as captured, and the elapsed clock",
        ),
        pytest.param(
            a_check_in("09:00", clock=a_clock(0)),
            a_check_out("11:00", clock=a_clock(600, anchor=an_anchor("08:10", 600))),
            ("08:00", "08:10"),
            id="the better evidence is the check-out's",
        ),
        pytest.param(
            a_check_in("09:00", clock=a_clock(0, anchor=an_anchor("08:00", 0))),
            a_check_out("11:00", clock=a_clock(600, anchor=an_anchor("08:10:05", 600))),
            ("08:00", "08:10"),
            id="two anchors: the check-in's",
        ),
        pytest.param(
            a_check_in("09:00", received="10:00", clock=a_clock(0), sent=sent(7200)),
            a_check_out("11:00", clock=a_clock(600, anchor=an_anchor("08:10", 600))),
            ("08:00", "08:10"),
            id="an anchor is better than a sending",
        ),
        pytest.param(
            a_check_in("09:00", clock=a_clock(0)),
            a_check_out("11:00", received="12:00", clock=a_clock(600), sent=sent(13_800)),
            ("08:10", "08:20"),
            id="a sending is better than the capture",
        ),
        pytest.param(
            a_check_in("08:00", clock=a_clock(0.4, anchor=an_anchor("08:00", 0))),
            a_check_out("08:10", clock=a_clock(600.3)),
            ("08:00", "08:10"),
            id="milliseconds are cut at each end",
        ),
        pytest.param(
            a_check_in("08:00", clock=a_clock(0.9, anchor=an_anchor("08:00", 0.8))),
            a_check_out("08:10", clock=a_clock(601.2)),
            ("08:00", "08:10"),
            id="milliseconds are reckoned before they are cut",
        ),
    ],
)
def test_V8_both_ends_in_one_boot_use_one_anchor(
    check_in: Registration, check_out: Registration, times: tuple[str, str]
) -> None:
    assert one_anchor(check_in, check_out) == (at(times[0]), at(times[1]))


@pytest.mark.parametrize(
    ("check_in", "check_out"),
    [
        pytest.param(
            a_check_in(clock=a_clock(0)), a_check_out(clock=a_clock(600, boot="next")), id="restarted in between"
        ),
        pytest.param(a_check_in(), a_check_out(clock=a_clock(600)), id="a check-in without clock"),
        pytest.param(a_check_in(clock=a_clock(0)), a_check_out(), id="a check-out without clock"),
        pytest.param(
            a_check_in(clock=a_clock(1)), a_check_out(clock=a_clock(0)), id="an elapsed clock that went backwards"
        ),
        pytest.param(
            a_check_in(clock=a_clock(0), place=by_hand(), stated="07:30"),
            a_check_out(clock=a_clock(600)),
            id="a stated time is the time (V3)",
        ),
    ],
)
def test_V8_ends_that_share_no_boot_have_no_common_anchor(check_in: Registration, check_out: Registration) -> None:
    assert one_anchor(check_in, check_out) is None


def test_V8_an_end_is_as_well_proven_as_the_anchor_that_both_rest_on() -> None:
    """The check-in was delivered alone, without evidence; the check-out's anchor of the same boot times both."""
    visit = the_visit(
        a_check_in("08:00", received="12:00", clock=a_clock(0)),
        a_check_out("08:10", received="12:00", clock=a_clock(600, anchor=an_anchor("08:10", 600))),
    )

    assert (visit.clock_grade, visit.performed_seconds) == (VERIFIED, 600)


def test_V8_a_visit_has_the_worse_clock_grade_of_its_ends() -> None:
    """FAULTS 26: the phone was restarted during the visit and saw no server since."""
    visit = the_visit(
        a_check_in("08:00", clock=a_clock(9_000, boot="first")),
        a_check_out("09:00", received="12:00", clock=a_clock(60, boot="second")),
    )

    assert visit.clock_grade is UNVERIFIED


GRADED = {
    VERIFIED: "2014-02-03T12:00:00+01:00",
    ESTIMATED: "2014-02-03T11:59:00+01:00",
    UNVERIFIED: None,
}
"""What a server told a phone whose wall clock showed noon, for each grade; None where it has seen none in this boot."""


@pytest.mark.parametrize(
    ("one", "other", "worse"),
    [
        (VERIFIED, VERIFIED, VERIFIED),
        (VERIFIED, ESTIMATED, ESTIMATED),
        (ESTIMATED, ESTIMATED, ESTIMATED),
        (ESTIMATED, UNVERIFIED, UNVERIFIED),
        (VERIFIED, UNVERIFIED, UNVERIFIED),
        (UNVERIFIED, UNVERIFIED, UNVERIFIED),
    ],
)
def test_V8_the_worst_grade_is_unverified_then_estimated(one: ClockGrade, other: ClockGrade, worse: ClockGrade) -> None:
    for first, last in ((one, other), (other, one)):
        anchors = [None if (server := GRADED[grade]) is None else an_anchor(server, 0) for grade in (first, last)]
        visit = the_visit(
            a_check_in("12:00", id="in", received="18:00", clock=a_clock(0, anchor=anchors[0])),
            a_check_out(
                "13:00",
                id="out",
                names="in",
                received="18:00",
                clock=_in_another_boot(a_clock(3600, anchor=anchors[1])),
            ),
        )
        assert visit.clock_grade is worse


def _in_another_boot(clock: Clock) -> Clock:
    anchor = clock.anchor and replace(clock.anchor, boot_id="next")
    return replace(clock, boot_id="next", anchor=anchor)


def test_V8_what_the_phone_said_is_kept_beside_what_rules_use() -> None:
    told = a_check_in("09:17", received="12:00", clock=a_clock(700), sent=sent(4300))
    (one,) = resolved(told)

    assert one.registration == told
    assert format_instant(one.at) == format_instant(at("11:00"))
    assert seconds_between(one.registration.captured_at, one.at) == 6_180
