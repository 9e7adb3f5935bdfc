"""V9, V11, V13, V14, V18: whose a visit is, what it is, and what is told about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.rules.deviations.judge import Pay, pays
from app.rules.people import days_away
from app.rules.providers import ProviderKind, Service
from app.rules.tags import ManualReason, Method, Place
from app.rules.time import days_of
from app.rules.visits.values import Activity, Outcome, Registration, VisitState
from tests.rules.builders import (
    a_check_in,
    a_check_out,
    a_grant,
    a_note,
    a_planned_visit,
    a_provider,
    a_tag,
    an_absence,
    an_order,
    at,
    by_hand,
    found,
    judged,
    rules_of,
    the_deviation,
    the_visit,
    visits,
)

COMPLETE = VisitState.COMPLETE
NOWHERE = Place(method=Method.MANUAL, reason=ManualReason.TAG_MISSING)
"""By hand, and no customer told."""


def test_V9_activities_come_with_the_check_out_or_in_a_note_that_names_the_visit() -> None:
    shower, meal = Activity(code="shower", outcome=Outcome.DECLINED), Activity(code="meal", outcome=Outcome.DONE)
    told = (
        a_check_in("08:00"),
        a_check_out("09:00", activities=(meal,)),
        a_note("14:00", names="in 08:00", activities=(shower,)),
    )
    visit = the_visit(*told)

    assert visit.activities == (meal, shower)
    assert (visit.starts_at, visit.ends_at, visit.state) == (at("08:00"), at("09:00"), COMPLETE)


def test_V9_a_note_changes_no_time_whenever_it_comes() -> None:
    """Neither during the visit, which it does not close, nor by its own evidence, clock or place."""
    with_out = the_visit(a_check_in("08:00"), a_check_out("09:00"))
    noted = the_visit(
        a_check_in("08:00"),
        a_note("08:30", names="in 08:00", place=by_hand(), received="12:00"),
        a_check_out("09:00"),
    )

    assert noted.registration_ids == ("in 08:00", "note 08:30", "out 09:00")
    assert replace(noted, registration_ids=with_out.registration_ids, recorded_at=with_out.recorded_at) == with_out


def test_V9_a_note_about_a_half_visit_and_about_none() -> None:
    told = (a_check_out("09:00"), a_note("10:00", names="out 09:00"), a_note("11:00", names="no such visit"))

    assert the_visit(*told).registration_ids == ("out 09:00", "note 10:00")


def test_V11_caregivers_at_one_customer_at_one_time_are_separate_visits() -> None:
    judgement = judged(
        a_check_in("08:00"),
        a_check_out("09:00"),
        a_check_in("08:00", id="in 2", caregiver="c2"),
        a_check_out("09:00", id="out 2", caregiver="c2"),
    )

    assert {one.id: (one.caregiver_id, one.performed_seconds) for one in judgement.visits} == {
        "in 08:00": ("c", 3600),
        "in 2": ("c2", 3600),
    }
    assert not found(judgement, "D11")


@pytest.mark.parametrize("flagged", ["check-in", "check-out"])
def test_V13_an_extra_service_is_recorded_and_never_paid(flagged: str) -> None:
    judgement = judged(
        a_check_in("08:00", extra_service=flagged == "check-in"),
        a_check_out("09:00", extra_service=flagged == "check-out"),
    )
    (visit,) = judgement.visits

    assert (visit.state, visit.extra_service, visit.performed_seconds) == (COMPLETE, True, 3600)
    assert judgement.account.stretches == ()
    assert pays(judgement) == {"in 08:00": Pay.UNPAID}
    assert rules_of(judgement) == set()


def test_V13_an_extra_service_answers_to_no_plan_and_is_no_performed_time_of_a_grant() -> None:
    judgement = judged(
        a_check_in("08:00", extra_service=True), a_check_out("09:00"), a_planned_visit(), months=("2014-02",)
    )

    assert judgement.visits[0].planned_visit_id is None
    assert found(judgement, "D3")
    assert {one.found.facts["performed_seconds"] for one in found(judgement, "D1")} == {0}


@pytest.mark.parametrize(("kind", "rules"), [(ProviderKind.PRIVATE, set()), (ProviderKind.MUNICIPAL, {"D24"})])
def test_V13_an_extra_service_from_a_municipal_provider_is_D24(kind: ProviderKind, rules: set[str]) -> None:
    told = (a_check_in("08:00", extra_service=True), a_check_out("09:00"), a_provider(kind=kind))

    assert rules_of(judged(*told)) == rules


@pytest.mark.parametrize(
    ("check_in", "customer"),
    [
        pytest.param(a_check_in(customer_id="k2"), "k2", id="the one named, whatever tag was read"),
        pytest.param(a_check_in(customer_id="k2", planned_visit_id="plan"), "k2", id="the one named, whatever plan"),
        pytest.param(a_check_in(planned_visit_id="plan", door="k2"), "k", id="the plan's, whatever tag was read"),
        pytest.param(a_check_in(door="k2"), "k2", id="the tag's"),
        pytest.param(a_check_in(place=NOWHERE, planned_visit_id="plan"), "k", id="by hand, the plan's"),
        pytest.param(a_check_in(place=NOWHERE), None, id="none"),
        pytest.param(a_check_in(door="nobody's"), None, id="an unknown tag's"),
    ],
)
def test_V14_whose_a_visit_is(check_in: Registration, customer: str | None) -> None:
    told = (replace(check_in, id="in"), a_check_out("09:00", names="in"), a_planned_visit())
    if customer is None:
        told = (told[0], replace(told[1], place=NOWHERE), told[2])

    assert visits(*told)["in"].customer_id == customer


def test_V14_a_visit_whose_check_in_tells_no_customer_is_its_check_outs() -> None:
    told = (a_check_in("08:00", place=NOWHERE), a_check_out("09:00", names="in 08:00"), a_planned_visit())
    visit = the_visit(*told)

    assert (visit.customer_id, visit.service, visit.planned_visit_id) == ("k", Service.PERSONAL_CARE, "plan")


def test_V14_a_visit_of_nobody_has_D10() -> None:
    judgement = judged(a_check_in("08:00", place=NOWHERE), a_check_out("09:00", place=NOWHERE))

    assert judgement.visits[0].customer_id is None
    assert "D10" in rules_of(judgement)


@pytest.mark.parametrize(("on", "customer"), [("2014-02-09T23:59:59+01:00", "k"), ("2014-02-10T00:00:00+01:00", "k2")])
def test_V14_the_tags_customer_is_that_at_the_time_of_the_reading(on: str, customer: str) -> None:
    """A tag is mounted at another door from a day on."""
    first = a_tag("first", uid="04A2", valid_before=at("2014-02-10T12:00:00+01:00").date())
    second = a_tag("second", customer="k2", uid="04A2", valid_from="2014-02-10")
    check_in = a_check_in(on, place=Place(method=Method.NFC, uid="04A2"))

    assert the_visit(check_in, first, second).customer_id == customer


HOME_CARE = (Service.HOUSEHOLD, Service.PERSONAL_CARE)


@pytest.mark.parametrize(
    ("told", "service"),
    [
        pytest.param([a_check_in(service=Service.ESCORT), a_planned_visit()], Service.ESCORT, id="the one told"),
        pytest.param(
            [a_check_in(), a_planned_visit(service=Service.RESPITE)], Service.RESPITE, id="the plan's that it matches"
        ),
        pytest.param([a_check_in()], Service.PERSONAL_CARE, id="the only order's"),
        pytest.param(
            [a_check_in(), a_grant(services=HOME_CARE)], Service.HOUSEHOLD, id="the first of the only order's"
        ),
        pytest.param(
            [a_check_in(), a_grant("more", services=(Service.ESCORT,)), an_order("more", grant_id="more")],
            None,
            id="none of two orders",
        ),
        pytest.param(
            [a_check_in(), a_grant("more"), an_order("more", grant_id="more", provider="q"), a_provider("q")],
            Service.PERSONAL_CARE,
            id="another provider's order does not count",
        ),
        pytest.param(
            [a_check_in(), an_order(valid_before=at("2014-02-03T12:00:00+01:00").date())],
            None,
            id="an order that ended the day before does not count",
        ),
    ],
)
def test_V14_what_service_a_visit_is(told: list[object], service: Service | None) -> None:
    assert the_visit(*told, a_check_out("09:00")).service is service


def test_V14_a_service_told_at_the_check_out_is_told() -> None:
    assert the_visit(a_check_in(), a_check_out(service=Service.ESCORT)).service is Service.ESCORT


def test_V14_time_without_service_has_no_order() -> None:
    more = (a_grant("more", services=(Service.ESCORT,)), an_order("more", grant_id="more"))
    judgement = judged(a_check_in(), a_check_out(), *more)

    assert the_deviation(judgement, "D13").found.facts["seconds"] == 3600


def test_V18_an_absence_leaves_its_days_out_of_what_was_granted() -> None:
    """D1: of 28 days 14 are left, so half of 28 hours."""
    away = an_absence("2014-02-15T00:00:00+01:00", "2014-03-01T00:00:00+01:00")
    judgement = judged(a_grant(hours=28), away, months=("2014-02",))
    granted = {one.found.customer_id: one.found.facts["granted_seconds"] for one in found(judgement, "D1")}

    assert granted == {"k": 14 * 3600, "k2": 100 * 3600}


@pytest.mark.parametrize(
    ("absences", "days"),
    [
        ([("2014-02-03T12:00:00+01:00", "2014-02-03T12:00:00+01:00")], []),
        ([("2014-02-03T12:00:00+01:00", "2014-02-03T12:00:01+01:00")], [3]),
        ([("2014-02-03T23:59:59+01:00", "2014-02-04T00:00:00+01:00")], [3]),
        ([("2014-02-03T23:59:59+01:00", "2014-02-04T00:00:01+01:00")], [3, 4]),
        ([("2014-02-02T23:30:00Z", "2014-02-03T00:30:00Z")], [3]),
        ([("2014-02-02T22:59:59Z", "2014-02-03T00:30:00Z")], [2, 3]),
        ([("2014-02-27T00:00:00+01:00", None)], [27, 28]),
        (
            [
                ("2014-02-03T08:00:00+01:00", "2014-02-05T08:00:00+01:00"),
                ("2014-02-04T08:00:00+01:00", "2014-02-06T00:00:00+01:00"),
            ],
            [3, 4, 5],
        ),
    ],
    ids=[
        "no time at all",
        "a second",
        "until midnight, which is outside",
        "a second past midnight",
        "by Stockholm's day",
        "a second before Stockholm's midnight",
        "with no known end",
        "two that overlap",
    ],
)
def test_V18_a_day_is_away_that_any_absence_takes_a_second_of(
    absences: list[tuple[str, str | None]], days: list[int]
) -> None:
    told = [an_absence(start, end, id=str(number)) for number, (start, end) in enumerate(absences)]
    assert sorted(one.day for one in days_away(told, days_of("2014-02"))) == days
