"""The no-choice order (ickevalsalternativet): whose turn it is where a customer does not choose, or loses its provider.

LR 3.4 names two principles, nearness to the customer and the volume that the provider declared itself, and not how they
weigh against each other. Here they weigh alike: a provider has a place by each, and the lowest sum of its places is
first; of equal sums the nearer, then the lesser volume, then the lower id (our decision).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any

from app.rules.orders import (
    ChosenBy,
    Grant,
    Order,
    Placed,
    accredited,
    declared_ceiling,
    exceeded_ceiling,
    ordered_on,
    seconds_a_week,
)
from app.rules.people import Customer, Position, Protection
from app.rules.providers import Accreditation, Provider, ProviderKind, Service
from app.rules.recorded import valid_on
from app.rules.refusal import Kind, Refused
from app.rules.time import BEGINNING
from app.rules.visits.distance import metres_between


class NoChoiceCause(StrEnum):
    """Why nobody has the grant: nobody was chosen, or the provider that had it is lost. Source: LR 3.3, 3.4."""

    NO_CHOICE = "no_choice"
    LOST_PROVIDER = "lost_provider"


class Nearness(StrEnum):
    """Whether it is known how near the providers are to the customer."""

    KNOWN = "known"
    PROTECTED = "customer_protected"
    UNKNOWN = "customer_position_unknown"


class Why(StrEnum):
    """Why a provider is passed over."""

    NOT_ACCREDITED = "not_accredited"
    NOT_IN_NO_CHOICE = "not_in_no_choice"
    NO_ROOM = "no_room"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """One reason why a provider is passed over, for one service of the grant."""

    why: Why
    service: Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a grant nobody has from a day on. `ordered_seconds` None is the whole grant; `valid_before` None has no
    end before the grant's. `lost` are the orders that no provider may deliver from that day.
    """

    grant: Grant
    valid_from: date
    ordered_seconds: int | None
    valid_before: date | None
    cause: NoChoiceCause
    lost: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A provider's place by volume: of the service that weighs most, what it has by no-choice orders against what it
    declared, in seconds a week; `ceiling` None declared nothing.
    """

    service: Service
    no_choice_seconds_per_week: int
    ceiling_seconds_per_week: int | None
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A provider and where it stands. `rank` 1 is whose turn it is, None is passed over.

    `metres` None is not known. `last_responsibility` marks the municipality's own where nobody else can (LR 3.2).
    """

    provider_id: str
    rank: int | None = None
    volume: Place | None = None
    metres: int | None = None
    nearness_place: int | None = None
    passed_over: tuple[PassedOver, ...] = ()
    last_responsibility: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the turn is reckoned from: the customer, every provider of the care system, their accreditations, and the
    orders in the customer's municipality.
    """

    customer: Customer
    providers: tuple[Provider, ...]
    accreditations: tuple[Accreditation, ...]
    placed: tuple[Placed, ...]

    @property
    def nearness(self) -> Nearness:
        """A protected customer has no position (A4), and then nearness does not count."""
        if self.customer.protection is not Protection.NONE:
            return Nearness.PROTECTED
        return Nearness.UNKNOWN if self.customer.position is None else Nearness.KNOWN

    @property
    def position(self) -> Position | None:
        """Where the customer lives, where that counts."""
        return self.customer.position if self.nearness is Nearness.KNOWN else None


def wanted_of(
    grant: Grant, orders: Iterable[Order], accreditations: Iterable[Accreditation], municipality: str, day: date
) -> Wanted:
    """What of the grant nobody has from the day on, until the next order that takes it.

    An order whose provider is no longer accredited for all of it is lost. Raises Refused P2 where the grant does not
    hold that day or all of it is ordered. Source: O3, O6, LR 3.4.
    """
    if not valid_on(grant.valid_from, grant.valid_before, day):
        raise Refused("P2", f"the grant does not hold on {day}", Kind.INVALID, "/valid_from")
    rows, told = tuple(accreditations), tuple(orders)
    lost = tuple(one for one in told if _is_lost(one, grant, rows, municipality, day))
    kept = [one for one in told if one not in lost]
    left = grant.granted_seconds - ordered_on(kept, grant, day)
    if left <= 0:
        raise Refused("P2", f"all of the grant is ordered on {day}", pointer="/grant_id")
    later = sorted({one.valid_from for one in kept if one.valid_from > day})
    taken = (moment for moment in later if ordered_on(kept, grant, moment) + left > grant.granted_seconds)
    ended = [one for one in told if one.valid_from < day and one.valid_before == day]
    return Wanted(
        grant=grant,
        valid_from=day,
        ordered_seconds=None if left == grant.granted_seconds else left,
        valid_before=next(taken, None),
        cause=NoChoiceCause.LOST_PROVIDER if lost or ended else NoChoiceCause.NO_CHOICE,
        lost=lost,
    )


def _is_lost(
    order: Order, grant: Grant, accreditations: tuple[Accreditation, ...], municipality: str, day: date
) -> bool:
    """True where it began before the day, would hold on it, and its provider may then not deliver all of it."""
    if order.valid_from >= day or not valid_on(order.valid_from, order.valid_before, day):
        return False
    return not all(
        accredited(accreditations, order.provider_id, municipality, service, grant.law, day, grant.target_group)
        for service in grant.services
    )


def turn_order(wanted: Wanted, around: Around) -> tuple[Candidate, ...]:
    """Every provider that is accredited for any of the grant, those in turn by rank first, then those passed over by
    id, each with its reasons.

    In turn are those that take no-choice customers for every service and law of the grant that day and have room for
    it. Where there are none, the municipality's own providers that are accredited for all of it bear the last
    responsibility, whatever they declared. Source: LR 3.2, 3.4, O3, O6, P2.
    """
    candidates = [found for one in around.providers if (found := _candidate(one, wanted, around)) is not None]
    in_turn = [one for one in candidates if not one.passed_over]
    passed = sorted((one for one in candidates if one.passed_over), key=lambda one: one.provider_id)
    if in_turn:
        return (*_ranked(in_turn), *passed)
    own = {one.id for one in around.providers if one.kind is ProviderKind.MUNICIPAL}
    last = [replace(one, last_responsibility=True) for one in passed if one.provider_id in own and _able(one)]
    ids = {one.provider_id for one in last}
    return (*_ranked(last), *(one for one in passed if one.provider_id not in ids))


def _able(one: Candidate) -> bool:
    return all(reason.why is not Why.NOT_ACCREDITED for reason in one.passed_over)


def _candidate(provider: Provider, wanted: Wanted, around: Around) -> Candidate | None:
    """The provider with its reasons; None where it is accredited for nothing of the grant."""
    grant, day, municipality = wanted.grant, wanted.valid_from, around.customer.municipality
    rows = tuple(one for one in around.accreditations if one.provider_id == provider.id)
    held = tuple(one for one in around.placed if one.order.provider_id == provider.id)
    placed = Placed(order=order_of(wanted, provider.id), grant=grant)
    reasons: list[PassedOver] = []
    for service in grant.services:
        holding = [one for one in rows if one.covers(municipality, service, grant.law, day, grant.target_group)]
        if not holding:
            reasons.append(PassedOver(why=Why.NOT_ACCREDITED, service=service))
        elif not any(one.takes_no_choice for one in holding):
            reasons.append(PassedOver(why=Why.NOT_IN_NO_CHOICE, service=service))
        elif exceeded_ceiling(placed, service, municipality, rows, held) is not None:
            reasons.append(PassedOver(why=Why.NO_ROOM, service=service))
    if sum(one.why is Why.NOT_ACCREDITED for one in reasons) == len(grant.services):
        return None
    return Candidate(
        provider_id=provider.id,
        volume=max((_volume(one, wanted, rows, held, municipality) for one in grant.services), key=_weight),
        metres=_metres(around.position, provider.position),
        passed_over=tuple(reasons),
    )


def _metres(here: Position | None, there: Position | None) -> int | None:
    return None if here is None or there is None else metres_between(here, there)


def order_of(wanted: Wanted, provider_id: str) -> Order:
    """The order that would place what is wanted with the provider; its id and times are whoever places it's to give."""
    return Order(
        id="",
        grant_id=wanted.grant.id,
        provider_id=provider_id,
        ordered_at=BEGINNING,
        chosen_by=ChosenBy.NO_CHOICE,
        ordered_seconds=wanted.ordered_seconds,
        valid_from=wanted.valid_from,
        valid_before=wanted.valid_before,
    )


def _volume(
    service: Service,
    wanted: Wanted,
    accreditations: tuple[Accreditation, ...],
    held: tuple[Placed, ...],
    municipality: str,
) -> Place:
    day = wanted.valid_from
    given = [
        one
        for one in held
        if one.order.chosen_by is ChosenBy.NO_CHOICE and service in one.grant.services and one.valid_on(day)
    ]
    seconds = sum((seconds_a_week(one, day) for one in given), Fraction(0))
    return Place(
        service=service,
        no_choice_seconds_per_week=seconds.numerator // seconds.denominator,
        ceiling_seconds_per_week=declared_ceiling(accreditations, service, municipality, wanted.grant, day),
    )


def _share(volume: Place) -> tuple[bool, Fraction]:
    """What share of its declared volume it has by no-choice orders. Who declared none has no share to be told by, and
    stands after who did, by its seconds. Source: LR 3.4; the last: our decision.
    """
    declared = volume.ceiling_seconds_per_week
    return declared is None, Fraction(volume.no_choice_seconds_per_week, max(declared or 1, 1))


def _weight(volume: Place) -> tuple[bool, Fraction]:
    """Of several services the one that weighs most: the fullest of those that it declared a volume for."""
    undeclared, share = _share(volume)
    return not undeclared, share


def _ranked(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    """The candidates by the sum of their places; who is as good as another has the same place."""
    volumes = _places({one.provider_id: _share(one.volume) for one in candidates if one.volume is not None})
    nearness = _places({one.provider_id: _away(one) for one in candidates})
    counts = any(one.metres is not None for one in candidates)

    def key(one: Candidate) -> tuple[int, int, int, str]:
        volume, near = volumes[one.provider_id], nearness[one.provider_id] if counts else 0
        return (volume + near, near, volume, one.provider_id)

    return tuple(
        replace(
            one,
            rank=rank,
            volume=one.volume and replace(one.volume, place=volumes[one.provider_id]),
            nearness_place=nearness[one.provider_id] if counts else None,
        )
        for rank, one in enumerate(sorted(candidates, key=key), start=1)
    )


def _away(one: Candidate) -> tuple[bool, Fraction]:
    """How far away; a provider whose base is not known stands after those whose is."""
    return one.metres is None, Fraction(one.metres or 0)


def _places(measures: Mapping[str, tuple[bool, Fraction]]) -> dict[str, int]:
    """Each one's place: one more than how many have less."""
    ordered = sorted(measures.values())
    return {key: 1 + ordered.index(measure) for key, measure in measures.items()}


def asked_from(grant: Grant, valid_from: date | None, today: date) -> date:
    """The day from which somebody is wanted: the one that is told, else today or the grant's first day if later."""
    return max(today, grant.valid_from) if valid_from is None else valid_from


def facts_of(wanted: Wanted, around: Around, candidates: Iterable[Candidate]) -> dict[str, object]:
    """Everything that the turn was reckoned from and came to, as it is kept, shown and compared. Source: P2."""
    grant = wanted.grant
    return {
        "cause": wanted.cause.value,
        "grant_version": grant.version,
        "services": [one.value for one in grant.services],
        "law": grant.law.value,
        "target_group": grant.target_group,
        "seconds": grant.granted_seconds if wanted.ordered_seconds is None else wanted.ordered_seconds,
        "per": grant.per.value,
        "every": grant.every,
        "whole_grant": wanted.ordered_seconds is None,
        "valid_before": wanted.valid_before and wanted.valid_before.isoformat(),
        "lost_order_ids": [one.id for one in wanted.lost],
        "nearness": around.nearness.value,
        "candidates": [_told(one) for one in candidates],
    }


def _told(one: Candidate) -> dict[str, object]:
    volume = one.volume
    return {
        "provider_id": one.provider_id,
        "rank": one.rank,
        "last_responsibility": one.last_responsibility,
        "volume": volume
        and {
            "place": volume.place or None,
            "service": volume.service.value,
            "no_choice_seconds_per_week": volume.no_choice_seconds_per_week,
            "ceiling_seconds_per_week": volume.ceiling_seconds_per_week,
        },
        "nearness": {"place": one.nearness_place, "metres": one.metres},
        "passed_over": [{"why": reason.why.value, "service": reason.service.value} for reason in one.passed_over],
    }


def shown_facts(facts: Mapping[str, Any], customer: Customer | None) -> dict[str, Any]:
    """The facts as they may be shown: of who is protected by now, not how far away anything lies. Source: A4."""
    if customer is not None and customer.protection is Protection.NONE:
        return dict(facts)
    hidden = [{**one, "nearness": {**one["nearness"], "metres": None}} for one in facts["candidates"]]
    return {**facts, "candidates": hidden}


def binding(chosen: Candidate, accreditations: Iterable[Accreditation]) -> tuple[Accreditation, ...]:
    """The accreditations that the order is held against: who bears the last responsibility, without their ceilings.

    Source: LR 1.2, 3.2; that the ceiling does not bind: our decision.
    """
    if not chosen.last_responsibility:
        return tuple(accreditations)
    return tuple(replace(one, ceiling_seconds_per_week=None) for one in accreditations)


def ended(order: Order, day: date) -> Order:
    """The lost order as it ends: the day is the first on which another has the customer."""
    return replace(order, valid_before=day)


def check_choice(candidates: Iterable[Candidate], provider_id: str, reason: str | None) -> Candidate:
    """The candidate that is decided on. Raises Refused P2 for a provider that is not in turn, and where it is not the
    first and no reason is given. Source: LR 3.4, P2.
    """
    chosen = next((one for one in candidates if one.provider_id == provider_id), None)
    if chosen is None or chosen.rank is None:
        reasons = [] if chosen is None else [f"{one.why.value} ({one.service})" for one in chosen.passed_over]
        why = ", ".join(reasons) or "it is no candidate"
        raise Refused("P2", f"the provider has no turn: {why}", pointer="/provider_id")
    if chosen.rank > 1 and not (reason or "").strip():
        raise Refused("P2", "say why another than the first in turn is decided on", Kind.INVALID, "/reason")
    return chosen


def check_current(shown: Mapping[str, object], now: Mapping[str, object]) -> None:
    """Refuses a proposal whose facts are no longer those that it showed: the turn may be another's. Source: P2."""
    changed = sorted(name for name in {*shown, *now} if shown.get(name) != now.get(name))
    if changed:
        raise Refused(
            "P2",
            f"the facts have changed since it was proposed ({', '.join(changed)}): make a new proposal",
            facts={"changed": changed},
        )


def check_undecided(decided: bool) -> None:
    """Refuses a second decision on one proposal. Source: P2."""
    if decided:
        raise Refused("P2", "the proposal has been decided on already")
