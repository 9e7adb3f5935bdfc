"""V12: a stay in a household, divided between its customers. V15: a stay of two services. T5: where they are split."""

from __future__ import annotations

import pytest

from app.rules.deviations.judge import judge
from app.rules.providers import Service
from app.rules.rates import Band, Window
from app.rules.tags import Method, Place
from app.rules.time import Interval, format_instant
from app.rules.visits.parts import parts_of
from app.rules.visits.values import HouseholdShare, Part, VisitState
from tests.rules.builders import (
    LATER,
    a_change,
    a_check_in,
    a_check_out,
    a_customer,
    a_grant,
    a_rate,
    an_order,
    at,
    found,
    judged,
    rules_of,
    some_facts,
    the_visit,
    visits,
)

BOTH = (HouseholdShare(customer_id="k"), HouseholdShare(customer_id="k2"))
HOME_CARE = (Service.PERSONAL_CARE, Service.HOUSEHOLD)


def parts(*told: object) -> tuple[Part, ...]:
    """The parts of the only visit."""
    judgement = judge(some_facts(*told), at(LATER), ())
    (visit,) = judgement.visits
    return parts_of(visit, judgement.setting.around)


def shares(**customers: int) -> tuple[HouseholdShare, ...]:
    """Shares by customer, in the order named."""
    return tuple(HouseholdShare(customer_id=key, share=share) for key, share in customers.items())


def seconds_by_customer(found_parts: tuple[Part, ...]) -> dict[str | None, int]:
    """Whole seconds of each customer."""
    sums: dict[str | None, int] = {}
    for part in found_parts:
        sums[part.customer_id] = sums.get(part.customer_id, 0) + part.seconds
    return sums


@pytest.mark.parametrize(
    ("household", "ends", "seconds"),
    [
        pytest.param(BOTH, "09:00", {"k": 1800, "k2": 1800}, id="two, equal by default"),
        pytest.param(BOTH, "08:59:59", {"k": 1800, "k2": 1799}, id="the odd second to the first named"),
        pytest.param(BOTH[::-1], "08:59:59", {"k2": 1800, "k": 1799}, id="the first named, not the first by id"),
        pytest.param(shares(k=2, k2=1), "09:00", {"k": 2400, "k2": 1200}, id="by the shares given"),
        pytest.param(shares(k=1, k2=2), "08:00:10", {"k": 4, "k2": 6}, id="the odd second to the smaller share too"),
        pytest.param(
            shares(k=1, k2=1, k3=1), "08:00:11", {"k": 5, "k2": 3, "k3": 3}, id="both odd seconds to the first"
        ),
        pytest.param(BOTH, "08:00:01", {"k": 1}, id="a single second"),
        pytest.param(shares(k=1, k2=999_999), "08:00:01", {"k": 1}, id="a single second, the first a millionth"),
        pytest.param(BOTH, "08:00", {}, id="no time at all"),
        pytest.param(BOTH[:1], "09:00", {"k": 3600}, id="a household of one"),
    ],
)
def test_V12_a_stay_is_divided_in_whole_seconds_by_shares(
    household: tuple[HouseholdShare, ...], ends: str, seconds: dict[str, int]
) -> None:
    found_parts = parts(a_check_in("08:00", id="a", household=household), a_check_out(ends, id="b"), a_customer("k3"))

    assert seconds_by_customer(found_parts) == seconds


def test_V12_the_parts_sum_to_the_stay_and_are_no_overlap_of_each_other() -> None:
    """Though both customers have a grant that knows no double staffing."""
    judgement = judged(a_check_in("08:00", household=BOTH), a_check_out("09:00"))
    first, second = judgement.account.stretches

    assert Interval(first.start, first.end).overlap(Interval(second.start, second.end)) is None
    assert first.seconds + second.seconds == 3600
    assert rules_of(judgement) == set()


def test_V12_each_part_is_its_customers_under_its_order() -> None:
    found_parts = parts(a_check_in("08:00", household=BOTH), a_check_out("09:00"))

    assert [(one.customer_id, one.order_id) for one in found_parts] == [("k", "order k"), ("k2", "order k2")]


def test_V12_every_piece_of_the_stay_is_divided() -> None:
    """T5: 3 s before midnight and 3 s after it are 2 + 1 and 2 + 1, not 3 + 3."""
    told = (a_check_in("2014-02-28T23:59:57+01:00", household=BOTH), a_check_out("2014-03-01T00:00:03+01:00"))
    judgement = judged(*told)

    assert [(one.customer_id, one.month, one.seconds) for one in judgement.account.stretches] == [
        ("k", "2014-02", 2),
        ("k2", "2014-02", 1),
        ("k", "2014-03", 2),
        ("k2", "2014-03", 1),
    ]


def test_V12_every_piece_between_two_prices_is_divided() -> None:
    """R4: a band begins at 08:30, and each customer has half of either side of it."""
    day = Band(name="day", windows=(Window(weekdays=(1,), start_minute=510, before_minute=1440),))
    morning = Band(name="morning", windows=(Window(weekdays=(1,), start_minute=0, before_minute=510),))
    rates = [a_rate(id=band.name, band=band) for band in (day, morning)]
    judgement = judged(a_check_in("08:00", household=BOTH), a_check_out("09:00"), *rates, without=[type(rates[0])])

    assert [(one.customer_id, one.rate and one.rate.id, one.seconds) for one in judgement.account.stretches] == [
        ("k", "morning", 900),
        ("k2", "morning", 900),
        ("k", "day", 900),
        ("k2", "day", 900),
    ]


def test_V12_the_tag_of_either_customer_is_the_right_one() -> None:
    judgement = judged(a_check_in("08:00", household=BOTH), a_check_out("09:00", door="k2", names="in 08:00"))

    assert not found(judgement, "D10")


@pytest.mark.parametrize("household_at", ["check-in", "check-out"])
def test_V12_a_check_out_at_the_other_customers_tag_closes_the_stay(household_at: str) -> None:
    """V4: the open visit at its customer, who is one of the household."""
    told = {household_at: BOTH}
    visit = the_visit(
        a_check_in("08:00", household=told.get("check-in", ())),
        a_check_out("09:00", door="k2", household=told.get("check-out", ())),
    )

    assert (visit.state, visit.performed_seconds, visit.household) == (VisitState.COMPLETE, 3600, BOTH)


def test_V12_a_check_out_at_a_customer_outside_the_household_closes_nothing() -> None:
    told = (
        a_check_in("08:00", household=(*BOTH[:1], HouseholdShare(customer_id="k3"))),
        a_check_out("09:00", door="k2"),
    )

    assert [one.state for one in visits(*told, a_customer("k3")).values()] == [
        VisitState.NO_CHECK_OUT,
        VisitState.NO_CHECK_IN,
    ]


def test_V12_a_customer_without_order_has_D13_for_that_part_alone() -> None:
    judgement = judged(
        a_check_in("08:00", household=shares(k=2, k2=1)),
        a_check_out("09:00"),
        an_order(customer="k"),
        without=[type(an_order())],
    )
    (deviation,) = found(judgement, "D13")

    assert (deviation.found.facts["seconds"], deviation.found.customer_id) == (1200, "k2")


SPLIT = a_change("08:20", Service.HOUSEHOLD)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([], [("personal_care", 3600)], id="none"),
        pytest.param([SPLIT], [("personal_care", 1200), ("household", 2400)], id="one, at its second"),
        pytest.param(
            [SPLIT, a_change("08:50", Service.PERSONAL_CARE)],
            [("personal_care", 1200), ("household", 1800), ("personal_care", 600)],
            id="there and back",
        ),
        pytest.param(
            [a_change("08:00:01", Service.HOUSEHOLD)], [("personal_care", 1), ("household", 3599)], id="after a second"
        ),
        pytest.param(
            [a_change("08:59:59", Service.HOUSEHOLD)], [("personal_care", 3599), ("household", 1)], id="in the last"
        ),
        pytest.param(
            [a_change("08:00", Service.HOUSEHOLD, id="z")], [("household", 3600)], id="at the start, after the check-in"
        ),
        pytest.param([a_change("08:20", Service.PERSONAL_CARE)], [("personal_care", 3600)], id="to the same service"),
        pytest.param(
            [a_change("08:20", Service.HOUSEHOLD, id="a"), a_change("08:20", Service.PERSONAL_CARE, id="b")],
            [("personal_care", 3600)],
            id="two at one second: the higher id",
        ),
        pytest.param(
            [a_change("08:20", Service.HOUSEHOLD, names="in")],
            [("personal_care", 1200), ("household", 2400)],
            id="by name",
        ),
        pytest.param(
            [a_change("07:59:59", Service.HOUSEHOLD)], [("personal_care", 3600)], id="outside: a second before"
        ),
        pytest.param(
            [a_change("09:00", Service.HOUSEHOLD, names="in")], [("personal_care", 3600)], id="outside: at the end"
        ),
        pytest.param(
            [a_change("09:00:01", Service.HOUSEHOLD)], [("personal_care", 3600)], id="outside: a second after"
        ),
        pytest.param(
            [a_change("08:20", Service.HOUSEHOLD, names="no such visit")],
            [("personal_care", 3600)],
            id="of a visit not there",
        ),
        pytest.param(
            [a_change("08:20", Service.HOUSEHOLD, caregiver="c2")], [("personal_care", 3600)], id="by another caregiver"
        ),
    ],
)
def test_V15_a_change_of_service_divides_the_stay(changes: list[object], expected: list[tuple[str, int]]) -> None:
    told = (
        a_check_in("08:00", id="in", service=Service.PERSONAL_CARE),
        a_check_out("09:00"),
        a_grant(services=HOME_CARE),
    )
    found_parts = parts(*told, *changes)

    assert [(str(one.service), one.seconds) for one in found_parts] == expected


def test_V15_it_is_one_stay_and_two_services() -> None:
    told = (a_check_in("08:00"), SPLIT, a_check_out("09:00"), a_grant(services=HOME_CARE), a_rate(Service.HOUSEHOLD))
    judgement = judged(*told)
    (visit,) = judgement.visits

    assert (visit.performed_seconds, visit.registration_ids) == (3600, ("in 08:00", "change 08:20", "out 09:00"))
    assert rules_of(judgement) == set()


def test_V15_a_change_in_a_household_divides_both_services() -> None:
    told = (a_grant(services=HOME_CARE), a_grant(customer="k2", services=HOME_CARE))
    found_parts = parts(
        a_check_in("08:00", household=BOTH), a_change("08:00:05", Service.HOUSEHOLD), a_check_out("08:00:10"), *told
    )

    assert [(one.customer_id, str(one.service), one.seconds) for one in found_parts] == [
        ("k", "personal_care", 3),
        ("k2", "personal_care", 2),
        ("k", "household", 3),
        ("k2", "household", 2),
    ]


def test_V15_a_corrected_end_leaves_out_a_change_behind_it() -> None:
    from tests.rules.builders import a_correction

    told = (a_check_in("08:00"), SPLIT, a_check_out("09:00"), a_correction(ends_at="08:20"))

    assert [(str(one.service), one.seconds) for one in parts(*told)] == [("personal_care", 1200)]


def test_V12_a_half_visit_has_no_parts() -> None:
    assert parts(a_check_in("08:00", household=BOTH)) == ()


@pytest.mark.parametrize(
    ("starts", "ends", "pieces"),
    [
        pytest.param(
            "2014-02-28T23:30:00+01:00",
            "2014-03-01T00:30:00+01:00",
            [("2014-02", 1800), ("2014-03", 1800)],
            id="a month's end",
        ),
        pytest.param(
            "2014-02-28T23:30:00+01:00", "2014-03-01T00:00:00+01:00", [("2014-02", 1800)], id="until a month's end"
        ),
        pytest.param(
            "2014-02-28T23:30:00+01:00",
            "2014-03-01T00:00:01+01:00",
            [("2014-02", 1800), ("2014-03", 1)],
            id="a second into the next month",
        ),
        pytest.param(
            "2014-10-26T02:10:00+02:00", "2014-10-26T02:25:00+01:00", [("2014-10", 4500)], id="the clock goes back"
        ),
        pytest.param(
            "2014-03-30T01:50:00+01:00", "2014-03-30T03:05:00+02:00", [("2014-03", 900)], id="the clock goes forward"
        ),
        pytest.param(
            "2016-02-28T23:59:00+01:00",
            "2016-02-29T00:01:00+01:00",
            [("2016-02", 60), ("2016-02", 60)],
            id="into a leap day",
        ),
    ],
)
def test_T5_a_visit_is_split_where_its_day_and_month_end(starts: str, ends: str, pieces: list[tuple[str, int]]) -> None:
    """FAULTS 27, 28. The visit itself stays whole."""
    judgement = judged(a_check_in(starts), a_check_out(ends), now="2016-04-01T00:00:00+02:00")

    assert [(one.month, one.seconds) for one in judgement.account.stretches] == pieces
    assert [visit.performed_seconds for visit in judgement.visits] == [sum(seconds for _, seconds in pieces)]


def test_V12_a_place_read_by_hand_says_nothing_against_a_household() -> None:
    by_uid = Place(method=Method.NFC, text="tag k2")
    judgement = judged(a_check_in("08:00", household=BOTH, place=by_uid), a_check_out("09:00"))

    assert judgement.visits[0].customer_id == "k2"
    assert rules_of(judgement) == set()
    assert format_instant(judgement.account.stretches[0].start) == "2014-02-03T07:00:00Z"
