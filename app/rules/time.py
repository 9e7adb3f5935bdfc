"""Time as the register keeps it: UTC instants in whole seconds, half-open intervals, Stockholm days and months.

An instant is a `datetime` in UTC without microseconds. A day is a `date`, a month the text `YYYY-MM`; both are those of
Europe/Stockholm. Durations are integer seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
"""Before every closing: the `recorded_at` of a fact whose recording nobody stated."""

_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:([Zz])|([+-]\d{2}:[0-5]\d))\Z", re.ASCII
)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The time from `start` until, not including, `end`. Source: T4."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        """Whole seconds between the two instants. Source: T3."""
        return seconds_between(self.start, self.end)

    def overlap(self, other: Interval) -> Interval | None:
        """The time common to both, None where they only touch or lie apart. Source: T4."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start, end) if start < end else None

    def covers(self, instant: datetime) -> bool:
        """True from the start on, until the end, which is outside. Source: T4."""
        return self.start <= instant < self.end


def utc(instant: datetime) -> datetime:
    """The instant in UTC, cut to its second; ValueError for one without offset. Source: T1, T2."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset (T1)")
    return instant.astimezone(UTC).replace(microsecond=0)


def parse_instant(text: str) -> datetime:
    """The RFC 3339 text as an instant, its fraction cut off and never rounded up.

    Raises ValueError for anything else, an instant without offset among them. Source: T1, T2.
    """
    match = _INSTANT.match(text)
    if match is None:
        raise ValueError("not an RFC 3339 instant with offset, such as 2014-02-03T08:00:00+01:00 (T1)")
    day, clock, zulu, offset = match.groups()
    try:
        return datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zulu else offset}").astimezone(UTC)
    except (ValueError, OverflowError) as reason:
        raise ValueError(f"not an instant that exists: {text} (T1)") from reason


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with `Z`, in whole seconds. Source: CONTRACT."""
    return (instant if instant.tzinfo is UTC else utc(instant)).isoformat()[:19] + "Z"


def seconds_between(start: datetime, end: datetime) -> int:
    """Whole seconds from `start` to `end`, negative when `end` is the earlier. Both are UTC. Source: T3, T6."""
    span = end - start
    return span.days * 86_400 + span.seconds


def shift(instant: datetime, seconds: int) -> datetime:
    """The instant `seconds` later (earlier when negative)."""
    return instant + timedelta(seconds=seconds)


def shift_ms(instant: datetime, milliseconds: int) -> datetime:
    """The instant `milliseconds` later, cut to its second. Source: T2."""
    return (instant + timedelta(milliseconds=milliseconds)).replace(microsecond=0)


def iso_duration(seconds: int) -> str:
    """ISO 8601 in hours, minutes and seconds, never days: 2,840 is `PT47M20S`, 0 is `PT0S`. Source: T3."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{left}S" if left else "")
    return "PT" + (parts or "0S")


@lru_cache(maxsize=65_536)
def local_day(instant: datetime) -> date:
    """The Stockholm day that the instant lies in. Source: T5.

    Remembered, as what follows: the rules ask it some thirty times of each visit, of the same few instants.
    """
    return instant.astimezone(STOCKHOLM).date()


@lru_cache(maxsize=65_536)
def local_month(instant: datetime) -> str:
    """The Stockholm month that the instant lies in. Source: T5."""
    return month_of(local_day(instant))


@lru_cache(maxsize=65_536)
def local_instant(day: date, minutes: int = 0) -> datetime:
    """The instant at which the Stockholm wall clock shows `minutes` past midnight of the day; 1440 is the next
    midnight.

    Of an hour that comes twice the first is meant; a wall time that is skipped is moved on by the skip. Source: T5, T6.
    """
    over, minute = divmod(minutes, 1440)
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=STOCKHOLM) + timedelta(days=over)
    return wall.astimezone(UTC)


def day_interval(day: date) -> Interval:
    """The Stockholm day, 23, 24 or 25 hours long. Source: T5, T6."""
    return Interval(local_instant(day), local_instant(day + timedelta(days=1)))


def is_month(text: str) -> bool:
    """True for `YYYY-MM` of a month that a calendar has."""
    return _MONTH.match(text) is not None and text[:4] != "0000"


def month_of(day: date) -> str:
    """The month of the day, `YYYY-MM`."""
    return f"{day.year:04d}-{day.month:02d}"


def first_day(month: str) -> date:
    """The first day of the month."""
    return date(int(month[:4]), int(month[5:7]), 1)


def next_month(month: str) -> str:
    """The month after."""
    return month_of(first_day(month) + timedelta(days=31))


def previous_month(month: str) -> str:
    """The month before."""
    return month_of(first_day(month) - timedelta(days=1))


def months_until(month: str, count: int) -> tuple[str, ...]:
    """So many months that follow each other, the last of them this one."""
    found = [month]
    while len(found) < count:
        found.append(previous_month(found[-1]))
    return tuple(reversed(found))


@lru_cache(maxsize=1024)
def days_of(month: str) -> tuple[date, ...]:
    """Every day of the month, in order."""
    start, end = first_day(month), first_day(next_month(month))
    return tuple(start + timedelta(days=n) for n in range((end - start).days))


@lru_cache(maxsize=1024)
def month_interval(month: str) -> Interval:
    """The Stockholm month from its first midnight until the next month's. Source: T5."""
    return Interval(local_instant(first_day(month)), local_instant(first_day(next_month(month))))


def split_at(interval: Interval, borders: Iterable[datetime]) -> tuple[Interval, ...]:
    """The pieces of the interval between the borders inside it; they touch, and sum to the whole. Source: T5."""
    inside = sorted({border for border in borders if interval.start < border < interval.end})
    if not inside and interval.start < interval.end:
        return (interval,)
    edges = [interval.start, *inside, interval.end]
    return tuple(Interval(start, end) for start, end in pairwise(edges) if start < end)


def days_touched(interval: Interval) -> Iterator[date]:
    """Every Stockholm day that has a second of the interval, in order; none where the interval is empty."""
    day = local_day(interval.start)
    while max(local_instant(day), interval.start) < interval.end:
        yield day
        day += timedelta(days=1)


def split_at_days(interval: Interval) -> tuple[Interval, ...]:
    """The pieces of the interval, one for each Stockholm day. Source: T5."""
    if interval.start < interval.end <= local_instant(local_day(interval.start), 1440):
        return (interval,)
    return split_at(interval, [local_instant(day) for day in days_touched(interval)])


def union_seconds(intervals: Iterable[Interval]) -> int:
    """Seconds covered by at least one of the intervals, each counted once."""
    return sum(piece.seconds for piece in union(intervals))


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same time as separate intervals that neither overlap nor touch, in order."""
    merged: list[Interval] = []
    for piece in sorted(intervals):
        if merged and piece.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, piece.end))
        else:
            merged.append(piece)
    return tuple(merged)


def wall_instants(wall: datetime) -> tuple[datetime, ...]:
    """The instants at which Stockholm's clocks show the time, the earlier first: mostly one.

    Two in the hour that comes twice in autumn, none in the one that is skipped in spring. `wall` has no offset.
    Source: T5, T6.
    """
    both = {wall.replace(tzinfo=STOCKHOLM, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(one for one in both if one.astimezone(STOCKHOLM).replace(tzinfo=None) == wall))
