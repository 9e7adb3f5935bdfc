"""What a request for more time is held against: its days, and how the customer's pools stand in its month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.rules.deviations.judge import Judgement
from app.rules.deviations.seconds import Fate
from app.rules.extensions import Extension, is_about, pool_of
from app.rules.orders import PoolKey, granted_seconds, pools, touches_month
from app.rules.plans import PlannedVisit
from app.rules.time import local_day
from app.rules.visits.values import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMonth:
    """Seconds of one pool in one month. What was performed is paid, excess, held – for want of a price, too – or an
    overlap that nobody pays (R5). Source: R2, R6.
    """

    pool: PoolKey
    month: str
    granted_seconds: int
    extension_seconds: int
    paid_seconds: int
    excess_seconds: int
    held_seconds: int
    unpaid_seconds: int = 0

    @property
    def performed_seconds(self) -> int:
        """All that was performed of the pool's services."""
        return self.paid_seconds + self.excess_seconds + self.held_seconds + self.unpaid_seconds


def pool_months(judgement: Judgement, month: str) -> tuple[PoolMonth, ...]:
    """Every pool that an order places in the month, in the order of their keys, with or without visits.

    What does not reach the cap counts for the first pool that covers it. Source: R2.
    """
    by_pool = {
        pool: placed
        for pool, placed in pools(judgement.setting.placed).items()
        if any(touches_month(one, month) for one in placed)
    }
    found: dict[tuple[PoolKey, Fate], int] = {}
    for one in judgement.account.stretches:
        pool = one.pool or (one.covering[0].pool if one.covering else None)
        if one.month == month and pool is not None and one.fate is not None:
            found[pool, one.fate] = found.get((pool, one.fate), 0) + one.seconds
    return tuple(
        PoolMonth(
            pool=pool,
            month=month,
            granted_seconds=granted_seconds(placed, month),
            extension_seconds=judgement.setting.extended.get((pool, month), 0),
            paid_seconds=found.get((pool, Fate.PAID), 0),
            excess_seconds=found.get((pool, Fate.EXCESS), 0),
            held_seconds=sum(found.get((pool, fate), 0) for fate in (Fate.HELD, Fate.UNPRICED)),
            unpaid_seconds=found.get((pool, Fate.UNPAID_OVERLAP), 0),
        )
        for pool, placed in sorted(by_pool.items())
    )


def raised_by(extension: Extension, several: Iterable[PoolMonth], judgement: Judgement) -> PoolMonth | None:
    """That of the pool whose cap the extension would raise; None without an order. Source: E5."""
    pool = pool_of(extension, judgement.setting.placed)
    return next((one for one in several if one.pool == pool), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedDay:
    """A day of a request: the provider's plans and visits at the customer, each in the order of their starts."""

    day: date
    plans: tuple[PlannedVisit, ...]
    visits: tuple[Visit, ...]


def requested_days(extension: Extension, judgement: Judgement) -> tuple[RequestedDay, ...]:
    """Each day that the request names, or in which a visit that it names is placed. Source: E2."""
    theirs = [one for one in judgement.visits if is_about(one, extension)]
    named = {local_day(one.placed_at) for one in theirs if one.id in extension.visit_ids}
    whose = (extension.provider_id, extension.customer_id)
    plans = sorted(
        (one for one in judgement.setting.plans if (one.provider_id, one.customer_id) == whose),
        key=lambda one: (one.starts_at, one.id),
    )
    return tuple(
        RequestedDay(
            day=day,
            plans=tuple(one for one in plans if local_day(one.starts_at) == day),
            visits=tuple(one for one in theirs if local_day(one.placed_at) == day),
        )
        for day in sorted({*extension.days, *named})
    )
