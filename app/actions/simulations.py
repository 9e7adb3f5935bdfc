"""Simulations: what a scenario comes to, with one thing changed, and scenarios filled from the register."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache

from holidays import country_holidays

from app.actions.sun import scenario_reader
from app.rules.access import Actor, Permission, Resource, Verb, check_may
from app.rules.deviations.facts import Facts
from app.rules.deviations.seconds import Fate
from app.rules.policies import Policy, check_policy
from app.rules.refusal import Kind, Refused
from app.rules.scenario import Scenario
from app.rules.simulations import Outcome, simulate

MOST_ORE_PER_HOUR = Decimal(1_000_000_000)
MOST_MONTHS = 36
"""So many months are closed for one request; the command takes any number. Source: our decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What an outcome comes to in all, by what it is called, in a fixed order."""

    rows: tuple[tuple[str, int], ...]


def run(scenario: Scenario) -> Outcome:
    """The scenario's outcome under Sweden's public holidays. Raises Refused R3 where two rates price one second."""
    facts = with_holidays(scenario.facts, scenario.months)
    return simulate(replace(scenario, facts=facts if facts.sun else replace(facts, sun=scenario_reader())))


def run_for(actor: Actor, read: Callable[[], Scenario]) -> Outcome:
    """The same for somebody who may ask; what they ask is read only then.

    Raises Refused A2 where the role may not, and for more months than one request closes. Source: CONTRACT.
    """
    check_may(actor, Permission(Resource.SIMULATION, Verb.SIMULATE))
    scenario = read()
    if len(scenario.months) > MOST_MONTHS:
        raise Refused("simulation", f"close at most {MOST_MONTHS} months at once", Kind.INVALID, "/months")
    return run(scenario)


def with_holidays(facts: Facts, months: Iterable[str]) -> Facts:
    """The facts with the public holidays of every year that they or the months speak of."""
    return replace(facts, holidays=public_holidays(frozenset(_years(facts, months))))


@cache
def public_holidays(years: frozenset[int]) -> frozenset[date]:
    """The Swedish public holidays of the years, and of those beside them; ordinary Sundays are none.

    Source: lagen (1989:253) om allmänna helgdagar, by the library `holidays`.
    """
    asked = sorted({near for year in years for near in (year - 1, year, year + 1)})
    return frozenset(country_holidays("SE", years=asked, include_sundays=False)) if asked else frozenset()


def _years(facts: Facts, months: Iterable[str]) -> set[int]:
    years = {one.captured_at.year for one in facts.registrations}
    years |= {
        moment.year for one in facts.corrections for moment in (one.changes.starts_at, one.changes.ends_at) if moment
    }
    years |= {one.stated_at.year for one in facts.registrations if one.stated_at is not None}
    return years | {int(month[:4]) for month in months}


def changed(scenario: Scenario, settings: Sequence[str]) -> Scenario:
    """The scenario with each setting in place of what it says: `policy.<name>=<value>` for every municipality and day,
    or `rate.<id>.ore_per_hour=<öre>`.

    Raises Refused, which names the setting, for one that is none of these and for a rate that is not there.
    """
    for setting in settings:
        scenario = replace(scenario, facts=_changed(scenario.facts, setting))
    return scenario


def _changed(facts: Facts, setting: str) -> Facts:
    name, separator, value = setting.partition("=")
    kind, _, rest = name.partition(".")
    if separator and kind == "policy":
        return _with_policy(facts, rest, value)
    rate_id, _, field = rest.rpartition(".")
    if separator and kind == "rate" and field == "ore_per_hour":
        return _with_rate(facts, rate_id, value)
    raise _unset(setting, "say policy.<name>=<value> or rate.<id>.ore_per_hour=<öre>")


def _with_policy(facts: Facts, name: str, text: str) -> Facts:
    value = int(text) if text.isascii() and text.isdigit() else text
    try:
        check_policy(name, value)
    except Refused as fault:
        raise _unset(f"{name}={text}", str(fault)) from fault
    row = Policy(id=f"set-{name}", name=name, value=value, valid_from=date.min, source="--set")
    return replace(facts, policies=(*(one for one in facts.policies if one.name != name), row))


def _with_rate(facts: Facts, rate_id: str, text: str) -> Facts:
    if all(one.id != rate_id for one in facts.rates):
        raise _unset(rate_id, "is no rate of the scenario")
    try:
        ore = Decimal(text)
    except InvalidOperation as fault:
        raise _unset(text, "is no number of öre") from fault
    if not ore.is_finite() or not 0 <= ore <= MOST_ORE_PER_HOUR:
        raise _unset(text, f"is not from 0 to {MOST_ORE_PER_HOUR} öre")
    rates = tuple(replace(one, ore_per_hour=ore) if one.id == rate_id else one for one in facts.rates)
    return replace(facts, rates=rates)


def _unset(what: str, fault: str) -> Refused:
    return Refused("setting", f"{what}: {fault}", Kind.INVALID, "/set")


def totals_of(outcome: Outcome) -> Totals:
    """The outcome in a column of numbers: visits, seconds by what became of them, money, and deviations by rule."""
    stretches = outcome.judgement.account.stretches
    seconds = [(f"{fate} seconds", sum(one.seconds for one in stretches if one.fate is fate)) for fate in Fate]
    rules = sorted({one.found.rule for one in outcome.judgement.deviations}, key=lambda rule: int(rule[1:]))
    counted = [(f"{rule}", sum(one.found.rule is rule for one in outcome.judgement.deviations)) for rule in rules]
    return Totals(
        rows=(
            ("visits", len(outcome.judgement.visits)),
            ("performed seconds", sum(one.seconds for one in stretches)),
            *seconds,
            ("lines", len(outcome.lines)),
            ("line seconds", sum(one.seconds for one in outcome.lines)),
            ("line öre", sum(one.amount_ore for one in outcome.lines)),
            ("excess öre", sum(one.worth_ore for one in outcome.excess)),
            ("refused facts", len(outcome.refused)),
            *counted,
        )
    )


def beside(first: Totals, second: Totals) -> tuple[tuple[str, int, int], ...]:
    """Each row of either with both its numbers, 0 where one has none."""
    left, right = dict(first.rows), dict(second.rows)
    names = [*left, *(name for name in right if name not in left)]
    return tuple((name, left.get(name, 0), right.get(name, 0)) for name in names)
