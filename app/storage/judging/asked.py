"""What every query of a judgement has: whose months, its parameters, and the lock."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    TIMESTAMP,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    select,
)

from app.rules.deviations.values import Rule
from app.rules.time import month_interval
from app.storage.database import Transaction
from app.storage.tables.columns import UtcDateTime

LOOKED_BACK = timedelta(days=40)
"""A stay that began so long before a month may still reach into it: the longest is 72 h (V4). Source: our decision."""
WHATEVER_MONTH = (Rule.D18, Rule.D19)
"""These hang on one order and its first visit, whatever the month that is judged."""
CS: ColumnElement[str] = bindparam("cs", type_=Text)
"""The care system's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose months: customers, and providers for their visits at nobody known."""

    customer_ids: frozenset[str]
    provider_ids: frozenset[str]
    months: tuple[str, ...]

    @property
    def start(self) -> datetime:
        """The first instant of the months."""
        return month_interval(min(self.months)).start

    @property
    def before(self) -> datetime:
        """The first instant after the months."""
        return month_interval(max(self.months)).end


def lock_judged(tx: Transaction, care_system_id: str, ids: Iterable[str]) -> None:
    """Nobody else judges these customers (or, at nobody known, providers) until this transaction ends; waits for who
    does. Not by month: what hangs on an order is of any.
    """
    if not needs_locks(tx):
        return
    keys = sorted({_number(care_system_id, one) for one in ids})
    ordered = func.unnest(literal(keys, ARRAY(BigInteger))).column_valued("key")
    tx.connection.execute(select(func.pg_advisory_xact_lock(ordered)))


def needs_locks(tx: Transaction) -> bool:
    """True where others write at the same time; SQLite has one writer."""
    return tx.dialect == "postgresql"


def _number(*names: str) -> int:
    digest = hashlib.sha256("/".join(("judgement", *names)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def listed(dialect: str, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """True where the column is one of the texts of the parameter."""
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(Text)))
    return column.in_(each_told(dialect, name))


def told_among(dialect: str, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The same by a join, for where many are told and many rows are looked at: an array is searched from end to end."""
    return column.in_(each_told(dialect, name))


def each_told(dialect: str, name: str) -> Select[Any]:
    """The texts of the parameter, each a row."""
    if dialect == "postgresql":
        return select(func.unnest(bindparam(name, type_=ARRAY(Text))).column_valued("told"))
    return select(func.json_each(bindparam(name, type_=Text)).table_valued("value").c.value)


def given(tx: Transaction, care_system_id: str, **told: Collection[str] | datetime) -> Mapping[str, Any]:
    """The parameters as the database takes them: lists as arrays, or as JSON."""
    lists = {name: sorted(value) for name, value in told.items() if not isinstance(value, datetime)}
    if tx.dialect != "postgresql":
        return {**told, **{name: orjson.dumps(value).decode() for name, value in lists.items()}, "cs": care_system_id}
    return {**told, **lists, "cs": care_system_id}


def instant(name: str) -> ColumnElement[datetime]:
    """The parameter of that name, an instant."""
    return bindparam(name, type_=UtcDateTime)


class AskedRows:
    """Rows that travel as one JSON parameter, each an object of texts."""

    def __init__(self, dialect: str) -> None:
        self.on_postgresql = dialect == "postgresql"
        told = bindparam("asked", type_=Text)
        listed = func.json_array_elements(cast(told, JSON)) if self.on_postgresql else func.json_each(told)
        self.rows = listed.table_valued("value", name="asked")

    def text(self, name: str) -> ColumnElement[Any]:
        """The text of that name in the row at hand."""
        if self.on_postgresql:
            return literal_column(f"(asked.value->>'{name}')", Text)
        return func.json_extract(self.rows.c.value, literal_column(f"'$.{name}'"), type_=Text)

    def instant(self, name: str) -> ColumnElement[Any]:
        """The instant of that name in the row at hand."""
        return cast(self.text(name), TIMESTAMP(timezone=True)) if self.on_postgresql else self.text(name)
