"""What only time brings: marks for what fell due since somebody looked, so that a sweep judges that and no more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from app.rules.deviations.coming import falling_due, months_over, open_too_long
from app.rules.deviations.facts import Facts
from app.rules.deviations.setting import Setting, lay_out
from app.rules.policies import BY_NAME, Policy
from app.rules.time import Interval, local_month, month_interval
from app.rules.visits.values import Visit
from app.storage import coming
from app.storage.counters import lock_counter, move_counter
from app.storage.database import Transaction
from app.storage.judgements import NOBODY, Due, mark_due
from app.storage.numbers import breaks, skips_standing
from app.storage.people import CUSTOMER
from app.storage.placements import pairs
from app.storage.plans import PLANNED_VISIT
from app.storage.policies import policies_of
from app.storage.records import get_many, versions

LOOKED = "judged_until"
"""The counter that keeps, in seconds since 1970, until when time has been looked at."""
MONTHS_BACK = 36
"""What fell due longer ago is judged again only where somebody changes it. Source: our decision."""
_START = ("start_of_care_seconds", "start_of_care_escort_respite_seconds")
_DAY = 86_400
_IN_FLIGHT = timedelta(minutes=5)
"""What was received so long before somebody looked may have been committed after it. Source: our decision."""


def mark_what_time_brings(tx: Transaction, care_system_id: str, now: datetime) -> int:
    """How many judgements are due because of the time that passed since somebody looked; they are marked.

    D1 of months that are over, D3 of plans that nobody answered, D7 of visits open too long, D18 and D19 of orders, D22
    of phones: numbers that nobody waits for any longer, and those that came at last.
    """
    looked = lock_counter(tx, care_system_id, LOOKED)
    since = max(datetime.fromtimestamp(looked, UTC), now - timedelta(days=31 * MONTHS_BACK))
    if now <= since:
        return 0
    passed = Interval(since, now)
    rows = policies_of(tx, care_system_id)
    dues = {
        *_fell_due(tx, care_system_id, passed, rows),
        *_left_open(tx, care_system_id, now, rows),
        *_over(tx, care_system_id, passed),
        *_skipped(tx, care_system_id, passed, rows),
    }
    mark_due(tx, care_system_id, dues, at=now)
    move_counter(tx, care_system_id, LOOKED, int(now.timestamp()))
    return len(dues)


def _fell_due(tx: Transaction, care_system_id: str, passed: Interval, rows: tuple[Policy, ...]) -> set[Due]:
    grace = _values("missed_visit_seconds", rows)
    ended = Interval(passed.start - timedelta(seconds=max(grace)), passed.end - timedelta(seconds=min(grace)))
    longest = max(*(value for name in _START for value in _values(name, rows)), *_plan_seconds(rows))
    plans = coming.unanswered_plans(tx, care_system_id, ended)
    orders, grants = coming.orders_begun(
        tx, care_system_id, passed.start - timedelta(seconds=longest + 2 * _DAY), passed.end
    )
    customer_ids = {one.customer_id for one in plans} | {one.customer_id for one in grants}
    facts = Facts(
        customers=tuple(get_many(tx, CUSTOMER, care_system_id, customer_ids).values()),
        orders=orders,
        grants=grants,
        planned_visits=plans,
        policies=rows,
    )
    found = falling_due(lay_out(facts, passed.end), passed)
    return {Due(provider_id=one, customer_id=whom, month=month) for one, whom, month in found}


def _skipped(tx: Transaction, care_system_id: str, passed: Interval, rows: tuple[Policy, ...]) -> set[Due]:
    grace = _values("sequence_gap_seconds", rows)
    received = Interval(passed.start - timedelta(seconds=max(grace) + 1), passed.end - timedelta(seconds=min(grace)))
    noticed = {(one.provider_id, local_month(one.received_at)) for one in breaks(tx, care_system_id, received)}
    come = skips_standing(tx, care_system_id, passed.start - _IN_FLIGHT)
    return {Due(provider_id=one, customer_id=NOBODY, month=month) for one, month in {*noticed, *come}}


def _values(name: str, rows: Iterable[Policy]) -> list[int]:
    """Every value that the policy has anywhere."""
    told = [row.value for row in rows if row.name == name]
    return [value for value in (BY_NAME[name].default, *told) if isinstance(value, int)]


def _plan_seconds(rows: Iterable[Policy]) -> list[int]:
    return [days * _DAY for days in _values("implementation_plan_days", rows)]


def _left_open(tx: Transaction, care_system_id: str, now: datetime, rows: tuple[Policy, ...]) -> set[Due]:
    visits = coming.open_visits(tx, care_system_id)
    late = open_too_long(visits, _around(tx, care_system_id, visits, now, rows)) if visits else ()
    return {
        Due(provider_id=one.provider_id, customer_id=whom, month=local_month(one.placed_at))
        for one in late
        for whom in one.customer_ids or (NOBODY,)
    }


def _around(
    tx: Transaction, care_system_id: str, visits: tuple[Visit, ...], now: datetime, rows: tuple[Policy, ...]
) -> Setting:
    plan_ids = {one.planned_visit_id for one in visits if one.planned_visit_id is not None}
    customer_ids = {one.customer_id for one in visits if one.customer_id is not None}
    facts = Facts(
        customers=tuple(get_many(tx, CUSTOMER, care_system_id, customer_ids).values()),
        planned_visits=versions(tx, PLANNED_VISIT, care_system_id, plan_ids),
        policies=rows,
    )
    return lay_out(facts, now)


def _over(tx: Transaction, care_system_id: str, passed: Interval) -> set[Due]:
    """Everybody's month, of each that is over by now and was not. Source: D1."""
    begun = coming.begun(tx, care_system_id)
    over = () if begun is None else months_over(max(passed.start, begun), passed.end, MONTHS_BACK)
    if not over:
        return set()
    placed = pairs(tx, care_system_id, since=month_interval(over[0]).start)
    return {Due(provider_id=one, customer_id=whom, month=month) for one, whom in placed for month in over}
