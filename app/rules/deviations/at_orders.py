"""Deviations that grants and orders show: D1 under-delivery, D2 over-delivery, D18 late start, D19 implementation plan
overdue.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from app.rules.deviations.seconds import Account, Fate
from app.rules.deviations.setting import Setting
from app.rules.deviations.values import Effect, Found, Rule, Subject, SubjectType, laid_out
from app.rules.orders import Placed, PoolKey, granted_seconds, plan_due_on, pools, start_due_at, touches_month
from app.rules.people import days_away
from app.rules.policies import Applied
from app.rules.time import days_of, first_day, format_instant, local_day, local_month, month_interval, month_of
from app.rules.visits.surroundings import LONG_SERVICES
from app.rules.visits.values import Visit, VisitState


def pool_id(pool: PoolKey) -> str:
    """The pool as one text: provider, customer, law and services joined by `/`."""
    return "/".join((pool.provider_id, pool.customer_id, pool.law, "+".join(pool.services)))


def find_under(account: Account, months: Iterable[str], setting: Setting) -> list[Found]:
    """D1 of every pool in each of the months that is over: performed below the policy's share of granted; days on which
    the customer is away leave both. Source: LR 3.6.4, V18.
    """
    found: list[Found] = []
    by_pool = pools(setting.placed)
    for month in months:
        if month_interval(month).end > setting.now:
            continue
        performed = performed_by_pool(account, month, setting)
        for pool, placed in by_pool.items():
            if any(touches_month(one, month) for one in placed):
                found += _under(pool, placed, month, performed.get(pool, 0), setting)
    return found


def performed_by_pool(account: Account, month: str, setting: Setting) -> dict[PoolKey, int]:
    """Seconds performed of each pool in the month, whatever becomes of their pay, days on which the customer is away
    left out.
    """
    found: dict[PoolKey, int] = {}
    for one in account.stretches:
        if one.month == month and one.covering and not _away(one.customer_id, local_day(one.start), setting):
            pool = one.pool or one.covering[0].pool
            found[pool] = found.get(pool, 0) + one.seconds
    return found


def _away(customer_id: str | None, day: date, setting: Setting) -> bool:
    return bool(days_away(setting.absences.get(customer_id or "", ()), [day]))


def _under(pool: PoolKey, placed: tuple[Placed, ...], month: str, performed: int, setting: Setting) -> list[Found]:
    away = days_away(setting.absences.get(pool.customer_id, ()), days_of(month))
    granted = granted_seconds(placed, month, away)
    municipality = setting.around.municipality(pool.customer_id)
    by = setting.policies.applied("under_delivery_percent", municipality, first_day(month))
    share = int(by.value)
    if performed * 100 >= granted * share:
        return []
    seen: dict[str, object] = {"performed_seconds": performed, "granted_seconds": granted, "percent": share}
    expected: dict[str, object] = {"least_seconds": -(-granted * share // 100)}
    return [_of_pool(Rule.D1, pool, month, laid_out(seen, expected, [by]), setting)]


def find_over(account: Account, setting: Setting) -> list[Found]:
    """D2 of every pool and month in which more reached the cap than was granted and extended. Source: LR 3.6.4."""
    reached: dict[tuple[PoolKey, str], int] = {}
    for one in account.stretches:
        if one.pool is not None and one.fate in (Fate.PAID, Fate.EXCESS):
            reached[one.pool, one.month] = reached.get((one.pool, one.month), 0) + one.seconds
    found: list[Found] = []
    for (pool, month), performed in sorted(reached.items()):
        caps = account.caps[pool, month]
        if performed > caps.seconds:
            facts: dict[str, object] = {
                "performed_seconds": performed,
                "granted_seconds": caps.granted_seconds,
                "approved_extension_seconds": caps.extension_seconds,
                "excess_seconds": performed - caps.seconds,
            }
            facts = laid_out(facts, {"most_seconds": caps.seconds})
            found.append(_of_pool(Rule.D2, pool, month, facts, setting))
    return found


def _of_pool(rule: Rule, pool: PoolKey, month: str, facts: dict[str, object], setting: Setting) -> Found:
    return Found(
        rule=rule,
        subject=Subject(type=SubjectType.POOL, id=pool_id(pool)),
        provider_id=pool.provider_id,
        period=month,
        facts=facts,
        effect=Effect.EXPLAIN,
        asks=True,
        municipality=setting.around.municipality(pool.customer_id),
        customer_id=pool.customer_id,
    )


def find_late(visits: Iterable[Visit], setting: Setting) -> list[Found]:
    """D18 and D19 of every order; neither ever clears, and each is of the month in which it was due. Source: O4, O5."""
    first = _first_starts(visits)
    found: list[Found] = []
    for placed in sorted((one for one in setting.placed if not one.continues), key=lambda one: one.order.id):
        due = start_due(placed, setting)
        key = (placed.order.provider_id, placed.grant.customer_id)
        started = next((at for at in first.get(key, ()) if at >= placed.begins_at), None)
        if (started or setting.now) > due:
            seen: dict[str, object] = {
                "due_at": format_instant(due),
                "started_at": started and format_instant(started),
            }
            facts = laid_out(seen, policies=[_policy(_start(placed), placed, setting)])
            found.append(_of_order(Rule.D18, placed, local_month(due), facts, setting))
        found += _plan_overdue(placed, setting)
    return found


def _first_starts(visits: Iterable[Visit]) -> dict[tuple[str, str], list[datetime]]:
    """When each customer's visits by each provider began, in order; an extra service is no care of a grant (V13), and a
    stay in a household is a visit to all of it (V12).
    """
    found: dict[tuple[str, str], list[datetime]] = {}
    for visit in visits:
        if visit.state is VisitState.VOID or visit.starts_at is None or visit.extra_service:
            continue
        for customer_id in visit.customer_ids:
            found.setdefault((visit.provider_id, customer_id), []).append(visit.starts_at)
    return {key: sorted(starts) for key, starts in found.items()}


def start_due(placed: Placed, setting: Setting) -> datetime:
    """Until when, that instant included, the care of the order starts in time. Source: O4."""
    return start_due_at(placed, int(_policy(_start(placed), placed, setting).value))


def plan_due(placed: Placed, setting: Setting) -> date:
    """The last day on which the order's implementation plan is in time. Source: O5."""
    return plan_due_on(placed, int(_policy(_PLAN, placed, setting).value))


_PLAN = "implementation_plan_days"


def _start(placed: Placed) -> str:
    home = not all(service in LONG_SERVICES for service in placed.grant.services)
    return "start_of_care_seconds" if home else "start_of_care_escort_respite_seconds"


def _policy(name: str, placed: Placed, setting: Setting) -> Applied:
    municipality = setting.around.municipality(placed.grant.customer_id)
    return setting.policies.applied(name, municipality, local_day(placed.begins_at))


def _plan_overdue(placed: Placed, setting: Setting) -> list[Found]:
    due = plan_due(placed, setting)
    received = placed.order.implementation_plan_received_on
    if (received or local_day(setting.now)) <= due:
        return []
    seen: dict[str, object] = {"due_on": due.isoformat(), "received_on": received and received.isoformat()}
    facts = laid_out(seen, policies=[_policy(_PLAN, placed, setting)])
    return [_of_order(Rule.D19, placed, month_of(due), facts, setting)]


def _of_order(rule: Rule, placed: Placed, period: str, facts: dict[str, object], setting: Setting) -> Found:
    return Found(
        rule=rule,
        subject=Subject(type=SubjectType.ORDER, id=placed.order.id),
        provider_id=placed.order.provider_id,
        period=period,
        facts=facts,
        effect=Effect.EXPLAIN,
        asks=True,
        municipality=setting.around.municipality(placed.grant.customer_id),
        customer_id=placed.grant.customer_id,
    )
