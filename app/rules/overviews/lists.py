"""What stands in a case officer's lists: an assessment's months, and grants that no provider has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.rules.assessments import About, AssessmentCause
from app.rules.deviations.at_orders import pool_id
from app.rules.deviations.requested import PoolMonth
from app.rules.no_choice import Wanted, asked_from, wanted_of
from app.rules.orders import Grant, Order, PoolKey
from app.rules.providers import Accreditation
from app.rules.refusal import Refused
from app.rules.time import previous_month


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSum:
    """A month's seconds of what an assessment would be of."""

    month: str
    performed_seconds: int
    granted_seconds: int
    extension_seconds: int


def months_before(last: str, count: int) -> tuple[str, ...]:
    """So many months that follow each other, the last of them being `last`."""
    found = [last]
    while len(found) < count:
        found.insert(0, previous_month(found[0]))
    return tuple(found)


def of_assessment(about: About, pools: Mapping[str, Iterable[PoolMonth]]) -> tuple[MonthSum, ...]:
    """What the customer's pools that the assessment is about came to, month by month. Source: E7, K1."""
    found: list[MonthSum] = []
    for month, several in sorted(pools.items()):
        own = [one for one in several if _is_about(about, one.pool)]
        found.append(
            MonthSum(
                month=month,
                performed_seconds=sum(one.performed_seconds for one in own),
                granted_seconds=sum(one.granted_seconds for one in own),
                extension_seconds=sum(one.extension_seconds for one in own),
            )
        )
    return tuple(found)


def _is_about(about: About, pool: PoolKey) -> bool:
    if about.cause is AssessmentCause.REPEATED_UNDER_DELIVERY:
        return pool_id(pool) == about.subject
    return pool.customer_id == about.customer_id and about.subject in pool.services


def last_month_of(facts: Mapping[str, Any]) -> str | None:
    """The newest month that an assessment's facts tell of."""
    return max((one["month"] for name in ("months", "extensions") for one in facts.get(name, ())), default=None)


def without_provider(
    grants: Iterable[Grant],
    orders: Iterable[Order],
    accreditations: Iterable[Accreditation],
    homes: Mapping[str, str],
    today: date,
) -> tuple[Wanted, ...]:
    """Grants of which somebody is wanted for something now or from their first day on, the soonest first.

    `homes` is each customer's municipality. Source: O3, P2, LR 3.4.
    """
    by_grant: dict[str, list[Order]] = {}
    for order in orders:
        by_grant.setdefault(order.grant_id, []).append(order)
    rows = tuple(accreditations)
    found = [
        one
        for grant in grants
        if (one := _wanted(grant, by_grant.get(grant.id, ()), rows, homes[grant.customer_id], today)) is not None
    ]
    return tuple(sorted(found, key=lambda one: (one.valid_from, one.grant.id)))


def _wanted(
    grant: Grant,
    orders: Iterable[Order],
    accreditations: tuple[Accreditation, ...],
    municipality: str,
    today: date,
) -> Wanted | None:
    try:
        return wanted_of(grant, orders, accreditations, municipality, asked_from(grant, None, today))
    except Refused:
        return None
