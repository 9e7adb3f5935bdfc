"""Visits that something else than a registration has changed: time, planned visits, orders, policies (V4, V14, V16)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from app.actions.visits.project import Change, Wider, preview, project
from app.rules.time import month_interval
from app.storage.database import Database
from app.storage.visits.stale import marked, open_ones, visits_of_month
from app.storage.visits.timelines import lock_providers

LOOKED_BACK = timedelta(days=4)
"""A stay that began so long before a month may still be open in it: the longest stay is 72 h (V4)."""
AT_ONCE = 200
"""So many visits are looked at in one transaction."""


def refresh_marked(database: Database, care_system_id: str, now: datetime) -> int:
    """The visits of every month that is marked are what `derive` gives now; how many were not.

    For whoever is about to judge what is marked: plans, orders and policies may have changed since. Source: V5.
    """
    with database.transaction(write=False) as tx:
        dues = marked(tx, care_system_id)
    done = 0
    for due in dues:
        month = month_interval(due.month)
        with database.transaction(write=False) as tx:
            ids = visits_of_month(tx, care_system_id, due, month.start - LOOKED_BACK, month.end)
        done += refresh(database, care_system_id, ids, frozenset([due.provider_id]), now)
    return done


def close_overdue(database: Database, care_system_id: str, now: datetime) -> int:
    """No visit is kept as open that has been so for too long; how many were. Source: V4, D7."""
    with database.transaction(write=False) as tx:
        opened = open_ones(tx, care_system_id, now)
    providers = {provider_id for provider_id, _ in opened}
    ids = sorted(visit_id for _, visit_id in opened)
    return sum(
        refresh(database, care_system_id, frozenset(ids[start : start + AT_ONCE]), frozenset(providers), now)
        for start in range(0, len(ids), AT_ONCE)
    )


def refresh(
    database: Database, care_system_id: str, visit_ids: Collection[str], provider_ids: frozenset[str], now: datetime
) -> int:
    """These visits, and what they are tied to, are what `derive` gives now; how many were not.

    Nobody waits where nothing changes.
    """
    if not visit_ids:
        return 0
    change = Change(provider_ids=provider_ids, visit_ids=frozenset(visit_ids))
    with database.transaction(write=False) as tx:
        if not preview(tx, care_system_id, change, now).differing:
            return 0
    while True:
        try:
            with database.transaction() as tx:
                lock_providers(tx, care_system_id, change.provider_ids)
                return len(project(tx, care_system_id, change, now).differing)
        except Wider as wider:
            change = Change(provider_ids=change.provider_ids | wider.provider_ids, visit_ids=change.visit_ids)
