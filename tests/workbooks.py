"""Workbooks as they are read by who knows no more of them than their standard (ECMA-376)."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

from app.api.files.columns import COLUMNS

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet_of(content: bytes) -> list[list[str]]:
    """The cells of a workbook's only sheet, as text."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    found = []
    for row in root.iter(f"{SHEET}row"):
        cells = [""] * len(COLUMNS)
        for cell in row:
            letters = re.sub(r"\d", "", str(cell.get("r")))
            cells[ord(letters) - ord("A")] = "".join(cell.itertext())
        found.append(cells)
    return found
