"""What a registration comes to with what is known when it is recorded: its time, provider, tag, customer and
evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from app.rules.people import Caregiver, Customer
from app.rules.plans import PlannedVisit
from app.rules.policies import Policies
from app.rules.recorded import Recorded, known_at
from app.rules.refusal import Kind, Refused
from app.rules.tags import KnownTags, Method, Reading
from app.rules.time import local_day
from app.rules.visits.clock import ClockTolerances, evidence_of, read_clock
from app.rules.visits.distance import within_metres
from app.rules.visits.values import Registration, Resolved
from app.rules.visits.whereabouts import customers_at, kept_registration

R = TypeVar("R", bound=Recorded)


@dataclass(frozen=True, slots=True)
class Known:
    """Master data by id, all versions of each, as a registration is resolved against it. Source: V5."""

    caregivers: Mapping[str, tuple[Caregiver, ...]]
    customers: Mapping[str, tuple[Customer, ...]]
    planned_visits: Mapping[str, tuple[PlannedVisit, ...]]
    tags: KnownTags
    policies: Policies


def by_id(versions: Iterable[R]) -> dict[str, tuple[R, ...]]:
    """All versions of each id."""
    found: dict[str, list[R]] = {}
    for fact in versions:
        found.setdefault(fact.id, []).append(fact)
    return {key: tuple(rows) for key, rows in found.items()}


def resolve(registration: Registration, known: Known) -> Resolved:
    """The registration as every rule reads it.

    Raises Refused V1 for a caregiver that is not known. A planned visit or customer that is not known is left out of
    account. Source: V3, V5, V7, V8, V14; A4 for what is kept of where it was.
    """
    caregiver = _newest(known.caregivers, registration.caregiver_id, registration.recorded_at)
    if caregiver is None:
        raise Refused("V1", "the caregiver is not known", Kind.INVALID, "/caregiver_id")
    _, corrected_at = evidence_of(registration)
    at = registration.stated_at or corrected_at
    reading = known.tags.read(registration.place, at, registration.recorded_at)
    customer_id = _customer_id(registration, reading, known)
    one = Resolved(
        registration=registration,
        at=at,
        clock=read_clock(registration, _tolerances(registration, customer_id, known)),
        provider_id=caregiver.provider_id,
        reading=reading,
        customer_id=customer_id,
        evidence_grade=_evidence_grade(registration, reading, known, at),
    )
    found = [_newest(known.customers, key, registration.recorded_at) for key in customers_at(one)]
    kept = kept_registration(registration, [who for who in found if who is not None])
    return one if kept is registration else replace(one, registration=kept)


def _newest(versions: Mapping[str, tuple[R, ...]], key: str, recorded_at: datetime) -> R | None:
    """As known when recorded; what was only recorded later is taken as it was first known. Source: V5, our decision."""
    rows = versions.get(key, ())
    if len(rows) == 1:
        return rows[0]
    known = known_at(rows, recorded_at)
    return known[0] if known else min(rows, key=lambda one: (one.recorded_at, one.version), default=None)


def _tolerances(registration: Registration, customer_id: str | None, known: Known) -> ClockTolerances:
    """Those of the customer's municipality, of all of them where the customer is not known. Source: V8."""
    customer = _newest(known.customers, customer_id or "", registration.recorded_at)
    municipality, day = None if customer is None else customer.municipality, local_day(registration.received_at)
    return ClockTolerances(
        verified_within=known.policies.number("verified_within_seconds", municipality, day),
        evidence_within=known.policies.number("evidence_within_seconds", municipality, day),
    )


def _customer_id(registration: Registration, reading: Reading, known: Known) -> str | None:
    """The one named, else the planned visit's, else the tag's. Source: V14."""
    if registration.customer_id is not None:
        return registration.customer_id
    if registration.planned_visit_id is not None:
        plan = _newest(known.planned_visits, registration.planned_visit_id, registration.recorded_at)
        if plan is not None:
            return plan.customer_id
    return reading.customer_id


def _evidence_grade(registration: Registration, reading: Reading, known: Known, at: datetime) -> int:
    """0 manual, stated or a tag that proves nothing; 1 a signed QR or known tag; 2 with a position near it, that is
    near the customer at whose door it hangs; 3 a cryptographic tap. At most 1 from a measuring client.

    Whether the tap was seen before is told by all registrations of the tag, where visits are derived (D21).

    Source: V7.
    """
    place = registration.place
    if place.method is Method.MANUAL or registration.stated_at is not None or reading.problem is not None:
        return 0
    if reading.counter is not None and not registration.by_measuring_client:
        return 3
    customer = _newest(known.customers, reading.customer_id or "", registration.recorded_at)
    if registration.by_measuring_client or customer is None or customer.position is None or place.position is None:
        return 1
    near = known.policies.number("position_near_metres", customer.municipality, local_day(at))
    return 2 if within_metres(place.position, customer.position, near) else 1
