"""What is stored of deviations beside what the rules find now: what opens, changes, clears and comes again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.rules.deviations.explain import Explained
from app.rules.deviations.values import DeviationState, Found
from app.rules.refusal import Refused

Key = tuple[str, str, str, str]


class What(StrEnum):
    """What became of a deviation, as its history tells it."""

    OPENED = "opened"
    CHANGED = "changed"
    CLEARED = "cleared"
    REOPENED = "reopened"
    EXPLAINED = "explained"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


_BY_STATE = {
    DeviationState.OPEN: What.REOPENED,
    DeviationState.EXPLAINED: What.EXPLAINED,
    DeviationState.ACCEPTED: What.ACCEPTED,
    DeviationState.REJECTED: What.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A deviation as it is stored: what was found when it was last judged, and where it stands."""

    id: str
    found: Found
    state: DeviationState


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one deviation. `id` is None where it is stored for the first time."""

    id: str | None
    what: What
    found: Found
    state: DeviationState


def reconcile(stored: Iterable[Standing], told: Iterable[Explained]) -> tuple[Change, ...]:
    """What has to be written so that the store says what the rules tell; nothing where it says so already.

    What is stored and no longer told clears, and is kept; told again it is the same row. In order of rule, subject and
    period. Source: RULEBOOK D.
    """
    standing = {one.found.key: one for one in stored}
    telling = {one.found.key: one for one in told}
    changes = [_change(standing.get(key), telling.get(key)) for key in sorted({*standing, *telling}, key=_place)]
    return tuple(one for one in changes if one is not None)


def _place(key: Key) -> tuple[int, Key]:
    return (int(key[0][1:]), key)


def _change(before: Standing | None, now: Explained | None) -> Change | None:
    if now is None:
        return None if before is None else _cleared(before)
    if before is None:
        return Change(id=None, what=What.OPENED, found=now.found, state=now.state)
    if before.state is DeviationState.CLEARED:
        return Change(id=before.id, what=What.REOPENED, found=now.found, state=now.state)
    if before.state is not now.state:
        return Change(id=before.id, what=_BY_STATE[now.state], found=now.found, state=now.state)
    if _says(before.found) != _says(now.found):
        return Change(id=before.id, what=What.CHANGED, found=now.found, state=now.state)
    return None


def _cleared(before: Standing) -> Change | None:
    if before.state is DeviationState.CLEARED:
        return None
    return Change(id=before.id, what=What.CLEARED, found=before.found, state=DeviationState.CLEARED)


def _says(found: Found) -> tuple[object, ...]:
    """Everything that a row says beside its key and its state: what was expected and by which policy, too."""
    return (
        json.dumps(found.facts, sort_keys=True),
        found.effect,
        found.asks,
        found.provider_id,
        found.municipality,
        found.customer_id,
        found.own_reason,
    )


def check_explainable(several: Iterable[tuple[Found, DeviationState]]) -> None:
    """Refuses several kinds at once, and what has cleared or been accepted. Source: RULEBOOK D."""
    told = tuple(several)
    rules = sorted({found.rule for found, _ in told})
    if len(rules) > 1:
        raise Refused("D", f"explain {' and '.join(rules)} apart: one reason is for one kind", pointer="/deviation_ids")
    for found, state in told:
        if state in (DeviationState.CLEARED, DeviationState.ACCEPTED):
            raise Refused(found.rule, f"a deviation that is {state} takes no explanation", pointer="/deviation_ids")
