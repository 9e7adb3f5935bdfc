"""Issuing: a locked and attested month becomes lines, once, and earlier ones adjustments (R8, R9)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.actions.collecting import without_collecting
from app.actions.months import event_of
from app.actions.reimbursement.document import content_hash, excess_document, issued_document
from app.actions.simulations import with_holidays
from app.actions.sun import keys_of, reader_of
from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import Judgement, judge_before
from app.rules.reimbursement.causes import causes_of
from app.rules.reimbursement.lines import excesses, issue, sum_issued, totals
from app.rules.reimbursement.months import MonthAct, MonthState, Mover, Unasked, move
from app.rules.reimbursement.runs import Closed, computed_until, months_of_run
from app.rules.reimbursement.values import Cause, Issued, Line, LineKey
from app.settings import Settings
from app.storage.counters import lock_counter
from app.storage.database import Transaction
from app.storage.events import Event, append
from app.storage.facts import facts_of_month
from app.storage.ids import new_id
from app.storage.issued import IssuedLine, issued_lines
from app.storage.reimbursement import Run, append_lines, get_month, insert_run, issued_months, save_month


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What a run comes to: its lines, not yet numbered, the excess of the months it computed, and their hash.

    `judgement` is what they follow from.
    """

    lines: tuple[Line, ...]
    excess: list[dict[str, Any]]
    content_hash: str
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """A provider's month in a municipality of a care system."""

    care_system_id: str
    municipality: str
    provider_id: str
    month: str


@without_collecting()
def issue_month(
    tx: Transaction, settings: Settings, whose: Whose, by: str, now: datetime, mover: Mover = Unasked.TIMER
) -> Run | None:
    """The run that issued the month just now; None where it is issued already. `mover` is what `by` is to the month.

    Raises Refused R8 for a month that is not locked, or not attested. Of two at once the second waits, and finds it so.
    """
    cs = whose.care_system_id
    lock_counter(tx, cs, _serial(whose))
    kept = get_month(tx, cs, whose.municipality, whose.provider_id, whose.month, lock=True)
    if kept.month.state is MonthState.ISSUED:
        return None
    state, lock = move(kept.month, MonthAct.ISSUE, mover), kept.month.locked_at
    if lock is None:
        raise ValueError("a locked month knows since when")
    computed = compute(tx, settings, whose, lock, runs_before(tx, whose))
    run = _run(whose, lock, computed, by, now)
    if not insert_run(tx, cs, run):
        return None
    append_lines(tx, cs, run, computed.lines)
    issued = replace(kept.month, state=state, run_id=run.id)
    save_month(tx, cs, issued, expected_version=kept.version)
    lines = issued_lines(tx, cs, run_ids=[run.id])
    append(tx, cs, [event_of("month.issued", issued, now), *(_line_event(one, now) for one in lines)])
    return run


def _serial(whose: Whose) -> str:
    """The name under which runs of one provider in one municipality follow each other."""
    return "runs/" + hashlib.sha256(f"{whose.municipality}/{whose.provider_id}".encode()).hexdigest()[:24]


def _run(whose: Whose, locked_at: datetime, computed: Computed, by: str, now: datetime) -> Run:
    return Run(
        id=new_id(),
        municipality=whose.municipality,
        provider_id=whose.provider_id,
        month=whose.month,
        locked_at=locked_at,
        issued_at=now,
        issued_by=by,
        content_hash=computed.content_hash,
        excess=computed.excess,
    )


def _line_event(issued: IssuedLine, now: datetime) -> Event:
    key = issued.line.total.key
    return Event(
        at=now,
        type="line.issued",
        resource_type="line",
        resource_id=issued.id,
        provider_id=key.provider_id,
        municipality=key.municipality,
        data=issued_document(issued),
    )


def runs_before(tx: Transaction, whose: Whose, until: str | None = None) -> tuple[Run, ...]:
    """The runs of the provider in the municipality in the order made, those before the run `until` or all."""
    runs = issued_months(tx, whose.care_system_id, whose.municipality, whose.provider_id)
    return tuple(sorted((run for run in runs if until is None or run.id < until), key=lambda run: run.id))


def recompute(tx: Transaction, settings: Settings, care_system_id: str, run: Run) -> Computed:
    """What the run comes to from the same facts: those recorded before its lock, beside what was issued before it.

    Source: R9, FAULTS 58.
    """
    whose = Whose(
        care_system_id=care_system_id,
        municipality=run.municipality,
        provider_id=run.provider_id,
        month=run.month,
    )
    return compute(tx, settings, whose, run.locked_at, runs_before(tx, whose, run.id))


@without_collecting()
def compute(tx: Transaction, settings: Settings, whose: Whose, lock: datetime, before: tuple[Run, ...]) -> Computed:
    """What a run of the month comes to, after these runs. The one computation of rules does it. Source: R8, R9."""
    closed = [Closed(month=run.month, locked_at=run.locked_at) for run in before]
    months = months_of_run(whose.month, lock, closed)
    facts = locked_facts(tx, settings, whose, months, lock)
    judgement = judge_before(facts, lock, months)
    recomputed = [one for one in totals(judgement, months) if _is_ours(one.key, whose)]
    issued = _issued(tx, whose.care_system_id, before, months)
    causes = _causes(_keys(recomputed, issued), judgement, closed)
    lines = issue(whose.month, [whose.month], recomputed, issued, causes)
    beyond = [
        excess_document(one)
        for one in excesses(judgement, months)
        if one.provider_id == whose.provider_id
        and judgement.setting.around.municipality(one.customer_id) == whose.municipality
    ]
    return Computed(lines=lines, excess=beyond, content_hash=content_hash(lines, beyond), judgement=judgement)


def _keys(*several: Iterable[Any]) -> set[LineKey]:
    return {one.key for rows in several for one in rows}


def _is_ours(key: LineKey, whose: Whose) -> bool:
    return (key.municipality, key.provider_id) == (whose.municipality, whose.provider_id)


def _issued(
    tx: Transaction, care_system_id: str, before: tuple[Run, ...], months: tuple[str, ...]
) -> tuple[Issued, ...]:
    """What those runs have issued for these months."""
    lines = issued_lines(tx, care_system_id, run_ids=[run.id for run in before]) if before else ()
    return sum_issued(one.line for one in lines if one.line.total.key.month in months)


def _causes(keys: set[LineKey], judgement: Judgement, closed: list[Closed]) -> dict[LineKey, Cause]:
    """Why each key of a month issued before may have changed since a run last computed it."""
    since = computed_until(closed)
    found: dict[LineKey, Cause] = {}
    for month in {key.month for key in keys} & since.keys():
        of_month = {key for key in keys if key.month == month}
        found |= causes_of(of_month, judgement, since[month])
    return found


def locked_facts(tx: Transaction, settings: Settings, whose: Whose, months: tuple[str, ...], lock: datetime) -> Facts:
    """Everything recorded before the lock that the provider's months come of; a correction counts from its approval."""
    facts = facts_of_month(
        tx, whose.care_system_id, whose.municipality, months, recorded_before=lock, provider_id=whose.provider_id
    )
    return with_holidays(as_counted(facts, settings), months)


def as_counted(facts: Facts, settings: Settings) -> Facts:
    """The facts with the keys that verify tags, and each approved correction recorded when it began to count (V10)."""
    corrections = tuple(
        one if one.approved_at is None else replace(one, recorded_at=max(one.recorded_at, one.approved_at))
        for one in facts.corrections
    )
    return replace(facts, corrections=corrections, tag_keys=keys_of(settings), sun=reader_of(settings))
