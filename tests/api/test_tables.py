"""What a spreadsheet makes of our tables: text is text and numbers are numbers (FAULTS 57)."""

from __future__ import annotations

import csv
import io
import zipfile

from app.api.files.columns import COLUMNS
from app.api.files.separated import table
from app.api.files.workbook import lines_xlsx
from app.rules.time import parse_instant
from tests.workbooks import sheet_of

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=cmd|"/C calc"!A0')


def test_FAULTS_57_text_is_never_a_formula_and_numbers_stay_numbers() -> None:
    content = b"".join(table(["text", "number"], [[one, -5] for one in FORMULAS])).decode()
    rows = list(csv.reader(io.StringIO(content, newline="")))[1:]
    assert rows == [[f"'{one}", "-5"] for one in FORMULAS]
    assert "'-5" not in content
    hard = 'x,"y"\nz'
    assert list(csv.reader(io.StringIO(b"".join(table(["a"], [[hard]])).decode(), newline="")))[1] == [hard]
    line = dict.fromkeys(COLUMNS, "text") | {
        "recorded_at": "2014-03-05T17:05:00Z", "ore_per_hour": 37000, "amount_ore": -5, "sequence": 1, "seconds": -1,
        "segments": [], "order_ids": [], "grant_ids": [], "extension_ids": [],
    }  # fmt: skip
    made = b"".join(lines_xlsx([{**line, "band": one} for one in FORMULAS], parse_instant("2014-03-05T17:05:00Z")))
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        written = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in written
    assert [row[13] for row in sheet_of(made)[1:]] == [one.replace("\r", "_x000D_") for one in FORMULAS]
    assert {row[17] for row in sheet_of(made)[1:]} == {"-0.05"}
