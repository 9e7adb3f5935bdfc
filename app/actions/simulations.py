"""Simulations: what a scenario comes to, with one thing changed, and scenarios filled from the register."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from holidays import country_holidays

from app.actions.sun import scenario_reader
from app.rules.access import Actor, Permission, Resource, Verb, check_may
from app.rules.assumptions import assumed
from app.rules.comparisons import By, Change, Comparison, Count, compare, settings_changed, summary
from app.rules.deviations.facts import Facts
from app.rules.refusal import Kind, Refused
from app.rules.scenario import Scenario
from app.rules.simulations import Outcome, simulate

MOST_MONTHS = 36
"""So many months are closed for one request; the command takes any number. Source: our decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two outcomes, what changes for whom between them, and what was set otherwise."""

    before: Outcome
    after: Outcome
    settings: tuple[Change, ...]
    summary: tuple[Count, ...]
    comparison: Comparison


def run(scenario: Scenario) -> Outcome:
    """The scenario's outcome under Sweden's public holidays. Raises Refused R3 where two rates price one second."""
    return simulate(ready(scenario))


def ready(scenario: Scenario) -> Scenario:
    """The scenario with what no file tells: public holidays, and how a cryptographic tap is read."""
    facts = with_holidays(scenario.facts, scenario.months)
    return replace(scenario, facts=facts if facts.sun else replace(facts, sun=scenario_reader()))


def run_for(actor: Actor, read: Callable[[], Scenario], settings: Sequence[str] = ()) -> Outcome:
    """The outcome under these settings for somebody who may ask; what they ask is read only then.

    Raises Refused A2 where the role may not, for a setting that is none, and for more months than one request closes.
    Source: CONTRACT.
    """
    check_simulates(actor)
    return run(assumed(bounded(read()), settings))


def compare_for(
    actor: Actor, read: Callable[[], Scenario], settings: Sequence[str] = (), by: Iterable[By] = ()
) -> Compared:
    """What the settings change, for somebody who may ask. Raises as `run_for`."""
    check_simulates(actor)
    scenario = bounded(read())
    first, second = (Simulated(scenario=one, outcome=run(one)) for one in (scenario, assumed(scenario, settings)))
    return compared(first, second, by)


def check_simulates(actor: Actor) -> None:
    """Raises Refused A2 where the role may not simulate."""
    check_may(actor, Permission(Resource.SIMULATION, Verb.SIMULATE))


def bounded(scenario: Scenario) -> Scenario:
    """The scenario, which one request may close. Raises Refused."""
    if len(scenario.months) > MOST_MONTHS:
        raise Refused("simulation", f"close at most {MOST_MONTHS} months at once", Kind.INVALID, "/months")
    return scenario


def changed(scenario: Scenario, settings: Sequence[str]) -> Scenario:
    """The scenario with each setting in place of what it says. Raises Refused, which names the setting."""
    return assumed(scenario, settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A scenario and its outcome."""

    scenario: Scenario
    outcome: Outcome


def compared(first: Simulated, second: Simulated, by: Iterable[By] = ()) -> Compared:
    """Two outcomes with everything that differs."""
    before, after = first.outcome, second.outcome
    return Compared(
        before=before,
        after=after,
        settings=settings_changed(first.scenario.facts, second.scenario.facts),
        summary=summary(before, after),
        comparison=compare(before, after, by),
    )


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
