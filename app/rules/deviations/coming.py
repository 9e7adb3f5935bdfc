"""What time alone brings: which deviations fall due between two instants, so that nobody has to judge everything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from app.rules.deviations.at_orders import plan_due, start_due
from app.rules.deviations.setting import Setting
from app.rules.plans import PlannedVisit, called_off
from app.rules.time import (
    Interval,
    local_day,
    local_instant,
    local_month,
    month_interval,
    month_of,
    previous_month,
    shift,
)
from app.rules.visits.values import Visit, VisitState

Coming = tuple[str, str, str]
"""(provider, customer, month) in which a deviation falls due."""


def falling_due(setting: Setting, passed: Interval) -> frozenset[Coming]:
    """What turned late in the time passed: D3 of planned visits, D18 and D19 of orders. Source: D3, O4, O5."""
    found: set[Coming] = set()
    for plan in setting.plans:
        if not called_off(plan) and passed.covers(missed_after(plan, setting)):
            found.add((plan.provider_id, plan.customer_id, local_month(plan.starts_at)))
    for placed in (one for one in setting.placed if not one.continues):
        whose = (placed.order.provider_id, placed.grant.customer_id)
        start, plan_day = start_due(placed, setting), plan_due(placed, setting)
        if passed.covers(start):
            found.add((*whose, local_month(start)))
        if passed.covers(shift(local_instant(plan_day + timedelta(days=1)), -1)):
            found.add((*whose, month_of(plan_day)))
    return frozenset(found)


def missed_after(plan: PlannedVisit, setting: Setting) -> datetime:
    """Until when, that instant included, a planned visit without registration is not missed. Source: D3."""
    municipality, day = setting.around.municipality(plan.customer_id), local_day(plan.starts_at)
    return shift(plan.ends_at, setting.policies.number("missed_visit_seconds", municipality, day))


def months_over(since: datetime, now: datetime, most: int) -> tuple[str, ...]:
    """The months that ended after `since` and by `now`, at most so many of the last. Source: D1."""
    month = previous_month(local_month(now))
    found: list[str] = []
    while len(found) < most and month_interval(month).end > since:
        found.append(month)
        month = previous_month(month)
    return tuple(sorted(found))


def open_too_long(visits: Iterable[Visit], setting: Setting) -> tuple[Visit, ...]:
    """Those of the visits that were open and are half visits by now. Source: V4, D7."""
    return tuple(
        replace(visit, state=VisitState.NO_CHECK_OUT)
        for visit in visits
        if visit.state is VisitState.OPEN
        and visit.starts_at is not None
        and setting.now
        > setting.around.open_until(visit.starts_at, visit.planned_visit_id, visit.service, visit.customer_id)
    )
