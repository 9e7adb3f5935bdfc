"""A request for an extension with everything that its reviewer looks at, gathered at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from app.actions.calls import Call
from app.actions.deviations.gather import Gathered, gather
from app.actions.extensions import Place, queue
from app.actions.extensions.showing import Shown, show
from app.actions.people import customers_seen
from app.actions.records import log_read, missing
from app.rules.access import Permission, Resource, Verb, may
from app.rules.deviations.explain import Explained
from app.rules.deviations.requested import PoolMonth, pool_months, raised_by, requested_days
from app.rules.extensions import Extension, ExtensionState
from app.rules.overviews import ProviderShare, approved_in_months, shares, summed
from app.rules.people import Customer, Protection, shown_caregiver, shown_customer
from app.rules.plans import PlannedVisit
from app.rules.providers import Provider
from app.rules.time import Interval, first_day, month_interval, months_until, next_month
from app.rules.visits.values import Visit
from app.storage import extensions
from app.storage.access_log import Seen
from app.storage.database import Transaction
from app.storage.desk import extensions as moved
from app.storage.desk import months as sums
from app.storage.judgements import Due
from app.storage.people import CAREGIVER, CUSTOMER
from app.storage.providers import PROVIDER
from app.storage.records import get_many

EARLIER = 50
"""How many requests of the same customer are shown beside one."""
SHARE_MONTHS = 3
"""The month of the request and those before it in which the provider's share is reckoned. Source: our decision."""
_MANY = 500
"""More requests of one customer than there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody as whoever looks may see them; `name` None has none, or is not theirs to see."""

    id: str
    name: str | None
    protected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A visit to the customer in the request's days, with the caregiver's name and what was found about it."""

    visit: Visit
    caregiver: str | None
    named: bool
    """Whether the request names it."""
    deviations: tuple[Explained, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One of the request's days: the provider's plans and visits at the customer, in the order of their starts."""

    day: date
    plans: tuple[PlannedVisit, ...]
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """All facts of one request. `pools` are those of the customer's month that whoever looks may see, `pool` the one
    whose cap the request would raise: None for a provider without an order of the service.
    """

    shown: Shown
    customer: Person
    provider: Provider
    days: tuple[Day, ...]
    pool: PoolMonth | None
    pools: tuple[PoolMonth, ...]
    providers: Mapping[str, Provider]
    earlier: tuple[Shown, ...]
    share: ProviderShare | None
    """How much of what the provider performed in SHARE_MONTHS was approved beyond the grants; for reviewers alone."""
    everybodys: ProviderShare | None
    """The same of all providers in the municipality."""


def review(call: Call, extension_id: str) -> Review:
    """The request with its visits against plan and grant, and what was asked before; the reads are logged.

    Raises Refused A1 (404), A2.
    """
    call.check(Resource.EXTENSION, Verb.READ)
    cs, scope = call.care_system_id, call.scope(Resource.EXTENSION)
    with call.database.transaction() as tx:
        found = extensions.get_extension(tx, cs, extension_id, scope=scope, today=call.today, asker=call.actor.id)
        if found is None:
            raise missing()
        asked = found.extension
        due = Due(provider_id=asked.provider_id, customer_id=asked.customer_id, month=asked.month)
        gathered = gather(tx, cs, [due], call.now)
        others = extensions.extensions_of(
            tx, cs, scope=scope, today=call.today, asker=call.actor.id, customer_id=asked.customer_id, limit=_MANY
        )
        shown = show(tx, call, [found, *(one for one in others if one.extension.id != extension_id)])
        several = tuple(one for one in pool_months(gathered.judgement, asked.month) if _is_seen(call, one))
        days = _days(tx, call, gathered, asked)
        providers = get_many(tx, PROVIDER, cs, {asked.provider_id, *(one.pool.provider_id for one in several)})
        theirs = get_many(tx, CUSTOMER, cs, [asked.customer_id])[asked.customer_id]
        share, everybodys = _shares(tx, call, asked, theirs.municipality)
        customer = person(call, theirs)
        _log(tx, call, asked, days)
    return Review(
        shown=shown[0],
        customer=customer,
        provider=providers[asked.provider_id],
        days=days,
        pool=raised_by(asked, several, gathered.judgement),
        pools=several,
        providers=providers,
        earlier=tuple(reversed(shown[1:]))[:EARLIER],
        share=share,
        everybodys=everybodys,
    )


def _shares(
    tx: Transaction, call: Call, asked: Extension, municipality: str
) -> tuple[ProviderShare | None, ProviderShare | None]:
    """The provider's share of extensions and everybody's, in the month and those before it; nothing for the provider's
    own people.
    """
    if not may(call.actor.role, Permission(Resource.EXTENSION, Verb.DECIDE)):
        return None, None
    cs, months = call.care_system_id, months_until(asked.month, SHARE_MONTHS)
    whole = Interval(month_interval(months[0]).start, month_interval(months[-1]).end)
    there = sums.placed_between(tx, cs, first_day(months[0]), first_day(next_month(months[-1])), municipality)
    made, decisions = sums.approved_extensions(tx, cs, months)
    performed = sums.performed_in(tx, cs, [("", whole)], municipality)
    approved = approved_in_months(made, decisions, there.placed, there.homes, call.now)
    told, everybodys = shares(
        summed((one.provider_id, one.seconds) for one in performed),
        summed((provider_id, seconds) for (_, provider_id), seconds in approved.items()),
    )
    return next((one for one in told if one.provider_id == asked.provider_id), None), everybodys


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Requests with the names of whom they are about and whose they are; `next` is where the list goes on."""

    shown: tuple[Shown, ...]
    customers: Mapping[str, Person]
    providers: Mapping[str, Provider]
    next: Place | None = None


def waiting(call: Call, after: Place | None, limit: int) -> Listed:
    """Those that wait for a review, overdue first, then the oldest. Raises Refused A2. Source: E6."""
    found = queue(call, after, limit)
    return _listed(call, found.shown, found.next)


def moved_last(call: Call, states: Collection[ExtensionState], limit: int) -> Listed:
    """Up to `limit` requests in these states, the one that moved last first. Raises Refused A2."""
    call.check(Resource.EXTENSION, Verb.READ)
    scope = call.scope(Resource.EXTENSION)
    with call.database.transaction() as tx:
        found = moved.moved_last(tx, call.care_system_id, scope, call.today, call.actor.id, states, limit)
        log_read(tx, call, Resource.EXTENSION, customers_seen(one.extension.customer_id for one in found))
        shown = show(tx, call, found)
    return _listed(call, shown, None)


def _listed(call: Call, shown: Collection[Shown], following: Place | None) -> Listed:
    asked = [one.request.extension for one in shown]
    with call.database.transaction(write=False) as tx:
        customers = get_many(tx, CUSTOMER, call.care_system_id, {one.customer_id for one in asked})
        providers = get_many(tx, PROVIDER, call.care_system_id, {one.provider_id for one in asked})
    people = {key: person(call, one) for key, one in customers.items()}
    return Listed(shown=tuple(shown), customers=people, providers=providers, next=following)


def _is_seen(call: Call, one: PoolMonth) -> bool:
    """What other providers are granted and do at the customer is not a provider's to see. Source: A2."""
    return call.scope(Resource.ORDER).provider_id in (None, one.pool.provider_id)


def person(call: Call, customer: Customer) -> Person:
    """The customer as whoever calls may see it. Source: A2, A4."""
    seen = shown_customer(customer, call.scope(Resource.CUSTOMER).with_names)
    return Person(id=seen.id, name=seen.name, protected=customer.protection is not Protection.NONE)


def _days(tx: Transaction, call: Call, gathered: Gathered, asked: Extension) -> tuple[Day, ...]:
    """The request's days with the names of the caregivers, and what was found about their visits."""
    days = requested_days(asked, gathered.judgement)
    names = _names(tx, call, {one.caregiver_id for day in days for one in day.visits})
    about = gathered.judgement.by_visit

    def stay_of(visit: Visit) -> Stay:
        return Stay(
            visit=visit,
            caregiver=names.get(visit.caregiver_id),
            named=visit.id in asked.visit_ids,
            deviations=tuple(about.get(visit.id, ())),
        )

    return tuple(Day(day=one.day, plans=one.plans, stays=tuple(map(stay_of, one.visits))) for one in days)


def _names(tx: Transaction, call: Call, caregiver_ids: Collection[str]) -> dict[str, str | None]:
    with_names = call.scope(Resource.CAREGIVER).with_names
    found = get_many(tx, CAREGIVER, call.care_system_id, caregiver_ids)
    return {key: shown_caregiver(one, with_names).name for key, one in found.items()}


def _log(tx: Transaction, call: Call, asked: Extension, days: Collection[Day]) -> None:
    caregivers = sorted({stay.visit.caregiver_id for day in days for stay in day.stays})
    staff = (Seen(whom_type="caregiver", whom_id=one) for one in caregivers)
    log_read(tx, call, Resource.EXTENSION, [*customers_seen([asked.customer_id]), *staff])
