"""Temporary extensions: what may be asked, who decides, and how a request moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.rules.orders import Placed, PoolKey, touches_month
from app.rules.providers import Law, Service
from app.rules.recorded import Recorded
from app.rules.refusal import Kind, Refused
from app.rules.time import local_day, month_of


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


class DecisionOutcome(StrEnum):
    """What a reviewer decides. Source: E3."""

    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    DECLINED = "declined"
    NEEDS_INFORMATION = "needs_information"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Recorded):
    """A reviewer's decision on a request. Never edited; a new one replaces it, and both stay. Source: E3."""

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


class Act(StrEnum):
    """What moves a request. The first four are a reviewer's, the last two the requester's. Source: E3."""

    APPROVE = "approved"
    APPROVE_PARTLY = "partly_approved"
    DECLINE = "declined"
    ASK = "needs_information"
    ANSWER = "answered"
    WITHDRAW = "withdrawn"


_DECIDE = {
    Act.APPROVE: ExtensionState.APPROVED,
    Act.APPROVE_PARTLY: ExtensionState.PARTLY_APPROVED,
    Act.DECLINE: ExtensionState.DECLINED,
}
TRANSITIONS: Mapping[ExtensionState, Mapping[Act, ExtensionState]] = {
    ExtensionState.REQUESTED: {
        **_DECIDE,
        Act.ASK: ExtensionState.NEEDS_INFORMATION,
        Act.WITHDRAW: ExtensionState.WITHDRAWN,
    },
    ExtensionState.NEEDS_INFORMATION: {Act.ANSWER: ExtensionState.REQUESTED, Act.WITHDRAW: ExtensionState.WITHDRAWN},
    ExtensionState.APPROVED: _DECIDE,
    ExtensionState.PARTLY_APPROVED: _DECIDE,
    ExtensionState.DECLINED: _DECIDE,
    ExtensionState.WITHDRAWN: {},
}
"""Where each act leads from each state; what is not in the table is refused. A decided request takes a new decision.

Source: E3.
"""


def move(state: ExtensionState, act: Act) -> ExtensionState:
    """The state after the act; Refused E3 where the table has no such step."""
    after = TRANSITIONS[state].get(act)
    if after is None:
        raise Refused("E3", f"a request that is {state} cannot be {act}", facts={"state": state, "act": act})
    return after


def check_extension(extension: Extension) -> None:
    """Refuses what is no personal care (E1), and what lacks seconds, a justification of 20 characters, or the visits or
    days of its month (E2).
    """
    check_service(extension.service)
    if extension.requested_seconds <= 0:
        raise Refused("E2", "ask for at least one second", Kind.INVALID, "/requested_seconds")
    if len(extension.justification.strip()) < 20:
        raise Refused("E2", "a justification has at least 20 characters", Kind.INVALID, "/justification")
    if not extension.visit_ids and not extension.days:
        raise Refused("E2", "name the visits or the days that took more time", Kind.INVALID, "/visit_ids")
    for position, day in enumerate(extension.days):
        if month_of(day) != extension.month:
            raise Refused("E2", f"{day} is not in {extension.month}", Kind.INVALID, f"/days/{position}")


def check_service(service: Service) -> None:
    """Refuses every service but personal care. Source: E1, LR 3.6.4."""
    if service is not Service.PERSONAL_CARE:
        raise Refused("E1", f"only personal care can be extended, not {service}", Kind.INVALID, "/service")


def check_decision(decision: Decision, extension: Extension) -> None:
    """Refuses approved seconds that do not fit the outcome: all that was asked, or partly: fewer, but more than none.

    Source: E3.
    """
    approved, asked = decision.approved_seconds, extension.requested_seconds
    if decision.outcome is DecisionOutcome.APPROVED and approved not in (None, asked):
        raise Refused("E3", f"approved is all {asked} s; fewer is partly approved", Kind.INVALID, "/approved_seconds")
    if decision.outcome is DecisionOutcome.PARTLY_APPROVED and not (approved is not None and 0 < approved < asked):
        raise Refused(
            "E3", f"partly approved is more than 0 s and fewer than {asked} s", Kind.INVALID, "/approved_seconds"
        )
    if decision.outcome in (DecisionOutcome.DECLINED, DecisionOutcome.NEEDS_INFORMATION) and approved not in (None, 0):
        raise Refused("E3", f"{decision.outcome} approves no seconds", Kind.INVALID, "/approved_seconds")


def approved_seconds(extension: Extension, decisions: Iterable[Decision], now: datetime) -> int:
    """The seconds that the newest decision made by the instant approves; 0 without one. Source: E3, E5."""
    made = [one for one in decisions if one.extension_id == extension.id and one.recorded_at <= now]
    newest = max(made, key=lambda one: (one.decided_at, one.recorded_at, one.id), default=None)
    if newest is None:
        return 0
    if newest.outcome is DecisionOutcome.APPROVED:
        return extension.requested_seconds
    return (newest.approved_seconds or 0) if newest.outcome is DecisionOutcome.PARTLY_APPROVED else 0


def approved_by_pool(
    extensions: Iterable[Extension], decisions: Iterable[Decision], placed: Iterable[Placed], now: datetime
) -> dict[tuple[PoolKey, str], int]:
    """Approved seconds per pool and month: they raise the cap of the provider's pool with that service. Of several
    pools with the service, SoL's before LSS's, then the earliest order's. Source: E5.
    """
    orders = tuple(placed)
    by_extension: dict[str, list[Decision]] = {}
    for decision in decisions:
        by_extension.setdefault(decision.extension_id, []).append(decision)
    found: dict[tuple[PoolKey, str], int] = {}
    for extension in extensions:
        seconds = approved_seconds(extension, by_extension.get(extension.id, ()), now)
        pool = _pool(extension, orders) if seconds and extension.service is Service.PERSONAL_CARE else None
        if pool is not None:
            found[pool, extension.month] = found.get((pool, extension.month), 0) + seconds
    return found


def _pool(extension: Extension, orders: Iterable[Placed]) -> PoolKey | None:
    wanted = [
        one
        for one in orders
        if (one.order.provider_id, one.grant.customer_id) == (extension.provider_id, extension.customer_id)
        and extension.service in one.grant.services
        and touches_month(one, extension.month)
    ]
    first = min(
        wanted, key=lambda one: (one.grant.law is not Law.SOL, one.order.ordered_at, one.order.id), default=None
    )
    return None if first is None else first.pool


def is_late(extension: Extension, last_day: date, within_days: int) -> bool:
    """True where it was asked more than so many days after the last of its days; the day itself is in time.

    Source: E6.
    """
    return (local_day(extension.requested_at) - last_day).days > within_days
