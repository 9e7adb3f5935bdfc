"""Which months a run computes: its own, and those issued before, as far as nothing later has spoken of them (R8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.rules.time import BEGINNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A month that a run has issued, from what was recorded before its lock."""

    month: str
    locked_at: datetime


def months_of_run(month: str, lock: datetime, before: Iterable[Closed]) -> tuple[str, ...]:
    """The months that a run of the month computes, its own first; `before` are those issued earlier, in that order.

    A month attested late is issued from what was known at its own lock; what later runs have said of others stands.
    Source: R8, R9.
    """
    closed = tuple(before)
    if any(one.locked_at > lock for one in closed):
        return (month,)
    return (month, *sorted({one.month for one in closed} - {month}))


def last_computing(month: str, runs: Iterable[Closed]) -> int | None:
    """The place of the last run that computed the month, among a provider's in the order made; None where none did."""
    found: int | None = None
    done: list[Closed] = []
    for place, one in enumerate(runs):
        if month in months_of_run(one.month, one.locked_at, done):
            found = place
        done.append(one)
    return found


def computed_until(before: Iterable[Closed]) -> Mapping[str, datetime]:
    """For each month issued so far the lock of the last run that computed it; what is recorded from then on is new."""
    found: dict[str, datetime] = {}
    done: list[Closed] = []
    for one in before:
        for month in months_of_run(one.month, one.locked_at, done):
            found[month] = max(one.locked_at, found.get(month, BEGINNING))
        done.append(one)
    return found
