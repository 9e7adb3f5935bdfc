"""Requests as others see them, and how they are found for whoever moves them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from app.actions.calls import Answered, Call, Told
from app.actions.people import customers_seen
from app.actions.records import log_read, missing
from app.rules.access import Resource
from app.rules.extensions import Act, Ageing, Extension, ageing, check_actor
from app.rules.people import Customer
from app.rules.policies import policies_of
from app.rules.time import local_day
from app.rules.visits.values import Visit
from app.storage import extensions, policies
from app.storage.database import Transaction
from app.storage.events import Event, append
from app.storage.extensions import Request
from app.storage.people import CUSTOMER
from app.storage.records import get_many
from app.storage.visits import get_visits


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A request as it stands, and what the policies say of its time. Source: E6."""

    request: Request
    ageing: Ageing

    @property
    def late(self) -> bool:
        """It was asked too long after."""
        return self.ageing.late

    @property
    def overdue(self) -> bool:
        """It has waited too long for review."""
        return self.ageing.overdue

    @property
    def due_on(self) -> date | None:
        """The last day on which a review is in time; None where it waits for none."""
        return self.ageing.due_on

    @property
    def waited_days(self) -> int | None:
        """Days since it was asked; None where it waits for no review."""
        return self.ageing.waited_days


def locked(tx: Transaction, call: Call, extension_id: str, act: Act) -> Request:
    """The request, which nobody else moves until the transaction ends: of two who decide the second sees the first.

    Raises Refused A1 (404) and E3, E4 (403) where it is not the actor's to move so.
    """
    found = extensions.get_extension(
        tx,
        call.care_system_id,
        extension_id,
        scope=call.scope(Resource.EXTENSION),
        today=call.today,
        asker=call.actor.id,
        lock=True,
    )
    if found is None:
        raise missing()
    check_actor(act, call.actor, found.extension, customer_of(tx, call, found.extension).municipality)
    return found


def customer_of(tx: Transaction, call: Call, extension: Extension) -> Customer:
    """Whom the request is about."""
    return get_many(tx, CUSTOMER, call.care_system_id, [extension.customer_id])[extension.customer_id]


def answer_as_it_stands(tx: Transaction, call: Call, extension_id: str, told: Told, event: str | None) -> Answered:
    """The answer with the request as it is now; whoever follows along is told of the event, None tells nobody."""
    request = extensions.get_extension(tx, call.care_system_id, extension_id)
    if request is None:
        raise missing()
    shown = show(tx, call, [request])[0]
    if event is not None:
        tell(tx, call, event, shown, told)
    return told.answer(shown)


def tell(tx: Transaction, call: Call, event: str, shown: Shown, told: Told) -> None:
    """Whoever follows along is told of the request as it is now."""
    extension = shown.request.extension
    happened = Event(
        at=call.now,
        type=event,
        resource_type="extension",
        resource_id=extension.id,
        external_id=extension.external_id,
        provider_id=extension.provider_id,
        municipality=customer_of(tx, call, extension).municipality,
        data=told.dump(shown),
    )
    append(tx, call.care_system_id, [happened])


def log(tx: Transaction, call: Call, found: Collection[Request]) -> None:
    """That they were read stands in the access log. Source: A3."""
    log_read(tx, call, Resource.EXTENSION, customers_seen(one.extension.customer_id for one in found))


def show(tx: Transaction, call: Call, requests: Collection[Request]) -> list[Shown]:
    """The requests with what the policies say of their time; one query for each kind of what that takes. Source: E6."""
    if not requests:
        return []
    cs = call.care_system_id
    visits = get_visits(tx, cs, {name for one in requests for name in one.extension.visit_ids})
    customers = get_many(tx, CUSTOMER, cs, {one.extension.customer_id for one in requests})
    rules = policies_of(policies.policies_of(tx, cs))
    return [
        Shown(
            request=one,
            ageing=ageing(
                one.extension,
                one.state,
                _last_day(one.extension, visits),
                rules,
                customers[one.extension.customer_id].municipality,
                call.now,
            ),
        )
        for one in requests
    ]


def _last_day(extension: Extension, visits: Mapping[str, Visit]) -> date:
    """The last of its days, or of its visits' days."""
    of_visits = [local_day(visits[name].placed_at) for name in extension.visit_ids if name in visits]
    return max([*extension.days, *of_visits], default=local_day(extension.requested_at))
