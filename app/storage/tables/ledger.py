"""The ledger: what waits to be sealed, the leaves of the tree, some of its nodes, and the signed roots."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, SmallInteger, String, Table, UniqueConstraint

from app.storage.tables.columns import Id, Json, UtcDateTime, metadata

ledger_pending = Table(
    "ledger_pending",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("row_id", Id, primary_key=True),
)
"""What was recorded and is no leaf yet: triggers enter it with the row, in its transaction; nobody waits for anybody.

`kind` is the row's table. Whoever seals gives the committed ones their positions, under a lock. Source: A5.
"""

ledger_leaf = Table(
    "ledger_leaf",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("row_id", Id, nullable=False),
    Column("salt", String(32), nullable=False),
    Column("payload_hash", String(64), nullable=False),
    Column("leaf_hash", String(64), nullable=False),
    UniqueConstraint("care_system_id", "kind", "row_id"),
)
"""The leaves, in order from 0 on without a gap, in hexadecimal digits; never changed. Source: A5, RFC 6962."""

ledger_node = Table(
    "ledger_node",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
)
"""The roots of complete subtrees at every eighth level, from which proofs are made; never changed."""

seal = Table(
    "seal",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("peaks", Json, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
)
"""The signed roots, numbered from 1 on without a gap; never changed. `peaks` are what the next one grows from."""
