"""Plots as plain numbers: where each bar begins and how long it is. `templates/desk/plots.html` draws them.

Across, a place is so many hundredths of a per cent of the plot's width, so that a bar grows with the page while its
words stay as large as they are; down, it is pixels. Everything is cut to whole numbers, and nothing is negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

FULL = 10_000
"""The width of a plot."""
HAIR = 25
"""The least that can be seen: what is not nothing is never drawn as nothing."""
ROW_PIXELS = 46
"""A bar with the words above it."""
BAR_PIXELS = 18
WORDS_PIXELS = 17
"""How far below the top of a row its words stand."""
COLUMN_PIXELS = 160
"""The height of the highest column there can be."""
TOP_PIXELS = 18
"""The room for what the highest line says."""
FOOT_PIXELS = 22
"""The room for what stands below the columns."""
MOST_LINES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """So much of one kind; `kind` is the class that it is drawn with: done, plan, grant, or another of the style."""

    kind: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a bar tells: the words above it to the left and to the right, and its parts, one after another."""

    label: str
    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A rectangle of a bar or a column: `x` and `width` are shares of the width, `y` and `height` pixels."""

    kind: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar, its words, and where they stand."""

    label: str
    text: str
    words_y: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Horizontal bars below each other, the widest as wide as the plot; `line_x` is a line across all of them."""

    bars: tuple[Bar, ...]
    height: int
    line_x: int | None = None


def row_of(label: str, value: int, text: str, kind: str = "done") -> Row:
    """A bar of one part."""
    return Row(label=label, text=text, parts=(Part(kind=kind, value=value),))


def bars(rows: Sequence[Row], *, line: int | None = None, most: int = 0) -> Bars:
    """The bars of the rows on one scale, whose end is the greatest of the rows, of the line and of `most`.

    Raises ValueError for a negative value.
    """
    sums = [sum(_positive(part.value) for part in row.parts) for row in rows]
    end = max([*sums, most, _positive(line or 0)], default=0)
    drawn = tuple(_bar(row, at * ROW_PIXELS, end) for at, row in enumerate(rows))
    return Bars(bars=drawn, height=len(rows) * ROW_PIXELS, line_x=None if line is None else _share(line, end))


def _bar(row: Row, top: int, end: int) -> Bar:
    ends = list(accumulate(part.value for part in row.parts))
    y = top + ROW_PIXELS - BAR_PIXELS - 4
    pieces = tuple(
        _piece(part.kind, _share(until - part.value, end), _share(until, end), y)
        for part, until in zip(row.parts, ends, strict=True)
        if part.value
    )
    return Bar(label=row.label, text=row.text, words_y=top + WORDS_PIXELS, pieces=pieces)


def _piece(kind: str, x: int, until: int, y: int) -> Piece:
    width = max(until - x, HAIR)
    return Piece(kind=kind, x=min(x, FULL - width), y=y, width=width, height=BAR_PIXELS)


def _share(value: int, end: int) -> int:
    return value * FULL // end if end else 0


def _positive(value: int) -> int:
    if value < 0:
        raise ValueError("a plot shows nothing below zero")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One bar without words, how far it goes, and where its limit stands."""

    width: int
    limit_x: int


def meter(value: int, limit: int) -> Meter:
    """So much of so much; what goes beyond the limit goes beyond its line. Raises ValueError for a negative value."""
    end = max(_positive(value), _positive(limit))
    return Meter(width=max(_share(value, end), HAIR if value else 0), limit_x=_share(limit, end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Columns beside each other, and the word below them."""

    label: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line across the columns, at a round value."""

    value: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A word below a group of columns, at its middle."""

    text: str
    x: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Columns in groups, on one scale that begins at zero; `ground_y` is where they stand."""

    pieces: tuple[Piece, ...]
    labels: tuple[Label, ...]
    lines: tuple[Line, ...]
    ground_y: int
    height: int


def columns(groups: Sequence[Group], *, unit: int = 1) -> Columns:
    """The groups from left to right. Lines stand at 1, 2 or 5 times a power of ten units, at most four of them.

    Raises ValueError for a negative value.
    """
    most = max((_positive(part.value) for group in groups for part in group.parts), default=0)
    step = _step(most, unit)
    end = max(-(-most // step), 1) * step
    ground = TOP_PIXELS + COLUMN_PIXELS
    return Columns(
        pieces=tuple(piece for at, group in enumerate(groups) for piece in _group(group, at, len(groups), end)),
        labels=tuple(Label(text=group.label, x=_middle(at, len(groups))) for at, group in enumerate(groups)),
        lines=tuple(Line(value=value, y=ground - _pixels(value, end)) for value in range(step, end + 1, step)),
        ground_y=ground,
        height=ground + FOOT_PIXELS,
    )


def _step(most: int, unit: int) -> int:
    """The least round step of which at most so many make the greatest value."""
    power = unit
    while True:
        for times in (1, 2, 5):
            if most <= times * power * MOST_LINES:
                return times * power
        power *= 10


def _group(group: Group, at: int, of: int, end: int) -> list[Piece]:
    """Each group has its equal room, of which a fifth stays free."""
    left, room = FULL * at // of, FULL // of
    width = room * 4 // (5 * max(len(group.parts), 1))
    found = []
    for place, part in enumerate(group.parts):
        height = _pixels(part.value, end)
        x = left + room // 10 + place * width
        y = TOP_PIXELS + COLUMN_PIXELS - height
        if part.value:
            found.append(Piece(kind=part.kind, x=x, y=y, width=width, height=height))
    return found


def _pixels(value: int, end: int) -> int:
    return max(value * COLUMN_PIXELS // end, 1)


def _middle(at: int, of: int) -> int:
    return (2 * at + 1) * FULL // (2 * of)
