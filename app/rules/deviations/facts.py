"""Everything that a month's judgement reads, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.rules.deviations.values import Explanation
from app.rules.extensions import Decision, Extension
from app.rules.orders import Grant, Order
from app.rules.people import Absence, Caregiver, Customer
from app.rules.plans import PlannedVisit
from app.rules.policies import Policy
from app.rules.providers import Accreditation, Provider
from app.rules.rates import Rate
from app.rules.tags import SunReader, Tag, TagKeys
from app.rules.visits.taps import Tap
from app.rules.visits.values import Correction, Registration, Stay


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Two numbers of a provider's phone that came with none between them: `after` < `before` − 1. Source: D22.

    `received_at` is when the later of them came.
    """

    device_id: str
    provider_id: str
    after: int
    before: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All versions of all facts, in any order. `accreditations` None assumes every provider accredited (CONTRACT).

    `holidays` are the public holidays of the years concerned; `tag_keys` the secrets that verify QR tags; `sun` reads
    cryptographic taps, and `taps` are those of other registrations at the same tags. `stays` are the same caregivers'
    just before and after the visits to be judged, where these are not all there are (D14).
    """

    providers: tuple[Provider, ...] = ()
    accreditations: tuple[Accreditation, ...] | None = None
    caregivers: tuple[Caregiver, ...] = ()
    customers: tuple[Customer, ...] = ()
    absences: tuple[Absence, ...] = ()
    tags: tuple[Tag, ...] = ()
    grants: tuple[Grant, ...] = ()
    orders: tuple[Order, ...] = ()
    rates: tuple[Rate, ...] = ()
    policies: tuple[Policy, ...] = ()
    planned_visits: tuple[PlannedVisit, ...] = ()
    registrations: tuple[Registration, ...] = ()
    corrections: tuple[Correction, ...] = ()
    extensions: tuple[Extension, ...] = ()
    decisions: tuple[Decision, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    breaks: tuple[Break, ...] = ()
    holidays: frozenset[date] = frozenset()
    tag_keys: TagKeys | None = None
    sun: SunReader | None = None
    taps: tuple[Tap, ...] = ()
    stays: tuple[Stay, ...] = ()
