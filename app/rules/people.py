"""Caregivers, customers, and when a customer is away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from app.rules.recorded import Recorded
from app.rules.time import local_day, shift


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
        if self.ends_at is not None and (self.ends_at <= self.starts_at or day > local_day(shift(self.ends_at, -1))):
            return False
        return local_day(self.starts_at) <= day


def days_away(absences: Iterable[Absence], days: Iterable[date]) -> frozenset[date]:
    """Those of the days on which the customer is away at any time. Source: V18."""
    told = tuple(absences)
    return frozenset(day for day in days if any(absence.touches(day) for absence in told))


def kept_customer(customer: Customer) -> Customer:
    """The customer as it may be stored: of a protected identity neither name nor position is kept. Source: A4."""
    if customer.protection is Protection.NONE:
        return customer
    return replace(customer, name=None, position=None)


def shown_customer(customer: Customer, with_names: bool) -> Customer:
    """The customer as it may be shown: a protected identity by an alias, and nobody's name to who sees ids only.

    Source: A2, A4; what the alias says: our decision.
    """
    if customer.protection is not Protection.NONE:
        alias = f"Skyddad kund {customer.id[-6:]}" if with_names else None
        return replace(customer, name=alias, position=None, birth_year=None)
    return customer if with_names else replace(customer, name=None, position=None)


def shown_caregiver(caregiver: Caregiver, with_names: bool) -> Caregiver:
    """The caregiver as it may be shown: by an alias to who sees ids only. Source: A2; what it says: our decision."""
    return caregiver if with_names else replace(caregiver, name=f"Vårdbiträde {caregiver.id[-6:]}", relative_of=())
