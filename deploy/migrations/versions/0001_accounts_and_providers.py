"""Who may sign in; care systems, their providers and caregivers.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.storage.tables.append_only import guards, unguard

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
INSTANT = sa.String(20).with_variant(sa.DateTime(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TABLES = (
    "accreditation_version",
    "care_system",
    "care_system_version",
    "caregiver_version",
    "client_version",
    "login_try",
    "provider_version",
    "user_account_version",
    "provider",
    "accreditation",
    "caregiver",
    "client",
    "user_account",
    "session",
    "refresh_token",
)
"""In an order in which each refers to earlier ones only."""


def upgrade() -> None:
    """The tables are there, and the append-only ones refuse to be changed."""
    op.create_table(
        "accreditation_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("law", sa.String(length=3), nullable=True),
        sa.Column("target_group", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_before", sa.Date(), nullable=True),
        sa.Column("ceiling_seconds_per_week", sa.BigInteger(), nullable=True),
        sa.Column("takes_no_choice", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_accreditation_version"),
    )
    op.create_table(
        "care_system",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("municipalities", JSON, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_care_system"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_care_system_care_system_id_external_id"),
        sa.UniqueConstraint("external_id", name="uq_care_system_external_id"),
        sa.UniqueConstraint("id", name="uq_care_system_id"),
    )
    op.create_table(
        "care_system_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("municipalities", JSON, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_care_system_version"),
    )
    op.create_table(
        "caregiver_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("education", sa.String(length=16), nullable=False),
        sa.Column("relative_of", JSON, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_caregiver_version"),
    )
    op.create_table(
        "client_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=True),
        sa.Column("provider_id", ID, nullable=True),
        sa.Column("caregiver_id", ID, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_client_version"),
    )
    op.create_table(
        "login_try",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("username_hash", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_login_try"),
    )
    op.create_index("ix_login_try_at", "login_try", ["at"], unique=False)
    op.create_index("ix_login_try_username_hash_at", "login_try", ["username_hash", "at"], unique=False)
    op.create_table(
        "provider_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("organisation_number", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_provider_version"),
    )
    op.create_table(
        "user_account_version",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=True),
        sa.Column("provider_id", ID, nullable=True),
        sa.Column("caregiver_id", ID, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_changed", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", "version", name="pk_user_account_version"),
    )
    op.create_table(
        "provider",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("organisation_number", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_provider_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_provider"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_provider_care_system_id_external_id"),
    )
    op.create_table(
        "accreditation",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("law", sa.String(length=3), nullable=True),
        sa.Column("target_group", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_before", sa.Date(), nullable=True),
        sa.Column("ceiling_seconds_per_week", sa.BigInteger(), nullable=True),
        sa.Column("takes_no_choice", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_accreditation_care_system_id_provider_id",
        ),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_accreditation_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_accreditation"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_accreditation_care_system_id_external_id"),
    )
    op.create_index(
        "ix_accreditation_care_system_id_provider_id", "accreditation", ["care_system_id", "provider_id"], unique=False
    )
    op.create_table(
        "caregiver",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("education", sa.String(length=16), nullable=False),
        sa.Column("relative_of", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_caregiver_care_system_id_provider_id",
        ),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_caregiver_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_caregiver"),
        sa.UniqueConstraint("care_system_id", "external_id", name="uq_caregiver_care_system_id_external_id"),
    )
    op.create_index(
        "ix_caregiver_care_system_id_provider_id_id", "caregiver", ["care_system_id", "provider_id", "id"], unique=False
    )
    op.create_table(
        "client",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=True),
        sa.Column("provider_id", ID, nullable=True),
        sa.Column("caregiver_id", ID, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_client_care_system_id_provider_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_client"),
        sa.UniqueConstraint("id", name="uq_client_id"),
    )
    op.create_table(
        "user_account",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=True),
        sa.Column("provider_id", ID, nullable=True),
        sa.Column("caregiver_id", ID, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.CheckConstraint(
            "(role = 'operator') = (care_system_id = '')", name="ck_user_account_operator_stands_outside"
        ),
        sa.ForeignKeyConstraint(
            ["care_system_id", "caregiver_id"],
            ["caregiver.care_system_id", "caregiver.id"],
            name="fk_user_account_care_system_id_caregiver_id",
        ),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_user_account_care_system_id_provider_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_user_account"),
        sa.UniqueConstraint("id", name="uq_user_account_id"),
        sa.UniqueConstraint("username", name="uq_user_account_username"),
    )
    op.create_table(
        "session",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["care_system_id", "user_id"],
            ["user_account.care_system_id", "user_account.id"],
            name="fk_session_care_system_id_user_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_session"),
    )
    op.create_index("ix_session_care_system_id_user_id", "session", ["care_system_id", "user_id"], unique=False)
    op.create_table(
        "refresh_token",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("predecessor_hash", sa.String(length=64), nullable=True),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["care_system_id", "session_id"],
            ["session.care_system_id", "session.id"],
            name="fk_refresh_token_care_system_id_session_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "token_hash", name="pk_refresh_token"),
        sa.UniqueConstraint("token_hash", name="uq_refresh_token_token_hash"),
    )
    op.create_index(
        "ix_refresh_token_care_system_id_session_id", "refresh_token", ["care_system_id", "session_id"], unique=False
    )
    op.create_index("ix_refresh_token_expires_at", "refresh_token", ["expires_at"], unique=False)
    for statement in guards(op.get_bind().dialect.name, TABLES):
        op.execute(statement)


def downgrade() -> None:
    """The tables are gone."""
    for table in reversed(TABLES):
        op.drop_table(table)
    for statement in unguard(op.get_bind().dialect.name):
        op.execute(statement)
