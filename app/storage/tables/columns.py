"""The one metadata, and the kinds of column that every table is made of."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
"""How keys and indexes are called, so that a migration and an error can name them."""

metadata = MetaData(naming_convention=NAMES)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant in UTC and whole seconds: timestamptz, on SQLite the text `YYYY-MM-DDTHH:MM:SSZ`, which sorts.

    Takes any offset; raises ValueError for a naive instant (T1) and for a fraction of a second (T2).
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(20))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """The instant as the database takes it."""
        if value is None:
            return None
        instant = checked_instant(value)
        return instant if dialect.name == "postgresql" else instant_text(instant)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy passes it
        """The stored instant, aware and in UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value if value.tzinfo is UTC else value.astimezone(UTC)
        return datetime.fromisoformat(value).astimezone(UTC)


def checked_instant(value: datetime) -> datetime:
    """The instant in UTC. Raises ValueError for one without offset (T1) or with a fraction of a second (T2)."""
    if value.tzinfo is None:
        raise ValueError("a naive instant cannot be stored (T1)")
    if value.microsecond:
        raise ValueError("an instant is stored in whole seconds (T2)")
    return value.astimezone(UTC)


def instant_text(instant: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` of an instant that is in UTC, always 20 characters."""
    return instant.isoformat()[:19] + "Z"


class Id(TypeDecorator[str]):
    """An id of 36 characters, ordered by its bytes everywhere, as Python orders it."""

    impl = String(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text; on PostgreSQL without the order of any language."""
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(String(36, collation=collation))


class Json(TypeDecorator[Any]):
    """A JSON document; None is SQL's NULL."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """jsonb on PostgreSQL, text on SQLite."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(JSON(none_as_null=True))

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """What JSON itself compares with."""
        return self.impl_instance.coerce_compared_value(op, value)


class Exact(TypeDecorator[Decimal]):
    """A decimal number kept as the text that was given, so that no database rounds it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy passes it
        """Its digits, without an exponent."""
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - as above
        """The same number."""
        return None if value is None else Decimal(value)
