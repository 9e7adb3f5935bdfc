"""Deviations that a planned visit shows: D3 missed, D4 cancelled late."""

from __future__ import annotations

from collections.abc import Iterable

from app.rules.deviations.setting import Setting
from app.rules.deviations.values import Effect, Found, Rule, Subject, SubjectType, laid_out
from app.rules.people import days_away
from app.rules.plans import PlannedVisit, called_off
from app.rules.policies import Applied
from app.rules.time import format_instant, local_day, local_month, seconds_between, shift
from app.rules.visits.values import Visit, VisitState


def find(visits: Iterable[Visit], setting: Setting) -> list[Found]:
    """D3 and D4 of every planned visit as it stood at its start, in order of id. Source: V16."""
    answered = {visit.planned_visit_id for visit in visits if visit.state is not VisitState.VOID}
    plans = sorted(setting.plans, key=lambda one: one.id)
    missed = [one for plan in plans if plan.id not in answered for one in _missed(plan, setting)]
    return missed + [one for plan in plans for one in _late(plan, setting)]


def _missed(plan: PlannedVisit, setting: Setting) -> list[Found]:
    """D3: not cancelled before its start, the customer at home that day, and the planned end passed by the policy.

    Source: D3, V18.
    """
    away = days_away(setting.absences.get(plan.customer_id, ()), [local_day(plan.starts_at)])
    by = _policy("missed_visit_seconds", plan, setting)
    until = shift(plan.ends_at, int(by.value))
    if called_off(plan) or away or setting.now <= until:
        return []
    seen: dict[str, object] = {"ends_at": format_instant(plan.ends_at)}
    return [_tell(Rule.D3, plan, Effect.EXPLAIN, seen, {"begun_by": format_instant(until)}, by, setting)]


def _late(plan: PlannedVisit, setting: Setting) -> list[Found]:
    """D4: cancelled before its start, with shorter notice than the policy. Source: N 4.3.2, V16."""
    if plan.cancelled is None or not called_off(plan) or plan.cancelled.at > setting.now:
        return []
    notice = seconds_between(plan.cancelled.at, plan.starts_at)
    by = _policy("late_cancellation_seconds", plan, setting)
    if notice >= int(by.value):
        return []
    seen: dict[str, object] = {"notice_seconds": notice, "by": plan.cancelled.by, "reason": plan.cancelled.reason}
    return [_tell(Rule.D4, plan, Effect.INFORMATION, seen, {"least_notice_seconds": by.value}, by, setting)]


def _policy(name: str, plan: PlannedVisit, setting: Setting) -> Applied:
    municipality = setting.around.municipality(plan.customer_id)
    return setting.policies.applied(name, municipality, local_day(plan.starts_at))


def _tell(
    rule: Rule,
    plan: PlannedVisit,
    effect: Effect,
    seen: dict[str, object],
    expected: dict[str, object],
    by: Applied,
    setting: Setting,
) -> Found:
    return Found(
        rule=rule,
        subject=Subject(type=SubjectType.PLANNED_VISIT, id=plan.id),
        provider_id=plan.provider_id,
        period=local_month(plan.starts_at),
        facts=laid_out({"starts_at": format_instant(plan.starts_at), **seen}, expected, [by]),
        effect=effect,
        asks=effect is Effect.EXPLAIN,
        municipality=setting.around.municipality(plan.customer_id),
        customer_id=plan.customer_id,
    )
