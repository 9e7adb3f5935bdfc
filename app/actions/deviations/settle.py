"""Settling: the rows of deviations say what the rules find, in the transaction that changed the facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from app.actions.assessments import assess
from app.actions.collecting import without_collecting
from app.actions.deviations.document import document
from app.actions.deviations.gather import Gathered, gather
from app.actions.deviations.standing import standing_of
from app.rules.deviations.reconcile import Change, What, reconcile
from app.rules.deviations.values import DeviationState, Rule
from app.storage import events
from app.storage.database import Transaction
from app.storage.deviations import Deviation, Happened, Happening, save_deviations
from app.storage.ids import new_id
from app.storage.judgements import NOBODY, Due, clear_due

AT_ONCE = 20
"""So many customers' months are judged in one transaction where many wait: nobody waits long for their rows, and no
statement takes its time limit.
"""
_TOLD = {
    What.OPENED: "deviation.opened",
    What.REOPENED: "deviation.opened",
    What.EXPLAINED: "deviation.explained",
    What.CLEARED: "deviation.cleared",
}
"""Verdicts and changed facts are read where the deviation is: the list of changes has no word for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How many months were judged, and what became of deviations, by kind of change."""

    months: int = 0
    opened: int = 0
    cleared: int = 0
    changed: int = 0

    def __add__(self, other: Settled) -> Settled:
        return Settled(
            months=self.months + other.months,
            opened=self.opened + other.opened,
            cleared=self.cleared + other.cleared,
            changed=self.changed + other.changed,
        )


def settle(
    tx: Transaction, care_system_id: str, provider_id: str, customer_id: str | None, month: str, now: datetime
) -> Settled:
    """The deviations of the customer's month are what the facts show now; its mark is gone.

    `customer_id` None or '' is the provider's visits at nobody known. All providers of the customer are settled: they
    share its seconds (R5).
    """
    due = Due(provider_id=provider_id, customer_id=customer_id or NOBODY, month=month)
    return settle_due(tx, care_system_id, [due], now)


@without_collecting()
def settle_due(
    tx: Transaction, care_system_id: str, dues: Iterable[Due], now: datetime, *, by: str | None = None
) -> Settled:
    """The same for all of these at once, in a few statements however many. `by` is who explained or judged."""
    marked = sorted(set(dues))
    if not marked:
        return Settled()
    gathered = gather(tx, care_system_id, marked, now)
    changes = _changes(gathered)
    rows = {one.id: one for one in gathered.stored}
    written = [(change, _row(change, rows.get(change.id or ""), now)) for change in changes]
    history = [_happened(change, row, now, by) for change, row in written]
    save_deviations(tx, care_system_id, [row for _, row in written], history)
    events.append(tx, care_system_id, [told for change, row in written for told in _events(change, row, now)])
    assess(tx, care_system_id, {one.customer_id for _, one in written if one.rule is Rule.D1 and one.customer_id}, now)
    clear_due(tx, care_system_id, marked)
    return _counted(len(gathered.targets), changes)


def _changes(gathered: Gathered) -> tuple[Change, ...]:
    """What differs, of that which the judgement is whole for; what it also saw of others is theirs to say."""
    told = {one.found.key: one for one in gathered.judgement.deviations}
    ours = {key: one for key, one in told.items() if gathered.covers(one.found)}
    standing = [standing_of(row) for row in gathered.stored]
    gone = [one for one in standing if one.found.key not in told and gathered.covers(one.found)]
    return reconcile([*gone, *(one for one in standing if one.found.key in ours)], ours.values())


def _row(change: Change, before: Deviation | None, now: datetime) -> Deviation:
    found = change.found
    return Deviation(
        id=change.id or new_id(),
        rule=found.rule,
        subject=found.subject,
        period=found.period,
        provider_id=found.provider_id,
        municipality=found.municipality,
        customer_id=found.customer_id,
        facts=found.facts,
        effect=found.effect,
        asks=found.asks,
        state=change.state,
        own_reason=found.own_reason,
        opened_at=now if before is None else before.opened_at,
        changed_at=now,
    )


def _happened(change: Change, row: Deviation, now: datetime, by: str | None) -> Happened:
    said = change.what in (What.EXPLAINED, What.ACCEPTED, What.REJECTED)
    what = Happening(change.what)
    return Happened(deviation_id=row.id, what=what, at=now, by=by if said else None, facts=row.facts)


def _events(change: Change, row: Deviation, now: datetime) -> Iterator[events.Event]:
    if change.what in _TOLD:
        yield _event(_TOLD[change.what], "deviation", row.id, row, now)
    if change.found.rule is Rule.D3 and change.what in (What.OPENED, What.REOPENED):
        yield _event("planned_visit.missed", "planned_visit", row.subject.id, row, now)


def _event(name: str, resource_type: str, resource_id: str, row: Deviation, now: datetime) -> events.Event:
    return events.Event(
        at=now,
        type=name,
        resource_type=resource_type,
        resource_id=resource_id,
        provider_id=row.provider_id,
        municipality=row.municipality,
        data=document(row),
    )


def _counted(months: int, changes: tuple[Change, ...]) -> Settled:
    opened = sum(one.what in (What.OPENED, What.REOPENED) for one in changes)
    cleared = sum(one.state is DeviationState.CLEARED for one in changes)
    return Settled(months=months, opened=opened, cleared=cleared, changed=len(changes) - opened - cleared)
