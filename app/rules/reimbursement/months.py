"""A provider's month: open → attested → locked → issued, who may move it, and when it locks (R8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.rules.access import Role
from app.rules.policies import Policies
from app.rules.refusal import Kind, Refused
from app.rules.time import first_day, local_instant, month_interval, next_month


class MonthState(StrEnum):
    """Where a provider's month stands. Source: R8."""

    OPEN = "open"
    ATTESTED = "attested"
    LOCKED = "locked"
    ISSUED = "issued"


class MonthAct(StrEnum):
    """What moves a month."""

    ATTEST = "attest"
    REOPEN = "reopen"
    LOCK = "lock"
    ISSUE = "issue"


class Unasked(StrEnum):
    """Who moves a month where nobody asks for it."""

    TIMER = "timer"
    """`flask close-month`."""
    REGISTER = "register"
    """The register, as it records a new registration or correction."""


Mover = Role | Unasked

MOVERS: Mapping[MonthAct, frozenset[Mover]] = {
    MonthAct.ATTEST: frozenset({Role.COORDINATOR}),
    MonthAct.REOPEN: frozenset({Unasked.REGISTER}),
    MonthAct.LOCK: frozenset({Role.CONTROLLER, Unasked.TIMER}),
    MonthAct.ISSUE: frozenset({Role.CONTROLLER, Unasked.TIMER}),
}
"""Who may do what: a provider attests its own month, and nobody opens one but what is registered in it.

Source: R8, A2.
"""

TRANSITIONS: Mapping[MonthState, Mapping[MonthAct, MonthState]] = {
    MonthState.OPEN: {MonthAct.ATTEST: MonthState.ATTESTED, MonthAct.LOCK: MonthState.LOCKED},
    MonthState.ATTESTED: {
        MonthAct.ATTEST: MonthState.ATTESTED,
        MonthAct.REOPEN: MonthState.OPEN,
        MonthAct.LOCK: MonthState.LOCKED,
    },
    MonthState.LOCKED: {
        MonthAct.ATTEST: MonthState.LOCKED,
        MonthAct.LOCK: MonthState.LOCKED,
        MonthAct.ISSUE: MonthState.ISSUED,
    },
    MonthState.ISSUED: {},
}
"""Where each act leads; what is not in the table is refused. A month that was locked unattested is still attested
later; a new registration reopens an attested month only until the lock. Source: R8."""

REOPENED: Mapping[MonthState, MonthState] = {
    state: acts[MonthAct.REOPEN] for state, acts in TRANSITIONS.items() if MonthAct.REOPEN in acts
}
"""What a new registration or correction makes of a month; one in any other state stays as it is. Source: R8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The state of one provider's month in one municipality."""

    municipality: str
    provider_id: str
    month: str
    state: MonthState = MonthState.OPEN
    attested_by: str | None = None
    attested_at: datetime | None = None
    locked_at: datetime | None = None
    run_id: str | None = None


def move(month: Month, act: MonthAct, by: Mover) -> MonthState:
    """The state after the act; Refused R8 where the table has no such step, or an unattested month would be issued, and
    (403) where the act is not theirs who would do it.
    """
    if by not in MOVERS[act]:
        raise Refused("R8", f"a month takes no {act} from a {by}", Kind.FORBIDDEN)
    after = TRANSITIONS[month.state].get(act)
    if after is None:
        raise Refused("R8", f"a month that is {month.state} takes no {act}", facts={"state": month.state})
    if act is MonthAct.ISSUE and month.attested_at is None:
        raise Refused("R8", "a month is issued once it is attested", facts={"state": month.state})
    return after


def check_attestation(month: Month, blocking: int, now: datetime) -> None:
    """Refuses to attest a month that is not over, or with deviations still to explain. Source: R8."""
    if now < month_interval(month.month).end:
        raise Refused("R8", f"{month.month} is not over yet", facts={"ends_at": str(month_interval(month.month).end)})
    if blocking:
        raise Refused("R8", f"{blocking} deviations want an explanation first", facts={"blocking": blocking})


def refusal_of_attestation(month: Month, blocking: int, now: datetime) -> Refused | None:
    """Why the month cannot be attested as things stand, None where it can. Source: R8."""
    try:
        check_attestation(month, blocking, now)
        move(month, MonthAct.ATTEST, Role.COORDINATOR)
    except Refused as refusal:
        return refusal
    return None


def awaits_attestation(month: Month) -> bool:
    """True for a month that nobody has attested, or not since it was opened again. Source: R8."""
    return month.attested_at is None and MonthAct.ATTEST in TRANSITIONS[month.state]


def lock_due_at(month: str, municipality: str, policies: Policies) -> datetime:
    """When the month locks: by policy the 5th of the next at 18:00, local time. Source: R8."""
    after = first_day(next_month(month))
    day = date(after.year, after.month, policies.number("lock_day", municipality, after))
    return local_instant(day, policies.number("lock_minute", municipality, after))


def check_lock(month: Month, now: datetime, policies: Policies) -> None:
    """Refuses a lock before the lock date. Source: R8."""
    due = lock_due_at(month.month, month.municipality, policies)
    if now < due:
        raise Refused("R8", f"{month.month} locks on {due:%Y-%m-%d %H:%M} UTC", facts={"lock_due_at": str(due)})
