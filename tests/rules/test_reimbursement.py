"""Lines: what a month comes to (R1), what lies beyond (R2), adjustments after the lock (R8), repeatable runs (R9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import judge_before
from app.rules.providers import Law
from app.rules.rates import Rate
from app.rules.reimbursement.causes import causes_of
from app.rules.reimbursement.lines import amount_ore, excesses, half_up, issue, sum_issued, totals
from app.rules.reimbursement.values import Cause, Issued, Line, LineKey, LineKind, Total
from app.rules.scenario import Scenario
from app.rules.simulations import simulate
from app.rules.time import BEGINNING
from tests.rules.builders import (
    LATER,
    NACKA,
    a_change,
    a_correction,
    a_customer,
    a_grant,
    a_planned_visit,
    a_policy,
    a_rate,
    an_explanation,
    an_order,
    at,
    judged,
    some_facts,
)
from tests.rules.money_builders import CARE, ESCORT, FEBRUARY, HOUSEHOLD, MUNICIPAL, a_band_of, a_row, a_stay, amounts

MARCH_LOCK = "2014-04-05T18:00:00+02:00"


@pytest.mark.parametrize(
    ("seconds", "ore_per_hour", "ore"),
    [
        (19_580, 37_000, 201_239),
        (890, 37_000, 9_147),
        (2_840, 37_000, 29_189),
        (9, 37_000, 93),
        (8, 37_000, 82),
        (10, 37_000, 103),
        (0, 37_000, 0),
        (1, 1, 0),
        (1_799, 1, 0),
        (1_800, 1, 1),
        (1_801, 1, 1),
        (3_600, 37_000, 37_000),
        (50_210, 37_000, 516_047),
        (49_005, 37_000, 503_663),
        (600, 33_500, 5_583),
        (1_200, 36_900, 12_300),
        (4_650, 37_000, 47_792),
        (2_550, 37_000, 26_208),
        (1, "1800", 1),
        (1, "1799.9999", 0),
    ],
)
def test_R1_an_amount_is_rounded_once_and_half_goes_up(seconds: int, ore_per_hour: int | str, ore: int) -> None:
    assert amount_ore(seconds, Decimal(ore_per_hour)) == ore


@pytest.mark.parametrize(
    ("exact", "whole"),
    [("92.5", 93), ("92.49", 92), ("-92.5", -92), ("-92.51", -93), ("0.5", 1), ("-0.5", 0), ("7", 7), ("-7", -7)],
)
def test_R1_half_goes_up_below_nothing_too(exact: str, whole: int) -> None:
    assert half_up(Fraction(exact)) == whole


def test_R1_22_visits_are_rounded_once_per_line_and_never_each() -> None:
    days = [f"2014-02-{day:02d}" for day in range(1, 23)]
    stays = [row for day in days for row in a_stay(f"{day}T08:00:00+01:00", f"{day}T08:14:50+01:00")]
    assert amounts(judged(*stays)) == [(19_580, 201_239)]
    assert 22 * amount_ore(890, Decimal(37_000)) == 201_234


def test_R1_a_line_is_for_municipality_provider_customer_service_law_rate_and_local_month() -> None:
    judgement = judged(
        a_grant(services=(CARE, HOUSEHOLD)),
        a_grant("lss grant", services=(ESCORT,), law=Law.LSS),
        an_order("lss order", grant_id="lss grant"),
        a_rate(HOUSEHOLD),
        a_rate(ESCORT, ore=32_000),
        *a_stay("08:00", "08:30", service=CARE),
        *a_stay("09:00", "09:30", service=HOUSEHOLD),
        *a_stay("10:00", "10:30", service=ESCORT),
        *a_stay("11:00", "11:30", door="k2"),
        *a_stay("2014-02-28T23:30:00+01:00", "2014-03-01T00:30:00+01:00", service=CARE),
        now=MARCH_LOCK,
    )
    keys = [one.key for one in totals(judgement, [FEBRUARY, "2014-03"])]
    assert [(key.customer_id, key.service, key.law, key.rate_id, key.month) for key in keys] == [
        ("k", "escort", "LSS", "rate escort", "2014-02"),
        ("k", "household", "SoL", "rate household", "2014-02"),
        ("k", "personal_care", "SoL", "rate personal_care", "2014-02"),
        ("k", "personal_care", "SoL", "rate personal_care", "2014-03"),
        ("k2", "personal_care", "SoL", "rate personal_care", "2014-02"),
    ]
    assert {(key.municipality, key.provider_id) for key in keys} == {(NACKA, "p")}
    assert [one.seconds for one in totals(judgement, [FEBRUARY])] == [1_800, 1_800, 3_600, 1_800]


def test_R1_a_rate_that_changes_within_the_month_makes_two_lines_each_rounded() -> None:
    rows = [a_row("old", kronor=360), a_row("new", kronor=370, valid_from=date(2014, 2, 4))]
    night = a_stay("2014-02-03T23:59:51+01:00", "2014-02-04T00:00:09+01:00")
    judgement = judged(*rows, *night, without=(Rate,))
    assert [(one.key.rate_id, one.seconds, one.amount_ore) for one in totals(judgement, [FEBRUARY])] == [
        ("new", 9, 93),
        ("old", 9, 90),
    ]


def test_R11_a_line_names_the_stretches_registrations_orders_and_grants_behind_it() -> None:
    stay = a_stay("08:00", "09:00", service=CARE)
    change = a_change("08:30", HOUSEHOLD)
    (line,) = totals(judged(*stay, change, a_policy("cap", "none")), [FEBRUARY])
    (segment,) = line.segments
    assert (segment.visit_id, segment.seconds) == ("in 08:00", 1_800)
    assert (segment.starts_at, segment.ends_at) == (at("08:00"), at("08:30"))
    assert segment.registration_ids == ("in 08:00", "change 08:30", "in 08:00 out")
    assert (line.order_ids, line.grant_ids, line.extension_ids) == (("order k",), ("grant k",), ())


def test_R11_the_segments_of_a_line_sum_to_it_and_touching_ones_of_a_visit_are_one() -> None:
    band = a_band_of("00:00", "24:00")
    nights = [
        *a_stay("2014-02-03T22:00:00+01:00", "2014-02-04T02:00:00+01:00"),
        *a_stay("2014-02-05T08:00:00+01:00", "2014-02-05T09:00:00+01:00"),
    ]
    (line,) = totals(judged(a_row("a", band=band), *nights, without=(Rate,)), [FEBRUARY])
    assert [one.seconds for one in line.segments] == [14_400, 3_600]
    assert sum(one.seconds for one in line.segments) == line.seconds
    assert line.band == "band"


def test_R2_the_worth_of_the_excess_is_exact_and_rounded_once() -> None:
    rates = [a_rate(ore=37_000), a_rate(HOUSEHOLD, ore=28_401)]
    judgement = judged(
        a_grant(services=(CARE, HOUSEHOLD), granted_seconds=3_600),
        *rates,
        *a_stay("08:00:00", "09:00:00", service=CARE),
        *a_stay("10:00:00", "10:00:09", service=CARE),
        *a_stay("11:00:00", "11:00:09", service=CARE),
        *a_stay("12:00:00", "12:01:41", service=HOUSEHOLD),
    )
    (excess,) = excesses(judgement, [FEBRUARY])
    assert excess.excess_seconds == 119
    assert excess.worth_ore == 982
    rounded_apart = amount_ore(9, Decimal(37_000)) * 2 + amount_ore(101, Decimal(28_401))
    assert rounded_apart == 983


def test_R2_a_pool_that_keeps_within_its_cap_has_no_excess() -> None:
    assert excesses(judged(a_grant(hours=1), *a_stay("08:00:00", "09:00:00")), [FEBRUARY]) == ()
    assert len(excesses(judged(a_grant(hours=1), *a_stay("08:00:00", "09:00:01")), [FEBRUARY])) == 1


KEY = LineKey(
    municipality=NACKA, provider_id="p", customer_id="k", service=CARE, law=Law.SOL, rate_id="r", month=FEBRUARY
)


def a_total(seconds: int, key: LineKey = KEY) -> Total:
    ore = amount_ore(seconds, Decimal(37_000))
    return Total(key=key, ore_per_hour=Decimal(37_000), band=None, seconds=seconds, amount_ore=ore)


def issued(seconds: int, key: LineKey = KEY) -> Issued:
    ore = amount_ore(seconds, Decimal(37_000))
    return Issued(key=key, ore_per_hour=Decimal(37_000), band=None, seconds=seconds, amount_ore=ore)


def told(lines: Iterable[Line]) -> list[tuple[str, str, int, int]]:
    return [(one.kind, one.total.key.month, one.seconds, one.amount_ore) for one in lines]


@pytest.mark.parametrize(
    ("now", "before", "closing", "expected"),
    [
        ([50_210], [], [FEBRUARY], [("line", FEBRUARY, 50_210, 516_047)]),
        ([49_005], [50_210], ["2014-03"], [("adjustment", FEBRUARY, -1_205, -12_384)]),
        ([50_210], [50_210], ["2014-03"], []),
        ([], [50_210], ["2014-03"], [("adjustment", FEBRUARY, -50_210, -516_047)]),
        ([50_210], [], ["2014-03"], [("adjustment", FEBRUARY, 50_210, 516_047)]),
        ([50_219], [50_210], ["2014-03"], [("adjustment", FEBRUARY, 9, 93)]),
        ([], [], [FEBRUARY], []),
    ],
    ids=[
        "a month closed for the first time",
        "the rulebook's −12,384 öre",
        "nothing changed",
        "nothing is left of it",
        "a key that was not there when its month was issued",
        "the difference of two rounded amounts",
        "nothing at all",
    ],
)
def test_R8_an_adjustment_is_the_recomputed_line_less_the_lines_issued(
    now: list[int], before: list[int], closing: list[str], expected: list[tuple[str, str, int, int]]
) -> None:
    lines = issue("run", closing, [a_total(one) for one in now], [issued(one) for one in before], {})
    assert told(lines) == expected


def test_R8_rounding_the_difference_itself_would_give_another_ore() -> None:
    assert half_up(Fraction(-1_205 * 37_000, 3_600)) == -12_385


def test_R8_lines_come_first_then_adjustments_in_order_of_month_and_key() -> None:
    january, march = replace(KEY, month="2014-01"), replace(KEY, month="2014-03")
    other = replace(january, customer_id="a")
    now = [a_total(100, one) for one in (KEY, january, march, other)]
    lines = issue("run", ["2014-03"], now, [], {})
    assert [(one.kind, one.total.key.month, one.total.key.customer_id) for one in lines] == [
        (LineKind.LINE, "2014-03", "k"),
        (LineKind.ADJUSTMENT, "2014-01", "a"),
        (LineKind.ADJUSTMENT, "2014-01", "k"),
        (LineKind.ADJUSTMENT, "2014-02", "k"),
    ]


def test_R8_lines_and_adjustments_sum_to_what_was_issued() -> None:
    first = issue("1", [FEBRUARY], [a_total(50_210)], [], {})
    then = issue("2", ["2014-03"], [a_total(49_005)], sum_issued(first), {})
    (sum_of_both,) = sum_issued(then, sum_issued(first))
    assert (sum_of_both.seconds, sum_of_both.amount_ore) == (49_005, 503_663)
    again = issue("3", ["2014-04"], [a_total(49_005)], sum_issued(then, sum_issued(first)), {})
    assert again == ()


def closings(facts: Facts, *locks: tuple[str, str]) -> list[tuple[str, str, int, int, str | None]]:
    """Run, month, seconds, öre and cause of every line of a scenario whose months lock so: (month, lock)."""
    scenario = Scenario(
        facts=facts,
        months=tuple(month for month, _ in locks),
        now=at(locks[-1][1]),
        locked_at=tuple((month, at(lock)) for month, lock in locks),
    )
    lines = simulate(scenario).lines
    return [(one.run, one.total.key.month, one.seconds, one.amount_ore, one.cause) for one in lines]


BOTH = ((FEBRUARY, LATER), ("2014-03", MARCH_LOCK))
STAY = a_stay("08:00", "09:00")
AFTER = at("2014-03-20T09:00:00+01:00")
FIRST_LINE = (FEBRUARY, FEBRUARY, 3_600, 37_000, None)


@pytest.mark.parametrize(
    ("late", "issued_first", "seconds", "ore", "cause"),
    [
        ([a_correction(ends_at="08:45", approved="2014-03-20T09:00:00+01:00")], True, -900, -9_250, "correction"),
        ([a_correction(void=True, approved="2014-03-20T09:00:00+01:00")], True, -3_600, -37_000, "correction"),
        ([a_grant(recorded_at=AFTER)], False, 3_600, 37_000, "order"),
        ([an_order(recorded_at=AFTER)], False, 3_600, 37_000, "order"),
        (a_stay("10:00", "11:00", recorded_at=AFTER), True, 3_600, 37_000, "late_registration"),
        ([a_rate(recorded_at=AFTER)], False, 3_600, 37_000, "rate"),
    ],
    ids=["a correction", "a visit made void", "a grant", "an order", "a registration that came late", "a price"],
)
def test_R8_what_is_recorded_after_the_lock_is_issued_in_the_next_run(
    late: list[Any], issued_first: bool, seconds: int, ore: int, cause: str
) -> None:
    first = [FIRST_LINE] if issued_first else []
    assert closings(some_facts(*STAY, *late), *BOTH) == [*first, ("2014-03", FEBRUARY, seconds, ore, cause)]


def test_O1_R8_a_changed_version_of_grant_or_order_adjusts_what_was_issued() -> None:
    for changed, left in (
        (a_grant(granted_seconds=1_800, version=2, recorded_at=AFTER), [(1_800, 18_500)]),
        (an_order(valid_before=date(2014, 2, 1), version=2, recorded_at=AFTER), []),
    ):
        known = some_facts(*STAY)
        both = replace(
            some_facts(*STAY, changed),
            grants=(*known.grants, *some_facts(changed).grants),
            orders=(*known.orders, *some_facts(changed).orders),
        )
        for lock, expected in ((LATER, [(3_600, 37_000)]), (MARCH_LOCK, left)):
            assert amounts(judge_before(both, at(lock), [FEBRUARY])) == expected


def test_R3_R8_a_backdated_rate_takes_the_old_line_back_and_issues_the_new() -> None:
    backdated = a_row("new", kronor=380, valid_from=date(2014, 2, 1), recorded_at=AFTER)
    old = a_row("old", valid_from=date(2014, 1, 1))
    lines = closings(some_facts(old, backdated, *STAY, without=(Rate,)), *BOTH)
    assert lines == [
        FIRST_LINE,
        ("2014-03", FEBRUARY, 3_600, 38_000, "rate"),
        ("2014-03", FEBRUARY, -3_600, -37_000, "rate"),
    ]


def test_R8_a_visit_released_after_the_lock_is_paid_in_the_next_run() -> None:
    held = a_stay("08:00", "09:00", received="13:00")
    accepted = an_explanation("D16", accepted="2014-03-20T09:00:00+01:00")
    assert closings(some_facts(*held, accepted), *BOTH) == [("2014-03", FEBRUARY, 3_600, 37_000, "release")]


@pytest.mark.parametrize(
    ("recorded", "run"),
    [("2014-03-05T17:59:59+01:00", FEBRUARY), (LATER, "2014-03"), ("2014-03-05T18:00:01+01:00", "2014-03")],
    ids=["a second before the lock", "at the lock", "a second after it"],
)
@pytest.mark.parametrize("kind", ["registration", "correction", "approval", "verdict"])
def test_R9_a_run_uses_what_was_recorded_before_its_lock(kind: str, recorded: str, run: str) -> None:
    facts: dict[str, list[Any]] = {
        "registration": list(a_stay("08:00", "09:00", recorded_at=at(recorded))),
        "correction": [
            *a_stay("08:00", "08:30"),
            a_correction(ends_at="08:45", approved=recorded),
            a_policy("lengthened_seconds", 10_000),
        ],
        "approval": [
            *a_stay("08:00", "08:30"),
            a_correction(ends_at="08:45", approved=recorded, recorded_at=at("2014-02-04T09:00:00+01:00")),
            a_policy("lengthened_seconds", 10_000),
        ],
        "verdict": [*a_stay("08:00", "09:00", received="13:00"), an_explanation("D16", accepted=recorded)],
    }
    lines = closings(some_facts(*facts[kind]), *BOTH)
    whole = 2_700 if kind in ("correction", "approval") else 3_600
    assert lines[-1][0] == run
    assert sum(seconds for _, _, seconds, _, _ in lines) == whole


def test_R9_the_same_facts_in_any_order_give_the_same_bytes() -> None:
    stays = [*a_stay("08:00", "09:00"), *a_stay("08:30", "09:30", caregiver="c2"), *a_stay("10:00", "11:00", door="k2")]
    facts = some_facts(a_customer(), a_planned_visit(), *stays)
    backwards = replace(facts, registrations=facts.registrations[::-1], grants=facts.grants[::-1])
    lock = at(LATER)
    assert repr(totals(judge_before(facts, lock, [FEBRUARY]), [FEBRUARY])) == repr(
        totals(judge_before(backwards, lock, [FEBRUARY]), [FEBRUARY])
    )


def test_R8_the_cause_is_the_first_kind_of_new_fact_that_concerns_the_key() -> None:
    facts = some_facts(*a_stay("08:00", "09:00", recorded_at=AFTER), a_correction(ends_at="08:45"))
    since, judged = at(LATER), judge_before(facts, at(MARCH_LOCK), [FEBRUARY])
    key, other = replace(KEY, rate_id="rate personal_care"), replace(KEY, provider_id="q", customer_id="k9")
    assert causes_of([key, other], judged, since) == {key: Cause.LATE_REGISTRATION, other: Cause.OTHER}
    assert causes_of([key], judged, BEGINNING) == {key: Cause.RATE}


def test_R8_what_concerns_the_keys_own_visits_is_its_cause_before_what_its_provider_did_elsewhere() -> None:
    facts = some_facts(
        *a_stay("08:00", "09:00", received="13:00"),
        *a_stay("10:00", "11:00", door="k2"),
        an_explanation("D16", accepted="2014-03-20T09:00:00+01:00"),
        a_correction("in 10:00", ends_at="10:45", recorded_at=AFTER),
    )
    judged = judge_before(facts, at(MARCH_LOCK), [FEBRUARY])
    elsewhere = replace(KEY, customer_id="k9")
    assert causes_of([KEY, replace(KEY, customer_id="k2"), elsewhere], judged, at(LATER)) == {
        KEY: Cause.RELEASE,
        replace(KEY, customer_id="k2"): Cause.CORRECTION,
        elsewhere: Cause.CORRECTION,
    }


MARCH_STAY = a_stay("2014-03-03T08:00:00+01:00", "2014-03-03T09:00:00+01:00", recorded_at=AFTER)


@pytest.mark.parametrize(
    ("late", "cause"),
    [
        ([a_grant(granted_seconds=3_600, version=2, recorded_at=AFTER)], Cause.ORDER),
        ([an_order(valid_before=date(2014, 2, 1), version=2, recorded_at=AFTER)], Cause.ORDER),
        ([a_correction(void=True, approved="2014-03-20T09:00:00+01:00")], Cause.CORRECTION),
        ([a_rate(HOUSEHOLD, recorded_at=AFTER)], Cause.OTHER),
        ([a_row("next", kronor=380, valid_from=date(2014, 3, 1), recorded_at=AFTER)], Cause.OTHER),
        ([a_row("own", provider_kind=MUNICIPAL, valid_from=date(2014, 2, 1), recorded_at=AFTER)], Cause.OTHER),
        ([an_order("q's", provider="q", recorded_at=AFTER)], Cause.OTHER),
        ([an_order("next", valid_from=date(2014, 3, 1), recorded_at=AFTER)], Cause.OTHER),
        ([an_explanation("D1", None, accepted="2014-03-20T09:00:00+01:00", customer_id="k")], Cause.RELEASE),
        ([an_explanation("D1", None, accepted="2014-03-20T09:00:00+01:00", customer_id="k2")], Cause.OTHER),
        ([an_explanation("D1", None, accepted="2014-03-20T09:00:00+01:00", month="2014-03")], Cause.OTHER),
    ],
    ids=[
        "a smaller grant",
        "an order that ended before the month",
        "a visit made void",
        "another service's price",
        "the next month's price",
        "municipal providers' price",
        "another provider's order",
        "the next month's order",
        "the customer's explanation accepted",
        "another customer's explanation accepted",
        "another month's explanation accepted",
    ],
)
def test_R8_what_is_recorded_of_another_month_is_no_cause(late: list[Any], cause: Cause) -> None:
    """Of March everything is recorded after February's lock, and says nothing of what became of February."""
    known, changed = some_facts(*STAY, *MARCH_STAY), some_facts(*STAY, *MARCH_STAY, *late)
    both = replace(
        changed,
        grants=tuple({*known.grants, *changed.grants}),
        orders=tuple({*known.orders, *changed.orders}),
        rates=tuple({*known.rates, *changed.rates}),
    )
    judged_then = judge_before(both, at(MARCH_LOCK), [FEBRUARY, "2014-03"])
    key = replace(KEY, rate_id="rate personal_care")
    assert causes_of([key], judged_then, at(LATER)) == {key: cause}
    march = replace(key, month="2014-03")
    assert causes_of([march], judged_then, at(LATER))[march] in (Cause.LATE_REGISTRATION, Cause.RATE)


def test_R8_both_customers_of_a_visit_that_was_moved_are_told_of_the_correction() -> None:
    moved = a_correction(customer_id="k2", approved="2014-03-20T09:00:00+01:00")
    released = an_explanation("D16", accepted="2014-03-20T09:00:00+01:00")
    facts = some_facts(a_customer("k2"), *STAY, moved, released)
    judged_then = judge_before(facts, at(MARCH_LOCK), [FEBRUARY])
    keys = [replace(KEY, customer_id=customer) for customer in ("k", "k2")]
    assert causes_of(keys, judged_then, at(LATER)) == dict.fromkeys(keys, Cause.CORRECTION)
