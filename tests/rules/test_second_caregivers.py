"""R5 where a grant is placed with several providers: its second caregiver's seconds are there once, for all of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.rules.deviations.judge import Judgement
from tests.rules.builders import a_caregiver, a_grant, a_provider, an_order, found, judged
from tests.rules.money_builders import CARE, a_stay, fates, fates_of

Q = [a_provider("q"), a_caregiver("d", provider="q"), a_caregiver("d2", provider="q")]
HALVES = [an_order(ordered_seconds=18_000), an_order("q's", provider="q", ordered_seconds=18_000)]
MORNING = [*a_stay("08:00", "08:30", service=CARE), *a_stay("08:00", "08:30", caregiver="c2", service=CARE)]
NOON = [
    *a_stay("12:00", "12:30", caregiver="d", service=CARE),
    *a_stay("12:00", "12:30", caregiver="d2", service=CARE),
]


def two(double: int, *facts: Any) -> Judgement:
    """Two caregivers of `p` for half an hour in the morning, and two of `q` at noon, of a grant of ten hours."""
    grant = a_grant(granted_seconds=36_000, double_staffed_seconds=double)
    return judged(*Q, grant, *MORNING, *NOON, *facts)


@pytest.mark.parametrize(
    ("double", "of_p", "of_q"),
    [
        (0, {"unpaid_overlap": 1_800}, {"unpaid_overlap": 1_800}),
        (1_799, {"paid": 1_799, "unpaid_overlap": 1}, {"unpaid_overlap": 1_800}),
        (1_800, {"paid": 1_800}, {"unpaid_overlap": 1_800}),
        (1_801, {"paid": 1_800}, {"paid": 1, "unpaid_overlap": 1_799}),
        (3_600, {"paid": 1_800}, {"paid": 1_800}),
        (36_000, {"paid": 1_800}, {"paid": 1_800}),
    ],
    ids=[
        "none is granted",
        "a second less than the first provider used",
        "just what the first provider used",
        "a second more",
        "enough for both",
        "more than enough",
    ],
)
def test_R5_what_one_provider_used_of_a_grant_placed_with_two_is_used_for_the_other(
    double: int, of_p: dict[str, int], of_q: dict[str, int]
) -> None:
    judgement = two(double, *HALVES)
    assert fates_of(judgement, "in 08:00 c2") == of_p
    assert fates_of(judgement, "in 12:00 d2") == of_q
    assert fates_of(judgement, "in 08:00") == fates_of(judgement, "in 12:00 d") == {"paid": 1_800}


def test_R5_D12_the_provider_whose_second_caregiver_is_not_paid_is_told_so() -> None:
    (told,) = found(two(1_800, *HALVES), "D12")
    assert (told.found.provider_id, told.found.facts["seconds"]) == ("q", 1_800)


def test_R5_a_grant_that_passes_from_one_provider_to_another_is_there_for_each_in_its_days() -> None:
    """14 of February's 28 days each: half of 3,600 s for either."""
    day, orders = date(2014, 2, 15), [an_order(valid_before=date(2014, 2, 15))]
    later = [
        *a_stay("2014-02-20T12:00:00+01:00", "2014-02-20T12:30:01+01:00", caregiver="d", id="x"),
        *a_stay("2014-02-20T12:00:00+01:00", "2014-02-20T12:30:01+01:00", caregiver="d2", id="y"),
    ]
    grant = a_grant(granted_seconds=36_000, double_staffed_seconds=3_600)
    judgement = judged(*Q, grant, *orders, an_order("q's", provider="q", valid_from=day), *MORNING, *later)
    assert fates_of(judgement, "in 08:00 c2") == {"paid": 1_800}
    assert fates_of(judgement, "y") == {"paid": 1_800, "unpaid_overlap": 1}


def test_R5_a_provider_uses_what_is_its_own_before_what_it_shares() -> None:
    """`p` has a grant of its own beside its half: half an hour of that, and the shared half hour is left for `q`."""
    own = [
        a_grant("own", granted_seconds=3_600, double_staffed_seconds=1_800),
        an_order("own", grant_id="own"),
    ]
    assert fates(two(1_800, *HALVES, *own)) == {"paid": 7_200}


def test_R5_grants_of_two_customers_know_nothing_of_each_other() -> None:
    other = [
        a_grant(customer="k2", granted_seconds=36_000, double_staffed_seconds=1_800),
        *a_stay("10:00", "10:30", door="k2"),
        *a_stay("10:00", "10:30", door="k2", caregiver="c2"),
    ]
    judgement = two(1_800, *HALVES, *other)
    assert fates_of(judgement, "in 10:00 c2") == {"paid": 1_800}
