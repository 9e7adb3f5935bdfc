"""What a month comes to for each provider in each municipality: sums to look at, never to pay by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from app.rules.deviations.explain import Explained, held_visits
from app.rules.deviations.values import Rule, SubjectType
from app.rules.extensions import Decision, Extension, approved_by_pool
from app.rules.orders import Placed, granted_seconds, pools
from app.rules.overviews.adding import add
from app.rules.providers import ProviderKind
from app.rules.reimbursement.months import Month, MonthState
from app.rules.time import Interval

Pair = tuple[str, str]
"""(municipality, provider id)."""


def granted_in_month(placed: Iterable[Placed], homes: Mapping[str, str], month: str) -> dict[Pair, int]:
    """What the pools are granted in the month, each cut to whole seconds. `homes` is each customer's municipality.

    Source: O2, R2.
    """
    found: dict[Pair, int] = {}
    for pool, orders in pools(placed).items():
        add(found, (homes[pool.customer_id], pool.provider_id), granted_seconds(orders, month))
    return found


def approved_in_months(
    extensions: Iterable[Extension],
    decisions: Iterable[Decision],
    placed: Iterable[Placed],
    homes: Mapping[str, str],
    now: datetime,
) -> dict[Pair, int]:
    """Seconds by which approved extensions raise caps. `homes` is each customer's municipality. Source: E5."""
    found: dict[Pair, int] = {}
    for (pool, _), seconds in approved_by_pool(extensions, decisions, placed, now).items():
        add(found, (homes[pool.customer_id], pool.provider_id), seconds)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """A deviation that stands, and the time of the visit that it is about; None where that is half, or extra (V13)."""

    explained: Explained
    stay: Interval | None = None


def held_seconds(standing: Iterable[Stands], within: Interval) -> dict[tuple[str | None, str], int]:
    """Seconds of visits that are held, by municipality (None: at nobody known) and provider, each second once.

    Of a visit that is held in part as many as its deviations tell, and never more than it has in the interval.
    Source: RULEBOOK D, R6.
    """
    told = [one for one in standing if one.stay is not None and one.explained.holds and _is_of_visit(one)]
    whole, parts = held_visits(one.explained for one in told), dict[str, int]()
    for one in told:
        add(parts, one.explained.found.subject.id, _number(one.explained, "seconds"))
    found: dict[tuple[str | None, str], int] = {}
    for one in {stands.explained.found.subject.id: stands for stands in told}.values():
        seen = one.explained.found
        inside = within.overlap(one.stay) if one.stay is not None else None
        seconds = inside.seconds if inside is not None else 0
        held = seconds if seen.subject.id in whole else min(parts[seen.subject.id], seconds)
        add(found, (seen.municipality, seen.provider_id), held)
    return found


def held_counts(standing: Iterable[Stands]) -> dict[tuple[str | None, str], int]:
    """How many deviations hold pay, by municipality and provider."""
    found: dict[tuple[str | None, str], int] = {}
    for one in standing:
        if one.explained.holds:
            add(found, (one.explained.found.municipality, one.explained.found.provider_id), 1)
    return found


def _is_of_visit(one: Stands) -> bool:
    return one.explained.found.subject.type is SubjectType.VISIT


def excess_seconds(standing: Iterable[Stands]) -> dict[tuple[str | None, str], int]:
    """Seconds beyond the caps, by municipality and provider, as D2 stands. Source: R2."""
    found: dict[tuple[str | None, str], int] = {}
    for one in standing:
        seen = one.explained.found
        if seen.rule is Rule.D2:
            add(found, (seen.municipality, seen.provider_id), _number(one.explained, "excess_seconds"))
    return found


def _number(one: Explained, name: str) -> int:
    seconds = one.found.facts.get(name, 0)
    return seconds if isinstance(seconds, int) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a provider's month comes to; seconds, and öre of what was issued.

    `adjusted_ore` are adjustments of earlier months that were issued with this one; `later_ore` those of this month
    that were issued with later ones.
    """

    blocking: int = 0
    held_deviations: int = 0
    performed_seconds: int = 0
    granted_seconds: int = 0
    extension_seconds: int = 0
    held_seconds: int = 0
    excess_seconds: int = 0
    lines: int = 0
    issued_ore: int = 0
    adjusted_ore: int = 0
    later_ore: int = 0

    @property
    def due_seconds(self) -> int:
        """What may be performed: granted and extended."""
        return self.granted_seconds + self.extension_seconds

    def __add__(self, other: Sums) -> Sums:
        told = (one.name for one in fields(self))
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in told})


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How many providers' months stand where: not yet locked, locked and waiting for attestation, ready, issued."""

    unlocked: int = 0
    unattested: int = 0
    ready: int = 0
    issued: int = 0


def steps(months: Iterable[Month]) -> Steps:
    """Where the months stand. Source: R8."""
    counts = Counter(_step(one) for one in months)
    return Steps(**{name: counts[name] for name in (one.name for one in fields(Steps))})


def _step(month: Month) -> str:
    if month.state is MonthState.ISSUED:
        return "issued"
    if month.state is not MonthState.LOCKED:
        return "unlocked"
    return "unattested" if month.attested_at is None else "ready"


def sums_by_kind(rows: Iterable[tuple[ProviderKind, Sums]]) -> dict[ProviderKind | None, Sums]:
    """The sums of each kind of provider, and of all together (None). Source: K5, LR 5.5."""
    found: dict[ProviderKind | None, Sums] = {}
    for kind, sums in rows:
        for key in (kind, None):
            found[key] = found.get(key, Sums()) + sums
    return found
