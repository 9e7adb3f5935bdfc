"""Rates: dated rows that are added and never edited."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.rules.providers import Law, ProviderKind, Service
from app.rules.rates import Band, Holidays, Rate, Window
from app.storage.counters import lock_counter
from app.storage.database import Transaction
from app.storage.records import cut
from app.storage.statements import Row, insert_rows, mappings
from app.storage.tables.rates import rate as table


def rate_of(row: Row) -> Rate:
    """The value of a row."""
    return Rate(
        id=row["id"],
        external_id=row["external_id"],
        recorded_at=row["recorded_at"],
        municipality=row["municipality"],
        service=Service(row["service"]),
        law=None if row["law"] is None else Law(row["law"]),
        provider_kind=None if row["provider_kind"] is None else ProviderKind(row["provider_kind"]),
        band=None if row["band"] is None else _band_of(row["band"]),
        ore_per_hour=row["ore_per_hour"],
        valid_from=row["valid_from"],
        valid_before=row["valid_before"],
        source=row["source"],
    )


def _band_of(told: dict[str, Any]) -> Band:
    windows = tuple(
        Window(weekdays=tuple(one["weekdays"]), start_minute=one["start_minute"], before_minute=one["before_minute"])
        for one in told["windows"]
    )
    return Band(name=told["name"], windows=windows, holidays=Holidays(told["holidays"]))


def _band_document(band: Band) -> dict[str, Any]:
    windows = [
        {"weekdays": list(one.weekdays), "start_minute": one.start_minute, "before_minute": one.before_minute}
        for one in band.windows
    ]
    return {"name": band.name, "windows": windows, "holidays": band.holidays}


def insert_rate(tx: Transaction, care_system_id: str, rate: Rate, *, by: str) -> None:
    """The rate is added. Raises IntegrityError for a taken id."""
    row = {
        "care_system_id": care_system_id,
        "id": rate.id,
        "external_id": rate.external_id,
        "recorded_at": rate.recorded_at,
        "recorded_by": by,
        "municipality": rate.municipality,
        "service": rate.service,
        "law": rate.law,
        "provider_kind": rate.provider_kind,
        "band": None if rate.band is None else _band_document(rate.band),
        "ore_per_hour": rate.ore_per_hour,
        "valid_from": rate.valid_from,
        "valid_before": rate.valid_before,
        "source": rate.source,
    }
    insert_rows(tx, table, [row])


def lock_rates(tx: Transaction, care_system_id: str) -> None:
    """No other transaction that asks for this adds a rate until this one ends: two never price a second. Source: R3."""
    lock_counter(tx, care_system_id, "rates")


def rates_of(tx: Transaction, care_system_id: str) -> tuple[Rate, ...]:
    """Every rate of the care system, by id."""
    statement = select(table).where(table.c.care_system_id == care_system_id).order_by(table.c.id)
    return tuple(rate_of(row) for row in mappings(tx, statement))


def page_of_rates(
    tx: Transaction,
    care_system_id: str,
    *,
    municipality: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Rate, ...]:
    """Up to `limit` rates by id, of one municipality or of all."""
    statement = select(table).where(table.c.care_system_id == care_system_id)
    if municipality is not None:
        statement = statement.where(table.c.municipality == municipality)
    return tuple(rate_of(row) for row in mappings(tx, cut(statement, table, after, limit)))


def get_rate(tx: Transaction, care_system_id: str, rate_id: str) -> Rate | None:
    """The rate, None where there is none."""
    statement = select(table).where(table.c.care_system_id == care_system_id, table.c.id == rate_id)
    return next((rate_of(row) for row in mappings(tx, statement)), None)
