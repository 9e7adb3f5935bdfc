"""What a request for more time is made of: its causes, its states, what is decided on it and what completes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.rules.providers import Service
from app.rules.recorded import Recorded


class ExtensionCause(StrEnum):
    """What made more time necessary. Source: E2."""

    ACUTE_ILLNESS = "acute_illness"
    FALL = "fall"
    WAITING_FOR_AMBULANCE = "waiting_for_ambulance"
    WAITING_FOR_HEALTH_CARE = "waiting_for_health_care"
    EXTRA_HYGIENE = "extra_hygiene"
    WORRY_OR_CONFUSION = "worry_or_confusion"
    HOME_FROM_HOSPITAL = "home_from_hospital"
    BROKEN_AID = "broken_aid"
    BEREAVEMENT = "bereavement"
    OTHER = "other"


class ExtensionState(StrEnum):
    """Where a request stands. Source: E3."""

    REQUESTED = "requested"
    NEEDS_INFORMATION = "needs_information"
    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


UNDECIDED = frozenset({ExtensionState.REQUESTED, ExtensionState.NEEDS_INFORMATION})
"""States in which nobody has decided yet, and the request may still become another."""


class DecisionOutcome(StrEnum):
    """What a reviewer decides. Source: E3."""

    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    DECLINED = "declined"
    NEEDS_INFORMATION = "needs_information"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Recorded):
    """A reviewer's decision on a request. Never edited; a new one replaces it, and both stay. Source: E3.

    `approved_seconds` bind: they are those that were asked for when it was made, and no later completion changes them.
    """

    extension_id: str
    outcome: DecisionOutcome
    reasons: str
    reviewer: str
    decided_at: datetime
    approved_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension(Recorded):
    """Tillfälligt utökad tid: a request to be paid beyond the grant in one month. Source: E2, LR 3.6.4."""

    provider_id: str
    customer_id: str
    service: Service
    month: str
    requested_seconds: int
    cause: ExtensionCause
    justification: str
    requested_by: str
    requested_at: datetime
    visit_ids: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """Some fields of a request; None is one that is left as it is. Source: E2, our decision."""

    requested_seconds: int | None = None
    cause: ExtensionCause | None = None
    justification: str | None = None
    visit_ids: tuple[str, ...] | None = None
    days: tuple[date, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What somebody completed in a request, as it was before and as it is now. Never changed. Source: our decision."""

    id: str
    extension_id: str
    by: str
    at: datetime
    before: Amended
    after: Amended


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document attached to a request: what is known of it beside its content. Never changed. Source: E2."""

    id: str
    extension_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    by: str
    at: datetime
