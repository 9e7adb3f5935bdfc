"""The published tariffs, which lie beside this file as data: what two documents say an hour is worth, and where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from app.rules.providers import Law, ProviderKind, Service
from app.rules.rates import Band, Holidays, Rate, Window

FOLDER = Path(__file__).parent / "tariffs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """A published table. Its rows have no id of the register's until they are added; `leaves_out` is what the source
    does not say. Texts for people are by language. Source: R3, R4.
    """

    name: str
    title: Mapping[str, str]
    document: str
    section: str
    valid_from: date
    valid_before: date | None
    leaves_out: tuple[Mapping[str, str], ...]
    rows: tuple[Rate, ...]

    @property
    def municipalities(self) -> tuple[str, ...]:
        """The codes of those it prices, in order."""
        return tuple(sorted({row.municipality for row in self.rows}))

    def rows_of(self, municipality: str | None) -> tuple[Rate, ...]:
        """The rows of one municipality, or all of them."""
        return tuple(row for row in self.rows if municipality in (None, row.municipality))


@cache
def tariffs() -> Mapping[str, Tariff]:
    """Every published tariff by its name, in the order of their names."""
    return {
        path.stem: _tariff_of(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.json"))
    }


def _tariff_of(told: dict[str, Any]) -> Tariff:
    return Tariff(
        name=told["name"],
        title=told["title"],
        document=told["document"],
        section=told["section"],
        valid_from=date.fromisoformat(told["valid_from"]),
        valid_before=_day(told["valid_before"]),
        leaves_out=tuple(told["leaves_out"]),
        rows=tuple(_row_of(f"{told['name']}/{number}", row) for number, row in enumerate(told["rows"], 1)),
    )


def _row_of(name: str, told: dict[str, Any]) -> Rate:
    return Rate(
        id=name,
        municipality=told["municipality"],
        service=Service(told["service"]),
        law=Law(told["law"]) if "law" in told else None,
        provider_kind=ProviderKind(told["provider_kind"]) if "provider_kind" in told else None,
        band=_band_of(told["band"]) if "band" in told else None,
        ore_per_hour=Decimal(told["ore_per_hour"]),
        valid_from=date.fromisoformat(told["valid_from"]),
        valid_before=_day(told.get("valid_before")),
        source=told["source"],
    )


def _band_of(told: dict[str, Any]) -> Band:
    windows = tuple(
        Window(weekdays=tuple(one["weekdays"]), start_minute=_minute(one["from"]), before_minute=_minute(one["before"]))
        for one in told["windows"]
    )
    return Band(name=told["name"], windows=windows, holidays=Holidays(told.get("holidays", Holidays.BY_WEEKDAY)))


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _day(stated: str | None) -> date | None:
    return None if stated is None else date.fromisoformat(stated)
