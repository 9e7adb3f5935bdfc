"""`flask migrate`: makes the tables, or brings them to this version of the product."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions import migrations


@click.command("migrate")
@click.option("--to", "revision", default="head", show_default=True, help="The revision to upgrade to.")
@with_appcontext
def migrate(revision: str) -> None:
    """Upgrade the database's tables; repeating it changes nothing."""
    migrations.migrate(current_app.extensions["hemtid"].settings.database_url, revision)
    click.echo(f"The database stands at {revision}.")
