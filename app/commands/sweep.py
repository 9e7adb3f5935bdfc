"""`flask sweep`: judges what is marked, and what only time brings; weeds what is past its use."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.deviations import sweep as actions
from app.actions.weeding import weed
from app.commands.instants import CARE_SYSTEM, NOW, clock


@click.command("sweep")
@NOW
@CARE_SYSTEM
@with_appcontext
def sweep(now: datetime | None, care_system_id: str | None) -> None:
    """Judge what is marked and what only time brings, and weed what is past its use: tries, tokens, kept answers.

    Prints what was done as one line of JSON.

    May run again, and twice at once, without harm: a timer calls it every minute.
    """
    database = current_app.extensions["hemtid"].database
    done = asdict(actions.sweep(database, clock(now), care_system_id=care_system_id))
    # By the real clock, which tokens and tries know alone: another instant would end sessions that are good.
    click.echo(json.dumps({**done, "weeded": weed(database, clock(None))}))
