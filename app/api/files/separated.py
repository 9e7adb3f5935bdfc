"""Comma-separated values as RFC 4180 has them, which no spreadsheet takes for formulas (FAULTS 57)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from app.api.files.columns import COLUMNS, cells
from app.rules.time import format_instant

MEDIA = "text/csv; charset=utf-8; header=present"
"""UTF-8 without a byte order mark: RFC 4180 has none, and most readers would take it for a part of the first name.
Whoever opens the lines in a spreadsheet takes the workbook.
"""
_ROWS = 200
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the beginning of a formula, wide forms included. Source: OWASP, CSV Injection."""


def lines_csv(lines: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The lines, a row each, below their columns' names."""
    return table(list(COLUMNS), map(cells, lines))


def table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The rows below the names, some rows at a time: text in quotation marks, numbers without, CRLF after each."""
    yield _written([names])
    taken = iter(rows)
    while some := list(islice(taken, _ROWS)):
        yield _written(some)


def _written(rows: Iterable[Sequence[Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([cell(one) for one in row] for row in rows)
    return buffer.getvalue().encode()


def cell(value: Any) -> str | int | Decimal:
    """The value as a cell: a number stays one; a text that looks like a formula is told to be text by an apostrophe."""
    if isinstance(value, (int, Decimal)):
        return value
    text = _text(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return format_instant(value)
    return " ".join(value) if isinstance(value, list) else str(value)
