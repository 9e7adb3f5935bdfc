"""`flask sweep`: judges what is marked, and what only time brings."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.deviations import sweep as actions
from app.commands.instants import CARE_SYSTEM, NOW, clock


@click.command("sweep")
@NOW
@CARE_SYSTEM
@with_appcontext
def sweep(now: datetime | None, care_system_id: str | None) -> None:
    """Judge what is marked and what only time brings; print what was done as one line of JSON.

    May run again, and twice at once, without harm: a timer calls it every minute.
    """
    database = current_app.extensions["hemtid"].database
    click.echo(json.dumps(asdict(actions.sweep(database, clock(now), care_system_id=care_system_id))))
