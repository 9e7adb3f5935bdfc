"""What the demo shows: its progress, and the month as three tables with totals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from app.rules.time import STOCKHOLM, iso_duration


def kronor(ore: int) -> str:
    """Öre as kronor, the way Swedes write them: −1 234,50."""
    sign = "−" if ore < 0 else ""
    whole, rest = divmod(abs(ore), 100)
    return f"{sign}{whole:,}".replace(",", " ") + f",{rest:02d}"


def clock(text: str | None) -> str:
    """An instant as the clock on the wall shows it, with seconds."""
    return "–" if text is None else f"{datetime.fromisoformat(text).astimezone(STOCKHOLM):%H:%M:%S}"


def table(title: str, heads: list[str], rows: list[list[str]], *, right: tuple[int, ...] = ()) -> None:
    """Prints the rows under their heads, each column as wide as it needs."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    click.echo(f"\n{click.style(title, bold=True)}")
    for row in [heads, ["─" * width for width in widths], *rows]:
        cells = [
            text.rjust(width) if n in right else text.ljust(width)
            for n, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  " + "  ".join(cells).rstrip())


def show_visits(visits: list[dict[str, Any]], names: dict[str, str]) -> None:
    """The visits in the order in which they began."""
    rows = [
        [
            clock(visit.get("starts_at")),
            clock(visit.get("ends_at")),
            visit.get("performed") or "–",
            names.get(visit["caregiver_id"], "?"),
            names.get((visit["parts"][0]["customer_id"] if visit["parts"] else None) or "", "–"),
            (visit["parts"][0].get("service") if visit["parts"] else None) or "–",
            visit["state"],
            visit["pay"],
            " ".join(visit["deviations"]),
        ]
        for visit in visits
    ]
    heads = ["in", "ut", "utförd", "vem", "kund", "insats", "läge", "ersättning", "avvikelser"]
    table("Besök", heads, rows)
    seconds = sum(visit.get("performed_seconds") or 0 for visit in visits)
    click.echo(f"  {len(visits)} besök, {seconds} s utförd tid ({iso_duration(seconds)})")


def show_deviations(deviations: list[dict[str, Any]]) -> None:
    """The deviations by rule, with how many stand in which state."""
    rules: dict[tuple[str, str, str], dict[str, int]] = {}
    for one in deviations:
        states = rules.setdefault((one["rule"], one["name"], one["effect"]), {})
        states[one["state"]] = states.get(one["state"], 0) + 1
    rows = [
        [rule, name, effect, ", ".join(f"{count} {state}" for state, count in sorted(states.items()))]
        for (rule, name, effect), states in sorted(rules.items(), key=lambda row: int(row[0][0][1:]))
    ]
    table("Avvikelser", ["regel", "namn", "verkan", "antal och läge"], rows)
    click.echo(f"  {len(deviations)} avvikelser")


def show_lines(lines: list[dict[str, Any]], names: dict[str, str]) -> None:
    """The lines in the order issued, with the total of each run."""
    rows = [
        [
            str(line["sequence"]),
            line["kind"],
            line["month"],
            line["municipality"],
            names.get(line["customer_id"], line["customer_id"][:8]),
            line["service"],
            str(line["seconds"]),
            kronor(int(line["ore_per_hour"])),
            kronor(line["amount_ore"]),
            line.get("cause") or "",
        ]
        for line in lines
    ]
    heads = ["nr", "slag", "månad", "kommun", "kund", "insats", "sekunder", "kr/tim", "kronor", "orsak"]
    table("Ersättningsrader", heads, rows, right=(0, 6, 7, 8))
    seconds, ore = sum(line["seconds"] for line in lines), sum(line["amount_ore"] for line in lines)
    click.echo(f"  {len(lines)} rader, {seconds} s, {kronor(ore)} kr")
