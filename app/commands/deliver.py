"""`flask deliver`: sends changes to the webhooks of whoever follows along."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.running import real_now
from app.actions.webhooks.deliver import Delivered, Office, deliver_due

PAUSE_SECONDS = 1
"""How often it is looked for news while there is none."""


@click.command("deliver")
@click.option(
    "--for",
    "seconds",
    type=click.IntRange(min=0, max=86_400),
    default=0,
    help="Go on for so many seconds, looking every second; once through what is due where it is left out.",
)
@with_appcontext
def deliver(seconds: int) -> None:
    """Send what has happened to every webhook that is due, in order. Prints how much as one line of JSON.

    May run again, and twice at once, without harm: a timer calls it every minute.
    """
    running = current_app.extensions["hemtid"]
    tell = current_app.extensions["hemtid.tellers"].change
    office = Office(database=running.database, settings=running.settings, tell=tell, clock=real_now)
    ends, done = time.monotonic() + seconds, Delivered()
    while True:
        now_done = deliver_due(office)
        done += now_done
        if time.monotonic() >= ends:
            break
        if not now_done.delivered:
            time.sleep(PAUSE_SECONDS)
    click.echo(json.dumps(asdict(done)))
