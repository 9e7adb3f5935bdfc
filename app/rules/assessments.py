"""Signals for a new assessment (ny bedömning), both ways: repeatedly too much time, and repeatedly too little.

A *sign* is one thing that speaks for it: an extension, or a month of under-delivery. Signs that lie close enough
together are a *signal*, and a signal proposes an assessment. Source: E7, LR 3.6.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.rules.deviations.reconcile import Standing
from app.rules.deviations.values import DeviationState, Rule, laid_out, seen_in
from app.rules.extensions import UNDECIDED, Decision, Extension, ExtensionState, approved_seconds
from app.rules.policies import Applied, Policies
from app.rules.refusal import Refused
from app.rules.time import first_day, previous_month


class AssessmentCause(StrEnum):
    """What proposes a new assessment. Source: E7."""

    REPEATED_EXTENSIONS = "repeated_extensions"
    REPEATED_UNDER_DELIVERY = "repeated_under_delivery"


class AssessmentState(StrEnum):
    """Where a proposal stands: proposed, closed by somebody (assessed, dismissed), or gone with its facts."""

    PROPOSED = "proposed"
    ASSESSED = "assessed"
    DISMISSED = "dismissed"
    CLEARED = "cleared"


class ClosingOutcome(StrEnum):
    """How a case officer closes a proposal: a new assessment was made, or there is no need of one."""

    ASSESSED = "assessed"
    DISMISSED = "dismissed"


CLOSED = frozenset({AssessmentState.ASSESSED, AssessmentState.DISMISSED})
"""States that somebody has decided; nothing but new facts proposes again."""
NOT_COUNTED = frozenset({ExtensionState.DECLINED, ExtensionState.WITHDRAWN})
"""Requests that gave nobody more time. What is not decided yet counts: it was needed. Source: our decision."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class About:
    """What an assessment would be of. `subject` is a service of the customer, or one of its pools (as D1 names it)."""

    customer_id: str
    cause: AssessmentCause
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing that speaks for a new assessment. `key` tells it apart from others of the same cause and subject."""

    key: str
    month: str
    provider_id: str
    facts: Mapping[str, object]
    visit_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for an extension as it stands; `approved_seconds` None is not decided."""

    extension: Extension
    state: ExtensionState
    approved_seconds: int | None = None


def asked_of(extension: Extension, state: ExtensionState, decisions: Iterable[Decision], now: datetime) -> Asked:
    """The request with the seconds that its newest decision approves. Source: E3."""
    approved = None if state in UNDECIDED else approved_seconds(extension, decisions, now)
    return Asked(extension=extension, state=state, approved_seconds=approved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Signs close enough together to propose a new assessment, and the policies that say so."""

    about: About
    signs: tuple[Sign, ...]
    policies: tuple[Applied, ...]

    @property
    def facts(self) -> dict[str, object]:
        """The signs in order, and the policies applied with the day that they were asked for."""
        return laid_out({_LISTED[self.about.cause]: [dict(one.facts) for one in self.signs]}, policies=self.policies)

    @property
    def keys(self) -> frozenset[str]:
        """What the signal rests on."""
        return frozenset(one.key for one in self.signs)

    @property
    def provider_id(self) -> str | None:
        """The provider that all of it is about; None where it is several's, and none of theirs alone to see."""
        providers = {one.provider_id for one in self.signs}
        return providers.pop() if len(providers) == 1 else None


_LISTED = {AssessmentCause.REPEATED_EXTENSIONS: "extensions", AssessmentCause.REPEATED_UNDER_DELIVERY: "months"}
_KEYED = {AssessmentCause.REPEATED_EXTENSIONS: "id", AssessmentCause.REPEATED_UNDER_DELIVERY: "month"}


def keys_of(cause: AssessmentCause, facts: Mapping[str, Any]) -> frozenset[str]:
    """The keys of the signs that a stored assessment rests on."""
    return frozenset(one[_KEYED[cause]] for one in facts[_LISTED[cause]])


def extension_signs(requests: Iterable[Asked]) -> dict[About, tuple[Sign, ...]]:
    """Each request that counts, by customer and service, whoever the provider is: a sign of the month it is for.

    Source: E2, E7; that the month counts and not the day of the request: our decision.
    """
    found: dict[About, list[Sign]] = {}
    for one in requests:
        asked = one.extension
        about = About(
            customer_id=asked.customer_id, cause=AssessmentCause.REPEATED_EXTENSIONS, subject=asked.service.value
        )
        if one.state not in NOT_COUNTED:
            found.setdefault(about, []).append(_extension_sign(one))
    return {about: tuple(signs) for about, signs in found.items()}


def _extension_sign(one: Asked) -> Sign:
    asked = one.extension
    facts: dict[str, object] = {
        "id": asked.id,
        "provider_id": asked.provider_id,
        "month": asked.month,
        "requested_seconds": asked.requested_seconds,
        "approved_seconds": one.approved_seconds,
    }
    return Sign(key=asked.id, month=asked.month, provider_id=asked.provider_id, facts=facts, visit_ids=asked.visit_ids)


def under_delivery_signs(rows: Iterable[Standing]) -> dict[About, tuple[Sign, ...]]:
    """Each month of a pool for which D1 stands, explained and accepted or not: less was performed than granted, and
    that is what may be ground for a new assessment. Source: E7, LR 3.6.4.
    """
    found: dict[About, list[Sign]] = {}
    for one in rows:
        seen = one.found
        if seen.rule is not Rule.D1 or one.state is DeviationState.CLEARED or not seen.customer_id or not seen.period:
            continue
        about = About(
            customer_id=seen.customer_id, cause=AssessmentCause.REPEATED_UNDER_DELIVERY, subject=seen.subject.id
        )
        facts = {"month": seen.period, "deviation_id": one.id, **seen_in(seen.facts)}
        sign = Sign(key=seen.period, month=seen.period, provider_id=seen.provider_id, facts=facts)
        found.setdefault(about, []).append(sign)
    return {about: tuple(signs) for about, signs in found.items()}


def signals(
    signs: Mapping[About, Iterable[Sign]],
    closed: Mapping[About, frozenset[str]],
    policies: Policies,
    municipalities: Mapping[str, str],
) -> tuple[Signal, ...]:
    """Where a new assessment is to be proposed: every subject with a window that holds enough signs, one of them at
    least in no assessment that somebody has closed (`closed`). It rests on all signs of such windows.

    A window is so many calendar months running, the newest of them a sign's; the policies are those of the first day
    of that month, the last window's where there are several. Source: E7; how it is reckoned: our decision.
    """
    found: list[Signal] = []
    for about in sorted(signs):
        used = closed.get(about, frozenset())
        windows = [
            window
            for window in _windows(about, tuple(signs[about]), policies, municipalities.get(about.customer_id))
            if any(one.key not in used for one in window.signs)
        ]
        if windows:
            resting = {one.key: one for window in windows for one in window.signs}
            ordered = tuple(sorted(resting.values(), key=_place))
            found.append(Signal(about=about, signs=ordered, policies=windows[-1].policies))
    return tuple(found)


def _place(sign: Sign) -> tuple[str, str]:
    return (sign.month, sign.key)


def _windows(about: About, signs: tuple[Sign, ...], policies: Policies, municipality: str | None) -> Iterator[Signal]:
    for last in sorted({one.month for one in signs}):
        months, needed, applied = _wanted(about.cause, policies, municipality, first_day(last))
        first = last
        for _ in range(months - 1):
            first = previous_month(first)
        inside = tuple(one for one in signs if first <= one.month <= last)
        if _occasions(inside) >= needed:
            yield Signal(about=about, signs=inside, policies=applied)


def _wanted(
    cause: AssessmentCause, policies: Policies, municipality: str | None, on: date
) -> tuple[int, int, tuple[Applied, ...]]:
    """How many months a window has, how many signs it needs, and the policies that say so. Source: E7."""
    if cause is AssessmentCause.REPEATED_UNDER_DELIVERY:
        name = "reassessment_under_delivery_months"
        running = policies.number(name, municipality, on)
        return running, running, (policies.applied(name, municipality, on),)
    names = ("reassessment_months", "reassessment_extensions")
    months, needed = (policies.number(name, municipality, on) for name in names)
    return months, needed, tuple(policies.applied(name, municipality, on) for name in names)


def _occasions(signs: Iterable[Sign]) -> int:
    """How many of the signs tell something new: one that names visits, all of them named by an earlier one, does not.

    A night across the month's border is asked for in both months (E2), and is one occasion. Source: our decision.
    """
    named: set[str] = set()
    counted = 0
    for one in sorted(signs, key=_place):
        if one.visit_ids and named.issuperset(one.visit_ids):
            continue
        named.update(one.visit_ids)
        counted += 1
    return counted


class What(StrEnum):
    """What became of an assessment, as its history tells it."""

    PROPOSED = "proposed"
    CHANGED = "changed"
    CLEARED = "cleared"
    REOPENED = "reopened"
    ASSESSED = "assessed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An assessment as it is stored."""

    id: str
    about: About
    state: AssessmentState
    facts: Mapping[str, Any]
    provider_id: str | None

    @property
    def keys(self) -> frozenset[str]:
        """What it rests on."""
        return keys_of(self.about.cause, self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one assessment, and the facts that say so; where it clears, those that did. `id` None is new."""

    id: str | None
    what: What
    about: About
    facts: Mapping[str, Any]
    provider_id: str | None


def closed_keys(stored: Iterable[Stored]) -> dict[About, frozenset[str]]:
    """What somebody has already decided on, by subject."""
    found: dict[About, frozenset[str]] = {}
    for one in stored:
        if one.state in CLOSED:
            found[one.about] = found.get(one.about, frozenset()) | one.keys
    return found


def reconcile(stored: Iterable[Stored], found: Iterable[Signal]) -> tuple[Change, ...]:
    """What has to be written so that the store says what the signals say; nothing where it says so already.

    A subject has at most one proposal at a time. It clears with its signal; one that cleared is proposed again where
    the signal rests on any of the same. What somebody closed stays closed. `stored` are in the order of their ids.
    """
    rows: dict[About, list[Stored]] = {}
    for one in stored:
        rows.setdefault(one.about, []).append(one)
    signalling = {one.about: one for one in found}
    changes = [_change(rows.get(about, []), signalling.get(about)) for about in sorted({*rows, *signalling})]
    return tuple(one for one in changes if one is not None)


def _change(rows: list[Stored], signal: Signal | None) -> Change | None:
    standing = next((one for one in rows if one.state is AssessmentState.PROPOSED), None)
    if signal is None:
        return None if standing is None else _told_of(standing.id, What.CLEARED, standing)
    if standing is not None:
        same = (dict(standing.facts), standing.provider_id) == (signal.facts, signal.provider_id)
        return None if same else _told_of(standing.id, What.CHANGED, signal)
    gone = [one for one in rows if one.state is AssessmentState.CLEARED and one.keys & signal.keys]
    if gone:
        return _told_of(gone[-1].id, What.REOPENED, signal)
    return _told_of(None, What.PROPOSED, signal)


def _told_of(assessment_id: str | None, what: What, by: Stored | Signal) -> Change:
    return Change(id=assessment_id, what=what, about=by.about, facts=by.facts, provider_id=by.provider_id)


def check_closing(state: AssessmentState) -> None:
    """Refuses to close what is closed already, or has cleared. Source: E7."""
    if state is not AssessmentState.PROPOSED:
        raise Refused("E7", f"the assessment is {state} already", facts={"state": state.value})
