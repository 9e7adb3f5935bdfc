"""The ledger: what waits to be sealed, the leaves of the tree, some of its nodes, and the signed roots.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.storage.tables.append_only import guards
from app.storage.tables.enlisting import enlisting, no_longer_enlisting

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
INSTANT = sa.String(20).with_variant(sa.DateTime(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TABLES = ("ledger_pending", "ledger_leaf", "ledger_node", "seal")
LEDGERED = (
    "registration",
    "correction",
    "correction_approval",
    "extension_decision",
    "verdict",
    "reimbursement_run",
    "reimbursement_line",
)


def upgrade() -> None:
    """The tables are there, and whatever was recorded and ever will be waits in them to be sealed."""
    op.create_table(
        "ledger_pending",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("row_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "kind", "row_id", name="pk_ledger_pending"),
    )
    op.create_table(
        "ledger_leaf",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("row_id", ID, nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("payload_hash", sa.String(length=64), nullable=False),
        sa.Column("leaf_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "position", name="pk_ledger_leaf"),
        sa.UniqueConstraint("care_system_id", "kind", "row_id", name="uq_ledger_leaf_care_system_id_kind_row_id"),
    )
    op.create_table(
        "ledger_node",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "level", "position", name="pk_ledger_node"),
    )
    op.create_table(
        "seal",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("peaks", JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "sequence", name="pk_seal"),
    )
    dialect = op.get_bind().dialect.name
    for statement in (*guards(dialect, TABLES), *enlisting(dialect, LEDGERED)):
        op.execute(statement)


def downgrade() -> None:
    """The tables are gone, and nothing is entered in them any more."""
    for statement in no_longer_enlisting(op.get_bind().dialect.name, LEDGERED):
        op.execute(statement)
    for table in reversed(TABLES):
        op.drop_table(table)
