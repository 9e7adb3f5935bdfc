"""The commands of the month: sweep, close-month, recompute-run, and simulate filled from the running system."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from app.actions import simulations
from app.actions.reimbursement import runs
from app.rules.time import parse_instant
from app.storage.deviations import deviations_of
from app.storage.idempotency import Answer, keep
from tests.messy import messy
from tests.storage.test_settling import stored
from tests.storage.test_settling import told as found
from tests.town import Town, id_of, told, town_of

JSON = dict[str, Any]
OVER = "2014-03-02T09:00:00+01:00"
LOCK = "2014-03-05T18:00:00+01:00"


@pytest.fixture
def town(make_app: Callable[..., Flask], database_url: str) -> Town:
    return town_of(make_app, database_url, told("nacka_2014.json"))


def run(town: Town, *arguments: str) -> Result:
    return town.app.test_cli_runner().invoke(args=list(arguments))


def said(town: Town, *arguments: str) -> JSON:
    result = run(town, *arguments)
    assert result.exit_code == 0, result.output
    line: JSON = json.loads(result.stdout.strip().splitlines()[-1])
    return line


def test_D_a_sweep_says_in_one_line_what_it_did_and_does_nothing_again(town: Town) -> None:
    first = said(town, "sweep", "--now", OVER)
    assert (first["care_systems"], first["cleared"]) == (1, 0)
    assert first["marked"] > 0
    with town.database.transaction(write=False) as tx:
        rows = deviations_of(tx, town.care_system_id, limit=1_000)
    assert first["opened"] == len(rows)
    assert {row.rule for row in rows} == {"D1", "D18", "D19"}
    again = said(town, "sweep", "--now", OVER, "--care-system", town.care_system_id)
    assert again == {**again, "marked": 0, "months": 0, "opened": 0, "cleared": 0, "changed": 0}
    with town.database.transaction() as tx:
        kept = Answer(content_hash="0" * 64, status=201, headers={}, body="{}")
        keep(tx, town.care_system_id, "client", "route", "key", kept, at=parse_instant(OVER))
    assert said(town, "sweep", "--now", OVER)["weeded"] >= 1, "nobody has asked again for thirty days"
    earlier = said(town, "sweep", "--now", "2014-02-01T09:00:00+01:00")
    assert earlier["weeded"] == 0
    assert earlier["marked"] == 0


def test_T1_an_instant_without_offset_is_no_now(town: Town) -> None:
    result = run(town, "sweep", "--now", "2014-03-02T09:00:00")
    assert result.exit_code == 2
    assert "offset" in result.output


def attest(town: Town) -> None:
    run(town, "sweep", "--now", OVER)
    for blocking in town.get("p", "/months/2014-02", OVER)["items"][0]["blocking"]:
        body = {"deviation_ids": [blocking], "reason": "other", "note": "As agreed."}
        town.post("p", "/explanations", OVER, body)
    town.post("p", "/months/2014-02/attestation", OVER, {"municipality": "0182"})


def test_R8_close_month_locks_what_is_due_and_issues_what_is_attested_once(town: Town) -> None:
    attest(town)
    early = said(town, "close-month", "--month", "2014-02", "--now", OVER)
    assert early == {"locked": 0, "issued": 0, "lines": 0, "amount_ore": 0}
    closed = said(town, "close-month", "--month", "2014-02", "--now", LOCK)
    assert closed == {"locked": 1, "issued": 1, "lines": 1, "amount_ore": 29_189}
    assert said(town, "close-month", "--month", "2014-02", "--now", LOCK)["issued"] == 0
    everything = said(town, "close-month", "--now", LOCK)
    assert (everything["issued"], everything["lines"]) == (0, 0)
    assert everything["locked"] > 0


def test_R9_what_was_told_before_the_lock_may_still_arrive_before_the_run(town: Town) -> None:
    """The wait lies between the lock and what is issued, and only where something was just locked."""
    attest(town)
    seen: list[str] = []

    def settle() -> None:
        seen.append(town.get("controller", "/months/2014-02", LOCK)["items"][0]["state"])

    for _ in range(2):
        runs.close(town.database, town.settings, town.care_system_id, "2014-02", parse_instant(LOCK), settle)
    assert seen == ["locked"]
    assert town.get("controller", "/months/2014-02", LOCK)["items"][0]["state"] == "issued"
    assert said(town, "close-month", "--month", "2014-02", "--now", LOCK, "--settle", "600")["issued"] == 0


def test_R8_close_month_leaves_an_unattested_month_locked_and_issues_it_when_it_is_attested(town: Town) -> None:
    assert said(town, "close-month", "--month", "2014-02", "--now", LOCK)["issued"] == 0
    attest(town)
    assert said(town, "close-month", "--month", "2014-02", "--now", LOCK)["amount_ore"] == 29_189


def test_R9_recompute_run_repeats_every_run_and_fails_where_one_differs(town: Town) -> None:
    attest(town)
    said(town, "close-month", "--month", "2014-02", "--now", LOCK)
    line = said(town, "recompute-run")
    assert (line["same"], line["month"], line["provider_id"]) == (True, "2014-02", id_of("p"))
    assert said(town, "recompute-run", line["run"])["content_hash"] == line["content_hash"]
    assert run(town, "recompute-run", id_of("nothing")).stdout == ""


def test_R9_simulate_fills_a_file_from_the_running_system_that_comes_to_the_same(town: Town, tmp_path: Path) -> None:
    attest(town)
    said(town, "close-month", "--month", "2014-02", "--now", LOCK)
    file = tmp_path / "february.json"
    whose = ("--from-month", "2014-02", "--care-system", town.care_system_id, "--now", LOCK)
    filled = run(town, "simulate", str(file), *whose)
    assert filled.exit_code == 0, filled.output
    again = run(town, "simulate", str(file))
    assert again.stdout == filled.stdout
    assert [one["amount_ore"] for one in json.loads(filled.stdout)["lines"]] == [29_189]
    assert "Olivia" in file.read_text(encoding="utf-8")
    assert json.loads(file.read_text(encoding="utf-8"))["locked_at"] == {"2014-02": "2014-03-05T17:00:00Z"}
    taken = run(town, "simulate", str(file), *whose)
    assert (taken.exit_code, "cannot be written" in taken.stderr) == (2, True)
    table = run(town, "simulate", *whose, "--set", "policy.cap=none", "--compare", str(file))
    assert "Nothing changes." in table.stdout
    itself = run(town, "simulate", *whose, "--set", "rate.*.index=2.3", "--compare")
    assert "+6,71" in itself.stdout
    assert run(town, "simulate", "--from-month", "2014-02", "--care-system", id_of("nothing")).exit_code == 2
    assert run(town, "simulate").exit_code == 2


def test_D_two_sweeps_at_once_leave_what_one_would(make_app: Callable[..., Flask], database_url: str) -> None:
    town = town_of(make_app, database_url, messy(2))
    together = threading.Barrier(3)
    swept: list[Any] = []

    def sweep() -> None:
        together.wait()
        swept.append(town.sweep("2014-04-10T12:00:00Z"))

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = found(simulations.run(town.scenario).judgement.deviations)
    assert stored(town.database, town.care_system_id, town.scenario.months) == expected
    assert len(swept) == 3
    assert sum(one.opened for one in swept) == len(_all(town))


def _all(town: Town) -> list[Any]:
    with town.database.transaction(write=False) as tx:
        return list(deviations_of(tx, town.care_system_id, limit=100_000))
