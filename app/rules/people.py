"""Caregivers, customers, and when a customer is away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.rules.recorded import Recorded
from app.rules.time import Interval, days_touched, local_day


class Education(StrEnum):
    """Whether a caregiver's education is one that the requirement counts. Source: N 4.2.3, P3."""

    APPROVED = "approved"
    NONE = "none"
    UNKNOWN = "unknown"


class Protection(StrEnum):
    """Skyddade personuppgifter, by kind. Source: A4."""

    NONE = "none"
    CONFIDENTIAL = "confidential"
    PROTECTED_REGISTRATION = "protected_registration"
    FICTITIOUS = "fictitious"


class AbsenceCause(StrEnum):
    """Why a customer is away."""

    HOSPITAL = "hospital"
    TRAVEL = "travel"
    SHORT_TERM_CARE = "short_term_care"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """WGS 84 degrees in millionths, so that no rule sees a float; accuracy in whole metres, None when not known."""

    lat_e6: int
    lon_e6: int
    accuracy_m: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """An employed relative, as the provider notified it. Source: N 4.2.3, P4."""

    customer_id: str
    reason: str
    notified_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Caregiver(Recorded):
    """Vårdbiträde or undersköterska of one provider."""

    provider_id: str
    name: str
    education: Education = Education.UNKNOWN
    relative_of: tuple[Relative, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Recorded):
    """Kund. The personal identity number is taken in and never given out, so it is no part of the value. Source: A4."""

    municipality: str
    name: str | None = None
    birth_year: int | None = None
    protection: Protection = Protection.NONE
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence(Recorded):
    """Frånvaro, from `starts_at` until `ends_at`; None has no known end. Source: V18."""

    customer_id: str
    starts_at: datetime
    ends_at: datetime | None
    cause: AbsenceCause

    def touches(self, day: date) -> bool:
        """True for each Stockholm day of which the absence takes a second. Source: V18."""
        first = local_day(self.starts_at)
        if self.ends_at is None:
            return first <= day
        return day in days_touched(Interval(self.starts_at, self.ends_at))


def days_away(absences: Iterable[Absence], days: Iterable[date]) -> frozenset[date]:
    """Those of the days on which the customer is away at any time. Source: V18."""
    told = tuple(absences)
    return frozenset(day for day in days if any(absence.touches(day) for absence in told))
