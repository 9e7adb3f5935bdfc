"""What months, weeks and lists come to for those who look at them: exact sums, but nothing is paid by them."""

from __future__ import annotations

from app.rules.overviews.adding import summed
from app.rules.overviews.kinds import Count, Kind, ProviderShare, by_kind, shares
from app.rules.overviews.lists import MonthSum, last_month_of, months_before, of_assessment, without_provider
from app.rules.overviews.months import (
    Pair,
    Stands,
    Steps,
    Sums,
    approved_in_months,
    excess_seconds,
    granted_in_month,
    held_counts,
    held_seconds,
    steps,
    sums_by_kind,
)
from app.rules.overviews.weeks import Week, granted_between, granted_by_week, last_weeks

__all__ = [
    "Count",
    "Kind",
    "MonthSum",
    "Pair",
    "ProviderShare",
    "Stands",
    "Steps",
    "Sums",
    "Week",
    "approved_in_months",
    "by_kind",
    "excess_seconds",
    "granted_between",
    "granted_by_week",
    "granted_in_month",
    "held_counts",
    "held_seconds",
    "last_month_of",
    "last_weeks",
    "months_before",
    "of_assessment",
    "shares",
    "steps",
    "summed",
    "sums_by_kind",
    "without_provider",
]
