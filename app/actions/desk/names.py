"""The names that stand on a page of the desk, as far as whoever looks may see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from app.actions.calls import Call
from app.actions.people import customers_seen
from app.rules.access import Resource
from app.rules.people import Caregiver, Customer, Protection, shown_caregiver, shown_customer
from app.rules.recorded import Recorded
from app.storage.access_log import Seen
from app.storage.database import Transaction
from app.storage.people import CAREGIVER, CUSTOMER
from app.storage.placements import named
from app.storage.records import Master

V = TypeVar("V", bound=Recorded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Customers and caregivers by id; who is not within the scope is not among them. Source: A1, A2, A4."""

    customers: Mapping[str, Customer] = field(default_factory=dict)
    caregivers: Mapping[str, Caregiver] = field(default_factory=dict)
    protected: frozenset[str] = frozenset()
    """The customers whose identity is protected: an alias stands for them."""


def names_of(
    tx: Transaction, call: Call, customer_ids: Collection[str | None], caregiver_ids: Collection[str]
) -> Names:
    """The names of these, one query each. A stranger's name, such as that of a wrong door's customer, is nobody's."""
    customers = _within(tx, call, CUSTOMER, Resource.CUSTOMER, {one for one in customer_ids if one is not None})
    caregivers = _within(tx, call, CAREGIVER, Resource.CAREGIVER, set(caregiver_ids))
    return Names(
        customers={one.id: shown_customer(one, call.scope(Resource.CUSTOMER).with_names) for one in customers},
        caregivers={one.id: shown_caregiver(one, call.scope(Resource.CAREGIVER).with_names) for one in caregivers},
        protected=frozenset(one.id for one in customers if one.protection is not Protection.NONE),
    )


def _within(tx: Transaction, call: Call, master: Master[V], resource: Resource, ids: Collection[str]) -> tuple[V, ...]:
    return named(
        tx,
        master,
        call.care_system_id,
        ids=ids,
        external_ids=(),
        scope=call.scope(resource),
        today=call.today,
    )


def seen(customer_ids: Iterable[str | None], caregiver_ids: Iterable[str]) -> tuple[Seen, ...]:
    """These people as the access log names them. Source: A3."""
    staff = (Seen(whom_type="caregiver", whom_id=one) for one in sorted(set(caregiver_ids)))
    return (*customers_seen(sorted({one for one in customer_ids if one is not None})), *staff)
