"""The numbers of enrolled phones: where they skip. Source: D22, FAULTS 23."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, select, union_all

from app.rules.deviations.facts import Break
from app.rules.deviations.values import DeviationState, Rule, SubjectType
from app.rules.time import Interval
from app.storage.database import Transaction
from app.storage.statements import among, mappings
from app.storage.tables.deviations import deviation
from app.storage.tables.devices import device, quarantined_registration
from app.storage.tables.visits import registration

_NUMBERED = (registration, quarantined_registration)
"""Where what a phone sent has come to; what waits in the quarantine has not been lost."""


def breaks(
    tx: Transaction, care_system_id: str, received: Interval, provider_ids: Collection[str] | None = None
) -> tuple[Break, ...]:
    """Where the numbers of the providers' phones skip, None of everybody's, noticed by what was received in the time.

    What comes in between is gone from the answer, however late. In the order of phone and number.
    """
    phones = select(device.c.id).where(device.c.care_system_id == care_system_id, device.c.enrolled_at.is_not(None))
    if provider_ids is not None:
        phones = phones.where(among(tx, device.c.provider_id, provider_ids))
    ids = list(tx.connection.execute(phones).scalars())
    if not ids:
        return ()
    said = union_all(*(_after_a_skip(tx, table, care_system_id, ids, received) for table in _NUMBERED)).subquery("said")
    statement = (
        select(said.c.device_id, said.c.sequence, said.c.before_it, said.c.received_at, device.c.provider_id)
        .join(device, and_(device.c.care_system_id == care_system_id, device.c.id == said.c.device_id))
        .order_by(said.c.device_id, said.c.sequence, said.c.received_at)
    )
    found: dict[tuple[str, int], Break] = {}
    for row in mappings(tx, statement):
        if row["before_it"] is not None:
            one = Break(
                device_id=row["device_id"],
                provider_id=row["provider_id"],
                after=row["before_it"],
                before=row["sequence"],
                received_at=row["received_at"],
            )
            found.setdefault((one.device_id, one.before), one)
    return tuple(found.values())


def _after_a_skip(
    tx: Transaction, table: Table, care_system_id: str, device_ids: Collection[str], received: Interval
) -> Select[Any]:
    """What was received in the time and has no number just before it, with the highest that it has before it."""
    lower = [_highest_below(one, care_system_id, table) for one in _NUMBERED]
    highest = func.coalesce(
        func.greatest(*lower) if tx.dialect == "postgresql" else func.max(*(func.coalesce(one, -1) for one in lower)),
        -1,
    )
    just_before = [
        exists().where(*_same(other, care_system_id, table), other.c.sequence == table.c.sequence - 1)
        for other in (one.alias(f"just_{one.name}") for one in _NUMBERED)
    ]
    return select(
        table.c.device_id, table.c.sequence, table.c.received_at, func.nullif(highest, -1).label("before_it")
    ).where(
        table.c.care_system_id == care_system_id,
        among(tx, table.c.device_id, device_ids),
        table.c.received_at >= received.start,
        table.c.received_at < received.end,
        table.c.sequence > 0,
        *(~one for one in just_before),
    )


def _highest_below(source: Table, care_system_id: str, table: Table) -> ColumnElement[Any]:
    other = source.alias(f"below_{source.name}")
    found = select(func.max(other.c.sequence)).where(
        *_same(other, care_system_id, table), other.c.sequence < table.c.sequence
    )
    return found.correlate(table).scalar_subquery()


def _same(other: Any, care_system_id: str, table: Table) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (other.c.care_system_id == care_system_id, other.c.device_id == table.c.device_id)


def skips_standing(tx: Transaction, care_system_id: str, since: datetime) -> tuple[tuple[str, str], ...]:
    """(provider, month) of each D22 that stands of a phone from which something has come since. Source: D22."""
    came = exists().where(
        registration.c.care_system_id == care_system_id,
        registration.c.device_id == deviation.c.subject_id,
        registration.c.received_at >= since,
    )
    kept = exists().where(
        quarantined_registration.c.care_system_id == care_system_id,
        quarantined_registration.c.device_id == deviation.c.subject_id,
        quarantined_registration.c.received_at >= since,
    )
    statement = (
        select(deviation.c.provider_id, deviation.c.period)
        .distinct()
        .where(
            deviation.c.care_system_id == care_system_id,
            deviation.c.rule == Rule.D22,
            deviation.c.subject_type == SubjectType.DEVICE,
            deviation.c.state != DeviationState.CLEARED,
            came | kept,
        )
    )
    return tuple((row["provider_id"], row["period"]) for row in mappings(tx, statement))
