"""Registrations as a table: CSV whose columns are the contract's field names, a dot for each level down.

Source: LR 3.6.3 (measuring systems already in use); the shape: our decision.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_WHOLE = re.compile(r"-?\d{1,19}\Z", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,19}(\.\d{1,19})?\Z", re.ASCII)
_SEPARATORS = (",", ";", "\t")
_ITEM = "|"


class NoTable(ValueError):
    """The text is no table of registrations; the words say why, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table: which one of the text it ends on, the first being 1, and its registration as JSON."""

    number: int
    item: Any


def _text(cell: str) -> Any:
    return cell


def _whole(cell: str) -> Any:
    """A number where it is one; else the cell as it is, for the field to refuse."""
    return int(cell) if _WHOLE.match(cell) else cell


def _decimal(cell: str) -> Any:
    return float(cell) if _DECIMAL.match(cell) else cell


def _switch(cell: str) -> Any:
    return {"true": True, "false": False}.get(cell.lower(), cell)


def _activities(cell: str) -> Any:
    """`wash:done|shop:declined`."""
    pairs = (one.strip().rpartition(":") for one in cell.split(_ITEM))
    return [{"code": code, "outcome": outcome} for code, _, outcome in pairs]


def _household(cell: str) -> Any:
    """`id|id`, or with shares `id:2|id:1`."""
    parts = [one.strip().partition(":") for one in cell.split(_ITEM)]
    return [{"customer_id": who, **({"share": _whole(share)} if share else {})} for who, _, share in parts]


COLUMNS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(
        (
            "id", "external_id", "kind", "caregiver_id", "caregiver_external_id", "captured_at", "stated_at",
            "visit_id", "planned_visit_id", "planned_visit_external_id", "customer_id", "customer_external_id",
            "service", "place.method", "place.text", "place.uid", "place.reason", "place.note", "clock.boot_id",
            "clock.anchor.server_at", "clock.anchor.boot_id", "sent.boot_id",
        ),
        _text,
    ),
    **dict.fromkeys(
        ("place.position.accuracy_m", "clock.elapsed_ms", "clock.sequence", "clock.anchor.elapsed_ms",
         "sent.elapsed_ms"),
        _whole,
    ),
    "place.position.lat": _decimal,
    "place.position.lon": _decimal,
    "extra_service": _switch,
    "activities": _activities,
    "household": _household,
}  # fmt: skip
"""Each column by its name, and how a cell of it is read; an empty cell is a field that is left out."""

NEEDED = ("id", "kind", "captured_at", "place.method")
"""Without these columns no line could be a registration."""


def read_lines(text: str, most: int) -> list[Line]:
    """The lines of the table; a line of another length than the head is one that its schema refuses.

    Separated by commas, semicolons or tabs, as the head is; empty lines are left out. Raises `NoTable`.
    """
    head_line = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=head_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        head = [name.strip() for name in next(rows, [])]
        _check_head(head)
        return list(_lines(rows, head, most))
    except csv.Error as fault:
        raise NoTable(f"line {rows.line_num}: {fault}") from fault


def _check_head(head: list[str]) -> None:
    unknown = [name for name in head if name not in COLUMNS]
    if unknown:
        raise NoTable(f"no column is called {unknown[0]!r}; they are {', '.join(COLUMNS)}")
    repeated = [name for name in head if head.count(name) > 1]
    if repeated:
        raise NoTable(f"the column {repeated[0]} is there twice")
    missing = [name for name in NEEDED if name not in head]
    if missing:
        raise NoTable(f"the column {missing[0]} is missing")


def _lines(rows: Any, head: list[str], most: int) -> Iterator[Line]:
    count = 0
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > most:
            raise NoTable(f"there are more than {most} lines")
        fits = len(cells) == len(head)
        told = _item(dict(zip(head, cells, strict=True))) if fits else f"{len(cells)} cells, and not {len(head)}"
        yield Line(number=rows.line_num, item=told)


def _item(cells: Mapping[str, str]) -> dict[str, Any]:
    """The registration that the cells are, as JSON."""
    item: dict[str, Any] = {}
    for name, cell in cells.items():
        if cell.strip():
            *way, last = name.split(".")
            inner = item
            for step in way:
                inner = inner.setdefault(step, {})
            inner[last] = COLUMNS[name](cell.strip())
    return item
