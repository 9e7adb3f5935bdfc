"""How long requests wait, and which of them wait too long (E6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.rules.extensions.values import UNDECIDED, Extension, ExtensionState
from app.rules.policies import Policies
from app.rules.time import local_day, local_instant

REVIEWED_WITHIN = "extension_reviewed_within_days"
ASKED_WITHIN = "extension_asked_within_days"
_LONG_AGO = date(1900, 1, 1)
"""Nothing was asked for before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """What the policies say of a request's time: asked too `late`; review is due within `due_on`, which is in time, and
    `overdue` the day after. None where it waits for nobody any more. Source: E6.
    """

    late: bool
    overdue: bool
    due_on: date | None
    waited_days: int | None


def ageing(
    extension: Extension, state: ExtensionState, last_day: date, policies: Policies, municipality: str, now: datetime
) -> Ageing:
    """What there is to say of a request whose last visit or day was `last_day`, about a customer of the municipality.

    By the policies of that day for asking, of the day asked for the review. Source: E6.
    """
    asked, today = local_day(extension.requested_at), local_day(now)
    late = is_late(extension, last_day, policies.number(ASKED_WITHIN, municipality, last_day))
    if state not in UNDECIDED:
        return Ageing(late=late, overdue=False, due_on=None, waited_days=None)
    due = due_on(asked, policies.number(REVIEWED_WITHIN, municipality, asked))
    return Ageing(late=late, overdue=is_overdue(due, today), due_on=due, waited_days=max(0, (today - asked).days))


def is_late(extension: Extension, last_day: date, within_days: int) -> bool:
    """True where it was asked more than so many days after the last of its days; the day itself is in time.

    Source: E6.
    """
    return (local_day(extension.requested_at) - last_day).days > within_days


def due_on(asked: date, within_days: int) -> date:
    """The last day on which a review is in time; the calendar's last for a policy that reaches beyond it."""
    return asked + timedelta(days=min(within_days, (date.max - asked).days))


def is_overdue(due: date | None, day: date) -> bool:
    """True on every day after the one until when the review is due; never where none is. Source: E6."""
    return due is not None and day > due


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Instants from `start` on and before `before`; None is no border."""

    start: datetime | None
    before: datetime


def overdue_spans(policies: Policies, municipality: str | None, today: date) -> tuple[Span, ...]:
    """When a request was made that is overdue on the day, in the municipality: one span for each policy there has been.

    The same as `ageing` says one by one, for a store to choose by. None is a municipality without policies of its own.
    Source: E6.
    """
    rows = [row for row in policies.rows if row.name == REVIEWED_WITHIN and row.municipality in (None, municipality)]
    borders = sorted({row.valid_from for row in rows if row.valid_from > _LONG_AGO})
    found: list[Span] = []
    for begins, ends in zip([None, *borders], [*borders, None], strict=True):
        within = policies.number(REVIEWED_WITHIN, municipality, begins or _LONG_AGO)
        if within > (today - _LONG_AGO).days:
            continue
        before = min(today - timedelta(days=within), ends or date.max)
        if begins is None or begins < before:
            found.append(Span(start=None if begins is None else local_instant(begins), before=local_instant(before)))
    return tuple(found)


def own_municipalities(policies: Policies) -> frozenset[str]:
    """The municipalities that have said themselves how long a review may take."""
    return frozenset(row.municipality for row in policies.rows if row.name == REVIEWED_WITHIN and row.municipality)
