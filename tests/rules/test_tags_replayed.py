"""D21: a cryptographic tap counts once, and its counter runs with time; whatever order the taps arrive in (V5, V7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.actions.sun import scenario_reader
from app.rules.deviations.explain import held_visits
from app.rules.deviations.judge import Judgement, judge
from app.rules.deviations.values import Effect
from app.rules.sun import Sun, SunMacInput, SunMode
from app.rules.tags import Method, Place, TagKind
from app.rules.time import shift
from app.rules.visits.taps import Tap, doubts, surely_last
from app.rules.visits.values import ClockGrade, Registration, RegistrationKind, TapCause, TapDoubt
from tests.chips import Chip
from tests.rules.builders import (
    LATER,
    a_check_in,
    a_check_out,
    a_note,
    a_policy,
    a_tag,
    an_explanation,
    at,
    effect_of,
    found,
    resolved,
    rules_of,
    some_facts,
    the_deviation,
)

CHIP = Chip(meta_key=bytes(range(16)), file_key=bytes(range(16, 32)))
SUN = Sun(
    mode=SunMode.ENCRYPTED,
    mac_input=SunMacInput.ENC_TO_CMAC,
    meta_key=CHIP.meta_key.hex(),
    file_key=CHIP.file_key.hex(),
)
TAG = replace(a_tag("tag k"), kind=TagKind.NFC_SUN, uid=CHIP.uid, sun=SUN.unsealed())


def tapped(counter: int) -> Place:
    """The place of a tap that the chip has counted so."""
    return Place(method=Method.NFC, text=CHIP.tapped("https://hemtid.example/t/tag k", counter), uid=CHIP.uid)


def at_the_chip(*told: object) -> Judgement:
    """The judgement with the chip at the door of `k`."""
    return judge(some_facts(TAG, *told, sun=scenario_reader()), at(LATER), ())


def a_stay(starts: str, ends: str, counters: tuple[int, int], **more: Any) -> tuple[Registration, Registration]:
    """Both ends of a stay."""
    return (
        a_check_in(starts, place=tapped(counters[0]), **more),
        a_check_out(ends, place=tapped(counters[1]), **more),
    )


STAY = a_stay("08:00", "09:00", (1, 2))


def test_V7_two_taps_have_grade_three_and_nothing_is_said_against_them() -> None:
    judgement = at_the_chip(*STAY)

    assert [visit.evidence_grade for visit in judgement.visits] == [3]
    assert rules_of(judgement) == set()


def test_V7_a_measuring_client_states_no_tap() -> None:
    judgement = at_the_chip(*a_stay("08:00", "09:00", (1, 2), by_measuring_client=True))

    assert [visit.evidence_grade for visit in judgement.visits] == [1]


def test_V7_a_failed_mac_has_grade_zero_and_D10() -> None:
    """FAULTS 33: recorded, not refused (V1)."""
    place = tapped(1)
    forged = replace(place, text=f"{place.text}"[:-1] + ("0" if f"{place.text}"[-1] != "0" else "1"))
    judgement = at_the_chip(a_check_in(place=forged, customer_id="k"), STAY[1])

    assert [visit.evidence_grade for visit in judgement.visits] == [0]
    assert the_deviation(judgement, "D10").found.facts["problems"] == ["check_in: forged"]


def test_D21_a_copied_tap_holds_the_pay_of_the_copy_alone() -> None:
    """FAULTS 30, 31: another caregiver states the text of a tap that was made already."""
    copy = a_check_in("10:00", caregiver="c2", place=STAY[1].place)
    judgement = at_the_chip(*STAY, copy, a_check_out("11:00", caregiver="c2", place=tapped(3)))

    assert {visit.id: visit.evidence_grade for visit in judgement.visits} == {"in 08:00": 3, "in 10:00": 1}
    assert effect_of(judgement, "D21") == (Effect.HOLDS_PAY, True)
    assert the_deviation(judgement, "D21").found.facts["ends"] == [
        {"end": "check_in", "cause": "counter_seen", "counter": 2, "registration_id": "out 09:00"}
    ]
    assert held_visits(judgement.deviations) == {"in 10:00"}


def test_D21_both_ends_of_one_text_are_one_tap() -> None:
    judgement = at_the_chip(STAY[0], a_check_out("09:00", place=STAY[0].place))

    assert [visit.evidence_grade for visit in judgement.visits] == [1]
    assert rules_of(judgement) == {"D21"}


def test_D21_an_acceptance_releases_it() -> None:
    copied = (STAY[0], a_check_out("09:00", place=STAY[0].place))
    accepted = an_explanation("D21", accepted="2014-02-21T09:00:00+01:00")

    assert held_visits(at_the_chip(*copied).deviations) == {"in 08:00"}
    assert held_visits(at_the_chip(*copied, accepted).deviations) == frozenset()


def test_D21_a_time_that_nothing_proves_takes_no_tap_from_another() -> None:
    """A clock set back by an hour, told late: the copy stays the copy."""
    back = a_check_in("07:00", caregiver="c2", place=STAY[0].place, received="2014-02-03T20:00:00+01:00")
    judgement = at_the_chip(*STAY, back)

    assert rules_of(judgement, "in 08:00") == set()
    assert "D21" in rules_of(judgement, "in 07:00")


@pytest.mark.parametrize(
    ("ends", "against_time"),
    [
        pytest.param("09:00:59", False, id="a second less than the tolerance"),
        pytest.param("09:01:00", False, id="two verified clocks may be 60 s apart"),
        pytest.param("09:01:01", True, id="a second more"),
    ],
)
def test_D21_a_tap_that_was_harvested_earlier_runs_against_time(ends: str, against_time: bool) -> None:
    """FAULTS 32: counter 2 is stated after counter 3 was read."""
    other = a_check_in("09:00", caregiver="c2", place=tapped(3), id="third")
    judgement = at_the_chip(STAY[0], a_check_out(ends, place=tapped(2)), other)

    assert bool(found(judgement, "D21")) is against_time
    if against_time:
        assert the_deviation(judgement, "D21").found.facts["ends"] == [
            {"end": "check_out", "cause": "out_of_order", "counter": 2, "registration_id": "third"}
        ]


@pytest.mark.parametrize(("seconds", "against_time"), [(0, True), (119, True), (120, False)])
def test_D21_how_far_against_time_is_a_policy(seconds: int, against_time: bool) -> None:
    told = (STAY[0], a_check_out("09:02", place=tapped(2)), a_check_in("09:00", caregiver="c2", place=tapped(3)))

    judgement = at_the_chip(*told, a_policy("tap_order_seconds", seconds))

    assert bool(found(judgement, "D21")) is against_time


def test_D21_taps_of_one_second_do_not_contradict_each_other() -> None:
    told = (STAY[0], a_check_out("09:00", place=tapped(2)), a_check_in("09:00", caregiver="c2", place=tapped(3)))

    assert found(at_the_chip(*told, a_policy("tap_order_seconds", 0)), "D21") == []


def test_D21_a_note_with_the_text_of_a_tap_is_no_tap() -> None:
    judgement = at_the_chip(*STAY, a_note("08:30", names="in 08:00", place=STAY[1].place))

    assert rules_of(judgement) == set()


def test_D21_a_change_of_service_with_the_text_of_a_tap_is_one() -> None:
    told = replace(STAY[0], id="change", kind=RegistrationKind.CHANGE_SERVICE, captured_at=at("07:59"))
    judgement = at_the_chip(*STAY, replace(told, received_at=at("07:59"), recorded_at=at("07:59")))

    assert "D21" in rules_of(judgement)


READ = resolved(a_check_in())[0]


def taps_of(times: list[tuple[int, int]]) -> list[Tap]:
    """Taps with these counters, so many minutes after eight."""
    return [
        Tap(
            registration_id=f"{index:03d}",
            tag_id="t",
            counter=counter,
            at=shift(at("08:00"), minute * 60),
            clock_grade=ClockGrade.VERIFIED,
            recorded_at=at("08:00"),
        )
        for index, (counter, minute) in enumerate(times)
    ]


def said(taps: list[Tap]) -> dict[str, TapDoubt]:
    """What is said against each, without tolerance."""
    rows = [
        replace(
            READ,
            registration=replace(READ.registration, id=one.registration_id),
            at=one.at,
            clock=replace(READ.clock, corrected_at=one.at, grade=one.clock_grade),
            reading=replace(READ.reading, tag_id=one.tag_id, counter=one.counter),
        )
        for one in taps
    ]
    return doubts(rows, (), lambda _: 0)


def causes(taps: list[Tap]) -> dict[str, TapCause]:
    """Why each that is doubted is."""
    return {key: doubt.cause for key, doubt in said(taps).items()}


TIMES = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), min_size=1, max_size=14)


@given(TIMES, st.randoms(use_true_random=False))
def test_D21_F32_every_inversion_is_found_in_any_order_of_arrival(times: list[tuple[int, int]], random: Any) -> None:
    """FAULTS 32, V5: held against every pair there is."""
    taps = taps_of(times)
    firsts = {
        one.counter: min((other for other in taps if other.counter == one.counter), key=lambda tap: tap.rank)
        for one in taps
    }
    expected = {
        one.registration_id: TapCause.COUNTER_SEEN if one is not firsts[one.counter] else TapCause.OUT_OF_ORDER
        for one in taps
        if one is not firsts[one.counter]
        or any(other.counter > one.counter and other.at < one.at for other in firsts.values())
    }
    shuffled = random.sample(taps, len(taps))

    assert causes(shuffled) == expected
    assert said(shuffled) == said([*taps, *shuffled]) == said(taps)


@given(TIMES, st.integers(1, 14), st.integers(0, 14))
def test_D21_a_tap_that_is_surely_the_last_changes_nothing_that_is_said(
    times: list[tuple[int, int]], counter: int, minute: int
) -> None:
    """The short way at the door reads one tap of the tag only."""
    taps = taps_of(times)
    new = replace(taps_of([(counter, minute)])[0], registration_id="new")
    top = max(taps, key=lambda one: (one.counter, one.at))
    if surely_last(new, top):
        assert said([*taps, new]) == said(taps)
