"""The sheet of tags as it is drawn: the codes as vectors, in SVG and in PDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import qrcode
from fpdf import FPDF
from qrcode.constants import ERROR_CORRECT_M

from app.rules.sheets import PAGE_HEIGHT, PAGE_WIDTH, QR_SIDE, Label

_QUIET = 4
"""Light modules around a code. Source: ISO/IEC 18004."""
_HINT = "Hemtid"
_CODE_SIZE, _HINT_SIZE = 40, 30
"""Height of the letters, in tenths of a millimetre."""
_POINTS = 72 / 254
"""Points in a tenth of a millimetre."""


def svg_of(labels: Iterable[Label]) -> str:
    """The labels as a drawing in tenths of a millimetre, each page below the one before."""
    told = list(labels)
    pages = max((one.page for one in told), default=0) + 1
    drawn = [line for one in told for line in _svg_label(one, one.page * PAGE_HEIGHT)]
    size = f'width="{PAGE_WIDTH / 10}mm" height="{pages * PAGE_HEIGHT / 10}mm"'
    box = f'viewBox="0 0 {PAGE_WIDTH} {pages * PAGE_HEIGHT}"'
    ground = f'<rect width="{PAGE_WIDTH}" height="{pages * PAGE_HEIGHT}" fill="#fff"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}>', ground, *drawn, "</svg>\n"])


def _svg_label(label: Label, top: int) -> Iterator[str]:
    modules = _modules(label.address)
    scale = QR_SIDE / (len(modules) + 2 * _QUIET)
    path = "".join(f"M{start} {row}h{length}v1h-{length}z" for row, start, length in _runs(modules))
    place = f"translate({label.qr_x} {top + label.qr_y}) scale({scale:.4f}) translate({_QUIET} {_QUIET})"
    yield f'<path transform="{place}" d="{path}"/>'
    for size, y, text in ((_CODE_SIZE, label.code_y, label.short_code), (_HINT_SIZE, label.hint_y, _HINT)):
        yield f'<text x="{label.text_x}" y="{top + y}" font-family="monospace" font-size="{size}">{text}</text>'


def pdf_of(labels: Iterable[Label], made_at: datetime) -> bytes:
    """The labels as pages of A4; the letters are of a font that every reader has, so none is carried along."""
    pdf = FPDF(unit="mm", format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_creation_date(made_at)
    pdf.set_title(_HINT)
    pdf.set_fill_color(0)
    page = -1
    for label in labels:
        if label.page != page:
            pdf.add_page()
            page = label.page
        _pdf_label(pdf, label)
    return bytes(pdf.output())


def _pdf_label(pdf: FPDF, label: Label) -> None:
    modules = _modules(label.address)
    side = QR_SIDE / (len(modules) + 2 * _QUIET) / 10
    left, top = label.qr_x / 10 + _QUIET * side, label.qr_y / 10 + _QUIET * side
    for row, start, length in _runs(modules):
        pdf.rect(left + start * side, top + row * side, length * side, side, style="F")
    for size, y, text in ((_CODE_SIZE, label.code_y, label.short_code), (_HINT_SIZE, label.hint_y, _HINT)):
        pdf.set_font("Courier", size=size * _POINTS)
        pdf.text(label.text_x / 10, y / 10, text)


def _modules(address: str) -> list[list[bool]]:
    """The dark modules of the code, row by row, without its quiet zone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(address)
    code.make(fit=True)
    return [[bool(one) for one in row] for row in code.get_matrix()]


def _runs(modules: list[list[bool]]) -> Iterator[tuple[int, int, int]]:
    """Row, first column and length of each unbroken dark stretch."""
    for row, line in enumerate(modules):
        start = None
        for column, dark in enumerate([*line, False]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                yield row, start, column - start
                start = None
