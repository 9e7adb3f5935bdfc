"""What is registered at the door, what is said of it later, and the visit that they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.rules.providers import Law, Service
from app.rules.recorded import Recorded
from app.rules.tags import ManualReason, Method, Place, Reading, TagProblem
from app.rules.time import Interval, seconds_between


class RegistrationKind(StrEnum):
    """What a registration does. Source: CONTRACT."""

    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    CHANGE_SERVICE = "change_service"
    VISIT_NOTE = "visit_note"


class Outcome(StrEnum):
    """Whether an activity was done, or declined by the customer (avböjd insats). Source: V9."""

    DONE = "done"
    DECLINED = "declined"


class ClockGrade(StrEnum):
    """How well the time of a registration is proven. Source: V8."""

    VERIFIED = "verified"
    ESTIMATED = "estimated"
    UNVERIFIED = "unverified"


class VisitState(StrEnum):
    """What a stay has come to. Source: V4, V10."""

    OPEN = "open"
    COMPLETE = "complete"
    NO_CHECK_OUT = "no_check_out"
    NO_CHECK_IN = "no_check_in"
    VOID = "void"


class CorrectionReason(StrEnum):
    """Why a visit is corrected: V3's codes, and three of its own. Source: CONTRACT."""

    TAG_MISSING = "tag_missing"
    TAG_DAMAGED = "tag_damaged"
    PHONE_FAILED = "phone_failed"
    PHONE_FORGOTTEN = "phone_forgotten"
    NO_ACCESS_TO_TAG = "no_access_to_tag"
    VISIT_STARTED_ELSEWHERE = "visit_started_elsewhere"
    FORGOT_TO_REGISTER = "forgot_to_register"
    OTHER = "other"
    WRONG_CUSTOMER = "wrong_customer"
    WRONG_SERVICE = "wrong_service"
    DOUBLE_REGISTRATION = "double_registration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The last server time that the phone saw, and what its elapsed clock showed then, in which boot. Source: V8."""

    server_at: datetime
    elapsed_ms: int
    boot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The phone's elapsed clock at capture, its boot, and the registration's number on that phone. Source: V8."""

    elapsed_ms: int
    boot_id: str
    sequence: int
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the phone's elapsed clock showed when it sent; no part of a registration's content. Source: V8, CONTRACT."""

    elapsed_ms: int
    boot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """An activity by its code and what came of it. Source: V9."""

    code: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdShare:
    """A customer's share of a stay in a household, a positive whole number. Source: V12."""

    customer_id: str
    share: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration(Recorded):
    """One check-in, check-out, change or note as it was captured; never changed. Source: V1–V3.

    `captured_text` and `stated_text` are the two instants as received, kept beside the cut ones (T2). `device_id` is
    the enrolled phone that delivered it, known from its session and never stated (D22).
    """

    kind: RegistrationKind
    caregiver_id: str
    captured_at: datetime
    received_at: datetime
    place: Place
    stated_at: datetime | None = None
    captured_text: str = ""
    stated_text: str | None = None
    visit_id: str | None = None
    planned_visit_id: str | None = None
    customer_id: str | None = None
    service: Service | None = None
    clock: Clock | None = None
    sent: Sent | None = None
    activities: tuple[Activity, ...] = ()
    extra_service: bool = False
    household: tuple[HouseholdShare, ...] = ()
    by_measuring_client: bool = False
    device_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a correction states; None leaves a field as it is. Source: V10."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    customer_id: str | None = None
    service: Service | None = None
    void: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction(Recorded):
    """Rättelse: a later statement about a visit, which counts once another person has approved it. Source: V10."""

    visit_id: str
    changes: Changes
    reason: CorrectionReason
    note: str
    made_by: str
    made_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """What the clock evidence of a registration came to. `apart_seconds` is how far two clock estimates lie from each
    other, None where there are not two. Source: V8.
    """

    corrected_at: datetime
    grade: ClockGrade
    apart_seconds: int | None = None


class TapCause(StrEnum):
    """Why a cryptographic tap is not believed. Source: D21."""

    COUNTER_SEEN = "counter_seen"
    OUT_OF_ORDER = "out_of_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class TapDoubt:
    """What another registration of the same tag says against a tap, whose chip counted `counter`. Source: D21."""

    cause: TapCause
    counter: int
    registration_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A registration with what was known when it was recorded: its time, provider, tag, customer and evidence.

    `at` is its time in every rule: stated for a manual one that states it, else corrected. `doubt` is set while visits
    are derived, by what else is known of the tag. Source: V3, V5, V7, V8, V14.
    """

    registration: Registration
    at: datetime
    clock: ClockReading
    provider_id: str
    reading: Reading
    customer_id: str | None
    evidence_grade: int
    doubt: TapDoubt | None = None

    @property
    def id(self) -> str:
        """The registration's id."""
        return self.registration.id

    @property
    def order(self) -> tuple[datetime, str]:
        """Where it stands in the fold. Source: V5."""
        return (self.at, self.registration.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of a visit: what proves it. `late_seconds` run from capture to receipt; `apart_seconds` as in the
    reading.
    """

    registration_id: str
    at: datetime
    method: Method
    reason: ManualReason | None
    stated: bool
    customer_id: str | None
    names_visit: bool
    tag_id: str | None
    tag_customer_id: str | None
    tag_problem: TagProblem | None
    clock_grade: ClockGrade
    apart_seconds: int | None
    late_seconds: int
    evidence_grade: int
    doubt: TapDoubt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The time of a visit that belongs to one customer and one service; `law` and `order_id` where an order covers
    it.
    """

    customer_id: str | None
    service: Service | None
    starts_at: datetime
    ends_at: datetime
    law: Law | None = None
    order_id: str | None = None

    @property
    def seconds(self) -> int:
        """Whole seconds. Source: T3."""
        return seconds_between(self.starts_at, self.ends_at)

    @property
    def interval(self) -> Interval:
        """The same time as an interval."""
        return Interval(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChange:
    """The second from which a visit is another service's. Source: V15."""

    at: datetime
    service: Service
    registration_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Besök: what the registrations of one stay and their corrections add up to. Source: V4.

    `starts_at` and `ends_at` are as corrected, None where an end is missing; `registered_…` are as registered.
    `superseded` tells that a later check-in left it open (V6).
    """

    id: str
    caregiver_id: str
    provider_id: str
    state: VisitState
    starts_at: datetime | None
    ends_at: datetime | None
    registered_starts_at: datetime | None
    registered_ends_at: datetime | None
    customer_id: str | None
    service: Service | None
    check_in: End | None
    check_out: End | None
    superseded: bool
    evidence_grade: int
    clock_grade: ClockGrade
    registration_ids: tuple[str, ...]
    recorded_at: datetime
    planned_visit_id: str | None = None
    named_plan: bool = False
    extra_service: bool = False
    service_changes: tuple[ServiceChange, ...] = ()
    household: tuple[HouseholdShare, ...] = ()
    activities: tuple[Activity, ...] = ()
    corrected: bool = False
    correction_ids: tuple[str, ...] = ()

    @property
    def performed_seconds(self) -> int | None:
        """Whole seconds at the customer's, None while an end is missing. A void visit keeps them. Source: T3."""
        if self.starts_at is None or self.ends_at is None:
            return None
        return seconds_between(self.starts_at, self.ends_at)

    @property
    def interval(self) -> Interval | None:
        """The stay, None while an end is missing."""
        if self.starts_at is None or self.ends_at is None:
            return None
        return Interval(self.starts_at, self.ends_at)

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """Whose visit it is: everybody's in the household, else its customer's, () of nobody known. Source: V12."""
        if self.household:
            return tuple(dict.fromkeys(one.customer_id for one in self.household))
        return () if self.customer_id is None else (self.customer_id,)

    @property
    def ends(self) -> tuple[End, ...]:
        """The registered ends that there are."""
        return tuple(end for end in (self.check_in, self.check_out) if end is not None)

    @property
    def placed_at(self) -> datetime:
        """When it counts for: its start, else its end."""
        moment = self.starts_at or self.ends_at
        if moment is None:
            raise ValueError("a visit has at least one end")
        return moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Where a caregiver was known to be from one instant until another; of a half visit the two are one. Source: D14.

    `customer_ids` are everybody's in the household (V12).
    """

    id: str
    caregiver_id: str
    customer_id: str | None
    customer_ids: tuple[str, ...]
    arrived_at: datetime
    left_at: datetime


def stay_of(visit: Visit) -> Stay:
    """The stay that the visit was, as far as its ends are known: no end is invented (V4)."""
    return Stay(
        id=visit.id,
        caregiver_id=visit.caregiver_id,
        customer_id=visit.customer_id,
        customer_ids=visit.customer_ids,
        arrived_at=visit.placed_at,
        left_at=visit.ends_at or visit.placed_at,
    )
