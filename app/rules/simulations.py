"""A scenario file run through the product's own rules: what its months would have come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import Judgement, bind, judge, judge_before
from app.rules.extensions import check_decision, check_service
from app.rules.orders import Order, Placed, check_order, place
from app.rules.plans import check_plan
from app.rules.rates import check_rates
from app.rules.refusal import Refused
from app.rules.reimbursement.causes import causes_of
from app.rules.reimbursement.lines import excesses, issue, sum_issued, totals
from app.rules.reimbursement.values import Excess, Issued, Line
from app.rules.reports import figures
from app.rules.scenario import Scenario
from app.rules.time import BEGINNING
from app.rules.visits.correct import refusal_of_approval
from app.rules.visits.surroundings import Surroundings

NACKA = "0182"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFact:
    """A fact of the file that a rule refuses, and that counts for nothing."""

    id: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the outcome leaves out, by the rule that says so."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a scenario comes to, everything in a fixed order. `closing` is the judgement at the last lock of `months`,
    None where there is none: what the lines and the excess come of.
    """

    judgement: Judgement
    lines: tuple[Line, ...]
    excess: tuple[Excess, ...]
    figures: dict[str, list[dict[str, object]]]
    refused: tuple[RefusedFact, ...]
    months: tuple[str, ...] = ()
    closing: Judgement | None = None
    notes: tuple[Note, ...] = ()


PAID_IN_2013 = Note(rule="R6", message="Nacka's omställningstid and its rounding in 2013 are left out of the outcome.")


def left_out(months: Iterable[str], municipalities: Iterable[str]) -> tuple[Note, ...]:
    """What was paid in these months and is not simulated. Source: R6, N 4.3.3."""
    nacka = NACKA in municipalities
    return (PAID_IN_2013,) if nacka and any(month.startswith("2013-") for month in months) else ()


def simulate(scenario: Scenario) -> Outcome:
    """Runs the scenario; the same one always comes to the same. Raises Refused R3 where two rates would price one
    second.
    """
    facts, refused = _taken(scenario)
    lines, last = _close(facts, scenario)
    judgement = judge(facts, scenario.now, scenario.months)
    shown = figures(judgement, scenario.months)
    return _outcome(scenario, lines, last, judgement=judgement, figures=shown, refused=refused)


def settle(scenario: Scenario) -> Outcome:
    """The same lines and excess, judged as of the last lock instead of now, and without figures: for many at once.

    Raises Refused R3, and ValueError for a scenario that closes no month.
    """
    facts, refused = _taken(scenario)
    lines, last = _close(facts, scenario)
    if last is None:
        raise ValueError("a settlement closes a month")
    return _outcome(scenario, lines, last, judgement=last, figures={}, refused=refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """One provider, or all of them (None), in some municipalities; the empty one is of what was at nobody known."""

    homes: frozenset[str]
    provider_id: str | None = None


def only(outcome: Outcome, whose: Whose) -> Outcome:
    """What of the outcome is theirs: facts of one provider or municipality bring those of others along (V5)."""
    theirs = _Theirs(whose, outcome.judgement.setting.around)
    judgement = theirs.judgement(outcome.judgement)
    shown = figures(judgement, outcome.months) if outcome.figures else {}
    return replace(
        outcome,
        judgement=judgement,
        lines=tuple(
            line
            for line in outcome.lines
            if theirs.done_by(line.total.key.provider_id) and line.total.key.municipality in whose.homes
        ),
        excess=tuple(
            one for one in outcome.excess if theirs.done_by(one.provider_id) and theirs.at_home([one.customer_id])
        ),
        figures={name: [row for row in rows if theirs.told_by(row)] for name, rows in shown.items()},
        closing=None if outcome.closing is None else theirs.judgement(outcome.closing),
    )


@dataclass(frozen=True, slots=True)
class _Theirs:
    whose: Whose
    around: Surroundings

    def done_by(self, provider_id: object) -> bool:
        return self.whose.provider_id in (None, provider_id)

    def at_home(self, customer_ids: Sequence[str | None]) -> bool:
        return any((self.around.municipality(one) or "") in self.whose.homes for one in customer_ids or [None])

    def told_by(self, row: Mapping[str, object]) -> bool:
        """True for a row of figures; those of a municipality are not one provider's."""
        at_home = row.get("municipality") in (None, *self.whose.homes)
        customer_id = row.get("customer_id")
        return (
            at_home
            and self.done_by(row.get("provider_id"))
            and (customer_id is None or self.at_home([str(customer_id)]))
        )

    def judgement(self, judgement: Judgement) -> Judgement:
        """The judgement of their visits alone."""
        account, told = judgement.account, judgement.deviations
        stretches = tuple(
            one for one in account.stretches if self.done_by(one.visit.provider_id) and self.at_home([one.customer_id])
        )
        return replace(
            judgement,
            visits=tuple(
                one for one in judgement.visits if self.done_by(one.provider_id) and self.at_home(one.customer_ids)
            ),
            deviations=tuple(
                one
                for one in told
                if self.done_by(one.found.provider_id) and (one.found.municipality or "") in self.whose.homes
            ),
            account=replace(account, stretches=stretches),
        )


def _taken(scenario: Scenario) -> tuple[Facts, tuple[RefusedFact, ...]]:
    check_rates(scenario.facts.rates)
    facts, refused = _accepted(scenario.facts)
    return bind(facts, scenario.months), refused


def _outcome(scenario: Scenario, lines: tuple[Line, ...], last: Judgement | None, **told: Any) -> Outcome:
    shared = scenario.care_system.municipalities if scenario.care_system else ()
    return Outcome(
        lines=lines,
        excess=() if last is None else excesses(last, scenario.months),
        months=scenario.months,
        closing=last,
        notes=left_out(scenario.months, {*shared, *(one.municipality for one in scenario.facts.customers)}),
        **told,
    )


def _close(facts: Facts, scenario: Scenario) -> tuple[tuple[Line, ...], Judgement | None]:
    """Closes the months in the order of their locks; what is recorded later adjusts in the next. Source: R8, R9."""
    locks = dict(scenario.locked_at)
    closings = sorted((locks.get(month, scenario.now), month) for month in scenario.months)
    lines: list[Line] = []
    issued: tuple[Issued, ...] = ()
    closed: list[str] = []
    since: datetime = BEGINNING
    judgement: Judgement | None = None
    for lock, month in closings:
        closed.append(month)
        judgement = judge_before(facts, lock, closed)
        recomputed = totals(judgement, closed)
        causes = causes_of({*(one.key for one in recomputed), *(one.key for one in issued)}, judgement, since)
        new = issue(month, [month], recomputed, issued, causes)
        lines += new
        issued = sum_issued(new, issued)
        since = lock
    return tuple(replace(line, sequence=number) for number, line in enumerate(lines, 1)), judgement


def _accepted(facts: Facts) -> tuple[Facts, tuple[RefusedFact, ...]]:
    """The facts without those that a rule refuses at entry, and what was refused, by id."""
    refused = {
        **_refused_extensions(facts),
        **_refused_corrections(facts),
        **_refused_plans(facts),
        **_refused_orders(facts),
    }
    kept = replace(
        facts,
        extensions=tuple(one for one in facts.extensions if one.id not in refused),
        decisions=tuple(one for one in facts.decisions if not {one.id, one.extension_id} & refused.keys()),
        corrections=tuple(one for one in facts.corrections if one.id not in refused),
        planned_visits=tuple(one for one in facts.planned_visits if one.id not in refused),
        orders=tuple(one for one in facts.orders if one.id not in refused),
    )
    return kept, tuple(
        RefusedFact(id=key, rule=refused[key].rule, message=refused[key].message) for key in sorted(refused)
    )


def _refused_extensions(facts: Facts) -> dict[str, Refused]:
    by_id = {one.id: one for one in facts.extensions}
    found: dict[str, Refused] = {}
    for extension in facts.extensions:
        try:
            check_service(extension.service)
        except Refused as refusal:
            found[extension.id] = refusal
    for decision in facts.decisions:
        try:
            check_decision(decision, by_id[decision.extension_id])
        except Refused as refusal:
            found.setdefault(decision.extension_id, refusal)
    return found


def _refused_corrections(facts: Facts) -> dict[str, Refused]:
    caregivers = {one.id: one.caregiver_id for one in facts.registrations}
    found = {one.id: refusal_of_approval(one, [caregivers.get(one.visit_id, "")]) for one in facts.corrections}
    return {key: refusal for key, refusal in found.items() if refusal is not None}


def _refused_plans(facts: Facts) -> dict[str, Refused]:
    found: dict[str, Refused] = {}
    for plan in facts.planned_visits:
        try:
            check_plan(plan)
        except Refused as refusal:
            found[plan.id] = refusal
    return found


def _refused_orders(facts: Facts) -> dict[str, Refused]:
    """Orders that exceed their grant, or go to a provider that is not accredited or has reached its ceiling; taken in
    the order placed. Source: O3, O6.
    """
    municipalities = {one.id: one.municipality for one in facts.customers}
    kept: dict[str, dict[str, Order]] = {}
    load: dict[tuple[str, str], dict[str, Placed]] = {}
    found: dict[str, Refused] = {}
    for placed in place(facts.orders, facts.grants):
        order, grant = placed.order, placed.grant
        municipality = municipalities[grant.customer_id]
        others = kept.setdefault(grant.id, {})
        beside = load.setdefault((order.provider_id, municipality), {})
        others.pop(order.id, None)
        beside.pop(order.id, None)
        try:
            check_order(order, grant, others.values(), municipality, facts.accreditations, beside.values())
        except Refused as refusal:
            found[order.id] = refusal
        else:
            others[order.id] = order
            beside[order.id] = placed
    return found
