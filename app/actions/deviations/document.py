"""A deviation as those who follow the changes are told of it."""

from __future__ import annotations

from typing import Any

from app.rules.deviations.values import NAMES
from app.rules.time import format_instant
from app.storage.deviations import Deviation


def document(row: Deviation) -> dict[str, Any]:
    """The deviation as JSON values. Source: CONTRACT."""
    return {
        "id": row.id,
        "external_id": None,
        "recorded_at": format_instant(row.opened_at),
        "rule": row.rule.value,
        "name": NAMES[row.rule],
        "subject": {"type": row.subject.type.value, "id": row.subject.id},
        "provider_id": row.provider_id,
        "period": row.period,
        "facts": row.facts,
        "effect": row.effect.value,
        "state": row.state.value,
    }
