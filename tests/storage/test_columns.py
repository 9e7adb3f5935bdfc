"""What a column takes and gives back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select
from sqlalchemy.exc import StatementError

from app.rules.time import BEGINNING
from app.storage.database import Database, Transaction
from app.storage.tables.columns import Exact, Id, Json, UtcDateTime
from tests.storage.care import NOON

shelf = Table(
    "shelf",
    MetaData(),
    Column("key", Integer, primary_key=True),
    Column("at", UtcDateTime),
    Column("name", Id),
    Column("document", Json),
    Column("number", Exact),
)


def keep(tx: Transaction, key: int, **values: object) -> None:
    tx.connection.execute(shelf.insert(), {"key": key, **values})


@pytest.fixture
def shelves(database: Database) -> Database:
    """A database with a table of every kind of column."""
    with database.transaction() as tx:
        shelf.create(tx.connection)
    return database


def test_T1_an_instant_of_any_offset_comes_back_in_utc(shelves: Database) -> None:
    with shelves.transaction() as tx:
        keep(tx, 1, at=NOON.astimezone(timezone(timedelta(hours=5, minutes=30))))
        keep(tx, 2, at=BEGINNING)
        keep(tx, 3, at=None)
        found = tx.connection.execute(select(shelf.c.at).order_by(shelf.c.key)).scalars().all()
    assert found == [NOON, BEGINNING, None]
    assert [one.tzinfo for one in found[:2]] == [UTC, UTC]


@pytest.mark.parametrize(
    ("refused", "rule"),
    [(datetime(2014, 2, 3, 12, 0, 0), "T1"), (NOON + timedelta(microseconds=1), "T2")],  # noqa: DTZ001 - naive on purpose
)
def test_T1_T2_a_naive_instant_and_a_fraction_of_a_second_are_refused(
    shelves: Database, refused: datetime, rule: str
) -> None:
    with pytest.raises(StatementError, match=rule), shelves.transaction() as tx:
        keep(tx, 1, at=refused)


def test_T1_instants_sort_and_compare_as_time_does(shelves: Database) -> None:
    instants = [BEGINNING, NOON - timedelta(days=400), NOON, NOON + timedelta(seconds=1)]
    with shelves.transaction() as tx:
        for key, instant in enumerate(reversed(instants)):
            keep(tx, key, at=instant)
        ordered = tx.connection.execute(select(shelf.c.at).order_by(shelf.c.at)).scalars().all()
        before = tx.connection.execute(select(shelf.c.at).where(shelf.c.at < NOON).order_by(shelf.c.at)).scalars().all()
    assert ordered == instants
    assert before == instants[:2]


def test_ids_sort_by_their_bytes_as_python_sorts_them(shelves: Database) -> None:
    names = ["b-1", "B", "a", "b1", "Å", "_", "b-0"]
    with shelves.transaction() as tx:
        for key, name in enumerate(names):
            keep(tx, key, name=name)
        ordered = tx.connection.execute(select(shelf.c.name).order_by(shelf.c.name)).scalars().all()
    assert ordered == sorted(names)


@pytest.mark.parametrize("document", [None, 43_200, "none", True, [], {"å": [1, {"x": None}]}, "17", [1.5]])
def test_a_document_comes_back_as_it_was(shelves: Database, document: object) -> None:
    with shelves.transaction() as tx:
        keep(tx, 1, document=document)
        found = tx.connection.execute(select(shelf.c.document)).scalar_one()
        absent = tx.connection.execute(select(shelf.c.key).where(shelf.c.document.is_(None))).all()
    assert found == document
    assert type(found) is type(document)
    assert bool(absent) is (document is None)


@pytest.mark.parametrize("digits", ["37000", "37000.50", "0.1", "12345678901234567890.123456789"])
def test_R1_a_decimal_keeps_every_digit_that_was_given(shelves: Database, digits: str) -> None:
    with shelves.transaction() as tx:
        keep(tx, 1, number=Decimal(digits))
        found = tx.connection.execute(select(shelf.c.number)).scalar_one()
    assert str(found) == digits
