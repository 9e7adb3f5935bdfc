"""A workbook of the lines, written row by row to a file of its own: it takes as much memory for one row as for many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from app.api.files.columns import COLUMNS, Sort, cells
from app.api.files.spooled import Sink, spooled

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SAFE = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "in_memory": False,
}
"""Text is text, whatever it begins with (FAULTS 57)."""
_FORMS = {Sort.KRONOR: "#,##0.00", Sort.INSTANT: "yyyy-mm-dd hh:mm:ss"}
_WIDTHS = {Sort.TEXT: 16, Sort.WHOLE: 12, Sort.RATE: 12, Sort.KRONOR: 14, Sort.INSTANT: 20, Sort.IDS: 38}


def lines_xlsx(lines: Iterable[Mapping[str, Any]], issued_at: datetime) -> Iterator[bytes]:
    """The lines, a row each, below their columns' names; instants in UTC, as the column says."""
    return spooled(lambda sink: _write(sink, lines, issued_at))


def _write(sink: Sink, lines: Iterable[Mapping[str, Any]], issued_at: datetime) -> None:
    with xlsxwriter.Workbook(sink, _SAFE) as book:
        book.set_properties({"title": "Hemtid", "created": issued_at.astimezone(UTC).replace(tzinfo=None)})
        sheet = book.add_worksheet("Rader")
        head = book.add_format({"bold": True})
        forms = {sort: book.add_format({"num_format": form}) for sort, form in _FORMS.items()}
        sheet.freeze_panes(1, 0)
        for place, (name, sort) in enumerate(COLUMNS.items()):
            sheet.set_column(place, place, _WIDTHS[sort])
            sheet.write_string(0, place, f"{name} (UTC)" if sort is Sort.INSTANT else name, head)
        for number, line in enumerate(lines, start=1):
            for place, (sort, value) in enumerate(zip(COLUMNS.values(), cells(line), strict=True)):
                _cell(sheet, number, place, value, forms.get(sort))


def _cell(sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
    match value:
        case None:
            return
        case int() | Decimal():
            sheet.write_number(row, column, value, form)
        case datetime():
            sheet.write_datetime(row, column, value.astimezone(UTC).replace(tzinfo=None), form)
        case list():
            sheet.write_string(row, column, " ".join(value))
        case _:
            sheet.write_string(row, column, str(value))
