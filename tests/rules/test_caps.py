"""The cap of a pool (R2), which pool a second goes to, and households when they meet money (V12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from app.rules.deviations.judge import pays
from app.rules.extensions import DecisionOutcome
from app.rules.orders import ChosenBy, Grant, Order
from app.rules.providers import Law, Service
from app.rules.rates import Rate
from app.rules.reimbursement.lines import excesses, totals
from app.rules.visits.values import HouseholdShare
from tests.rules.builders import (
    a_caregiver,
    a_change,
    a_grant,
    a_planned_visit,
    a_policy,
    a_provider,
    a_rate,
    an_order,
    at,
    found,
    judged,
    the_deviation,
)
from tests.rules.money_builders import (
    CARE,
    ESCORT,
    FEBRUARY,
    HOUSEHOLD,
    RESPITE,
    SINCE_2013,
    a_band_of,
    a_row,
    a_stay,
    amounts,
    an_approved_extension,
    fates,
    fates_of,
)

MORNING, NOON, EVENING = a_stay("08:00", "09:00"), a_stay("12:00", "13:00"), a_stay("18:00", "19:00")


def test_R2_the_cap_is_used_in_the_order_performed_whatever_the_order_of_arrival() -> None:
    for stays in permutations((MORNING, NOON, EVENING)):
        judgement = judged(a_grant(granted_seconds=5_400), *(row for stay in stays for row in stay))
        assert [fates_of(judgement, f"in {when}") for when in ("08:00", "12:00", "18:00")] == [
            {"paid": 3_600},
            {"paid": 1_800, "excess": 1_800},
            {"excess": 3_600},
        ]


def test_R2_of_two_visits_begun_together_the_lower_id_is_counted_first() -> None:
    for first, second in (("x", "y"), ("y", "x")):
        judgement = judged(
            a_grant(granted_seconds=5_400, double_staffed_seconds=5_400),
            *a_stay("08:00", "09:00", id=first),
            *a_stay("08:00", "09:00", id=second, caregiver="c2"),
        )
        assert fates_of(judgement, "x") == {"paid": 3_600}
        assert fates_of(judgement, "y") == {"paid": 1_800, "excess": 1_800}


def test_R2_the_order_performed_is_that_of_the_starts_whatever_the_ids() -> None:
    judgement = judged(
        a_grant(granted_seconds=3_600), *a_stay("08:00", "09:00", id="z"), *a_stay("12:00", "13:00", id="a")
    )
    assert fates_of(judgement, "z") == {"paid": 3_600}
    assert fates_of(judgement, "a") == {"excess": 3_600}


def test_R2_the_rest_is_shown_as_excess_and_never_cut_from_the_visit() -> None:
    judgement = judged(a_grant(granted_seconds=1_800), *MORNING)
    (visit,) = judgement.visits
    assert visit.performed_seconds == 3_600
    assert pays(judgement) == {"in 08:00": "payable"}
    (excess,) = excesses(judgement, [FEBRUARY])
    assert (excess.performed_seconds, excess.granted_seconds, excess.excess_seconds) == (3_600, 1_800, 1_800)


def test_R2_a_night_over_the_months_border_uses_each_months_cap() -> None:
    night = a_stay("2014-02-28T23:00:00+01:00", "2014-03-01T02:00:00+01:00")
    judgement = judged(a_grant(granted_seconds=3_000), *night, now="2014-04-05T18:00:00+02:00")
    assert amounts(judgement, "2014-02") == [(3_000, 30_833)]
    assert amounts(judgement, "2014-03") == [(3_000, 30_833)]
    assert [one.excess_seconds for one in excesses(judgement, ["2014-02", "2014-03"])] == [600, 4_200]


@pytest.mark.parametrize(
    ("municipality", "valid_from", "paid"),
    [
        ("0182", "2014-02-01", 3_600),
        (None, "2014-02-01", 3_600),
        ("2029", "2014-02-01", 1_800),
        ("0182", "2014-02-02", 1_800),
    ],
    ids=["the municipality's own", "everybody's", "another municipality's", "from after the month's first day"],
)
def test_R2_where_all_performed_time_is_paid_the_policy_says_so(
    municipality: str | None, valid_from: str, paid: int
) -> None:
    policy = a_policy("cap", "none", municipality=municipality, valid_from=valid_from)
    judgement = judged(a_grant(granted_seconds=1_800), policy, *MORNING)
    assert fates(judgement).get("paid") == paid
    assert the_deviation(judgement, "D2").found.facts["excess_seconds"] == 1_800
    assert len(excesses(judgement, [FEBRUARY])) == (0 if paid == 3_600 else 1)


@pytest.mark.parametrize(("seconds", "paid"), [(1_799, 3_599), (1_800, 3_600), (1_801, 3_600)])
def test_R2_E5_payable_is_the_lesser_of_performed_and_granted_with_what_was_an_approved_extension(
    seconds: int, paid: int
) -> None:
    judgement = judged(a_grant(granted_seconds=1_800), *an_approved_extension(seconds), *MORNING)
    assert fates(judgement).get("paid") == paid
    assert len(found(judgement, "D2")) == (1 if paid < 3_600 else 0)


def a_second_pool(id: str, *, services: tuple[Service, ...] = (CARE,), **more: Any) -> tuple[Grant, Order]:
    """Another grant of `k`'s and its order; `law` and `granted_seconds` are the grant's."""
    granted = {name: more.pop(name) for name in ("law", "granted_seconds") if name in more}
    return a_grant(f"grant {id}", services=services, **granted), an_order(id, grant_id=f"grant {id}", **more)


LSS: dict[str, Any] = {"law": Law.LSS, "granted_seconds": 3_600}


def pools_paid(*facts: Any) -> list[tuple[str, str, int]]:
    """Law, first order and seconds of what is paid, in the order performed."""
    stretches = [one for one in judged(*facts).account.stretches if one.fate == "paid" and one.placed is not None]
    return [(one.placed.grant.law, one.placed.order.id, one.seconds) for one in stretches if one.placed is not None]


def test_R2_a_part_that_several_pools_cover_goes_to_sol_before_lss_until_its_cap_is_used() -> None:
    two_hours = a_stay("08:00", "10:30", service=CARE)
    lss = a_second_pool("a lss order", ordered_at=at("2013-12-01T09:00:00+01:00"), **LSS)
    assert pools_paid(a_grant(hours=1), *lss, *two_hours) == [("SoL", "order k", 3_600), ("LSS", "a lss order", 3_600)]
    judgement = judged(a_grant(hours=1), *lss, *two_hours)
    assert fates(judgement) == {"paid": 7_200, "excess": 1_800}
    (excess,) = excesses(judgement, [FEBRUARY])
    assert (excess.law, excess.excess_seconds, excess.worth_ore) == (Law.SOL, 1_800, 18_500)


def test_R2_the_planned_visits_grant_comes_before_sol() -> None:
    lss = a_second_pool("lss order", **LSS)
    plan = a_planned_visit("08:00", "10:00", grant_id="grant lss order")
    paid = pools_paid(a_grant(hours=1), *lss, plan, *a_stay("08:00", "10:00"))
    assert paid == [("LSS", "lss order", 3_600), ("SoL", "order k", 3_600)]


def test_R2_of_two_pools_of_one_law_the_earliest_order_comes_first() -> None:
    for day, first in (("2013-12-19", "wide"), ("2013-12-21", "order k")):
        wide = a_second_pool(
            "wide", services=(CARE, HOUSEHOLD), granted_seconds=3_600, ordered_at=at(f"{day}T09:00:00+01:00")
        )
        paid = pools_paid(a_grant(hours=1), *wide, *a_stay("08:00", "09:00", service=CARE))
        assert paid == [("SoL", first, 3_600)]


def test_R2_grants_of_the_same_services_under_one_law_are_one_pool_in_whatever_order_they_name_them() -> None:
    one = a_grant(services=(CARE, HOUSEHOLD), granted_seconds=1_800)
    other = a_second_pool("other", services=(HOUSEHOLD, CARE), granted_seconds=1_200)
    judgement = judged(one, *other, *a_stay("08:00", "09:00", service=CARE))
    assert fates(judgement) == {"paid": 3_000, "excess": 600}
    assert the_deviation(judgement, "D2").found.facts["granted_seconds"] == 3_000


def test_R2_each_provider_has_its_own_pool() -> None:
    judgement = judged(
        a_provider("q"),
        a_caregiver("d", provider="q"),
        a_grant(granted_seconds=3_600),
        an_order(ordered_seconds=1_800),
        an_order("other", provider="q", ordered_seconds=1_800),
        *MORNING,
        *a_stay("12:00", "12:30", caregiver="d"),
    )
    assert fates_of(judgement, "in 08:00") == {"paid": 1_800, "excess": 1_800}
    assert fates_of(judgement, "in 12:00 d") == {"paid": 1_800}


def test_R6_what_spills_into_a_pool_without_a_price_is_unpriced_and_uses_none_of_its_cap() -> None:
    lss = a_second_pool("lss", services=(CARE, RESPITE), **LSS)
    judgement = judged(
        a_grant(granted_seconds=1_800),
        *lss,
        a_rate(law=Law.SOL),
        a_rate(RESPITE),
        *a_stay("08:00", "09:00", service=CARE),
        *a_stay("10:00", "11:00", service=RESPITE),
    )
    assert fates_of(judgement, "in 08:00") == {"paid": 1_800, "unpriced": 1_800}
    assert fates_of(judgement, "in 10:00") == {"paid": 3_600}
    assert the_deviation(judgement, "D20").found.facts["seconds"] == 1_800


def test_R2_R4_what_spills_into_another_pool_is_priced_there_by_the_hour_it_falls_in() -> None:
    lss = a_second_pool("lss", **LSS)
    day = a_row("day", law=Law.LSS, band=a_band_of("06:00", "18:00", name="day"))
    night = a_row("night", law=Law.LSS, kronor=400, band=a_band_of("18:00", "06:00", name="night"))
    stay = a_stay("05:00", "06:30", service=CARE)
    judgement = judged(
        a_grant(granted_seconds=1_800), *lss, a_row("sol", law=Law.SOL), day, night, *stay, without=(Rate,)
    )
    assert {one.key.rate_id: one.seconds for one in totals(judgement, [FEBRUARY])} == {
        "sol": 1_800,
        "night": 1_800,
        "day": 1_800,
    }


def both(*shares: tuple[str, int]) -> tuple[HouseholdShare, ...]:
    return tuple(HouseholdShare(customer_id=name, share=share) for name, share in shares)


EQUAL = both(("k", 1), ("k2", 1))


def lines_of(*facts: Any, months: tuple[str, ...] = (FEBRUARY,), **more: Any) -> list[tuple[str, int, int]]:
    """Customer, seconds and öre of every key."""
    return [(one.key.customer_id, one.seconds, one.amount_ore) for one in totals(judged(*facts, **more), months)]


@pytest.mark.parametrize(
    ("household", "ends", "first", "second"),
    [
        (EQUAL, "08:20:00", 600, 600),
        (EQUAL, "08:20:01", 601, 600),
        (both(("k2", 1), ("k", 1)), "08:20:01", 600, 601),
        (both(("k", 2), ("k2", 1)), "08:01:40", 67, 33),
        (both(("k", 1), ("k2", 2)), "08:01:40", 34, 66),
        (EQUAL, "08:00:01", 1, 0),
    ],
    ids=[
        "an even stay",
        "the odd second is the first named's",
        "whoever is named first",
        "two shares and one",
        "one share and two",
        "a single second",
    ],
)
def test_V12_each_customer_of_a_household_is_paid_for_by_its_own_line(
    household: tuple[HouseholdShare, ...], ends: str, first: int, second: int
) -> None:
    lines = lines_of(*a_stay("08:00:00", ends, household=household))
    expected = [("k", first), ("k2", second)]
    assert [(customer, seconds) for customer, seconds, _ in lines] == [one for one in expected if one[1]]


def test_V12_T5_every_piece_is_divided_by_itself() -> None:
    night = a_stay("2014-02-03T23:58:59+01:00", "2014-02-04T00:01:01+01:00", household=EQUAL)
    assert [one[:2] for one in lines_of(*night)] == [("k", 62), ("k2", 60)]
    bands = [
        a_row("day", band=a_band_of("07:00", "19:00", name="day")),
        a_row("evening", kronor=400, band=a_band_of("19:00", "23:00", name="evening")),
    ]
    evening = a_stay("18:58:59", "19:01:01", household=EQUAL)
    lines = lines_of(*bands, *evening, without=(Rate,))
    assert [one[:2] for one in lines] == [("k", 31), ("k", 31), ("k2", 30), ("k2", 30)]


def test_V12_R3_a_band_that_no_longer_holds_divides_nothing() -> None:
    old = a_row("old", band=a_band_of("19:00", "23:00"), valid_from=date(2013, 1, 1), valid_before=date(2014, 1, 1))
    lines = lines_of(*SINCE_2013, old, a_row("new"), *a_stay("18:58:59", "19:01:01", household=EQUAL), without=(Rate,))
    assert [one[:2] for one in lines] == [("k", 61), ("k2", 61)]


def test_V12_each_customers_share_uses_its_own_cap_and_its_own_order() -> None:
    stay = a_stay("08:00", "09:00", household=EQUAL)
    judgement = judged(a_grant(customer="k2", granted_seconds=600), *stay)
    assert fates(judgement) == {"paid": 2_400, "excess": 1_200}
    unordered = judged(an_order(customer="k2", valid_before=date(2014, 2, 1)), *stay)
    assert fates(unordered) == {"paid": 1_800, "held": 1_800}
    assert the_deviation(unordered, "D13").found.facts["seconds"] == 1_800


def test_V12_the_parts_of_one_stay_are_no_overlap_of_each_other() -> None:
    judgement = judged(*a_stay("08:00", "09:00", household=EQUAL))
    assert not found(judgement, "D12")
    assert not found(judgement, "D11")
    assert fates(judgement) == {"paid": 3_600}


def test_V15_a_change_of_service_divides_the_price_at_that_second() -> None:
    escort = a_second_pool("escort", services=(ESCORT,))
    from_home = a_stay("08:00:00", "09:00:00", service=CARE)
    judgement = judged(*escort, a_rate(ESCORT, ore=32_000), *from_home, a_change("08:40:01", ESCORT))
    assert amounts(judgement) == [(1_199, 10_658), (2_401, 24_677)]


def test_O3_the_customers_choice_or_none_is_paid_alike() -> None:
    for chosen in ChosenBy:
        assert amounts(judged(an_order(chosen_by=chosen), *MORNING)) == [(3_600, 37_000)]


def test_R11_a_line_names_the_extensions_whose_newest_decision_approves() -> None:
    extension, decision = an_approved_extension(1_800)
    second = (replace(extension, id="e2"), replace(decision, id="d2", extension_id="e2"))
    later = at("2014-02-06T09:00:00+01:00")
    declined = replace(
        decision, id="d3", extension_id="e2", outcome=DecisionOutcome.DECLINED, decided_at=later, recorded_at=later
    )
    for decisions, named in (((), ("e", "e2")), ((declined,), ("e",))):
        judgement = judged(a_grant(granted_seconds=1_800), extension, decision, *second, *decisions, *MORNING)
        assert [one.extension_ids for one in totals(judgement, [FEBRUARY])] == [named]
