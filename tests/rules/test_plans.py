"""V16: which planned visit a visit answers to, and how it counts."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from app.rules.plans import PlannedVisit, Start, as_it_stood, called_off, check_plan, match
from app.rules.refusal import Kind, Refused
from tests.rules.builders import (
    a_check_in,
    a_check_out,
    a_correction,
    a_planned_visit,
    a_policy,
    a_provider,
    an_order,
    at,
    by_hand,
    cancelled,
    judged,
    rules_of,
    seconds_after,
    the_visit,
    visits,
)

TWO_HOURS = 7_200


def a_start(
    when: str = "08:00", *, id: str = "v", caregiver: str = "c", names: str | None = None, **more: str
) -> Start:
    """A visit's start: by `c`, at `k`, of the provider `p`."""
    told = {"provider_id": "p", "customer_id": "k", **more}
    return Start(visit_id=id, caregiver_id=caregiver, at=at(when), names=names, **told)


def matched(starts: list[Start], plans: list[PlannedVisit]) -> dict[str, str]:
    """Visit id → plan id, within the usual two hours."""
    return match(starts, plans, lambda _: TWO_HOURS)


@pytest.mark.parametrize(
    ("seconds", "answers"),
    [
        pytest.param(-7_201, False, id="a second more than 2 h early"),
        pytest.param(-7_200, True, id="2 h early"),
        pytest.param(-7_199, True, id="a second less than 2 h early"),
        pytest.param(0, True, id="on time"),
        pytest.param(7_199, True, id="a second less than 2 h late"),
        pytest.param(7_200, True, id="2 h late"),
        pytest.param(7_201, False, id="a second more than 2 h late"),
    ],
)
def test_V16_a_visit_answers_to_a_plan_that_starts_within_two_hours(seconds: int, answers: bool) -> None:
    start = a_start(seconds_after("08:00", seconds))

    assert matched([start], [a_planned_visit("08:00", "14:00")]) == ({"v": "plan"} if answers else {})


@pytest.mark.parametrize(("seconds", "plan"), [(600, "plan"), (601, None)])
def test_V16_how_far_from_its_plan_a_visit_may_start_is_a_policy(seconds: int, plan: str | None) -> None:
    told = (a_planned_visit(), a_policy("plan_match_seconds", 600))
    visit = the_visit(a_check_in(seconds_after("08:00", seconds), id="in"), a_check_out("09:00"), *told)

    assert visit.planned_visit_id == plan


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(a_start(provider_id="q"), id="another provider's"),
        pytest.param(a_start(customer_id="k2"), id="another customer's"),
    ],
)
def test_V16_a_visit_answers_to_plans_of_its_own_provider_and_customer(start: Start) -> None:
    assert matched([start], [a_planned_visit()]) == {}


@pytest.mark.parametrize(
    ("starts", "plans", "pairs"),
    [
        pytest.param(
            [a_start("08:00")],
            [a_planned_visit("08:05", id="near"), a_planned_visit("09:30", "10:00", id="own", caregiver_ids=("c",))],
            {"v": "own"},
            id="the same caregiver's before a nearer one",
        ),
        pytest.param(
            [a_start("08:00")],
            [a_planned_visit("08:20", id="a"), a_planned_visit("07:41", id="b")],
            {"v": "b"},
            id="the nearest start, before or after",
        ),
        pytest.param(
            [a_start("08:00")],
            [a_planned_visit("08:10", id="b"), a_planned_visit("07:50", id="a")],
            {"v": "a"},
            id="of two as near the lower id",
        ),
        pytest.param(
            [a_start("08:00", id="w"), a_start("08:00", id="v", caregiver="c2")],
            [a_planned_visit()],
            {"v": "plan"},
            id="of two visits as near the lower id",
        ),
        pytest.param(
            [a_start("08:10", id="v"), a_start("08:01", id="w")],
            [a_planned_visit()],
            {"w": "plan"},
            id="one to one: the other answers to none",
        ),
        pytest.param(
            [a_start("08:10", id="v"), a_start("08:01", id="w")],
            [a_planned_visit(), a_planned_visit("09:00", "10:00", id="second")],
            {"w": "plan", "v": "second"},
            id="one to one: the other answers to the next",
        ),
        pytest.param(
            [a_start("08:00", id="v", caregiver="c2"), a_start("09:30", id="w", caregiver="c")],
            [a_planned_visit(caregiver_ids=("c",))],
            {"w": "plan"},
            id="the same caregiver's before one that starts nearer",
        ),
        pytest.param(
            [a_start("08:00", id="v"), a_start("08:00", id="w", caregiver="c2")],
            [a_planned_visit(caregiver_ids=("c", "c2"))],
            {"v": "plan", "w": "plan"},
            id="a plan for two caregivers takes two visits",
        ),
        pytest.param(
            [a_start("13:00", names="plan"), a_start("08:00", id="w")],
            [a_planned_visit()],
            {"v": "plan"},
            id="the one that a visit names, however far, and it is taken",
        ),
        pytest.param(
            [a_start("08:00", names="far")],
            [a_planned_visit(), a_planned_visit("15:00", "16:00", id="far")],
            {"v": "far"},
            id="the one that a visit names before a nearer one",
        ),
        pytest.param(
            [a_start("08:00")],
            [a_planned_visit(cancelled=cancelled("07:59:59"))],
            {},
            id="none that was called off before its start",
        ),
        pytest.param(
            [a_start("08:00")],
            [a_planned_visit(cancelled=cancelled("08:00"))],
            {"v": "plan"},
            id="one that was called off at its start is judged as it was",
        ),
    ],
)
def test_V16_which_plan_a_visit_answers_to(
    starts: list[Start], plans: list[PlannedVisit], pairs: dict[str, str]
) -> None:
    for some in itertools.permutations(starts):
        for others in itertools.permutations(plans):
            assert matched(list(some), list(others)) == pairs


def test_V16_a_plan_of_another_provider_cannot_be_named() -> None:
    told = (a_provider("q"), a_planned_visit(id="theirs", provider="q"), a_planned_visit(id="ours"))
    visit = the_visit(a_check_in(planned_visit_id="theirs"), a_check_out(), *told)

    assert visit.planned_visit_id == "ours"


def test_V16_the_check_out_may_name_the_plan() -> None:
    told = (a_planned_visit("15:00", "16:00"),)
    visit = the_visit(a_check_in("08:00"), a_check_out("09:00", names="in 08:00", planned_visit_id="plan"), *told)

    assert visit.planned_visit_id == "plan"


def test_V16_a_corrected_start_decides() -> None:
    told = (a_check_in("08:00"), a_check_out("12:00"), a_planned_visit("11:00", "12:00"))

    assert the_visit(*told).planned_visit_id is None
    assert the_visit(*told, a_correction(starts_at="09:00")).planned_visit_id == "plan"


def test_V16_a_corrected_customer_decides() -> None:
    told = (a_check_in("08:00"), a_check_out("09:00"), a_planned_visit(customer="k2"))

    assert the_visit(*told).planned_visit_id is None
    assert the_visit(*told, a_correction(customer_id="k2")).planned_visit_id == "plan"


def test_V16_a_void_visit_answers_to_no_plan_and_leaves_it_to_another() -> None:
    told = (
        a_check_in("08:00"),
        a_check_out("08:01"),
        a_check_in("08:20", id="again"),
        a_check_out("09:00"),
        a_planned_visit(),
    )

    assert visits(*told)["again"].planned_visit_id is None
    assert visits(*told, a_correction(void=True))["again"].planned_visit_id == "plan"


def test_V16_a_half_visit_without_start_answers_only_to_the_plan_it_names() -> None:
    silent = the_visit(a_check_out("09:00"), a_planned_visit())
    naming = the_visit(a_check_out("09:00", planned_visit_id="plan", place=by_hand()), a_planned_visit())

    assert (silent.planned_visit_id, naming.planned_visit_id) == (None, "plan")
    assert naming.customer_id == "k"


@pytest.mark.parametrize(
    ("recorded", "starts"),
    [
        pytest.param("2014-02-03T07:59:59+01:00", "08:30", id="changed a second before its start"),
        pytest.param("2014-02-03T08:00:00+01:00", "08:30", id="changed at its start"),
        pytest.param("2014-02-03T08:00:01+01:00", "08:00", id="changed a second after"),
    ],
)
def test_V16_a_plan_counts_as_it_stood_at_its_start(recorded: str, starts: str) -> None:
    first = a_planned_visit("08:00")
    moved = replace(a_planned_visit("08:30", "09:30"), recorded_at=at(recorded), version=2)

    for versions in ([first, moved], [moved, first]):
        (plan,) = as_it_stood(versions, at("18:00"))
        assert plan.starts_at == at(starts)


def test_V16_a_plan_moved_on_before_its_start_may_be_moved_again_before_the_new_one() -> None:
    versions = [
        a_planned_visit("08:00"),
        replace(a_planned_visit("10:00", "11:00"), recorded_at=at("07:00"), version=2),
        replace(a_planned_visit("12:00", "13:00"), recorded_at=at("09:00"), version=3),
        replace(a_planned_visit("14:00", "15:00"), recorded_at=at("12:30"), version=4),
    ]

    assert [plan.starts_at for plan in as_it_stood(versions, at("18:00"))] == [at("12:00")]


def test_V16_a_plan_told_after_its_start_counts_as_it_was_first_told() -> None:
    versions = [
        replace(a_planned_visit("08:00"), recorded_at=at("12:00")),
        replace(a_planned_visit("08:30"), recorded_at=at("13:00"), version=2),
    ]

    assert [plan.starts_at for plan in as_it_stood(versions, at("18:00"))] == [at("08:00")]


@pytest.mark.parametrize(("until", "number"), [("11:59:59", 0), ("12:00", 1)])
def test_V16_a_plan_is_not_known_before_it_was_told(until: str, number: int) -> None:
    assert len(as_it_stood([replace(a_planned_visit("15:00", "16:00"), recorded_at=at("12:00"))], at(until))) == number


def test_V16_a_plan_cancelled_afterwards_is_judged_as_it_was() -> None:
    """In a later version, or told with a time after its start: the visit that was made answers to it."""
    later = replace(a_planned_visit(cancelled=cancelled("08:30")), recorded_at=at("08:30"), version=2)
    for plans in ([a_planned_visit(), later], [a_planned_visit(cancelled=cancelled("08:30"))]):
        judgement = judged(a_check_in("08:00"), a_check_out("09:00"), *plans)
        assert judgement.visits[0].planned_visit_id == "plan"
        assert not rules_of(judgement) | rules_of(judgement, "plan")


@pytest.mark.parametrize(
    ("when", "answer"),
    [(None, False), ("2014-02-01T08:00:00+01:00", True), ("07:59:59", True), ("08:00", False), ("08:00:01", False)],
)
def test_V16_called_off_is_cancelled_before_its_start(when: str | None, answer: bool) -> None:
    assert called_off(a_planned_visit(cancelled=None if when is None else cancelled(when))) is answer


@pytest.mark.parametrize(("ends", "refused"), [("07:59:59", True), ("08:00", True), ("08:00:01", False)])
def test_T4_a_planned_visit_ends_after_it_starts(ends: str, refused: bool) -> None:
    plan = a_planned_visit("08:00", ends)
    if not refused:
        check_plan(plan)
        return
    with pytest.raises(Refused) as refusal:
        check_plan(plan)
    assert (refusal.value.rule, refusal.value.kind, refusal.value.pointer) == ("T4", Kind.INVALID, "/ends_at")


def test_V16_the_service_of_the_plan_is_found_though_its_customer_is_only_the_tags() -> None:
    """V14: the customer leads to the plan, and the plan to the service."""
    not_yet = an_order(customer="k2", valid_from=at("2015-01-01T12:00:00+01:00").date())
    visit = the_visit(a_check_in(door="k2"), a_check_out(door="k2"), a_planned_visit(customer="k2"), not_yet)

    assert (visit.customer_id, visit.planned_visit_id, visit.service) == ("k2", "plan", "personal_care")


@pytest.mark.parametrize(
    ("valid_from", "plan"),
    [("2014-02-03", None), ("2014-02-04", "plan")],
    ids=["changed on the day of the start", "changed the day after"],
)
def test_V16_the_policy_is_that_of_the_day_on_which_the_visit_started(valid_from: str, plan: str | None) -> None:
    told = (a_planned_visit(), a_policy("plan_match_seconds", 600, valid_from=valid_from))
    assert the_visit(a_check_in("08:30"), a_check_out("09:00"), *told).planned_visit_id == plan


@pytest.mark.parametrize(
    ("start", "answers"),
    [
        pytest.param("2014-03-30T04:30:00+02:00", True, id="two hours late, over the lost hour"),
        pytest.param("2014-03-30T04:30:01+02:00", False, id="a second more"),
        pytest.param("2014-03-29T23:30:00+01:00", True, id="two hours early, the day before"),
        pytest.param("2014-03-29T23:29:59+01:00", False, id="a second more, the day before"),
    ],
)
def test_V16_two_hours_are_two_hours_over_midnight_and_whatever_the_clock_on_the_wall_does(
    start: str, answers: bool
) -> None:
    plan = a_planned_visit("2014-03-30T01:30:00+01:00", "2014-03-30T03:30:00+02:00")
    assert matched([a_start(start)], [plan]) == ({"v": "plan"} if answers else {})
