"""Cryptographic tags: how each was personalised, its keys sealed, and the counters of the taps.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INDEX = "ix_registration_tap"


def upgrade() -> None:
    """The columns are there, empty: what was recorded before has no keys and was no such tap."""
    op.add_column("tag", sa.Column("sun", JSON, nullable=True))
    op.add_column("tag_version", sa.Column("sun", JSON, nullable=True))
    op.add_column("registration", sa.Column("tap_counter", sa.Integer(), nullable=True))
    op.create_index(
        INDEX,
        "registration",
        ["care_system_id", "tag_id", "tap_counter", "corrected_at"],
        unique=False,
        postgresql_where=sa.text("tap_counter IS NOT NULL"),
        sqlite_where=sa.text("tap_counter IS NOT NULL"),
    )


def downgrade() -> None:
    """The columns are gone, and the keys with them."""
    op.drop_index(INDEX, table_name="registration")
    op.drop_column("registration", "tap_counter")
    op.drop_column("tag_version", "sun")
    op.drop_column("tag", "sun")
