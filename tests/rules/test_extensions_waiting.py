"""E6: what was asked late, until when a review is due, what is overdue, and that the store chooses by the same days."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.rules.extensions import (
    Ageing,
    ExtensionState,
    ageing,
    is_overdue,
    overdue_spans,
    own_municipalities,
)
from app.rules.policies import Policies, policies_of
from app.rules.time import local_instant
from tests.rules.builders import NACKA, a_policy, at
from tests.rules.test_extensions import a_request

LAST_DAY = date(2014, 2, 3)
ASKED = "2014-02-04T23:59:59+01:00"
REVIEWED, LATE = "extension_reviewed_within_days", "extension_asked_within_days"


def aged(now: str, *, asked: str = ASKED, state: ExtensionState = ExtensionState.REQUESTED, **how: object) -> Ageing:
    policies = policies_of(how.get("policies", ()))  # type: ignore[arg-type]
    request = replace(a_request(), requested_at=at(asked))
    return ageing(request, state, LAST_DAY, policies, str(how.get("municipality", NACKA)), at(now))


@pytest.mark.parametrize(
    ("now", "waited", "overdue"),
    [
        ("2014-02-04T23:59:59+01:00", 0, False),
        ("2014-02-05T00:00:00+01:00", 1, False),
        ("2014-02-11T00:00:00+01:00", 7, False),
        ("2014-02-11T23:59:59+01:00", 7, False),
        ("2014-02-12T00:00:00+01:00", 8, True),
    ],
    ids=["at once", "the day after", "the seventh day", "its last second", "the eighth day"],
)
def test_E6_the_seventh_day_is_in_time_and_the_eighth_overdue(now: str, waited: int, overdue: bool) -> None:
    assert aged(now) == Ageing(late=False, overdue=overdue, due_on=date(2014, 2, 11), waited_days=waited)


@pytest.mark.parametrize("state", list(ExtensionState))
def test_E6_only_what_nobody_has_decided_waits(state: ExtensionState) -> None:
    waits = state in (ExtensionState.REQUESTED, ExtensionState.NEEDS_INFORMATION)
    found = aged("2014-03-04T12:00:00+01:00", state=state)
    assert (found.overdue, found.due_on is not None, found.waited_days is not None) == (waits, waits, waits)


def test_E6_the_policy_of_the_day_it_was_asked_says_until_when_it_is_reviewed() -> None:
    policies = (a_policy(REVIEWED, 3, valid_from="2014-02-05"),)
    before = aged("2014-02-08T00:00:00+01:00", policies=policies)
    after = aged("2014-02-08T00:00:00+01:00", asked="2014-02-05T00:00:00+01:00", policies=policies)
    assert (before.due_on, after.due_on) == (date(2014, 2, 11), date(2014, 2, 8))
    assert aged("2014-02-08T00:00:00+01:00", policies=policies, municipality="2029").due_on == date(2014, 2, 11)


@pytest.mark.parametrize(("asked", "late"), [("2014-02-17T23:59:59+01:00", False), ("2014-02-18T00:00:00+01:00", True)])
def test_E6_the_fourteenth_day_is_in_time_to_ask_and_the_fifteenth_late(asked: str, late: bool) -> None:
    assert aged(asked, asked=asked).late is late
    stricter = (a_policy(LATE, 13, valid_from="2014-02-03"),)
    assert aged("2014-02-17T12:00:00+01:00", asked="2014-02-17T12:00:00+01:00", policies=stricter).late is True
    later = (a_policy(LATE, 13, valid_from="2014-02-04"),)
    assert aged("2014-02-17T12:00:00+01:00", asked="2014-02-17T12:00:00+01:00", policies=later).late is False


def test_E6_a_policy_that_reaches_beyond_the_calendar_is_never_due() -> None:
    policies = (a_policy(REVIEWED, 1_000_000_000, valid_from="1890-01-01"),)
    assert aged(ASKED, policies=policies).due_on == date.max
    assert overdue_spans(policies_of(policies), NACKA, LAST_DAY) == ()


def test_E6_nothing_is_overdue_that_is_not_due() -> None:
    assert not is_overdue(None, date.max)


HISTORIES: dict[str, Policies] = {
    "none": policies_of(()),
    "shorter": policies_of((a_policy(REVIEWED, 3, valid_from="2014-02-05"),)),
    "longer and shorter": policies_of(
        (a_policy(REVIEWED, 20, valid_from="2014-01-20"), a_policy(REVIEWED, 0, valid_from="2014-02-10"))
    ),
    "shared and own": policies_of(
        (
            a_policy(REVIEWED, 2, valid_from="2014-01-10", municipality=None),
            a_policy(REVIEWED, 9, valid_from="2014-02-01"),
            a_policy(REVIEWED, 5, valid_from="2014-02-05", municipality=None),
        )
    ),
}


@pytest.mark.parametrize(("history", "municipality"), list(itertools.product(HISTORIES, (NACKA, "2029"))))
def test_E6_the_spans_hold_exactly_what_is_overdue_one_by_one(history: str, municipality: str) -> None:
    policies, first = HISTORIES[history], date(2014, 1, 1)
    for today in (date(2014, 2, 4), date(2014, 2, 10), date(2014, 2, 13), date(2014, 3, 1)):
        spans = overdue_spans(policies, municipality, today)
        for days, seconds in itertools.product(range((today - first).days + 1), (0, -1)):
            asked = local_instant(first + timedelta(days=days)) + timedelta(seconds=seconds)
            chosen = any((one.start is None or one.start <= asked) and asked < one.before for one in spans)
            told = ageing(
                replace(a_request(), requested_at=asked),
                ExtensionState.REQUESTED,
                LAST_DAY,
                policies,
                municipality,
                local_instant(today, 600),
            )
            assert chosen is told.overdue, (today, asked)


def test_E6_municipalities_with_a_policy_of_their_own_are_told_apart() -> None:
    assert own_municipalities(HISTORIES["none"]) == frozenset()
    assert own_municipalities(HISTORIES["shared and own"]) == {NACKA}
