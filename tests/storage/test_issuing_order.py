"""R9: the same facts come to the same bytes, in whatever order they arrived, and whoever is issued first."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from app.actions.months import lock_due
from app.actions.reimbursement import runs
from app.actions.reimbursement.issue import Whose, issue_month
from app.rules.deviations.facts import Facts
from app.rules.reimbursement.months import Month, MonthState
from app.rules.scenario import Scenario
from app.rules.time import parse_instant
from app.storage.database import Database
from app.storage.reimbursement import runs_of, save_month
from schemas.simulations import read_scenario
from tests.counts import count
from tests.keeping import accredited, keep
from tests.messy import LOCKS, messy
from tests.settings import settings_for

PAIRS = [(municipality, provider) for municipality in ("0182", "2029") for provider in ("p", "q")]


def another_order(facts: Facts, seed: int) -> Facts:
    """The same facts, arrived in another order: registrations, corrections, requests, and what they are judged by."""
    draw = random.Random(seed)
    names = ("registrations", "corrections", "rates", "policies", "planned_visits", "grants", "orders", "tags")
    told: dict[str, Any] = {
        name: tuple(draw.sample(rows, len(rows))) for name in names if (rows := getattr(facts, name))
    }
    return replace(facts, **told)


def issued(database: Database, database_url: str, scenario: Scenario, pairs: list[tuple[str, str]]) -> dict[Any, str]:
    """The hash of each run of a town of its own, issued in the order of the pairs."""
    care_system_id, settings = keep(database, scenario), settings_for(database_url)
    for month, lock in LOCKS.items():
        now = parse_instant(lock)
        with database.transaction() as tx:
            for municipality, provider in pairs:
                attested = Month(municipality=municipality, provider_id=provider, month=month)
                standing = replace(attested, state=MonthState.ATTESTED, attested_by="p", attested_at=now)
                save_month(tx, care_system_id, standing, expected_version=0)
            lock_due(tx, care_system_id, [month], now)
        for municipality, provider in pairs:
            whose = Whose(care_system_id=care_system_id, municipality=municipality, provider_id=provider, month=month)
            with database.transaction() as tx:
                issue_month(tx, settings, whose, runs.BY_TIMER, now)
    with database.transaction(write=False) as tx:
        kept = runs_of(tx, care_system_id, limit=100)
    return {(one.month, one.municipality, one.provider_id): one.content_hash for one in kept}


@pytest.mark.parametrize("seed", range(count(20, everyday=1)))
def test_V5_R9_any_order_of_arrival_and_of_providers_issues_the_same_bytes(
    database: Database, database_url: str, seed: int
) -> None:
    scenario = accredited(read_scenario(messy(seed)))
    hashes = issued(database, database_url, scenario, PAIRS)
    other = replace(scenario, facts=another_order(scenario.facts, seed))
    assert issued(database, database_url, other, PAIRS[::-1]) == hashes
    assert len(hashes) == len(PAIRS) * len(LOCKS)
    assert len(set(hashes.values())) > len(LOCKS)
