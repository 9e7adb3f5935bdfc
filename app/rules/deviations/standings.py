"""How a customer's pools stand in a month: granted, extended, performed, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.rules.deviations.judge import Judgement
from app.rules.deviations.seconds import Fate
from app.rules.extensions import Extension, pool_of
from app.rules.orders import PoolKey, granted_seconds, pools, touches_month


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Seconds of one pool in one month. What was performed is paid, excess or held; nothing else. Source: R2, R6."""

    pool: PoolKey
    month: str
    granted_seconds: int
    extension_seconds: int
    paid_seconds: int
    excess_seconds: int
    held_seconds: int

    @property
    def performed_seconds(self) -> int:
        """All that was performed of the pool's services."""
        return self.paid_seconds + self.excess_seconds + self.held_seconds


def standings(judgement: Judgement, month: str) -> tuple[Standing, ...]:
    """Every pool that an order places in the month, in the order of their keys, with or without visits.

    What is held counts for the first pool that covers it. Source: R2.
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
        Standing(
            pool=pool,
            month=month,
            granted_seconds=granted_seconds(placed, month),
            extension_seconds=judgement.setting.extended.get((pool, month), 0),
            paid_seconds=found.get((pool, Fate.PAID), 0),
            excess_seconds=found.get((pool, Fate.EXCESS), 0),
            held_seconds=sum(found.get((pool, fate), 0) for fate in (Fate.HELD, Fate.UNPRICED, Fate.UNPAID_OVERLAP)),
        )
        for pool, placed in sorted(by_pool.items())
    )


def standing_of(extension: Extension, several: Iterable[Standing], judgement: Judgement) -> Standing | None:
    """That of the pool whose cap the extension would raise; None without an order. Source: E5."""
    pool = pool_of(extension, judgement.setting.placed)
    return next((one for one in several if one.pool == pool), None)
