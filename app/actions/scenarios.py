"""Scenarios filled from the running system: a month as a file can say it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from app.actions.reimbursement.issue import as_counted
from app.rules.deviations.facts import Facts
from app.rules.deviations.values import Explanation
from app.rules.refusal import Kind, Refused
from app.rules.scenario import Scenario
from app.rules.time import shift
from app.settings import Settings
from app.storage.database import Database, Transaction
from app.storage.facts import facts_of_month
from app.storage.providers import CARE_SYSTEM
from app.storage.records import get
from app.storage.reimbursement import months_of

EVERY = 10_000


def scenario_of_months(
    database: Database,
    settings: Settings,
    care_system_id: str,
    months: Iterable[str],
    now: datetime,
    municipality: str | None = None,
) -> Scenario:
    """What was recorded by now of the months, of one municipality or of the whole care system, to be closed again.

    Nobody's name is in it. Raises Refused A1 (404) where there is no such care system or municipality in it.
    """
    with database.transaction(write=False) as tx:
        return gathered(tx, settings, Whose(care_system_id=care_system_id, municipality=municipality), months, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose months of a care system are meant; None is any municipality, any provider."""

    care_system_id: str
    municipality: str | None = None
    provider_id: str | None = None


def gathered(tx: Transaction, settings: Settings, whose: Whose, months: Iterable[str], now: datetime) -> Scenario:
    """What was recorded by now of their months, to be closed again. Raises Refused A1 (404).

    The facts of others come along (V5): take from the outcome what it says of whom it was asked for.
    """
    cs, asked = whose.care_system_id, tuple(sorted(set(months)))
    system = get(tx, CARE_SYSTEM, cs, cs)
    if system is None or whose.municipality not in (None, *system.municipalities):
        raise Refused("A1", "no such care system, or no such municipality in it", Kind.MISSING)
    homes = system.municipalities if whose.municipality is None else (whose.municipality,)
    several = [
        facts_of_month(tx, cs, home, asked, recorded_before=shift(now, 1), provider_id=whose.provider_id)
        for home in homes
    ]
    facts = as_counted(tellable(nameless(merged(several))), settings)
    locks = _locks(tx, whose, asked, homes)
    return Scenario(facts=facts, months=asked, now=now, locked_at=locks, care_system=system)


def merged(several: Iterable[Facts]) -> Facts:
    """All the facts as one, what stands in several once."""
    told = tuple(several)
    found: dict[str, Any] = {}
    for name in (field.name for field in fields(Facts) if field.name not in ("holidays", "tag_keys", "sun", "taps")):
        rows = [row for facts in told for row in getattr(facts, name) or ()]
        found[name] = tuple({(row.id, row.version, *_about(row)): row for row in rows}.values())
    return Facts(**found, taps=tuple({one.registration_id: one for facts in told for one in facts.taps}.values()))


def _about(row: Any) -> tuple[object, ...]:
    """An explanation of several deviations is several facts of one id."""
    return (getattr(row, "subject_id", None), getattr(row, "month", None))


def nameless(facts: Facts) -> Facts:
    """The facts without what only people need: names, and what other systems call anybody. Source: A2."""
    return replace(
        facts,
        customers=tuple(replace(one, name=None, external_id=None) for one in facts.customers),
        caregivers=tuple(replace(one, name=one.id, external_id=None) for one in facts.caregivers),
    )


def tellable(facts: Facts) -> Facts:
    """The facts with each explanation as a file tells it: of a pool by customer, service and month.

    One of something that is not among the facts is left out.
    """
    rows = (*facts.registrations, *facts.planned_visits, *facts.orders)
    known = {one.id for one in rows}
    told = (_of_pool(one) if "/" in (one.subject_id or "") else one for one in facts.explanations)
    kept = (one for one in told if one.subject_id is None or one.subject_id in known)
    return replace(facts, explanations=tuple(replace(one, id=f"{number}") for number, one in enumerate(kept, 1)))


def _of_pool(explanation: Explanation) -> Explanation:
    """A pool's id ends in its services; the first of them names it to those who know no pools."""
    services = (explanation.subject_id or "").rpartition("/")[2]
    return replace(explanation, subject_id=None, service=services.partition("+")[0])


def _locks(
    tx: Transaction, whose: Whose, months: tuple[str, ...], homes: Iterable[str]
) -> tuple[tuple[str, datetime], ...]:
    """Of each month that is locked the last of its locks."""
    found: dict[str, datetime] = {}
    for month in months:
        for home in homes:
            kept = months_of(
                tx, whose.care_system_id, month=month, municipality=home, provider_id=whose.provider_id, limit=EVERY
            )
            for one in kept:
                if one.month.locked_at is not None:
                    found[month] = max(found.get(month, one.month.locked_at), one.month.locked_at)
    return tuple(sorted(found.items()))
