"""Extensions E1–E6: what may be asked, how a request moves, and what a decision does to the cap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.rules.access import Actor, Role
from app.rules.extensions import (
    ACTORS,
    TRANSITIONS,
    Act,
    Amended,
    Completion,
    Decision,
    DecisionOutcome,
    Extension,
    ExtensionCause,
    ExtensionState,
    amend,
    approved_by_pool,
    approved_seconds,
    check_actor,
    check_decision,
    check_extension,
    completed,
    is_late,
    move,
)
from app.rules.orders import place
from app.rules.providers import Law, Service
from app.rules.refusal import Kind, Refused
from tests.rules.builders import NACKA, a_grant, an_order, at

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
    (S.REQUESTED, A.COMPLETE): S.REQUESTED,
    (S.REQUESTED, A.ATTACH): S.REQUESTED,
    (S.REQUESTED, A.WITHDRAW): S.WITHDRAWN,
    (S.NEEDS_INFORMATION, A.ANSWER): S.REQUESTED,
    (S.NEEDS_INFORMATION, A.COMPLETE): S.NEEDS_INFORMATION,
    (S.NEEDS_INFORMATION, A.ATTACH): S.NEEDS_INFORMATION,
    (S.NEEDS_INFORMATION, A.WITHDRAW): S.WITHDRAWN,
    **{
        (decided, act): state
        for decided in (S.APPROVED, S.PARTLY_APPROVED, S.DECLINED)
        for act, state in ((A.APPROVE, S.APPROVED), (A.APPROVE_PARTLY, S.PARTLY_APPROVED), (A.DECLINE, S.DECLINED))
    },
}
OFFICER, COORDINATOR, CAREGIVER = Role.CASE_OFFICER, Role.COORDINATOR, Role.CAREGIVER
WHO = {
    A.APPROVE: {OFFICER},
    A.APPROVE_PARTLY: {OFFICER},
    A.DECLINE: {OFFICER},
    A.ASK: {OFFICER},
    A.REQUEST: {CAREGIVER, COORDINATOR},
    A.ANSWER: {CAREGIVER, COORDINATOR},
    A.COMPLETE: {COORDINATOR},
    A.ATTACH: {CAREGIVER, COORDINATOR},
    A.WITHDRAW: {CAREGIVER, COORDINATOR},
}
"""Who may do what to its own; written by hand, so that a slip in the product's own table is seen."""


def an_actor(role: Role, **other: str) -> Actor:
    """Somebody of the role where the request is: who asked, its provider's, or its customer's municipality's."""
    limits = {
        Role.CAREGIVER: ("provider_id", "caregiver_id"),
        Role.COORDINATOR: ("provider_id",),
        Role.CASE_OFFICER: ("municipality",),
        Role.SCHEDULING_CLIENT: ("provider_id",),
    }
    own = {"provider_id": "p", "caregiver_id": "c", "municipality": NACKA, **other}
    within: dict[str, Any] = {name: own[name] for name in limits.get(role, ())}
    within |= {} if role is Role.OPERATOR else {"care_system_id": "cs"}
    return Actor(id=other.get("id", "coordinator"), role=role, **within)


def refusal_of(act: Act, actor: Actor, state: ExtensionState) -> Refused | None:
    """How the act is refused to the actor in the state; None where it is done."""
    try:
        check_actor(act, actor, a_request(), NACKA)
        move(state, act)
    except Refused as refused:
        return refused
    return None


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("state", list(ExtensionState))
def test_E3_E4_every_step_of_every_role_is_in_the_tables_or_refused(
    state: ExtensionState, act: Act, role: Role
) -> None:
    refused = refusal_of(act, an_actor(role), state)
    if role not in WHO[act]:
        assert refused is not None
        assert refused.kind is Kind.FORBIDDEN
        assert refused.rule == ("E4" if WHO[act] == {OFFICER} else "E3")
    elif (state, act) not in ALLOWED:
        assert refused is not None
        assert (refused.rule, refused.kind) == ("E3", Kind.CONFLICT)
    else:
        assert refused is None
        assert move(state, act) is ALLOWED[state, act]


STRANGERS = {
    "a caregiver who did not ask": (an_actor(CAREGIVER, id="another"), {CAREGIVER}),
    "a caregiver who has changed provider": (an_actor(CAREGIVER, provider_id="q"), {CAREGIVER}),
    "a coordinator of another provider": (an_actor(COORDINATOR, provider_id="q"), {COORDINATOR}),
    "a case officer of another municipality": (an_actor(OFFICER, municipality="2029"), {OFFICER}),
}


@pytest.mark.parametrize("who", STRANGERS)
def test_E4_what_is_not_ones_own_is_not_there(who: str) -> None:
    actor, role = STRANGERS[who]
    for act in Act:
        if role <= WHO[act]:
            refused = refusal_of(act, actor, S.REQUESTED)
            assert refused is not None
            assert (refused.rule, refused.kind) == ("A1", Kind.MISSING), act


def test_E3_a_coordinator_moves_what_a_caregiver_of_its_provider_asked_for() -> None:
    for act in (A.COMPLETE, A.ANSWER, A.ATTACH, A.WITHDRAW):
        check_actor(act, an_actor(COORDINATOR, id="another"), a_request(), NACKA)


def test_E3_the_tables_know_every_act() -> None:
    assert set(ACTORS) == set(WHO) == set(Act)


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


def test_E3_a_decision_binds_the_seconds_that_it_was_made_on() -> None:
    decision = a_decision(DecisionOutcome.APPROVED, 3_600)
    grown = replace(a_request(), requested_seconds=7_200)
    assert approved_seconds(grown, (decision,), at(NOON)) == 3_600
    assert approved_seconds(grown, (a_decision(DecisionOutcome.APPROVED),), at(NOON)) == 7_200


def a_completion(when: str, id: str = "c", **after: object) -> Completion:
    return Completion(
        id=id,
        extension_id="e",
        by="coordinator",
        at=at(when),
        before=Amended(),
        after=Amended(**after),  # type: ignore[arg-type]
    )


def test_E2_a_request_is_shown_with_its_completions_in_the_order_made() -> None:
    first = a_completion("2014-02-04T12:00:00+01:00", requested_seconds=60, justification="y" * 20)
    second = a_completion("2014-02-04T12:00:00+01:00", "d", requested_seconds=120, visit_ids=("v",))
    shown = completed(a_request(), (second, first))
    assert shown == replace(a_request(), requested_seconds=120, justification="y" * 20, visit_ids=("v",))
    assert completed(a_request(), ()) == a_request()


def test_E2_what_is_completed_is_told_as_it_was_and_as_it_is() -> None:
    wanted = Amended(requested_seconds=60, cause=ExtensionCause.FALL, days=(date(2014, 2, 4),))
    assert amend(a_request(), wanted) == (
        Amended(requested_seconds=3_600, days=(date(2014, 2, 3),)),
        Amended(requested_seconds=60, days=(date(2014, 2, 4),)),
    )


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        (Amended(), ""),
        (Amended(requested_seconds=3_600, cause=ExtensionCause.FALL), ""),
        (Amended(requested_seconds=0), "/requested_seconds"),
        (Amended(justification="x" * 19), "/justification"),
        (Amended(days=()), "/visit_ids"),
        (Amended(days=(date(2014, 3, 1),)), "/days/0"),
    ],
    ids=["nothing", "what it says already", "no seconds", "19 characters", "neither days nor visits", "another month"],
)
def test_E2_a_completion_changes_something_and_leaves_a_request_that_could_be_made(
    wanted: Amended, pointer: str
) -> None:
    with pytest.raises(Refused) as refusal:
        amend(a_request(), wanted)
    assert (refusal.value.rule, refusal.value.kind, refusal.value.pointer) == ("E2", Kind.INVALID, pointer)


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
