"""Comparisons: two outcomes side by side, what changes for whom, and what was set otherwise."""

from app.rules.comparisons.outcomes import allotted, compare, summary
from app.rules.comparisons.settings import settings_changed
from app.rules.comparisons.values import (
    NOTHING,
    Amounts,
    By,
    Change,
    Comparison,
    Count,
    Key,
    Row,
    Tally,
    joined,
)

__all__ = [
    "NOTHING",
    "Amounts",
    "By",
    "Change",
    "Comparison",
    "Count",
    "Key",
    "Row",
    "Tally",
    "allotted",
    "compare",
    "joined",
    "settings_changed",
    "summary",
]
