"""What becomes of each second: R6's order, double staffing (R5), and what is held in part (D11, D13)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.rules.deviations.judge import pays
from app.rules.deviations.values import Effect
from app.rules.providers import Accreditation
from tests.rules.builders import (
    NACKA,
    a_caregiver,
    a_change,
    a_check_in,
    a_check_out,
    a_correction,
    a_grant,
    a_provider,
    a_rate,
    an_explanation,
    an_order,
    at,
    found,
    judged,
    rules_of,
    the_deviation,
)
from tests.rules.money_builders import CARE, HOUSEHOLD, MUNICIPAL, PRIVATE, a_stay, amounts, fates, fates_of

ONE_HOUR = a_grant(hours=1)
BOTH_SERVICES = a_grant(services=(CARE, HOUSEHOLD), granted_seconds=3_600)
FIRST, SECOND = a_stay("08:00", "09:00"), a_stay("10:00", "11:00")
NO_EVIDENCE: dict[str, Any] = {"received": "13:00"}
"""Received hours after its capture, without a clock: D16 holds it."""


def test_R6_nothing_is_in_the_way_of_two_hours_but_the_cap() -> None:
    judgement = judged(ONE_HOUR, *FIRST, *SECOND)
    assert fates_of(judgement, "in 08:00") == {"paid": 3_600}
    assert fates_of(judgement, "in 10:00") == {"excess": 3_600}


@pytest.mark.parametrize(
    ("first", "became"),
    [
        ((*FIRST, a_correction(void=True)), {}),
        (a_stay("08:00", "09:00", extra_service=True), {}),
        (a_stay("08:00", "09:00", **NO_EVIDENCE), {"held": 3_600}),
        ((a_check_in("08:00"), a_check_out("09:00", names="in 08:00", **NO_EVIDENCE)), {"held": 3_600}),
        (a_stay("08:00", "09:00", door="nobody", customer_id="k"), {"held": 3_600}),
        (a_stay("08:00", "09:00", service=HOUSEHOLD), {"unpriced": 3_600}),
    ],
    ids=[
        "a void visit",
        "an extra service",
        "one held for its clock",
        "one held for the clock of one end",
        "one held for its tag",
        "one that no rate prices",
    ],
)
def test_R6_only_what_reaches_the_cap_uses_it(first: tuple[Any, ...], became: dict[str, int]) -> None:
    judgement = judged(BOTH_SERVICES, *first, *a_stay("10:00", "11:00", service=CARE))
    assert fates_of(judgement, "in 08:00") == became
    assert fates_of(judgement, "in 10:00") == {"paid": 3_600}


def test_R6_an_unpaid_overlap_uses_nothing_of_the_cap() -> None:
    beside = a_stay("08:00", "08:30", caregiver="c2")
    judgement = judged(a_grant(granted_seconds=7_200), *FIRST, *beside, *SECOND)
    assert fates_of(judgement, "in 08:00 c2") == {"unpaid_overlap": 1_800}
    assert fates_of(judgement, "in 10:00") == {"paid": 3_600}


def test_R6_what_is_held_is_out_before_overlaps_are_looked_for() -> None:
    judgement = judged(*a_stay("08:00", "09:00", **NO_EVIDENCE), *a_stay("08:10", "08:40", caregiver="c2"))
    assert fates_of(judgement, "in 08:10 c2") == {"paid": 1_800}
    assert not found(judgement, "D12")


def test_R6_what_has_no_price_is_out_before_overlaps_are_looked_for() -> None:
    judgement = judged(
        a_provider("q", kind=MUNICIPAL),
        a_caregiver("d", provider="q"),
        an_order("other order", provider="q", ordered_seconds=100_000),
        an_order(ordered_seconds=100_000),
        a_rate(provider_kind=PRIVATE),
        *a_stay("08:00", "09:00", caregiver="d"),
        *a_stay("08:10", "08:40", caregiver="c"),
    )
    assert fates_of(judgement, "in 08:00 d") == {"unpriced": 3_600}
    assert fates_of(judgement, "in 08:10") == {"paid": 1_800}


def test_R6_what_is_held_and_has_no_price_is_told_as_both_and_paid_as_neither() -> None:
    judgement = judged(BOTH_SERVICES, *a_stay("08:00", "09:00", service=HOUSEHOLD, **NO_EVIDENCE))
    assert fates(judgement) == {"held": 3_600}
    assert {"D16", "D20"} <= rules_of(judgement)


def staffed(*stays: tuple[str, str, str], double: int = 0) -> dict[str, int]:
    """Seconds by fate of stays at `k`: (caregiver, from, until)."""
    caregivers = [a_caregiver(name) for name in sorted({one for one, _, _ in stays})]
    rows = [row for caregiver, start, end in stays for row in a_stay(start, end, caregiver=caregiver)]
    return fates(judged(a_grant(double_staffed_seconds=double), *caregivers, *rows))


@pytest.mark.parametrize(
    ("double", "ore"), [(36_000, 47_792), (0, 26_208)], ids=["double staffing is granted", "it is not"]
)
def test_R5_the_rulebooks_two_caregivers(double: int, ore: int) -> None:
    first = a_stay("10:00:00", "10:40:00")
    second = a_stay("10:05:00", "10:42:30", caregiver="c2")
    judgement = judged(a_grant(double_staffed_seconds=double), *first, *second)
    assert amounts(judgement) == [(4_650 if double else 2_550, ore)]


A, B, C = "c1", "c2", "c3"


@pytest.mark.parametrize(
    ("stays", "double", "paid", "unpaid"),
    [
        ([(A, "10:00", "10:40"), (B, "10:40", "11:00")], 0, 3_600, 0),
        ([(A, "10:00", "10:40"), (B, "10:39:59", "11:00")], 0, 3_600, 1),
        ([(A, "10:00", "11:00"), (B, "10:00", "11:00")], 0, 3_600, 3_600),
        ([(A, "10:00", "11:00"), (B, "10:20", "10:40")], 0, 3_600, 1_200),
        ([(A, "10:00", "11:00"), (B, "10:30", "11:30")], 1_799, 7_199, 1),
        ([(A, "10:00", "11:00"), (B, "10:30", "11:30")], 1_800, 7_200, 0),
        ([(A, "10:00", "11:00"), (B, "10:30", "11:30")], 1_801, 7_200, 0),
        ([(A, "10:00", "11:00"), (B, "10:00", "11:00"), (C, "10:00", "11:00")], 36_000, 7_200, 3_600),
        ([(A, "10:00", "11:00"), (B, "10:30", "11:30"), (C, "11:15", "12:00")], 0, 7_200, 2_700),
        ([(A, "10:00", "11:00"), (B, "10:30", "11:30"), (C, "11:15", "12:00")], 36_000, 9_900, 0),
        ([(A, "10:00", "11:00"), (B, "10:30", "12:00"), (C, "10:45", "11:30")], 36_000, 10_800, 900),
        (
            [(A, "10:00", "10:30"), (B, "10:00", "10:30"), (A, "11:00", "11:30"), (B, "11:00", "11:30")],
            2_000,
            5_600,
            1_600,
        ),
    ],
    ids=[
        "one leaves as the other comes",
        "one second together",
        "together all the time",
        "one within the other's stay",
        "a second less double staffing than needed",
        "just enough double staffing",
        "a second to spare",
        "a third caregiver is never paid",
        "three in a row, two at a time, none granted",
        "three in a row, two at a time, all granted",
        "a third is paid as second once the first has left",
        "double staffing runs out in the month",
    ],
)
def test_R5_of_each_second_the_first_is_paid_a_second_while_granted_a_third_never(
    stays: list[tuple[str, str, str]], double: int, paid: int, unpaid: int
) -> None:
    expected = {"unpaid_overlap": unpaid, "paid": paid} if unpaid else {"paid": paid}
    assert staffed(*stays, double=double) == expected


@pytest.mark.parametrize(("ids", "paid"), [(("x", "y"), "x"), (("y", "x"), "x")], ids=["told first", "told last"])
def test_R5_of_two_that_begin_together_the_lower_visit_id_is_the_first(ids: tuple[str, str], paid: str) -> None:
    stays = [a_stay("10:00", "11:00", caregiver=one, id=name) for one, name in zip(("c", "c2"), ids, strict=True)]
    judgement = judged(*stays[0], *stays[1])
    assert {name: fates_of(judgement, name) for name in ids} == {
        paid: {"paid": 3_600},
        ({*ids} - {paid}).pop(): {"unpaid_overlap": 3_600},
    }


def test_R5_the_first_to_begin_is_the_first_whatever_its_id() -> None:
    judgement = judged(*a_stay("10:00", "11:00", id="y"), *a_stay("10:30", "11:30", id="x", caregiver="c2"))
    assert fates_of(judgement, "y") == {"paid": 3_600}
    assert fates_of(judgement, "x") == {"unpaid_overlap": 1_800, "paid": 1_800}


def test_R5_different_services_and_different_customers_do_not_overlap() -> None:
    services = judged(
        a_grant(services=(CARE, HOUSEHOLD)),
        a_rate(HOUSEHOLD),
        *a_stay("10:00", "11:00", service=CARE),
        *a_stay("10:00", "11:00", service=HOUSEHOLD, caregiver="c2"),
    )
    assert fates(services) == {"paid": 7_200}
    customers = judged(*a_stay("10:00", "11:00"), *a_stay("10:00", "11:00", caregiver="c2", door="k2"))
    assert fates(customers) == {"paid": 7_200}


def test_R5_each_month_has_its_own_double_staffed_seconds() -> None:
    night = ("2014-02-28T23:30:00+01:00", "2014-03-01T00:30:00+01:00")
    judgement = judged(
        a_grant(double_staffed_seconds=1_000),
        *a_stay(*night),
        *a_stay(*night, caregiver="c2"),
        now="2014-04-05T18:00:00+02:00",
    )
    assert amounts(judgement, "2014-02") == [(2_800, 28_778)]
    assert amounts(judgement, "2014-03") == [(2_800, 28_778)]
    assert [(one.found.period, one.found.facts["seconds"]) for one in found(judgement, "D12")] == [
        ("2014-02", 800),
        ("2014-03", 800),
    ]


def test_R5_two_providers_at_one_customer_are_two_caregivers_like_any() -> None:
    judgement = judged(
        a_provider("q"),
        a_caregiver("d", provider="q"),
        an_order("other order", provider="q", ordered_seconds=100_000),
        an_order(ordered_seconds=100_000),
        *a_stay("08:00", "09:00"),
        *a_stay("08:30", "09:30", caregiver="d"),
    )
    assert fates_of(judgement, "in 08:30 d") == {"unpaid_overlap": 1_800, "paid": 1_800}
    assert the_deviation(judgement, "D12").found.provider_id == "q"


@pytest.mark.parametrize(
    ("ends", "seconds"), [("08:45", 0), ("08:45:01", 1), ("09:00", 900)], ids=["they touch", "a second", "a quarter"]
)
def test_D11_the_overlap_is_held_in_the_later_stay_and_the_rest_is_paid(ends: str, seconds: int) -> None:
    judgement = judged(*a_stay("08:00", ends), *a_stay("08:45", "09:30", door="k2"))
    assert fates_of(judgement, "in 08:45").get("held", 0) == seconds
    assert fates_of(judgement, "in 08:45")["paid"] == 2_700 - seconds
    assert set(fates_of(judgement, "in 08:00")) == {"paid"}
    assert [one.found.subject.id for one in found(judgement, "D11")] == (["in 08:45"] if seconds else [])


def test_D11_a_stay_within_another_is_held_whole_and_of_two_begun_together_the_higher_id() -> None:
    within = judged(*a_stay("08:00", "10:00"), *a_stay("08:30", "09:00", door="k2"))
    assert fates(within) == {"held": 1_800, "paid": 7_200}
    together = judged(*a_stay("08:00", "09:00", id="y"), *a_stay("08:00", "09:00", door="k2", id="x"))
    assert fates_of(together, "y") == {"held": 3_600}
    assert fates_of(together, "x") == {"paid": 3_600}


def test_D11_seconds_shared_with_two_stays_are_held_once() -> None:
    judgement = judged(
        *a_stay("08:00", "09:00", id="a"),
        *a_stay("08:20", "09:20", id="b", door="k2"),
        *a_stay("08:40", "10:00", id="d"),
    )
    assert fates_of(judgement, "d") == {"held": 2_400, "paid": 2_400}
    deviation = next(one.found for one in found(judgement, "D11") if one.found.subject.id == "d")
    assert deviation.seen == {"seconds": 2_400, "visit_ids": ["a", "b"]}


def test_D11_acceptance_releases_the_overlap_and_a_void_stay_overlaps_nothing() -> None:
    stays = (*a_stay("08:00", "09:00"), *a_stay("08:45", "09:30", door="k2"))
    accepted = an_explanation("D11", "in 08:45", accepted="2014-02-21T09:00:00+01:00")
    assert fates(judged(*stays, accepted)) == {"paid": 6_300}
    assert fates(judged(*stays, a_correction(void=True))) == {"paid": 2_700}


def test_D13_only_the_seconds_that_no_order_covers_are_held() -> None:
    night = a_stay("2014-02-10T23:50:00+01:00", "2014-02-11T00:30:00+01:00")
    judgement = judged(an_order(valid_before=date(2014, 2, 11)), *night)
    assert fates(judgement) == {"held": 1_800, "paid": 600}
    deviation = the_deviation(judgement, "D13").found
    assert deviation.seen == {"seconds": 1_800, "from": "2014-02-10T23:00:00Z"}
    assert (deviation.effect, deviation.asks) == (Effect.HOLDS_PAY, True)


@pytest.mark.parametrize(
    ("facts", "held"),
    [
        ([an_order(provider="q"), a_provider("q")], 3_600),
        ([a_grant(services=(HOUSEHOLD,))], 3_600),
        ([a_grant(valid_from=date(2014, 2, 4))], 3_600),
        ([an_order(valid_from=date(2014, 2, 3))], 0),
        ([an_order(valid_before=date(2014, 2, 3))], 3_600),
        ([a_change("08:30", HOUSEHOLD)], 1_800),
        (
            [Accreditation(id="a", provider_id="p", municipality=NACKA, service=CARE, valid_from=date(2014, 2, 4))],
            3_600,
        ),
        ([Accreditation(id="a", provider_id="p", municipality=NACKA, service=CARE, valid_from=date(2014, 2, 3))], 0),
    ],
    ids=[
        "an order with another provider",
        "a grant of another service",
        "a grant from the next day",
        "an order from that very day",
        "an order until that day, which is outside",
        "a change to a service that is not granted",
        "accredited from the next day",
        "accredited from that very day",
    ],
)
def test_D13_an_order_covers_by_customer_service_provider_accreditation_and_time(facts: list[Any], held: int) -> None:
    judgement = judged(*facts, *a_stay("08:00", "09:00", service=CARE))
    assert fates(judgement).get("held", 0) == held
    assert len(found(judgement, "D13")) == (1 if held else 0)


def test_D13_no_acceptance_pays_what_nobody_ordered_an_order_does() -> None:
    accepted = an_explanation("D13", accepted="2014-02-21T09:00:00+01:00")
    stay = a_stay("08:00", "09:00")
    assert fates(judged(an_order(provider="q"), accepted, *stay)) == {"held": 3_600}
    later = an_order("late order", recorded_at=at("2014-03-01T09:00:00+01:00"))
    assert fates(judged(an_order(provider="q"), later, *stay)) == {"paid": 3_600}


NIGHT = a_stay("2014-02-10T23:50:00+01:00", "2014-02-11T00:30:00+01:00", id="night")


@pytest.mark.parametrize(
    ("facts", "pay"),
    [
        (a_stay("08:00", "09:00", id="night"), "payable"),
        ([ONE_HOUR, *a_stay("08:00", "10:00", id="night")], "payable"),
        (a_stay("08:00", "09:00", id="night", received="13:00"), "held"),
        ([*FIRST, *a_stay("08:45", "09:30", door="k2", id="night")], "part_held"),
        ([*FIRST, *a_stay("08:15", "08:30", door="k2", id="night")], "held"),
        ([an_order(valid_before=date(2014, 2, 11)), *NIGHT], "part_held"),
        ([an_order(valid_before=date(2014, 2, 10)), *NIGHT], "held"),
        ([BOTH_SERVICES, *a_stay("08:00", "09:00", service=HOUSEHOLD, id="night")], "held"),
        ([*FIRST, *a_stay("08:15", "08:30", caregiver="c2", id="night")], "unpaid"),
        ([*FIRST, *a_stay("08:15", "09:30", caregiver="c2", id="night")], "payable"),
        (a_stay("08:00", "09:00", id="night", extra_service=True), "unpaid"),
        ([*NIGHT, a_correction("night", void=True)], "unpaid"),
        ([a_check_in("08:00", id="night")], "held"),
    ],
    ids=[
        "whole and ordered",
        "beyond the cap: not its matter",
        "held for its clock",
        "an overlap held in part",
        "an overlap held whole",
        "seconds that no order covers",
        "nothing ordered",
        "nothing priced",
        "an overlap paid once",
        "an overlap of some seconds",
        "an extra service",
        "void",
        "never closed",
    ],
)
def test_R6_what_a_visit_comes_to_in_pay(facts: list[Any], pay: str) -> None:
    assert pays(judged(*facts))["night"] == pay
