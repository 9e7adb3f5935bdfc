"""Where machine clients want changes sent, and how each try went.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.storage.tables.append_only import guards

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
INSTANT = sa.String(20).with_variant(sa.DateTime(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TABLES = ("webhook", "webhook_version", "webhook_delivery")
"""In an order in which each refers to earlier ones only."""


def upgrade() -> None:
    """The tables are there, and the append-only one refuses to be changed."""
    op.create_table(
        "webhook",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_settings(),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("former_secrets", JSON, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", INSTANT, nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.Column("disabled_reason", sa.String(length=32), nullable=True),
        sa.Column("lease", ID, nullable=True),
        sa.Column("leased_until", INSTANT, nullable=True),
        _reference("webhook", "client_id", "client"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_care_system_id_client_id_id", "webhook", ["care_system_id", "client_id", "id"])
    op.create_table(
        "webhook_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        *_settings(),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_webhook_version"),
    )
    _deliveries()
    for statement in guards(op.get_bind().dialect.name, TABLES):
        op.execute(statement)


def _settings() -> list[sa.Column[object]]:
    return [
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
    ]


def _deliveries() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("webhook_id", ID, nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=32), nullable=True),
        _reference("webhook_delivery", "webhook_id", "webhook"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_webhook_delivery"),
    )
    op.create_index(
        "ix_webhook_delivery_care_system_id_webhook_id_id", "webhook_delivery", ["care_system_id", "webhook_id", "id"]
    )
    op.create_index("ix_webhook_delivery_at", "webhook_delivery", ["at"])


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["care_system_id", column], [f"{to}.care_system_id", f"{to}.id"], name=f"fk_{table}_care_system_id_{column}"
    )


def downgrade() -> None:
    """The tables are gone."""
    for table in reversed(TABLES):
        op.drop_table(table)
