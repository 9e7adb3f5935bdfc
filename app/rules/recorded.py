"""What every stored fact has: an id of ours, perhaps one of theirs, and when it was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from app.rules.time import BEGINNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A fact with its id. A later version of the same id replaces it from its `recorded_at` on. Source: R9, O1."""

    id: str
    external_id: str | None = None
    recorded_at: datetime = BEGINNING
    version: int = 1


R = TypeVar("R", bound=Recorded)


def known_before(versions: Iterable[R], lock: datetime) -> tuple[R, ...]:
    """Of each id the newest version recorded strictly before `lock`, ordered by id. Source: R9."""
    return _newest(fact for fact in versions if fact.recorded_at < lock)


def known_at(versions: Iterable[R], instant: datetime) -> tuple[R, ...]:
    """Of each id the newest version recorded by `instant`, it included, ordered by id. Source: V5."""
    return _newest(fact for fact in versions if fact.recorded_at <= instant)


def _newest(versions: Iterable[R]) -> tuple[R, ...]:
    newest: dict[str, R] = {}
    for fact in versions:
        held = newest.get(fact.id)
        if held is None or (held.recorded_at, held.version) < (fact.recorded_at, fact.version):
            newest[fact.id] = fact
    return tuple(newest[key] for key in sorted(newest))


def valid_on(valid_from: date, valid_before: date | None, day: date) -> bool:
    """True from the first day on, until the last, which is outside; None never ends. Source: T4."""
    return valid_from <= day and (valid_before is None or day < valid_before)
