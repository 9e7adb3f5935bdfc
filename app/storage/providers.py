"""Care systems, providers and accreditations: rows and values, and who reaches which."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, select

from app.rules.people import Position
from app.rules.providers import Accreditation, CareSystem, Law, Provider, ProviderKind, Service
from app.storage.database import Transaction
from app.storage.records import Master, Reach, cut, recorded_of
from app.storage.statements import Row, mappings
from app.storage.tables import providers as tables


def care_system_of(row: Row) -> CareSystem:
    """The value of a row."""
    return CareSystem(**recorded_of(row), name=row["name"], municipalities=tuple(row["municipalities"]))


def care_system_row(value: CareSystem) -> dict[str, Any]:
    """The row's own columns."""
    return {"name": value.name, "municipalities": list(value.municipalities)}


def provider_of(row: Row) -> Provider:
    """The value of a row."""
    return Provider(
        **recorded_of(row),
        name=row["name"],
        kind=ProviderKind(row["kind"]),
        organisation_number=row["organisation_number"],
        position=None if row["lat_e6"] is None else Position(lat_e6=row["lat_e6"], lon_e6=row["lon_e6"]),
    )


def provider_row(value: Provider) -> dict[str, Any]:
    """The row's own columns."""
    position = value.position
    return {
        "name": value.name,
        "kind": value.kind,
        "organisation_number": value.organisation_number,
        "lat_e6": None if position is None else position.lat_e6,
        "lon_e6": None if position is None else position.lon_e6,
    }


def accreditation_of(row: Row) -> Accreditation:
    """The value of a row."""
    return Accreditation(
        **recorded_of(row),
        provider_id=row["provider_id"],
        municipality=row["municipality"],
        service=Service(row["service"]),
        law=None if row["law"] is None else Law(row["law"]),
        target_group=row["target_group"],
        valid_from=row["valid_from"],
        valid_before=row["valid_before"],
        ceiling_seconds_per_week=row["ceiling_seconds_per_week"],
        takes_no_choice=row["takes_no_choice"],
    )


def accreditation_row(value: Accreditation) -> dict[str, Any]:
    """The row's own columns."""
    return {
        "provider_id": value.provider_id,
        "municipality": value.municipality,
        "service": value.service,
        "law": value.law,
        "target_group": value.target_group,
        "valid_from": value.valid_from,
        "valid_before": value.valid_before,
        "ceiling_seconds_per_week": value.ceiling_seconds_per_week,
        "takes_no_choice": value.takes_no_choice,
    }


def _care_system_within(reach: Reach) -> list[ColumnElement[bool]]:
    limited = (reach.scope.municipality, reach.scope.provider_id, reach.scope.caregiver_id)
    return [false()] if any(limited) else []


def _provider_within(reach: Reach) -> list[ColumnElement[bool]]:
    scope, table = reach.scope, tables.provider.current
    if scope.municipality is not None or scope.caregiver_id is not None:
        return [false()]
    return [] if scope.provider_id is None else [table.c.id == scope.provider_id]


def _accreditation_within(reach: Reach) -> list[ColumnElement[bool]]:
    scope, table = reach.scope, tables.accreditation.current
    conditions: list[ColumnElement[bool]] = [false()] if scope.caregiver_id is not None else []
    if scope.municipality is not None:
        conditions.append(table.c.municipality == scope.municipality)
    if scope.provider_id is not None:
        conditions.append(table.c.provider_id == scope.provider_id)
    return conditions


CARE_SYSTEM = Master(tables=tables.care_system, of=care_system_of, row=care_system_row, within=_care_system_within)
"""Its `care_system_id` is its own id. `rules.access.scope_of` lifts the limits that it has no field for."""

PROVIDER = Master(tables=tables.provider, of=provider_of, row=provider_row, within=_provider_within)

ACCREDITATION = Master(
    tables=tables.accreditation, of=accreditation_of, row=accreditation_row, within=_accreditation_within
)


def care_systems(
    tx: Transaction, *, care_system_id: str | None = None, after: str | None = None, limit: int = 50
) -> tuple[CareSystem, ...]:
    """All care systems by id, or the one that is named; for the operator, who is in none."""
    table = tables.care_system.current
    statement = select(table)
    if care_system_id is not None:
        statement = statement.where(table.c.care_system_id == care_system_id)
    return tuple(care_system_of(row) for row in mappings(tx, cut(statement, table, after, limit)))
