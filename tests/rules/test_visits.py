"""V1–V6: what the registrations of one stay add up to."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from app.rules.providers import Service
from app.rules.refusal import Kind, Refused
from app.rules.tags import ManualReason, Method, Place
from app.rules.visits.values import VisitState
from tests.rules.builders import (
    a_caregiver,
    a_check_in,
    a_check_out,
    a_grant,
    a_planned_visit,
    a_policy,
    a_provider,
    an_order,
    at,
    by_hand,
    found,
    judged,
    resolved,
    rules_of,
    seconds_after,
    the_deviation,
    the_visit,
    visits,
)

OPEN, COMPLETE = VisitState.OPEN, VisitState.COMPLETE
NO_CHECK_OUT, NO_CHECK_IN = VisitState.NO_CHECK_OUT, VisitState.NO_CHECK_IN
NOWHERE = Place(method=Method.MANUAL, reason=ManualReason.TAG_MISSING)
"""By hand, and no customer told."""


# V1, V3: recorded first, judged later


def test_V1_strange_registrations_are_recorded_and_become_deviations() -> None:
    """A wrong tag, no order, an overlap and a strange clock, all in one day."""
    judgement = judged(
        a_check_in("08:00", door="nobody's", customer_id="k"),
        a_check_out("09:00", names="in 08:00"),
        a_check_in("08:30", id="in overlap", door="k2", caregiver="c"),
        a_check_out("09:30", names="in overlap", door="k2", received="2014-02-03T15:00:00+01:00"),
        without=[type(an_order())],
    )

    assert {visit.id for visit in judgement.visits} == {"in 08:00", "in overlap"}
    assert {"D10", "D13"} <= rules_of(judgement)
    assert {"D11", "D13", "D16"} <= rules_of(judgement, "in overlap")


def test_V1_a_caregiver_who_is_not_known_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        resolved(a_check_in(caregiver="nobody"))

    assert (refusal.value.rule, refusal.value.kind, refusal.value.pointer) == ("V1", Kind.INVALID, "/caregiver_id")


def test_V1_a_plan_and_a_customer_that_are_not_known_are_left_out_of_account() -> None:
    visit = the_visit(a_check_in(planned_visit_id="no such plan"), a_check_out())

    assert (visit.customer_id, visit.planned_visit_id) == ("k", None)


def test_V3_a_manual_registration_that_states_a_time_has_that_time() -> None:
    judgement = judged(
        a_check_in("10:00", id="in", place=by_hand(), customer_id="k", stated="08:00"), a_check_out("09:00", id="out")
    )
    (visit,) = judgement.visits

    assert (visit.starts_at, visit.performed_seconds, visit.evidence_grade) == (at("08:00"), 3600, 0)
    assert "D9" in rules_of(judgement, "in")
    assert "D16" not in rules_of(judgement, "in")


@pytest.mark.parametrize(
    ("stated", "extra"), [pytest.param("08:00", set(), id="stated"), pytest.param(None, {"D16"}, id="not stated")]
)
def test_V3_a_stated_time_needs_no_clock_evidence(stated: str | None, extra: set[str]) -> None:
    """Both are received an hour after they were made, without evidence; only the stated one has no D16."""
    told = a_check_in("08:00", place=by_hand(), customer_id="k", received="09:30", stated=stated)

    assert rules_of(judged(told, a_check_out("09:00"))) == {"D9"} | extra


# V4: the check-in begins, the check-out closes


def test_V4_a_visit_has_the_id_of_the_registration_that_began_it() -> None:
    visit = the_visit(a_check_in("08:00"), a_check_out("08:47:20"))

    assert (visit.id, visit.state, visit.performed_seconds) == ("in 08:00", COMPLETE, 2_840)
    assert visit.registration_ids == ("in 08:00", "out 08:47:20")


def test_V4_a_check_out_closes_the_visit_it_names() -> None:
    """Also where its own customer is another's."""
    visit = the_visit(a_check_in("08:00"), a_check_out("09:00", names="in 08:00", door="k2"))

    assert (visit.state, visit.ends_at, visit.customer_id) == (COMPLETE, at("09:00"), "k")


def test_V4_a_check_out_that_names_none_closes_the_open_visit_at_its_customer() -> None:
    assert the_visit(a_check_in("08:00"), a_check_out("09:00")).state is COMPLETE


def test_V4_a_check_out_at_another_customer_closes_nothing() -> None:
    found_visits = visits(a_check_in("08:00"), a_check_out("09:00", door="k2"))

    assert {key: one.state for key, one in found_visits.items()} == {
        "in 08:00": NO_CHECK_OUT,
        "out 09:00": NO_CHECK_IN,
    }


def test_V4_a_check_out_of_another_caregiver_closes_nothing() -> None:
    found_visits = visits(a_check_in("08:00"), a_check_out("09:00", caregiver="c2"))

    assert {one.state for one in found_visits.values()} == {NO_CHECK_OUT, NO_CHECK_IN}


def test_V4_a_check_out_without_customer_closes_the_open_visit_with_D10() -> None:
    judgement = judged(a_check_in("08:00"), a_check_out("09:00", place=NOWHERE))

    assert judgement.visits[0].state is COMPLETE
    assert {"D9", "D10"} <= rules_of(judgement)


def test_V4_a_check_out_without_customer_that_names_its_visit_has_no_D10() -> None:
    judgement = judged(a_check_in("08:00"), a_check_out("09:00", place=NOWHERE, names="in 08:00"))

    assert judgement.visits[0].state is COMPLETE
    assert "D10" not in rules_of(judgement)


@pytest.mark.parametrize(
    ("seconds", "states"),
    [
        pytest.param(43_199, [COMPLETE], id="a second less than 12 h ago"),
        pytest.param(43_200, [COMPLETE], id="12 h ago"),
        pytest.param(43_201, [NO_CHECK_OUT, NO_CHECK_IN], id="a second more"),
    ],
)
def test_V4_a_check_out_that_names_none_closes_what_began_no_longer_ago_than_the_longest_stay(
    seconds: int, states: list[VisitState]
) -> None:
    found_visits = visits(a_check_in("08:00"), a_check_out(seconds_after("08:00", seconds), id="out"))

    assert [one.state for one in found_visits.values()] == states


@pytest.mark.parametrize("service", [Service.ESCORT, Service.RESPITE])
@pytest.mark.parametrize(
    ("seconds", "states"), [(259_199, [COMPLETE]), (259_200, [COMPLETE]), (259_201, [NO_CHECK_OUT, NO_CHECK_IN])]
)
def test_V4_escort_and_respite_may_last_72_hours(service: Service, seconds: int, states: list[VisitState]) -> None:
    told = (a_check_in("08:00", service=service), a_check_out(seconds_after("08:00", seconds), id="out"))

    assert [one.state for one in visits(*told).values()] == states


@pytest.mark.parametrize("seconds", [43_201, 259_200])
def test_V4_the_longest_stay_is_that_of_the_planned_or_ordered_service(seconds: int) -> None:
    """The check-in tells no service; V14 finds it by the plan, or by the only order."""
    told = (a_check_in("08:00"), a_check_out(seconds_after("08:00", seconds), id="out"))

    assert len(visits(*told, a_planned_visit(service=Service.RESPITE))) == 1
    assert len(visits(*told, a_grant(services=(Service.RESPITE,)))) == 1
    assert len(visits(*told)) == 2


@pytest.mark.parametrize(("seconds", "number"), [(3600, 1), (3601, 2)])
def test_V4_the_longest_stay_is_a_policy(seconds: int, number: int) -> None:
    told = (a_check_in("08:00"), a_check_out(seconds_after("08:00", seconds), id="out"))

    assert len(visits(*told, a_policy("longest_stay_seconds", 3600))) == number


@pytest.mark.parametrize(
    ("when", "number"),
    [
        pytest.param("07:59:59", 2, id="a second before the start"),
        pytest.param("08:00", 1, id="at the start"),
        pytest.param("08:00:01", 1, id="a second after"),
    ],
)
def test_V4_a_check_out_before_the_start_it_names_makes_a_half_visit(when: str, number: int) -> None:
    found_visits = visits(a_check_in("08:00"), a_check_out(when, id="a", names="in 08:00"))

    assert len(found_visits) == number
    assert found_visits["in 08:00"].state is (COMPLETE if number == 1 else NO_CHECK_OUT)
    assert ("a" in found_visits) is (number == 2)


def test_V4_a_check_out_with_nothing_to_close_makes_a_half_visit_with_its_own_id() -> None:
    visit = the_visit(a_check_out("09:00"))

    assert (visit.id, visit.state, visit.starts_at, visit.ends_at) == ("out 09:00", NO_CHECK_IN, None, at("09:00"))
    assert visit.performed_seconds is None


def test_V4_a_check_out_that_names_a_visit_that_is_not_there_makes_a_half_visit() -> None:
    assert the_visit(a_check_out("09:00", names="no such visit")).state is NO_CHECK_IN


def test_V4_of_several_check_outs_for_one_visit_the_earliest_counts() -> None:
    """FAULTS 16: the others are kept, and make no visit."""
    told = (a_check_in("08:00"), *(a_check_out(when, names="in 08:00") for when in ("09:30", "09:00", "09:15")))
    visit = the_visit(*told)

    assert visit.ends_at == at("09:00")
    assert visit.registration_ids == ("in 08:00", "out 09:00", "out 09:15", "out 09:30")


@pytest.mark.parametrize("order", list(itertools.permutations(("a", "b", "c"))))
def test_V4_of_check_outs_at_one_second_the_lowest_id_counts(order: tuple[str, ...]) -> None:
    visit = the_visit(a_check_in("08:00"), *(a_check_out("09:00", id=one, names="in 08:00") for one in order))

    assert visit.check_out is not None
    assert visit.check_out.registration_id == "a"


def test_V4_a_check_out_that_names_a_closed_visit_is_kept_though_the_first_named_none() -> None:
    visit = the_visit(a_check_in("08:00"), a_check_out("09:00"), a_check_out("09:05", names="in 08:00"))

    assert (visit.ends_at, len(visit.registration_ids)) == (at("09:00"), 3)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        pytest.param("2014-02-03T20:00:00+01:00", OPEN, id="12 h after the start"),
        pytest.param("2014-02-03T20:00:01+01:00", NO_CHECK_OUT, id="a second later"),
    ],
)
def test_V4_a_check_in_never_closed_stays_a_half_visit(now: str, state: VisitState) -> None:
    """FAULTS 19: no end is ever invented."""
    visit = the_visit(a_check_in("08:00"), now=now)

    assert (visit.state, visit.ends_at, visit.performed_seconds) == (state, None, None)


def test_V4_a_visit_closed_by_name_after_the_longest_stay_keeps_its_D7() -> None:
    judgement = judged(a_check_in("08:00"), a_check_out("2014-02-03T20:00:01+01:00", id="out", names="in 08:00"))

    assert judgement.visits[0].state is COMPLETE
    assert the_deviation(judgement, "D7").found.facts["cause"] == "closed_late"


def test_V4_a_visit_that_lasts_no_time_is_whole() -> None:
    visit = the_visit(a_check_in("08:00", id="a"), a_check_out("08:00", id="b"))

    assert (visit.state, visit.performed_seconds) == (COMPLETE, 0)


# V5: a pure function


def test_V5_registrations_are_folded_in_the_order_of_time_and_id() -> None:
    """The check-out has the lower id at the second of the check-in: it comes first, and finds nothing to close."""
    found_visits = visits(a_check_in("08:00", id="b"), a_check_out("08:00", id="a"))

    assert {key: one.state for key, one in found_visits.items()} == {"a": NO_CHECK_IN, "b": NO_CHECK_OUT}


def test_V5_a_check_out_that_arrives_before_its_check_in_is_paired_when_that_comes() -> None:
    """FAULTS 5."""
    check_in, check_out = a_check_in("08:00", received="12:00"), a_check_out("09:00")

    assert the_visit(check_out).state is NO_CHECK_IN
    assert the_visit(check_out, check_in).state is COMPLETE


def test_V5_a_registration_sent_again_adds_nothing() -> None:
    """FAULTS 1, V2."""
    told = (a_check_in("08:00"), a_check_out("09:00"))

    assert visits(*told, *told, told[1]) == visits(*told)


@pytest.mark.parametrize(
    ("recorded", "provider"),
    [
        pytest.param("2014-02-03T07:59:59+01:00", "p", id="recorded a second before the caregiver changed provider"),
        pytest.param("2014-02-03T08:00:00+01:00", "q", id="recorded as the change was"),
    ],
)
def test_V5_the_provider_is_the_caregivers_when_it_was_recorded(recorded: str, provider: str) -> None:
    told = (a_provider("q"), a_caregiver("c"), a_caregiver("c", provider="q", recorded_at=at("08:00"), version=2))
    check_in = replace(a_check_in("08:00"), recorded_at=at(recorded))

    assert the_visit(check_in, *told).provider_id == provider


# V6: at most one open visit


def test_V6_a_check_in_while_one_is_open_makes_the_earlier_a_half_visit() -> None:
    """FAULTS 15. At once: not only after the longest stay."""
    found_visits = visits(a_check_in("08:00"), a_check_in("08:30", door="k2"), now="2014-02-03T08:31:00+01:00")

    assert {key: one.state for key, one in found_visits.items()} == {"in 08:00": NO_CHECK_OUT, "in 08:30": OPEN}
    assert found_visits["in 08:00"].superseded


def test_V6_a_later_check_out_at_the_earlier_customer_does_not_close_it() -> None:
    told = (a_check_in("08:00"), a_check_in("08:30", door="k2"), a_check_out("09:00"))

    assert {key: one.state for key, one in visits(*told).items()} == {
        "in 08:00": NO_CHECK_OUT,
        "in 08:30": NO_CHECK_OUT,
        "out 09:00": NO_CHECK_IN,
    }


def test_V6_a_later_check_out_closes_it_by_naming_it() -> None:
    told = (
        a_check_in("08:00"),
        a_check_in("08:30", door="k2"),
        a_check_out("08:20", id="late", names="in 08:00", received="12:00"),
        a_check_out("09:00", door="k2"),
    )
    judgement = judged(*told)

    assert {visit.id: visit.performed_seconds for visit in judgement.visits} == {"in 08:00": 1200, "in 08:30": 1800}
    assert not found(judgement, "D7")


def test_V6_a_check_out_captured_after_the_second_check_in_closes_the_first_by_name_and_leaves_the_second_open() -> (
    None
):
    told = (a_check_in("08:00"), a_check_in("08:30", door="k2"), a_check_out("09:00", names="in 08:00"))
    found_visits = visits(*told, now="2014-02-03T09:01:00+01:00")

    assert found_visits["in 08:00"].ends_at == at("09:00")
    assert found_visits["in 08:30"].state is OPEN


def test_V6_a_check_in_at_the_same_customer_supersedes_too() -> None:
    found_visits = visits(a_check_in("08:00"), a_check_in("08:30"), a_check_out("09:00"))

    assert {key: one.performed_seconds for key, one in found_visits.items()} == {"in 08:00": None, "in 08:30": 1800}


def test_V6_a_check_in_after_a_check_out_supersedes_nothing() -> None:
    found_visits = visits(
        a_check_in("08:00"), a_check_out("09:00"), a_check_in("09:00", id="then"), now="2014-02-03T09:01:00+01:00"
    )

    assert found_visits["in 08:00"].state is COMPLETE
    assert found_visits["then"].state is OPEN
