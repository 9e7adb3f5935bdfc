"""The fold: a caregiver's registrations, in the order of (time, id), become stays (V4–V6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from app.rules.time import seconds_between
from app.rules.visits.values import RegistrationKind, Resolved


@dataclass(slots=True)
class Stay:
    """A visit in the making. `check_in` is None for a check-out with nothing to close."""

    check_in: Resolved | None
    check_out: Resolved | None = None
    superseded: bool = False
    closed_by_name: bool = False
    others: list[Resolved] = field(default_factory=list)
    changes: list[Resolved] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id of the registration that began it. Source: V4."""
        first = self.check_in or self.check_out
        if first is None:
            raise ValueError("a stay has at least one end")
        return first.id


Longest = Callable[[Resolved], int]
"""The longest stay in seconds that a check-in may be open, by its service (policy). Source: V4."""


def fold(registrations: Iterable[Resolved], longest: Longest) -> list[Stay]:
    """The stays of one caregiver; any order of the registrations gives the same. Source: V4, V5, V6, V9, V15."""
    ordered = sorted(registrations, key=lambda one: one.order)
    folding = _Folding(
        {one.id: Stay(one) for one in ordered if one.registration.kind is RegistrationKind.CHECK_IN}, longest
    )
    for one in ordered:
        folding.take(one)
    folding.give_notes(ordered)
    return [*folding.stays.values(), *folding.halves]


class _Folding:
    """The state while registrations are taken one by one: every check-in's stay, and the one that is open."""

    def __init__(self, stays: dict[str, Stay], longest: Longest) -> None:
        self.stays = stays
        self.longest = longest
        self.halves: list[Stay] = []
        self.open: Stay | None = None

    def take(self, one: Resolved) -> None:
        """Takes the next registration in order."""
        kind = one.registration.kind
        if kind is RegistrationKind.CHECK_IN:
            self._check_in(one)
        elif kind is RegistrationKind.CHECK_OUT:
            self._check_out(one)
        elif kind is RegistrationKind.CHANGE_SERVICE:
            self._change(one)

    def _check_in(self, one: Resolved) -> None:
        """The earlier open visit becomes a half visit; closing it later takes its name. Source: V6."""
        stay = self.stays[one.id]
        if self.open is not None and self.open.check_out is None:
            self.open.superseded = True
        self.open = stay if stay.check_out is None else None

    def _check_out(self, one: Resolved) -> None:
        named = one.registration.visit_id
        stay = self._unnamed(one) if named is None else self.stays.get(named)
        if stay is None or stay.check_in is None or one.at < stay.check_in.at:
            self.halves.append(Stay(None, one, closed_by_name=named is not None))
        elif stay.check_out is not None:
            stay.others.append(one)
        else:
            stay.check_out = one
            stay.closed_by_name = named is not None
            if stay is self.open:
                self.open = None

    def _unnamed(self, one: Resolved) -> Stay | None:
        """The open visit at its customer, begun no longer ago than the longest stay; without a customer the open
        visit.
        """
        stay = self.open
        if stay is None or stay.check_in is None:
            return None
        if one.customer_id is not None and not _is_at(one, stay.check_in):
            return None
        return stay if seconds_between(stay.check_in.at, one.at) <= self.longest(stay.check_in) else None

    def _change(self, one: Resolved) -> None:
        """Kept for the visit it names, else for the open one; outside a visit it changes nothing. Source: V15."""
        named = one.registration.visit_id
        stay = self.open if named is None else self.stays.get(named)
        if stay is not None:
            stay.changes.append(one)

    def give_notes(self, ordered: Iterable[Resolved]) -> None:
        """Notes go to the visit they name, whenever they came. Source: V9."""
        everything = {stay.id: stay for stay in (*self.halves, *self.stays.values())}
        for one in ordered:
            if one.registration.kind is RegistrationKind.VISIT_NOTE and one.registration.visit_id in everything:
                everything[one.registration.visit_id].others.append(one)


def _is_at(check_out: Resolved, check_in: Resolved) -> bool:
    """True where both are at one customer, or at two of one household. Source: V4, V12."""
    shared = (*check_in.registration.household, *check_out.registration.household)
    return check_out.customer_id == check_in.customer_id or (
        {check_out.customer_id, check_in.customer_id} <= {one.customer_id for one in shared}
    )


def customer_at_the_door(stay: Stay) -> str | None:
    """Whose the stay is by what was registered: the check-in's customer, else the check-out's. Source: V14."""
    ends = (stay.check_in, stay.check_out)
    return next((end.customer_id for end in ends if end is not None and end.customer_id is not None), None)


def began_at(stay: Stay) -> datetime:
    """The start, else the end of a half visit."""
    first = stay.check_in or stay.check_out
    if first is None:
        raise ValueError("a stay has at least one end")
    return first.at
