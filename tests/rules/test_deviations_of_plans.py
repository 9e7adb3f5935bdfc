"""D3–D6, D17: what a planned visit shows, and what a visit shows beside its plan. Both sides of each border."""

from __future__ import annotations

import pytest

from app.rules.deviations.values import Effect
from app.rules.plans import CancelledBy
from tests.rules.builders import (
    a_check_in,
    a_check_out,
    a_correction,
    a_planned_visit,
    a_policy,
    a_provider,
    an_absence,
    cancelled,
    effect_of,
    found,
    judged,
    rules_of,
    the_deviation,
)

A_STAY = (a_check_in("08:00"), a_check_out("09:00"))
A_PLAN = a_planned_visit("08:00", "09:00")
EXPLAIN, INFORMATION = Effect.EXPLAIN, Effect.INFORMATION


def test_D_a_visit_as_planned_shows_nothing() -> None:
    judgement = judged(*A_STAY, A_PLAN)

    assert rules_of(judgement) | rules_of(judgement, "plan") == set()


@pytest.mark.parametrize(
    ("now", "missed"),
    [
        pytest.param("2014-02-03T09:59:59+01:00", False, id="a second less than 60 min after its end"),
        pytest.param("2014-02-03T10:00:00+01:00", False, id="60 min after"),
        pytest.param("2014-02-03T10:00:01+01:00", True, id="a second more"),
    ],
)
def test_D3_a_planned_visit_is_missed_60_minutes_after_its_end(now: str, missed: bool) -> None:
    assert rules_of(judged(A_PLAN, now=now), "plan") == ({"D3"} if missed else set())


def test_D3_asks_for_an_explanation() -> None:
    assert effect_of(judged(A_PLAN), "D3") == (EXPLAIN, True)


@pytest.mark.parametrize(("now", "missed"), [("09:10", False), ("09:10:01", True)])
def test_D3_how_long_after_its_end_is_a_policy(now: str, missed: bool) -> None:
    judgement = judged(A_PLAN, a_policy("missed_visit_seconds", 600), now=f"2014-02-03T{(now + ':00')[:8]}+01:00")

    assert bool(found(judgement, "D3")) is missed


@pytest.mark.parametrize(
    ("told", "missed"),
    [
        pytest.param([a_check_in("08:00")], False, id="a check-in that was never closed"),
        pytest.param([a_check_in("10:00"), a_check_out("11:00")], False, id="a visit 2 h late"),
        pytest.param([a_check_in("10:00:01"), a_check_out("11:00")], True, id="a visit a second more than 2 h late"),
        pytest.param([a_check_out("09:00", planned_visit_id="plan")], False, id="a check-out that names it"),
        pytest.param([a_check_in("08:00", door="k2"), a_check_out("09:00", door="k2")], True, id="a visit to another"),
        pytest.param([*A_STAY, a_correction(void=True)], True, id="a visit that is void"),
        pytest.param([*A_STAY, a_correction(customer_id="k2")], True, id="a visit corrected to another customer"),
    ],
)
def test_D3_something_registered_answers_to_the_plan(told: list[object], missed: bool) -> None:
    assert bool(found(judged(A_PLAN, *told), "D3")) is missed


@pytest.mark.parametrize(
    ("when", "missed"), [("07:59:59", False), ("08:00", True), ("08:00:01", True), ("2014-02-01T08:00:00+01:00", False)]
)
def test_D3_a_plan_cancelled_before_its_start_is_not_missed(when: str, missed: bool) -> None:
    assert bool(found(judged(a_planned_visit(cancelled=cancelled(when))), "D3")) is missed


@pytest.mark.parametrize(
    ("starts", "ends", "missed"),
    [
        pytest.param("2014-02-01T00:00:00+01:00", "2014-02-03T00:00:00+01:00", True, id="until the day begins"),
        pytest.param("2014-02-01T00:00:00+01:00", "2014-02-03T00:00:01+01:00", False, id="a second into the day"),
        pytest.param("2014-02-03T23:59:59+01:00", None, False, id="from the day's last second"),
        pytest.param("2014-02-04T00:00:00+01:00", None, True, id="from the next day"),
    ],
)
def test_D3_days_of_absence_are_left_out(starts: str, ends: str | None, missed: bool) -> None:
    """V18."""
    assert bool(found(judged(A_PLAN, an_absence(starts, ends)), "D3")) is missed


def test_D3_another_customers_absence_leaves_nothing_out() -> None:
    assert found(judged(A_PLAN, an_absence("2014-02-01T00:00:00+01:00", None, customer="k2")), "D3")


@pytest.mark.parametrize(
    ("when", "late"),
    [
        pytest.param("2014-02-02T07:59:59+01:00", False, id="a second more than 24 h before"),
        pytest.param("2014-02-02T08:00:00+01:00", False, id="24 h before"),
        pytest.param("2014-02-02T08:00:01+01:00", True, id="a second less than 24 h before"),
        pytest.param("2014-02-03T07:59:59+01:00", True, id="a second before its start"),
        pytest.param("2014-02-03T08:00:00+01:00", False, id="at its start: judged as it was (V16)"),
        pytest.param("2014-02-03T08:30:00+01:00", False, id="afterwards: judged as it was (V16)"),
    ],
)
def test_D4_a_plan_cancelled_with_less_than_24_hours_notice(when: str, late: bool) -> None:
    assert bool(found(judged(a_planned_visit(cancelled=cancelled(when))), "D4")) is late


def test_D4_is_information_and_tells_who_cancelled() -> None:
    judgement = judged(a_planned_visit(cancelled=cancelled("07:00", CancelledBy.HEALTH_CARE)))
    deviation = the_deviation(judgement, "D4")

    assert effect_of(judgement, "D4") == (INFORMATION, False)
    assert (deviation.found.facts["notice_seconds"], deviation.found.facts["by"]) == (3600, "health_care")


@pytest.mark.parametrize(("seconds", "late"), [(3600, False), (3601, True)])
def test_D4_how_short_is_a_policy(seconds: int, late: bool) -> None:
    told = (a_planned_visit(cancelled=cancelled("07:00")), a_policy("late_cancellation_seconds", seconds))

    assert bool(found(judged(*told), "D4")) is late


@pytest.mark.parametrize(
    ("starts", "ends", "away"),
    [
        pytest.param("08:30:00", "09:00", False, id="30 min late"),
        pytest.param("08:30:01", "09:00", True, id="a second more"),
        pytest.param("07:30:00", "09:00", False, id="30 min early"),
        pytest.param("07:29:59", "09:00", True, id="a second more than 30 min early"),
        pytest.param("08:00", "09:30:00", False, id="ended 30 min late"),
        pytest.param("08:00", "09:30:01", True, id="ended a second more than 30 min late"),
        pytest.param("08:00", "08:30:00", False, id="ended 30 min early"),
        pytest.param("08:00", "08:29:59", True, id="ended a second more than 30 min early"),
    ],
)
def test_D5_a_start_or_an_end_more_than_30_minutes_from_the_plan(starts: str, ends: str, away: bool) -> None:
    judgement = judged(a_check_in(starts, id="in"), a_check_out(ends), A_PLAN)

    assert ("D5" in rules_of(judgement, "in")) is away
    if away:
        assert effect_of(judgement, "D5") == (INFORMATION, False)


@pytest.mark.parametrize(("starts", "away"), [("08:30:00", False), ("08:30:01", True)])
def test_D5_an_open_visit_shows_its_start(starts: str, away: bool) -> None:
    judgement = judged(a_check_in(starts, id="in"), A_PLAN, now="2014-02-03T08:45:00+01:00")

    assert ("D5" in rules_of(judgement, "in")) is away


@pytest.mark.parametrize(("seconds", "away"), [(600, True), (601, False)])
def test_D5_how_far_is_a_policy(seconds: int, away: bool) -> None:
    told = (a_check_in("08:10:01", id="in"), a_check_out("09:00"), A_PLAN, a_policy("off_schedule_seconds", seconds))

    assert bool(found(judged(*told), "D5")) is away


@pytest.mark.parametrize(
    ("planned", "ends", "differs"),
    [
        pytest.param("08:30", "08:45:00", False, id="15 min more than 30, which is half as much again"),
        pytest.param("08:30", "08:45:01", True, id="a second more than that"),
        pytest.param("08:30", "08:15:00", False, id="15 min less"),
        pytest.param("08:30", "08:14:59", True, id="a second less than that"),
        pytest.param("10:00", "10:30:00", False, id="30 min more than 2 h, which is 25 %"),
        pytest.param("10:00", "10:30:01", True, id="a second more than 25 %"),
        pytest.param("10:00", "09:30:00", False, id="25 % less"),
        pytest.param("10:00", "09:29:59", True, id="a second more than 25 % less"),
        pytest.param("09:00", "09:15:01", True, id="15 min and a second, and more than 25 % of an hour"),
        pytest.param("09:00", "09:15:00", False, id="15 min, and 25 % of an hour"),
    ],
)
def test_D6_a_length_more_than_15_minutes_and_25_percent_from_the_planned(
    planned: str, ends: str, differs: bool
) -> None:
    judgement = judged(a_check_in("08:00"), a_check_out(ends), a_planned_visit("08:00", planned))

    assert ("D6" in rules_of(judgement)) is differs
    if differs:
        assert effect_of(judgement, "D6") == (INFORMATION, False)


@pytest.mark.parametrize(("name", "value"), [("length_differs_seconds", 1_300), ("length_differs_percent", 40)])
def test_D6_how_much_is_two_policies(name: str, value: int) -> None:
    told = (a_check_in("08:00"), a_check_out("09:21:30"), A_PLAN)

    assert "D6" in rules_of(judged(*told))
    assert "D6" not in rules_of(judged(*told, a_policy(name, value)))


@pytest.mark.parametrize(
    ("plans", "unplanned"),
    [
        pytest.param([], False, id="the provider plans nothing"),
        pytest.param([A_PLAN], False, id="it answers to a plan"),
        pytest.param([a_planned_visit("15:00", "16:00")], True, id="the provider plans, and it answers to none"),
        pytest.param([a_planned_visit(customer="k2")], True, id="the provider plans for another customer"),
        pytest.param([a_planned_visit(provider="q"), a_provider("q")], False, id="another provider plans"),
        pytest.param(
            [a_planned_visit("2014-03-03T08:00:00+01:00", "2014-03-03T09:00:00+01:00")],
            False,
            id="the provider plans from the next month on",
        ),
    ],
)
def test_D17_a_visit_that_answers_to_no_plan_of_a_provider_that_plans(plans: list[object], unplanned: bool) -> None:
    judgement = judged(*A_STAY, *plans)

    assert rules_of(judgement) == ({"D17"} if unplanned else set())
    if unplanned:
        assert effect_of(judgement, "D17") == (INFORMATION, False)
