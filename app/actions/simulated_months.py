"""Months of the running system simulated: whole for one request, or provider by provider for as many as there are.

Nothing is stored but, where customers are told of, that they were read (A3). Nobody's name is in what is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.actions.calls import Call
from app.actions.people import customers_seen
from app.actions.records import log_read, missing
from app.actions.scenarios import Whose as Months
from app.actions.scenarios import gathered
from app.actions.simulations import Compared, Simulated, check_simulates, compared, ready, run
from app.rules.access import Resource
from app.rules.assumptions import assumed
from app.rules.comparisons import By, Change, Comparison, compare, joined, settings_changed
from app.rules.deviations.facts import Facts
from app.rules.policies import Policies, policies_of
from app.rules.providers import CareSystem, Provider
from app.rules.rates import Rate, check_rates
from app.rules.refusal import Kind, Refused
from app.rules.scenario import Scenario
from app.rules.simulations import Note, Outcome, Whose, left_out, only, settle
from app.rules.time import month_interval
from app.storage import policies as kept_policies
from app.storage.concerned import provider_months
from app.storage.database import Transaction, Unavailable
from app.storage.providers import CARE_SYSTEM, PROVIDER
from app.storage.rates import rates_of
from app.storage.records import get, get_many
from app.storage.simulated import visits_in

MOST_MONTHS = 3
MOST_VISITS = 5_000
"""So many visits are simulated within one request; the desk and the command take any number. Source: our decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be simulated: which months, of whom, under which settings. None is any."""

    months: tuple[str, ...]
    municipality: str | None = None
    provider_id: str | None = None
    settings: tuple[str, ...] = ()
    by: tuple[By, ...] = ()


def simulate_months(call: Call, asked: Asked) -> Outcome:
    """What the months come to under the settings. Raises Refused: A2, A1 (404), a setting that is none, too many."""
    scenario = _of_request(call, asked)
    return _theirs(run(assumed(scenario, asked.settings)), scenario, asked)


def compare_months(call: Call, asked: Asked) -> Compared:
    """What the settings change in the months. Raises as `simulate_months`."""
    first = _of_request(call, asked)
    second = assumed(first, asked.settings)
    before, after = (Simulated(scenario=one, outcome=_theirs(run(one), one, asked)) for one in (first, second))
    return compared(before, after, asked.by)


def _of_request(call: Call, asked: Asked) -> Scenario:
    """The months as one scenario; whose customers are in it is logged."""
    check_simulates(call.actor)
    cs = call.care_system_id
    whose = Months(care_system_id=cs, municipality=asked.municipality, provider_id=asked.provider_id)
    with call.database.transaction() as tx:
        if asked.provider_id is not None and get(tx, PROVIDER, cs, asked.provider_id) is None:
            raise missing()
        intervals = [month_interval(month) for month in asked.months]
        if visits_in(tx, cs, intervals, asked.municipality, asked.provider_id, most=MOST_VISITS) > MOST_VISITS:
            raise Refused(
                "simulation",
                f"these are more than {MOST_VISITS} visits: ask for one provider or month, or let "
                "`flask simulate --from-month` or the desk take them all",
                Kind.INVALID,
                "/months",
            )
        scenario = gathered(tx, call.settings, whose, asked.months, call.now)
        log_read(tx, call, Resource.SIMULATION, customers_seen(one.id for one in scenario.facts.customers))
    return scenario


def _theirs(outcome: Outcome, scenario: Scenario, asked: Asked) -> Outcome:
    if asked.municipality is None and asked.provider_id is None:
        return outcome
    return only(outcome, Whose(homes=_homes(scenario.care_system, asked.municipality), provider_id=asked.provider_id))


def _homes(care_system: CareSystem | None, municipality: str | None) -> frozenset[str]:
    shared = care_system.municipalities if care_system else ()
    return frozenset({"", *shared}) if municipality is None else frozenset({municipality})


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One provider in one municipality. `homes` are where its time counts; the empty one is at nobody known."""

    provider: Provider
    municipality: str
    homes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A simulation that is to run share by share: what it changes, and what it leaves out."""

    asked: Asked
    shares: tuple[Share, ...]
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]
    providers: Mapping[str, Provider]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What may be set otherwise in a care system, as it stands."""

    care_system: CareSystem
    rates: tuple[Rate, ...]
    policies: Policies


class Stage(StrEnum):
    """How far one share has come."""

    READ = "read"
    BEFORE = "before"
    DONE = "done"
    BROKEN = "broken"
    """The database stopped answering, or a rule refuses what was read; nothing more comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A share and how far it has come; `comparison` is there when it is done, `fault` where a rule broke it off."""

    share: Share
    stage: Stage
    comparison: Comparison | None = None
    fault: Refused | None = None


def read_settings(call: Call) -> Settings:
    """What may be set otherwise. Raises Refused A2."""
    check_simulates(call.actor)
    with call.database.transaction(write=False) as tx:
        return _settings(tx, call)


def _settings(tx: Transaction, call: Call) -> Settings:
    cs = call.care_system_id
    care_system = get(tx, CARE_SYSTEM, cs, cs)
    if care_system is None:
        raise missing()
    rates, policies = rates_of(tx, cs), policies_of(kept_policies.policies_of(tx, cs))
    return Settings(care_system=care_system, rates=tuple(rates), policies=policies)


def plan(call: Call, asked: Asked) -> Planned:
    """Who is to be simulated, once it is clear that everything may be asked.

    Raises Refused: A2, A1 (404) for a foreign municipality, a setting that is none, R3 for rates that contradict.
    """
    check_simulates(call.actor)
    with call.database.transaction(write=False) as tx:
        settings = _settings(tx, call)
        if asked.municipality not in (None, *settings.care_system.municipalities):
            raise missing()
        pairs = sorted({pair for month in asked.months for pair in _pairs(tx, call, month, asked)})
        providers = get_many(tx, PROVIDER, call.care_system_id, {provider_id for _, provider_id in pairs})
    first = Facts(rates=settings.rates, policies=settings.policies.rows)
    scenario = Scenario(facts=first, months=asked.months, now=call.now, care_system=settings.care_system)
    second = assumed(scenario, asked.settings).facts
    check_rates(second.rates)
    return Planned(
        asked=asked,
        shares=tuple(_shares(pairs, providers, asked)),
        changes=settings_changed(first, second),
        notes=left_out(asked.months, _homes(settings.care_system, asked.municipality)),
        providers=providers,
    )


def _pairs(tx: Transaction, call: Call, month: str, asked: Asked) -> tuple[tuple[str, str], ...]:
    return provider_months(
        tx, call.care_system_id, month, municipality=asked.municipality, provider_id=asked.provider_id
    )


def _shares(pairs: list[tuple[str, str]], providers: Mapping[str, Provider], asked: Asked) -> Iterator[Share]:
    """Each once, and what a provider did at nobody known with the first of its municipalities, where all are asked."""
    begun: set[str] = set()
    for municipality, provider_id in pairs:
        unknown = asked.municipality is None and provider_id not in begun
        begun.add(provider_id)
        homes = frozenset({municipality, *([""] if unknown else [])})
        yield Share(provider=providers[provider_id], municipality=municipality, homes=homes)


def steps(call: Call, planned: Planned) -> Iterator[Step]:
    """Each share as it comes: read in a short transaction of its own, then computed as it stands, then otherwise.

    What is kept of a share is what it comes to, so that a town takes no more memory than its largest provider.
    """
    for share in planned.shares:
        try:
            yield from _of_share(call, planned.asked, share)
        except (Unavailable, Refused) as fault:
            yield Step(share=share, stage=Stage.BROKEN, fault=fault if isinstance(fault, Refused) else None)
            return


def _of_share(call: Call, asked: Asked, share: Share) -> Iterator[Step]:
    whose = Whose(homes=share.homes, provider_id=share.provider.id)
    scenario = _read(call, asked, share)
    yield Step(share=share, stage=Stage.READ)
    before = only(settle(scenario), whose)
    yield Step(share=share, stage=Stage.BEFORE)
    after = only(settle(assumed(scenario, asked.settings)), whose)
    yield Step(share=share, stage=Stage.DONE, comparison=compare(before, after, asked.by))


def _read(call: Call, asked: Asked, share: Share) -> Scenario:
    whose = Months(care_system_id=call.care_system_id, municipality=share.municipality, provider_id=share.provider.id)
    with call.database.transaction(write=False) as tx:
        scenario = gathered(tx, call.settings, whose, asked.months, call.now)
    return ready(scenario)


def sum_of(comparisons: Iterable[Comparison]) -> Comparison:
    """The shares' comparisons as one."""
    return joined(comparisons)
