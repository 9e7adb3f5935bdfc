"""E7: when a new assessment is proposed, of repeated extensions and of repeated under-delivery, and when it is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.rules.assessments import (
    About,
    Asked,
    AssessmentCause,
    AssessmentState,
    Change,
    Sign,
    Signal,
    Stored,
    What,
    asked_of,
    check_closing,
    closed_keys,
    extension_signs,
    reconcile,
    signals,
    under_delivery_signs,
)
from app.rules.deviations.reconcile import Standing
from app.rules.deviations.values import DeviationState, Effect, Found, Rule, Subject, SubjectType
from app.rules.extensions import Decision, DecisionOutcome, Extension, ExtensionCause, ExtensionState
from app.rules.policies import Policy, policies_of
from app.rules.providers import Service
from app.rules.refusal import Refused
from tests.rules.builders import NACKA, a_policy, at

POOL = "p/k/SoL/personal_care"
EXTENSIONS = About(customer_id="k", cause=AssessmentCause.REPEATED_EXTENSIONS, subject="personal_care")
UNDER = About(customer_id="k", cause=AssessmentCause.REPEATED_UNDER_DELIVERY, subject=POOL)


def an_extension(id: str, month: str, *, state: str = "approved", provider: str = "p", **more: Any) -> Asked:
    """A request for more time at `k` in the month."""
    told: dict[str, Any] = {"customer_id": "k", "service": Service.PERSONAL_CARE, "requested_seconds": 3_600, **more}
    extension = Extension(
        id=id,
        provider_id=provider,
        month=month,
        cause=ExtensionCause.FALL,
        justification="x" * 20,
        requested_by="coordinator",
        requested_at=at("2014-02-04T12:00:00+01:00"),
        **told,
    )
    return Asked(extension=extension, state=ExtensionState(state), approved_seconds=None)


def asked_in(*months: str) -> list[Asked]:
    """A request for each of the months, named e1, e2 …"""
    return [an_extension(f"e{number}", month) for number, month in enumerate(months, start=1)]


def too_little(month: str, *, state: str = "open", pool: str = POOL) -> Standing:
    """D1 of the pool in the month."""
    found = Found(
        rule=Rule.D1,
        subject=Subject(type=SubjectType.POOL, id=pool),
        provider_id="p",
        period=month,
        facts={"performed_seconds": 10, "granted_seconds": 100, "percent": 75, "expected": {"least_seconds": 75}},
        effect=Effect.EXPLAIN,
        asks=True,
        municipality=NACKA,
        customer_id="k",
    )
    return Standing(id=f"D1 {month} {pool}", found=found, state=DeviationState(state))


def signalled(
    signs: Mapping[About, tuple[Sign, ...]], *policies: Policy, closed: Mapping[About, frozenset[str]] | None = None
) -> tuple[Signal, ...]:
    return signals(signs, closed or {}, policies_of(policies), {"k": NACKA})


def extended(requests: Iterable[Asked], *policies: Policy, closed: Iterable[str] = ()) -> list[str] | None:
    """The ids that a signal rests on, None where there is none."""
    used = {EXTENSIONS: frozenset(closed)}
    found = signalled(extension_signs(requests), *policies, closed=used)
    return [one.key for one in found[0].signs] if found else None


def under(months: Iterable[str], *policies: Policy, closed: Iterable[str] = ()) -> list[str] | None:
    """The months that a signal rests on, None where there is none."""
    used = {UNDER: frozenset(closed)}
    found = signalled(under_delivery_signs(too_little(one) for one in months), *policies, closed=used)
    return [one.key for one in found[0].signs] if found else None


@pytest.mark.parametrize(
    ("months", "rests_on"),
    [
        (["2014-02", "2014-02"], None),
        (["2014-02", "2014-02", "2014-02"], ["e1", "e2", "e3"]),
        (["2014-01", "2014-02", "2014-03"], ["e1", "e2", "e3"]),
        (["2014-01", "2014-02", "2014-04"], None),
        (["2013-12", "2014-01", "2014-02"], ["e1", "e2", "e3"]),
        (["2013-11", "2014-01", "2014-02"], None),
        (["2014-01", "2014-01", "2014-04", "2014-04"], None),
        (["2014-01", "2014-02", "2014-03", "2014-04"], ["e1", "e2", "e3", "e4"]),
        (["2013-06", "2014-01", "2014-02", "2014-03"], ["e2", "e3", "e4"]),
        (["2014-01", "2014-01", "2014-01", "2015-06"], ["e1", "e2", "e3"]),
        ([], None),
    ],
    ids=[
        "two in a month",
        "three in a month",
        "three in three months",
        "three in four months",
        "three months over New Year",
        "four months over New Year",
        "two and two, too far apart",
        "four in four months: every window of three has three",
        "one long before is not counted",
        "one long after is not counted",
        "none",
    ],
)
def test_E7_three_extensions_in_three_months_running_propose_an_assessment(
    months: list[str], rests_on: list[str] | None
) -> None:
    assert extended(asked_in(*months)) == rests_on
    assert extended(reversed(asked_in(*months))) == rests_on


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ("requested", True),
        ("needs_information", True),
        ("approved", True),
        ("partly_approved", True),
        ("declined", False),
        ("withdrawn", False),
    ],
)
def test_E7_a_request_counts_unless_it_was_declined_or_withdrawn(state: str, counts: bool) -> None:
    requests = [*asked_in("2014-02", "2014-02"), an_extension("last", "2014-02", state=state)]
    assert (extended(requests) is not None) is counts


def test_E7_extensions_are_counted_for_one_customer_and_service_whoever_the_provider_is() -> None:
    two = asked_in("2014-02", "2014-02")
    assert extended([*two, an_extension("other", "2014-02", customer_id="k2")]) is None
    assert extended([*two, an_extension("other", "2014-02", service=Service.ESCORT)]) is None
    (signal,) = signalled(extension_signs([*two, an_extension("other", "2014-02", provider="q")]))
    assert (len(signal.signs), signal.provider_id) == (3, None), "of several providers it is none of theirs to see"
    (signal,) = signalled(extension_signs([*two, an_extension("other", "2014-02")]))
    assert signal.provider_id == "p"


@pytest.mark.parametrize(
    ("visits", "counted"),
    [
        ([("a",), ("a",), ("b",)], False),
        ([("a",), ("b",), ("c",)], True),
        ([("a",), ("a", "b"), ("c",)], True),
        ([("a", "b"), ("a",), ("b",)], False),
        ([(), (), ()], True),
    ],
    ids=[
        "a night asked for in both its months is one occasion",
        "three visits",
        "a visit that another names too, and one more",
        "nothing that the first did not name",
        "days alone, no visits",
    ],
)
def test_E7_a_request_that_names_no_other_visits_than_an_earlier_one_is_the_same_occasion(
    visits: list[tuple[str, ...]], counted: bool
) -> None:
    months = ("2014-01", "2014-02", "2014-02")
    requests = [
        an_extension(f"e{number}", month, visit_ids=named)
        for number, (month, named) in enumerate(zip(months, visits, strict=True))
    ]
    assert (extended(requests) is not None) is counted


@pytest.mark.parametrize(
    ("months", "rests_on"),
    [
        (["2014-02"], None),
        (["2014-02", "2014-03"], ["2014-02", "2014-03"]),
        (["2014-01", "2014-03"], None),
        (["2013-12", "2014-01"], ["2013-12", "2014-01"]),
        (["2013-11", "2014-01"], None),
        (["2014-02", "2014-03", "2014-04"], ["2014-02", "2014-03", "2014-04"]),
        (["2014-01", "2014-03", "2014-04"], ["2014-03", "2014-04"]),
    ],
    ids=[
        "one month",
        "two running",
        "two with one between",
        "over New Year",
        "over New Year with one between",
        "three running",
        "one apart, and two running",
    ],
)
def test_E7_two_months_running_of_under_delivery_propose_an_assessment(
    months: list[str], rests_on: list[str] | None
) -> None:
    assert under(months) == rests_on
    assert under(reversed(months)) == rests_on


def test_E7_under_delivery_is_of_one_pool_and_counts_however_it_was_explained_until_it_clears() -> None:
    another = too_little("2014-03", pool="q/k/SoL/personal_care")
    assert signalled(under_delivery_signs([too_little("2014-02"), another])) == ()
    for state in ("open", "explained", "accepted", "rejected"):
        assert signalled(under_delivery_signs([too_little("2014-02"), too_little("2014-03", state=state)]))
    assert signalled(under_delivery_signs([too_little("2014-02"), too_little("2014-03", state="cleared")])) == ()


@pytest.mark.parametrize(("month", "signals_it"), [("2014-02", True), ("2014-03", False), ("2014-04", False)])
def test_E7_the_policies_are_those_of_the_first_day_of_the_last_month(month: str, signals_it: bool) -> None:
    """Changed on the first of March: four extensions are wanted then, or three months of under-delivery."""
    stricter = (
        a_policy("reassessment_extensions", 4, valid_from="2014-03-01"),
        a_policy("reassessment_under_delivery_months", 3, valid_from="2014-03-01"),
    )
    assert (extended(asked_in("2014-01", "2014-01", month), *stricter) is not None) is (signals_it)
    before = {"2014-02": "2014-01", "2014-03": "2014-02", "2014-04": "2014-03"}[month]
    assert (under([before, month], *stricter) is not None) is signals_it


@pytest.mark.parametrize(("valid_from", "counts"), [("2014-03-01", False), ("2014-03-02", True)])
def test_E7_a_policy_that_changes_within_the_last_month_holds_from_the_next(valid_from: str, counts: bool) -> None:
    policy = a_policy("reassessment_months", 2, valid_from=valid_from)
    assert (extended(asked_in("2014-01", "2014-02", "2014-03"), policy) is not None) is counts


def test_E7_another_municipalitys_policy_does_not_hold() -> None:
    assert extended(asked_in("2014-02"), a_policy("reassessment_extensions", 1)) == ["e1"]
    assert extended(asked_in("2014-02"), a_policy("reassessment_extensions", 1, municipality="2029")) is None
    assert under(["2014-02"], a_policy("reassessment_under_delivery_months", 1)) == ["2014-02"]


def test_E7_the_facts_tell_what_was_seen_and_by_which_policy_of_which_day() -> None:
    own = a_policy("reassessment_months", 4, valid_from="2014-01-01")
    (signal,) = signalled(extension_signs(asked_in("2014-01", "2014-02", "2014-04")), own)
    assert signal.facts == {
        "extensions": [
            {
                "id": f"e{number}",
                "provider_id": "p",
                "month": month,
                "requested_seconds": 3_600,
                "approved_seconds": None,
            }
            for number, month in enumerate(("2014-01", "2014-02", "2014-04"), start=1)
        ],
        "policies": [
            {"name": "reassessment_months", "value": 4, "on": "2014-04-01", "valid_from": "2014-01-01"},
            {"name": "reassessment_extensions", "value": 3, "on": "2014-04-01", "valid_from": None},
        ],
    }
    (signal,) = signalled(under_delivery_signs(map(too_little, ("2013-12", "2014-01"))))
    assert signal.facts["months"] == [
        {"month": month, "deviation_id": f"D1 {month} {POOL}", "performed_seconds": 10, "granted_seconds": 100}
        | {"percent": 75}
        for month in ("2013-12", "2014-01")
    ]


@pytest.mark.parametrize(
    ("state", "approved"),
    [("requested", None), ("needs_information", None), ("partly_approved", 600), ("approved", 600)],
)
def test_E7_what_is_not_decided_has_no_approved_seconds(state: str, approved: int | None) -> None:
    one = an_extension("e", "2014-02").extension
    decision = Decision(
        id="d",
        extension_id="e",
        outcome=DecisionOutcome.PARTLY_APPROVED,
        approved_seconds=600,
        reasons="x",
        reviewer="officer",
        decided_at=at("08:00"),
    )
    assert asked_of(one, ExtensionState(state), [decision], at("09:00")).approved_seconds == approved


@pytest.mark.parametrize(
    ("closed", "now", "rests_on"),
    [
        (["e1", "e2", "e3"], ["2014-01", "2014-02", "2014-03"], None),
        (["e1", "e2", "e3"], ["2014-01", "2014-02", "2014-03", "2014-04"], ["e2", "e3", "e4"]),
        (["e1", "e2", "e3"], ["2014-01", "2014-02", "2014-03", "2014-05"], None),
        (["e1", "e2", "e3"], ["2014-01", "2014-01", "2014-01", "2014-01"], ["e1", "e2", "e3", "e4"]),
        (["e1", "e2"], ["2014-01", "2014-02", "2014-03"], ["e1", "e2", "e3"]),
    ],
    ids=[
        "the same facts",
        "one more, with two of the old in its window",
        "one more, with one of the old in its window",
        "one more in the same month",
        "two that were decided on, and a third",
    ],
)
def test_E7_after_somebody_closed_it_only_a_further_extension_proposes_again(
    closed: list[str], now: list[str], rests_on: list[str] | None
) -> None:
    assert extended(asked_in(*now), closed=closed) == rests_on


def test_E7_after_somebody_closed_it_only_a_further_month_proposes_again() -> None:
    closed = ["2014-02", "2014-03"]
    assert under(["2014-02", "2014-03"], closed=closed) is None
    assert under(["2014-02", "2014-03", "2014-04"], closed=closed) == ["2014-03", "2014-04"]
    assert under(["2014-02", "2014-03", "2014-05"], closed=closed) is None
    assert under(["2014-01", "2014-02", "2014-03"], closed=closed) == ["2014-01", "2014-02"]


def a_signal(*months: str) -> Signal:
    (signal,) = signalled(under_delivery_signs(map(too_little, months)))
    return signal


def stored(id: str, state: str, signal: Signal) -> Stored:
    return Stored(
        id=id,
        about=signal.about,
        state=AssessmentState(state),
        facts=signal.facts,
        provider_id=signal.provider_id,
    )


def became(rows: Iterable[Stored], *told: Signal) -> list[tuple[str | None, What]]:
    """What becomes of which row."""
    return [(one.id, one.what) for one in reconcile(rows, told)]


FIRST, LONGER, LATER = (
    ("2014-02", "2014-03"),
    ("2014-02", "2014-03", "2014-04"),
    ("2015-02", "2015-03"),
)
BECOMES: dict[str, tuple[list[tuple[str, tuple[str, ...]]], tuple[str, ...], list[tuple[str | None, What]]]] = {
    "nothing stored": ([], FIRST, [(None, What.PROPOSED)]),
    "proposed already": ([("proposed", FIRST)], FIRST, []),
    "proposed, and a further month": ([("proposed", FIRST)], LONGER, [("0", What.CHANGED)]),
    "proposed, and the facts are gone": ([("proposed", FIRST)], (), [("0", What.CLEARED)]),
    "cleared, and still gone": ([("cleared", FIRST)], (), []),
    "cleared, and the same facts are back": ([("cleared", FIRST)], FIRST, [("0", What.REOPENED)]),
    "cleared, and other facts": ([("cleared", FIRST)], LATER, [(None, What.PROPOSED)]),
    "closed, and the facts are gone": ([("assessed", FIRST)], (), []),
    "dismissed, and a new signal": ([("dismissed", FIRST)], LONGER, [(None, What.PROPOSED)]),
    "closed, then cleared, then back": ([("assessed", FIRST), ("cleared", LATER)], LATER, [("1", What.REOPENED)]),
    "closed, and another proposed": ([("dismissed", FIRST), ("proposed", LATER)], LATER, []),
}


@pytest.mark.parametrize("case", BECOMES)
def test_E7_a_proposal_is_reconciled_without_flicker(case: str) -> None:
    rows, now, expected = BECOMES[case]
    kept = [stored(str(number), state, a_signal(*months)) for number, (state, months) in enumerate(rows)]
    assert became(kept, *([a_signal(*now)] if now else [])) == expected


def test_E7_a_proposal_that_changes_or_clears_tells_with_which_facts() -> None:
    row = stored("a", "proposed", a_signal(*FIRST))
    (changed,) = reconcile([row], [a_signal(*LONGER)])
    assert changed == Change(id="a", what=What.CHANGED, about=UNDER, facts=a_signal(*LONGER).facts, provider_id="p")
    (cleared,) = reconcile([row], [])
    assert (cleared.facts, cleared.about) == (row.facts, UNDER)


def test_E7_what_was_closed_is_what_the_closed_ones_rest_on() -> None:
    rows = [stored(state, state, a_signal(*FIRST)) for state in ("proposed", "cleared", "assessed")]
    rows.append(replace(rows[0], id="d", state=AssessmentState.DISMISSED, facts=a_signal(*LATER).facts))
    assert closed_keys(rows) == {UNDER: frozenset({*FIRST, *LATER})}


@pytest.mark.parametrize("state", AssessmentState)
def test_E7_only_what_stands_proposed_is_closed(state: AssessmentState) -> None:
    if state is AssessmentState.PROPOSED:
        check_closing(state)
        return
    with pytest.raises(Refused) as refusal:
        check_closing(state)
    assert (refusal.value.rule, refusal.value.facts) == ("E7", {"state": state.value})


def test_E7_the_day_of_a_policy_is_the_last_windows() -> None:
    (signal,) = signalled(under_delivery_signs(map(too_little, LONGER)))
    assert [one.on for one in signal.policies] == [date(2014, 4, 1)]
