"""Proposed assessments, the no-choice order, where a provider is based, and the target group of a grant.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.storage.tables.append_only import guards

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
INSTANT = sa.String(20).with_variant(sa.DateTime(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TABLES = ("assessment", "assessment_event", "no_choice_proposal", "no_choice_decision")
"""In an order in which each refers to earlier ones only."""
POSITIONED = ("provider", "provider_version")
GROUPED = ("care_grant", "care_grant_version")


def upgrade() -> None:
    """The tables are there, and the append-only ones refuse to be changed."""
    _assessments()
    _no_choice()
    for table in POSITIONED:
        op.add_column(table, sa.Column("lat_e6", sa.Integer(), nullable=True))
        op.add_column(table, sa.Column("lon_e6", sa.Integer(), nullable=True))
    for table in GROUPED:
        op.add_column(table, sa.Column("target_group", sa.Text(), nullable=True))
    for statement in guards(op.get_bind().dialect.name, TABLES):
        op.execute(statement)


def _assessments() -> None:
    op.create_table(
        "assessment",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=True),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("closed_by", ID, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        _reference("assessment", "customer_id", "customer"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_assessment"),
    )
    op.create_index("ix_assessment_care_system_id_customer_id", "assessment", ["care_system_id", "customer_id"])
    op.create_index(
        "uq_assessment_proposed",
        "assessment",
        ["care_system_id", "customer_id", "cause", "subject"],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
        sqlite_where=sa.text("state = 'proposed'"),
    )
    op.create_table(
        "assessment_event",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("assessment_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", ID, nullable=True),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        _reference("assessment_event", "assessment_id", "assessment"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_assessment_event"),
    )
    op.create_index(
        "ix_assessment_event_care_system_id_assessment_id_id",
        "assessment_event",
        ["care_system_id", "assessment_id", "id"],
    )


def _no_choice() -> None:
    op.create_table(
        "no_choice_proposal",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("grant_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        _reference("no_choice_proposal", "grant_id", "care_grant"),
        _reference("no_choice_proposal", "customer_id", "customer"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_no_choice_proposal"),
    )
    for column in ("grant_id", "customer_id"):
        op.create_index(
            f"ix_no_choice_proposal_care_system_id_{column}", "no_choice_proposal", ["care_system_id", column]
        )
    op.create_table(
        "no_choice_decision",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("decided_by", ID, nullable=False),
        _reference("no_choice_decision", "proposal_id", "no_choice_proposal"),
        _reference("no_choice_decision", "provider_id", "provider"),
        _reference("no_choice_decision", "order_id", "care_order"),
        sa.PrimaryKeyConstraint("care_system_id", "proposal_id", name="pk_no_choice_decision"),
    )


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["care_system_id", column], [f"{to}.care_system_id", f"{to}.id"], name=f"fk_{table}_care_system_id_{column}"
    )


def downgrade() -> None:
    """The tables and columns are gone."""
    for table in GROUPED:
        op.drop_column(table, "target_group")
    for table in POSITIONED:
        op.drop_column(table, "lon_e6")
        op.drop_column(table, "lat_e6")
    for table in reversed(TABLES):
        op.drop_table(table)
