"""Corrections and their approvals (V10)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select

from app.rules.visits.values import Correction
from app.storage.database import Transaction
from app.storage.statements import among, insert_rows, mappings
from app.storage.tables.visits import correction, correction_approval
from app.storage.visits.rows import changes_document, correction_of

APPROVED = (
    correction_approval.c.approved_by,
    correction_approval.c.approved_at,
    correction_approval.c.recorded_at.label("approval_recorded_at"),
)
"""The columns of an approval beside those of its correction."""


def corrections_select() -> Select[Any]:
    """Corrections beside their approvals, where they have one."""
    theirs = and_(
        correction_approval.c.care_system_id == correction.c.care_system_id,
        correction_approval.c.correction_id == correction.c.id,
    )
    return select(correction, *APPROVED).join(correction_approval, theirs, isouter=True)


def insert_correction(tx: Transaction, care_system_id: str, value: Correction, *, by: str) -> None:
    """The correction is kept, pending. Raises IntegrityError for a taken id."""
    row = {
        "care_system_id": care_system_id,
        "id": value.id,
        "external_id": value.external_id,
        "recorded_at": value.recorded_at,
        "recorded_by": by,
        "visit_id": value.visit_id,
        "changes": changes_document(value.changes),
        "reason": value.reason,
        "note": value.note,
        "made_by": value.made_by,
        "made_at": value.made_at,
    }
    insert_rows(tx, correction, [row])


def approve_correction(
    tx: Transaction, care_system_id: str, correction_id: str, *, by: str, at: datetime, recorded_at: datetime
) -> None:
    """The correction counts from now on. Raises IntegrityError (`pk_correction_approval`) where it does already."""
    row = {
        "care_system_id": care_system_id,
        "correction_id": correction_id,
        "approved_by": by,
        "approved_at": at,
        "recorded_at": recorded_at,
    }
    insert_rows(tx, correction_approval, [row])


def get_correction(tx: Transaction, care_system_id: str, correction_id: str) -> Correction | None:
    """The correction with its approval, None where there is none."""
    statement = corrections_select().where(
        correction.c.care_system_id == care_system_id, correction.c.id == correction_id
    )
    return next((correction_of(row) for row in mappings(tx, statement)), None)


def corrections_of(tx: Transaction, care_system_id: str, visit_ids: Collection[str]) -> tuple[Correction, ...]:
    """The corrections of these visits with their approvals, by id."""
    if not visit_ids:
        return ()
    statement = corrections_select().where(
        correction.c.care_system_id == care_system_id, among(tx, correction.c.visit_id, visit_ids)
    )
    return tuple(correction_of(row) for row in mappings(tx, statement.order_by(correction.c.id)))
