"""Who stands on invoices and vouchers.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.storage.tables.append_only import guards

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
INSTANT = sa.String(20).with_variant(sa.DateTime(timezone=True), "postgresql")

TABLES = ("billing_party", "billing_party_version")


def upgrade() -> None:
    """The tables are there, and the append-only one refuses to be changed."""
    op.create_table(
        "billing_party",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_fields(),
        sa.ForeignKeyConstraint(
            ["care_system_id"], ["care_system.id"], name="fk_billing_party_care_system_id"
        ),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_billing_party_care_system_id_provider_id",
        ),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_billing_party_care_system_id_external_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_billing_party"),
    )
    for column in ("municipality", "provider_id"):
        op.create_index(f"uq_billing_party_{column}", "billing_party", ["care_system_id", column], unique=True)
    op.create_table(
        "billing_party_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        *_fields(),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_billing_party_version"),
    )
    for statement in guards(op.get_bind().dialect.name, TABLES):
        op.execute(statement)


def _fields() -> list[sa.Column[object]]:
    return [
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=True),
        sa.Column("provider_id", ID, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation_number", sa.String(length=16), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.String(length=8), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("electronic_scheme", sa.String(length=4), nullable=False),
        sa.Column("electronic_id", sa.String(length=64), nullable=True),
        sa.Column("vat_registered", sa.Boolean(), nullable=False),
        sa.Column("vat_identifier", sa.String(length=16), nullable=True),
        sa.Column("f_tax", sa.Boolean(), nullable=False),
        sa.Column("bankgiro", sa.String(length=16), nullable=True),
        sa.Column("plusgiro", sa.String(length=16), nullable=True),
        sa.Column("iban", sa.String(length=34), nullable=True),
        sa.Column("buyer_reference", sa.Text(), nullable=True),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.Column("cost_account", sa.String(length=16), nullable=True),
        sa.Column("settlement_account", sa.String(length=16), nullable=True),
        sa.Column("cost_centre", sa.String(length=32), nullable=True),
    ]


def downgrade() -> None:
    """The tables are gone."""
    for table in reversed(TABLES):
        op.drop_table(table)
