"""Grants and orders: what was granted, whom it was ordered from, and what that comes to in a month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
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

    `double_staffed_seconds`, contained in `granted_seconds`, may be a second caregiver's (R5). `target_group`
    (målgrupp) is whom it is for, where accreditation tells groups apart (O6); None does not say.
    """

    customer_id: str
    services: tuple[Service, ...]
    law: Law
    granted_seconds: int
    per: Per
    valid_from: date
    every: int = 1
    double_staffed_seconds: int = 0
    target_group: str | None = None
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
    """An order together with the grant it places: where that changed in its time, with each version for its own days.

    `continues` marks a later version's days: care began with the first.
    """

    order: Order
    grant: Grant
    continues: bool = False
    pool: PoolKey = field(init=False, compare=False, repr=False)
    """The cap that this order's seconds are counted against; made once, for every stretch asks for it. Source: R2."""

    def __post_init__(self) -> None:
        grant = self.grant
        pool = PoolKey(
            provider_id=self.order.provider_id,
            customer_id=grant.customer_id,
            law=grant.law,
            services=tuple(sorted(grant.services)),
        )
        object.__setattr__(self, "pool", pool)

    @property
    def begins_at(self) -> datetime:
        """The later of order and validity: from then O4 and O5 count."""
        return max(self.order.ordered_at, local_instant(self.first_day))

    @property
    def first_day(self) -> date:
        """The first day on which both the grant and the order may hold."""
        return max(self.order.valid_from, self.grant.valid_from)

    def valid_on(self, day: date) -> bool:
        """True on days when both the grant and the order hold. Source: O2."""
        return valid_on(self.order.valid_from, self.order.valid_before, day) and valid_on(
            self.grant.valid_from, self.grant.valid_before, day
        )


def as_held(versions: Iterable[Grant]) -> tuple[Grant, ...]:
    """The versions of each grant for the days on which they hold: a later one from its `valid_from` on, the ones before
    it until then. One that begins no later than an earlier one takes its place. By id, then by day. Source: O1, O2.
    """
    told: dict[str, list[Grant]] = {}
    for one in versions:
        told.setdefault(one.id, []).append(one)
    found: list[Grant] = []
    for _, of_one in sorted(told.items()):
        held: list[Grant] = []
        for version in sorted(of_one, key=lambda one: (one.recorded_at, one.version)):
            held = [_until(one, version.valid_from) for one in held if one.valid_from < version.valid_from]
            held.append(version)
        found += held
    return tuple(found)


def _until(grant: Grant, day: date) -> Grant:
    return grant if grant.valid_before is not None and grant.valid_before <= day else replace(grant, valid_before=day)


def place(orders: Iterable[Order], grants: Iterable[Grant]) -> tuple[Placed, ...]:
    """Each order with its grant, the earliest first (ties by id); an order whose grant is not known is left out.

    Of a grant in several versions (`as_held`), the order is there once for each.
    """
    by_id: dict[str, list[Grant]] = {}
    for grant in grants:
        by_id.setdefault(grant.id, []).append(grant)
    placed = [
        Placed(order=order, grant=grant, continues=position > 0)
        for order in orders
        for position, grant in enumerate(by_id.get(order.grant_id, ()))
    ]
    return tuple(sorted(placed, key=lambda one: (one.order.ordered_at, one.order.id, one.grant.valid_from)))


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
    """Seconds of the month that may be a second caregiver's, cut to whole seconds once. Source: O2, R5."""
    total = sum(double_staffed_by_grant(pool, month).values(), Fraction(0))
    return total.numerator // total.denominator


def double_staffed_by_grant(placed: Iterable[Placed], month: str) -> dict[str, Fraction]:
    """The second caregiver's seconds of each grant in the month, by its id. Exact.

    A grant that several orders place in parts has its seconds once, each version for its days. Source: O2, R5.
    """
    versions: dict[tuple[str, int], list[Placed]] = {}
    for one in placed:
        versions.setdefault((one.grant.id, one.grant.version), []).append(one)
    found: dict[str, Fraction] = {}
    for (grant_id, _), parts in versions.items():
        days = {day for one in parts for day in _valid_days(one, month)}
        seconds = per_day(parts[0].grant.double_staffed_seconds, parts[0].grant, month) * len(days)
        found[grant_id] = found.get(grant_id, Fraction(0)) + seconds
    return found


def _valid_days(placed: Placed, month: str, away: frozenset[date] = frozenset()) -> list[date]:
    return [day for day in days_of(month) if placed.valid_on(day) and day not in away]


def accredited(
    accreditations: Iterable[Accreditation] | None,
    provider_id: str,
    municipality: str,
    service: Service,
    law: Law,
    day: date,
    target_group: str | None = None,
) -> bool:
    """True where the provider may be paid for the service, law and group in the municipality that day; None assumes it.

    Source: O6.
    """
    if accreditations is None:
        return True
    return any(
        one.provider_id == provider_id and one.covers(municipality, service, law, day, target_group)
        for one in accreditations
    )


def check_order(
    order: Order,
    grant: Grant,
    others: Iterable[Order],
    municipality: str,
    accreditations: Iterable[Accreditation] | None,
    load: Iterable[Placed] = (),
    before: Order | None = None,
) -> None:
    """Refuses an order to a provider that is not accredited or has reached its ceiling (O6), and parts that exceed the
    whole (O3).

    `others` are the orders of the same grant, without this one; `load` the provider's other orders in the municipality;
    `before` the version that it replaces: where it asks for no more than that, O6 is not asked again, so that an order
    can be ended and told of whatever has become of the accreditation.
    """
    rows = None if accreditations is None else tuple(accreditations)
    held, placed = tuple(load), Placed(order=order, grant=grant)
    for service in () if before is not None and _asks_no_more(order, before, grant) else grant.services:
        _check_accredited(placed, service, municipality, rows)
        exceeded = exceeded_ceiling(placed, service, municipality, rows or (), held)
        if exceeded is not None:
            raise Refused(
                "O6",
                f"the provider takes at most {exceeded} s of {service} a week in {municipality}",
                pointer="/provider_id",
                facts={"ceiling_seconds_per_week": exceeded},
            )
    for moment in _starts(order, others):
        asked = ordered_on((order, *others), grant, moment)
        if asked > grant.granted_seconds:
            raise Refused(
                "O3",
                f"orders of {asked} s exceed the granted {grant.granted_seconds} s on {moment}",
                pointer="/ordered_seconds",
                facts={"asked_seconds": asked, "granted_seconds": grant.granted_seconds},
            )


def _asks_no_more(order: Order, before: Order, grant: Grant) -> bool:
    """True where it places no more of the grant, with the same provider from the same day, and no longer."""
    told, held = (
        (
            one.grant_id,
            one.provider_id,
            one.valid_from,
            grant.granted_seconds if one.ordered_seconds is None else one.ordered_seconds,
            one.valid_before or date.max,
        )
        for one in (order, before)
    )
    return told[:3] == held[:3] and told[3] <= held[3] and told[4] <= held[4]


def ordered_on(orders: Iterable[Order], grant: Grant, day: date) -> int:
    """Seconds of the grant, in its own time frame, that these orders of it place on the day. Source: O3."""
    holding = (one for one in orders if valid_on(one.valid_from, one.valid_before, day))
    return sum(grant.granted_seconds if one.ordered_seconds is None else one.ordered_seconds for one in holding)


def _check_accredited(
    placed: Placed, service: Service, municipality: str, rows: tuple[Accreditation, ...] | None
) -> None:
    """Refuses a provider that is not accredited on the first day on which the order holds. Source: O6."""
    grant, day = placed.grant, placed.first_day
    if not accredited(rows, placed.order.provider_id, municipality, service, grant.law, day, grant.target_group):
        group = "" if grant.target_group is None else f", {grant.target_group}"
        raise Refused(
            "O6",
            f"the provider is not accredited for {service} ({grant.law}{group}) in {municipality} on {day}",
            pointer="/provider_id",
        )


def exceeded_ceiling(
    placed: Placed,
    service: Service,
    municipality: str,
    accreditations: Iterable[Accreditation],
    load: Iterable[Placed],
) -> int | None:
    """The ceiling, in seconds a week, that the order exceeds with the provider's others (`load`) on any day; None where
    it fits.

    An order of several services counts whole for each of them. Source: O6, LR 3.5; how it is counted: our decision.
    """
    declared = tuple(one for one in accreditations if one.provider_id == placed.order.provider_id)
    if all(one.ceiling_seconds_per_week is None for one in declared):
        return None
    beside = [one for one in (placed, *load) if service in one.grant.services]
    begins = {one.first_day for one in beside}
    for day in sorted(day for day in begins if placed.valid_on(day)):
        ceiling = declared_ceiling(declared, service, municipality, placed.grant, day)
        asked = sum((seconds_a_week(one, day) for one in beside if one.valid_on(day)), Fraction(0))
        if ceiling is not None and asked > ceiling:
            return ceiling
    return None


def declared_ceiling(
    accreditations: Iterable[Accreditation], service: Service, municipality: str, grant: Grant, day: date
) -> int | None:
    """Seconds a week that one provider declared it takes of the service on the day, the most of its accreditations for
    the grant; None where one of them has no ceiling, or none holds. Source: O6, LR 3.4.
    """
    holding = [one for one in accreditations if one.covers(municipality, service, grant.law, day, grant.target_group)]
    ceilings = [one.ceiling_seconds_per_week for one in holding if one.ceiling_seconds_per_week is not None]
    return max(ceilings) if ceilings and len(ceilings) == len(holding) else None


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
