"""Rows that nobody changes or removes, and keys that begin with the care system (A5, FAULTS 46)."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DatabaseError

from app.rules.access import Actor, Role
from app.rules.extensions import ExtensionState
from app.storage.access_log import Seen, record
from app.storage.database import Database, Transaction
from app.storage.deviations import Happened, Happening, save_deviations
from app.storage.events import Event, append, publish
from app.storage.explanations import insert_explanation, insert_verdict
from app.storage.extensions import Note, insert_decision, insert_extension, insert_note
from app.storage.reimbursement import append_lines, insert_run
from app.storage.tables import metadata
from app.storage.tables.append_only import APPENDED, is_append_only
from app.storage.visits import New, approve_correction, insert_correction, save_registrations
from tests.storage.care import BY, CS, DECIDED, EXTENDED, NOON, WHOLE_REGISTRATION
from tests.storage.money import LINE, RUN
from tests.storage.said import CORRECTION, DEVIATION, EXPLAINED, JUDGED

ACCOUNTS = ("user_account_version", "client_version")
"""Versions of accounts: tests/storage/test_access.py tries these."""

TABLES = sorted(name for name in metadata.tables if is_append_only(name) and name not in ACCOUNTS)


@pytest.fixture
def written(care: Database) -> Database:
    """A row stands in every append-only table."""
    with care.transaction() as tx:
        _write(tx)
    return care


def _write(tx: Transaction) -> None:
    save_registrations(tx, CS, [New(resolved=WHOLE_REGISTRATION, content_hash="0" * 64, by=BY)])
    insert_correction(tx, CS, CORRECTION, by=BY)
    approve_correction(tx, CS, CORRECTION.id, by="another", at=NOON, recorded_at=NOON)
    happened = Happened(deviation_id=DEVIATION.id, at=NOON, what=Happening.OPENED, facts={})
    save_deviations(tx, CS, [DEVIATION], [happened])
    insert_explanation(tx, CS, EXPLAINED, facts={DEVIATION.id: DEVIATION.facts})
    insert_verdict(tx, CS, JUDGED)
    insert_extension(tx, CS, EXTENDED, state=ExtensionState.REQUESTED, by=BY)
    insert_decision(tx, CS, DECIDED)
    insert_note(tx, CS, Note(id="note", extension_id="extension", by=BY, at=NOON, text="När?"))
    insert_run(tx, CS, RUN)
    append_lines(tx, CS, RUN, [LINE])
    append(tx, CS, [Event(at=NOON, type="visit.opened", resource_type="visit", resource_id="visit", data={})])
    publish(tx, CS)
    auditor = Actor(id="auditor", role=Role.AUDITOR, care_system_id=CS)
    record(tx, CS, actor=auditor, what="customer", whom=[Seen(whom_type="customer", whom_id="anna")], at=NOON)


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
