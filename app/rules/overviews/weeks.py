"""Weeks of Stockholm's calendar, and what is granted in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from app.rules.orders import Placed, per_day
from app.rules.time import Interval, first_day, local_instant, month_of, next_month

LAST_WEEKS = 13

_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Week:
    """Seven Stockholm days from a Monday on."""

    monday: date

    @property
    def next_monday(self) -> date:
        """The first day that is no longer in it."""
        return self.monday + timedelta(days=_WEEK)

    @property
    def interval(self) -> Interval:
        """From its first midnight until the next week's. Source: T5."""
        return Interval(local_instant(self.monday), local_instant(self.next_monday))

    @property
    def number(self) -> int:
        """Its number in the year, as ISO 8601 and Swedish calendars count."""
        return self.monday.isocalendar().week


def last_weeks(months: Iterable[str], today: date) -> tuple[Week, ...]:
    """The whole weeks that begin in the months and are over, in order; the last 13 of them. Source: our decision."""
    told = sorted(months)
    first, before = first_day(told[0]), min(first_day(next_month(told[-1])), today - timedelta(days=_WEEK - 1))
    monday = first + timedelta(days=-first.weekday() % _WEEK)
    count = max(-(-(before - monday).days // _WEEK), 0)
    return tuple(Week(monday=monday + timedelta(days=_WEEK * n)) for n in range(count))[-LAST_WEEKS:]


def granted_between(placed: Placed, first: date, before: date) -> Fraction:
    """Seconds granted from `first` until, not including, `before`: each valid day's share of its month. Exact.

    The weeks of a month, cut at its ends, sum to what the month has before it is cut to whole seconds. Source: O2.
    """
    order, grant = placed.order, placed.grant
    start = max(first, placed.first_day)
    ends = (one for one in (before, order.valid_before, grant.valid_before) if one is not None)
    end, total = min(ends), Fraction(0)
    seconds = grant.granted_seconds if order.ordered_seconds is None else order.ordered_seconds
    while start < end:
        until = min(end, first_day(next_month(month_of(start))))
        total += per_day(seconds, grant, month_of(start)) * (until - start).days
        start = until
    return total


def granted_by_week(placed: Iterable[Placed], weeks: Iterable[Week]) -> dict[Week, int]:
    """What the orders grant in each week together, cut to whole seconds once. Source: O2; the cut: our decision."""
    told = tuple(placed)
    found: dict[Week, int] = {}
    for week in weeks:
        total = sum((granted_between(one, week.monday, week.next_monday) for one in told), Fraction(0))
        found[week] = total.numerator // total.denominator
    return found
