"""Figures: how much was performed, how it was registered, how many one meets, and what went wrong (K1–K4).

Shares are decimal texts with four places, half up, None where there is nothing to divide by; no floats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import TypeVar

from app.rules.deviations.at_orders import plan_due, start_due
from app.rules.deviations.explain import Explained
from app.rules.deviations.judge import Judgement
from app.rules.deviations.seconds import Account, Fate, Stretch
from app.rules.deviations.setting import Setting
from app.rules.deviations.values import DeviationState, Rule
from app.rules.orders import Placed, PoolKey, granted_seconds, pools, touches_month
from app.rules.people import Customer, days_away
from app.rules.plans import PlannedVisit, called_off
from app.rules.tags import Method
from app.rules.time import Interval, first_day, local_day, local_instant, local_month, month_of
from app.rules.visits.values import Visit, VisitState

_CONTINUITY_DAYS = 14
_AGE = 65

T = TypeVar("T")


def decimal(exact: Fraction, places: int = 4) -> str:
    """The fraction as a decimal text with so many places, half up."""
    scaled = exact * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return f"{whole // 10**places}.{whole % 10**places:0{places}d}"


def share(part: int, whole: int) -> str | None:
    """`part` of `whole`, None of nothing."""
    return None if whole == 0 else decimal(Fraction(part, whole))


def figures(judgement: Judgement, months: Iterable[str]) -> dict[str, list[dict[str, object]]]:
    """K1–K4 of the months, each in a fixed order."""
    asked = tuple(months)
    return {
        "K1": [row for month in asked for row in degree_of_performance(judgement, month)],
        "K2": [row for month in asked for row in degree_of_registration(judgement, month)],
        "K3": [row for month in asked for row in continuity(judgement, month)],
        "K4": [row for month in asked for row in what_went_wrong(judgement, month)],
    }


def degree_of_performance(judgement: Judgement, month: str) -> list[dict[str, object]]:
    """K1, utförandegrad: performed of granted seconds per pool that holds in the month. Source: LR 3.6, 3.6.2."""
    performed = _performed(judgement.account, month)
    rows: list[dict[str, object]] = []
    for pool, placed in pools(judgement.setting.placed).items():
        if pool in performed or any(touches_month(one, month) for one in placed):
            granted = granted_seconds(placed, month)
            rows.append(
                {
                    "month": month,
                    "provider_id": pool.provider_id,
                    "customer_id": pool.customer_id,
                    "law": pool.law,
                    "services": list(pool.services),
                    "performed_seconds": performed.get(pool, 0),
                    "granted_seconds": granted,
                    "share": share(performed.get(pool, 0), granted),
                }
            )
    return rows


def _performed(account: Account, month: str) -> dict[PoolKey, int]:
    found: dict[PoolKey, int] = {}
    for one in account.stretches:
        if one.month == month and one.covering:
            pool = one.pool or one.covering[0].pool
            found[pool] = found.get(pool, 0) + one.seconds
    return found


def degree_of_registration(judgement: Judgement, month: str) -> list[dict[str, object]]:
    """K2, registreringsgrad: whole visits whose both ends are tag or QR, and the manual share, by count and seconds."""
    rows: list[dict[str, object]] = []
    for provider_id, visits in _whole(judgement, month).items():
        seconds = sum(visit.performed_seconds or 0 for visit in visits)
        tagged = [visit for visit in visits if _tagged(visit)]
        by_tag = sum(visit.performed_seconds or 0 for visit in tagged)
        rows.append(
            {
                "month": month,
                "provider_id": provider_id,
                "visits": len(visits),
                "by_tag_visits": len(tagged),
                "by_tag_share": share(len(tagged), len(visits)),
                "manual_share": share(len(visits) - len(tagged), len(visits)),
                "performed_seconds": seconds,
                "by_tag_seconds": by_tag,
                "manual_seconds_share": share(seconds - by_tag, seconds),
            }
        )
    return rows


def _whole(judgement: Judgement, month: str) -> dict[str, list[Visit]]:
    """The whole, paid-for kind of visits begun in the month, by provider."""
    found: dict[str, list[Visit]] = {}
    for visit in judgement.visits:
        if visit.state is VisitState.COMPLETE and not visit.extra_service and local_month(visit.placed_at) == month:
            found.setdefault(visit.provider_id, []).append(visit)
    return {provider_id: found[provider_id] for provider_id in sorted(found)}


def _tagged(visit: Visit) -> bool:
    moved = (visit.starts_at, visit.ends_at) != (visit.registered_starts_at, visit.registered_ends_at)
    return (
        not moved
        and len(visit.ends) == 2
        and all(end.method is not Method.MANUAL and not end.stated for end in visit.ends)
    )


def continuity(judgement: Judgement, month: str) -> list[dict[str, object]]:
    """K3, personalkontinuitet: distinct caregivers met in the month's first 14 days, 07–22, by customers of 65 or more
    with two or more visits every day; who is away any day is left out. Per municipality. Source:
    Socialstyrelsen/Kolada; the days: ours.
    """
    days = [first_day(month) + timedelta(days=n) for n in range(_CONTINUITY_DAYS)]
    met: dict[str, list[int]] = {}
    for customer_id, meetings in sorted(_meetings(judgement, days).items()):
        customer = judgement.setting.customers.get(customer_id)
        if customer is not None and _measured(customer, meetings, days, judgement):
            met.setdefault(customer.municipality, []).append(len({caregiver_id for _, caregiver_id in meetings}))
    return [
        {
            "month": month,
            "municipality": municipality,
            "customers": len(counts),
            "mean": decimal(Fraction(sum(counts), len(counts)), 2),
            "median": decimal(_median(sorted(counts)), 2),
        }
        for municipality, counts in sorted(met.items())
    ]


def _meetings(judgement: Judgement, days: list[date]) -> dict[str, list[tuple[date, str]]]:
    """Day and caregiver of every whole visit begun on one of the days between 07 and 22, by customer; a household's
    visit is each of its customers' (V12).
    """
    found: dict[str, list[tuple[date, str]]] = {}
    hours = {day: Interval(local_instant(day, 420), local_instant(day, 1320)) for day in days}
    first, last = hours[days[0]].start, hours[days[-1]].end
    for visit in judgement.visits:
        if visit.state is not VisitState.COMPLETE or visit.extra_service or not first <= visit.placed_at < last:
            continue
        day = local_day(visit.placed_at)
        if hours[day].covers(visit.placed_at):
            for customer_id in visit.customer_ids:
                found.setdefault(customer_id, []).append((day, visit.caregiver_id))
    return found


def _measured(customer: Customer, meetings: list[tuple[date, str]], days: list[date], judgement: Judgement) -> bool:
    if customer.birth_year is None or days[0].year - customer.birth_year < _AGE:
        return False
    visits_of = Counter(day for day, _ in meetings)
    if any(visits_of[day] < 2 for day in days):
        return False
    return not days_away(judgement.setting.absences.get(customer.id, ()), days)


def _median(ordered: list[int]) -> Fraction:
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return Fraction(ordered[middle])
    return Fraction(ordered[middle - 1] + ordered[middle], 2)


def what_went_wrong(judgement: Judgement, month: str) -> list[dict[str, object]]:
    """K4 per provider: missed and cancelled visits by who cancelled and with short notice, declined activities, visits
    registered late, extension and double-staffed seconds, start of care and plans in time, open deviations, evidence
    and clock grades.

    Extension seconds are held against the granted ones, what is in time against what was due. Source: K4; both: ours.
    """
    setting, visits = judgement.setting, _whole(judgement, month)
    found = (one for one in judgement.deviations if one.found.period == month)
    told = _by_provider(found, lambda one: one.found.provider_id)
    planned = (one for one in setting.plans if local_month(one.starts_at) == month)
    plans = _by_provider(planned, lambda one: one.provider_id)
    placed = _by_provider(setting.placed, lambda one: one.order.provider_id)
    performed = (one for one in judgement.account.stretches if one.month == month)
    stretches = _by_provider(performed, lambda one: one.visit.provider_id)
    return [
        {
            "month": month,
            "provider_id": provider_id,
            **_of_plans(plans.get(provider_id, [])),
            **_of_visits(visits.get(provider_id, []), told.get(provider_id, [])),
            **_of_seconds(stretches.get(provider_id, [])),
            **_of_extensions(setting, placed.get(provider_id, []), month),
            **_of_orders(setting, placed.get(provider_id, []), told.get(provider_id, []), month),
            **_of_deviations(told.get(provider_id, [])),
        }
        for provider_id in sorted(setting.providers)
    ]


def _by_provider(several: Iterable[T], whose: Callable[[T], str]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for one in several:
        found.setdefault(whose(one), []).append(one)
    return found


def _of_plans(plans: list[PlannedVisit]) -> dict[str, object]:
    """Cancelled before their start, by whom; a plan counts as it stood then. Source: V16."""
    return {"cancelled": _counted(plan.cancelled.by for plan in plans if plan.cancelled and called_off(plan))}


def _of_visits(visits: list[Visit], told: list[Explained]) -> dict[str, object]:
    late = {one.found.subject.id for one in told if one.found.rule is Rule.D23}
    return {
        "declined": sum(activity.outcome == "declined" for visit in visits for activity in visit.activities),
        "late_share": share(sum(visit.id in late for visit in visits), len(visits)),
        "evidence_grades": _counted([str(visit.evidence_grade) for visit in visits]),
        "clock_grades": _counted([visit.clock_grade for visit in visits]),
    }


def _of_seconds(stretches: list[Stretch]) -> dict[str, object]:
    return {"double_staffed_share": share(_double_staffed(stretches), sum(one.seconds for one in stretches))}


def _of_extensions(setting: Setting, placed: list[Placed], month: str) -> dict[str, object]:
    own = pools(placed)
    extended = sum(setting.extended.get((pool, month), 0) for pool in own)
    granted = sum(granted_seconds(orders, month) for orders in own.values())
    return {"extension_seconds": extended, "extension_share": share(extended, granted)}


def _of_orders(setting: Setting, placed: list[Placed], told: list[Explained], month: str) -> dict[str, object]:
    """Of the orders whose care, or whose plan, was due in the month and is by now: the share that was in time."""
    late = {(one.found.rule, one.found.subject.id) for one in told}
    begun = [one for one in placed if not one.continues]
    started = [(one.order.id, start_due(one, setting)) for one in begun]
    starts = [name for name, due in started if local_month(due) == month and due <= setting.now]
    planned = [(one.order.id, plan_due(one, setting)) for one in begun]
    plans = [name for name, due in planned if month_of(due) == month and due <= local_day(setting.now)]
    return {
        "start_of_care_in_time_share": share(sum((Rule.D18, name) not in late for name in starts), len(starts)),
        "implementation_plan_in_time_share": share(sum((Rule.D19, name) not in late for name in plans), len(plans)),
    }


def _of_deviations(told: list[Explained]) -> dict[str, object]:
    rules = Counter(one.found.rule for one in told)
    return {
        "missed": rules[Rule.D3],
        "cancelled_late": rules[Rule.D4],
        "late_start_of_care": rules[Rule.D18],
        "implementation_plan_overdue": rules[Rule.D19],
        "open_deviations": sum(one.state is DeviationState.OPEN for one in told),
    }


def _double_staffed(stretches: list[Stretch]) -> int:
    """Seconds in which a second caregiver was paid or would have been, were it not for the cap. Source: R5."""
    paid = [one for one in stretches if one.fate in (Fate.PAID, Fate.EXCESS)]
    found = 0
    by_customer: dict[tuple[str | None, str | None], list[Stretch]] = {}
    for one in paid:
        by_customer.setdefault((one.customer_id, one.service), []).append(one)
    for group in by_customer.values():
        until = None
        for one in sorted(group, key=lambda stretch: (stretch.start, stretch.end)):
            if until is not None and one.start < until:
                found += Interval(one.start, min(one.end, until)).seconds
            until = one.end if until is None else max(until, one.end)
    return found


def _counted(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in sorted(names):
        found[str(name)] = found.get(str(name), 0) + 1
    return found
