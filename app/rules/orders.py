"""Grants and orders: what was granted, whom it was ordered from, and what that comes to in a month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from app.rules.providers import Accreditation, Law, Service
from app.rules.recorded import Recorded, valid_on
from app.rules.refusal import Refused
from app.rules.time import days_of, local_day, local_instant, month_of, shift


class Per(StrEnum):
    """The time frame of a grant. Source: LR 3.1, O1."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class ChosenBy(StrEnum):
    """Who named the provider. Source: O3, LR 3.4."""

    CUSTOMER = "customer"
    NO_CHOICE = "no_choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Recorded):
    """Biståndsbeslut: caregiver seconds per `every` days, weeks or months, shared by its services. Source: O1.

    `double_staffed_seconds`, contained in `granted_seconds`, may be a second caregiver's (R5).
    """

    customer_id: str
    services: tuple[Service, ...]
    law: Law
    granted_seconds: int
    per: Per
    valid_from: date
    every: int = 1
    double_staffed_seconds: int = 0
    valid_before: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Recorded):
    """Beställning: a grant, or `ordered_seconds` of it, placed with one provider. Source: LR 3.1, 3.2, O3."""

    grant_id: str
    provider_id: str
    ordered_at: datetime
    chosen_by: ChosenBy
    valid_from: date
    ordered_seconds: int | None = None
    valid_before: date | None = None
    implementation_plan_received_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PoolKey:
    """One cap: provider, customer, law and the services of the grant. Source: R2."""

    provider_id: str
    customer_id: str
    law: Law
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An order together with the grant it places."""

    order: Order
    grant: Grant

    @property
    def pool(self) -> PoolKey:
        """The cap that this order's seconds are counted against. Source: R2."""
        grant = self.grant
        return PoolKey(
            provider_id=self.order.provider_id,
            customer_id=grant.customer_id,
            law=grant.law,
            services=tuple(sorted(grant.services)),
        )

    @property
    def begins_at(self) -> datetime:
        """The later of order and validity: from then O4 and O5 count."""
        return max(self.order.ordered_at, local_instant(max(self.order.valid_from, self.grant.valid_from)))

    def valid_on(self, day: date) -> bool:
        """True on days when both the grant and the order hold. Source: O2."""
        return valid_on(self.order.valid_from, self.order.valid_before, day) and valid_on(
            self.grant.valid_from, self.grant.valid_before, day
        )


def place(orders: Iterable[Order], grants: Iterable[Grant]) -> tuple[Placed, ...]:
    """Each order with its grant, the earliest first (ties by id); an order whose grant is not known is left out."""
    by_id = {grant.id: grant for grant in grants}
    placed = [Placed(order=order, grant=by_id[order.grant_id]) for order in orders if order.grant_id in by_id]
    return tuple(sorted(placed, key=lambda one: (one.order.ordered_at, one.order.id)))


def per_day(seconds: int, grant: Grant, month: str) -> Fraction:
    """What one valid day of the month is worth of `seconds` granted per the grant's time frame. Exact. Source: O2."""
    frame = {Per.DAY: 1, Per.WEEK: 7, Per.MONTH: len(days_of(month))}[grant.per]
    return Fraction(seconds, frame * grant.every)


def granted_seconds(pool: Iterable[Placed], month: str, away: frozenset[date] = frozenset()) -> int:
    """Seconds granted to one pool in the month: exact for each order, summed, and cut to whole seconds once.

    Days in `away` are left out (V18, for D1 only). Source: O2.
    """
    total = Fraction(0)
    for placed in pool:
        ordered = placed.order.ordered_seconds
        seconds = placed.grant.granted_seconds if ordered is None else ordered
        total += per_day(seconds, placed.grant, month) * len(_valid_days(placed, month, away))
    return total.numerator // total.denominator


def double_staffed_seconds(pool: Iterable[Placed], month: str) -> int:
    """Seconds of the month that may be a second caregiver's, cut to whole seconds once.

    A grant that several orders of the pool place in parts has its seconds once. Source: O2, R5.
    """
    by_grant: dict[str, list[Placed]] = {}
    for placed in pool:
        by_grant.setdefault(placed.grant.id, []).append(placed)
    total = Fraction(0)
    for parts in by_grant.values():
        days = {day for placed in parts for day in _valid_days(placed, month)}
        total += per_day(parts[0].grant.double_staffed_seconds, parts[0].grant, month) * len(days)
    return total.numerator // total.denominator


def _valid_days(placed: Placed, month: str, away: frozenset[date] = frozenset()) -> list[date]:
    return [day for day in days_of(month) if placed.valid_on(day) and day not in away]


def accredited(
    accreditations: Iterable[Accreditation] | None,
    provider_id: str,
    municipality: str,
    service: Service,
    law: Law,
    day: date,
) -> bool:
    """True where the provider may be paid for the service and law in the municipality that day; None assumes it.

    Source: O6.
    """
    if accreditations is None:
        return True
    return any(one.provider_id == provider_id and one.covers(municipality, service, law, day) for one in accreditations)


def check_order(
    order: Order,
    grant: Grant,
    others: Iterable[Order],
    municipality: str,
    accreditations: Iterable[Accreditation] | None,
    load: Iterable[Placed] = (),
) -> None:
    """Refuses an order to a provider that is not accredited or has reached its ceiling (O6), and parts that exceed the
    whole (O3).

    `others` are the orders of the same grant, without this one; `load` the provider's other orders in the municipality.
    """
    rows = None if accreditations is None else tuple(accreditations)
    day = max(order.valid_from, grant.valid_from)
    for service in grant.services:
        if not accredited(rows, order.provider_id, municipality, service, grant.law, day):
            raise Refused(
                "O6",
                f"the provider is not accredited for {service} ({grant.law}) in {municipality} on {day}",
                pointer="/provider_id",
            )
        _check_ceiling(Placed(order=order, grant=grant), service, municipality, rows or (), tuple(load))
    for moment in _starts(order, others):
        placed = [one for one in (order, *others) if valid_on(one.valid_from, one.valid_before, moment)]
        asked = sum(grant.granted_seconds if one.ordered_seconds is None else one.ordered_seconds for one in placed)
        if asked > grant.granted_seconds:
            raise Refused(
                "O3",
                f"orders of {asked} s exceed the granted {grant.granted_seconds} s on {moment}",
                pointer="/ordered_seconds",
                facts={"asked_seconds": asked, "granted_seconds": grant.granted_seconds},
            )


def _check_ceiling(
    placed: Placed, service: Service, municipality: str, rows: tuple[Accreditation, ...], load: tuple[Placed, ...]
) -> None:
    """Refuses seconds a week beyond every ceiling that the provider declared for the service.

    An order of several services counts whole for each of them. Source: O6, LR 3.5; how it is counted: our decision.
    """
    declared = [one for one in rows if one.provider_id == placed.order.provider_id]
    if all(one.ceiling_seconds_per_week is None for one in declared):
        return
    beside = [one for one in (placed, *load) if service in one.grant.services]
    begins = {max(one.order.valid_from, one.grant.valid_from) for one in beside}
    for day in sorted(day for day in begins if placed.valid_on(day)):
        holding = [one for one in declared if one.covers(municipality, service, placed.grant.law, day)]
        ceilings = [one.ceiling_seconds_per_week for one in holding if one.ceiling_seconds_per_week is not None]
        asked = sum((seconds_a_week(one, day) for one in beside if one.valid_on(day)), Fraction(0))
        if ceilings and len(ceilings) == len(holding) and asked > max(ceilings):
            raise Refused(
                "O6",
                f"the provider takes at most {max(ceilings)} s of {service} a week in {municipality}",
                pointer="/provider_id",
                facts={"ceiling_seconds_per_week": max(ceilings)},
            )


def seconds_a_week(placed: Placed, day: date) -> Fraction:
    """What the order comes to in a week of the day's month. Exact. Source: O2."""
    ordered = placed.order.ordered_seconds
    seconds = placed.grant.granted_seconds if ordered is None else ordered
    return per_day(seconds, placed.grant, month_of(day)) * 7


def _starts(order: Order, others: Iterable[Order]) -> list[date]:
    days = {order.valid_from, *(one.valid_from for one in others)}
    return sorted(day for day in days if valid_on(order.valid_from, order.valid_before, day))


def start_due_at(placed: Placed, within_seconds: int) -> datetime:
    """When care must have started: counted from the later of order and validity. Source: O4."""
    return shift(placed.begins_at, within_seconds)


def plan_due_on(placed: Placed, within_days: int) -> date:
    """The last day on which the implementation plan is in time, counted like the start of care. Source: O5."""
    return date.fromordinal(local_day(placed.begins_at).toordinal() + within_days)


def pools(placed: Iterable[Placed]) -> dict[PoolKey, tuple[Placed, ...]]:
    """The orders of each pool, pools in order. Source: R2."""
    found: dict[PoolKey, list[Placed]] = {}
    for one in placed:
        found.setdefault(one.pool, []).append(one)
    return {key: tuple(found[key]) for key in sorted(found)}


def touches_month(placed: Placed, month: str) -> bool:
    """True where the order holds on any day of the month."""
    return any(placed.valid_on(day) for day in days_of(month))
