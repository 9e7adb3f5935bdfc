"""`flask simulate`: the product's own rules over a scenario file; no database is touched."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from flask.cli import ScriptInfo

from app.actions import simulations
from app.actions.scenarios import scenario_of_months
from app.commands.instants import NOW, clock
from app.commands.tables import tables
from app.rules.comparisons import By
from app.rules.providers import Provider
from app.rules.refusal import Refused
from app.rules.scenario import Scenario
from app.rules.simulations import Outcome
from schemas.comparisons import dump_differences
from schemas.simulations import ScenarioError, dump_outcome, dump_scenario, read_scenario

SIMULATE = "simulate"
UNREADABLE = 2
"""The exit code for a file that cannot be read, or whose rates contradict each other. Source: CONTRACT."""

ITSELF = Path()
"""What `--compare` is where nothing stands behind it: no file is called so."""
FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


GRAMMAR = """\b
What --set may say:
  policy.<name>=<value>                    for every municipality and day
  policy.<municipality>.<name>=<value>     for one municipality
  rate.<which>.ore_per_hour=<öre>          another price
  rate.<which>.index=<per cent>            OPI: so much more, exactly
  rate.<which>.index_to_krona=<per cent>   the same, to the nearest krona
\b
With @YYYY-MM-DD before the = it holds from that day on. <which> is a rate's
id, * for every rate, or words that the rate must have, joined by dots:
service, law, provider kind, municipality, band. Several are taken in turn.
\b
  --set policy.0182.cap=none
  --set rate.personal_care.private.ore_per_hour=38000
  --set 'rate.*.index_to_krona@2015-01-01=2.3'
"""


@click.command(SIMULATE, epilog=GRAMMAR)
@click.argument("file", type=FILE, required=False)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change one thing, as below. May be repeated.",
)
@click.option(
    "--compare",
    type=FILE,
    metavar="[OTHER]",
    is_flag=False,
    flag_value="",
    help="Show what differs from OTHER as it stands; without OTHER, what --set changes in FILE.",
)
@click.option(
    "--by",
    type=click.Choice([one.value for one in By]),
    multiple=True,
    help="With --compare: rows by customer or month too.",
)
@click.option("--all", "everything", is_flag=True, help="With --compare: what does not change, too.")
@click.option("--json", "as_json", is_flag=True, help="With --compare: JSON in place of tables.")
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
    by: tuple[str, ...],
    everything: bool,
    as_json: bool,
    months: tuple[str, ...],
    care_system_id: str | None,
    municipality: str | None,
    now: datetime | None,
) -> None:
    """Print what the scenario FILE comes to, as JSON; - reads it from standard input.

    The same file always prints the same bytes. One that cannot be read is named with its field, and exits 2.
    """
    if file is None and not months and compare is not None and compare != ITSELF:
        file, compare = compare, ITSELF  # `--compare FILE`: what stands behind the option is the only file
    if compare is not None and compare == ITSELF and not settings:
        raise click.UsageError("Say what to compare with: --compare OTHER, or what changes: --set NAME=VALUE.")
    if compare is None and (by or everything or as_json):
        raise click.UsageError("--by, --all and --json belong to --compare.")
    if months:
        whose = Whose(care_system_id=care_system_id or "", municipality=municipality, months=months, now=clock(now))
        scenario = _filled(context, file, whose)
    elif file is None:
        raise click.UsageError("Name a scenario FILE, or a month with --from-month.")
    else:
        scenario = _read(file)
    told = Named(name=file or Path("-".join(months)), scenario=scenario)
    changed = Named(name=told.name, scenario=_set(told, settings), settings=settings)
    if compare is None:
        click.echo(as_text(dump_outcome(_outcome(changed))))
    else:
        first = told if compare == ITSELF else Named(name=compare, scenario=_read(compare))
        click.echo(_compared(first, changed, Shown(by=tuple(map(By, by)), everything=everything, as_json=as_json)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A scenario, the file it is called by, and what was set in it."""

    name: Path
    scenario: Scenario
    settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a comparison is to be told."""

    by: tuple[By, ...]
    everything: bool
    as_json: bool


def _set(told: Named, settings: tuple[str, ...]) -> Scenario:
    try:
        return simulations.changed(told.scenario, settings)
    except Refused as fault:
        refuse(told.name, f"{fault.pointer or '/'}: {fault}")


def _outcome(told: Named) -> Outcome:
    """What it comes to; what that leaves out stands on standard error."""
    try:
        outcome = simulations.run(told.scenario)
    except Refused as fault:
        refuse(told.name, f"{fault.pointer or '/'}: {fault}")
    for note in outcome.notes:
        click.echo(f"{told.name}: {note.rule}: {note.message}", err=True)
    return outcome


def _compared(first: Named, second: Named, shown: Shown) -> str:
    before, after = (simulations.Simulated(scenario=one.scenario, outcome=_outcome(one)) for one in (first, second))
    compared = simulations.compared(before, after, shown.by)
    if shown.as_json:
        return as_text(
            dump_differences(
                compared.settings, compared.comparison, compared.summary, shown.by, everything=shown.everything
            )
        )
    names = (str(first.name), " ".join((str(second.name), *second.settings)))
    providers = _names([*first.scenario.facts.providers, *second.scenario.facts.providers])
    return tables(compared, names, providers, shown.by, everything=shown.everything)


def _names(providers: Iterable[Provider]) -> dict[str, str]:
    """What each provider is called; its id where another has the same name."""
    names = {one.id: one.name for one in providers}
    return {key: name for key, name in names.items() if list(names.values()).count(name) == 1}


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
