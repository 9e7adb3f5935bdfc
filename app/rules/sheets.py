"""The printed sheet of tags: which are on it, and where each label lies on the page.

Lengths are tenths of a millimetre. Source: our decision; the labels are the common ones of 63.5 × 38.1 mm, 21 on an A4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from app.rules.short_codes import short_code
from app.rules.tags import Tag, TagState

PAGE_WIDTH, PAGE_HEIGHT = 2100, 2970
COLUMNS, ROWS = 3, 7
PER_PAGE = COLUMNS * ROWS
_LEFT, _TOP = 72, 151
_WIDTH, _HEIGHT = 635, 381
_PITCH = 660
QR_SIDE = 320
"""Side of a code with its quiet zone."""
_QR_IN = 20
_TEXT_IN = 350


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label: on which page, where its code and its two lines of text begin, and what they say."""

    page: int
    qr_x: int
    qr_y: int
    text_x: int
    code_y: int
    hint_y: int
    address: str
    short_code: str


def worth_printing(tag: Tag, day: date) -> bool:
    """True for a tag that proves a place that day or will, so that nobody mounts one that is over."""
    over = tag.valid_before is not None and tag.valid_before <= day
    return tag.state not in (TagState.REVOKED, TagState.LOST) and not over


def laid_out(tags: Iterable[tuple[str, str]]) -> Iterator[Label]:
    """The labels of some tags, given as id and address, page by page and row by row."""
    for index, (tag_id, address) in enumerate(tags):
        page, place = divmod(index, PER_PAGE)
        row, column = divmod(place, COLUMNS)
        left, top = _LEFT + column * _PITCH, _TOP + row * _HEIGHT
        yield Label(
            page=page,
            qr_x=left + _QR_IN,
            qr_y=top + (_HEIGHT - QR_SIDE) // 2,
            text_x=left + _TEXT_IN,
            code_y=top + 180,
            hint_y=top + 230,
            address=address,
            short_code=short_code(tag_id),
        )
