"""The rules of signing in: passwords, failed tries, refresh tokens. RULEBOOK A1; FAULTS 42, 44."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.access.sessions import RefreshFacts, RefreshOutcome, check_password, judge_refresh, seconds_to_wait
from app.rules.refusal import Kind, Refused

NOW = datetime(2014, 2, 3, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("password", "fits"),
    [
        ("a" * 11, False),
        ("a" * 12, True),
        ("å" * 12, True),
        ("ﬁ" * 6, True),
        ("a" * 256, True),
        ("a" * 257, False),
        ("long enough anna.ek", False),
        ("long enough Anna.Ek", False),
    ],
)
def test_A1_a_password_is_12_to_256_characters_and_not_the_username(password: str, fits: bool) -> None:
    if fits:
        check_password(password, "anna.ek")
        return
    with pytest.raises(Refused) as refused:
        check_password(password, "anna.ek")
    assert (refused.value.kind, refused.value.pointer) == (Kind.INVALID, "/password")


def ago(*seconds: int) -> list[datetime]:
    return [NOW - timedelta(seconds=one) for one in seconds]


@pytest.mark.parametrize(
    ("failed_at", "wait"),
    [
        ([], 0),
        (ago(*range(9)), 0),
        (ago(*range(10)), 891),
        (ago(*range(890, 900)), 1),
        (ago(*range(891, 901)), 0),
        (ago(*[0] * 10), 900),
        (ago(*[899] * 10), 1),
        (ago(*[900] * 10), 0),
        (ago(*[899] * 9, 0), 1),
        (ago(*[500] * 5, *[10] * 10), 890),
    ],
    ids=[
        "none",
        "nine",
        "ten wait for the oldest",
        "the oldest a second inside",
        "the oldest a second past leaves nine",
        "all now",
        "all a second inside",
        "all on the border are past",
        "nine old and one new",
        "of fifteen the tenth from the end counts",
    ],
)
def test_A1_ten_failed_tries_in_fifteen_minutes_are_all(failed_at: list[datetime], wait: int) -> None:
    """FAULTS 44."""
    assert seconds_to_wait(failed_at, NOW) == wait


@given(st.lists(st.integers(min_value=0, max_value=2_000), max_size=40))
def test_A1_whoever_waits_as_told_may_try_and_a_second_sooner_may_not(ages: list[int]) -> None:
    """FAULTS 44: the lock-out always ends by itself, within fifteen minutes."""
    failed_at = ago(*ages)
    wait = seconds_to_wait(failed_at, NOW)
    assert 0 <= wait <= 900
    assert seconds_to_wait(failed_at, NOW + timedelta(seconds=wait)) == 0
    if wait:
        assert seconds_to_wait(failed_at, NOW + timedelta(seconds=wait - 1)) == 1


FRESH = RefreshFacts(
    expires_at=NOW + timedelta(days=30), session_ended_at=None, used_at=None, sibling_used=False, successor_used=False
)


def used(seconds_ago: int, successor_used: bool = False) -> RefreshFacts:
    return dataclasses.replace(FRESH, used_at=NOW - timedelta(seconds=seconds_ago), successor_used=successor_used)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (FRESH, RefreshOutcome.ROTATED),
        (dataclasses.replace(FRESH, expires_at=NOW + timedelta(seconds=1)), RefreshOutcome.ROTATED),
        (dataclasses.replace(FRESH, expires_at=NOW), RefreshOutcome.EXPIRED),
        (dataclasses.replace(FRESH, session_ended_at=NOW), RefreshOutcome.EXPIRED),
        (used(0), RefreshOutcome.REPEATED),
        (used(60), RefreshOutcome.REPEATED),
        (used(61), RefreshOutcome.REUSED),
        (used(0, successor_used=True), RefreshOutcome.REUSED),
        (dataclasses.replace(FRESH, sibling_used=True), RefreshOutcome.REUSED),
        (dataclasses.replace(used(61), expires_at=NOW), RefreshOutcome.EXPIRED),
        (dataclasses.replace(used(61), session_ended_at=NOW), RefreshOutcome.EXPIRED),
    ],
    ids=[
        "unused",
        "a second before its end",
        "at its end",
        "its session ended",
        "used this second, the answer lost",
        "the sixtieth second",
        "the sixty-first second",
        "used, and gone on from",
        "another successor gone on from",
        "used, but too old to say anything",
        "used, but its session ended already",
    ],
)
def test_A1_a_refresh_token_is_good_once_and_once_more_for_a_lost_answer(
    facts: RefreshFacts, outcome: RefreshOutcome
) -> None:
    """FAULTS 42."""
    assert judge_refresh(facts, NOW) is outcome
