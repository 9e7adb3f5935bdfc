"""How master data are kept: the row that holds now, and beside it every version there has been."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, String, Table, UniqueConstraint

from app.storage.tables.columns import Id, UtcDateTime, metadata

Columns = Callable[[], list[Column[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Versioned:
    """The two tables of one kind of master data. `fields` are the names of its own columns."""

    current: Table
    versions: Table
    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the current rows' table."""
        return self.current.name


def key_columns() -> list[Column[Any]]:
    """The key of everything in a care system: whose it is, and its id. Source: ARCHITECTURE, Tenancy."""
    return [Column("care_system_id", Id, primary_key=True), Column("id", Id, primary_key=True)]


def recorded_columns() -> list[Column[Any]]:
    """Their id, and when and by whom it was recorded. Source: R9."""
    return [
        Column("external_id", String(200)),
        Column("recorded_at", UtcDateTime, nullable=False),
        Column("recorded_by", Id, nullable=False),
    ]


def within_care_system(column: str, table: str) -> ForeignKeyConstraint:
    """A reference that cannot leave the care system. Source: ARCHITECTURE, Tenancy."""
    return ForeignKeyConstraint(["care_system_id", column], [f"{table}.care_system_id", f"{table}.id"])


def of_care_system() -> ForeignKeyConstraint:
    """The care system itself is there."""
    return ForeignKeyConstraint(["care_system_id"], ["care_system.id"])


def versioned(
    name: str, fields: Columns, references: Mapping[str, str], *indexes: Index, version_indexes: tuple[Index, ...] = ()
) -> Versioned:
    """The tables `name` and `name_version`. `references` tells for each column that is one where it points."""
    alone = [UniqueConstraint("id"), UniqueConstraint("external_id")]
    constraints = alone if name == "care_system" else [of_care_system()]
    current = Table(
        name,
        metadata,
        *key_columns(),
        Column("version", Integer, nullable=False),
        *recorded_columns(),
        *fields(),
        *constraints,
        UniqueConstraint("care_system_id", "external_id"),
        *(within_care_system(column, table) for column, table in references.items()),
        *indexes,
    )
    versions = Table(
        f"{name}_version",
        metadata,
        *key_columns(),
        Column("version", Integer, primary_key=True, autoincrement=False),
        *recorded_columns(),
        *fields(),
        *version_indexes,
    )
    return Versioned(current=current, versions=versions, fields=tuple(column.name for column in fields()))
