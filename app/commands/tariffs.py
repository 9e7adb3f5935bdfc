"""`flask add-tariff`: a published table of rates becomes a care system's own."""

from __future__ import annotations

from datetime import datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.faults import Unfit
from app.actions.tariffs import add_tariff_by_command
from app.commands.instants import NOW, clock
from app.rules.refusal import Kind, Refused


@click.command("add-tariff")
@click.argument("name")
@click.option("--care-system", "care_system_id", required=True, help="Whose rates they become, by its id.")
@click.option("--municipality", metavar="CODE", help="Of this municipality alone, of a table that prices several.")
@NOW
@with_appcontext
def add_tariff(name: str, care_system_id: str, municipality: str | None, now: datetime | None) -> None:
    """Add the published tariff NAME to the rates of a care system, every row of it or none.

    NAME is nacka_2013, nacka_2014 or leksand_rattvik_2011. A row that would price a second twice is refused (R3), and
    then nothing is added: done again it adds nothing.
    """
    running = current_app.extensions["hemtid"]
    try:
        count = add_tariff_by_command(running, care_system_id, name, municipality, clock(now))
    except Refused as fault:
        told = f"There is no tariff {name}." if fault.kind is Kind.MISSING else str(fault)
        raise click.ClickException(told) from fault
    except Unfit as fault:
        raise click.ClickException(fault.message) from fault
    click.echo(f"{count} rates of {name} hold.")
