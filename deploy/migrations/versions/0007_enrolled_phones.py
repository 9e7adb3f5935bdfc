"""Enrolled phones: their keys, who was signed in on each, the proofs used, and what could not be registered.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
INSTANT = sa.String(20).with_variant(sa.DateTime(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TABLES = ("device", "device_sign_in", "dpop_proof", "quarantined_registration")
"""In an order in which each refers to earlier ones only."""


def upgrade() -> None:
    """The tables are there, and what is registered and exchanged knows its phone."""
    op.create_table(
        "device",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("enrolled_at", INSTANT, nullable=True),
        sa.Column("enrolled_by", ID, nullable=True),
        sa.Column("thumbprint", sa.String(length=43), nullable=True),
        sa.Column("public_key", JSON, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("revoked_by", ID, nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_device_care_system_id_provider_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_device"),
        sa.UniqueConstraint("thumbprint", name="uq_device_thumbprint"),
        sa.UniqueConstraint("token_hash", name="uq_device_token_hash"),
    )
    op.create_index("ix_device_care_system_id_provider_id", "device", ["care_system_id", "provider_id"])
    op.create_table(
        "device_sign_in",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("caregiver_id", ID, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["care_system_id", "device_id"],
            ["device.care_system_id", "device.id"],
            name="fk_device_sign_in_care_system_id_device_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "session_id", name="pk_device_sign_in"),
    )
    op.create_index(
        "ix_device_sign_in_care_system_id_device_id_since", "device_sign_in", ["care_system_id", "device_id", "since"]
    )
    op.create_table(
        "dpop_proof",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("thumbprint", sa.String(length=43), nullable=False),
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "thumbprint", "id_hash", name="pk_dpop_proof"),
    )
    op.create_index("ix_dpop_proof_expires_at", "dpop_proof", ["expires_at"])
    op.create_table(
        "quarantined_registration",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("caregiver_id", ID, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("raw_hash", sa.String(length=64), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("sent", JSON, nullable=True),
        sa.Column("problem", JSON, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("registration_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["care_system_id", "device_id"],
            ["device.care_system_id", "device.id"],
            name="fk_quarantined_registration_care_system_id_device_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_quarantined_registration"),
        sa.UniqueConstraint(
            "care_system_id",
            "device_id",
            "raw_hash",
            name="uq_quarantined_registration_care_system_id_device_id_raw_hash",
        ),
    )
    for over in (["provider_id", "id"], ["device_id", "sequence"]):
        columns = ["care_system_id", *over]
        op.create_index(f"ix_quarantined_registration_{'_'.join(columns)}", "quarantined_registration", columns)
    op.add_column("refresh_token", sa.Column("proven_at", INSTANT, nullable=True))
    op.add_column("refresh_token", sa.Column("successor_salt", sa.String(length=64), nullable=True))
    op.add_column("registration", sa.Column("device_id", ID, nullable=True))
    op.add_column("registration", sa.Column("sequence", sa.BigInteger(), nullable=True))
    for name, last in (("ix_registration_device_id", "sequence"), ("ix_registration_device_received", "received_at")):
        op.create_index(
            name,
            "registration",
            ["care_system_id", "device_id", last],
            postgresql_where=sa.text("device_id IS NOT NULL"),
            sqlite_where=sa.text("device_id IS NOT NULL"),
        )


def downgrade() -> None:
    """The tables are gone, and nothing knows of phones."""
    for name in ("ix_registration_device_received", "ix_registration_device_id"):
        op.drop_index(name, table_name="registration")
    for table, column in (
        ("registration", "sequence"),
        ("registration", "device_id"),
        ("refresh_token", "successor_salt"),
        ("refresh_token", "proven_at"),
    ):
        op.drop_column(table, column)
    for table in reversed(TABLES):
        op.drop_table(table)
