"""What a provider is paid for a month in a municipality, from what, and why the rest is not paid (R2, R6, R8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from app.rules.deviations.judge import Judgement
from app.rules.deviations.requested import PoolMonth, pool_months
from app.rules.deviations.seconds import Fate
from app.rules.deviations.values import Rule
from app.rules.providers import Law, Service
from app.rules.reimbursement.fates import Fates, Piece, pieces, sum_of
from app.rules.reimbursement.lines import excesses
from app.rules.reimbursement.steps import Worked, worked
from app.rules.reimbursement.values import Cause, Line
from app.rules.time import local_month
from app.rules.visits.values import Visit, VisitState

_HALF = frozenset({VisitState.NO_CHECK_IN, VisitState.NO_CHECK_OUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose month in which municipality."""

    municipality: str
    provider_id: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a visit has of the customer's month, and the rules that hold it."""

    visit_id: str
    starts_at: datetime
    fates: Fates
    held_by: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Seconds that the same rules hold, in so many visits. Each second stands once."""

    rules: tuple[Rule, ...]
    seconds: int
    visits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ByRate:
    """What the lines of one service, law and rate come to; öre of lines that were each rounded once."""

    service: Service
    law: Law
    rate_id: str
    band: str | None
    ore_per_hour: Decimal
    seconds: int
    amount_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCustomer:
    """One customer's month: what may be performed, what was, and the lines that it comes to."""

    customer_id: str
    granted_seconds: int
    extension_seconds: int
    fates: Fates
    lines: tuple[Line, ...]
    visits: tuple[Share, ...]

    @property
    def amount_ore(self) -> int:
        """What the lines come to."""
        return sum(one.amount_ore for one in self.lines)

    @property
    def worked(self) -> tuple[tuple[Line, Worked], ...]:
        """Each line with its sum worked out. Source: R1."""
        return tuple((one, worked(one.seconds, one.total.ore_per_hour)) for one in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A provider's month in one municipality. `nowhere` was performed at nobody known, which no municipality has yet.

    `excess_ore` is what the seconds beyond the caps would have been worth. `adjustments` are of earlier months, and
    paid with this one.
    """

    place: Place
    fates: Fates
    nowhere: Fates
    half_visits: int
    granted_seconds: int
    extension_seconds: int
    excess_ore: int
    held: tuple[Held, ...]
    by_rate: tuple[ByRate, ...]
    customers: tuple[OfCustomer, ...]
    adjustments: tuple[Line, ...]

    @property
    def month_ore(self) -> int:
        """What the month itself comes to."""
        return sum(one.amount_ore for one in self.customers)

    @property
    def adjusted_ore(self) -> int:
        """What the adjustments of earlier months come to."""
        return sum(one.amount_ore for one in self.adjustments)

    @property
    def amount_ore(self) -> int:
        """What is paid: the month, and the adjustments that come with it."""
        return self.month_ore + self.adjusted_ore


def statement(place: Place, judgement: Judgement, lines: Iterable[Line]) -> Statement:
    """The provider's month as the judgement has it, with the lines that a run issued or would. Source: R2, R6, R8."""
    told = tuple(lines)
    found = _Gathered(place=place, judgement=judgement)
    everything = [piece for several in found.by_customer.values() for piece in several]
    months = [one for one in told if one.total.key.month == place.month]
    own = [one.pool for one in found.pools]
    customers = sorted({*found.by_customer, *(one.customer_id for one in own), *_customers(months)})
    return Statement(
        place=place,
        fates=sum_of(piece for _, piece in everything),
        nowhere=sum_of(piece for _, piece in found.nowhere),
        half_visits=found.half_visits(),
        granted_seconds=sum(one.granted_seconds for one in found.pools),
        extension_seconds=sum(one.extension_seconds for one in found.pools),
        excess_ore=_worth(judgement, found),
        held=_held(everything),
        by_rate=by_rate(months),
        customers=tuple(_of_customer(one, found, months) for one in customers),
        adjustments=tuple(one for one in told if one.total.key.month != place.month),
    )


Seen = tuple[Visit, Piece]
"""A piece with the visit that it is of."""


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """The place's pieces by customer, those at nobody known, and its pools."""

    place: Place
    judgement: Judgement
    by_customer: dict[str, list[Seen]] = field(default_factory=dict)
    nowhere: list[Seen] = field(default_factory=list)
    pools: tuple[PoolMonth, ...] = ()

    def __post_init__(self) -> None:
        visits = {one.id: one for one in self.judgement.visits if one.provider_id == self.place.provider_id}
        for visit_id, several in pieces(self.judgement).items():
            for one in several if visit_id in visits else ():
                if one.month == self.place.month:
                    self._keep(visits[visit_id], one)
        self.pools = tuple(
            one
            for one in pool_months(self.judgement, self.place.month)
            if one.pool.provider_id == self.place.provider_id and self.is_here(one.pool.customer_id)
        )

    def is_here(self, customer_id: str | None) -> bool:
        """True for a customer of the municipality."""
        return self.judgement.setting.around.municipality(customer_id) == self.place.municipality

    def _keep(self, visit: Visit, piece: Piece) -> None:
        if piece.customer_id is None:
            self.nowhere.append((visit, piece))
        elif self.is_here(piece.customer_id):
            self.by_customer.setdefault(piece.customer_id, []).append((visit, piece))

    def half_visits(self) -> int:
        """How many of the month's visits lack an end, and so have no time that could be paid. Source: V4."""
        return sum(
            one.provider_id == self.place.provider_id
            and one.state in _HALF
            and local_month(one.placed_at) == self.place.month
            and (not one.customer_ids or any(self.is_here(customer) for customer in one.customer_ids))
            for one in self.judgement.visits
        )


def _worth(judgement: Judgement, found: _Gathered) -> int:
    """What lies beyond the caps is worth, of each pool its exact worth rounded once. Source: R2."""
    told = excesses(judgement, [found.place.month])
    return sum(
        one.worth_ore for one in told if one.provider_id == found.place.provider_id and found.is_here(one.customer_id)
    )


def _held(several: Iterable[Seen]) -> tuple[Held, ...]:
    """What is held, by the rules that hold it, the most seconds first; unpriced time is held by D20."""
    seconds: dict[tuple[Rule, ...], int] = {}
    visits: dict[tuple[Rule, ...], set[str]] = {}
    for visit, one in several:
        if one.fate in (Fate.HELD, Fate.UNPRICED):
            rules = one.held_by if one.fate is Fate.HELD else (Rule.D20,)
            seconds[rules] = seconds.get(rules, 0) + one.seconds
            visits.setdefault(rules, set()).add(visit.id)
    found = [Held(rules=rules, seconds=told, visits=len(visits[rules])) for rules, told in seconds.items()]
    return tuple(sorted(found, key=lambda one: (-one.seconds, one.rules)))


def by_rate(lines: Iterable[Line]) -> tuple[ByRate, ...]:
    """What the lines of each service, law and rate come to, in their order."""
    found: dict[tuple[Service, Law, str], list[Line]] = {}
    for one in lines:
        key = one.total.key
        found.setdefault((key.service, key.law, key.rate_id), []).append(one)
    return tuple(
        ByRate(
            service=service,
            law=law,
            rate_id=rate_id,
            band=several[0].total.band,
            ore_per_hour=several[0].total.ore_per_hour,
            seconds=sum(one.seconds for one in several),
            amount_ore=sum(one.amount_ore for one in several),
        )
        for (service, law, rate_id), several in sorted(found.items())
    )


def _customers(lines: Iterable[Line]) -> set[str]:
    return {one.total.key.customer_id for one in lines}


def _of_customer(customer_id: str, found: _Gathered, lines: Iterable[Line]) -> OfCustomer:
    own = [one for one in found.pools if one.pool.customer_id == customer_id]
    seen = found.by_customer.get(customer_id, [])
    by_visit: dict[str, list[Seen]] = {}
    for visit, piece in seen:
        by_visit.setdefault(visit.id, []).append((visit, piece))
    shares = (_share(several) for several in by_visit.values())
    return OfCustomer(
        customer_id=customer_id,
        granted_seconds=sum(one.granted_seconds for one in own),
        extension_seconds=sum(one.extension_seconds for one in own),
        fates=sum_of(piece for _, piece in seen),
        lines=tuple(one for one in lines if one.total.key.customer_id == customer_id),
        visits=tuple(sorted(shares, key=lambda one: (one.starts_at, one.visit_id))),
    )


def _share(several: list[Seen]) -> Share:
    holders = {rule for _, piece in several for rule in piece.held_by}
    return Share(
        visit_id=several[0][0].id,
        starts_at=min(piece.starts_at for _, piece in several),
        fates=sum_of(piece for _, piece in several),
        held_by=tuple(sorted(holders, key=lambda rule: int(rule[1:]))),
    )


def later_ore(lines: Iterable[Line], place: Place) -> int:
    """What later runs have issued for the month since it was issued itself. Source: R8."""
    return sum(one.amount_ore for one in lines if one.total.key.month == place.month and one.run != place.month)


def issued_with(lines: Iterable[Line], month: str) -> tuple[Line, ...]:
    """The lines that the month's own run issued."""
    return tuple(one for one in lines if one.run == month)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caused:
    """What adjustments of one month and cause come to."""

    month: str
    cause: Cause
    lines: tuple[Line, ...]

    @property
    def seconds(self) -> int:
        """So many more, or fewer, than were issued before."""
        return sum(one.seconds for one in self.lines)

    @property
    def amount_ore(self) -> int:
        """So much more, or less."""
        return sum(one.amount_ore for one in self.lines)


def by_cause(lines: Iterable[Line]) -> tuple[Caused, ...]:
    """The adjustments by month and cause, in that order."""
    found: dict[tuple[str, Cause], list[Line]] = {}
    for one in lines:
        found.setdefault((one.total.key.month, one.cause or Cause.OTHER), []).append(one)
    return tuple(Caused(month=key[0], cause=key[1], lines=tuple(told)) for key, told in sorted(found.items()))
