"""A day's visits against its plans, as shapes on one axis of hours. Lengths are whole thousandths of the width."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.rules.time import STOCKHOLM, seconds_between

WIDTH = 1000
_HOUR = timedelta(hours=1)
_MOST_TICKS = 8
_LEAST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A stretch of time, from `left` on, `width` wide, in its `lane`: what overlaps lies in another lane, from 0 on.
    Without an end it is drawn as a mark.
    """

    left: int
    width: int
    lane: int
    open_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A full hour of the axis."""

    left: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Some hours, from the first full one before everything until the first full one after it."""

    start: datetime
    end: datetime

    def left(self, at: datetime) -> int:
        """Where the instant lies, from 0 to WIDTH."""
        whole = max(1, seconds_between(self.start, self.end))
        return min(WIDTH, max(0, seconds_between(self.start, at) * WIDTH // whole))

    def ticks(self) -> tuple[Tick, ...]:
        """The full hours, so few that their labels have room. A day of 23 or 25 hours shows the hours that it has."""
        hours = max(1, seconds_between(self.start, self.end) // 3600)
        step = -(-hours // _MOST_TICKS)
        moments = [self.start + _HOUR * count for count in range(0, hours + 1, step)]
        return tuple(Tick(left=self.left(at), label=at.astimezone(STOCKHOLM).strftime("%H")) for at in moments)


Times = tuple[datetime | None, datetime | None]
"""Start and end, either of which may lack."""


def axis_of(several: Collection[Times]) -> Axis | None:
    """The axis that holds everything; None for nothing."""
    moments = [at for start, end in several for at in (start, end) if at is not None]
    if not moments:
        return None
    first, last = min(moments), max(moments)
    start = first.replace(minute=0, second=0)
    end = last.replace(minute=0, second=0) + _HOUR
    return Axis(start=start, end=end)


def bars(axis: Axis, several: Collection[Times]) -> tuple[Bar, ...]:
    """Each stretch on the axis, in order of its start, never so narrow that it cannot be seen."""
    known: list[tuple[datetime, datetime, bool]] = []
    for start, end in several:
        first, last = start or end, end or start
        if first is not None and last is not None:
            known.append((first, last, start is None or end is None))
    found: list[Bar] = []
    lanes: list[int] = []
    for begins, ends, open_end in sorted(known):
        left = axis.left(begins)
        width = max(_LEAST, axis.left(ends) - left)
        lane = next((number for number, taken in enumerate(lanes) if taken <= left), len(lanes))
        lanes[lane : lane + 1] = [left + width]
        found.append(Bar(left=left, width=width, lane=lane, open_end=open_end))
    return tuple(found)


def lanes_of(several: Collection[Bar]) -> int:
    """How many lanes they take."""
    return max((one.lane + 1 for one in several), default=0)
