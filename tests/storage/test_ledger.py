"""The ledger on both databases: sealed without a gap; whatever its owner changes is found and named (A5, FAULTS 47)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError

from app.actions.ledger.keys import known_keys, seal_key
from app.actions.ledger.proofs import check_receipt
from app.actions.ledger.receipts import receipt_for
from app.actions.ledger.seal import CannotSeal, seal_new
from app.actions.ledger.verify import verify
from app.actions.visits.record import Registered
from app.rules.ledger.commitments import Kind, commit, row_payload
from app.rules.ledger.faults import What
from app.rules.ledger.proofs import consistency_path, inclusion_path, is_consistent, is_included
from app.rules.ledger.signed import Receipt, is_ours
from app.rules.ledger.tree import leaf_hash
from app.rules.visits.values import Resolved
from app.storage.database import Database, Transaction
from app.storage.ledger import complete_from, last_seal, leaf_for, leaves_from, pending, seals_after
from app.storage.migrations import downgrade, upgrade
from app.storage.statements import insert_rows
from app.storage.tables import metadata
from app.storage.tables.enlisting import LEDGERED
from app.storage.visits import registrations_by_id
from tests.counts import count
from tests.settings import settings_for
from tests.storage.appended import write_check_ins, write_one_of_each
from tests.storage.care import BY, CS, NOON, WHOLE_REGISTRATION
from tests.storage.ledgers import (
    KEY,
    LEDGER,
    SEALING,
    TABLES,
    Administrator,
    administrator,
    changes_of,
    checked,
    exported,
    seal,
)

LEAF, NODE, SEAL = LEDGER
REGISTRATION = metadata.tables["registration"]


@pytest.fixture
def ledger(care: Database) -> Database:
    """Something of every kind, sealed in three seals."""
    with care.transaction() as tx:
        write_check_ins(tx, "a", 3)
    assert seal(care) == 3
    with care.transaction() as tx:
        write_one_of_each(tx)
    assert seal(care) == len(LEDGERED)
    with care.transaction() as tx:
        write_check_ins(tx, "z", 4)
    assert seal(care) == 4
    return care


@pytest.fixture
def owner(ledger: Database, database_url: str) -> Iterator[Administrator]:
    """Who owns the ledger's database."""
    with administrator(database_url) as found:
        yield found


def leaf_of(owner: Administrator, table: Table, row: Any) -> Any:
    """The leaf of the row."""
    key = row[LEDGERED[table.name]]
    return next(leaf for leaf in owner.rows(LEAF) if (leaf["kind"], leaf["row_id"]) == (table.name, key))


def test_A5_everything_is_sealed_once_and_verifies(ledger: Database) -> None:
    found = checked(ledger, exported(ledger))
    assert (found.leaves, found.seals, found.waiting, found.fault) == (14, 3, 0, None)
    assert seal(ledger) == 0
    assert checked(ledger).seals == 3
    assert all(one.seal is not None and is_ours(one.seal, known_keys(SEALING)) for one in exported(ledger))


def test_A5_what_is_recorded_after_a_seal_waits_for_the_next_and_is_no_fault(ledger: Database) -> None:
    with ledger.transaction() as tx:
        write_check_ins(tx, "later", 2)
    found = checked(ledger, exported(ledger))
    assert (found.leaves, found.waiting, found.fault) == (14, 2, None)


def test_A5_what_is_rolled_back_waits_for_nothing(care: Database) -> None:
    with pytest.raises(IntegrityError), care.transaction() as tx:
        _write_and_fail(tx)
    assert seal(care) == 0


def _write_and_fail(tx: Transaction) -> None:
    write_check_ins(tx, "never", 2)
    insert_rows(tx, REGISTRATION, [{"care_system_id": CS, "id": "never"}])


def test_F47_a_change_of_any_column_of_any_kind_of_row_is_found_and_the_row_named(
    ledger: Database, owner: Administrator
) -> None:
    tried = 0
    for table in TABLES:
        row = next(one for one in owner.rows(table) if table is not REGISTRATION or one["id"] == WHOLE_REGISTRATION.id)
        leaf = leaf_of(owner, table, row)
        for column in table.columns:
            for value in changes_of(column, row[column.name]):
                with owner.changed(table, row, {column.name: value}):
                    fault = checked(ledger).fault
                named = fault and (fault.kind, fault.row_id, fault.position)
                assert named == (table.name, leaf["row_id"], leaf["position"]), (
                    f"{table.name}.{column.name} = {value!r}"
                )
                tried += 1
    assert tried > 130
    assert checked(ledger).fault is None


def test_F47_a_change_of_any_column_of_the_ledger_itself_is_found(ledger: Database, owner: Administrator) -> None:
    for table in (LEAF, SEAL):
        taken = {_place(table, one) for one in owner.rows(table)}
        for row in owner.rows(table)[:: 6 if table is LEAF else 1]:
            for column in table.columns:
                for value in changes_of(column, row[column.name]):
                    if column.primary_key and _place(table, {**row, column.name: value}) in taken:
                        continue
                    with owner.changed(table, row, {column.name: value}):
                        fault = checked(ledger).fault
                    assert fault is not None, f"{table.name}.{column.name} = {value!r}"
                    assert table is SEAL or fault.position == row["position"], f"{column.name} = {value!r}: {fault}"
    assert checked(ledger).fault is None


def _place(table: Table, row: Any) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def test_F47_a_node_that_is_changed_removed_or_added_is_found(care: Database, database_url: str) -> None:
    with care.transaction() as tx:
        write_check_ins(tx, "a", 520)
    assert seal(care) == 520
    with administrator(database_url) as owner:
        first, second = owner.rows(NODE)
        for column in NODE.columns:
            value = changes_of(column, second[column.name])[0]
            with owner.changed(NODE, second, {column.name: value}):
                fault = checked(care).fault
            assert fault is not None, column
            assert (fault.what, fault.position) == (What.NODE_CHANGED, 256), column
        with owner.removed(NODE, first):
            fault = checked(care).fault
            assert fault is not None
            assert (fault.what, fault.position) == (What.NODE_CHANGED, 0)
    assert checked(care).fault is None


def test_F47_a_row_that_is_removed_is_named(ledger: Database, owner: Administrator) -> None:
    for table in TABLES:
        for row in owner.rows(table):
            leaf = leaf_of(owner, table, row)
            with owner.removed(table, row):
                fault = checked(ledger).fault
            assert fault is not None
            assert (fault.what, fault.kind, fault.row_id) == (What.REMOVED, table.name, leaf["row_id"])
            assert fault.position == leaf["position"]
    assert checked(ledger).fault is None


def test_F47_a_row_that_is_removed_before_it_was_sealed_is_named(ledger: Database, owner: Administrator) -> None:
    with ledger.transaction() as tx:
        write_check_ins(tx, "later", 2)
    # Its triggers are gone, so the administrator enters them: what counts is that they wait.
    for row_id in ("later0000", "later0001"):
        owner.add(metadata.tables["ledger_pending"], {"care_system_id": CS, "kind": "registration", "row_id": row_id})
    assert checked(ledger).fault is None
    owner.remove(REGISTRATION, {"care_system_id": CS, "id": "later0000"})
    fault = checked(ledger).fault
    assert fault is not None
    assert (fault.what, fault.row_id) == (What.REMOVED, "later0000")
    assert seal(ledger) == 1, "the others are sealed all the same"
    assert checked(ledger).fault == fault


def test_F47_a_row_that_is_added_past_the_door_is_named_and_never_sealed(
    ledger: Database, owner: Administrator
) -> None:
    for table in TABLES:
        row = owner.rows(table)[-1]
        new = {column.name: _fresh(row[column.name]) for column in table.primary_key if column.name != "care_system_id"}
        others = {"id": "added", "external_id": None, "month": "2013-01"}
        added = {**row, **new, **{name: value for name, value in others.items() if name in row}}
        owner.add(table, added)
        assert seal(ledger) == 0
        fault = checked(ledger).fault
        assert fault is not None, table
        assert (fault.what, fault.kind, fault.row_id) == (What.ADDED, table.name, added[LEDGERED[table.name]])
        owner.remove(table, added)
    assert checked(ledger).fault is None


def _fresh(value: Any) -> Any:
    return value + 1_000 if isinstance(value, int) else "added"


def test_F47_a_row_changed_together_with_its_leaf_is_found_between_two_seals(
    ledger: Database, owner: Administrator
) -> None:
    """Whoever has the database has the salts too, and can make a leaf that fits; it cannot sign the root."""
    row = next(one for one in owner.rows(REGISTRATION) if one["id"] == "a0001")
    leaf = leaf_of(owner, REGISTRATION, row)
    forged = commit(bytes.fromhex(leaf["salt"]), row_payload(Kind.REGISTRATION, {**row, "note": "forged"}))
    leaf_now = {"payload_hash": forged.payload_hash.hex(), "leaf_hash": leaf_hash(forged.payload_hash).hex()}
    with owner.changed(REGISTRATION, row, {"note": "forged"}), owner.changed(LEAF, leaf, leaf_now):
        fault = checked(ledger).fault
    assert fault is not None
    assert (fault.what, fault.position, fault.before) == (What.TREE_CHANGED, 0, 3)


def test_F47_a_leaf_that_is_added_with_its_row_is_in_no_sealed_tree(ledger: Database, owner: Administrator) -> None:
    row = next(one for one in owner.rows(REGISTRATION) if one["id"] == "a0001")
    forged = {**row, "id": "forged"}
    made = commit(b"\0" * 16, row_payload(Kind.REGISTRATION, forged))
    owner.add(REGISTRATION, forged)
    owner.add(LEAF, {
        "care_system_id": CS, "position": 14, "kind": "registration", "row_id": "forged", "salt": "00" * 16,
        "payload_hash": made.payload_hash.hex(), "leaf_hash": leaf_hash(made.payload_hash).hex(),
    })  # fmt: skip
    fault = checked(ledger).fault
    assert fault is not None
    assert (fault.what, fault.position) == (What.LEAF_ADDED, 14)


def _cut_tail(owner: Administrator, size: int, seals: int) -> None:
    """Whatever was sealed after the first `size` leaves is gone, rows and all, and so are the seals after these."""
    for leaf in owner.rows(LEAF)[size:]:
        table = metadata.tables[leaf["kind"]]
        named = (one for one in owner.rows(table) if one[LEDGERED[table.name]] == leaf["row_id"])
        owner.remove(table, next(named))
        owner.remove(LEAF, leaf)
    for row in owner.rows(SEAL)[seals:]:
        owner.remove(SEAL, row)


def test_F47_a_tail_that_is_cut_off_with_its_seals_is_missed_by_what_was_exported(
    ledger: Database, owner: Administrator
) -> None:
    kept = exported(ledger)
    _cut_tail(owner, 10, 2)
    assert checked(ledger).fault is None, "from within the database alone nobody can tell"
    fault = checked(ledger, kept).fault
    assert fault is not None
    assert (fault.what, fault.position) == (What.CUT_OFF, 10)


def test_F47_everything_gone_is_missed_by_what_was_exported(ledger: Database, owner: Administrator) -> None:
    kept = exported(ledger)
    _cut_tail(owner, 0, 0)
    fault = checked(ledger, kept).fault
    assert fault is not None
    assert (fault.what, fault.position) == (What.CUT_OFF, 0)


def test_F47_a_tail_that_is_cut_off_without_its_seals_is_found(ledger: Database, owner: Administrator) -> None:
    _cut_tail(owner, 12, 3)
    fault = checked(ledger).fault
    assert fault is not None
    assert (fault.what, fault.position) == (What.CUT_OFF, 12)


def test_F47_a_history_that_was_sealed_anew_with_our_own_key_is_not_the_exported_one(
    ledger: Database, owner: Administrator
) -> None:
    """Even whoever has database and key cannot change what the municipality keeps."""
    kept = exported(ledger)
    for row in owner.rows(LEAF):
        owner.remove(LEAF, row)
        waits = {"care_system_id": CS, "kind": row["kind"], "row_id": row["row_id"]}
        if row["row_id"] == "a0000":
            owner.remove(REGISTRATION, {"care_system_id": CS, "id": "a0000"})
        else:
            owner.add(metadata.tables["ledger_pending"], waits)
    for row in owner.rows(SEAL):
        owner.remove(SEAL, row)
    assert seal(ledger) == 13
    assert checked(ledger).fault is None
    fault = checked(ledger, kept).fault
    assert fault is not None
    assert (fault.what, fault.position, fault.before) == (What.TREE_CHANGED, 0, 3)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_F47_a_seal_that_is_removed_is_named(ledger: Database, owner: Administrator, number: int) -> None:
    kept = exported(ledger)
    owner.remove(SEAL, owner.rows(SEAL)[number - 1])
    fault = checked(ledger, kept).fault
    assert fault is not None
    assert (fault.what, fault.sequence) == (What.SEAL_REMOVED, number) or (
        number == 3 and (fault.what, fault.position) == (What.LEAF_ADDED, 10)
    )


def test_F47_a_line_that_no_key_of_ours_signed_is_named(ledger: Database) -> None:
    first, second, third = exported(ledger)
    assert second.seal is not None
    forged = replace(second, seal=replace(second.seal, root=b"\0" * 32))
    fault = checked(ledger, [first, forged, third]).fault
    assert fault is not None
    assert (fault.what, fault.sequence) == (What.NOT_OURS, 2)
    unread = checked(ledger, [first, replace(second, seal=None), third]).fault
    assert unread is not None
    assert (unread.what, unread.sequence) == (What.NOT_OURS, 2)


def test_F47_of_several_random_edits_the_first_is_named(ledger: Database, owner: Administrator) -> None:
    chance = random.Random(47)
    sealed = [(table, row) for table in TABLES for row in owner.rows(table)]
    for _ in range(count(300)):
        picked = chance.sample(sealed, 3)
        first = min(leaf_of(owner, table, row)["position"] for table, row in picked)
        edits = []
        for table, row in picked:
            keys = {*table.primary_key.columns.keys(), LEDGERED[table.name]}
            column = chance.choice([one for one in table.columns if one.name not in keys])
            edits.append((table, row, {column.name: chance.choice(changes_of(column, row[column.name]))}))
        for table, row, changes in edits:
            owner.change(table, row, changes)
        fault = checked(ledger).fault
        assert fault is not None
        assert (fault.what, fault.position) == (What.CHANGED, first), edits
        for table, row, changes in edits:
            owner.change(table, {**row, **changes}, {name: row[name] for name in changes})
    assert checked(ledger).fault is None


def test_F47_what_nothing_of_ours_can_read_is_found_too(ledger: Database, owner: Administrator) -> None:
    """SQLite takes any text anywhere; PostgreSQL a fraction of a second."""
    clocked = WHOLE_REGISTRATION.id
    if ledger.dialect == "sqlite":
        garbage = [
            "UPDATE registration SET clock = '{' WHERE id = '{0}'",
            "UPDATE registration SET at = 'x' WHERE id = '{0}'",
            "UPDATE registration SET lat_e6 = 0.5 WHERE id = '{0}'",
        ]
    else:
        garbage = ["UPDATE registration SET at = at + interval '1 microsecond' WHERE id = '{0}'"]
    before = next(one for one in owner.rows(REGISTRATION) if one["id"] == clocked)
    for statement in garbage:
        with owner.engine.begin() as connection:
            connection.exec_driver_sql(statement.replace("{0}", clocked))
        fault = checked(ledger).fault
        assert fault is not None
        assert (fault.what, fault.row_id) == (What.CHANGED, clocked), statement
        owner.change(REGISTRATION, before, dict(before))
    assert checked(ledger).fault is None


def test_A5_two_who_seal_at_once_seal_everything_once(care: Database) -> None:
    with care.transaction() as tx:
        write_check_ins(tx, "a", 1_500)
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: seal(care), range(4))) == 1_500
    found = checked(care, exported(care))
    assert (found.leaves, found.waiting, found.fault) == (1_500, 0, None)


def test_A5_recording_waits_for_no_seal_and_a_seal_for_no_recording(care: Database) -> None:
    """On PostgreSQL, where there is more than one writer: what is not committed yet comes with the next seal."""
    with care.transaction() as tx:
        write_check_ins(tx, "a", 2)
        if care.dialect == "postgresql":
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(seal, care).result(timeout=10) == 0
    assert seal(care) == 2


def test_A5_without_a_key_nothing_is_sealed_and_no_receipt_is_given(care: Database) -> None:
    with pytest.raises(CannotSeal, match="HEMTID_SEAL_KEY"):
        seal_new(care, settings_for(""), CS, NOON)
    assert receipt_for(settings_for(""), _registered(WHOLE_REGISTRATION), "0" * 64) is None


def test_A5_a_seal_that_was_changed_is_grown_from_no_further(ledger: Database, owner: Administrator) -> None:
    owner.change(SEAL, owner.rows(SEAL)[-1], {"peaks": ["00" * 32] * 3})
    with pytest.raises(CannotSeal, match="has been changed"):
        seal(ledger)


def test_A5_after_a_change_of_key_the_former_public_key_still_verifies(ledger: Database) -> None:
    old = SEALING.seal_key
    assert old is not None
    new = Ed25519PrivateKey.generate()
    renewed = settings_for("", seal_key=new, seal_public_keys=(old.public_key(),))
    with ledger.transaction() as tx:
        write_check_ins(tx, "later", 2)
    assert seal_new(ledger, renewed, CS, NOON).leaves == 2
    assert verify(ledger, renewed, CS).fault is None
    only_new = verify(ledger, replace(renewed, seal_public_keys=()), CS).fault
    assert only_new is not None
    assert (only_new.what, only_new.sequence) == (What.SEAL_CHANGED, 1)
    public = settings_for("", seal_public_keys=(old.public_key(), new.public_key()))
    assert verify(ledger, public, CS).fault is None, "verifying takes no private key"


def _registered(one: Resolved) -> Registered:
    return Registered(resolved=one, made=True, care_system_id=CS, by=BY)


def _receipt(one: Resolved) -> Receipt:
    found = receipt_for(SEALING, _registered(one), "0" * 64)
    assert found is not None
    return found


def test_A5_the_receipt_at_the_door_commits_to_what_the_leaf_later_does(ledger: Database) -> None:
    with ledger.transaction(write=False) as tx:
        kept = registrations_by_id(tx, CS, ["a0000", WHOLE_REGISTRATION.id])
        leaves = {one.id: leaf_for(tx, CS, Kind.REGISTRATION, one.id) for one in kept}
    for one in (*kept, WHOLE_REGISTRATION):
        receipt, leaf = _receipt(one), leaves[one.id]
        assert leaf is not None
        assert (receipt.salt.hex(), receipt.payload_hash.hex()) == (leaf.salt, leaf.payload_hash)
        assert is_ours(receipt, known_keys(SEALING))
        checked_receipt = check_receipt(ledger, SEALING, receipt)
        assert checked_receipt.fault is None
        assert checked_receipt.proof is not None
        assert checked_receipt.proof.holds


def test_A5_a_receipt_whose_registration_waits_is_neither_proven_nor_at_fault(ledger: Database) -> None:
    with ledger.transaction() as tx:
        write_check_ins(tx, "later", 1)
        kept = registrations_by_id(tx, CS, ["later0000"])
    found = check_receipt(ledger, SEALING, _receipt(kept[0]))
    assert (found.proof, found.fault) == (None, None)


def test_F47_a_receipt_tells_what_became_of_its_registration(ledger: Database, owner: Administrator) -> None:
    receipt = _receipt(WHOLE_REGISTRATION)
    row = next(one for one in owner.rows(REGISTRATION) if one["id"] == WHOLE_REGISTRATION.id)
    leaf = leaf_of(owner, REGISTRATION, row)
    with owner.changed(REGISTRATION, row, {"note": "changed"}):
        assert check_receipt(ledger, SEALING, receipt).fault is What.CHANGED
    with owner.removed(REGISTRATION, row):
        assert check_receipt(ledger, SEALING, receipt).fault is What.REMOVED
    with owner.removed(LEAF, leaf):
        assert check_receipt(ledger, SEALING, receipt).fault is What.ADDED
    with owner.changed(LEAF, leaf, {"salt": "00" * 16}):
        assert check_receipt(ledger, SEALING, receipt).fault is What.LEAF_CHANGED
    forged = replace(receipt, at=NOON.replace(hour=1))
    assert check_receipt(ledger, SEALING, forged).fault is What.NOT_OURS
    assert check_receipt(ledger, SEALING, receipt).fault is None


def test_A5_a_receipt_from_before_a_change_of_key_is_proven_by_its_row(care: Database) -> None:
    renewed = settings_for("", seal_key=Ed25519PrivateKey.generate(), seal_public_keys=(KEY.public_key(),))
    with care.transaction() as tx:
        write_check_ins(tx, "a", 2)
        (kept, _) = registrations_by_id(tx, CS, ["a0000", "a0001"])
    receipt = _receipt(kept)
    seal_new(care, renewed, CS, NOON)
    found = check_receipt(care, renewed, receipt)
    assert found.fault is None
    assert found.proof is not None


def test_A5_a_salt_is_the_rows_own_and_only_the_key_can_make_it() -> None:
    assert SEALING.seal_key is not None
    mine, other = seal_key(SEALING.seal_key), seal_key(Ed25519PrivateKey.generate())
    salts = {mine.salt(CS, Kind.REGISTRATION, "a"), mine.salt(CS, Kind.REGISTRATION, "b"), mine.salt(CS, Kind.RUN, "a"),
             mine.salt("cs2", Kind.REGISTRATION, "a"), other.salt(CS, Kind.REGISTRATION, "a")}  # fmt: skip
    assert len(salts) == 5
    assert mine.salt(CS, Kind.REGISTRATION, "a") in salts


def test_A5_leaves_and_growth_are_proven_from_what_is_kept(care: Database) -> None:
    """With nodes of which some are kept, of two levels and ragged at the end."""
    with care.transaction() as tx:
        write_check_ins(tx, "a", 700)
    seal(care)
    with care.transaction() as tx:
        write_check_ins(tx, "b", 91)
    seal(care)
    with care.transaction(write=False) as tx:
        kept, complete = last_seal(tx, CS), complete_from(tx, CS)
        assert kept is not None
        assert kept.seal.size == 791
        for leaf in leaves_from(tx, CS, 0, limit=1_000)[::37]:
            path = inclusion_path(leaf.position, 791, complete)
            assert is_included(bytes.fromhex(leaf.leaf_hash), leaf.position, 791, path, kept.seal.root)
        first = next(one.root for one in seals_after(tx, CS, limit=10) if one.size == 700)
        assert is_consistent(700, 791, consistency_path(700, 791, complete), first, kept.seal.root)


def test_A5_the_migration_lets_what_was_there_before_wait_to_be_sealed(care: Database, database_url: str) -> None:
    with care.transaction() as tx:
        write_one_of_each(tx)
    care.close()
    downgrade(database_url, "0004")
    upgrade(database_url)
    with care.transaction(write=False) as tx:
        assert {kind.value for kind, _ in pending(tx, CS, limit=100)} == set(LEDGERED)
    assert seal(care) == len(LEDGERED)
    assert checked(care).fault is None


def test_A5_what_is_sealed_while_it_is_verified_is_no_fault(care: Database) -> None:
    with care.transaction() as tx:
        write_check_ins(tx, "a", 600)
    with ThreadPoolExecutor(1) as pool:
        verified = pool.submit(lambda: [checked(care).fault for _ in range(5)])
        for number in range(4):
            with care.transaction() as tx:
                write_check_ins(tx, f"b{number}", 150)
            seal(care)
        assert set(verified.result()) == {None}
    assert checked(care, exported(care)).leaves == 1_200
