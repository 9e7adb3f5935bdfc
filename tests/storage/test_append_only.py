"""Rows that nobody changes or removes, and keys that begin with the care system (A5, FAULTS 46)."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DatabaseError

from app.actions.ledger.seal import seal_new
from app.storage.database import Database
from app.storage.tables import metadata
from app.storage.tables.append_only import APPENDED, is_append_only
from tests.settings import settings_for
from tests.storage.appended import write_check_ins, write_one_of_each
from tests.storage.care import CS, NOON

ACCOUNTS = ("user_account_version", "client_version")
"""Versions of accounts: tests/storage/test_access.py tries these."""

TABLES = sorted(name for name in metadata.tables if is_append_only(name) and name not in ACCOUNTS)


@pytest.fixture
def written(care: Database) -> Database:
    """A row stands in every append-only table; of the ledger's nodes one is kept for 256 leaves."""
    with care.transaction() as tx:
        write_one_of_each(tx)
        write_check_ins(tx, "more", 256)
    seal_new(care, settings_for("", seal_key=Ed25519PrivateKey.generate()), CS, NOON)
    return care


def _rows(connection: Connection, table: str) -> int:
    found: int = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    return found


UPDATE = "UPDATE {0} SET care_system_id = care_system_id"
DELETE = "DELETE FROM {0}"
TRUNCATE = "TRUNCATE {0} CASCADE"
REPLACE = "REPLACE INTO {0} SELECT * FROM {0}"
ACTS = {"postgresql": (UPDATE, DELETE, TRUNCATE), "sqlite": (UPDATE, DELETE, REPLACE)}


def test_F46_an_append_only_row_cannot_be_changed_or_removed(written: Database) -> None:
    """FAULTS 46: not even by the owner of the tables."""
    with written.transaction() as tx:
        for table in TABLES:
            before = _rows(tx.connection, table)
            assert before > 0, table
            for act in ACTS[written.dialect]:
                _refused(tx.connection, act.format(table))
            assert _rows(tx.connection, table) == before


def _refused(connection: Connection, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), connection.begin_nested():
        connection.execute(text(statement))


def test_every_append_only_table_is_one_of_the_product() -> None:
    assert set(APPENDED) < set(metadata.tables)
    assert is_append_only("customer_version")
    assert not is_append_only("visit")


@pytest.mark.parametrize("table", metadata.tables.values(), ids=str)
def test_every_primary_key_begins_with_the_care_system(table: Table) -> None:
    assert table.primary_key.columns.keys()[0] == "care_system_id"


@pytest.mark.parametrize("table", metadata.tables.values(), ids=str)
def test_every_reference_stays_within_the_care_system(table: Table) -> None:
    for key in table.foreign_key_constraints:
        assert key.column_keys[0] == "care_system_id"
