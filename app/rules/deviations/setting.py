"""The facts laid out for judgement: indexed, filtered by what was known, and the visits derived from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from app.rules.deviations.facts import Facts
from app.rules.extensions import approved_by_pool
from app.rules.orders import Grant, Placed, PoolKey, accredited, as_held, place
from app.rules.people import Absence, Customer
from app.rules.plans import PlannedVisit, as_it_stood
from app.rules.policies import Policies, policies_of
from app.rules.providers import Accreditation, Law, Provider, Service
from app.rules.rates import RateBook, rate_book
from app.rules.recorded import known_at, known_before
from app.rules.tags import known_tags
from app.rules.time import local_day
from app.rules.visits.derive import derive
from app.rules.visits.resolve import Known, by_id, resolve
from app.rules.visits.surroundings import Surroundings, surroundings
from app.rules.visits.values import Correction, Resolved, Visit


@dataclass(frozen=True, slots=True)
class Setting:
    """What the rules of a judgement read. `now` is the instant as of which they judge."""

    facts: Facts
    now: datetime
    around: Surroundings
    rates: RateBook
    providers: Mapping[str, Provider]
    customers: Mapping[str, Customer]
    absences: Mapping[str, tuple[Absence, ...]]
    accreditations: tuple[Accreditation, ...] | None
    placed: tuple[Placed, ...]
    extended: Mapping[tuple[PoolKey, str], int]
    _accreditation: dict[tuple[str, str, Service, date, Law, str | None], bool] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def policies(self) -> Policies:
        """The policies that are known."""
        return self.around.policies

    @property
    def plans(self) -> Iterable[PlannedVisit]:
        """The planned visits as they stood at their start. Source: V16."""
        return self.around.plans.values()

    def covering(self, visit: Visit, customer_id: str | None, service: Service | None, day: date) -> tuple[Placed, ...]:
        """The orders that cover the service of the customer that day, of an accredited provider, in R2's order.

        Source: D13.
        """
        municipality = self.around.municipality(customer_id)
        if customer_id is None or service is None or municipality is None:
            return ()
        found = self.around.covering(visit.provider_id, customer_id, service, day, visit.planned_visit_id)
        return tuple(
            one for one in found if self._accredited((visit.provider_id, municipality, service, day), one.grant)
        )

    def _accredited(self, whose: tuple[str, str, Service, date], grant: Grant) -> bool:
        key = (*whose, grant.law, grant.target_group)
        if key not in self._accreditation:
            provider_id, municipality, service, day, law, group = key
            found = accredited(self.accreditations, provider_id, municipality, service, law, day, group)
            self._accreditation[key] = found
        return self._accreditation[key]


def known_facts(facts: Facts, lock: datetime) -> Facts:
    """The facts recorded strictly before the lock; a verdict and an approval count from when they were made.

    Source: R9.
    """
    explanations = tuple(
        one if one.verdict is None or one.verdict.at < lock else replace(one, verdict=None)
        for one in facts.explanations
        if one.recorded_at < lock
    )
    return replace(
        facts,
        planned_visits=tuple(plan for plan in facts.planned_visits if plan.recorded_at < lock),
        registrations=tuple(one for one in facts.registrations if one.recorded_at < lock),
        corrections=tuple(one for one in facts.corrections if _counts_before(one, lock)),
        explanations=explanations,
        tags=tuple(tag for tag in facts.tags if tag.recorded_at < lock),
        taps=tuple(one for one in facts.taps if one.recorded_at < lock),
        decisions=tuple(one for one in facts.decisions if one.recorded_at < lock),
        extensions=known_before(facts.extensions, lock),
        accreditations=None if facts.accreditations is None else known_before(facts.accreditations, lock),
        absences=known_before(facts.absences, lock),
        grants=tuple(one for one in facts.grants if one.recorded_at < lock),
        orders=known_before(facts.orders, lock),
        rates=known_before(facts.rates, lock),
        policies=known_before(facts.policies, lock),
    )


def _counts_before(correction: Correction, lock: datetime) -> bool:
    """True where both it and its approval, if it has one, were recorded before the lock."""
    approved_at = correction.approved_at
    return correction.recorded_at < lock and (approved_at is None or approved_at < lock)


def resolve_all(facts: Facts) -> tuple[Resolved, ...]:
    """Every registration with what was known when it was recorded. Source: V5."""
    known = Known(
        caregivers=by_id(facts.caregivers),
        customers=by_id(facts.customers),
        planned_visits=by_id(facts.planned_visits),
        tags=known_tags(facts.tags, facts.tag_keys, facts.sun),
        policies=policies_of(facts.policies),
    )
    return tuple(resolve(one, known) for one in facts.registrations)


def lay_out(facts: Facts, now: datetime) -> Setting:
    """The facts, already those that count, as something to judge by."""
    customers = {**{one.id: one for one in facts.customers}, **{one.id: one for one in known_at(facts.customers, now)}}
    providers = {**{one.id: one for one in facts.providers}, **{one.id: one for one in known_at(facts.providers, now)}}
    granted = as_held(one for one in facts.grants if one.recorded_at <= now)
    placed = place(known_at(facts.orders, now), granted)
    absences: dict[str, tuple[Absence, ...]] = {}
    for absence in known_at(facts.absences, now):
        absences[absence.customer_id] = (*absences.get(absence.customer_id, ()), absence)
    around = surroundings(
        as_it_stood(facts.planned_visits, now),
        placed,
        policies_of(known_at(facts.policies, now)),
        {one.id: one.municipality for one in customers.values()},
    )
    return Setting(
        facts=facts,
        now=now,
        around=around,
        rates=rate_book(known_at(facts.rates, now), facts.holidays),
        providers=providers,
        customers=customers,
        absences=absences,
        accreditations=None if facts.accreditations is None else known_at(facts.accreditations, now),
        placed=placed,
        extended=approved_by_pool(facts.extensions, facts.decisions, placed, now),
    )


def visits_of(setting: Setting) -> tuple[Visit, ...]:
    """The visits that the setting's registrations and corrections add up to. Source: V5."""
    around = replace(setting.around, taps=setting.facts.taps)
    return derive(resolve_all(setting.facts), setting.facts.corrections, around, setting.now)


def month_day(visit: Visit) -> date:
    """The Stockholm day that a visit counts for."""
    return local_day(visit.placed_at)
