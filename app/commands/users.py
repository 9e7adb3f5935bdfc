"""`flask create-operator`: the first user, who makes the others."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.access.users import create_operator
from app.rules.refusal import Refused

PASSWORD_VARIABLE = "HEMTID_OPERATOR_PASSWORD"


@click.command("create-operator")
@click.option("--username", required=True, help="3 to 64 of a-z, 0-9 and . _ @ -")
@click.option("--generate", is_flag=True, help="Make a password and show it once, instead of asking for one.")
@with_appcontext
def create_operator_command(username: str, generate: bool) -> None:
    """Create an operator, who keeps care systems, users and clients.

    The password is that of HEMTID_OPERATOR_PASSWORD, or is asked for, or is made with --generate.
    """
    password = secrets.token_urlsafe(18) if generate else os.environ.get(PASSWORD_VARIABLE) or _asked_password()
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        create_operator(current_app.extensions["hemtid"].database, username, password, now)
    except Refused as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo(f"The operator {username} may sign in.")
    if generate:
        click.echo(f"Password, shown this once: {password}")


def _asked_password() -> str:
    answered: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answered
