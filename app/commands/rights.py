"""`flask grant-rights`: the role that serves gets the rights it needs and no others (A5)."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions import migrations


@click.command("grant-rights")
@click.option("--role", required=True, help="The role that the product serves with; another one owns the tables.")
@with_appcontext
def grant_rights(role: str) -> None:
    """Let a role serve that cannot change or remove what is only added to. Run it as the owner, after a migration."""
    try:
        migrations.grant_rights(current_app.extensions["hemtid"].database, role)
    except migrations.CannotBind as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo(f"{role} may serve, and change nothing that is only added to.")
