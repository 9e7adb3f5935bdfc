"""A stored deviation as the rules' own value."""

from __future__ import annotations

from app.rules.deviations.reconcile import Standing
from app.rules.deviations.values import Found
from app.storage.deviations import Deviation


def found_of(row: Deviation) -> Found:
    """What was found when the row was last judged."""
    return Found(
        rule=row.rule,
        subject=row.subject,
        provider_id=row.provider_id,
        period=row.period,
        facts=row.facts,
        effect=row.effect,
        asks=row.asks,
        municipality=row.municipality,
        customer_id=row.customer_id,
        own_reason=row.own_reason,
    )


def standing_of(row: Deviation) -> Standing:
    """The row beside which the rules' findings are laid."""
    return Standing(id=row.id, found=found_of(row), state=row.state)
