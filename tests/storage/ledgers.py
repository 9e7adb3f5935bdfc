"""A sealed ledger, and a database administrator who does with it as it likes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Boolean as BooleanType
from sqlalchemy import Column, Connection, Engine, Table, and_, create_engine, delete, event, select, text, update
from sqlalchemy import Integer as IntegerType
from sqlalchemy import inspect as inspected

from app.actions.ledger.seal import seal_new, seals_of
from app.actions.ledger.verify import Exported, Verified, verify
from app.settings import Settings
from app.storage.database import Database, document_of, json_text
from app.storage.tables import metadata
from app.storage.tables.columns import Exact, Json, UtcDateTime
from app.storage.tables.enlisting import LEDGERED
from tests.settings import settings_for
from tests.storage.care import CS, NOON

KEY = Ed25519PrivateKey.generate()
SEALING: Settings = settings_for("sqlite://", seal_key=KEY)
TABLES = [metadata.tables[name] for name in LEDGERED]
LEDGER = [metadata.tables[name] for name in ("ledger_leaf", "ledger_node", "seal")]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Administrator:
    """Whoever owns the database: no trigger and no foreign key stops it."""

    engine: Engine

    def rows(self, table: Table) -> list[Row]:
        """All that stands there, in the order of its key."""
        with self.engine.connect() as connection:
            found = connection.execute(select(table).order_by(*table.primary_key)).mappings()
            return [dict(row) for row in found]

    def change(self, table: Table, row: Row, changes: Row) -> None:
        """The row has these values."""
        with self.engine.begin() as connection:
            changed = connection.execute(update(table).where(self._is(table, row)).values(dict(changes)))
            assert changed.rowcount == 1

    def remove(self, table: Table, row: Row) -> None:
        """The row is gone."""
        with self.engine.begin() as connection:
            assert connection.execute(delete(table).where(self._is(table, row))).rowcount == 1

    def add(self, table: Table, row: Row) -> None:
        """The row is there."""
        with self.engine.begin() as connection:
            connection.execute(table.insert(), [dict(row)])

    @staticmethod
    def _is(table: Table, row: Row) -> Any:
        return and_(*(column == row[column.name] for column in table.primary_key))

    @contextmanager
    def changed(self, table: Table, row: Row, changes: Row) -> Iterator[None]:
        """The row has these values until the block ends."""
        self.change(table, row, changes)
        yield
        self.change(table, {**row, **changes}, {name: row[name] for name in changes})

    @contextmanager
    def removed(self, table: Table, row: Row) -> Iterator[None]:
        """The row is gone until the block ends."""
        self.remove(table, row)
        yield
        self.add(table, row)


@contextmanager
def administrator(database_url: str) -> Iterator[Administrator]:
    """The administrator, who has taken away every trigger and foreign key of the ledger's tables."""
    engine = create_engine(database_url, json_serializer=json_text, json_deserializer=document_of)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = OFF"))
    with engine.begin() as connection:
        for table in (*TABLES, *LEDGER):
            _unguard(connection, table)
    try:
        yield Administrator(engine)
    finally:
        engine.dispose()


def _unguard(connection: Connection, table: Table) -> None:
    if connection.dialect.name == "sqlite":
        named = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
        for name in connection.execute(named, {"table": table.name}).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        return
    connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))
    for other in metadata.tables.values():
        for key in inspected(connection).get_foreign_keys(other.name):
            if table.name in (other.name, key["referred_table"]):
                connection.execute(text(f'ALTER TABLE "{other.name}" DROP CONSTRAINT "{key["name"]}"'))


def changes_of(column: Column[Any], value: Any) -> list[Any]:
    """Other values that the column can have: one of its kind, and NULL where it may be."""
    emptied = [None] if column.nullable and value is not None else []
    return [_other(column, value), *emptied]


def _other(column: Column[Any], value: Any) -> Any:
    match column.type:
        case UtcDateTime():
            return NOON if value is None else value + timedelta(seconds=1)
        case Json():
            return {"other": 1} if value is None or isinstance(value, dict) else [*value, "other"]
        case Exact():
            return Decimal(1) if value is None else value + Decimal("0.01")
        case BooleanType():
            return not value
        case IntegerType():
            return 7 if value is None else value + 1
    return "x" if not value else value[:-1] + ("y" if value[-1] != "y" else "z")


def seal(database: Database, at: datetime = NOON) -> int:
    """Everything is sealed; how many leaves were added."""
    return seal_new(database, SEALING, CS, at).leaves


def checked(database: Database, exported: list[Exported] | None = None) -> Verified:
    """What verifying finds."""
    return verify(database, SEALING, CS, exported or [])


def exported(database: Database) -> list[Exported]:
    """What the municipality keeps so far."""
    return [Exported(line=line, seal=one) for line, one in enumerate(seals_of(database, CS, 0), 1)]
