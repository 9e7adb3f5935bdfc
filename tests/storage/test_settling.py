"""What the running system keeps of a month beside what the rules say of the same facts in a file: it is the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from app.actions import simulations
from app.actions.deviations.settle import settle_due
from app.actions.deviations.sweep import sweep
from app.actions.reimbursement import runs
from app.actions.reimbursement.document import excess_document, line_document
from app.rules.deviations.explain import Explained
from app.rules.deviations.values import DeviationState, Rule
from app.rules.reimbursement.months import Month, MonthState
from app.rules.scenario import Scenario
from app.rules.time import parse_instant
from app.storage.database import Database
from app.storage.deviations import deviations_of
from app.storage.issued import issued_lines
from app.storage.judgements import Due, mark_due
from app.storage.reimbursement import runs_of, save_month
from schemas.simulations import read_scenario
from tests.counts import count
from tests.keeping import accredited, keep
from tests.messy import LOCKS, messy
from tests.settings import settings_for

SEEDS = range(count(60))
Row = tuple[Any, ...]


def scenario(seed: int) -> Scenario:
    return accredited(read_scenario(messy(seed)))


def stored(database: Database, care_system_id: str, months: Iterable[str]) -> set[Row]:
    """What stands, D1 in the months only: the file is asked of no others."""
    asked = tuple(months)
    with database.transaction(write=False) as tx:
        rows = deviations_of(tx, care_system_id, limit=100_000)
    return {
        (
            row.rule,
            row.subject.type,
            row.subject.id,
            row.period,
            json.dumps(row.facts, sort_keys=True),
            row.effect,
            row.state,
            row.customer_id,
        )
        for row in rows
        if row.state is not DeviationState.CLEARED and (row.rule is not Rule.D1 or row.period in asked)
    }


def told(deviations: Iterable[Explained]) -> set[Row]:
    rows: set[Row] = set()
    for one in deviations:
        found = one.found
        place = (found.rule, found.subject.type, found.subject.id, found.period)
        rows.add((*place, json.dumps(found.facts, sort_keys=True), found.effect, one.state, found.customer_id))
    return rows


@pytest.mark.parametrize("seed", SEEDS)
def test_D_what_a_sweep_leaves_stored_is_what_the_rules_find_in_the_file(database: Database, seed: int) -> None:
    facts = scenario(seed)
    care_system_id = keep(database, facts)
    swept = sweep(database, facts.now, care_system_id=care_system_id)
    expected = told(simulations.run(facts).judgement.deviations)
    assert stored(database, care_system_id, facts.months) == expected
    assert swept.opened >= len(expected) > 0


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_D_a_second_sweep_and_a_settle_of_everything_again_write_nothing(database: Database, seed: int) -> None:
    facts = scenario(seed)
    care_system_id = keep(database, facts)
    sweep(database, facts.now, care_system_id=care_system_id)
    dues = [
        Due(provider_id=provider, customer_id=customer, month=month)
        for provider in ("p", "q")
        for customer in ("k1", "k2", "k3", "k4", "")
        for month in facts.months
    ]
    again = sweep(database, facts.now, care_system_id=care_system_id)
    with database.transaction() as tx:
        settled = settle_due(tx, care_system_id, dues, facts.now)
    assert (again.months, again.opened, again.cleared, again.changed) == (0, 0, 0, 0)
    assert (settled.opened, settled.cleared, settled.changed) == (0, 0, 0)


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_D_customers_settled_one_by_one_come_to_the_same_as_all_at_once(database: Database, seed: int) -> None:
    facts = scenario(seed)
    care_system_id = keep(database, facts)
    for customer in ("k4", "k1", "", "k3", "k2"):
        for month in reversed(facts.months):
            for provider in ("q", "p"):
                with database.transaction() as tx:
                    due = Due(provider_id=provider, customer_id=customer, month=month)
                    settle_due(tx, care_system_id, [due], facts.now)
    expected = {row for row in told(simulations.run(facts).judgement.deviations) if row[3] in facts.months}
    assert stored(database, care_system_id, facts.months) == expected | {
        row for row in stored(database, care_system_id, facts.months) if row[3] not in facts.months
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_R8_R9_what_runs_issue_is_what_the_file_comes_to_and_can_be_repeated(
    database: Database, database_url: str, seed: int
) -> None:
    facts = scenario(seed)
    care_system_id = keep(database, facts)
    settings = settings_for(database_url)
    for month, lock in LOCKS.items():
        now = parse_instant(lock)
        with database.transaction() as tx:
            for municipality in ("0182", "2029"):
                for provider in ("p", "q"):
                    attested = Month(municipality=municipality, provider_id=provider, month=month)
                    standing = replace(attested, state=MonthState.ATTESTED, attested_by="p", attested_at=now)
                    save_month(tx, care_system_id, standing, expected_version=0)
        runs.close(database, settings, care_system_id, month, now)
    outcome = simulations.run(facts)
    with database.transaction(write=False) as tx:
        lines = issued_lines(tx, care_system_id)
        kept = runs_of(tx, care_system_id, limit=100)
    assert [one.line.sequence for one in lines] == list(range(1, len(lines) + 1))
    issued = [str({"run": one.line.run, **line_document(one.line)}) for one in lines]
    expected = [str({"run": one.run, **line_document(one)}) for one in outcome.lines]
    assert sorted(issued) == sorted(expected)
    beyond = {json.dumps(row, sort_keys=True) for run in kept if run.month == "2014-03" for row in run.excess}
    assert beyond == {json.dumps(excess_document(one), sort_keys=True) for one in outcome.excess}
    assert [same for _, same in runs.repeat_runs(database, settings, care_system_id, None)] == [True] * len(kept)


def test_D_a_mark_is_taken_by_one_sweep_and_gone_when_it_is_judged(database: Database) -> None:
    facts = scenario(0)
    care_system_id = keep(database, facts)
    sweep(database, facts.now, care_system_id=care_system_id)
    with database.transaction() as tx:
        mark_due(tx, care_system_id, [Due(provider_id="p", customer_id="k1", month="2014-02")], at=facts.now)
    first = sweep(database, facts.now, care_system_id=care_system_id)
    second = sweep(database, facts.now, care_system_id=care_system_id)
    assert first.months >= 1
    assert second.months == 0


def test_D11_stays_that_overlap_in_a_ring_of_customers_are_judged_once_and_the_sweep_ends(database: Database) -> None:
    """Each of three customers weighs on the next, and the last on the first: a sweep must not go round for ever."""
    facts = accredited(read_scenario(_a_ring()))
    care_system_id = keep(database, facts)
    swept = sweep(database, facts.now, care_system_id=care_system_id)
    again = sweep(database, facts.now, care_system_id=care_system_id)
    standing = stored(database, care_system_id, facts.months)
    assert standing == told(simulations.run(facts).judgement.deviations)
    assert sum(row[0] is Rule.D11 for row in standing) == 3
    assert swept.months <= 12
    assert again.months == 0


def _a_ring() -> dict[str, Any]:
    """One caregiver whose three pairs of stays overlap: at a and b, at b and c, at c and a."""
    content = messy(0)
    rows: list[dict[str, Any]] = []
    for day, pair in ((3, ("k1", "k2")), (4, ("k2", "k3")), (5, ("k3", "k1"))):
        for place, customer in enumerate(pair):
            name = f"{day}-{place}"
            for kind, hour in (("check_in", 8 + place), ("check_out", 11 + place)):
                at = f"2014-03-0{day}T{hour:02d}:00:00Z"
                row = {"id": f"{name}-{kind}", "kind": kind, "caregiver_id": "a", "captured_at": at}
                row |= {"customer_id": customer, "service": "personal_care"}
                named = {"visit_id": f"{name}-check_in"} if kind == "check_out" else {}
                rows.append({**row, **named, "place": {"method": "manual", "reason": "tag_missing"}})
    empty: dict[str, Any] = {"planned_visits": [], "corrections": [], "extensions": [], "absences": []}
    return {**content, **empty, "registrations": rows}
