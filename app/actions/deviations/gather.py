"""What a judgement of some customers' months needs, gathered set-wise: kept visits, and the facts around them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.actions.simulations import public_holidays
from app.rules.deviations.at_caregivers import overlaps
from app.rules.deviations.coming import open_too_long
from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import Judgement, judge_visits
from app.rules.deviations.setting import Setting, known_facts, lay_out
from app.rules.deviations.values import Found, Rule
from app.rules.time import local_day, local_month, shift
from app.rules.visits.values import Visit
from app.storage import judging
from app.storage.database import Transaction
from app.storage.deviations import Deviation
from app.storage.judgements import NOBODY, Due
from app.storage.people import ABSENCE, CUSTOMER
from app.storage.policies import policies_of
from app.storage.providers import ACCREDITATION, PROVIDER
from app.storage.rates import rates_of
from app.storage.records import versions
from app.storage.statements import among
from app.storage.tables import people, providers
from app.storage.visits import corrections_of

WHATEVER_MONTH = (Rule.D18, Rule.D19)
"""Seen whole whenever their customer is, whatever the month: each hangs on one order and its first visit."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Target:
    """A month to judge: a customer's with every provider, or what one provider did at nobody known."""

    customer_id: str
    provider_id: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A judgement, the targets that it is whole for, the rows stored beside it, and visits that time alone changed."""

    targets: frozenset[Target]
    judgement: Judgement
    stored: tuple[Deviation, ...]
    closed: tuple[Visit, ...]

    def covers(self, found: Found) -> bool:
        """True where the judgement has seen all that such a deviation follows from."""
        target = target_of(found.customer_id, found.provider_id, found.period or "")
        if found.rule in WHATEVER_MONTH:
            return any(one.customer_id == target.customer_id for one in self.targets)
        return target in self.targets


def target_of(customer_id: str | None, provider_id: str, month: str) -> Target:
    """The target of a customer's month with a provider: all providers of a customer are judged together (R5)."""
    if not customer_id:
        return Target(customer_id=NOBODY, provider_id=provider_id, month=month)
    return Target(customer_id=customer_id, provider_id=NOBODY, month=month)


def targets_of_visit(visit: Visit) -> set[Target]:
    """Everybody's months that the visit touches."""
    months = {local_month(at) for at in (visit.starts_at, visit.ends_at) if at is not None}
    customers = visit.customer_ids or (None,)
    return {target_of(customer_id, visit.provider_id, month) for customer_id in customers for month in months}


def gather(tx: Transaction, care_system_id: str, dues: Iterable[Due], now: datetime) -> Gathered:
    """Everything that the marked months and those that they weigh on come to; nobody else judges these until the end.

    A stay that overlaps another of its caregiver weighs on that one's customer (D11), a household on all of its (V12).
    """
    asked = {target_of(due.customer_id, due.provider_id, due.month) for due in dues}
    targets = frozenset(asked | _beside(tx, care_system_id, asked))
    judging.lock_months(tx, care_system_id, [(one.customer_id or one.provider_id, one.month) for one in targets])
    whose = _whose(targets)
    visits = judging.visits_of(tx, care_system_id, whose)
    stored = judging.stored_deviations(tx, care_system_id, whose, visits)
    facts = _facts(tx, care_system_id, whose, visits, stored, now)
    setting = lay_out(known_facts(facts, shift(now, 1)), now)
    around = (
        *judging.visits_beside(tx, care_system_id, visits),
        *judging.visits_answering(tx, care_system_id, [one.id for one in setting.plans]),
        *_first_visits(tx, care_system_id, setting),
    )
    everything = {one.id: one for one in (*around, *visits)}
    closed = open_too_long(visits, setting)
    everything |= {one.id: one for one in closed}
    ordered = tuple(sorted(everything.values(), key=lambda visit: (visit.placed_at, visit.id)))
    judgement = judge_visits(ordered, setting, whose.months)
    return Gathered(targets=targets, judgement=judgement, stored=stored, closed=closed)


def _whose(targets: Iterable[Target]) -> judging.Whose:
    told = tuple(targets)
    return judging.Whose(
        customer_ids=frozenset(one.customer_id for one in told if one.customer_id),
        provider_ids=frozenset(one.provider_id for one in told if not one.customer_id),
        months=tuple(sorted({one.month for one in told})),
    )


def _beside(tx: Transaction, care_system_id: str, asked: set[Target]) -> set[Target]:
    """The months that these weigh on: of whoever shares a stay, and of stays that overlap, or did when last judged."""
    whose = _whose(asked)
    visits = judging.visits_of(tx, care_system_id, whose)
    if not visits:
        return set()
    others = {one.id: one for one in judging.visits_beside(tx, care_system_id, visits)}
    later = overlaps((*visits, *others.values())).keys() & others.keys()
    found = {target for name in later for target in targets_of_visit(others[name])}
    shared = {target for one in visits if one.household for target in targets_of_visit(one)}
    found |= {target for target in shared if target.month in whose.months}
    ids = {one.id for one in visits}
    providers_of_visits = {one.provider_id for one in visits}
    for customer_id, provider_id, month, overlapped in judging.customers_held_later(
        tx, care_system_id, providers_of_visits, whose.months
    ):
        if overlapped & ids:
            found.add(target_of(customer_id, provider_id, month))
    return found


def _facts(
    tx: Transaction,
    care_system_id: str,
    whose: judging.Whose,
    visits: tuple[Visit, ...],
    stored: tuple[Deviation, ...],
    now: datetime,
) -> Facts:
    customers = whose.customer_ids
    grants, orders = judging.grants_and_orders(tx, care_system_id, customers)
    plans = judging.plans_around(tx, care_system_id, whose, visits)
    provider_ids = {one.provider_id for rows in (orders, visits, plans) for one in rows}
    extensions, decisions = judging.extensions_and_decisions(tx, care_system_id, whose)
    return Facts(
        providers=versions(tx, PROVIDER, care_system_id, provider_ids),
        accreditations=versions(
            tx,
            ACCREDITATION,
            care_system_id,
            conditions=[among(tx, providers.accreditation.versions.c.provider_id, provider_ids)],
        ),
        customers=versions(tx, CUSTOMER, care_system_id, customers),
        absences=versions(
            tx, ABSENCE, care_system_id, conditions=[among(tx, people.absence.versions.c.customer_id, customers)]
        ),
        grants=grants,
        orders=orders,
        rates=rates_of(tx, care_system_id),
        policies=policies_of(tx, care_system_id),
        planned_visits=plans,
        corrections=corrections_of(tx, care_system_id, [one.id for one in visits if one.correction_ids]),
        extensions=extensions,
        decisions=decisions,
        explanations=judging.explanations_of(tx, care_system_id, stored),
        holidays=public_holidays({int(month[:4]) for month in whose.months} | {local_day(now).year}),
    )


def _first_visits(tx: Transaction, care_system_id: str, setting: Setting) -> tuple[Visit, ...]:
    """The visit with which each order's care started, whenever it was. Source: D18."""
    asked = [(one.order.provider_id, one.grant.customer_id, one.begins_at) for one in setting.placed]
    return judging.first_visits(tx, care_system_id, asked)
