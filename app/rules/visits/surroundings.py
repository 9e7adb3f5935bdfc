"""What the fold reads beside the registrations: plans as they stood, orders as known now, policies, municipalities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from app.rules.orders import Placed
from app.rules.plans import PlannedVisit
from app.rules.policies import Policies
from app.rules.providers import Law, Service
from app.rules.time import local_day, shift
from app.rules.visits.taps import Tap

LONG_SERVICES = (Service.ESCORT, Service.RESPITE)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Plans by id as they stood at their start (V16), orders by (provider, customer), policies, municipality by
    customer. `taps` are those of other registrations that the ones to be folded are held against (D21).
    """

    plans: Mapping[str, PlannedVisit]
    orders: Mapping[tuple[str, str], tuple[Placed, ...]]
    policies: Policies
    municipalities: Mapping[str, str]
    taps: tuple[Tap, ...] = ()
    _covering: dict[tuple[str, str, date], tuple[Placed, ...]] = field(default_factory=dict, compare=False, repr=False)

    def municipality(self, customer_id: str | None) -> str | None:
        """The customer's municipality, None where it is not known."""
        return None if customer_id is None else self.municipalities.get(customer_id)

    def orders_on(self, provider_id: str, customer_id: str, day: date) -> tuple[Placed, ...]:
        """The orders that the customer has with the provider that day, the earliest first."""
        key = (provider_id, customer_id, day)
        if key not in self._covering:
            placed = self.orders.get((provider_id, customer_id), ())
            self._covering[key] = tuple(one for one in placed if one.valid_on(day))
        return self._covering[key]

    def only_service(self, provider_id: str, customer_id: str | None, at: datetime) -> Service | None:
        """The service of the only order there is then, its first where it has several; else None. Source: V14."""
        if customer_id is None:
            return None
        placed = self.orders_on(provider_id, customer_id, local_day(at))
        return placed[0].grant.services[0] if len(placed) == 1 else None

    def longest_stay(self, service: Service | None, municipality: str | None, day: date) -> int:
        """Seconds that a visit may be open before it is a half visit; at that border it still closes. Source: V4."""
        return self.policies.number(longest_stay_policy(service), municipality, day)

    def open_until(
        self, start: datetime, plan_id: str | None, service: Service | None, customer_id: str | None
    ) -> datetime:
        """Until when, that instant included, an open visit is nothing to ask about: so long past its planned end, else
        the longest stay. Source: D7.
        """
        municipality, day = self.municipality(customer_id), local_day(start)
        plan = None if plan_id is None else self.plans.get(plan_id)
        if plan is not None:
            return shift(plan.ends_at, self.policies.number("no_check_out_seconds", municipality, day))
        return shift(start, self.longest_stay(service, municipality, day))

    def covering(
        self, provider_id: str, customer_id: str, service: Service, day: date, plan_id: str | None
    ) -> tuple[Placed, ...]:
        """The orders that cover the service that day, in the order in which their caps are used: the planned visit's
        grant, else SoL before LSS, then the earliest order. Source: R2.
        """
        plan = None if plan_id is None else self.plans.get(plan_id)
        wanted = None if plan is None else plan.grant_id
        found = [one for one in self.orders_on(provider_id, customer_id, day) if service in one.grant.services]
        return tuple(sorted(found, key=lambda one: (one.grant.id != wanted, one.grant.law is not Law.SOL)))


def longest_stay_policy(service: Service | None) -> str:
    """Which policy says how long a visit of the service may be open. Source: V4."""
    return "longest_stay_escort_respite_seconds" if service in LONG_SERVICES else "longest_stay_seconds"


def surroundings(
    plans: Iterable[PlannedVisit], placed: Iterable[Placed], policies: Policies, municipalities: Mapping[str, str]
) -> Surroundings:
    """The surroundings of a fold; `plans` are as they stood at their start, `placed` the earliest first."""
    orders: dict[tuple[str, str], tuple[Placed, ...]] = {}
    for one in placed:
        key = (one.order.provider_id, one.grant.customer_id)
        orders[key] = (*orders.get(key, ()), one)
    return Surroundings({plan.id: plan for plan in plans}, orders, policies, municipalities)
