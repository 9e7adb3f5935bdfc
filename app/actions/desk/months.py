"""The month of every provider, side by side, and what locking and running it would do: for the controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.actions import months
from app.actions.calls import Call
from app.actions.deviations.standing import found_of
from app.actions.records import missing
from app.rules.access import Resource, Verb
from app.rules.deviations.explain import Explained
from app.rules.overviews import (
    Stands,
    Steps,
    Sums,
    approved_in_months,
    excess_seconds,
    granted_in_month,
    held_counts,
    held_seconds,
    steps,
    sums_by_kind,
)
from app.rules.policies import Policies, policies_of
from app.rules.providers import Provider, ProviderKind
from app.rules.reimbursement.months import Month, lock_due_at
from app.rules.time import first_day, month_interval, next_month
from app.storage import policies
from app.storage.database import Transaction
from app.storage.desk import months as stored
from app.storage.providers import CARE_SYSTEM, PROVIDER
from app.storage.records import get, get_many

NOBODY = None
"""The municipality of what was done at nobody known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMonth:
    """One provider's month in a municipality, and what it comes to."""

    month: Month
    provider: Provider
    sums: Sums
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MunicipalityMonth:
    """The month of all providers in a municipality. `totals` are by kind of provider, None being all of them."""

    municipality: str
    lock_due_at: datetime
    providers: tuple[ProviderMonth, ...]
    totals: Mapping[ProviderKind | None, Sums]
    steps: Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The month in the whole care system. `unknown_seconds` are held where nobody knows at whose they were."""

    month: str
    municipalities: tuple[MunicipalityMonth, ...]
    unknown_seconds: int


def overview(call: Call, month: str, municipality: str | None = None) -> Overview:
    """The month of every provider in the care system, or in one municipality of it; it tells of no person.

    A fixed number of statements however many providers there are. Raises Refused A2, and A1 (404) for a municipality
    that is not the care system's.
    """
    call.check(Resource.DEVIATION, Verb.READ)
    call.check(Resource.LINE, Verb.READ)
    shown = months.read_months(call, month)
    cs = call.care_system_id
    with call.database.transaction(write=False) as tx:
        care_system = get(tx, CARE_SYSTEM, cs, cs)
        if care_system is None or municipality not in (None, *care_system.municipalities):
            raise missing()
        told = _gather(tx, call, month)
        providers = get_many(tx, PROVIDER, cs, {one.month.provider_id for one in shown})
        rules = policies_of(policies.policies_of(tx, cs))
    rows = [
        ProviderMonth(
            month=one.month,
            provider=providers[one.month.provider_id],
            sums=told.sums(one.month, len(one.blocking)),
            issued_at=told.issued_at.get((one.month.municipality, one.month.provider_id)),
        )
        for one in shown
    ]
    wanted = care_system.municipalities if municipality is None else (municipality,)
    return Overview(
        month=month,
        municipalities=tuple(_municipality(one, month, rows, rules) for one in wanted),
        unknown_seconds=sum(seconds for (home, _), seconds in told.held.items() if home is NOBODY),
    )


def _municipality(municipality: str, month: str, rows: list[ProviderMonth], rules: Policies) -> MunicipalityMonth:
    own = [one for one in rows if one.month.municipality == municipality]
    return MunicipalityMonth(
        municipality=municipality,
        lock_due_at=lock_due_at(month, municipality, rules),
        providers=tuple(sorted(own, key=lambda one: (one.provider.name, one.provider.id))),
        totals=sums_by_kind((one.provider.kind, one.sums) for one in own),
        steps=steps(one.month for one in own),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """The sums by (municipality, provider), as far as there are any."""

    performed: Mapping[tuple[str | None, str], int]
    granted: Mapping[tuple[str, str], int]
    extended: Mapping[tuple[str, str], int]
    held: Mapping[tuple[str | None, str], int]
    holding: Mapping[tuple[str | None, str], int]
    excess: Mapping[tuple[str | None, str], int]
    issued: Mapping[tuple[str, str], stored.IssuedSum]
    issued_at: Mapping[tuple[str, str], datetime]

    def sums(self, month: Month, blocking: int) -> Sums:
        """What the month comes to."""
        pair = (month.municipality, month.provider_id)
        issued = self.issued.get(pair, stored.NOTHING_ISSUED)
        return Sums(
            blocking=blocking,
            held_deviations=self.holding.get(pair, 0),
            performed_seconds=self.performed.get(pair, 0),
            granted_seconds=self.granted.get(pair, 0),
            extension_seconds=self.extended.get(pair, 0),
            held_seconds=self.held.get(pair, 0),
            excess_seconds=self.excess.get(pair, 0),
            lines=issued.lines,
            issued_ore=issued.issued_ore,
            adjusted_ore=issued.adjusted_ore,
            later_ore=issued.later_ore,
        )


def _gather(tx: Transaction, call: Call, month: str) -> _Told:
    cs, interval = call.care_system_id, month_interval(month)
    there = stored.placed_between(tx, cs, first_day(month), first_day(next_month(month)))
    extensions, decisions = stored.approved_extensions(tx, cs, [month])
    standing = [
        Stands(explained=Explained(found=found_of(one.deviation), state=one.deviation.state), stay=one.stay)
        for one in stored.money_matters(tx, cs, month)
    ]
    return _Told(
        performed={
            (one.municipality, one.provider_id): one.seconds for one in stored.performed_in(tx, cs, [(month, interval)])
        },
        granted=granted_in_month(there.placed, there.homes, month),
        extended=approved_in_months(extensions, decisions, there.placed, there.homes, call.now),
        held=held_seconds(standing, interval),
        holding=held_counts(standing),
        excess=excess_seconds(standing),
        issued=stored.issued_in(tx, cs, month),
        issued_at=stored.issued_at(tx, cs, month),
    )
