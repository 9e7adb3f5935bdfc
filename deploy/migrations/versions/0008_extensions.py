"""What is completed in a request for more time, and what is attached to it.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.storage.tables.append_only import guards

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
INSTANT = sa.String(20).with_variant(sa.DateTime(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TABLES = ("extension_completion", "document_content", "extension_document")
"""In an order in which each refers to earlier ones only."""


def upgrade() -> None:
    """The tables are there, and refuse to be changed."""
    op.create_table(
        "extension_completion",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("extension_id", ID, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        _of_extension("extension_completion"),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_extension_completion"),
    )
    op.create_index(
        "ix_extension_completion_care_system_id_extension_id_id",
        "extension_completion",
        ["care_system_id", "extension_id", "id"],
    )
    op.create_table(
        "document_content",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["care_system_id"], ["care_system.id"], name="fk_document_content_care_system_id"),
        sa.PrimaryKeyConstraint("care_system_id", "sha256", name="pk_document_content"),
    )
    op.create_table(
        "extension_document",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("extension_id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        _of_extension("extension_document"),
        sa.ForeignKeyConstraint(
            ["care_system_id", "sha256"],
            ["document_content.care_system_id", "document_content.sha256"],
            name="fk_extension_document_care_system_id_sha256",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_extension_document"),
        sa.UniqueConstraint(
            "care_system_id",
            "extension_id",
            "sha256",
            name="uq_extension_document_care_system_id_extension_id_sha256",
        ),
    )
    for statement in guards(op.get_bind().dialect.name, TABLES):
        op.execute(statement)


def _of_extension(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["care_system_id", "extension_id"],
        ["extension.care_system_id", "extension.id"],
        name=f"fk_{table}_care_system_id_extension_id",
    )


def downgrade() -> None:
    """The tables are gone."""
    for table in reversed(TABLES):
        op.drop_table(table)
