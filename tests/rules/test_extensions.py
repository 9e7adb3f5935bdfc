"""Extensions E1–E6: what may be asked, how a request moves, and what a decision does to the cap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.rules.extensions import (
    TRANSITIONS,
    Act,
    Decision,
    DecisionOutcome,
    Extension,
    ExtensionCause,
    ExtensionState,
    approved_by_pool,
    approved_seconds,
    check_decision,
    check_extension,
    is_late,
    move,
)
from app.rules.orders import place
from app.rules.providers import Law, Service
from app.rules.refusal import Kind, Refused
from tests.rules.builders import a_grant, an_order, at

NOON = "2014-02-04T12:00:00+01:00"


def a_request(**more: object) -> Extension:
    told: dict[str, object] = {
        "provider_id": "p",
        "customer_id": "k",
        "service": Service.PERSONAL_CARE,
        "month": "2014-02",
        "requested_seconds": 3_600,
        "cause": ExtensionCause.FALL,
        "justification": "x" * 20,
        "requested_by": "coordinator",
        "requested_at": at(NOON),
        "days": (date(2014, 2, 3),),
        **more,
    }
    return Extension(id="e", **told)  # type: ignore[arg-type]


def a_decision(
    outcome: DecisionOutcome, seconds: int | None = None, *, when: str = NOON, id: str = "d", request: str = "e"
) -> Decision:
    return Decision(
        id=id,
        extension_id=request,
        outcome=outcome,
        approved_seconds=seconds,
        reasons="seen",
        reviewer="officer",
        decided_at=at(when),
        recorded_at=at(when),
    )


S, A = ExtensionState, Act
ALLOWED = {
    (S.REQUESTED, A.APPROVE): S.APPROVED,
    (S.REQUESTED, A.APPROVE_PARTLY): S.PARTLY_APPROVED,
    (S.REQUESTED, A.DECLINE): S.DECLINED,
    (S.REQUESTED, A.ASK): S.NEEDS_INFORMATION,
    (S.REQUESTED, A.WITHDRAW): S.WITHDRAWN,
    (S.NEEDS_INFORMATION, A.ANSWER): S.REQUESTED,
    (S.NEEDS_INFORMATION, A.WITHDRAW): S.WITHDRAWN,
    **{
        (decided, act): state
        for decided in (S.APPROVED, S.PARTLY_APPROVED, S.DECLINED)
        for act, state in ((A.APPROVE, S.APPROVED), (A.APPROVE_PARTLY, S.PARTLY_APPROVED), (A.DECLINE, S.DECLINED))
    },
}


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("state", list(ExtensionState))
def test_E3_every_step_is_in_the_table_or_refused(state: ExtensionState, act: Act) -> None:
    expected = ALLOWED.get((state, act))
    if expected is not None:
        assert move(state, act) is expected
        return
    with pytest.raises(Refused) as refusal:
        move(state, act)
    assert refusal.value.rule == "E3"
    assert refusal.value.kind is Kind.CONFLICT


def test_E3_the_table_knows_every_state() -> None:
    assert set(TRANSITIONS) == set(ExtensionState)


@pytest.mark.parametrize("service", [Service.HOUSEHOLD, Service.ESCORT, Service.RESPITE])
def test_E1_only_personal_care_can_be_extended(service: Service) -> None:
    with pytest.raises(Refused) as refusal:
        check_extension(a_request(service=service))
    assert (refusal.value.rule, refusal.value.pointer) == ("E1", "/service")


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        ({"requested_seconds": 0}, "/requested_seconds"),
        ({"justification": "x" * 19}, "/justification"),
        ({"justification": " " * 10 + "x" * 19}, "/justification"),
        ({"days": ()}, "/visit_ids"),
        ({"days": (date(2014, 2, 28), date(2014, 3, 1))}, "/days/1"),
    ],
    ids=["no seconds", "19 characters", "19 and blanks", "neither visits nor days", "a day of the month after"],
)
def test_E2_a_request_that_lacks_something_is_refused(told: dict[str, object], pointer: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_extension(a_request(**told))
    assert (refusal.value.rule, refusal.value.pointer) == ("E2", pointer)


@pytest.mark.parametrize(
    "told",
    [{}, {"requested_seconds": 1}, {"days": (date(2014, 2, 1), date(2014, 2, 28))}, {"days": (), "visit_ids": ("v",)}],
    ids=["20 characters", "one second", "first and last day", "a visit and no day"],
)
def test_E2_a_whole_request_is_taken(told: dict[str, object]) -> None:
    check_extension(a_request(**told))


@pytest.mark.parametrize(
    ("outcome", "seconds", "fits"),
    [
        (DecisionOutcome.APPROVED, None, True),
        (DecisionOutcome.APPROVED, 3_600, True),
        (DecisionOutcome.APPROVED, 3_599, False),
        (DecisionOutcome.APPROVED, 3_601, False),
        (DecisionOutcome.PARTLY_APPROVED, None, False),
        (DecisionOutcome.PARTLY_APPROVED, 0, False),
        (DecisionOutcome.PARTLY_APPROVED, 1, True),
        (DecisionOutcome.PARTLY_APPROVED, 3_599, True),
        (DecisionOutcome.PARTLY_APPROVED, 3_600, False),
        (DecisionOutcome.DECLINED, None, True),
        (DecisionOutcome.DECLINED, 1, False),
        (DecisionOutcome.NEEDS_INFORMATION, 1, False),
    ],
)
def test_E3_approved_seconds_fit_the_outcome(outcome: DecisionOutcome, seconds: int | None, fits: bool) -> None:
    decision = a_decision(outcome, seconds)
    if fits:
        check_decision(decision, a_request())
        return
    with pytest.raises(Refused) as refusal:
        check_decision(decision, a_request())
    assert (refusal.value.rule, refusal.value.pointer) == ("E3", "/approved_seconds")


def test_E3_a_new_decision_replaces_the_last_from_when_it_is_made() -> None:
    first = a_decision(DecisionOutcome.APPROVED, id="d1", when="2014-02-04T12:00:00+01:00")
    second = a_decision(DecisionOutcome.PARTLY_APPROVED, 600, id="d2", when="2014-02-05T12:00:00+01:00")
    several = (second, first)
    assert approved_seconds(a_request(), several, at("2014-02-04T11:59:59+01:00")) == 0
    assert approved_seconds(a_request(), several, at("2014-02-04T12:00:00+01:00")) == 3_600
    assert approved_seconds(a_request(), several, at("2014-02-05T11:59:59+01:00")) == 3_600
    assert approved_seconds(a_request(), several, at("2014-02-05T12:00:00+01:00")) == 600


def test_E5_approved_seconds_raise_the_providers_pool_with_that_service_in_that_month_and_nothing_else() -> None:
    lss = a_grant("lss", law=Law.LSS)
    grants = (a_grant(), lss, a_grant(customer="k2"))
    orders = (an_order(), an_order("o2", grant_id="lss"), an_order(customer="k2"), an_order("o3", provider="q"))
    placed = place(orders, grants)
    found = approved_by_pool((a_request(),), (a_decision(DecisionOutcome.APPROVED),), placed, at(NOON))
    assert [
        (pool.provider_id, pool.customer_id, pool.law, month, seconds) for (pool, month), seconds in found.items()
    ] == [("p", "k", Law.SOL, "2014-02", 3_600)]


def test_E5_two_approved_requests_add_up() -> None:
    requests = (a_request(), replace(a_request(), id="f", requested_seconds=60))
    decisions = (a_decision(DecisionOutcome.APPROVED), a_decision(DecisionOutcome.APPROVED, id="d2", request="f"))
    found = approved_by_pool(requests, decisions, place((an_order(),), (a_grant(),)), at(NOON))
    assert list(found.values()) == [3_660]


@pytest.mark.parametrize(("asked", "late"), [("2014-02-17T23:59:59+01:00", False), ("2014-02-18T00:00:00+01:00", True)])
def test_E6_a_request_is_late_when_more_than_fourteen_days_have_passed(asked: str, late: bool) -> None:
    assert is_late(replace(a_request(), requested_at=at(asked)), date(2014, 2, 3), 14) is late
