"""`flask simulate`: the product's own rules over a scenario file; no database is touched."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from flask.cli import ScriptInfo

from app.actions import simulations
from app.actions.scenarios import scenario_of_months
from app.commands.instants import NOW, clock
from app.rules.refusal import Refused
from app.rules.scenario import Scenario
from app.rules.simulations import Outcome
from schemas.simulations import ScenarioError, dump_outcome, dump_scenario, read_scenario

SIMULATE = "simulate"
UNREADABLE = 2
"""The exit code for a file that cannot be read, or whose rates contradict each other. Source: CONTRACT."""

FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@click.command(SIMULATE)
@click.argument("file", type=FILE, required=False)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change one thing: policy.cap=none, rate.<id>.ore_per_hour=38000. May be repeated.",
)
@click.option(
    "--compare",
    type=FILE,
    metavar="OTHER",
    help="Show the totals of OTHER, as it stands, beside those of FILE: one file twice shows what --set does.",
)
@click.option(
    "--from-month",
    "months",
    multiple=True,
    metavar="YYYY-MM",
    help="Fill the scenario from the running system, and write it to FILE where one is named. May be repeated.",
)
@click.option("--care-system", "care_system_id", help="With --from-month: whose month, by the care system's id.")
@click.option("--municipality", help="With --from-month: of this municipality alone.")
@NOW
@click.pass_context
def simulate(
    context: click.Context,
    file: Path | None,
    settings: tuple[str, ...],
    compare: Path | None,
    months: tuple[str, ...],
    care_system_id: str | None,
    municipality: str | None,
    now: datetime | None,
) -> None:
    """Print what the scenario FILE comes to, as JSON; - reads it from standard input.

    The same file always prints the same bytes. One that cannot be read is named with its field, and exits 2.
    """
    if months:
        whose = Whose(care_system_id=care_system_id or "", municipality=municipality, months=months, now=clock(now))
        scenario = _filled(context, file, whose)
    elif file is None:
        raise click.UsageError("Name a scenario FILE, or a month with --from-month.")
    else:
        scenario = _read(file)
    told = file or Path("-".join(months))
    outcome = _outcome(told, scenario, settings)
    if compare is None:
        click.echo(as_text(dump_outcome(outcome)))
    else:
        before = (str(compare), _outcome(compare, _read(compare), ()))
        click.echo(side_by_side(before, (" ".join((str(told), *settings)), outcome)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Which months of the running system are wanted, as of when."""

    care_system_id: str
    municipality: str | None
    months: tuple[str, ...]
    now: datetime


def _filled(context: click.Context, file: Path | None, whose: Whose) -> Scenario:
    """The scenario of the running system's months; it stands in the file, where one is named, which was not there."""
    running = context.ensure_object(ScriptInfo).load_app().extensions["hemtid"]
    try:
        scenario = scenario_of_months(
            running.database, running.settings, whose.care_system_id, whose.months, whose.now, whose.municipality
        )
    except Refused as fault:
        raise click.UsageError(str(fault)) from fault
    if file is not None:
        text = as_text(dump_scenario(scenario)) + "\n"
        try:
            with file.open("x", encoding="utf-8") as written:
                written.write(text)
        except OSError as fault:
            refuse(file, f"cannot be written: {fault.strerror}")
    return scenario


def _outcome(file: Path, scenario: Scenario, settings: tuple[str, ...]) -> Outcome:
    try:
        return simulations.run(simulations.changed(scenario, settings))
    except Refused as fault:
        refuse(file, f"{fault.pointer or '/'}: {fault}")


def _read(file: Path) -> Scenario:
    """The file's scenario; exits where it is none."""
    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return read_scenario(json.loads(text.decode("utf-8-sig"), parse_constant=_refuse_constant))
    except ScenarioError as fault:
        refuse(file, *(f"{one['pointer'] or '(the whole)'}: {one['message']}" for one in fault.errors))
    except OSError as fault:
        refuse(file, f"cannot be opened: {fault.strerror}")
    except UnicodeDecodeError as fault:
        refuse(file, f"is no UTF-8 text: byte {fault.start}")
    except json.JSONDecodeError as fault:
        refuse(file, f"is no JSON: line {fault.lineno} column {fault.colno}: {fault.msg}")
    except RecursionError:
        refuse(file, "is nested too deeply")


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is no JSON", name, 0)


def refuse(file: Path, *faults: str) -> NoReturn:
    """Every fault stands on standard error, and the command ends with 2."""
    for fault in faults:
        click.echo(f"{file}: {fault}", err=True)
    raise click.exceptions.Exit(UNREADABLE)


def as_text(document: Any) -> str:
    """The document as JSON for people and programs, in the order given."""
    return json.dumps(document, ensure_ascii=False, indent=2)


def side_by_side(first: tuple[str, Outcome], second: tuple[str, Outcome]) -> str:
    """The totals of both outcomes as a table, with what the second has more or less."""
    names = (first[0], second[0])
    rows = simulations.beside(simulations.totals_of(first[1]), simulations.totals_of(second[1]))
    head = ("", "[1]", "[2]", "[2] − [1]")
    cells = [head, *((name, _number(one), _number(two), _signed(two - one)) for name, one, two in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(row[at].rjust(widths[at]) for at in (1, 2, 3))]).rstrip() for row in cells
    ]
    return "\n".join([f"[1] {names[0]}", f"[2] {names[1]}", "", *lines])


def _number(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}").replace("-", "−")


def _signed(number: int) -> str:
    return "0" if number == 0 else f"{'+' if number > 0 else '−'}{_number(abs(number))}"
