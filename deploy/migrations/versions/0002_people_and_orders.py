"""Customers, grants, orders, tags, plans, rates and policies.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.storage.tables.append_only import guards

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
INSTANT = sa.String(20).with_variant(sa.DateTime(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TABLES = (
    "absence_version",
    "care_grant_version",
    "care_order_version",
    "customer_version",
    "planned_visit_version",
    "tag_version",
    "customer",
    "policy",
    "rate",
    "absence",
    "care_grant",
    "customer_identity",
    "tag",
    "care_order",
    "planned_visit",
)
"""In an order in which each refers to earlier ones only."""


def upgrade() -> None:
    """The tables are there, and the append-only ones refuse to be changed."""
    op.create_table(
        "absence_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_absence_version"),
    )
    op.create_index(
        "ix_absence_version_care_system_id_customer_id",
        "absence_version",
        ["care_system_id", "customer_id"],
        unique=False,
    )
    op.create_table(
        "care_grant_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("services", JSON, nullable=False),
        sa.Column("law", sa.String(length=3), nullable=False),
        sa.Column("granted_seconds", sa.BigInteger(), nullable=False),
        sa.Column("per", sa.String(length=8), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("double_staffed_seconds", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_before", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_care_grant_version"),
    )
    op.create_index(
        "ix_care_grant_version_care_system_id_customer_id",
        "care_grant_version",
        ["care_system_id", "customer_id"],
        unique=False,
    )
    op.create_table(
        "care_order_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("grant_id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("chosen_by", sa.String(length=16), nullable=False),
        sa.Column("ordered_seconds", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_before", sa.Date(), nullable=True),
        sa.Column("implementation_plan_received_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_care_order_version"),
    )
    op.create_index(
        "ix_care_order_version_care_system_id_grant_id",
        "care_order_version",
        ["care_system_id", "grant_id"],
        unique=False,
    )
    op.create_index(
        "ix_care_order_version_care_system_id_provider_id",
        "care_order_version",
        ["care_system_id", "provider_id"],
        unique=False,
    )
    op.create_table(
        "customer_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("protection", sa.String(length=32), nullable=False),
        sa.Column("lat_e6", sa.Integer(), nullable=True),
        sa.Column("lon_e6", sa.Integer(), nullable=True),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_customer_version"),
    )
    op.create_table(
        "planned_visit_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("household", JSON, nullable=False),
        sa.Column("caregiver_ids", JSON, nullable=False),
        sa.Column("grant_id", ID, nullable=True),
        sa.Column("activities", JSON, nullable=False),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.Column("cancelled_by", sa.String(length=16), nullable=True),
        sa.Column("cancelled_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_planned_visit_version"),
    )
    op.create_index(
        "ix_planned_visit_version_care_system_id_customer_id_starts_at",
        "planned_visit_version",
        ["care_system_id", "customer_id", "starts_at"],
        unique=False,
    )
    op.create_table(
        "tag_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_before", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_tag_version"),
    )
    op.create_index(
        "ix_tag_version_care_system_id_customer_id", "tag_version", ["care_system_id", "customer_id"], unique=False
    )
    op.create_index("ix_tag_version_care_system_id_uid", "tag_version", ["care_system_id", "uid"], unique=False)
    op.create_table(
        "customer",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("protection", sa.String(length=32), nullable=False),
        sa.Column("lat_e6", sa.Integer(), nullable=True),
        sa.Column("lon_e6", sa.Integer(), nullable=True),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_customer_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_customer"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_customer_care_system_id_external_id"),
    )
    op.create_index(
        "ix_customer_care_system_id_municipality_id", "customer", ["care_system_id", "municipality", "id"], unique=False
    )
    op.create_table(
        "policy",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_policy_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_policy"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_policy_care_system_id_external_id"),
    )
    op.create_index("ix_policy_care_system_id_name", "policy", ["care_system_id", "name"], unique=False)
    op.create_table(
        "rate",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("law", sa.String(length=3), nullable=True),
        sa.Column("provider_kind", sa.String(length=16), nullable=True),
        sa.Column("band", JSON, nullable=True),
        sa.Column("ore_per_hour", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_before", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_rate_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_rate"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_rate_care_system_id_external_id"),
    )
    op.create_index("ix_rate_care_system_id_municipality", "rate", ["care_system_id", "municipality"], unique=False)
    op.create_table(
        "absence",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "customer_id"],
            ["customer.care_system_id", "customer.id"],
            name="fk_absence_care_system_id_customer_id",
        ),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_absence_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_absence"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_absence_care_system_id_external_id"),
    )
    op.create_index("ix_absence_care_system_id_customer_id", "absence", ["care_system_id", "customer_id"], unique=False)
    op.create_table(
        "care_grant",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("services", JSON, nullable=False),
        sa.Column("law", sa.String(length=3), nullable=False),
        sa.Column("granted_seconds", sa.BigInteger(), nullable=False),
        sa.Column("per", sa.String(length=8), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("double_staffed_seconds", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_before", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["care_system_id", "customer_id"],
            ["customer.care_system_id", "customer.id"],
            name="fk_care_grant_care_system_id_customer_id",
        ),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_care_grant_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_care_grant"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_care_grant_care_system_id_external_id"),
    )
    op.create_index(
        "ix_care_grant_care_system_id_customer_id", "care_grant", ["care_system_id", "customer_id"], unique=False
    )
    op.create_table(
        "customer_identity",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("personal_identity_number", sa.String(length=13), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "customer_id"],
            ["customer.care_system_id", "customer.id"],
            name="fk_customer_identity_care_system_id_customer_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "customer_id", name="pk_customer_identity"),
    )
    op.create_table(
        "tag",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_before", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["care_system_id", "customer_id"],
            ["customer.care_system_id", "customer.id"],
            name="fk_tag_care_system_id_customer_id",
        ),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_tag_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_tag"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_tag_care_system_id_external_id"),
    )
    op.create_index("ix_tag_care_system_id_customer_id", "tag", ["care_system_id", "customer_id"], unique=False)
    op.create_table(
        "care_order",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("grant_id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("chosen_by", sa.String(length=16), nullable=False),
        sa.Column("ordered_seconds", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_before", sa.Date(), nullable=True),
        sa.Column("implementation_plan_received_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["care_system_id", "grant_id"],
            ["care_grant.care_system_id", "care_grant.id"],
            name="fk_care_order_care_system_id_grant_id",
        ),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_care_order_care_system_id_provider_id",
        ),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_care_order_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_care_order"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_care_order_care_system_id_external_id"),
    )
    op.create_index(
        "ix_care_order_care_system_id_grant_id_provider_id",
        "care_order",
        ["care_system_id", "grant_id", "provider_id"],
        unique=False,
    )
    op.create_index(
        "ix_care_order_care_system_id_provider_id_grant_id",
        "care_order",
        ["care_system_id", "provider_id", "grant_id"],
        unique=False,
    )
    op.create_table(
        "planned_visit",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("household", JSON, nullable=False),
        sa.Column("caregiver_ids", JSON, nullable=False),
        sa.Column("grant_id", ID, nullable=True),
        sa.Column("activities", JSON, nullable=False),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.Column("cancelled_by", sa.String(length=16), nullable=True),
        sa.Column("cancelled_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["care_system_id", "customer_id"],
            ["customer.care_system_id", "customer.id"],
            name="fk_planned_visit_care_system_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["care_system_id", "grant_id"],
            ["care_grant.care_system_id", "care_grant.id"],
            name="fk_planned_visit_care_system_id_grant_id",
        ),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_planned_visit_care_system_id_provider_id",
        ),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_planned_visit_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_planned_visit"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_planned_visit_care_system_id_external_id"),
    )
    op.create_index(
        "ix_planned_visit_care_system_id_provider_id_starts_at",
        "planned_visit",
        ["care_system_id", "provider_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        "ix_planned_visit_customer",
        "planned_visit",
        ["care_system_id", "customer_id", "provider_id", "starts_at"],
        unique=False,
    )
    for statement in guards(op.get_bind().dialect.name, TABLES):
        op.execute(statement)


def downgrade() -> None:
    """The tables are gone."""
    for table in reversed(TABLES):
        op.drop_table(table)
