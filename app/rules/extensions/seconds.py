"""Seconds: what approved requests add to the cap, and what a request made at check-out asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from app.rules.extensions.values import Decision, DecisionOutcome, Extension
from app.rules.orders import Placed, PoolKey, touches_month
from app.rules.plans import PlannedVisit
from app.rules.providers import Law, Service
from app.rules.refusal import Refused
from app.rules.time import Interval, local_month, month_interval
from app.rules.visits.parts import by_service
from app.rules.visits.values import Visit, VisitState


def approved_seconds(extension: Extension, decisions: Iterable[Decision], now: datetime) -> int:
    """The seconds that the newest decision made by the instant approves; 0 without one. Source: E3, E5."""
    made = [one for one in decisions if one.extension_id == extension.id and one.recorded_at <= now]
    newest = max(made, key=lambda one: (one.decided_at, one.recorded_at, one.id), default=None)
    if newest is None:
        return 0
    if newest.outcome is DecisionOutcome.APPROVED:
        return extension.requested_seconds if newest.approved_seconds is None else newest.approved_seconds
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
        pool = pool_of(extension, orders) if seconds and extension.service is Service.PERSONAL_CARE else None
        if pool is not None:
            found[pool, extension.month] = found.get((pool, extension.month), 0) + seconds
    return found


def pool_of(extension: Extension, orders: Iterable[Placed]) -> PoolKey | None:
    """The pool whose cap the extension raises; None where the provider has no order of the service. Source: E5."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """What a request made at check-out asks for: it is the visit that tells. Source: E2, our decision."""

    customer_id: str
    month: str
    seconds: int


def needed_after(visit: Visit, planned: PlannedVisit | None) -> Needed:
    """What is asked for where somebody asks right at check-out, in the month in which the visit began.

    Performed personal care less what was planned of it, where it was planned and took longer; else all of it. Of a
    night across the border only what lies in its first month: the rest is asked for in the next (E2).

    Refused E2 for a visit that is void, not closed, nobody's or a household's, of which each customer is asked for by
    itself, and for one without any personal care in the month: E1.
    """
    stay, customer_id = _closed(visit)
    month = local_month(stay.start)
    performed = sum(_in_month(piece, month) for piece, service in by_service(stay, visit) if _is_care(service))
    if performed == 0:
        _refuse_without_care({visit.service, *(service for _, service in by_service(stay, visit))})
    return Needed(customer_id=customer_id, month=month, seconds=seconds_beyond(performed, _planned(planned, month)))


def _refuse_without_care(services: Collection[Service | None]) -> NoReturn:
    known = sorted(str(one) for one in services if one is not None)
    if Service.PERSONAL_CARE in services:
        raise Refused("E2", "the visit has no personal care in the month in which it began")
    said = f"this visit is {' and '.join(known)}" if known else "nobody knows yet of which service this visit is"
    raise Refused("E1", f"only personal care can be extended, and {said}", facts={"services": known})


def seconds_beyond(performed: int, planned: int) -> int:
    """How many seconds longer than planned it took; all that were performed where it was not planned (0) or took no
    longer.
    """
    return performed - planned if 0 < planned < performed else performed


def _closed(visit: Visit) -> tuple[Interval, str]:
    """The stay and whose it was."""
    facts: dict[str, object] = {"visit_id": visit.id, "state": visit.state}
    if visit.state is VisitState.VOID:
        raise Refused("E2", "the visit is void", facts=facts)
    stay = visit.interval
    if visit.state is not VisitState.COMPLETE or stay is None:
        raise Refused("E2", "the visit is not closed yet: it has no check-out, or no check-in", facts=facts)
    if not visit.customer_ids:
        raise Refused("E2", "nobody knows yet at which customer the visit was", facts=facts)
    if len(visit.customer_ids) > 1:
        raise Refused("E2", "the visit was to a household: ask for each of its customers by itself", facts=facts)
    return stay, visit.customer_ids[0]


def _is_care(service: Service | None) -> bool:
    return service is Service.PERSONAL_CARE


def _planned(planned: PlannedVisit | None, month: str) -> int:
    """The planned seconds of personal care in the month; 0 where none was planned."""
    if planned is None or not _is_care(planned.service):
        return 0
    return _in_month(Interval(planned.starts_at, planned.ends_at), month)


def _in_month(piece: Interval, month: str) -> int:
    whole = month_interval(month)
    start, end = max(piece.start, whole.start), min(piece.end, whole.end)
    return Interval(start, end).seconds if start < end else 0
