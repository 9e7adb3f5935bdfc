"""Lines, what stands behind them, and what lies beyond the cap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.rules.providers import Law, Service


class LineKind(StrEnum):
    """A line is what a month came to when it was issued; an adjustment what changed since. Source: R8."""

    LINE = "line"
    ADJUSTMENT = "adjustment"


class Cause(StrEnum):
    """What was recorded after the lock that an adjustment came of. Source: R8."""

    RATE = "rate"
    CORRECTION = "correction"
    LATE_REGISTRATION = "late_registration"
    EXTENSION = "extension"
    RELEASE = "release"
    ORDER = "order"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LineKey:
    """What one line is for. Source: R1."""

    municipality: str
    provider_id: str
    customer_id: str
    service: Service
    law: Law
    rate_id: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of one visit that a line pays, with the registrations behind it. Source: R11."""

    visit_id: str
    registration_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What one key comes to: whole seconds, öre rounded once, and everything behind them. Source: R1, R11."""

    key: LineKey
    ore_per_hour: Decimal
    band: str | None
    seconds: int
    amount_ore: int
    segments: tuple[Segment, ...] = ()
    order_ids: tuple[str, ...] = ()
    grant_ids: tuple[str, ...] = ()
    extension_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What all lines issued so far for a key come to."""

    key: LineKey
    ore_per_hour: Decimal
    band: str | None
    seconds: int
    amount_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Ersättningsrad: what one run issues for one key. An adjustment's seconds and amount are differences.

    Source: R1, R8.
    """

    run: str
    kind: LineKind
    total: Total
    seconds: int
    amount_ore: int
    cause: Cause | None = None
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """What a pool performed beyond its cap in a month, and its worth: exact, rounded once. Source: R2."""

    provider_id: str
    customer_id: str
    law: Law
    services: tuple[Service, ...]
    month: str
    granted_seconds: int
    approved_extension_seconds: int
    performed_seconds: int
    excess_seconds: int
    worth_ore: int
