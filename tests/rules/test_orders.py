"""Grants and orders: O1, O3–O6. What a month is granted to the second (O2) stands in test_months_arithmetic."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.rules.orders import (
    Grant,
    Order,
    Per,
    Placed,
    accredited,
    as_held,
    check_order,
    place,
    plan_due_on,
    start_due_at,
)
from app.rules.providers import Accreditation, Law, Service
from app.rules.refusal import Refused
from tests.rules.builders import NACKA, a_grant, a_policy, a_rate, an_order, at, found, judged, seconds_after
from tests.rules.money_builders import CARE, ESCORT, HOUSEHOLD, LEKSAND, RESPITE, a_stay, fates


def an_accreditation(id: str = "accreditation", **more: Any) -> Accreditation:
    told: dict[str, Any] = {
        "provider_id": "p",
        "municipality": NACKA,
        "service": CARE,
        "valid_from": date(2014, 1, 1),
        "valid_before": date(2015, 1, 1),
    }
    return Accreditation(id=id, **{**told, **more})


def refused(order: Order, grant: Grant, *others: Order, **more: Any) -> str | None:
    """The rule that refuses the order, None where none does."""
    accreditations = more.pop("accreditations", None)
    try:
        check_order(order, grant, others, NACKA, accreditations, **more)
    except Refused as refusal:
        return refusal.rule
    return None


def test_O1_the_services_of_a_grant_share_its_seconds() -> None:
    judgement = judged(
        a_grant(services=(CARE, HOUSEHOLD), granted_seconds=3_000),
        a_rate(HOUSEHOLD),
        *a_stay("08:00", "08:40", service=CARE),
        *a_stay("09:00", "09:40", service=HOUSEHOLD),
    )
    assert fates(judgement) == {"paid": 3_000, "excess": 1_800}


@pytest.mark.parametrize(
    ("now", "granted"),
    [("2014-03-09T11:59:59+01:00", 3_600), ("2014-03-09T12:00:00+01:00", 7_200)],
    ids=["one second before it was recorded", "when it was recorded"],
)
def test_O1_a_changed_grant_is_a_new_version_and_the_old_one_counts_until_it_was_recorded(
    now: str, granted: int
) -> None:
    changed = a_grant(granted_seconds=7_200, version=2, recorded_at=at("2014-03-09T12:00:00+01:00"))
    judgement = judged(a_grant(hours=1), changed, *a_stay("08:00", "11:00"), now=now)
    assert fates(judgement) == {"paid": granted, "excess": 10_800 - granted}


def a_version(number: int, valid_from: date, seconds: int = 3_600, *, before: date | None = None) -> Grant:
    """A version of one grant, each recorded a day after the one before it."""
    recorded = at(f"2014-04-{number:02d}T12:00:00+02:00")
    return a_grant(
        granted_seconds=seconds, valid_from=valid_from, valid_before=before, version=number, recorded_at=recorded
    )


def days_of(grants: tuple[Grant, ...]) -> list[tuple[int, str, str | None]]:
    """Each version with the first of its days and the first after them."""
    return [
        (one.version, str(one.valid_from), None if one.valid_before is None else str(one.valid_before))
        for one in grants
    ]


FIRST, SECOND, THIRD = date(2014, 1, 1), date(2014, 4, 16), date(2014, 6, 1)


@pytest.mark.parametrize(
    ("versions", "held"),
    [
        ([a_version(1, FIRST)], [(1, "2014-01-01", None)]),
        (
            [a_version(1, FIRST), a_version(2, SECOND)],
            [(1, "2014-01-01", "2014-04-16"), (2, "2014-04-16", None)],
        ),
        ([a_version(1, FIRST), a_version(2, FIRST)], [(2, "2014-01-01", None)]),
        ([a_version(1, SECOND), a_version(2, FIRST)], [(2, "2014-01-01", None)]),
        (
            [a_version(1, FIRST), a_version(2, SECOND), a_version(3, THIRD)],
            [(1, "2014-01-01", "2014-04-16"), (2, "2014-04-16", "2014-06-01"), (3, "2014-06-01", None)],
        ),
        (
            [a_version(1, FIRST), a_version(2, THIRD), a_version(3, SECOND)],
            [(1, "2014-01-01", "2014-04-16"), (3, "2014-04-16", None)],
        ),
        (
            [a_version(1, FIRST, before=date(2014, 2, 1)), a_version(2, SECOND, before=THIRD)],
            [(1, "2014-01-01", "2014-02-01"), (2, "2014-04-16", "2014-06-01")],
        ),
    ],
    ids=[
        "one version",
        "changed from a later day on",
        "corrected from its first day",
        "corrected from an earlier day",
        "changed twice",
        "the second change takes the place of the first",
        "what a version said of its own end stays",
    ],
)
def test_O1_a_version_holds_from_its_first_day_and_the_one_before_it_until_then(
    versions: list[Grant], held: list[tuple[int, str, str | None]]
) -> None:
    for some in (versions, list(reversed(versions))):
        assert days_of(as_held(some)) == held


def test_O1_a_grant_changed_in_mid_month_pays_what_both_versions_come_to() -> None:
    """Half of February with two hours a month, half with six: an hour and three, and nothing before is undone."""
    first = a_grant(hours=2)
    second = a_grant(hours=6, valid_from=date(2014, 2, 15), version=2, recorded_at=at("2014-02-14T12:00:00+01:00"))
    told = (*a_stay("08:00", "13:00"),)
    assert fates(judged(first, second, *told)) == {"paid": 14_400, "excess": 3_600}
    assert fates(judged(first, second, *told, now="2014-02-14T11:59:59+01:00")) == {"paid": 7_200, "excess": 10_800}
    for rule in ("D18", "D19"):
        late = [one.found.period for one in found(judged(first, second, *told), rule) if one.found.customer_id == "k"]
        assert late == ["2014-01"], "care began once, with the first version"


@pytest.mark.parametrize(
    ("parts", "rule"),
    [
        ([(1_800, None), (1_800, None)], None),
        ([(1_800, None), (1_801, None)], "O3"),
        ([(None, None)], None),
        ([(None, None), (1, None)], "O3"),
        ([(3_601, None)], "O3"),
        ([(None, (2014, 3, 1)), (None, None)], None),
        ([(None, (2014, 3, 2)), (None, None)], "O3"),
    ],
    ids=[
        "two halves come to the whole",
        "two parts come to a second more",
        "the whole in one order",
        "the whole and a second beside it",
        "one part a second longer than the whole",
        "a change of provider, the old order ending as the new begins",
        "a change of provider with one day in both orders",
    ],
)
def test_O3_parts_may_not_exceed_the_whole_on_any_day(
    parts: list[tuple[int | None, tuple[int, int, int] | None]], rule: str | None
) -> None:
    grant = a_grant(hours=1)
    orders = [
        an_order(
            f"order {number}",
            ordered_seconds=seconds,
            valid_from=date(2014, 3, 1) if number else date(2014, 1, 1),
            valid_before=before and date(*before),
        )
        for number, (seconds, before) in enumerate(parts)
    ]
    assert refused(orders[-1], grant, *orders[:-1]) == rule
    assert refused(orders[0], grant, *orders[1:]) == rule


def test_O3_an_order_may_not_exceed_the_whole_with_one_that_begins_later() -> None:
    later = an_order("later", ordered_seconds=2_000, valid_from=date(2014, 6, 1))
    earlier = an_order("earlier", ordered_seconds=1_601, valid_from=date(2014, 1, 1))
    assert refused(earlier, a_grant(hours=1), later) == "O3"
    ended = an_order("earlier", ordered_seconds=1_601, valid_from=date(2014, 1, 1), valid_before=date(2014, 6, 1))
    assert refused(ended, a_grant(hours=1), later) is None


def test_O3_only_the_ordered_part_of_a_grant_is_paid() -> None:
    judgement = judged(a_grant(hours=10), an_order(ordered_seconds=3_000), *a_stay("08:00", "09:00"))
    assert fates(judgement) == {"paid": 3_000, "excess": 600}


PLACED = {
    "order": ("2014-01-10T09:00:00+01:00", date(2014, 1, 2), date(2014, 1, 3)),
    "validity of the order": ("2014-01-02T09:00:00+01:00", date(2014, 1, 10), date(2014, 1, 3)),
    "validity of the grant": ("2014-01-02T09:00:00+01:00", date(2014, 1, 3), date(2014, 1, 10)),
    "order at the day's last second": ("2014-01-09T23:59:59+01:00", date(2014, 1, 1), date(2014, 1, 1)),
}


def placed_on(ordered_at: str, valid_from: date, granted_from: date) -> Placed:
    (placed,) = place([an_order(ordered_at=at(ordered_at), valid_from=valid_from)], [a_grant(valid_from=granted_from)])
    return placed


@pytest.mark.parametrize(
    ("last", "due"),
    [
        ("order", "2014-01-12T09:00:00+01:00"),
        ("validity of the order", "2014-01-12T00:00:00+01:00"),
        ("validity of the grant", "2014-01-12T00:00:00+01:00"),
        ("order at the day's last second", "2014-01-11T23:59:59+01:00"),
    ],
)
def test_O4_the_48_hours_run_from_the_later_of_order_and_validity(last: str, due: str) -> None:
    assert start_due_at(placed_on(*PLACED[last]), 172_800) == at(due)


@pytest.mark.parametrize(
    ("ordered_at", "due"),
    [
        ("2014-03-29T12:00:00+01:00", "2014-03-31T13:00:00+02:00"),
        ("2014-10-25T12:00:00+02:00", "2014-10-27T11:00:00+01:00"),
        ("2016-02-28T12:00:00+01:00", "2016-03-01T12:00:00+01:00"),
        ("2014-12-31T12:00:00+01:00", "2015-01-02T12:00:00+01:00"),
    ],
    ids=["over the lost hour", "over the hour that comes twice", "over a leap day", "over New Year"],
)
def test_O4_48_hours_are_48_hours_whatever_the_clock_on_the_wall_does(ordered_at: str, due: str) -> None:
    assert start_due_at(placed_on(ordered_at, date(2014, 1, 1), date(2014, 1, 1)), 172_800) == at(due)


@pytest.mark.parametrize(
    ("ordered_at", "valid_from", "due"),
    [
        ("2014-01-10T09:00:00+01:00", date(2014, 1, 2), date(2014, 1, 24)),
        ("2014-01-02T09:00:00+01:00", date(2014, 1, 10), date(2014, 1, 24)),
        ("2014-01-31T23:30:00Z", date(2014, 1, 1), date(2014, 2, 15)),
        ("2016-02-20T09:00:00+01:00", date(2014, 1, 1), date(2016, 3, 5)),
        ("2014-02-20T09:00:00+01:00", date(2014, 1, 1), date(2014, 3, 6)),
    ],
    ids=[
        "from the order",
        "from its validity",
        "from the Stockholm day of the order",
        "over a leap day",
        "over the end of an ordinary February",
    ],
)
def test_O5_the_14_days_are_counted_alike(ordered_at: str, valid_from: date, due: date) -> None:
    assert plan_due_on(placed_on(ordered_at, valid_from, date(2014, 1, 1)), 14) == due


HOME, ESCORTING = "start_of_care_seconds", "start_of_care_escort_respite_seconds"


@pytest.mark.parametrize(
    ("services", "policy", "seconds"),
    [
        ((CARE,), None, 172_800),
        ((ESCORT,), None, 172_800),
        ((ESCORT,), (ESCORTING, 1_209_600, "2014-01-01"), 1_209_600),
        ((RESPITE,), (ESCORTING, 1_209_600, "2014-01-01"), 1_209_600),
        ((CARE,), (ESCORTING, 1_209_600, "2014-01-01"), 172_800),
        ((ESCORT,), (HOME, 3_600, "2014-01-01"), 172_800),
        ((CARE, ESCORT), (ESCORTING, 1_209_600, "2014-01-01"), 172_800),
        ((CARE,), (HOME, 3_600, "2014-01-20"), 3_600),
        ((CARE,), (HOME, 3_600, "2014-01-21"), 172_800),
    ],
    ids=[
        "home care",
        "escort, as home care unless told",
        "escort by its own policy: Nacka's 14 days",
        "respite by the same",
        "home care is not touched by it",
        "nor escort by home care's",
        "both in one grant: home care's",
        "changed on the day of the order",
        "changed the day after the order",
    ],
)
def test_O4_care_starts_within_the_services_policy_of_the_day_of_the_order(
    services: tuple[Service, ...], policy: tuple[str, int, str] | None, seconds: int
) -> None:
    order = an_order(ordered_at=at("2014-01-20T09:00:00+01:00"))
    told = [a_grant(services=services), order]
    if policy is not None:
        told.append(a_policy(policy[0], policy[1], valid_from=policy[2]))
    for later, late in ((0, []), (1, ["2014-01-20T09:00:00+01:00"])):
        judgement = judged(*told, now=seconds_after("2014-01-20T09:00:00+01:00", seconds + later))
        assert bool([one for one in found(judgement, "D18") if one.found.subject.id == order.id]) is bool(late)


@pytest.mark.parametrize(
    ("valid_from", "days"),
    [(None, 14), ("2014-01-20", 7), ("2014-01-21", 14)],
    ids=["as usual", "changed on the day of the order", "changed the day after"],
)
def test_O5_the_plan_is_in_within_the_policy_of_the_day_of_the_order(valid_from: str | None, days: int) -> None:
    order = an_order(ordered_at=at("2014-01-20T09:00:00+01:00"))
    policies = [] if valid_from is None else [a_policy("implementation_plan_days", 7, valid_from=valid_from)]
    for day, late in ((20 + days, False), (21 + days, True)):
        received = date.fromordinal(date(2014, 1, 1).toordinal() + day - 1)
        judgement = judged(replace(order, implementation_plan_received_on=received), *policies)
        assert bool([one for one in found(judgement, "D19") if one.found.subject.id == order.id]) is late


@pytest.mark.parametrize(
    ("asked", "covered"),
    [
        ({}, True),
        ({"provider_id": "q"}, False),
        ({"municipality": LEKSAND}, False),
        ({"service": HOUSEHOLD}, False),
        ({"law": Law.LSS}, False),
        ({"day": date(2013, 12, 31)}, False),
        ({"day": date(2014, 1, 1)}, True),
        ({"day": date(2014, 12, 31)}, True),
        ({"day": date(2015, 1, 1)}, False),
    ],
    ids=[
        "as accredited",
        "another provider",
        "another municipality",
        "another service",
        "another law",
        "the day before it begins",
        "its first day",
        "its last day",
        "the day on which it no longer holds",
    ],
)
def test_O6_accreditation_is_for_municipality_service_law_and_dates(asked: dict[str, Any], covered: bool) -> None:
    told: dict[str, Any] = {"provider_id": "p", "municipality": NACKA, "service": CARE, "law": Law.SOL}
    row = an_accreditation(law=Law.SOL)
    assert accredited([row], **{**told, "day": date(2014, 5, 1), **asked}) is covered


def test_O6_a_row_without_law_is_for_both_laws_and_no_list_is_for_all() -> None:
    for law in Law:
        assert accredited([an_accreditation()], "p", NACKA, CARE, law, date(2014, 5, 1))
        assert accredited(None, "nobody", NACKA, RESPITE, law, date(2014, 5, 1))
        assert not accredited([], "p", NACKA, CARE, law, date(2014, 5, 1))


@pytest.mark.parametrize(
    ("accredited_for", "granted_for", "rule"),
    [
        (None, None, None),
        (None, "äldre", None),
        ("äldre", None, None),
        ("äldre", "äldre", None),
        ("Äldre", " äldre ", None),
        ("äldre", "barn och ungdomar", "O6"),
    ],
    ids=[
        "nobody tells groups apart",
        "accredited for all groups",
        "a grant that names no group",
        "the same group",
        "the same group, spelled otherwise",
        "another group",
    ],
)
def test_O6_P1_accreditation_may_be_for_one_target_group(
    accredited_for: str | None, granted_for: str | None, rule: str | None
) -> None:
    grant = a_grant(target_group=granted_for)
    assert refused(an_order(), grant, accreditations=[an_accreditation(target_group=accredited_for)]) == rule
    judgement = judged(grant, an_accreditation(target_group=accredited_for), *a_stay("08:00", "09:00"))
    assert fates(judgement) == ({"held": 3_600} if rule else {"paid": 3_600})


@pytest.mark.parametrize(
    ("day", "paid"),
    [("2014-02-02", True), ("2014-02-03", False)],
    ids=["its last day", "the day on which it no longer holds"],
)
def test_O6_P1_what_is_performed_after_an_accreditation_ended_has_no_order(day: str, paid: bool) -> None:
    row = an_accreditation(valid_before=date(2014, 2, 3))
    judgement = judged(row, *a_stay(f"{day}T08:00:00+01:00", f"{day}T09:00:00+01:00"))
    assert fates(judgement) == ({"paid": 3_600} if paid else {"held": 3_600})
    assert bool(found(judgement, "D13")) is not paid


CEILED = an_accreditation(ceiling_seconds_per_week=10_000)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, None),
        ({"implementation_plan_received_on": date(2014, 1, 10)}, None),
        ({"valid_before": date(2014, 3, 1)}, None),
        ({"ordered_seconds": 19_999}, None),
        ({"ordered_seconds": 20_000}, None),
        ({"provider_id": "q"}, "O6"),
        ({"valid_from": date(2014, 1, 2)}, "O6"),
    ],
    ids=[
        "nothing",
        "the plan is in",
        "it ends",
        "it is for less",
        "it says what it was for",
        "another provider",
        "another first day",
    ],
)
def test_O6_an_order_that_asks_for_no_more_is_not_refused_again_when_the_ceiling_has_been_lowered(
    change: dict[str, Any], rule: str | None
) -> None:
    """It came to 20,000 s a week before the provider declared half of that."""
    before, grant = an_order(), a_grant(granted_seconds=20_000, per=Per.WEEK)
    assert refused(replace(before, **change), grant, accreditations=[CEILED], before=before) == rule
    assert refused(before, grant, accreditations=[CEILED]) == "O6"
    ended = replace(before, valid_before=date(2014, 3, 1))
    assert refused(before, grant, accreditations=[CEILED], before=ended) == "O6", "longer than it was"
    part = replace(before, ordered_seconds=19_999)
    assert refused(before, grant, accreditations=[CEILED], before=part) == "O6", "more than it was"


@pytest.mark.parametrize(
    ("services", "rule"),
    [((CARE,), None), ((CARE, HOUSEHOLD), "O6"), ((ESCORT,), "O6")],
    ids=["all of the grant", "one of its two services is missing", "another service"],
)
def test_O6_an_order_to_a_provider_that_is_not_accredited_for_every_service_is_refused(
    services: tuple[Service, ...], rule: str | None
) -> None:
    assert refused(an_order(), a_grant(services=services), accreditations=[an_accreditation()]) == rule


@pytest.mark.parametrize(
    ("valid_from", "rule"),
    [(date(2013, 12, 31), "O6"), (date(2014, 1, 1), None), (date(2014, 12, 31), None), (date(2015, 1, 1), "O6")],
    ids=["the day before accreditation", "its first day", "its last day", "the day after"],
)
def test_O6_accreditation_is_asked_for_on_the_day_the_order_begins(valid_from: date, rule: str | None) -> None:
    grant = a_grant(valid_from=date(2013, 1, 1))
    assert refused(an_order(valid_from=valid_from), grant, accreditations=[an_accreditation()]) == rule


def a_load(seconds: int, **more: Any) -> Placed:
    """Another customer's order, of so many seconds a week."""
    grant = a_grant("other grant", customer="k2", granted_seconds=seconds, per=Per.WEEK)
    return Placed(order=an_order("other order", customer="k2", grant_id="other grant", **more), grant=grant)


@pytest.mark.parametrize(
    ("ceiling", "seconds", "load", "rule"),
    [
        (10_000, 10_000, [], None),
        (9_999, 10_000, [], "O6"),
        (10_000, 4_000, [a_load(6_000)], None),
        (10_000, 4_001, [a_load(6_000)], "O6"),
        (10_000, 4_001, [a_load(6_000, valid_before=date(2014, 1, 1))], None),
        (10_000, 4_001, [a_load(6_000, valid_from=date(2014, 9, 1))], "O6"),
        (None, 10_000_000, [a_load(6_000)], None),
    ],
    ids=[
        "on the ceiling",
        "a second above it",
        "on it with the orders that there are",
        "a second above it with them",
        "above it but for an order that is over",
        "above it from the day on which another order begins",
        "no ceiling declared",
    ],
)
def test_O6_orders_stay_within_the_declared_ceiling(
    ceiling: int | None, seconds: int, load: list[Placed], rule: str | None
) -> None:
    rows = [an_accreditation(ceiling_seconds_per_week=ceiling)]
    grant = a_grant(granted_seconds=seconds, per=Per.WEEK)
    assert refused(an_order(), grant, accreditations=rows, load=load) == rule


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([an_accreditation("a", ceiling_seconds_per_week=9_999)], "O6"),
        ([an_accreditation("a", ceiling_seconds_per_week=9_999), an_accreditation("b")], None),
        ([an_accreditation(one, ceiling_seconds_per_week=most) for one, most in (("a", 1), ("b", 10_000))], None),
        ([an_accreditation("a", ceiling_seconds_per_week=9_999), an_accreditation("b", law=Law.LSS)], "O6"),
        (
            [
                an_accreditation("a", ceiling_seconds_per_week=10_000, valid_before=date(2014, 6, 1)),
                an_accreditation("b", ceiling_seconds_per_week=9_999, valid_from=date(2014, 6, 1)),
            ],
            None,
        ),
    ],
    ids=[
        "one ceiling",
        "another accreditation without one",
        "the most of several",
        "another law's does not count",
        "a lower one that begins while the order holds is the next order's",
    ],
)
def test_O6_of_several_accreditations_the_widest_that_covers_the_grant_counts(
    rows: list[Accreditation], rule: str | None
) -> None:
    assert refused(an_order(), a_grant(granted_seconds=10_000, per=Per.WEEK), accreditations=rows) == rule


@pytest.mark.parametrize(("seconds", "rule"), [(2_000, None), (2_001, "O6")], ids=["on it", "a second above"])
def test_O6_several_orders_fill_a_ceiling_to_the_second(seconds: int, rule: str | None) -> None:
    """Three of others that overlap in June: 3,000 and 3,000 s a week, and 2,000 from the 16th on."""
    load = [a_load(3_000), a_load(3_000), a_load(2_000, valid_from=date(2014, 6, 16), valid_before=date(2014, 7, 1))]
    row = an_accreditation(ceiling_seconds_per_week=10_000)
    order = an_order(valid_from=date(2014, 6, 1))
    assert refused(order, a_grant(granted_seconds=seconds, per=Per.WEEK), accreditations=[row], load=load) == rule
    ended = replace(order, valid_before=date(2014, 6, 16))
    assert refused(ended, a_grant(granted_seconds=4_000, per=Per.WEEK), accreditations=[row], load=load) is None


@pytest.mark.parametrize(
    ("grant", "ceiling"),
    [
        (a_grant(granted_seconds=1_000, per=Per.DAY), 7_000),
        (a_grant(granted_seconds=1_000, per=Per.DAY, every=2), 3_500),
        (a_grant(granted_seconds=1_000, per=Per.WEEK, every=2), 500),
        (a_grant(granted_seconds=31_000, per=Per.MONTH), 7_000),
    ],
    ids=["a day", "every second day", "every second week", "a month, in January"],
)
def test_O6_a_ceiling_is_held_against_what_the_order_comes_to_in_a_week(grant: Grant, ceiling: int) -> None:
    for allowed, rule in ((ceiling, None), (ceiling - 1, "O6")):
        rows = [an_accreditation(ceiling_seconds_per_week=allowed)]
        assert refused(an_order(), grant, accreditations=rows) == rule
