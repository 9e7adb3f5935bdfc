"""A provider's month, R8: attested, locked, issued; what a run computes; and what time alone brings."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.access import PERMISSIONS, Permission, Resource, Role, Verb
from app.rules.deviations.coming import falling_due, months_over, open_too_long
from app.rules.deviations.setting import lay_out
from app.rules.policies import Policies, policies_of
from app.rules.refusal import Kind, Refused
from app.rules.reimbursement.months import (
    MOVERS,
    REOPENED,
    TRANSITIONS,
    Month,
    MonthAct,
    MonthState,
    Mover,
    Unasked,
    check_attestation,
    check_lock,
    lock_due_at,
    move,
)
from app.rules.reimbursement.runs import Closed, computed_until, last_computing, months_of_run
from app.rules.time import Interval, shift
from app.rules.visits.values import VisitState
from tests.rules.builders import a_check_in, a_planned_visit, a_policy, an_order, at, cancelled, some_facts, visits

S, A = MonthState, MonthAct
ALLOWED = {
    (S.OPEN, A.ATTEST): S.ATTESTED,
    (S.OPEN, A.LOCK): S.LOCKED,
    (S.ATTESTED, A.ATTEST): S.ATTESTED,
    (S.ATTESTED, A.REOPEN): S.OPEN,
    (S.ATTESTED, A.LOCK): S.LOCKED,
    (S.LOCKED, A.ATTEST): S.LOCKED,
    (S.LOCKED, A.LOCK): S.LOCKED,
    (S.LOCKED, A.ISSUE): S.ISSUED,
}
WHO_ISSUES: set[Mover] = {Role.CONTROLLER, Unasked.TIMER}
WHO: dict[MonthAct, set[Mover]] = {
    A.ATTEST: {Role.COORDINATOR},
    A.REOPEN: {Unasked.REGISTER},
    A.LOCK: {Role.CONTROLLER, Unasked.TIMER},
    A.ISSUE: {*WHO_ISSUES},
}
"""Who may do what, written by hand, so that a slip in the product's own table is seen."""
VERBS = {A.ATTEST: Verb.ATTEST, A.LOCK: Verb.LOCK, A.ISSUE: Verb.ISSUE}
LOCK = at("2014-03-05T18:00:00+01:00")


def a_month(state: MonthState = S.OPEN, *, attested: bool = True) -> Month:
    when = at("2014-03-03T09:00:00+01:00") if attested else None
    return Month(municipality="0182", provider_id="p", month="2014-02", state=state, attested_at=when)


@pytest.mark.parametrize("by", [*Role, *Unasked], ids=str)
@pytest.mark.parametrize("act", list(MonthAct))
@pytest.mark.parametrize("state", list(MonthState))
def test_R8_every_step_of_a_month_is_in_the_tables_or_refused(state: MonthState, act: MonthAct, by: Mover) -> None:
    expected = ALLOWED.get((state, act))
    if by in WHO[act] and expected is not None:
        assert move(a_month(state), act, by) is expected
        return
    with pytest.raises(Refused) as refusal:
        move(a_month(state), act, by)
    kind = Kind.CONFLICT if by in WHO[act] else Kind.FORBIDDEN
    assert (refusal.value.rule, refusal.value.kind) == ("R8", kind)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("act", list(VERBS))
def test_R8_A2_a_role_may_move_a_month_where_its_permissions_say_so(act: MonthAct, role: Role) -> None:
    assert (Permission(Resource.MONTH, VERBS[act]) in PERMISSIONS[role]) is (role in WHO[act])


def test_R8_the_tables_know_every_act_and_every_state() -> None:
    assert set(MOVERS) == set(WHO) == set(A)
    assert set(TRANSITIONS) == set(S)
    assert set(VERBS) == {act for act, movers in WHO.items() if movers & set(Role)}


def test_R8_a_new_registration_opens_an_attested_month_and_no_other() -> None:
    assert REOPENED == {S.ATTESTED: S.OPEN}


@pytest.mark.parametrize("by", sorted(WHO_ISSUES), ids=str)
def test_R8_a_locked_month_is_issued_only_once_it_is_attested(by: Mover) -> None:
    with pytest.raises(Refused, match="attested"):
        move(a_month(S.LOCKED, attested=False), A.ISSUE, by)


@pytest.mark.parametrize(("now", "over"), [("2014-02-28T23:59:59+01:00", False), ("2014-03-01T00:00:00+01:00", True)])
def test_R8_a_month_is_attested_from_its_last_midnight_on(now: str, over: bool) -> None:
    if over:
        check_attestation(a_month(), 0, at(now))
        return
    with pytest.raises(Refused, match="not over"):
        check_attestation(a_month(), 0, at(now))


def test_R8_a_month_with_something_to_explain_is_not_attested() -> None:
    with pytest.raises(Refused, match="1 deviations want an explanation") as refusal:
        check_attestation(a_month(), 1, LOCK)
    assert refusal.value.facts == {"blocking": 1}


@pytest.mark.parametrize(
    ("policies", "month", "due"),
    [
        (Policies(), "2014-02", "2014-03-05T18:00:00+01:00"),
        (Policies(), "2014-03", "2014-04-05T18:00:00+02:00"),
        (Policies(), "2013-12", "2014-01-05T18:00:00+01:00"),
        (policies_of([a_policy("lock_day", 28), a_policy("lock_minute", 0)]), "2014-02", "2014-03-28T00:00:00+01:00"),
        (policies_of([a_policy("lock_day", 9, valid_from="2014-03-02")]), "2014-02", "2014-03-05T18:00:00+01:00"),
        (policies_of([a_policy("lock_day", 9, valid_from="2014-03-01")]), "2014-02", "2014-03-09T18:00:00+01:00"),
    ],
    ids=["the 5th, 18:00", "summer time", "across the year", "by policy", "a policy from later on", "a policy in time"],
)
def test_R8_a_month_locks_on_the_day_and_minute_of_the_policy(policies: Policies, month: str, due: str) -> None:
    assert lock_due_at(month, "0182", policies) == at(due)


def test_R8_no_month_is_locked_a_second_before_its_lock_date() -> None:
    check_lock(a_month(), LOCK, Policies())
    with pytest.raises(Refused, match="locks on"):
        check_lock(a_month(), shift(LOCK, -1), Policies())


def closed(month: str, lock: str) -> Closed:
    return Closed(month=month, locked_at=at(lock))


FEBRUARY, MARCH = closed("2014-02", "2014-03-05T18:00:00+01:00"), closed("2014-03", "2014-04-05T18:00:00+02:00")


def test_R8_a_run_computes_its_own_month_and_those_issued_before() -> None:
    assert months_of_run("2014-02", FEBRUARY.locked_at, []) == ("2014-02",)
    assert months_of_run("2014-03", MARCH.locked_at, [FEBRUARY]) == ("2014-03", "2014-02")


def test_R8_a_month_attested_late_is_issued_from_its_own_lock_and_takes_back_nothing() -> None:
    assert months_of_run("2014-02", FEBRUARY.locked_at, [MARCH]) == ("2014-02",)


def test_R8_what_is_new_for_a_month_counts_from_the_lock_of_the_last_run_that_computed_it() -> None:
    assert computed_until([FEBRUARY, MARCH]) == {"2014-02": MARCH.locked_at, "2014-03": MARCH.locked_at}
    assert computed_until([MARCH, FEBRUARY]) == {"2014-02": FEBRUARY.locked_at, "2014-03": MARCH.locked_at}


def test_D1_months_fall_due_when_they_are_over_and_once() -> None:
    midnight = at("2014-03-01T00:00:00+01:00")
    assert months_over(shift(midnight, -1), midnight, 36) == ("2014-02",)
    assert months_over(midnight, shift(midnight, 1), 36) == ()
    assert months_over(shift(midnight, -2), shift(midnight, -1), 36) == ()
    assert months_over(datetime(1970, 1, 1, tzinfo=UTC), midnight, 3) == ("2013-12", "2014-01", "2014-02")


@given(cuts=st.lists(st.integers(0, 400 * 86_400), max_size=20))
def test_D1_however_often_somebody_looks_every_month_falls_due_once(cuts: list[int]) -> None:
    start, end = at("2013-11-10T08:00:00+01:00"), at("2014-12-15T08:00:00+01:00")
    moments = sorted({start, end, *(shift(start, one) for one in cuts if shift(start, one) < end)})
    found = [month for since, now in pairwise(moments) for month in months_over(since, now, 36)]
    assert found == list(months_over(start, end, 36))


def coming(*told: object, since: str, before: str) -> set[str]:
    facts = some_facts(*told)
    return {month for _, _, month in falling_due(lay_out(facts, at(before)), Interval(at(since), at(before)))}


def test_D3_a_plan_falls_due_an_hour_after_its_end_and_not_when_it_was_called_off() -> None:
    plan = a_planned_visit("08:00", "09:00")
    assert coming(plan, since="10:00", before="10:00:01") == {"2014-02"}
    assert coming(plan, since="09:30", before="10:00") == set()
    assert coming(plan, since="10:00:01", before="11:00") == set()
    off = a_planned_visit("08:00", "09:00", cancelled=cancelled("07:00"))
    assert coming(off, since="09:30", before="11:00") == set()


def test_D18_D19_an_order_falls_due_after_48_hours_and_again_after_14_days() -> None:
    order = an_order(ordered_at=at("2014-02-26T09:00:00+01:00"), valid_from=at("2014-02-26T09:00:00+01:00").date())
    first, later = "2014-02-28T09:00:00+01:00", "2014-03-13T00:00:00+01:00"
    assert coming(order, since=first, before="2014-02-28T09:00:01+01:00") == {"2014-02"}
    assert coming(order, since="2014-02-27T09:00:00+01:00", before=first) == set()
    assert coming(order, since="2014-03-12T23:59:59+01:00", before=later) == {"2014-03"}
    assert coming(order, since=later, before="2014-03-20T00:00:00+01:00") == set()


def test_D7_an_open_visit_is_a_half_visit_once_it_was_open_too_long() -> None:
    for now, state in (("20:00", VisitState.OPEN), ("20:00:01", VisitState.NO_CHECK_OUT)):
        standing = visits(a_check_in("08:00"), now="09:00").values()
        setting = lay_out(some_facts(), at(now))
        assert {one.state for one in open_too_long(standing, setting)} == ({state} - {VisitState.OPEN})
        assert {one.state for one in visits(a_check_in("08:00"), now=now).values()} == {state}


APRIL, MAY = at("2014-04-05T18:00:00+02:00"), at("2014-05-05T18:00:00+02:00")


@pytest.mark.parametrize(
    ("runs", "last"),
    [
        pytest.param([], None, id="no run"),
        pytest.param([("2014-03", APRIL)], None, id="another month alone"),
        pytest.param([("2014-02", LOCK)], 0, id="its own"),
        pytest.param([("2014-02", LOCK), ("2014-03", APRIL)], 1, id="a later one computes it again"),
        pytest.param([("2014-02", LOCK), ("2014-04", MAY), ("2014-03", APRIL)], 1, id="one attested late does not"),
    ],
)
def test_R8_the_last_run_that_computed_a_month(runs: list[tuple[str, datetime]], last: int | None) -> None:
    assert last_computing("2014-02", (Closed(month=month, locked_at=lock) for month, lock in runs)) == last
