"""Runs: asked for, made by a timer, listed, and repeated (R8, R9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from app.actions.calls import Call
from app.actions.deviations.sweep import every_care_system
from app.actions.deviations.time_brings import MONTHS_BACK
from app.actions.months import Whose as Asked
from app.actions.months import lock_due, provider_months_of, whose_of
from app.actions.records import missing
from app.actions.references import Draft
from app.actions.reimbursement.issue import Whose, issue_month, recompute
from app.rules.access import Resource, Verb
from app.rules.deviations.coming import months_over
from app.rules.reimbursement.months import MonthState
from app.rules.time import BEGINNING
from app.settings import Settings
from app.storage.database import Database, Transaction
from app.storage.issued import Sum, sums_of
from app.storage.reimbursement import Run, get_run, months_of, runs_of

BY_TIMER = "00000000-0000-0000-0000-000000000000"
"""Who issued a run that a timer made."""
EVERY = 10_000
"""More months of providers than any care system has waiting at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """A run with what its lines come to. `same`: was it repeated to the same bytes? None where nobody asked."""

    run: Run
    sum: Sum
    same: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedMonths:
    """What a timer's closing did."""

    locked: int = 0
    issued: int = 0
    lines: int = 0
    amount_ore: int = 0

    def __add__(self, other: ClosedMonths) -> ClosedMonths:
        return ClosedMonths(
            locked=self.locked + other.locked,
            issued=self.issued + other.issued,
            lines=self.lines + other.lines,
            amount_ore=self.amount_ore + other.amount_ore,
        )


def issue_months(call: Call, month: str, draft: Draft) -> list[ShownRun]:
    """The runs of the locked and attested months among those asked for; one that was issued before is told again.

    Raises Refused R8 where one provider's month in one municipality is asked for and cannot be issued; A1, A2.
    """
    call.check(Resource.MONTH, Verb.ISSUE)
    cs = call.care_system_id
    with call.database.transaction(write=False) as tx:
        asked = whose_of(tx, call, draft)
        found = provider_months_of(tx, cs, month, call.scope(Resource.MONTH), asked)
        named = asked.municipality is not None and asked.provider_id is not None
    if named and not found:
        raise missing()
    for one in found:
        ready = one.state is MonthState.LOCKED and one.attested_at is not None
        if ready or (named and one.state is not MonthState.ISSUED):
            whose = Whose(care_system_id=cs, municipality=one.municipality, provider_id=one.provider_id, month=month)
            with call.database.transaction() as tx:
                issue_month(tx, call.settings, whose, call.actor.id, call.now, call.actor.role)
    return _of_month(call, month, asked)


def _of_month(call: Call, month: str, asked: Asked) -> list[ShownRun]:
    with call.database.transaction(write=False) as tx:
        runs = runs_of(
            tx,
            call.care_system_id,
            scope=call.scope(Resource.RUN),
            month=month,
            municipality=asked.municipality,
            provider_id=asked.provider_id,
            limit=EVERY,
        )
        return _shown(tx, call.care_system_id, runs)


def _shown(tx: Transaction, care_system_id: str, runs: Iterable[Run]) -> list[ShownRun]:
    told = tuple(runs)
    sums = sums_of(tx, care_system_id, [run.id for run in told])
    return [ShownRun(run=run, sum=sums.get(run.id, Sum())) for run in told]


def list_runs(call: Call, month: str | None, asked: Asked, after: str | None, limit: int) -> list[ShownRun]:
    """Up to `limit` runs within the scope, by id. Raises Refused A2."""
    call.check(Resource.RUN, Verb.READ)
    with call.database.transaction(write=False) as tx:
        runs = runs_of(
            tx,
            call.care_system_id,
            scope=call.scope(Resource.RUN),
            month=month,
            municipality=asked.municipality,
            provider_id=asked.provider_id,
            after=after,
            limit=limit,
        )
        return _shown(tx, call.care_system_id, runs)


def read_run(call: Call, run_id: str, verify: bool) -> ShownRun:
    """The run; with `verify` it is repeated from the facts, and told whether it comes to the same bytes.

    Raises Refused A1 (404), A2. Source: R9, FAULTS 58.
    """
    call.check(Resource.RUN, Verb.READ)
    with call.database.transaction(write=False) as tx:
        run = get_run(tx, call.care_system_id, run_id, scope=call.scope(Resource.RUN))
        if run is None:
            raise missing()
        same = is_same(tx, call.settings, call.care_system_id, run) if verify else None
        return ShownRun(run=run, sum=sums_of(tx, call.care_system_id, [run.id]).get(run.id, Sum()), same=same)


def is_same(tx: Transaction, settings: Settings, care_system_id: str, run: Run) -> bool:
    """True where the facts come to what the run issued, byte for byte."""
    return recompute(tx, settings, care_system_id, run).content_hash == run.content_hash


def repeat_runs(
    database: Database, settings: Settings, care_system_id: str, run_id: str | None
) -> list[tuple[Run, bool]]:
    """The run, or every run of the care system, each with whether the facts still come to the same bytes."""
    with database.transaction(write=False) as tx:
        runs = runs_of(tx, care_system_id, limit=EVERY)
    found: list[tuple[Run, bool]] = []
    for run in runs:
        if run_id in (None, run.id):
            with database.transaction(write=False) as tx:
                found.append((run, is_same(tx, settings, care_system_id, run)))
    return found


def systems(database: Database, care_system_id: str | None) -> list[str]:
    """The care system that is named, else all of them."""
    return [care_system_id] if care_system_id is not None else every_care_system(database)


def close(
    database: Database,
    settings: Settings,
    care_system_id: str,
    month: str | None,
    now: datetime,
    settle: Callable[[], None] = lambda: None,
) -> ClosedMonths:
    """Every month whose lock date has come is locked, and every one that is locked and attested issued; for timers.

    Of one month, or of all. Done again it does nothing. `settle` is called between, where any was just locked: what was
    told before the lock, and is not yet committed, belongs to the run. Source: R8, R9.
    """
    over = months_over(BEGINNING, now, MONTHS_BACK) if month is None else (month,)
    with database.transaction() as tx:
        locked = lock_due(tx, care_system_id, over, now)
    done = ClosedMonths(locked=len(locked))
    if locked:
        settle()
    for whose in _waiting(database, care_system_id, month):
        with database.transaction() as tx:
            run = issue_month(tx, settings, whose, BY_TIMER, now)
            if run is not None:
                lines = sums_of(tx, care_system_id, [run.id]).get(run.id, Sum())
                done += ClosedMonths(issued=1, lines=lines.lines, amount_ore=lines.amount_ore)
    return done


def _waiting(database: Database, care_system_id: str, month: str | None) -> list[Whose]:
    """The months that are locked and attested, in the order of their locks."""
    with database.transaction(write=False) as tx:
        kept = months_of(tx, care_system_id, month=month, state=MonthState.LOCKED, limit=EVERY)
    ready = [one.month for one in kept if one.month.attested_at is not None]
    return [
        Whose(
            care_system_id=care_system_id,
            municipality=one.municipality,
            provider_id=one.provider_id,
            month=one.month,
        )
        for one in sorted(ready, key=lambda one: (one.locked_at or BEGINNING, one.month))
    ]
