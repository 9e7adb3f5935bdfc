"""What the plots of the care system are made of: weeks, kinds of deviations, shares of extensions. No persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.records import missing
from app.rules.access import Resource, Verb
from app.rules.overviews import (
    Kind,
    ProviderShare,
    Week,
    approved_in_months,
    by_kind,
    granted_by_week,
    last_weeks,
    shares,
    summed,
)
from app.rules.providers import Provider
from app.rules.time import Interval, first_day, month_interval, next_month
from app.storage.desk import months as stored
from app.storage.providers import CARE_SYSTEM, PROVIDER
from app.storage.records import get, get_many


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekSum:
    """A week's seconds."""

    week: Week
    performed_seconds: int
    granted_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the plots show of some months. `average` is the share of all providers together."""

    municipalities: tuple[str, ...]
    weeks: tuple[WeekSum, ...]
    kinds: tuple[Kind, ...]
    shares: tuple[ProviderShare, ...]
    average: ProviderShare
    providers: Mapping[str, Provider]


def figures(call: Call, months: Sequence[str], municipality: str | None = None) -> Figures:
    """The figures of months that follow each other, of one municipality or of all; a fixed number of statements.

    Raises Refused A2, and A1 (404) for a municipality that is not the care system's.
    """
    call.check(Resource.REPORT, Verb.READ)
    cs, weeks = call.care_system_id, last_weeks(months, call.today)
    first, before = first_day(months[0]), first_day(next_month(months[-1]))
    whole = Interval(month_interval(months[0]).start, month_interval(months[-1]).end)
    spans = [(one.monday.isoformat(), one.interval) for one in weeks]
    latest = max([before, *(one.next_monday for one in weeks)])
    with call.database.transaction(write=False) as tx:
        care_system = get(tx, CARE_SYSTEM, cs, cs)
        if care_system is None or municipality not in (None, *care_system.municipalities):
            raise missing()
        there = stored.placed_between(tx, cs, first, latest, municipality)
        extensions, decisions = stored.approved_extensions(tx, cs, months)
        performed = stored.performed_in(tx, cs, [*spans, ("", whole)], municipality)
        counts = stored.counts_by_rule(tx, cs, months, municipality)
        approved = approved_in_months(extensions, decisions, there.placed, there.homes, call.now)
        done = summed((one.provider_id, one.seconds) for one in performed if not one.period)
        extended = summed((provider_id, seconds) for (_, provider_id), seconds in approved.items())
        providers = get_many(tx, PROVIDER, cs, done.keys() | extended.keys())
    by_week = summed((one.period, one.seconds) for one in performed)
    granted = granted_by_week(there.placed, weeks)
    told, average = shares(done, extended)
    return Figures(
        municipalities=care_system.municipalities,
        weeks=tuple(
            WeekSum(
                week=one,
                performed_seconds=by_week.get(one.monday.isoformat(), 0),
                granted_seconds=granted[one],
            )
            for one in weeks
        ),
        kinds=by_kind(counts),
        shares=told,
        average=average,
        providers=providers,
    )
