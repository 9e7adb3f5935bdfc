"""`flask demo`: the main job on a published day plan, played over HTTP."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.access.users import create_operator
from app.commands.demo.living import load_living_day
from app.commands.demo.play import Played, play
from app.commands.demo.screen import LANGUAGES, Screen
from app.commands.demo.talk import PASSWORD, Talk
from app.rules.refusal import Refused

OPERATOR = "operator"


@click.command("demo")
@click.option("--base-url", default="http://127.0.0.1:8011", show_default=True, help="The server to play against.")
@click.option(
    "--load", is_flag=True, help="Only load the living day and print the logins; loaded twice it is there once."
)
@click.option(
    "--clients",
    type=click.Path(path_type=Path),
    help="With --load: a file that keeps the secrets of the demo's machine clients, which the API tells once.",
)
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), default="2014-02-04", show_default=True, help="The day to play."
)
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="sv", show_default=True, help="Of what the played day shows."
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write everything that was sent and answered here."
)
@with_appcontext
def demo(base_url: str, load: bool, clients: Path | None, day: datetime, language: str, json_file: Path | None) -> None:
    """Play a home-care day, close its month, and print visits, deviations and lines.

    It is played in two new care systems of its own each time, at times of its own: the server runs with the demo clock.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    with suppress(Refused):  # made when the demo was loaded before
        create_operator(current_app.extensions["hemtid"].database, OPERATOR, PASSWORD, now)
    talk = Talk(base_url.rstrip("/"))
    if load:
        load_living_day(talk, talk.user(OPERATOR), now, clients)
        return
    played = _play(talk, day.date(), language)
    if json_file is not None:
        json_file.write_text(json.dumps(played.as_json(), indent=1, ensure_ascii=False))
        click.echo(f"\nAllt som sändes och svarades: {json_file}")


def _play(talk: Talk, day: date, language: str) -> Played:
    with click.progressbar(
        length=0, label="Spelar dagen", show_pos=True, item_show_func=lambda text: text or ""
    ) as bar:

        def length(steps: int) -> None:
            bar.length = steps

        def step(text: str) -> None:
            bar.update(1, text)

        played = play(talk, talk.user(OPERATOR), day, secrets.token_hex(3), step, length)
    screen = Screen(language, played.names)
    screen.story(day)
    screen.visits(played.visits)
    screen.deviations(played.deviations)
    screen.lines(played.lines)
    return played
