"""Requests in the order in which they moved last."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select

from app.rules.access import Scope
from app.rules.extensions import ExtensionState
from app.storage.database import Transaction
from app.storage.extensions import Request, read_requests, requests_within
from app.storage.tables.extensions import extension, extension_event


def moved_last(
    tx: Transaction,
    care_system_id: str,
    scope: Scope,
    today: date,
    asker: str,
    states: Collection[ExtensionState],
    limit: int,
) -> tuple[Request, ...]:
    """Up to `limit` requests within the scope that are in one of the states, the one that moved last first."""
    step = (
        select(func.max(extension_event.c.id))
        .where(
            extension_event.c.care_system_id == extension.c.care_system_id,
            extension_event.c.extension_id == extension.c.id,
        )
        .correlate(extension)
        .scalar_subquery()
    )
    statement = requests_within(tx, care_system_id, scope, today, asker).where(extension.c.state.in_(sorted(states)))
    return read_requests(tx, care_system_id, statement.order_by(step.desc()).limit(limit))
