"""A visit's parts: each belongs to one customer and one service, and they sum to the stay (V12, V15, T5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from app.rules.orders import Placed
from app.rules.providers import Service
from app.rules.time import Interval, local_day, shift, split_at, split_at_days
from app.rules.visits.surroundings import Surroundings
from app.rules.visits.values import HouseholdShare, Part, Visit

Borders = Callable[[Interval, Service | None], Iterable[datetime]]
"""The instants inside an interval at which a service's price may change."""


def no_borders(_interval: Interval, _service: Service | None) -> Iterable[datetime]:
    """No price changes within a day."""
    return ()


def parts_of(visit: Visit, around: Surroundings, borders: Borders = no_borders) -> tuple[Part, ...]:
    """The parts of the visit in order, with the order that covers each where one does; () while an end is missing.

    Source: V12, V14, V15; R2 for the order.
    """
    stay = visit.interval
    if stay is None:
        return ()
    found: list[Part] = []
    for piece, service in by_service(stay, visit):
        for customer_id, own in _by_customer(piece, service, visit, borders):
            for day in split_at_days(own):
                _append(found, _part(visit, customer_id, service, day, around))
    return tuple(found)


def by_service(stay: Interval, visit: Visit) -> list[tuple[Interval, Service | None]]:
    """The stay divided at the seconds where its service changes. Source: V15."""
    inside = [change for change in visit.service_changes if stay.start <= change.at < stay.end]
    pieces: list[tuple[Interval, Service | None]] = []
    for piece in split_at(stay, [change.at for change in inside]):
        service = visit.service
        for change in inside:
            if change.at <= piece.start:
                service = change.service
        pieces.append((piece, service))
    return pieces


def _by_customer(
    piece: Interval, service: Service | None, visit: Visit, borders: Borders
) -> list[tuple[str | None, Interval]]:
    """Whose the time is: every piece between borders divided in whole seconds by the shares, the odd ones to the first
    named.

    Each customer's seconds are a stretch of their own within the piece, so that the parts overlap nowhere. Source: V12.
    """
    if not visit.household:
        return [(visit.customer_id, piece)]
    found: list[tuple[str | None, Interval]] = []
    for day in split_at_days(piece):
        for part in split_at(day, borders(day, service)):
            found += _divide(part, visit.household)
    return found


def _divide(piece: Interval, household: tuple[HouseholdShare, ...]) -> list[tuple[str | None, Interval]]:
    total = sum(one.share for one in household)
    seconds = [piece.seconds * one.share // total for one in household]
    seconds[0] += piece.seconds - sum(seconds)
    found: list[tuple[str | None, Interval]] = []
    edges = [piece.start]
    for one, own in zip(household, seconds, strict=True):
        edges.append(shift(edges[-1], own))
        if own:
            found.append((one.customer_id, Interval(edges[-2], edges[-1])))
    return found


def _part(
    visit: Visit, customer_id: str | None, service: Service | None, piece: Interval, around: Surroundings
) -> Part:
    placed = _covering(visit, customer_id, service, piece, around)
    return Part(
        customer_id=customer_id,
        service=service,
        starts_at=piece.start,
        ends_at=piece.end,
        law=None if placed is None else placed.grant.law,
        order_id=None if placed is None else placed.order.id,
    )


def _covering(
    visit: Visit, customer_id: str | None, service: Service | None, piece: Interval, around: Surroundings
) -> Placed | None:
    if customer_id is None or service is None or visit.extra_service:
        return None
    covering = around.covering(visit.provider_id, customer_id, service, local_day(piece.start), visit.planned_visit_id)
    return covering[0] if covering else None


def _append(found: list[Part], part: Part) -> None:
    """Parts that touch and differ in nothing are one part."""
    last = found[-1] if found else None
    if last is not None and last.ends_at == part.starts_at and _belongs(last) == _belongs(part):
        found[-1] = Part(
            customer_id=part.customer_id,
            service=part.service,
            starts_at=last.starts_at,
            ends_at=part.ends_at,
            law=part.law,
            order_id=part.order_id,
        )
    else:
        found.append(part)


def _belongs(part: Part) -> tuple[str | None, Service | None, str | None]:
    return (part.customer_id, part.service, part.order_id)
