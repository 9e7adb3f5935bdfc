"""Marks: which judgements a change of master data makes due."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from app.actions.calls import Call
from app.rules.time import first_day, local_instant, month_of, next_month
from app.storage.database import Transaction
from app.storage.judgements import Due, mark_due
from app.storage.placements import Pair, pairs

MONTHS_BACK = 36
"""Older months are judged again only by command: a row valid since ever would mark a lifetime. Source: our decision."""

Days = tuple[date, date | None]
"""The first day on which something holds, and the first on which it no longer does; None never ends."""


def months_of(days: Days, today: date) -> list[str]:
    """The months that have a day of the period, up to this one, from three years back."""
    start, before = days
    month = max(month_of(start), f"{today.year - MONTHS_BACK // 12:04d}-{today.month:02d}")
    found: list[str] = []
    while month <= month_of(today) and (before is None or first_day(month) < before):
        found.append(month)
        month = next_month(month)
    return found


def mark_pairs(tx: Transaction, call: Call, placed: Iterable[Pair], periods: Iterable[Days]) -> None:
    """What was performed by each provider at each customer in these periods is judged again."""
    months = {month for days in periods for month in months_of(days, call.today)}
    dues = [Due(provider_id=provider, customer_id=whom, month=month) for provider, whom in placed for month in months]
    mark_due(tx, call.care_system_id, dues, at=call.now)


def mark_months(tx: Transaction, call: Call, placed: Iterable[tuple[Pair, date]]) -> None:
    """What each provider does at each customer in the month of the day is judged again."""
    dues = [Due(provider_id=provider, customer_id=whom, month=month_of(day)) for (provider, whom), day in placed]
    mark_due(tx, call.care_system_id, dues, at=call.now)


def mark_customers(tx: Transaction, call: Call, customer_ids: Collection[str], periods: Collection[Days]) -> None:
    """Whatever any provider performed at the customers in these periods is judged again."""
    since = local_instant(min(start for start, _ in periods))
    mark_pairs(tx, call, pairs(tx, call.care_system_id, since=since, customer_ids=customer_ids), periods)


def mark_everyone(
    tx: Transaction, call: Call, period: Days, *, municipality: str | None = None, provider_id: str | None = None
) -> None:
    """Whatever was performed in the municipality, or by the provider, in this period is judged again; None is any."""
    placed = pairs(
        tx, call.care_system_id, since=local_instant(period[0]), municipality=municipality, provider_id=provider_id
    )
    mark_pairs(tx, call, placed, [period])
