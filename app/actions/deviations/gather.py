"""What a judgement of some customers' months needs, gathered set-wise: kept visits, and the facts around them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from app.actions.simulations import public_holidays
from app.rules.deviations.at_caregivers import overlaps
from app.rules.deviations.at_travels import Travel, following, travels
from app.rules.deviations.coming import missed_after
from app.rules.deviations.facts import Facts
from app.rules.deviations.judge import Judgement, judge_visits
from app.rules.deviations.setting import Setting, known_facts, lay_out
from app.rules.deviations.values import Found, Rule
from app.rules.time import Interval, local_day, local_month, shift
from app.rules.visits.values import Stay, Visit, VisitState, stay_of
from app.storage import judging
from app.storage.database import Transaction
from app.storage.deviations import Deviation
from app.storage.judgements import NOBODY, Due, mark_due
from app.storage.numbers import breaks


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Target:
    """A month to judge: a customer's with every provider, or what one provider did at nobody known."""

    customer_id: str
    provider_id: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A judgement, the targets and orders that it is whole for, and the rows stored beside it."""

    targets: frozenset[Target]
    judgement: Judgement
    stored: tuple[Deviation, ...]
    orders: frozenset[str]

    def covers(self, found: Found) -> bool:
        """True where the judgement has seen all that such a deviation follows from."""
        target = target_of(found.customer_id, found.provider_id, found.period or "")
        if found.rule in judging.WHATEVER_MONTH:
            return found.subject.id in self.orders
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

    A stay that overlaps another of its caregiver weighs on that one's customer (D11), one that the next came too soon
    after, or no longer does, on the next one's (D14), a household on all of its (V12).
    """
    asked = frozenset(target_of(due.customer_id, due.provider_id, due.month) for due in dues)
    seen: judging.Seen = {}
    read = _read(tx, care_system_id, asked, asked, now, seen)
    targets = asked | read.more
    if read.more or judging.needs_locks(tx):
        judging.lock_judged(tx, care_system_id, [one.customer_id or one.provider_id for one in targets])
        read = _read(tx, care_system_id, targets, asked, now, seen)
        # Locked in one order, so that nobody waits in a circle; what came meanwhile is judged by whoever sweeps.
        mark_due(tx, care_system_id, [_due(one, read.visits) for one in read.more], at=now)
    whose, visits = _whose(targets), read.visits
    facts, stored = judging.around(tx, care_system_id, whose, visits)
    facts = _with_journeys(facts, read.journeys)
    if whose.provider_ids:
        received = Interval(whose.start, whose.before)
        facts = replace(facts, breaks=breaks(tx, care_system_id, received, whose.provider_ids))
    setting = _setting(tx, care_system_id, facts, whose, visits, now)
    orders = _orders_in_question(setting, whose, stored)
    around = (
        *read.others,
        *_answering(tx, care_system_id, setting, visits),
        *_first(tx, care_system_id, setting, orders),
    )
    everything = {one.id: one for one in (*around, *visits)}
    ordered = tuple(sorted(everything.values(), key=lambda visit: (visit.placed_at, visit.id)))
    return Gathered(
        targets=targets,
        judgement=judge_visits(ordered, setting, whose.months),
        stored=stored,
        orders=orders,
    )


def _due(target: Target, visits: Iterable[Visit]) -> Due:
    """The mark of a target; any provider will do, for all of the customer's are judged."""
    provider_id = target.provider_id or next(one.provider_id for one in visits)
    return Due(provider_id=provider_id, customer_id=target.customer_id, month=target.month)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """The visits of some targets, those that overlap them, the journeys to and from them, and whom else those that are
    asked for weigh on.
    """

    visits: tuple[Visit, ...]
    others: tuple[Visit, ...]
    journeys: judging.Journeys
    more: frozenset[Target]


def _read(
    tx: Transaction,
    care_system_id: str,
    targets: frozenset[Target],
    asked: frozenset[Target],
    now: datetime,
    seen: judging.Seen,
) -> _Read:
    whose = _whose(targets)
    visits = judging.visits_of(tx, care_system_id, whose, seen)
    others, held = judging.beside(tx, care_system_id, whose, visits)
    journeys = judging.journeys(tx, care_system_id, visits)
    mine = {one.id for one in visits if targets_of_visit(one) & asked}
    everything = {one.id: one for one in (*others, *visits)}
    later = [key for key, (_, earlier) in overlaps(everything.values()).items() if mine.intersection(earlier)]
    found = {target for key in later for target in targets_of_visit(everything[key])}
    shared = {target for key in mine if everything[key].household for target in targets_of_visit(everything[key])}
    found |= {target for target in shared if target.month in whose.months}
    found |= {target_of(one.customer_id, one.provider_id, one.month) for one in held if one.visit_ids & mine}
    standing = {one.visit_id: one.facts for one in held if one.rule is Rule.D14}
    found |= _reached(everything.values(), mine, journeys, standing, now)
    return _Read(visits=visits, others=others, journeys=journeys, more=frozenset(found) - targets)


def _reached(
    visits: Iterable[Visit],
    mine: Collection[str],
    journeys: judging.Journeys,
    standing: Mapping[str, Mapping[str, object]],
    now: datetime,
) -> set[Target]:
    """Whose D14 is not what stands: of the stays begun just after these, at another customer or in another month."""
    told = {one.id: one for one in journeys.stays} | {one.id: stay_of(one) for one in visits}
    void = {one.id for one in visits if one.state is VisitState.VOID}
    stays = {key: one for key, one in told.items() if key not in void}
    after = following(told.values(), mine, void) - set(mine)
    setting = lay_out(Facts(customers=journeys.customers, policies=journeys.policies), now)
    found = travels(stays.values(), setting, after)
    differing = [key for key in after if not _stands(found.get(key), standing.get(key))]
    return {target for key in differing for target in _targets_of_stay(stays[key])}


def _stands(travel: Travel | None, facts: Mapping[str, object] | None) -> bool:
    """True where what is stored says of the journey what is found now."""
    if travel is None or facts is None:
        return travel is None and facts is None
    return all(facts.get(name) == value for name, value in travel.facts.items())


def _targets_of_stay(stay: Stay) -> set[Target]:
    month = local_month(stay.arrived_at)
    return {target_of(stay.customer_id, NOBODY, month)} if stay.customer_id else set()


def _with_journeys(facts: Facts, journeys: judging.Journeys) -> Facts:
    customers = {(one.id, one.version): one for one in (*journeys.customers, *facts.customers)}
    return replace(facts, customers=tuple(customers.values()), stays=journeys.stays)


def _whose(targets: Iterable[Target]) -> judging.Whose:
    told = tuple(targets)
    return judging.Whose(
        customer_ids=frozenset(one.customer_id for one in told if one.customer_id),
        provider_ids=frozenset(one.provider_id for one in told if not one.customer_id),
        months=tuple(sorted({one.month for one in told})),
    )


def _setting(
    tx: Transaction,
    care_system_id: str,
    facts: Facts,
    whose: judging.Whose,
    visits: Iterable[Visit],
    now: datetime,
) -> Setting:
    """The facts laid out; where no plan of a provider's month is among them, one of another customer tells of D17."""
    planned = {(one.provider_id, local_month(one.starts_at)) for one in facts.planned_visits}
    lacking = {(one.provider_id, local_month(one.placed_at)) for one in visits if one.planned_visit_id is None}
    elsewhere = judging.any_plans(tx, care_system_id, lacking - planned)
    years = {int(month[:4]) for month in whose.months} | {local_day(now).year}
    complete = replace(
        facts, planned_visits=(*facts.planned_visits, *elsewhere), holidays=public_holidays(frozenset(years))
    )
    return lay_out(known_facts(complete, shift(now, 1)), now)


def _orders_in_question(setting: Setting, whose: judging.Whose, stored: Iterable[Deviation]) -> frozenset[str]:
    """The orders whose start may be late, or is: begun in the months or shortly before, or with a row already.

    Of an older one without a row the care started in time, and nothing that happens now makes it late. Source: D18.
    """
    standing = {one.subject.id for one in stored if one.rule in judging.WHATEVER_MONTH}
    since = whose.start - judging.LOOKED_BACK
    return frozenset(standing | {one.order.id for one in setting.placed if one.begins_at >= since})


def _first(tx: Transaction, care_system_id: str, setting: Setting, order_ids: frozenset[str]) -> tuple[Visit, ...]:
    """The visit with which the care of each of these orders started, whenever it was. Source: D18."""
    asked = [
        (one.order.provider_id, one.grant.customer_id, one.begins_at)
        for one in setting.placed
        if one.order.id in order_ids
    ]
    return judging.first_visits(tx, care_system_id, asked)


def _answering(tx: Transaction, care_system_id: str, setting: Setting, visits: Iterable[Visit]) -> tuple[Visit, ...]:
    """Visits of other months that answer to the planned visits which would else be missed. Source: D3."""
    answered = {one.planned_visit_id for one in visits}
    missed = [one.id for one in setting.plans if one.id not in answered and missed_after(one, setting) < setting.now]
    return judging.visits_answering(tx, care_system_id, missed)
