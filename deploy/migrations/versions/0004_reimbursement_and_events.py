"""Months, runs and lines; what others are told; who read what.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.storage.tables.append_only import guards

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
INSTANT = sa.String(20).with_variant(sa.DateTime(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TABLES = (
    "access_log",
    "counter",
    "event",
    "event_pending",
    "idempotency",
    "month",
    "reimbursement_run",
    "reimbursement_line",
)
"""In an order in which each refers to earlier ones only."""


def upgrade() -> None:
    """The tables are there, and the append-only ones refuse to be changed."""
    op.create_table(
        "access_log",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor_id", ID, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("whom_type", sa.String(length=16), nullable=False),
        sa.Column("whom_id", ID, nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_access_log"),
    )
    op.create_index(
        "ix_access_log_care_system_id_actor_id_id", "access_log", ["care_system_id", "actor_id", "id"], unique=False
    )
    op.create_index(
        "ix_access_log_care_system_id_whom_id_id", "access_log", ["care_system_id", "whom_id", "id"], unique=False
    )
    op.create_table(
        "counter",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "name", name="pk_counter"),
    )
    op.create_table(
        "event",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("resource_type", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("provider_id", ID, nullable=True),
        sa.Column("municipality", sa.String(length=4), nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "sequence", name="pk_event"),
    )
    op.create_index(
        "ix_event_care_system_id_provider_id_sequence",
        "event",
        ["care_system_id", "provider_id", "sequence"],
        unique=False,
    )
    op.create_table(
        "event_pending",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("resource_type", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("provider_id", ID, nullable=True),
        sa.Column("municipality", sa.String(length=4), nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "position", name="pk_event_pending"),
    )
    op.create_table(
        "idempotency",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("route", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "client_id", "route", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_at", "idempotency", ["at"], unique=False)
    op.create_table(
        "month",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attested_by", ID, nullable=True),
        sa.Column("attested_at", INSTANT, nullable=True),
        sa.Column("locked_at", INSTANT, nullable=True),
        sa.Column("run_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_month_care_system_id_provider_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "municipality", "provider_id", "month", name="pk_month"),
    )
    op.create_index("ix_month_care_system_id_month", "month", ["care_system_id", "month"], unique=False)
    op.create_index(
        "ix_month_care_system_id_provider_id_month", "month", ["care_system_id", "provider_id", "month"], unique=False
    )
    op.create_table(
        "reimbursement_run",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("locked_at", INSTANT, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("issued_by", ID, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("excess", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_reimbursement_run_care_system_id_provider_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_reimbursement_run"),
        sa.UniqueConstraint(
            "care_system_id", "municipality", "provider_id", "month", name="uq_reimbursement_run_month"
        ),
    )
    op.create_table(
        "reimbursement_line",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("run_month", sa.String(length=7), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("law", sa.String(length=3), nullable=False),
        sa.Column("rate_id", ID, nullable=False),
        sa.Column("ore_per_hour", sa.Text(), nullable=False),
        sa.Column("band", sa.Text(), nullable=True),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("total_seconds", sa.BigInteger(), nullable=False),
        sa.Column("total_amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("segments", JSON, nullable=False),
        sa.Column("order_ids", JSON, nullable=False),
        sa.Column("grant_ids", JSON, nullable=False),
        sa.Column("extension_ids", JSON, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "run_id"],
            ["reimbursement_run.care_system_id", "reimbursement_run.id"],
            name="fk_reimbursement_line_care_system_id_run_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "sequence", name="pk_reimbursement_line"),
        sa.UniqueConstraint("care_system_id", "id", name="uq_reimbursement_line_care_system_id_id"),
    )
    op.create_index(
        "ix_reimbursement_line_care_system_id_provider_id_month",
        "reimbursement_line",
        ["care_system_id", "provider_id", "month"],
        unique=False,
    )
    op.create_index(
        "ix_reimbursement_line_care_system_id_run_id", "reimbursement_line", ["care_system_id", "run_id"], unique=False
    )
    for statement in guards(op.get_bind().dialect.name, TABLES):
        op.execute(statement)


def downgrade() -> None:
    """The tables are gone."""
    for table in reversed(TABLES):
        op.drop_table(table)
