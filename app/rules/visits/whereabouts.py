"""Where a phone was when it registered: the customer's home, so kept and shown as the home itself would be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.rules.people import Customer, Protection
from app.rules.visits.values import Registration, Resolved


def kept_registration(registration: Registration, customers: Iterable[Customer]) -> Registration:
    """The registration as it may be stored: its position only where it is known whose home that is, and nobody there is
    protected. One of an unknown home might be of a protected one, and proves nothing (V7). Source: A4.
    """
    if registration.place.position is None or _none_protected(customers):
        return registration
    return _without_position(registration)


def shown_registration(one: Resolved, customers: Iterable[Customer], with_names: bool) -> Resolved:
    """The registration as it may be shown: its position only to who sees names, and to nobody where a customer is
    protected by now, or not known.

    Source: A2, A4; that a position tells as much as a name: our decision.
    """
    if one.registration.place.position is None or (with_names and _none_protected(customers)):
        return one
    return replace(one, registration=_without_position(one.registration))


def customers_at(one: Resolved) -> frozenset[str]:
    """The ids of everybody whose home the registration was made at, as far as it tells."""
    told = {one.customer_id, one.reading.customer_id, *(share.customer_id for share in one.registration.household)}
    return frozenset(key for key in told if key is not None)


def _none_protected(customers: Iterable[Customer]) -> bool:
    kinds = {one.protection for one in customers}
    return kinds == {Protection.NONE}


def _without_position(registration: Registration) -> Registration:
    return replace(registration, place=replace(registration.place, position=None))
