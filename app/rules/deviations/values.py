"""Deviations: which rules find them, what they do to pay, and how they are explained."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.rules.policies import Applied
from app.rules.recorded import Recorded


class Rule(StrEnum):
    """The deviations of the rulebook, by id."""

    D1 = "D1"
    D2 = "D2"
    D3 = "D3"
    D4 = "D4"
    D5 = "D5"
    D6 = "D6"
    D7 = "D7"
    D8 = "D8"
    D9 = "D9"
    D10 = "D10"
    D11 = "D11"
    D12 = "D12"
    D13 = "D13"
    D14 = "D14"
    D15 = "D15"
    D16 = "D16"
    D17 = "D17"
    D18 = "D18"
    D19 = "D19"
    D20 = "D20"
    D21 = "D21"
    D22 = "D22"
    D23 = "D23"
    D24 = "D24"
    D25 = "D25"


NAMES: dict[Rule, str] = {
    Rule.D1: "under_delivery",
    Rule.D2: "over_delivery",
    Rule.D3: "missed_visit",
    Rule.D4: "late_cancellation",
    Rule.D5: "off_schedule",
    Rule.D6: "length_differs",
    Rule.D7: "no_check_out",
    Rule.D8: "no_check_in",
    Rule.D9: "manual_registration",
    Rule.D10: "wrong_tag",
    Rule.D11: "caregiver_overlap",
    Rule.D12: "ungranted_double_staffing",
    Rule.D13: "no_order",
    Rule.D14: "implausible_travel",
    Rule.D15: "very_short_visit",
    Rule.D16: "unverified_clock",
    Rule.D17: "unplanned_visit",
    Rule.D18: "late_start_of_care",
    Rule.D19: "implementation_plan_overdue",
    Rule.D20: "unpriced_time",
    Rule.D21: "replayed_tap",
    Rule.D22: "sequence_gap",
    Rule.D23: "late_registration",
    Rule.D24: "extra_service_by_municipal",
    Rule.D25: "weak_evidence",
}


class Effect(StrEnum):
    """What a deviation does: holds pay (and mostly asks for an explanation), asks for one, or only tells."""

    HOLDS_PAY = "holds_pay"
    EXPLAIN = "explain"
    INFORMATION = "information"


class DeviationState(StrEnum):
    """Where a deviation stands."""

    OPEN = "open"
    EXPLAINED = "explained"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CLEARED = "cleared"


class SubjectType(StrEnum):
    """What a deviation is about."""

    VISIT = "visit"
    PLANNED_VISIT = "planned_visit"
    POOL = "pool"
    ORDER = "order"
    DEVICE = "device"


class VerdictOutcome(StrEnum):
    """What a case officer or controller says of an explanation."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """The thing that a deviation is about. A pool's id joins provider, customer, law and services by `/`."""

    type: SubjectType
    id: str


NOT_BOUND = ("expected", "policies")
"""What a deviation's facts tell beside what was seen: what was expected, and by which policy of which day."""


def laid_out(
    seen: Mapping[str, object], expected: Mapping[str, object] | None = None, policies: Iterable[Applied] = ()
) -> dict[str, object]:
    """The facts of a deviation: what was seen, what was expected, and the policies that say so, each once.

    `on` is the day for which a policy was asked, `valid_from` that of its row, None where the default held. A rule
    without a limit names no policy. Source: RULEBOOK D.
    """
    facts = dict(seen)
    if expected:
        facts["expected"] = dict(expected)
    applied = list(dict.fromkeys(policies))
    if applied:
        facts["policies"] = [
            {
                "name": one.name,
                "value": one.value,
                "on": one.on.isoformat(),
                "valid_from": one.valid_from and one.valid_from.isoformat(),
            }
            for one in applied
        ]
    return facts


def bound(facts: Mapping[str, object]) -> str:
    """What was seen as the one text that an acceptance binds to, without what was expected and the policies.

    What somebody accepted is what happened: a policy that is told otherwise, or in more words, does not undo it.
    """
    return json.dumps(seen_in(facts), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def seen_in(facts: Mapping[str, object]) -> dict[str, object]:
    """What was seen, without what was expected and the policies."""
    return {name: value for name, value in facts.items() if name not in NOT_BOUND}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A deviation as the facts show it now. `asks` tells that it wants an explanation before attestation.

    `facts` are as `laid_out` makes them: texts, whole numbers, booleans, and lists and objects of them only.
    """

    rule: Rule
    subject: Subject
    provider_id: str
    period: str | None
    facts: dict[str, object]
    effect: Effect
    asks: bool
    municipality: str | None = None
    customer_id: str | None = None
    own_reason: str | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """One row per rule, subject and period."""
        return (self.rule, self.subject.type, self.subject.id, self.period or "")

    @property
    def seen(self) -> dict[str, object]:
        """What was seen, without what was expected and the policies."""
        return seen_in(self.facts)

    @property
    def bound_facts(self) -> str:
        """What an acceptance binds to: what was seen."""
        return bound(self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was said of an explanation, by whom and when; `bound_facts` are the facts that were shown, None where
    unknown.
    """

    outcome: VerdictOutcome
    by: str
    at: datetime
    note: str | None = None
    bound_facts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation(Recorded):
    """The provider's reason for deviations of one kind, and the verdict on it where there is one.

    It is about a visit, a planned visit or an order (`subject_id`), or about a customer's service in a month.
    """

    rule: Rule
    reason: str
    note: str
    subject_id: str | None = None
    customer_id: str | None = None
    service: str | None = None
    month: str | None = None
    verdict: Verdict | None = None
