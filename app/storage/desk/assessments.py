"""What the case officer's list of assessments shows beside them."""

from __future__ import annotations

from collections.abc import Collection

from app.rules.access import Scope
from app.rules.assessments import CLOSED
from app.rules.extensions import Extension
from app.storage.assessments import Assessment, assessment_of, assessments_within
from app.storage.database import Transaction
from app.storage.extensions import all_extensions
from app.storage.statements import among, mappings
from app.storage.tables.assessments import assessment
from app.storage.tables.extensions import extension


def extensions_named(several: Collection[Assessment]) -> frozenset[str]:
    """The ids of the requests that these rest on."""
    return frozenset(told["id"] for one in several for told in one.facts.get("extensions", ()))


def extensions_by_id(tx: Transaction, care_system_id: str, ids: Collection[str]) -> dict[str, Extension]:
    """These requests as they stand, by id."""
    if not ids:
        return {}
    found, _ = all_extensions(tx, care_system_id, among(tx, extension.c.id, ids))
    return {one.id: one for one in found}


def closed_last(tx: Transaction, care_system_id: str, scope: Scope, limit: int) -> tuple[Assessment, ...]:
    """Up to `limit` within the scope that somebody has closed, the last first."""
    statement = assessments_within(care_system_id, scope).where(assessment.c.state.in_(CLOSED))
    ordered = statement.order_by(assessment.c.closed_at.desc(), assessment.c.id.desc()).limit(limit)
    return tuple(assessment_of(row) for row in mappings(tx, ordered))
