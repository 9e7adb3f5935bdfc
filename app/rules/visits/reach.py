"""How far a change at the door reaches: the visits and planned visits that one to one matching (V16) ties together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.rules.plans import PlannedVisit
from app.rules.time import local_day, seconds_between
from app.rules.visits.surroundings import Surroundings
from app.rules.visits.values import Visit, VisitState


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Spot:
    """Where a visit stands for the match with plans: whose, at whom, when."""

    provider_id: str
    customer_id: str
    at: datetime


_Place = tuple[str, str]
"""A provider's id and a customer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The visits and plans that are tied to where a change was, by id, and every spot among them."""

    visit_ids: frozenset[str]
    plan_ids: frozenset[str]
    spots: frozenset[Spot]


def spots_of(visit: Visit) -> list[Spot]:
    """Where the visit stands: at its start, and where it was taken to start before its end was known; [] at nobody."""
    if visit.customer_id is None:
        return []
    moments = {visit.placed_at} if visit.check_in is None else {visit.placed_at, visit.check_in.at}
    return [Spot(provider_id=visit.provider_id, customer_id=visit.customer_id, at=at) for at in sorted(moments)]


def reach(visits: Iterable[Visit], plan_ids: Iterable[str], others: Iterable[Visit], around: Surroundings) -> Reached:
    """All that is tied to the visits or plans: a plan within V16's time of a visit, a visit that answers to it, and on.

    `others` are visits as they are kept; whoever asks sees to it that all are given that lie near enough. Source: V16.
    """
    reaching = _Reaching(around)
    reaching.lay_out(others)
    for visit in visits:
        reaching.take_visit(visit)
    for plan_id in plan_ids:
        reaching.take_plan(plan_id)
    reaching.run()
    return Reached(
        visit_ids=frozenset(reaching.visit_ids), plan_ids=frozenset(reaching.plan_ids), spots=frozenset(reaching.spots)
    )


@dataclass(slots=True)
class _Reaching:
    around: Surroundings
    plans_at: dict[_Place, list[PlannedVisit]] = field(default_factory=dict)
    others_at: dict[_Place | str, list[Visit]] = field(default_factory=dict)
    visit_ids: set[str] = field(default_factory=set)
    plan_ids: set[str] = field(default_factory=set)
    spots: set[Spot] = field(default_factory=set)
    waiting: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for plan in self.around.plans.values():
            self.plans_at.setdefault((plan.provider_id, plan.customer_id), []).append(plan)

    def lay_out(self, others: Iterable[Visit]) -> None:
        """The others are found by where they are, and by the plan that they answer to."""
        for visit in others:
            if visit.customer_id is not None:
                self.others_at.setdefault((visit.provider_id, visit.customer_id), []).append(visit)
            if visit.planned_visit_id is not None:
                self.others_at.setdefault(visit.planned_visit_id, []).append(visit)

    def take_visit(self, visit: Visit) -> None:
        """The visit is reached, and the plans near it or that it answers to wait to be."""
        self.visit_ids.add(visit.id)
        for spot in spots_of(visit):
            self.spots.add(spot)
            for plan in self.plans_at.get((spot.provider_id, spot.customer_id), ()):
                if _near(spot, plan, self.around):
                    self.take_plan(plan.id)
        if visit.planned_visit_id is not None:
            self.take_plan(visit.planned_visit_id)

    def take_plan(self, plan_id: str) -> None:
        """The plan is reached, and its visits wait to be."""
        if plan_id not in self.plan_ids and plan_id in self.around.plans:
            self.plan_ids.add(plan_id)
            self.spots.add(spot_of(self.around.plans[plan_id]))
            self.waiting.append(plan_id)

    def run(self) -> None:
        """Nothing waits any more."""
        while self.waiting:
            plan = self.around.plans[self.waiting.pop()]
            there = self.others_at.get((plan.provider_id, plan.customer_id), ())
            for visit in (*there, *self.others_at.get(plan.id, ())):
                if visit.id not in self.visit_ids and self._answers(visit, plan):
                    self.take_visit(visit)

    def _answers(self, visit: Visit, plan: PlannedVisit) -> bool:
        near = any(_near(spot, plan, self.around) for spot in spots_of(visit))
        return near or visit.planned_visit_id == plan.id


def spot_of(plan: PlannedVisit) -> Spot:
    """Where the plan stands."""
    return Spot(provider_id=plan.provider_id, customer_id=plan.customer_id, at=plan.starts_at)


def _near(spot: Spot, plan: PlannedVisit, around: Surroundings) -> bool:
    if (spot.provider_id, spot.customer_id) != (plan.provider_id, plan.customer_id):
        return False
    return abs(seconds_between(plan.starts_at, spot.at)) <= match_seconds(spot.customer_id, spot.at, around)


def match_seconds(customer_id: str, at: datetime, around: Surroundings) -> int:
    """How far from its plan a visit may start (policy). Source: V16."""
    return around.policies.number("plan_match_seconds", around.municipality(customer_id), local_day(at))


def changed_ids(before: Mapping[str, Visit], after: Mapping[str, Visit], ids: Iterable[str]) -> frozenset[str]:
    """Those of the ids whose visit is made of other registrations or corrections than before, is new, or is no more.

    Plan, service and what time alone brings are left out of account: they follow from this and from what is around it.
    """
    return frozenset(key for key in ids if _folded(before.get(key)) != _folded(after.get(key)))


def _folded(visit: Visit | None) -> object:
    if visit is None:
        return None
    return (
        visit.provider_id,
        visit.state is VisitState.VOID,
        visit.starts_at,
        visit.ends_at,
        visit.customer_id,
        visit.check_in,
        visit.check_out,
        visit.superseded,
        visit.registration_ids,
        visit.recorded_at,
        visit.extra_service,
        visit.correction_ids,
        visit.service_changes,
    )
