"""Figures: K1 utförandegrad, K2 registreringsgrad, K3 personalkontinuitet, K4 what went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from app.rules.deviations.judge import judge
from app.rules.extensions import Decision, DecisionOutcome, Extension, ExtensionCause
from app.rules.orders import Order
from app.rules.plans import CancelledBy
from app.rules.reports import (
    continuity,
    decimal,
    degree_of_performance,
    degree_of_registration,
    figures,
    share,
    what_went_wrong,
)
from app.rules.visits.values import Activity, HouseholdShare, Outcome
from tests.rules.builders import (
    LATER,
    a_caregiver,
    a_check_in,
    a_check_out,
    a_correction,
    a_customer,
    a_grant,
    a_note,
    a_planned_visit,
    a_provider,
    a_tag,
    an_absence,
    an_order,
    at,
    by_hand,
    cancelled,
    judged,
    some_facts,
)
from tests.rules.money_builders import CARE, FEBRUARY, a_stay


@pytest.mark.parametrize(
    ("exact", "places", "text"),
    [
        (Fraction(1, 3), 4, "0.3333"),
        (Fraction(2, 3), 4, "0.6667"),
        (Fraction(1, 20_000), 4, "0.0001"),
        (Fraction(1, 20_001), 4, "0.0000"),
        (Fraction(19_999, 20_000), 4, "1.0000"),
        (Fraction(5, 4), 4, "1.2500"),
        (Fraction(0), 2, "0.00"),
        (Fraction(205, 100), 2, "2.05"),
    ],
)
def test_K1_a_share_is_a_decimal_text_half_up(exact: Fraction, places: int, text: str) -> None:
    assert decimal(exact, places) == text


def test_K1_a_share_of_nothing_is_none() -> None:
    assert share(0, 0) is None
    assert share(0, 1) == "0.0000"


def of_k(rows: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    return [row for row in rows if row["customer_id"] == "k"]


def test_K1_performed_of_granted_per_customer_services_provider_and_month() -> None:
    judgement = judged(a_grant(hours=1), *a_stay("08:00", "08:45"))
    assert of_k(degree_of_performance(judgement, FEBRUARY)) == [
        {
            "month": FEBRUARY,
            "provider_id": "p",
            "customer_id": "k",
            "law": "SoL",
            "services": ["personal_care"],
            "performed_seconds": 2_700,
            "granted_seconds": 3_600,
            "share": "0.7500",
        }
    ]


@pytest.mark.parametrize(
    ("facts", "performed"),
    [
        ([], 0),
        (a_stay("08:00", "09:30"), 5_400),
        (a_stay("08:00", "09:00", received="13:00"), 3_600),
        (a_stay("08:00", "09:00", extra_service=True), 0),
        ([*a_stay("08:00", "09:00"), a_correction(void=True)], 0),
        ([a_check_in("08:00")], 0),
        ([*a_stay("08:00", "09:00"), an_absence("2014-02-03T10:00:00+01:00", None)], 3_600),
        (a_stay("08:00", "09:00", door="k2", household=(HouseholdShare(customer_id="k"),)), 3_600),
    ],
    ids=[
        "nothing",
        "more than granted",
        "held",
        "an extra service",
        "a void visit",
        "a half visit",
        "away later that day: K1 leaves no day out",
        "a stay in a household",
    ],
)
def test_K1_performed_is_what_was_performed_whatever_is_paid(facts: list[Any], performed: int) -> None:
    (row,) = of_k(degree_of_performance(judged(a_grant(hours=1), *facts), FEBRUARY))
    assert (row["performed_seconds"], row["granted_seconds"]) == (performed, 3_600)


def test_K1_an_order_that_does_not_hold_in_the_month_has_no_row() -> None:
    assert not of_k(degree_of_performance(judged(an_order(valid_before=date(2014, 2, 1))), FEBRUARY))


@pytest.mark.parametrize(
    ("stay", "tagged"),
    [
        (a_stay("08:00", "09:00"), True),
        ([a_check_in("08:00", place=by_hand(), customer_id="k"), a_check_out("09:00", names="in 08:00")], False),
        ([a_check_in("08:00"), a_check_out("09:00", names="in 08:00", place=by_hand())], False),
        ([*a_stay("08:00", "09:00"), a_correction(ends_at="08:50")], False),
        ([*a_stay("08:00", "09:00"), a_correction(service=CARE)], True),
    ],
    ids=["both ends by tag", "a check-in by hand", "a check-out by hand", "a corrected time", "a corrected service"],
)
def test_K2_a_visit_counts_whose_both_ends_are_tag_or_qr(stay: list[Any], tagged: bool) -> None:
    (row,) = degree_of_registration(judged(*stay), FEBRUARY)
    assert (row["visits"], row["by_tag_visits"]) == (1, int(tagged))
    assert row["by_tag_share"] == ("1.0000" if tagged else "0.0000")
    assert row["manual_share"] == ("0.0000" if tagged else "1.0000")


def test_K2_the_manual_share_is_told_by_count_and_by_seconds() -> None:
    by_tag = [row for hour in ("08", "10") for row in a_stay(f"{hour}:00", f"{hour}:10")]
    manual = [a_check_in("12:00", place=by_hand(), customer_id="k"), a_check_out("13:00", names="in 12:00")]
    (row,) = degree_of_registration(judged(*by_tag, *manual), FEBRUARY)
    assert (row["by_tag_share"], row["manual_share"]) == ("0.6667", "0.3333")
    assert (row["performed_seconds"], row["by_tag_seconds"], row["manual_seconds_share"]) == (4_800, 1_200, "0.7500")


def test_K2_only_whole_visits_of_the_month_are_performed() -> None:
    assert degree_of_registration(judged(a_check_in("08:00")), FEBRUARY) == []
    assert degree_of_registration(judged(*a_stay("08:00", "09:00", extra_service=True)), FEBRUARY) == []
    assert degree_of_registration(judged(*a_stay("08:00", "09:00")), "2014-01") == []


def fourteen_days(
    *, skip: tuple[int, ...] = (), caregivers: int = 2, hours: tuple[str, str] = ("09", "17")
) -> list[Any]:
    """Two visits on each of the month's first 14 days but those skipped, by so many caregivers in turn."""
    stays: list[Any] = []
    for day in range(1, 15):
        for turn, hour in enumerate(hours):
            if day in skip and turn:
                continue
            start = f"2014-02-{day:02d}T{hour}:00:00+01:00"
            end = f"2014-02-{day:02d}T{hour}:20:00+01:00"
            stays += a_stay(start, end, caregiver=f"c{(2 * day + turn) % caregivers}")
    return stays


def met(*facts: Any, birth_year: int | None = 1930, month: str = FEBRUARY) -> list[dict[str, object]]:
    staff = [a_caregiver(f"c{number}") for number in range(20)]
    return continuity(judged(*staff, a_customer(birth_year=birth_year), *facts), month)


def test_K3_distinct_caregivers_met_in_14_days() -> None:
    for caregivers in (1, 3, 7):
        assert met(*fourteen_days(caregivers=caregivers)) == [
            {
                "month": FEBRUARY,
                "municipality": "0182",
                "customers": 1,
                "mean": f"{caregivers}.00",
                "median": f"{caregivers}.00",
            }
        ]


@pytest.mark.parametrize(
    ("facts", "birth_year", "measured"),
    [
        (fourteen_days(), 1949, True),
        (fourteen_days(), 1950, False),
        (fourteen_days(), None, False),
        (fourteen_days(skip=(1,)), 1930, False),
        (fourteen_days(skip=(14,)), 1930, False),
        (fourteen_days(hours=("07", "21")), 1930, True),
        (fourteen_days(hours=("06", "17")), 1930, False),
        (fourteen_days(hours=("09", "22")), 1930, False),
        ([*fourteen_days(), an_absence("2014-02-14T23:59:59+01:00", None)], 1930, False),
        ([*fourteen_days(), an_absence("2014-02-15T00:00:00+01:00", None)], 1930, True),
        ([*fourteen_days(), an_absence("2014-01-01T00:00:00+01:00", "2014-02-01T00:00:00+01:00")], 1930, True),
    ],
    ids=[
        "65 that year",
        "64 that year",
        "of no known age",
        "one visit on the first day",
        "one visit on the last day",
        "from 07 until 22",
        "before 07 is night",
        "22 is night",
        "away for a second of the last day",
        "away from the day after",
        "home since the first day",
    ],
)
def test_K3_who_is_measured(facts: list[Any], birth_year: int | None, measured: bool) -> None:
    assert len(met(*facts, birth_year=birth_year)) == int(measured)


def test_K3_mean_and_median_of_several_customers() -> None:
    staff = [a_caregiver(f"c{number}") for number in range(20)]
    facts: list[Any] = []
    for number, caregivers in enumerate((1, 2, 2, 7)):
        name = f"old {number}"
        facts += [a_customer(name, birth_year=1930), a_tag(customer=name)]
        for day in range(1, 15):
            for turn, hour in enumerate((8, 12)):
                start = f"2014-02-{day:02d}T{hour:02d}:{10 * number:02d}:00+01:00"
                end = f"2014-02-{day:02d}T{hour:02d}:{10 * number + 5:02d}:00+01:00"
                caregiver = f"c{(2 * day + turn) % caregivers}"
                facts += a_stay(start, end, door=name, caregiver=caregiver, id=f"{name} {start}")
    assert continuity(judged(*staff, *facts), FEBRUARY) == [
        {"month": FEBRUARY, "municipality": "0182", "customers": 4, "mean": "3.00", "median": "2.00"}
    ]


def test_K3_V12_a_stay_in_a_household_is_met_by_everybody_in_it() -> None:
    shared = tuple(HouseholdShare(customer_id=one) for one in ("k2", "k"))
    stays: list[Any] = []
    for day in range(1, 15):
        for hour in ("09", "17"):
            times = f"2014-02-{day:02d}T{hour}:00:00+01:00", f"2014-02-{day:02d}T{hour}:20:00+01:00"
            stays += a_stay(*times, caregiver="c1", door="k2", household=shared)
    assert met(*stays)[0]["customers"] == 1


def went_wrong(*facts: Any, now: str = LATER, without: Iterable[type] = ()) -> dict[str, Any]:
    (row,) = what_went_wrong(judged(*facts, now=now, without=without), FEBRUARY)
    return row


def test_K4_missed_and_cancelled_by_cause_and_notice() -> None:
    row = went_wrong(
        a_planned_visit("08:00", "09:00", id="missed"),
        a_planned_visit("10:00", "11:00", id="early", cancelled=cancelled("2014-02-01T10:00:00+01:00")),
        a_planned_visit("12:00", "13:00", id="short", cancelled=cancelled("11:00", CancelledBy.HEALTH_CARE)),
        a_planned_visit("14:00", "15:00", id="too late", cancelled=cancelled("14:30")),
    )
    assert row["missed"] == 2
    assert row["cancelled"] == {"customer": 1, "health_care": 1}
    assert row["cancelled_late"] == 1


def test_K4_declined_activities_of_whole_visits() -> None:
    declined = Activity(code="shower", outcome=Outcome.DECLINED)
    done = Activity(code="meal", outcome=Outcome.DONE)
    row = went_wrong(
        *a_stay("08:00", "09:00"), a_note("09:10", names="in 08:00", activities=(declined, done, declined))
    )
    assert row["declined"] == 2


def test_K4_the_late_share_is_of_whole_visits_and_never_above_all_of_them() -> None:
    late = a_stay("2014-02-04T08:00:00+01:00", "2014-02-04T09:00:00+01:00", received="2014-02-09T08:00:00+01:00")
    half = a_check_in("2014-02-05T08:00:00+01:00", received="2014-02-10T08:00:00+01:00")
    assert went_wrong(*late, half)["late_share"] == "1.0000"
    assert went_wrong(*late, half, *a_stay("08:00", "09:00"))["late_share"] == "0.5000"
    assert went_wrong()["late_share"] is None


def test_K4_extension_seconds_and_their_share_of_what_was_granted() -> None:
    when = at("2014-02-05T09:00:00+01:00")
    extension = Extension(
        id="e",
        provider_id="p",
        customer_id="k",
        service=CARE,
        month=FEBRUARY,
        requested_seconds=1_800,
        cause=ExtensionCause.FALL,
        justification="The customer fell and could not get up.",
        requested_by="coordinator",
        requested_at=when,
    )
    told: dict[str, Any] = {"outcome": DecisionOutcome.APPROVED, "reasons": "yes", "reviewer": "officer"}
    decision = Decision(id="d", extension_id="e", decided_at=when, recorded_at=when, **told)
    row = went_wrong(extension, decision, a_grant(hours=1), a_grant(customer="k2", hours=4))
    assert (row["extension_seconds"], row["extension_share"]) == (1_800, "0.1000")


def test_K4_the_double_staffed_share_is_of_all_performed_seconds() -> None:
    stays = (*a_stay("08:00", "09:00"), *a_stay("08:30", "09:30", caregiver="c2"))
    assert went_wrong(a_grant(double_staffed_seconds=3_600), *stays)["double_staffed_share"] == "0.2500"
    assert went_wrong(*stays)["double_staffed_share"] == "0.0000"
    assert went_wrong()["double_staffed_share"] is None


def test_K4_48_hour_and_14_day_compliance_of_what_was_due_in_the_month() -> None:
    orders = [
        an_order(ordered_at=at("2014-02-03T07:00:00+01:00"), implementation_plan_received_on=date(2014, 2, 10)),
        an_order(customer="k2", ordered_at=at("2014-02-03T07:00:00+01:00")),
    ]
    row = went_wrong(*orders, *a_stay("08:00", "09:00"))
    assert (row["late_start_of_care"], row["start_of_care_in_time_share"]) == (1, "0.5000")
    assert (row["implementation_plan_overdue"], row["implementation_plan_in_time_share"]) == (1, "0.5000")
    none_due = went_wrong(without=(Order,))
    assert (none_due["start_of_care_in_time_share"], none_due["implementation_plan_in_time_share"]) == (None, None)
    not_yet = went_wrong(*orders, now="2014-02-04T07:00:00+01:00")
    assert (not_yet["start_of_care_in_time_share"], not_yet["implementation_plan_in_time_share"]) == (None, None)


def test_K4_open_deviations_and_grades() -> None:
    row = went_wrong(*a_stay("08:00", "08:01"), *a_stay("10:00", "11:00", received="14:00"))
    assert row["open_deviations"] == 2
    assert row["evidence_grades"] == {"1": 2}
    assert row["clock_grades"] == {"unverified": 1, "verified": 1}


def test_K5_every_provider_has_its_row_private_beside_municipal() -> None:
    judgement = judged(a_provider("q"), a_caregiver("d", provider="q"), *a_stay("08:00", "08:01", caregiver="d"))
    rows = what_went_wrong(judgement, FEBRUARY)
    assert [(row["provider_id"], row["clock_grades"]) for row in rows] == [("p", {}), ("q", {"verified": 1})]


def test_K1_to_K4_have_a_fixed_order_whatever_the_order_of_the_facts() -> None:
    facts = some_facts(a_provider("q"), *a_stay("08:00", "09:00"), *a_stay("08:00", "09:00", caregiver="c2", door="k2"))
    judgement = judge(facts, at(LATER), (FEBRUARY,))
    told = figures(judgement, ["2014-01", FEBRUARY])
    assert list(told) == ["K1", "K2", "K3", "K4"]
    assert [row["month"] for row in told["K4"]] == ["2014-01", "2014-01", FEBRUARY, FEBRUARY]
    assert [row["customer_id"] for row in told["K1"]] == ["k", "k2", "k", "k2"]
