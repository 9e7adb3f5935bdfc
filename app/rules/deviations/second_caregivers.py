"""What is left of the second caregiver's seconds, as they are handed out: a pool's, and those of a grant in many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from app.rules.orders import Placed, PoolKey, double_staffed_by_grant, pools


class SecondCaregivers:
    """The second caregiver's seconds of each pool and month that are left. Source: R5.

    A grant that is placed in several pools, in parts with several providers, has its seconds once: what one of them has
    used is used for all. A pool uses its own grants before those that it shares, then by id; that order: our decision.
    """

    def __init__(self, of_pool: Mapping[tuple[PoolKey, str], int], placed: Iterable[Placed]) -> None:
        self._of_pool = dict(of_pool)
        self._of_grant: dict[tuple[str, str], Fraction] = {}
        self._pools = pools(placed)
        self._sharing: dict[str, set[PoolKey]] = {}
        for pool, orders in self._pools.items():
            for one in orders:
                self._sharing.setdefault(one.grant.id, set()).add(pool)

    def take(self, pool: PoolKey, month: str, wanted: int) -> int:
        """How many of the wanted seconds there are; they are used now."""
        taken = min(self._of_pool.get((pool, month), 0), wanted)
        if taken and any(len(self._sharing[one.grant.id]) > 1 for one in self._pools[pool]):
            taken = self._take_of_grants(pool, month, taken)
        if taken:
            self._of_pool[pool, month] -= taken
        return taken

    def _take_of_grants(self, pool: PoolKey, month: str, wanted: int) -> int:
        grants = sorted(
            double_staffed_by_grant(self._pools[pool], month), key=lambda one: (len(self._sharing[one]) > 1, one)
        )
        left = sum((self._left(one, month) for one in grants), Fraction(0))
        taken = min(wanted, left.numerator // left.denominator)
        rest = Fraction(taken)
        for one in grants:
            part = min(self._left(one, month), rest)
            self._of_grant[one, month] -= part
            rest -= part
        return taken

    def _left(self, grant: str, month: str) -> Fraction:
        if (grant, month) not in self._of_grant:
            everywhere = [one for pool in self._sharing[grant] for one in self._pools[pool] if one.grant.id == grant]
            self._of_grant[grant, month] = double_staffed_by_grant(everywhere, month).get(grant, Fraction(0))
        return self._of_grant[grant, month]
