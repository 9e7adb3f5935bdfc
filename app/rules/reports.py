"""Figures: how much was performed, how it was registered, how many one meets, and what went wrong (K1–K4).

Shares are decimal texts with four places, half up, None where there is nothing to divide by; no floats.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from app.rules.deviations.judge import Judgement
from app.rules.deviations.seconds import Account, Fate, Stretch
from app.rules.deviations.values import DeviationState, Rule
from app.rules.extensions import approved_seconds
from app.rules.orders import PoolKey, granted_seconds, pools, touches_month
from app.rules.people import Customer, days_away
from app.rules.recorded import known_at
from app.rules.tags import Method
from app.rules.time import Interval, first_day, local_day, local_instant, local_month
from app.rules.visits.values import Visit, VisitState

_CONTINUITY_DAYS = 14
_AGE = 65


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
    for customer_id, visits in sorted(_by_customer(judgement).items()):
        customer = judgement.setting.customers.get(customer_id)
        if customer is not None and _measured(customer, visits, days, judgement):
            caregivers = {visit.caregiver_id for visit in visits if _by_day(visit, days)}
            met.setdefault(customer.municipality, []).append(len(caregivers))
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


def _by_customer(judgement: Judgement) -> dict[str, list[Visit]]:
    found: dict[str, list[Visit]] = {}
    for visit in judgement.visits:
        if visit.state is VisitState.COMPLETE and visit.customer_id is not None and not visit.extra_service:
            found.setdefault(visit.customer_id, []).append(visit)
    return found


def _measured(customer: Customer, visits: list[Visit], days: list[date], judgement: Judgement) -> bool:
    if customer.birth_year is None or days[0].year - customer.birth_year < _AGE:
        return False
    if days_away(judgement.setting.absences.get(customer.id, ()), days):
        return False
    return all(sum(_by_day(visit, [day]) for visit in visits) >= 2 for day in days)


def _by_day(visit: Visit, days: list[date]) -> bool:
    """True where it begins on one of the days between 07 and 22."""
    if visit.starts_at is None:
        return False
    day = local_day(visit.starts_at)
    return day in days and Interval(local_instant(day, 420), local_instant(day, 1320)).covers(visit.starts_at)


def _median(ordered: list[int]) -> Fraction:
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return Fraction(ordered[middle])
    return Fraction(ordered[middle - 1] + ordered[middle], 2)


def what_went_wrong(judgement: Judgement, month: str) -> list[dict[str, object]]:
    """K4 per provider: missed and cancelled visits by who cancelled, declined activities, late registrations, extension
    and double-staffed seconds, start of care and plans in time, open deviations, evidence and clock grades.
    """
    providers = sorted(judgement.setting.providers)
    return [_row(judgement, provider_id, month) for provider_id in providers]


def _row(judgement: Judgement, provider_id: str, month: str) -> dict[str, object]:
    told = [one for one in judgement.deviations if (one.found.provider_id, one.found.period) == (provider_id, month)]
    visits = _whole(judgement, month).get(provider_id, [])
    stretches = [
        one for one in judgement.account.stretches if (one.visit.provider_id, one.month) == (provider_id, month)
    ]
    late = sum(one.found.rule is Rule.D23 for one in told)
    return {
        "month": month,
        "provider_id": provider_id,
        "missed": sum(one.found.rule is Rule.D3 for one in told),
        "cancelled": _cancelled(judgement, provider_id, month),
        "declined": sum(activity.outcome == "declined" for visit in visits for activity in visit.activities),
        "late_share": share(late, len(visits)),
        "extension_seconds": _extended(judgement, provider_id, month),
        "double_staffed_share": share(_double_staffed(stretches), sum(one.seconds for one in stretches)),
        "late_start_of_care": sum(one.found.rule is Rule.D18 for one in told),
        "implementation_plan_overdue": sum(one.found.rule is Rule.D19 for one in told),
        "open_deviations": sum(one.state is DeviationState.OPEN for one in told),
        "evidence_grades": _counted([str(visit.evidence_grade) for visit in visits]),
        "clock_grades": _counted([visit.clock_grade for visit in visits]),
    }


def _cancelled(judgement: Judgement, provider_id: str, month: str) -> dict[str, int]:
    plans = known_at(judgement.setting.facts.planned_visits, judgement.setting.now)
    return _counted(
        [
            plan.cancelled.by
            for plan in plans
            if plan.cancelled is not None and plan.provider_id == provider_id and local_month(plan.starts_at) == month
        ]
    )


def _extended(judgement: Judgement, provider_id: str, month: str) -> int:
    setting = judgement.setting
    return sum(
        approved_seconds(one, setting.facts.decisions, setting.now)
        for one in setting.facts.extensions
        if (one.provider_id, one.month) == (provider_id, month)
    )


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
