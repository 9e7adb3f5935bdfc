"""Deviations stored beside deviations found: opened, changed, cleared, reopened, and nothing where nothing changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.deviations.explain import Explained, explain
from app.rules.deviations.judge import Judgement
from app.rules.deviations.reconcile import Change, Standing, What, reconcile
from app.rules.deviations.values import DeviationState, Effect, Found, Rule, Subject, SubjectType
from tests.rules.builders import (
    a_check_in,
    a_check_out,
    a_correction,
    a_planned_visit,
    a_policy,
    an_explanation,
    judged,
)


def found(visit_id: str = "v", seconds: int = 60, rule: Rule = Rule.D11, **stated: object) -> Found:
    fields: dict[str, object] = {
        "rule": rule,
        "subject": Subject(type=SubjectType.VISIT, id=visit_id),
        "provider_id": "p",
        "period": "2014-02",
        "facts": {"seconds": seconds},
        "effect": Effect.HOLDS_PAY,
        "asks": True,
        "municipality": "0182",
        "customer_id": "k",
        **stated,
    }
    return Found(**fields)  # type: ignore[arg-type]


def told(one: Found, state: DeviationState = DeviationState.OPEN) -> Explained:
    return Explained(found=one, state=state)


def stored(one: Found, state: DeviationState = DeviationState.OPEN) -> Standing:
    return Standing(id=f"row-{one.subject.id}-{one.rule}", found=one, state=state)


def summary(changes: tuple[Change, ...]) -> list[tuple[str | None, What, DeviationState]]:
    return [(one.id, one.what, one.state) for one in changes]


OPEN, EXPLAINED, ACCEPTED, REJECTED, CLEARED = DeviationState


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, told(found()), [(None, What.OPENED, OPEN)]),
        (None, told(found(), EXPLAINED), [(None, What.OPENED, EXPLAINED)]),
        (stored(found()), None, [("row-v-D11", What.CLEARED, CLEARED)]),
        (stored(found(), CLEARED), None, []),
        (stored(found(), CLEARED), told(found()), [("row-v-D11", What.REOPENED, OPEN)]),
        (stored(found(), CLEARED), told(found(), ACCEPTED), [("row-v-D11", What.REOPENED, ACCEPTED)]),
        (stored(found()), told(found()), []),
        (stored(found(), ACCEPTED), told(found(), ACCEPTED), []),
        (stored(found()), told(found(seconds=61)), [("row-v-D11", What.CHANGED, OPEN)]),
        (stored(found()), told(found(), EXPLAINED), [("row-v-D11", What.EXPLAINED, EXPLAINED)]),
        (stored(found(), EXPLAINED), told(found(), ACCEPTED), [("row-v-D11", What.ACCEPTED, ACCEPTED)]),
        (stored(found(), EXPLAINED), told(found(), REJECTED), [("row-v-D11", What.REJECTED, REJECTED)]),
        (stored(found(), ACCEPTED), told(found(seconds=61), OPEN), [("row-v-D11", What.REOPENED, OPEN)]),
        (stored(found()), told(found(effect=Effect.EXPLAIN)), [("row-v-D11", What.CHANGED, OPEN)]),
        (stored(found()), told(found(customer_id="other")), [("row-v-D11", What.CHANGED, OPEN)]),
    ],
    ids=[
        "found for the first time it opens",
        "one that explains itself opens explained",
        "no longer found it clears",
        "cleared and not found it stays",
        "found again it is the same row",
        "found again as it was accepted it is accepted",
        "found as before nothing is written",
        "accepted and unchanged nothing is written",
        "other facts are written",
        "explained",
        "accepted",
        "rejected",
        "accepted on other facts it is open again",
        "another effect is written",
        "another customer is written",
    ],
)
def test_D_a_stored_deviation_follows_what_is_found(
    before: Standing | None, now: Explained | None, expected: list[tuple[str | None, What, DeviationState]]
) -> None:
    changes = reconcile([before] if before else [], [now] if now else [])
    assert summary(changes) == expected


def test_D_what_is_written_is_what_is_found_now_and_a_cleared_one_keeps_its_last_facts() -> None:
    changed = reconcile([stored(found())], [told(found(seconds=61))])
    assert changed[0].found.facts == {"seconds": 61}
    cleared = reconcile([stored(found(seconds=61))], [])
    assert cleared[0].found.facts == {"seconds": 61}


def test_D_one_row_for_each_rule_subject_and_period() -> None:
    one, other = found(), replace(found(), period="2014-03")
    assert summary(reconcile([stored(one)], [told(one), told(other)])) == [(None, What.OPENED, OPEN)]
    assert summary(reconcile([stored(one)], [told(one), told(found(rule=Rule.D15))])) == [(None, What.OPENED, OPEN)]


NAMES = st.sets(st.sampled_from("abcdef"))


@given(before=NAMES, now=NAMES)
def test_D_reconciled_once_nothing_is_left_to_write(before: set[str], now: set[str]) -> None:
    rows = {one: stored(found(one)) for one in before}
    telling = [told(found(one)) for one in now]
    for change in reconcile(rows.values(), telling):
        name = change.found.subject.id
        rows[name] = Standing(id=change.id or f"row-{name}", found=change.found, state=change.state)
    assert {name for name, row in rows.items() if row.state is not CLEARED} == now
    assert reconcile(rows.values(), telling) == ()


@given(names=st.permutations("abcdef"))
def test_D_changes_come_in_one_order(names: list[str]) -> None:
    changes = reconcile([], [told(found(name, rule=rule)) for name in names for rule in (Rule.D11, Rule.D9)])
    keys = [(int(one.found.rule[1:]), one.found.subject.id) for one in changes]
    assert keys == sorted(keys)


POLICY = {"name": "clock_apart_seconds", "value": 120, "on": "2014-02-03", "valid_from": None}


def test_D_another_policy_or_expectation_is_written_and_leaves_what_was_accepted_accepted() -> None:
    """An acceptance binds to what was seen; the row tells by which policy all the same."""
    seen = {"seconds": 60}
    before = found(facts={**seen, "policies": [POLICY]})
    after = found(facts={**seen, "expected": {"most": 90}, "policies": [{**POLICY, "value": 90}]})
    assert before.bound_facts == after.bound_facts
    accepted = an_explanation("D11", "v", accepted="2014-02-20T10:00:00+01:00", bound_facts=before.bound_facts)
    (explained,) = explain([after], [accepted])
    assert explained.state is ACCEPTED
    (change,) = reconcile([stored(before, ACCEPTED)], [explained])
    assert (change.what, change.state, change.found.facts) == (What.CHANGED, ACCEPTED, after.facts)
    (other,) = explain([found(facts={**after.facts, "seconds": 61})], [accepted])
    assert other.state is OPEN


def kept(
    rows: dict[tuple[str, str, str, str], Standing], judgement: Judgement, history: list[tuple[str, What]]
) -> None:
    """The rows and their history after the judgement, as a store keeps them."""
    for change in reconcile(rows.values(), judgement.deviations):
        key = change.found.key
        rows[key] = Standing(id=change.id or "/".join(key), found=change.found, state=change.state)
        history.append((str(change.found.rule), change.what))


def test_D_V10_a_correction_that_removes_the_cause_clears_and_one_that_brings_it_back_reopens_the_same_row() -> None:
    """Of a visit of a minute: lengthened, and made short again. What was not touched has no history but its first."""
    short = (a_check_in("08:00"), a_check_out("08:01", names="in 08:00"))
    longer = a_correction(id="1", ends_at="08:10", approved="2014-02-05T09:00:00+01:00")
    again = a_correction(id="2", ends_at="08:01", approved="2014-02-06T09:00:00+01:00")
    rows: dict[tuple[str, str, str, str], Standing] = {}
    history: list[tuple[str, What]] = []
    for told in ((), (longer,), (longer,), (longer, again), (again, longer), ()):
        for _ in range(2):
            kept(rows, judged(*short, *told), history)
    of_d15 = [what for rule, what in history if rule == "D15"]
    assert of_d15 == [What.OPENED, What.CLEARED, What.REOPENED]
    assert [row.id for row in rows.values() if row.found.rule is Rule.D15] == ["D15/visit/in 08:00/2014-02"]
    of_d9 = [what for rule, what in history if rule == "D9"]
    assert of_d9[:2] == [What.OPENED, What.CLEARED]
    assert {what for rule, what in history if rule in ("D18", "D19")} == {What.OPENED}


def test_D_judged_again_later_with_the_same_facts_nothing_flickers() -> None:
    """What hangs on the time that passed has passed already: not a day, not a month later is anything else told."""
    facts = (a_planned_visit("10:00", "11:00"), a_check_in("08:00"), a_check_out("08:01"), a_policy("cap", "none"))
    rows: dict[tuple[str, str, str, str], Standing] = {}
    history: list[tuple[str, What]] = []
    for now in ("2014-03-05T18:00:00+01:00", "2014-03-05T18:00:01+01:00", "2014-03-06T18:00:00+01:00"):
        kept(rows, judged(*facts, now=now, months=("2014-02",)), history)
    assert {what for _, what in history} == {What.OPENED}
    assert len(history) == len(rows) > 3
