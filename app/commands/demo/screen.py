"""What the demo shows: what happened, and the month as three tables with totals, in Swedish or English."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import click

from app.rules.time import STOCKHOLM, iso_duration

LANGUAGES = ("sv", "en")
STORY = {
    "CANCELLED": "D4",
    "TAG_DAMAGED": "D9",
    "FORGOTTEN": "D7 D9",
    "WRONG_TAG": "D10",
    "SHORT": "D15",
    "MISSED": "D3",
    "FALL": "D5 D6",
    "OFFLINE": "",
    "UNPLANNED": "D17",
    "EXTRA": "",
    "NO_CLOCK": "D16",
    "FORGOTTEN_FOR_WEEKS": "D7 D9",
}
"""What happens in the day, and the deviations that show it."""


@cache
def words(language: str) -> dict[str, str]:
    """The screen's words in one of `LANGUAGES`."""
    told: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "words.json").read_text("utf-8"))
    return told[language]


def kronor(ore: int) -> str:
    """Öre as kronor, the way Swedes write them: −1 234,50."""
    sign = "−" if ore < 0 else ""
    whole, rest = divmod(abs(ore), 100)
    return f"{sign}{whole:,}".replace(",", " ") + f",{rest:02d}"


def clock(text: str | None) -> str:
    """An instant as the clock on the wall shows it, with seconds."""
    return "–" if text is None else f"{datetime.fromisoformat(text).astimezone(STOCKHOLM):%H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Screen:
    """Prints in one language. `names` are the demo's short names by id."""

    language: str
    names: dict[str, str]

    def word(self, name: str | None) -> str:
        """The word, or the API's own where the screen has none."""
        return "–" if name is None else words(self.language).get(name, name)

    def story(self, day: date) -> None:
        """What went otherwise than planned, and what was done about it."""
        click.echo(f"\n{click.style(self.word('story').format(day=day), bold=True)}")
        for name, rules in STORY.items():
            click.echo(f"  {self.word(name)}{f' [{rules}]' if rules else ''}")

    def visits(self, visits: list[dict[str, Any]]) -> None:
        """The visits in the order in which they began."""
        heads = ["in", "out", "performed", "who", "customer", "service", "state", "pay", "rules"]
        self._table("visits", heads, [self._visit(visit) for visit in visits])
        seconds = sum(visit.get("performed_seconds") or 0 for visit in visits)
        self._total("visits", count=len(visits), seconds=seconds, duration=iso_duration(seconds))

    def _visit(self, visit: dict[str, Any]) -> list[str]:
        part = visit["parts"][0] if visit["parts"] else {}
        return [
            clock(visit.get("starts_at")),
            clock(visit.get("ends_at")),
            visit.get("performed") or "–",
            self.names.get(visit["caregiver_id"], "?"),
            self.names.get(part.get("customer_id") or "", "–"),
            self.word(part.get("service")),
            self.word(visit["state"]),
            self.word(visit["pay"]),
            " ".join(visit["deviations"]),
        ]

    def deviations(self, deviations: list[dict[str, Any]]) -> None:
        """The deviations by rule, with how many stand in which state."""
        rules: dict[tuple[str, str], dict[str, int]] = {}
        for one in deviations:
            states = rules.setdefault((one["rule"], one["effect"]), {})
            states[one["state"]] = states.get(one["state"], 0) + 1
        rows = [
            [
                rule,
                self.word(rule),
                self.word(effect),
                ", ".join(f"{count} {self.word(state)}" for state, count in sorted(states.items())),
            ]
            for (rule, effect), states in sorted(rules.items(), key=lambda row: int(row[0][0][1:]))
        ]
        self._table("deviations", ["rule", "name", "effect", "counts"], rows)
        self._total("deviations", count=len(deviations))

    def lines(self, lines: list[dict[str, Any]]) -> None:
        """The lines in the order issued, system by system."""
        rows = [
            [
                str(line["sequence"]),
                self.word(line["kind"]),
                line["month"],
                line["municipality"],
                self.names.get(line["customer_id"], line["customer_id"][:8]),
                self.word(line["service"]),
                str(line["seconds"]),
                kronor(int(line["ore_per_hour"])),
                kronor(line["amount_ore"]),
                self.word(line["cause"]) if line.get("cause") else "",
            ]
            for line in lines
        ]
        heads = ["number", "kind", "month", "municipality", "customer", "service", "seconds", "rate", "amount", "cause"]
        self._table("lines", heads, rows, right=(0, 6, 7, 8))
        seconds, ore = sum(line["seconds"] for line in lines), sum(line["amount_ore"] for line in lines)
        self._total("lines", count=len(lines), seconds=seconds, kronor=kronor(ore))

    def _total(self, name: str, **figures: Any) -> None:
        click.echo("  " + self.word(f"{name}_total").format(**figures))

    def _table(self, title: str, heads: list[str], rows: list[list[str]], *, right: tuple[int, ...] = ()) -> None:
        """The rows under their heads, each column as wide as it needs."""
        named = [self.word(head) for head in heads]
        widths = [max(len(row[column]) for row in [named, *rows]) for column in range(len(named))]
        click.echo(f"\n{click.style(self.word(title), bold=True)}")
        for row in [named, ["─" * width for width in widths], *rows]:
            cells = [
                text.rjust(width) if n in right else text.ljust(width)
                for n, (text, width) in enumerate(zip(row, widths, strict=True))
            ]
            click.echo("  " + "  ".join(cells).rstrip())
