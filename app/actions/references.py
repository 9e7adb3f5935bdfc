"""References: what a request names, found within the scope of who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.actions.calls import Call
from app.actions.faults import UnknownReferences
from app.rules.access import Resource
from app.storage.database import Transaction
from app.storage.orders import GRANT, ORDER
from app.storage.people import CAREGIVER, CUSTOMER
from app.storage.placements import named
from app.storage.plans import PLANNED_VISIT
from app.storage.providers import PROVIDER
from app.storage.records import Master

Ids = Mapping[tuple[str, str], str]
"""Ids of ours by resource and the other system's id."""

_MASTERS: Mapping[Resource, Master[Any]] = {
    Resource.CUSTOMER: CUSTOMER,
    Resource.PROVIDER: PROVIDER,
    Resource.CAREGIVER: CAREGIVER,
    Resource.GRANT: GRANT,
    Resource.ORDER: ORDER,
    Resource.PLANNED_VISIT: PLANNED_VISIT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One reference in a request: of which resource, by whose id, and the JSON pointer of its field."""

    resource: Resource
    id: str
    external: bool
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Content as it came. `complete` gives a value's fields once it is known what its references mean.

    `beside` is what came with the value and is no part of it.
    """

    named: tuple[Named, ...]
    complete: Callable[[Ids], dict[str, Any]]
    beside: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What of the named is there, by resource: ids of ours, and ids of ours by those of the other system."""

    own: Mapping[Resource, frozenset[str]]
    external: Mapping[tuple[str, str], str]

    def knows(self, one: Named) -> bool:
        """True where the reference leads somewhere within the scope."""
        if one.external:
            return (one.resource.value, one.id) in self.external
        return one.id in self.own.get(one.resource, ())


def look_up(tx: Transaction, call: Call, references: Iterable[Named]) -> Known:
    """What of the references is there within the scope of who asks; one query for each resource named. Source: A1."""
    wanted = tuple(references)
    own: dict[Resource, frozenset[str]] = {}
    external: dict[tuple[str, str], str] = {}
    for resource in sorted({one.resource for one in wanted}):
        found = named(
            tx,
            _MASTERS[resource],
            call.care_system_id,
            scope=call.scope(resource),
            today=call.today,
            ids={one.id for one in wanted if one.resource is resource and not one.external},
            external_ids={one.id for one in wanted if one.resource is resource and one.external},
        )
        own[resource] = frozenset(value.id for value in found)
        external |= {(resource.value, value.external_id): value.id for value in found if value.external_id is not None}
    return Known(own=own, external=external)


def completed(draft: Draft, known: Known) -> dict[str, Any]:
    """The fields with ids of ours alone. Raises `UnknownReferences` with the pointer of each that leads nowhere."""
    unknown = tuple(one.pointer for one in draft.named if not known.knows(one))
    if unknown:
        raise UnknownReferences(unknown)
    return draft.complete(known.external)
