"""Explanations and acceptance: what an explanation is about, and when it releases what was held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.rules.deviations.values import (
    DeviationState,
    Effect,
    Explanation,
    Found,
    Rule,
    SubjectType,
    VerdictOutcome,
)
from app.rules.time import BEGINNING

RELEASED_BY_ACCEPTANCE = frozenset({Rule.D7, Rule.D9, Rule.D10, Rule.D11, Rule.D16, Rule.D21})
"""Those whose hold an acceptance releases, D7 only where the visit is closed. D8 and an open D7 need a correction, D13
an order, D20 a rate. Source: RULEBOOK D."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A deviation with where it stands and what was said of it."""

    found: Found
    state: DeviationState
    explanation: Explanation | None = None

    @property
    def holds(self) -> bool:
        """True while it keeps the seconds concerned from being paid."""
        released = self.state is DeviationState.ACCEPTED and releasable(self.found)
        return self.found.effect is Effect.HOLDS_PAY and not released

    @property
    def blocks_attestation(self) -> bool:
        """True while it wants an explanation that nobody has given, or that was rejected."""
        return self.found.asks and self.state in (DeviationState.OPEN, DeviationState.REJECTED)


def releasable(found: Found) -> bool:
    """True where accepting its explanation releases what it holds."""
    still_open = found.rule is Rule.D7 and found.facts.get("cause") != "closed_late"
    return found.rule in RELEASED_BY_ACCEPTANCE and not still_open


class Acceptance(StrEnum):
    """What accepting an explanation does to the pay that the deviation concerns. Source: RULEBOOK D, Release."""

    RELEASES = "releases"
    WANTS_CORRECTION = "wants_correction"
    WANTS_ORDER = "wants_order"
    WANTS_RATE = "wants_rate"
    STAYS_UNPAID = "stays_unpaid"
    NO_MATTER_OF_PAY = "no_matter_of_pay"


_UNPAID = frozenset({Rule.D2, Rule.D12, Rule.D24})
"""What lies beyond the cap or the grant, or is an extra service, stays unpaid whatever is accepted."""
_WANTED = {Rule.D13: Acceptance.WANTS_ORDER, Rule.D20: Acceptance.WANTS_RATE}


def acceptance_of(found: Found) -> Acceptance:
    """What accepting the deviation's explanation does: it releases what is held, or something else has to."""
    if found.rule in _UNPAID:
        return Acceptance.STAYS_UNPAID
    if found.effect is not Effect.HOLDS_PAY:
        return Acceptance.NO_MATTER_OF_PAY
    return Acceptance.RELEASES if releasable(found) else _WANTED.get(found.rule, Acceptance.WANTS_CORRECTION)


def is_about(explanation: Explanation, found: Found) -> bool:
    """True where the explanation is about the deviation: by subject, else by customer, service and month as far as
    told.
    """
    if explanation.rule is not found.rule:
        return False
    if explanation.subject_id is not None:
        return explanation.subject_id == found.subject.id and explanation.month in (None, found.period)
    if explanation.customer_id not in (None, found.customer_id) or explanation.month not in (None, found.period):
        return False
    if explanation.service is not None and found.subject.type is SubjectType.POOL:
        return explanation.service in found.subject.id.rpartition("/")[2].split("+")
    return True


def explain(found: Iterable[Found], explanations: Iterable[Explanation]) -> list[Explained]:
    """Each deviation with its newest explanation; one that nobody explained is open, D9 is explained by its own reason.

    A verdict counts only while the facts are those it was given on. Source: RULEBOOK D, V10.
    """
    by_subject_or_customer: dict[tuple[Rule, bool, str | None], list[Explanation]] = {}
    for one in explanations:
        named = one.subject_id is not None
        key = (one.rule, named, one.subject_id if named else one.customer_id)
        by_subject_or_customer.setdefault(key, []).append(one)
    return [_explained(one, _perhaps_about(one, by_subject_or_customer)) for one in found]


def _perhaps_about(
    found: Found, told: Mapping[tuple[Rule, bool, str | None], list[Explanation]]
) -> Iterable[Explanation]:
    """The explanations of the rule that name the deviation's subject, or no subject and its customer or none."""
    keys = {(found.rule, True, found.subject.id), (found.rule, False, found.customer_id), (found.rule, False, None)}
    return [one for key in keys for one in told.get(key, ())]


def _explained(found: Found, explanations: Iterable[Explanation]) -> Explained:
    told = [one for one in explanations if is_about(one, found)]
    newest = max(
        told, key=lambda one: (one.recorded_at, one.verdict.at if one.verdict else BEGINNING, one.id), default=None
    )
    if newest is None:
        state = DeviationState.EXPLAINED if found.own_reason is not None else DeviationState.OPEN
        return Explained(found=found, state=state)
    return Explained(found=found, state=_state(found, newest), explanation=newest)


def _state(found: Found, explanation: Explanation) -> DeviationState:
    verdict = explanation.verdict
    if verdict is None:
        return DeviationState.EXPLAINED
    if verdict.bound_facts is not None and verdict.bound_facts != found.bound_facts:
        return DeviationState.EXPLAINED if found.own_reason is not None else DeviationState.OPEN
    return DeviationState.ACCEPTED if verdict.outcome is VerdictOutcome.ACCEPTED else DeviationState.REJECTED


def held_visits(explained: Iterable[Explained]) -> frozenset[str]:
    """The visits that are held whole: by any holding deviation but D11, D13 and D20, which hold some seconds only."""
    partly = (Rule.D11, Rule.D13, Rule.D20)
    return frozenset(
        one.found.subject.id
        for one in explained
        if one.holds and one.found.rule not in partly and one.found.subject.type is SubjectType.VISIT
    )


def by_subject(explained: Iterable[Explained]) -> Mapping[str, list[Explained]]:
    """The deviations of each subject's id."""
    found: dict[str, list[Explained]] = {}
    for one in explained:
        found.setdefault(one.found.subject.id, []).append(one)
    return found
