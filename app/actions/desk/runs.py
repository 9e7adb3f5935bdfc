"""Runs as pages: those of a month, and one with its lines and adjustments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.desk.names import Names, names_of
from app.actions.months import Whose
from app.actions.people import customers_seen
from app.actions.records import log_read
from app.actions.reimbursement.runs import EVERY, ShownRun, list_runs, read_run
from app.rules.access import Resource
from app.rules.providers import Provider
from app.rules.reimbursement.values import LineKind
from app.storage.issued import IssuedLine, Sum
from app.storage.providers import PROVIDER
from app.storage.records import get_many
from app.storage.reimbursement_history import lines_of_run, sums_by_kind

PAGE = 100
"""So many lines, and so many adjustments, stand on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """The runs of a month within the scope, and whose they are."""

    runs: tuple[ShownRun, ...]
    providers: Mapping[str, Provider]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some lines of one kind, what all of that kind come to, and the number after which more follow, if they do."""

    lines: tuple[IssuedLine, ...]
    sum: Sum
    following: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One run: its lines and, apart from them, the adjustments of earlier months."""

    shown: ShownRun
    provider: Provider
    lines: Part
    adjustments: Part
    names: Names


def runs_page(call: Call, month: str) -> RunsPage:
    """The runs of the month; they tell of no person. Raises Refused A2."""
    runs = list_runs(call, month, Whose(), None, EVERY)
    with call.database.transaction(write=False) as tx:
        providers = get_many(tx, PROVIDER, call.care_system_id, {one.run.provider_id for one in runs})
    ordered = sorted(runs, key=lambda one: (one.run.municipality, providers[one.run.provider_id].name, one.run.id))
    return RunsPage(runs=tuple(ordered), providers=providers)


def run_page(call: Call, run_id: str, *, after: int, adjusted_after: int, repeat: bool) -> RunPage:
    """The run, its lines after one number and its adjustments after another; with `repeat` computed again and compared.

    The reads are logged. Raises Refused A1 (404), A2. Source: R9.
    """
    shown, cs = read_run(call, run_id, repeat), call.care_system_id
    with call.database.transaction() as tx:
        lines = lines_of_run(tx, cs, run_id, after=after, limit=PAGE + 1, adjustments=False)
        adjusted = lines_of_run(tx, cs, run_id, after=adjusted_after, limit=PAGE + 1, adjustments=True)
        sums = sums_by_kind(tx, cs, run_id)
        customers = {one.line.total.key.customer_id for one in (*lines[:PAGE], *adjusted[:PAGE])}
        names = names_of(tx, call, customers, ())
        provider = get_many(tx, PROVIDER, cs, [shown.run.provider_id])[shown.run.provider_id]
        log_read(tx, call, Resource.LINE, customers_seen(sorted(customers)))
    return RunPage(
        shown=shown,
        provider=provider,
        lines=_part(lines, sums.get(LineKind.LINE, Sum())),
        adjustments=_part(adjusted, sums.get(LineKind.ADJUSTMENT, Sum())),
        names=names,
    )


def _part(lines: tuple[IssuedLine, ...], found: Sum) -> Part:
    following = lines[PAGE - 1].line.sequence if len(lines) > PAGE else None
    return Part(lines=lines[:PAGE], sum=found, following=following)
