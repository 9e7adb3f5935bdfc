"""A run that dies half-way is as if it had not begun, and those who close at once close once. FAULTS 58.

Each fault is raised by the real step, after it was done; one run is a process of its own, and killed by SIGKILL.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.actions import months
from app.actions.reimbursement import issue, runs
from app.actions.visits import tell
from app.rules.reimbursement.months import MonthState
from app.rules.time import parse_instant
from app.storage.database import Database
from app.storage.events import page
from app.storage.judgements import Due
from app.storage.reimbursement import KeptMonth, get_month, runs_of, save_month
from app.storage.tables.reimbursement import counter, reimbursement_line
from tests.together import at_once
from tests.town import Town, id_of, told, town_of

ROOT = Path(__file__).resolve().parents[2]
OVER = "2014-03-02T09:00:00+01:00"
LOCK = "2014-03-05T18:00:00+01:00"
STEPS = ("lock_counter", "get_month", "compute", "insert_run", "append_lines", "save_month", "issued_lines", "append")
"""Everything that issuing a month does to the store, and the computation between, in the order done."""


class Died(Exception):
    """What stops a run in the middle."""


@pytest.fixture
def town(make_app: Callable[..., Flask], database_url: str) -> Town:
    """February is attested, and nobody has locked it yet."""
    made = town_of(make_app, database_url, told("nacka_2014.json"))
    at = parse_instant(OVER)
    with made.database.transaction() as tx:
        kept = get_month(tx, made.care_system_id, "0182", id_of("p"), "2014-02")
        attested = replace(kept.month, state=MonthState.ATTESTED, attested_by=id_of("who"), attested_at=at)
        save_month(tx, made.care_system_id, attested, expected_version=0)
    return made


def close(town: Town) -> runs.ClosedMonths:
    return runs.close(town.database, town.settings, town.care_system_id, "2014-02", parse_instant(LOCK))


def left(database: Database, care_system_id: str) -> dict[str, Any]:
    """What stands of February: its state, how many runs and lines, the last number, what others are told of it."""
    with database.transaction() as tx:
        of_lines = select(counter.c.last).where(counter.c.care_system_id == care_system_id, counter.c.name == "lines")
        told_of = [one.event.type for one in page(tx, care_system_id, limit=1_000)]
        return {
            "state": get_month(tx, care_system_id, "0182", id_of("p"), "2014-02").month.state,
            "runs": len(runs_of(tx, care_system_id)),
            "lines": tx.connection.execute(select(func.count()).select_from(reimbursement_line)).scalar_one(),
            "last": tx.connection.execute(of_lines).scalar() or 0,
            "told": sorted(one for one in told_of if one in ("month.issued", "line.issued")),
        }


NOTHING = {"state": "locked", "runs": 0, "lines": 0, "last": 0, "told": []}
ISSUED = {"state": "issued", "runs": 1, "lines": 1, "last": 1, "told": ["line.issued", "month.issued"]}


def test_R9_F58_a_run_that_dies_after_any_of_its_steps_leaves_nothing_and_the_next_issues_all(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in STEPS:
        step = getattr(issue, name)

        def dies(*arguments: Any, _step: Callable[..., Any] = step, **more: Any) -> None:
            _step(*arguments, **more)
            raise Died

        with monkeypatch.context() as within:
            within.setattr(issue, name, dies)
            with pytest.raises(Died):
                close(town)
        assert left(town.database, town.care_system_id) == NOTHING, name
    done = close(town)
    assert (done.issued, done.lines, done.amount_ore) == (1, 1, 29_189)
    assert left(town.database, town.care_system_id) == ISSUED
    assert [same for _, same in runs.repeat_runs(town.database, town.settings, town.care_system_id, None)] == [True]


HALF_WAY = """
import sys, time
from app.actions.reimbursement import issue, runs
from app.actions.visits import tell
from app.rules.time import parse_instant
from app.storage.database import open_database
from tests.settings import settings_for

append = issue.append
def written(*arguments, **more):
    append(*arguments, **more)
    print("written", flush=True)
    time.sleep(60)
issue.append = written
settings = settings_for(sys.argv[1])
runs.close(open_database(settings), settings, sys.argv[2], "2014-02", parse_instant(sys.argv[3]))
"""


def test_R9_F58_a_run_that_is_killed_with_everything_written_and_nothing_committed_is_as_if_it_had_not_begun(
    town: Town, database_url: str
) -> None:
    command = [sys.executable, "-c", HALF_WAY, database_url, town.care_system_id, LOCK]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "written\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert left(town.database, town.care_system_id) == NOTHING
    assert close(town).issued == 1
    assert left(town.database, town.care_system_id) == ISSUED


def test_R9_F58_two_timers_and_a_controller_who_close_at_once_issue_once(town: Town) -> None:
    body = {"month": "2014-02"}

    def controller() -> int:
        town.ask("controller", "POST", "/months/2014-02/lock", LOCK, {})
        return town.ask("controller", "POST", "/reimbursement/runs", LOCK, body).status_code

    first, second, answer = at_once(lambda: close(town), lambda: close(town), controller)
    assert answer == 201
    assert isinstance(first, runs.ClosedMonths), first
    assert isinstance(second, runs.ClosedMonths), second
    assert first.locked + second.locked <= 1
    assert first.issued + second.issued <= 1
    assert left(town.database, town.care_system_id) == ISSUED


def test_R8_two_timers_who_lock_what_nobody_has_touched_lock_it_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """January has no row of its own: where both may, both find none before either makes it."""
    at, cs, both = parse_instant(LOCK), town.care_system_id, threading.Barrier(2)

    def found(*arguments: Any, **more: Any) -> KeptMonth:
        kept = get_month(*arguments, **more)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.3)
        return kept

    def lock() -> int:
        return runs.close(town.database, town.settings, cs, "2014-01", at).locked

    with monkeypatch.context() as within:
        within.setattr(months, "get_month", found)
        assert sorted(at_once(lock, lock), key=str) == [0, 1]
    with town.database.transaction(write=False) as tx:
        kept = get_month(tx, cs, "0182", id_of("p"), "2014-01")
    assert (kept.month.state, kept.version) == ("locked", 1)


END = "2014-03-07T08:00:00+01:00"


def a_late_stay(town: Town, now: str) -> list[int]:
    """Half an hour in February, told by hand; the statuses of its two registrations."""
    place = {"method": "manual", "reason": "phone_forgotten"}
    statuses = []
    for kind, stated in (("check_in", "2014-02-10T08:00:00+01:00"), ("check_out", "2014-02-10T08:30:00+01:00")):
        row = {"id": id_of(kind), "kind": kind, "caregiver_id": id_of("c"), "captured_at": now, "stated_at": stated}
        told_of = {**row, "customer_id": id_of("k"), "service": "personal_care", "place": place}
        statuses.append(town.ask("caregiver", "POST", "/registrations", now, told_of).status_code)
    return statuses


def test_R8_R9_a_registration_that_races_the_lock_is_paid_once_and_the_run_can_be_repeated(town: Town) -> None:
    """Both in the second of the lock: whoever was first, it is recorded no sooner than the lock, and issued with March.

    What was registered before reopens nothing that is locked.
    """
    closed, statuses = at_once(lambda: close(town), lambda: a_late_stay(town, LOCK))
    assert statuses == [201, 201]
    assert isinstance(closed, runs.ClosedMonths), closed
    stands = left(town.database, town.care_system_id)
    assert stands in (ISSUED, {**NOTHING, "state": "locked"})
    if stands != ISSUED:
        attest(town, "2014-02", END)
        assert close(town).issued == 1
    attest(town, "2014-03", "2014-04-02T09:00:00+02:00")
    april = parse_instant("2014-04-05T18:00:00+02:00")
    runs.close(town.database, town.settings, town.care_system_id, "2014-03", april)
    lines = town.get("money", "/reimbursement/lines", "2014-04-06T09:00:00+02:00")["items"]
    assert [(row["kind"], row["seconds"], row["amount_ore"]) for row in lines] == [
        ("line", 2_840, 29_189),
        ("adjustment", 1_800, 18_500),
    ]
    repeated = runs.repeat_runs(town.database, town.settings, town.care_system_id, None)
    assert [same for _, same in repeated] == [True, True]


def attest(town: Town, month: str, now: str) -> None:
    """Everything that blocks the month is explained, and the month attested."""
    town.sweep(now)
    for blocking in town.get("p", f"/months/{month}", now)["items"][0]["blocking"]:
        town.ask("p", "POST", "/explanations", now, {"deviation_ids": [blocking], "reason": "other", "note": "Agreed."})
    town.post("p", f"/months/{month}/attestation", now, {"municipality": "0182"})


def test_R8_an_attestation_waits_for_a_correction_that_is_under_way_and_sees_what_it_brings(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The visit becomes a minute, which wants explaining (D15): not known yet when the attestation was asked for."""
    path = f"/visits/{id_of('1')}/corrections"
    changes = {"changes": {"ends_at": "2014-02-03T08:01:00+01:00"}, "reason": "other", "note": "Left at once."}
    made = town.post("p", path, OVER, changes)
    with town.database.transaction() as tx:
        due = Due(provider_id=id_of("p"), customer_id=id_of("k"), month="2014-02")
        months.reopen(tx, town.care_system_id, [due], parse_instant(OVER))
    town.sweep(OVER)
    for blocking in town.get("p", "/months/2014-02", OVER)["items"][0]["blocking"]:
        town.post("p", "/explanations", OVER, {"deviation_ids": [blocking], "reason": "other", "note": "As agreed."})
    under_way = threading.Event()

    def reopened(*arguments: Any) -> None:
        months.reopen(*arguments)
        under_way.set()
        time.sleep(0.4)

    def approve() -> int:
        return town.ask("p2", "POST", f"{path}/{made['id']}/approval", OVER, {}).status_code

    def attested() -> int:
        assert under_way.wait(10)
        return town.ask("p", "POST", "/months/2014-02/attestation", OVER, {"municipality": "0182"}).status_code

    with monkeypatch.context() as within:
        within.setattr(tell, "reopen", reopened)
        assert at_once(approve, attested) == [200, 409]
    month = town.get("p", "/months/2014-02", OVER)["items"][0]
    assert month["state"] == "open"
    assert [row["rule"] for row in town.deviations("p", OVER, state="open", period="2014-02")] == ["D15"]
    assert len(month["blocking"]) == 1
