"""`flask close-month` and `flask recompute-run`: the month's end by timer, and the proof that a run can be repeated."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import datetime
from functools import partial

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.reimbursement import runs
from app.commands.instants import CARE_SYSTEM, NOW, clock

MONTH = click.option("--month", metavar="YYYY-MM", help="One month; every month that is over where it is left out.")


SETTLE = click.option(
    "--settle",
    type=click.IntRange(0, 600),
    default=0,
    metavar="SECONDS",
    help="Wait so long between a lock and what is issued of it, for what was being registered as it fell.",
)


@click.command("close-month")
@MONTH
@NOW
@CARE_SYSTEM
@SETTLE
@with_appcontext
def close_month(month: str | None, now: datetime | None, care_system_id: str | None, settle: int) -> None:
    """Lock every month whose lock date has come, and issue those that are locked and attested.

    Done again it does nothing. Prints what was done as one line of JSON.
    """
    running = current_app.extensions["hemtid"]
    done = runs.ClosedMonths()
    for one in runs.systems(running.database, care_system_id):
        wait = partial(time.sleep, settle)
        done += runs.close(running.database, running.settings, one, month, clock(now), wait)
    click.echo(json.dumps(asdict(done)))


@click.command("recompute-run")
@click.argument("run_id", required=False)
@CARE_SYSTEM
@with_appcontext
def recompute_run(run_id: str | None, care_system_id: str | None) -> None:
    """Repeat RUN_ID, or every run, from the facts; exit 1 where one does not come to the same bytes."""
    running = current_app.extensions["hemtid"]
    differing = 0
    for system in runs.systems(running.database, care_system_id):
        for run, same in runs.repeat_runs(running.database, running.settings, system, run_id):
            differing += not same
            told = {"run": run.id, "municipality": run.municipality, "month": run.month, "same": same}
            click.echo(json.dumps({**told, "provider_id": run.provider_id, "content_hash": run.content_hash}))
    if differing:
        raise click.exceptions.Exit(1)
