"""The statement, a line's life and what became of each second, as tables (R1, R2, R6, R8, R11)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.rules.deviations.values import Rule
from app.rules.providers import Law, Service
from app.rules.reimbursement.fates import Fates, pieces, sum_of
from app.rules.reimbursement.following import by_key, of_visit
from app.rules.reimbursement.lines import issue, sum_issued, totals
from app.rules.reimbursement.statement import Place, Statement, by_cause, issued_with, later_ore, statement
from app.rules.reimbursement.steps import seconds_of_visit, steps, worked
from app.rules.reimbursement.values import Cause, Line, LineKey, LineKind, Segment, Total
from tests.rules.builders import NACKA, a_check_in, a_grant, a_rate, at, judged
from tests.rules.money_builders import FEBRUARY, a_stay

KEY = LineKey(
    municipality=NACKA, provider_id="p", customer_id="k", service=Service.PERSONAL_CARE, law=Law.SOL, rate_id="r",
    month=FEBRUARY,
)  # fmt: skip
RATE = Decimal(37_000)
HERE = Place(municipality=NACKA, provider_id="p", month=FEBRUARY)


def a_line(sequence: int, seconds: int, before: int = 0, **more: Any) -> Line:
    """What the run of February issued, or a later one's difference to `before` seconds."""
    whole, was = worked(seconds, RATE).amount_ore, worked(before, RATE).amount_ore
    key = more.pop("key", KEY)
    told = {"run": FEBRUARY, "kind": LineKind.LINE if not before else LineKind.ADJUSTMENT, **more}
    segment = Segment(
        visit_id="v", registration_ids=("v",), starts_at=at("08:00"), ends_at=at("09:00"), seconds=seconds
    )
    total = Total(
        key=key, ore_per_hour=RATE, band=None, seconds=seconds, amount_ore=whole, segments=(segment,) if seconds else ()
    )
    return Line(total=total, seconds=seconds - before, amount_ore=whole - was, sequence=sequence, **told)


@pytest.mark.parametrize(
    ("seconds", "ore_per_hour", "exact", "amount"),
    [
        (19_580, "37000", "1811150/9", 201_239),
        (9, "37000", "185/2", 93),
        (2_840, "37000", "262700/9", 29_189),
        (3_600, "37850.5", "75701/2", 37_851),
        (0, "37000", "0", 0),
    ],
    ids=["22 visits of 14:50", "a half goes up", "47 min 20 s", "a decimal öre an hour", "nothing"],
)
def test_R1_a_line_is_worked_out_exactly_and_rounded_once(
    seconds: int, ore_per_hour: str, exact: str, amount: int
) -> None:
    found = worked(seconds, Decimal(ore_per_hour))
    assert (str(found.exact_ore), found.amount_ore) == (exact, amount)


def test_R8_the_running_sums_of_a_key_are_what_its_whole_comes_to_after_each_run() -> None:
    lines = [a_line(2, 49_005, 50_210), a_line(1, 50_210), a_line(7, 0, 49_005)]
    told = steps(lines)
    assert [(one.line.sequence, one.line.amount_ore, one.after_seconds, one.after_ore) for one in told] == [
        (1, 516_047, 50_210, 516_047),
        (2, -12_384, 49_005, 503_663),
        (7, -503_663, 0, 0),
    ]
    assert all(one.agrees for one in told)
    assert [one.before_ore for one in told] == [0, 516_047, 503_663]


def test_R8_a_step_that_its_whole_does_not_come_to_is_seen() -> None:
    wrong = replace(a_line(1, 50_210), amount_ore=516_046)
    assert not steps([wrong])[0].agrees


def test_R11_a_visits_lines_are_those_of_every_key_that_ever_had_it() -> None:
    other = replace(KEY, customer_id="other")
    gone, back = a_line(4, 0, 3_600), a_line(1, 3_600)
    lines = [back, a_line(2, 60, key=other), gone]
    lines[1] = replace(lines[1], total=replace(lines[1].total, segments=()))
    assert of_visit(lines, "v") == (back, gone)
    assert [seconds_of_visit(one, "v") for one in (back, gone)] == [3_600, 0]
    assert sorted(by_key(lines)) == [1, 2, 4]


def told(*facts: Any) -> Statement:
    """The statement of February from these facts, with the lines that a run would issue."""
    judgement = judged(*facts)
    lines = issue(FEBRUARY, [FEBRUARY], totals(judgement, [FEBRUARY]), [], {})
    return statement(HERE, judgement, lines)


@pytest.mark.parametrize(
    ("facts", "fates", "held", "half", "amount"),
    [
        ([a_stay("08:00", "08:47:20")], Fates(paid=2_840), [], 0, 29_189),
        ([a_stay("08:00", "09:00"), [a_grant(granted_seconds=1_800)]], Fates(paid=1_800, excess=1_800), [], 0, 18_500),
        ([a_stay("08:00", "09:00", service="escort")], Fates(held=3_600), [((Rule.D13,), 3_600, 1)], 0, 0),
        ([a_stay("08:00", "09:00"), [a_rate(valid_from="2015-01-01")]],
         Fates(unpriced=3_600), [((Rule.D20,), 3_600, 1)], 0, 0),
        ([a_stay("08:00", "09:00"), a_stay("08:30", "09:30", caregiver="c2", id="second")],
         Fates(paid=5_400, unpaid_overlap=1_800), [], 0, 55_500),
        ([[a_check_in("08:00")], a_stay("10:00", "11:00")], Fates(paid=3_600), [], 1, 37_000),
        ([], Fates(), [], 0, 0),
    ],
    ids=["paid", "beyond the cap", "no order", "no price", "two at once", "half a visit", "nothing"],
)  # fmt: skip
def test_R6_a_statement_tells_what_became_of_every_second_and_why(
    facts: list[Any], fates: Fates, held: list[Any], half: int, amount: int
) -> None:
    found = told(*(row for several in facts for row in several))
    assert found.fates == fates
    assert [(one.rules, one.seconds, one.visits) for one in found.held] == held
    assert (found.half_visits, found.amount_ore) == (half, amount)
    assert sum_of(()) + found.fates == sum((one.fates for one in found.customers), Fates())
    assert found.fates.performed == found.fates.paid + found.fates.unpaid
    assert sum(one.seconds for one in found.by_rate) == fates.paid
    assert sum(one.amount_ore for one in found.by_rate) == amount


def test_R2_what_lies_beyond_the_cap_is_told_with_its_worth() -> None:
    found = told(*a_stay("08:00", "09:00"), a_grant(granted_seconds=1_800))
    assert ([one.granted_seconds for one in found.customers], found.excess_ore) == ([1_800, 360_000], 18_500)


def test_R6_a_visits_pieces_touch_sum_to_it_and_name_what_holds_them() -> None:
    judgement = judged(*a_stay("08:00", "09:00"), a_grant(granted_seconds=1_800))
    several = pieces(judgement)["in 08:00"]
    assert [(one.starts_at, one.ends_at, one.fate) for one in several] == [
        (at("08:00"), at("08:30"), "paid"),
        (at("08:30"), at("09:00"), "excess"),
    ]
    assert {one.rate and one.rate.ore_per_hour for one in several} == {RATE}
    nobodys = pieces(judged(*a_stay("08:00", "09:00", service="escort")))["in 08:00"]
    assert [one.held_by for one in nobodys] == [(Rule.D13,)]


def test_R8_adjustments_of_earlier_months_are_paid_with_the_month_and_told_by_cause() -> None:
    january = replace(KEY, month="2014-01")
    late = a_line(3, 1_800, 3_600, key=january, cause=Cause.CORRECTION)
    own = a_line(2, 3_600)
    found = statement(HERE, judged(*a_stay("08:00", "09:00")), [own, late])
    assert (found.month_ore, found.adjusted_ore, found.amount_ore) == (37_000, -18_500, 18_500)
    assert [(one.month, one.cause, one.seconds, one.amount_ore) for one in by_cause(found.adjustments)] == [
        ("2014-01", Cause.CORRECTION, -1_800, -18_500)
    ]


def test_R8_what_later_runs_issued_for_a_month_stands_beside_it_and_not_in_it() -> None:
    lines = [a_line(1, 3_600), a_line(2, 1_800, 3_600, run="2014-03", cause=Cause.CORRECTION)]
    assert [one.sequence for one in issued_with(lines, FEBRUARY)] == [1]
    assert later_ore(lines, HERE) == -18_500
    assert [one.amount_ore for one in sum_issued(lines)] == [18_500]
