"""D14: the next stay sooner than the distance allows. Both sides of each border, and what is no journey at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from app.rules.deviations import at_travels
from app.rules.deviations.judge import judge_visits
from app.rules.deviations.setting import known_facts, lay_out, visits_of
from app.rules.deviations.values import Effect
from app.rules.people import Customer, Position, Protection
from app.rules.visits.distance import metres_between
from app.rules.visits.values import HouseholdShare, Stay, stay_of
from tests.rules.builders import (
    LATER,
    a_check_in,
    a_check_out,
    a_correction,
    a_customer,
    a_policy,
    a_tag,
    at,
    effect_of,
    found,
    judged,
    seconds_after,
    some_facts,
    the_deviation,
)

HOME = Position(lat_e6=59_000_000, lon_e6=18_000_000)


def north(metres: int) -> Position:
    """So many metres north of home."""
    return Position(lat_e6=59_000_000 + -(-metres * 1_000_000 // 111_195), lon_e6=18_000_000)


def living(metres: int, *, id: str = "k2", **more: Any) -> Customer:
    """Another customer, so far from `k`."""
    return a_customer(id, position=north(metres), **more)


AT_HOME = a_customer("k", position=HOME)


def two_stays(gap: int, **more: Any) -> list[Any]:
    """An hour at `k`, and so many seconds later an hour at `k2`, by the same caregiver."""
    begun = seconds_after("09:00", gap)
    return [
        a_check_in("08:00"),
        a_check_out("09:00", names="in 08:00"),
        a_check_in(begun, id="next", door="k2", **more),
        a_check_out(seconds_after(begun, 3_600), id="next out", names="next", door="k2"),
    ]


def travelled(*told: Any, now: str = LATER) -> list[str]:
    """The visits that a D14 is about."""
    return [one.found.subject.id for one in found(judged(*told, now=now), "D14")]


@pytest.mark.parametrize(
    ("metres", "gap", "implausible"),
    [
        pytest.param(13_000, 361, False, id="13 km a second slower than 130 km/h"),
        pytest.param(13_000, 360, False, id="13 km at 130 km/h"),
        pytest.param(13_000, 359, True, id="13 km a second faster"),
        pytest.param(12_999, 360, False, id="a metre less"),
        pytest.param(13_001, 360, True, id="a metre more"),
        pytest.param(200, 0, False, id="200 m at once: near is no journey"),
        pytest.param(201, 0, True, id="201 m at once"),
        pytest.param(199, 0, False, id="199 m at once"),
    ],
)
def test_D14_sooner_than_130_km_an_hour_allows(metres: int, gap: int, implausible: bool) -> None:
    assert metres_between(HOME, north(metres)) == metres
    assert travelled(AT_HOME, living(metres), *two_stays(gap)) == (["next"] if implausible else [])


@pytest.mark.parametrize(("gap", "implausible"), [(86_399, True), (86_400, False), (86_401, False)])
def test_D14_a_day_or_more_between_two_stays_is_no_journey(gap: int, implausible: bool) -> None:
    slow = a_policy("implausible_travel_km_per_hour", 1)
    assert travelled(AT_HOME, living(30_000), slow, *two_stays(gap)) == (["next"] if implausible else [])


def test_D14_tells_which_stay_it_was_how_far_and_by_which_policy_and_only_informs() -> None:
    judgement = judged(AT_HOME, living(13_000), *two_stays(300))
    deviation = the_deviation(judgement, "D14")

    assert effect_of(judgement, "D14") == (Effect.INFORMATION, False)
    assert (deviation.found.period, deviation.found.customer_id) == ("2014-02", "k2")
    assert deviation.found.facts == {
        "visit_ids": ["in 08:00"],
        "left_at": "2014-02-03T08:00:00Z",
        "arrived_at": "2014-02-03T08:05:00Z",
        "between_seconds": 300,
        "distance_metres": 13_000,
        "expected": {"least_seconds": 360},
        "policies": [
            {"name": "implausible_travel_km_per_hour", "value": 130, "on": "2014-02-03", "valid_from": None},
            {"name": "position_near_metres", "value": 200, "on": "2014-02-03", "valid_from": None},
        ],
    }


def test_D14_east_counts_as_well_as_north() -> None:
    """At 60° north a degree of longitude is half as long as at the equator."""
    east = Position(lat_e6=60_000_000, lon_e6=19_000_000)
    west = Position(lat_e6=60_000_000, lon_e6=18_000_000)
    assert abs(metres_between(east, west) - 55_597) < 56
    facts = (a_customer("k", position=west), a_customer("k2", position=east))
    assert travelled(*facts, *two_stays(1_500)) == ["next"]
    assert travelled(*facts, *two_stays(1_545)) == []


FAR = living(50_000)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([AT_HOME, a_customer("k2")], id="nobody knows where the next lives"),
        pytest.param([a_customer("k"), FAR], id="nobody knows where the first lives"),
        pytest.param([AT_HOME, replace(FAR, protection=Protection.CONFIDENTIAL)], id="the next is protected"),
        pytest.param([replace(AT_HOME, protection=Protection.FICTITIOUS), FAR], id="the first is protected"),
        pytest.param(
            [AT_HOME, FAR, a_customer("k2", version=2, protection=Protection.CONFIDENTIAL, recorded_at=at(LATER))],
            id="protected by now",
        ),
        pytest.param([AT_HOME, FAR, a_correction("in 08:00", void=True)], id="the first stay is void"),
        pytest.param([AT_HOME, FAR, a_correction("next", void=True)], id="the next stay is void"),
    ],
)
def test_D14_is_not_found_where_a_home_is_not_known_or_hidden_or_a_stay_is_void(told: list[Any]) -> None:
    assert travelled(AT_HOME, FAR, *two_stays(60)) == ["next"]
    assert travelled(*told, *two_stays(60)) == []


def test_D14_A4_who_was_protected_then_has_no_journeys_of_then() -> None:
    """Not even where a file states a position for the protected."""
    then = replace(FAR, protection=Protection.CONFIDENTIAL)
    now = living(50_000, version=2, recorded_at=at(LATER))
    assert travelled(AT_HOME, then, now, *two_stays(60)) == []


def test_D14_a_move_changes_no_journey_that_was_made() -> None:
    moved = living(100, version=2, recorded_at=at("2014-02-10T09:00:00+01:00"))
    assert travelled(AT_HOME, FAR, moved, *two_stays(60)) == ["next"]
    came = living(50_000, version=2, recorded_at=at("2014-02-10T09:00:00+01:00"))
    assert travelled(AT_HOME, living(100), came, *two_stays(60)) == []


def test_D14_before_anybody_knew_the_customer_the_first_that_was_known_holds() -> None:
    late = living(50_000, recorded_at=at("2014-02-10T09:00:00+01:00"))
    assert travelled(AT_HOME, late, *two_stays(60)) == ["next"]


def test_D14_of_parts_of_one_household_there_is_none() -> None:
    """V12: who was at both was at the same home, whatever the register says of where each lives."""
    shares = (HouseholdShare(customer_id="k2"), HouseholdShare(customer_id="k"))
    assert travelled(AT_HOME, FAR, *two_stays(60, household=shares)) == []


def test_D14_overlapping_stays_are_told_by_D11_alone() -> None:
    stays = [
        a_check_in("08:00"),
        a_check_in("08:30", id="next", door="k2"),
        a_check_out("09:00", names="in 08:00"),
        a_check_out("10:00", names="next", door="k2"),
    ]
    judgement = judged(AT_HOME, FAR, *stays)
    assert [one.found.subject.id for one in found(judgement, "D11")] == ["next"]
    assert found(judgement, "D14") == []


def test_D14_a_stay_that_touches_the_one_before_elsewhere_is_no_overlap_but_a_journey_in_no_time() -> None:
    judgement = judged(AT_HOME, FAR, *two_stays(0))
    assert found(judgement, "D11") == []
    assert the_deviation(judgement, "D14").found.facts["between_seconds"] == 0


def test_D14_a_half_visit_is_known_at_its_one_end() -> None:
    """V4: nobody invents how long it lasted; but a minute before, the caregiver was there."""
    left_open = [a_check_in("08:00"), a_check_in("08:01", id="next", door="k2"), a_check_out("09:00", door="k2")]
    assert travelled(AT_HOME, FAR, *left_open) == ["next"]
    assert travelled(AT_HOME, FAR, *left_open[:2]) == ["next"]
    never_begun = [a_check_out("08:00"), a_check_in("08:01", id="next", door="k2"), a_check_out("09:00", door="k2")]
    assert travelled(AT_HOME, FAR, *never_begun) == ["next"]


def test_D14_each_caregiver_travels_alone() -> None:
    first, last = two_stays(60)[:2], two_stays(60, caregiver="c2")[2:]
    assert travelled(AT_HOME, FAR, *first, last[0], replace(last[1], caregiver_id="c2")) == []


def test_D14_a_correction_that_moves_the_next_stay_away_takes_it_along() -> None:
    later = a_correction("next", starts_at="09:30")
    assert travelled(AT_HOME, FAR, later, *two_stays(60)) == []
    pending = a_correction("next", starts_at="09:30", approved=None)
    assert travelled(AT_HOME, FAR, pending, *two_stays(60)) == ["next"]


def test_D14_is_held_against_the_stay_begun_just_before_and_no_other() -> None:
    between = [a_check_in("09:10", door="k3"), a_check_out("09:20", names="in 09:10", door="k3")]
    third = living(0, id="k3")
    stays = two_stays(1_500)
    assert travelled(AT_HOME, FAR, *stays) == []
    assert travelled(AT_HOME, FAR, third, a_tag(customer="k3"), *stays, *between) == ["next"]


def test_D14_is_of_the_month_in_which_the_next_stay_began() -> None:
    midnight = "2014-02-28T23:59:00+01:00"
    stays = [
        a_check_in("2014-02-28T23:00:00+01:00", id="first"),
        a_check_out(midnight, id="first out", names="first"),
        a_check_in("2014-03-01T00:00:00+01:00", id="next", door="k2"),
        a_check_out("2014-03-01T00:30:00+01:00", id="next out", names="next", door="k2"),
    ]
    assert the_deviation(judged(AT_HOME, FAR, *stays), "D14").found.period == "2014-03"


def beside(stays: Iterable[Stay], visit_id: str) -> tuple[Stay, ...]:
    """Every stay but one, as the store brings those of other customers."""
    return tuple(one for one in stays if one.id != visit_id)


def test_D14_one_visit_judged_beside_the_stays_of_others_has_the_same_as_judged_with_them() -> None:
    facts = known_facts(some_facts(AT_HOME, FAR, *two_stays(60)), at(LATER))
    setting = lay_out(facts, at(LATER))
    visits = visits_of(setting)
    whole = [one.found for one in judge_visits(visits, setting, ()).deviations if one.found.rule == "D14"]
    stays = [stay_of(one) for one in visits]
    alone = lay_out(replace(facts, stays=beside(stays, "next")), at(LATER))
    told = at_travels.find([one for one in visits if one.id == "next"], alone)
    assert told == whole != []
    assert at_travels.find([one for one in visits if one.id != "next"], alone) == []
    assert at_travels.following(stays, {"in 08:00"}) == {"next"}
    assert at_travels.following(stays, {"next"}) == frozenset()
