"""What a visit comes to in pay by the deviations that stand, for whoever reads a visit without judging its month."""

from __future__ import annotations

from collections.abc import Iterable

from app.rules.deviations.explain import Explained, held_visits
from app.rules.deviations.judge import Pay
from app.rules.deviations.values import Rule
from app.rules.visits.values import Visit, VisitState

_HOLDING_SECONDS = frozenset({Rule.D11, Rule.D13, Rule.D20})


def pay_shown(visit: Visit, standing: Iterable[Explained]) -> Pay:
    """The visit's pay by the deviations that stood when it was last judged; the cap is not its matter (R2).

    Whole where a deviation holds the visit or all of its seconds, in part where it holds some; unpaid where it is void,
    an extra service, or all of it a second caregiver's beyond the grant. Source: CONTRACT, R6.
    """
    told = tuple(standing)
    if visit.state is VisitState.VOID or visit.extra_service:
        return Pay.UNPAID
    if visit.id in held_visits(told):
        return Pay.HELD
    held = sum(_seconds(one) for one in told if one.holds and one.found.rule in _HOLDING_SECONDS)
    overlapping = sum(_seconds(one) for one in told if one.found.rule is Rule.D12)
    performed = visit.performed_seconds or 0
    if held:
        return Pay.HELD if held >= performed else Pay.PART_HELD
    return Pay.UNPAID if 0 < performed <= overlapping else Pay.PAYABLE


def _seconds(one: Explained) -> int:
    seconds = one.found.facts.get("seconds", 0)
    return seconds if isinstance(seconds, int) else 0
