"""D: how a deviation is explained, and when a verdict releases what it holds."""

from __future__ import annotations

import pytest

from app.rules.deviations.judge import Pay, bind, judge, pays
from app.rules.deviations.values import DeviationState
from app.rules.tags import TagState
from tests.rules.builders import (
    LATER,
    a_check_in,
    a_check_out,
    a_correction,
    a_planned_visit,
    a_rate,
    a_tag,
    an_explanation,
    an_order,
    at,
    judged,
    seconds_after,
    some_facts,
    the_deviation,
)

ACCEPTED_AT = "2014-02-21T09:00:00+01:00"
A_STAY = (a_check_in("08:00"), a_check_out("09:00"))
WRONG_TAG = (*A_STAY, a_tag(state=TagState.REVOKED))
CLOSED_LATE = (a_check_in("08:00"), a_check_out(seconds_after("08:00", 43_201), id="out", names="in 08:00"))
LENGTHENED = (*A_STAY, a_correction(ends_at="10:00"))
OVERLAP = (
    a_check_in("08:00"),
    a_check_in("08:30", id="x", door="k2"),
    a_check_out("09:30", id="y", door="k2", names="x"),
    a_check_out("09:00", id="z", names="in 08:00"),
)
NO_CLOCK = (a_check_in("08:00", received="12:00"), a_check_out("09:00"))


@pytest.mark.parametrize(
    ("rule", "told", "subject"),
    [
        pytest.param("D7", CLOSED_LATE, "in 08:00", id="a visit closed too late"),
        pytest.param("D9", LENGTHENED, "in 08:00", id="a visit lengthened by a correction"),
        pytest.param("D10", WRONG_TAG, "in 08:00", id="a wrong tag"),
        pytest.param("D11", OVERLAP, "x", id="an overlap"),
        pytest.param("D16", NO_CLOCK, "in 08:00", id="an unverified clock"),
    ],
)
def test_D_acceptance_releases_what_is_held(rule: str, told: tuple[object, ...], subject: str) -> None:
    open_ = the_deviation(judged(*told), rule)
    explained = the_deviation(judged(*told, an_explanation(rule, subject)), rule)
    rejected = the_deviation(judged(*told, an_explanation(rule, subject, rejected=ACCEPTED_AT)), rule)
    accepted = judged(*told, an_explanation(rule, subject, accepted=ACCEPTED_AT))

    assert [one.holds for one in (open_, explained, rejected)] == [True, True, True]
    assert (explained.state, rejected.state) == (DeviationState.EXPLAINED, DeviationState.REJECTED)
    assert [one.blocks_attestation for one in (explained, rejected)] == [False, True]
    assert (the_deviation(accepted, rule).state, the_deviation(accepted, rule).holds) == (
        DeviationState.ACCEPTED,
        False,
    )
    assert pays(accepted)[subject] is Pay.PAYABLE


@pytest.mark.parametrize(
    ("rule", "told", "subject"),
    [
        pytest.param("D7", [a_check_in("08:00")], "in 08:00", id="an open visit needs a correction"),
        pytest.param("D8", [a_check_out("09:00")], "out 09:00", id="a missing check-in needs a correction"),
        pytest.param("D13", [*A_STAY, an_order(provider="q")], "in 08:00", id="time without order needs an order"),
        pytest.param(
            "D20", [*A_STAY, a_rate(valid_before=at("12:00").date())], "in 08:00", id="unpriced time needs a rate"
        ),
    ],
)
def test_D_what_acceptance_does_not_release(rule: str, told: list[object], subject: str) -> None:
    deviation = the_deviation(judged(*told, an_explanation(rule, subject, accepted=ACCEPTED_AT)), rule)

    assert deviation.state is DeviationState.ACCEPTED
    assert deviation.holds


def test_D_acceptance_binds_to_the_facts_that_were_shown() -> None:
    """The end is corrected after the acceptance: what is shown now, nobody accepted."""
    shown = the_deviation(judged(*WRONG_TAG), "D10").found.bound_facts
    accepted = an_explanation("D10", accepted=ACCEPTED_AT, bound_facts=shown)
    changed = a_correction(ends_at="08:59", approved="2014-02-22T09:00:00+01:00")

    assert the_deviation(judged(*WRONG_TAG, accepted), "D10").state is DeviationState.ACCEPTED
    after = the_deviation(judged(*WRONG_TAG, accepted, changed), "D10")
    assert (after.state, after.holds, after.blocks_attestation) == (DeviationState.OPEN, True, True)


@pytest.mark.parametrize(
    ("corrected", "state"),
    [
        pytest.param("2014-02-21T09:00:00+01:00", DeviationState.ACCEPTED, id="corrected as it was accepted"),
        pytest.param("2014-02-21T09:00:01+01:00", DeviationState.OPEN, id="corrected a second after it was accepted"),
    ],
)
def test_D_a_verdict_in_a_file_binds_to_what_was_shown_when_it_was_given(corrected: str, state: DeviationState) -> None:
    told = (*WRONG_TAG, a_correction(ends_at="08:59", approved=corrected), an_explanation("D10", accepted=ACCEPTED_AT))
    facts = bind(some_facts(*told), ())

    assert the_deviation(judge(facts, at(LATER), ()), "D10").state is state


def test_D_a_verdict_on_what_nobody_could_see_releases_nothing() -> None:
    """It was given before the visit was registered."""
    early = an_explanation("D10", accepted="2014-02-01T09:00:00+01:00", recorded_at=at("2014-02-01T08:00:00+01:00"))
    deviation = the_deviation(judge(bind(some_facts(*WRONG_TAG, early), ()), at(LATER), ()), "D10")

    assert deviation.holds


@pytest.mark.parametrize(
    "explanation",
    [
        pytest.param(an_explanation("D16", accepted=ACCEPTED_AT), id="of another rule"),
        pytest.param(an_explanation("D10", "another visit", accepted=ACCEPTED_AT), id="of another visit"),
        pytest.param(an_explanation("D10", month="2014-03", accepted=ACCEPTED_AT), id="of another month"),
    ],
)
def test_D_an_explanation_is_about_one_rule_subject_and_period(explanation: object) -> None:
    assert the_deviation(judged(*WRONG_TAG, explanation), "D10").state is DeviationState.OPEN


@pytest.mark.parametrize(
    ("more", "state"),
    [
        pytest.param({"customer_id": "k"}, DeviationState.EXPLAINED, id="the customer's"),
        pytest.param({"customer_id": "k2"}, DeviationState.OPEN, id="another customer's"),
        pytest.param({"month": "2014-02"}, DeviationState.EXPLAINED, id="the month's"),
        pytest.param({"customer_id": "k", "month": "2014-01"}, DeviationState.OPEN, id="another month's"),
    ],
)
def test_D_several_of_a_kind_are_explained_at_once(more: dict[str, str], state: DeviationState) -> None:
    explanation = an_explanation("D3", None, **more)
    judgement = judged(a_planned_visit(), explanation)

    assert the_deviation(judgement, "D3").state is state


def test_D_the_newest_explanation_counts() -> None:
    rejected = an_explanation("D10", rejected=ACCEPTED_AT, id="a")
    again = an_explanation("D10", id="b", recorded_at=at("2014-02-22T09:00:00+01:00"))

    assert the_deviation(judged(*WRONG_TAG, rejected), "D10").state is DeviationState.REJECTED
    for told in ([rejected, again], [again, rejected]):
        assert the_deviation(judged(*WRONG_TAG, *told), "D10").state is DeviationState.EXPLAINED


@pytest.mark.parametrize(
    ("now", "state"),
    [
        pytest.param("2014-02-20T08:59:59+01:00", DeviationState.OPEN, id="a second before it was explained"),
        pytest.param("2014-02-20T09:00:00+01:00", DeviationState.EXPLAINED, id="as it was explained"),
        pytest.param("2014-02-21T08:59:59+01:00", DeviationState.EXPLAINED, id="a second before the verdict"),
        pytest.param("2014-02-21T09:00:00+01:00", DeviationState.ACCEPTED, id="as the verdict was given"),
    ],
)
def test_D_explanation_and_verdict_count_from_when_they_are_given(now: str, state: DeviationState) -> None:
    told = (*WRONG_TAG, an_explanation("D10", accepted=ACCEPTED_AT))

    assert the_deviation(judged(*told, now=now), "D10").state is state


def test_D_a_deviation_clears_when_the_facts_no_longer_show_it() -> None:
    judgement = judged(*A_STAY)

    assert [one for one in judgement.deviations if one.found.subject.id == "in 08:00"] == []
    assert pays(judgement) == {"in 08:00": Pay.PAYABLE}


@pytest.mark.parametrize(
    ("told", "pay"),
    [
        pytest.param(A_STAY, {"in 08:00": Pay.PAYABLE}, id="nothing is held"),
        pytest.param(WRONG_TAG, {"in 08:00": Pay.HELD}, id="the whole visit is held"),
        pytest.param(OVERLAP, {"in 08:00": Pay.PAYABLE, "x": Pay.PART_HELD}, id="the overlap in the later one is held"),
        pytest.param((*A_STAY, a_correction(void=True)), {"in 08:00": Pay.UNPAID}, id="void"),
        pytest.param((a_check_in("08:00"),), {"in 08:00": Pay.HELD}, id="never closed"),
    ],
)
def test_D_what_a_visit_comes_to_in_pay(told: tuple[object, ...], pay: dict[str, Pay]) -> None:
    assert pays(judged(*told)) == pay
