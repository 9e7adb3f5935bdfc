"""`flask rebuild-visits`: the visits as they are kept, compared with what everything registered adds up to."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.deviations.sweep import every_care_system
from app.actions.visits.rebuild import rebuild
from app.commands.instants import CARE_SYSTEM, NOW, clock


@click.command("rebuild-visits")
@click.option("--check", is_flag=True, help="Only compare: exit 1 where anything differs.")
@NOW
@CARE_SYSTEM
@with_appcontext
def rebuild_visits(check: bool, now: datetime | None, care_system_id: str | None) -> None:
    """Derive all visits from the registrations and corrections, and write the projection anew where it differs.

    Prints one line of JSON for each care system.
    """
    database = current_app.extensions["hemtid"].database
    systems = [care_system_id] if care_system_id is not None else every_care_system(database)
    differing = 0
    for one in systems:
        done = rebuild(database, one, clock(now), write=not check)
        differing += done.differing + done.ends
        click.echo(json.dumps({"care_system_id": one, **asdict(done)}))
    if check and differing:
        raise SystemExit(1)
