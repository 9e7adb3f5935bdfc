"""D7–D11: what a visit shows by its ends, its tags and its caregiver's other stays. Both sides of each border."""

from __future__ import annotations

import pytest

from app.rules.deviations.values import DeviationState, Effect
from app.rules.tags import TagState
from app.rules.visits.values import HouseholdShare
from tests.rules.builders import (
    a_check_in,
    a_check_out,
    a_correction,
    a_planned_visit,
    a_policy,
    a_tag,
    at,
    by_hand,
    effect_of,
    found,
    judged,
    rules_of,
    seconds_after,
    the_deviation,
)

A_STAY = (a_check_in("08:00"), a_check_out("09:00"))
A_PLAN = a_planned_visit("08:00", "09:00")
HOLDS, EXPLAIN = Effect.HOLDS_PAY, Effect.EXPLAIN


@pytest.mark.parametrize(
    ("told", "now", "open_too_long"),
    [
        pytest.param([A_PLAN], "2014-02-03T13:00:00+01:00", False, id="4 h past the planned end"),
        pytest.param([A_PLAN], "2014-02-03T13:00:01+01:00", True, id="a second more"),
        pytest.param([], "2014-02-03T20:00:00+01:00", False, id="unplanned: 12 h after the start"),
        pytest.param([], "2014-02-03T20:00:01+01:00", True, id="unplanned: a second more"),
        pytest.param(
            [A_PLAN, a_policy("no_check_out_seconds", 0)],
            "2014-02-03T09:00:01+01:00",
            True,
            id="the policy is none at all",
        ),
    ],
)
def test_D7_a_visit_that_is_open_too_long(told: list[object], now: str, open_too_long: bool) -> None:
    judgement = judged(a_check_in("08:00"), *told, now=now)

    assert ("D7" in rules_of(judgement)) is open_too_long
    if open_too_long:
        assert effect_of(judgement, "D7") == (HOLDS, True)
        assert the_deviation(judgement, "D7").found.facts["cause"] == "open"


def test_D7_a_visit_that_a_later_check_in_left_open() -> None:
    """V6: at once."""
    judgement = judged(a_check_in("08:00"), a_check_in("08:10", door="k2"), now="2014-02-03T08:11:00+01:00")

    assert the_deviation(judgement, "D7").found.facts["cause"] == "superseded"
    assert effect_of(judgement, "D7") == (HOLDS, True)


@pytest.mark.parametrize(
    ("seconds", "names", "rules"),
    [
        pytest.param(43_200, "in 08:00", set(), id="by name, 12 h after the start"),
        pytest.param(43_201, "in 08:00", {"D7"}, id="by name, a second more"),
        pytest.param(43_200, None, set(), id="by its customer, 12 h after the start"),
    ],
)
def test_D7_a_visit_closed_by_name_too_late(seconds: int, names: str | None, rules: set[str]) -> None:
    """V4."""
    judgement = judged(a_check_in("08:00"), a_check_out(seconds_after("08:00", seconds), id="out", names=names))

    assert rules_of(judgement) == rules
    if rules:
        assert effect_of(judgement, "D7") == (HOLDS, True)


def test_D7_a_correction_that_supplies_the_end_clears_it() -> None:
    assert "D7" not in rules_of(judged(a_check_in("08:00"), a_correction(ends_at="09:00")))


def test_D8_a_check_out_with_nothing_to_close() -> None:
    judgement = judged(a_check_out("09:00"))

    assert rules_of(judgement, "out 09:00") == {"D8"}
    assert effect_of(judgement, "D8") == (HOLDS, True)


def test_D8_a_correction_that_supplies_the_start_clears_it() -> None:
    assert rules_of(judged(a_check_out("09:00"), a_correction("out 09:00", starts_at="08:00")), "out 09:00") == {"D9"}


@pytest.mark.parametrize(
    ("told", "facts"),
    [
        pytest.param(
            [a_check_in("08:00", place=by_hand(), customer_id="k"), a_check_out("09:00")],
            {"manual_registration_ids": ["in 08:00"], "corrected": [], "supplied": [], "lengthened_seconds": 0},
            id="a check-in by hand",
        ),
        pytest.param(
            [a_check_in("08:00"), a_check_out("09:00", place=by_hand(), customer_id="k")],
            {"manual_registration_ids": ["out 09:00"], "corrected": []},
            id="a check-out by hand",
        ),
        pytest.param(
            [a_check_in("08:00"), a_check_out("12:00", place=by_hand(), customer_id="k", stated="09:00")],
            {"manual_registration_ids": ["out 12:00"]},
            id="a stated end",
        ),
        pytest.param(
            [*A_STAY, a_correction(starts_at="08:10")],
            {"manual_registration_ids": [], "corrected": ["starts_at"], "supplied": [], "lengthened_seconds": 0},
            id="a corrected start",
        ),
        pytest.param([*A_STAY, a_correction(ends_at="08:50")], {"corrected": ["ends_at"]}, id="a corrected end"),
    ],
)
def test_D9_an_end_by_hand_stated_or_corrected_is_explained_by_its_own_reason(
    told: list[object], facts: dict[str, object]
) -> None:
    judgement = judged(*told)
    deviation = the_deviation(judgement, "D9")

    assert facts.items() <= deviation.found.facts.items()
    assert effect_of(judgement, "D9") == (EXPLAIN, False)
    assert (deviation.state, deviation.holds) == (DeviationState.EXPLAINED, False)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([*A_STAY], id="two tags"),
        pytest.param([*A_STAY, a_correction(customer_id="k2")], id="a corrected customer"),
        pytest.param([*A_STAY, a_correction(approved=None, ends_at="08:50")], id="a correction that is pending"),
    ],
)
def test_D9_is_about_ends_alone(told: list[object]) -> None:
    assert not found(judged(*told), "D9")


@pytest.mark.parametrize(
    ("correction", "holds"),
    [
        pytest.param(a_correction(ends_at="09:15:00"), False, id="15 min more"),
        pytest.param(a_correction(ends_at="09:15:01"), True, id="a second more than 15 min"),
        pytest.param(a_correction(starts_at="07:45:00"), False, id="a start 15 min earlier"),
        pytest.param(a_correction(starts_at="07:44:59"), True, id="a start a second more than 15 min earlier"),
        pytest.param(a_correction(starts_at="07:52", ends_at="09:07"), False, id="15 min more at both ends together"),
        pytest.param(
            a_correction(starts_at="07:52", ends_at="09:07:01"), True, id="a second more at both ends together"
        ),
        pytest.param(a_correction(starts_at="10:00", ends_at="11:00"), False, id="moved, and no longer"),
        pytest.param(a_correction(ends_at="08:01"), False, id="shortened by an hour less a minute"),
    ],
)
def test_D9_a_correction_that_lengthens_by_more_than_15_minutes_holds_pay(correction: object, holds: bool) -> None:
    deviation = the_deviation(judged(*A_STAY, correction), "D9")

    assert (deviation.found.effect, deviation.holds) == ((HOLDS, True) if holds else (EXPLAIN, False))
    assert deviation.state is DeviationState.EXPLAINED


@pytest.mark.parametrize("end", ["start", "end"])
def test_D9_a_correction_that_supplies_a_missing_end_holds_pay(end: str) -> None:
    told = (
        [a_check_out("09:00"), a_correction("out 09:00", starts_at="08:59")]
        if end == "start"
        else [a_check_in("08:00"), a_correction(ends_at="08:01")]
    )
    deviation = the_deviation(judged(*told), "D9")

    assert deviation.holds
    assert deviation.found.facts["supplied"] == [f"{end}s_at"]


@pytest.mark.parametrize(("value", "holds"), [(299, True), (300, False)])
def test_D9_how_much_it_may_lengthen_is_a_policy(value: int, holds: bool) -> None:
    judgement = judged(*A_STAY, a_correction(ends_at="09:05"), a_policy("lengthened_seconds", value))

    assert the_deviation(judgement, "D9").holds is holds


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        pytest.param([a_check_in("08:00", door="x", customer_id="k"), a_check_out("09:00")], "unknown", id="unknown"),
        pytest.param([*A_STAY, a_tag(state=TagState.REVOKED)], "revoked", id="revoked"),
        pytest.param([*A_STAY, a_tag(state=TagState.LOST)], "revoked", id="lost"),
        pytest.param([*A_STAY, a_tag(valid_before=at("12:00").date())], "not_valid", id="replaced"),
        pytest.param([*A_STAY, a_tag(valid_from="2014-02-04")], "not_valid", id="not valid yet"),
        pytest.param(
            [a_check_in("08:00", door="k2", customer_id="k"), a_check_out("09:00")],
            "another customer's",
            id="another customer's at the check-in",
        ),
        pytest.param(
            [a_check_in("08:00"), a_check_out("09:00", door="k2", names="in 08:00")],
            "another customer's",
            id="another customer's at the check-out",
        ),
        pytest.param(
            [*A_STAY, a_correction(customer_id="k2")], "another customer's", id="another customer's than the corrected"
        ),
        pytest.param(
            [
                a_check_in("08:00", household=(HouseholdShare(customer_id="k"),)),
                a_check_out("09:00", door="k2", names="in 08:00"),
            ],
            "another customer's",
            id="not one of the household's",
        ),
    ],
)
def test_D10_a_tag_that_proves_no_place_at_the_customer(told: list[object], problem: str) -> None:
    """FAULTS 20: flagged, and kept as it was registered."""
    judgement = judged(*told)
    problems = the_deviation(judgement, "D10").found.facts["problems"]

    assert effect_of(judgement, "D10") == (HOLDS, True)
    assert isinstance(problems, list)
    assert {text.partition(": ")[2] for text in problems} == {problem}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(
            [a_check_in("08:00", place=by_hand(), customer_id="k"), a_check_out("09:00")], id="by hand, named"
        ),
        pytest.param(
            [a_check_in("08:00", place=by_hand(), planned_visit_id="plan"), a_check_out("09:00"), A_PLAN],
            id="by hand, by its plan",
        ),
        pytest.param(
            [
                a_check_in("08:00", door="k2", customer_id="k"),
                a_check_out("09:00", door="k2", names="in 08:00"),
                a_correction(customer_id="k2"),
            ],
            id="corrected to the customer whose tags they are",
        ),
    ],
)
def test_D10_a_customer_that_is_told_needs_no_tag(told: list[object]) -> None:
    assert not found(judged(*told), "D10")


def test_D10_no_customer_at_all() -> None:
    """V14."""
    judgement = judged(a_check_in("08:00", place=by_hand()), a_check_out("09:00", place=by_hand()))

    assert effect_of(judgement, "D10") == (HOLDS, True)


def overlapping(starts: str, ends: str, caregiver: str = "c") -> list[object]:
    """A stay at `k` from 08:00 to 09:00, and one at `k2`, both closed by name."""
    return [
        a_check_in("08:00", id="a"),
        a_check_out("09:00", id="b", names="a"),
        a_check_in(starts, id="x", door="k2", caregiver=caregiver),
        a_check_out(ends, id="y", door="k2", names="x", caregiver=caregiver),
    ]


@pytest.mark.parametrize(
    ("starts", "ends", "subject", "seconds"),
    [
        pytest.param("08:59:59", "10:00", "x", 1, id="a second before the other ends"),
        pytest.param("09:00", "10:00", None, None, id="as the other ends: they touch"),
        pytest.param("09:00:01", "10:00", None, None, id="a second after"),
        pytest.param("07:00", "08:00:01", "a", 1, id="until a second after the other starts"),
        pytest.param("07:00", "08:00", None, None, id="until the other starts: they touch"),
        pytest.param("08:15", "08:30", "x", 900, id="within the other"),
        pytest.param("07:00", "10:00", "a", 3600, id="around the other"),
        pytest.param("08:00", "09:00", "x", 3600, id="the same time: the higher id is the later"),
    ],
)
def test_D11_one_caregiver_in_two_stays_at_once(
    starts: str, ends: str, subject: str | None, seconds: int | None
) -> None:
    """FAULTS 18. Any second; it is the later one's."""
    judgement = judged(*overlapping(starts, ends))
    shown = [(one.found.subject.id, one.found.facts["seconds"]) for one in found(judgement, "D11")]

    assert shown == ([] if subject is None else [(subject, seconds)])
    if subject is not None:
        assert effect_of(judgement, "D11") == (HOLDS, True)


def test_D11_two_caregivers_may_be_in_two_stays_at_once() -> None:
    assert not found(judged(*overlapping("08:15", "08:30", caregiver="c2")), "D11")


def test_D11_a_void_stay_overlaps_nothing() -> None:
    assert not found(judged(*overlapping("08:15", "08:30"), a_correction("a", void=True)), "D11")


def test_D11_holds_the_overlap_and_no_other_second() -> None:
    judgement = judged(*overlapping("08:45", "09:30"))
    of_the_later = [one for one in judgement.account.stretches if one.visit.id == "x"]

    assert [(str(one.fate), one.seconds) for one in of_the_later] == [("held", 900), ("paid", 1800)]
    assert {str(one.fate) for one in judgement.account.stretches if one.visit.id == "a"} == {"paid"}


def test_D11_a_second_in_three_stays_is_counted_once_for_each_later_one() -> None:
    more = [
        a_check_in("08:50", id="z", caregiver="c"),
        a_check_out("09:10", id="zz", names="z", caregiver="c"),
    ]
    judgement = judged(*overlapping("08:45", "09:30"), *more)
    shown = {one.found.subject.id: one.found.facts for one in found(judgement, "D11")}

    assert (shown["x"]["seconds"], shown["x"]["visit_ids"]) == (900, ["a"])
    assert (shown["z"]["seconds"], shown["z"]["visit_ids"]) == (1200, ["a", "x"])
