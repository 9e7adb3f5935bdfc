"""What is registered, the visits, and what is found and said of them.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.storage.tables.append_only import guards

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
INSTANT = sa.String(20).with_variant(sa.DateTime(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TABLES = (
    "correction",
    "deviation",
    "judgement_due",
    "open_visit",
    "door",
    "visit",
    "correction_approval",
    "deviation_event",
    "visit_household",
    "explanation",
    "extension",
    "explanation_deviation",
    "extension_decision",
    "extension_event",
    "extension_note",
    "verdict",
    "registration",
)
"""In an order in which each refers to earlier ones only."""


def upgrade() -> None:
    """The tables are there, and the append-only ones refuse to be changed."""
    op.create_table(
        "correction",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("visit_id", ID, nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_correction"),
    )
    op.create_index("ix_correction_care_system_id_visit_id", "correction", ["care_system_id", "visit_id"], unique=False)
    op.create_table(
        "deviation",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("rule", sa.String(length=4), nullable=False),
        sa.Column("subject_type", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=200), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=True),
        sa.Column("customer_id", ID, nullable=True),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("effect", sa.String(length=16), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("own_reason", sa.Text(), nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_deviation"),
        sa.UniqueConstraint(
            "care_system_id",
            "rule",
            "subject_type",
            "subject_id",
            "period",
            name="uq_deviation_care_system_id_rule_subject_type_subject_id_period",
        ),
    )
    op.create_index(
        "ix_deviation_care_system_id_customer_id", "deviation", ["care_system_id", "customer_id"], unique=False
    )
    op.create_index(
        "ix_deviation_care_system_id_provider_id_period",
        "deviation",
        ["care_system_id", "provider_id", "period"],
        unique=False,
    )
    op.create_index(
        "ix_deviation_care_system_id_subject_type_subject_id",
        "deviation",
        ["care_system_id", "subject_type", "subject_id"],
        unique=False,
    )
    op.create_table(
        "judgement_due",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "provider_id", "customer_id", "month", name="pk_judgement_due"),
    )
    op.create_index("ix_judgement_due_since", "judgement_due", ["since"], unique=False)
    op.create_table(
        "open_visit",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("caregiver_id", ID, nullable=False),
        sa.Column("visit_id", ID, nullable=True),
        sa.Column("since", INSTANT, nullable=True),
        sa.Column("latest", INSTANT, nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "caregiver_id", name="pk_open_visit"),
    )
    op.create_table(
        "door",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "customer_id", name="pk_door"),
    )
    op.create_table(
        "visit",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("caregiver_id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("placed_at", INSTANT, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=True),
        sa.Column("ends_at", INSTANT, nullable=True),
        sa.Column("registered_starts_at", INSTANT, nullable=True),
        sa.Column("registered_ends_at", INSTANT, nullable=True),
        sa.Column("customer_id", ID, nullable=True),
        sa.Column("service", sa.String(length=16), nullable=True),
        sa.Column("check_in", JSON, nullable=True),
        sa.Column("check_out", JSON, nullable=True),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.Column("evidence_grade", sa.SmallInteger(), nullable=False),
        sa.Column("clock_grade", sa.String(length=16), nullable=False),
        sa.Column("registration_ids", JSON, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("planned_visit_id", ID, nullable=True),
        sa.Column("named_plan", sa.Boolean(), nullable=False),
        sa.Column("extra_service", sa.Boolean(), nullable=False),
        sa.Column("service_changes", JSON, nullable=False),
        sa.Column("household", JSON, nullable=False),
        sa.Column("activities", JSON, nullable=False),
        sa.Column("corrected", sa.Boolean(), nullable=False),
        sa.Column("correction_ids", JSON, nullable=False),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_visit"),
    )
    op.create_index(
        "ix_visit_care_system_id_caregiver_id_placed_at",
        "visit",
        ["care_system_id", "caregiver_id", "placed_at"],
        unique=False,
    )
    op.create_index(
        "ix_visit_care_system_id_customer_id_placed_at",
        "visit",
        ["care_system_id", "customer_id", "placed_at"],
        unique=False,
    )
    op.create_index(
        "ix_visit_care_system_id_provider_id_placed_at",
        "visit",
        ["care_system_id", "provider_id", "placed_at"],
        unique=False,
    )
    op.create_index(
        "ix_visit_planned_visit_id",
        "visit",
        ["care_system_id", "planned_visit_id"],
        unique=False,
        postgresql_where=sa.text("planned_visit_id IS NOT NULL"),
        sqlite_where=sa.text("planned_visit_id IS NOT NULL"),
    )
    op.create_table(
        "correction_approval",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("correction_id", ID, nullable=False),
        sa.Column("approved_by", ID, nullable=False),
        sa.Column("approved_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "correction_id"],
            ["correction.care_system_id", "correction.id"],
            name="fk_correction_approval_care_system_id_correction_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "correction_id", name="pk_correction_approval"),
    )
    op.create_table(
        "deviation_event",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("deviation_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", ID, nullable=True),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "deviation_id"],
            ["deviation.care_system_id", "deviation.id"],
            name="fk_deviation_event_care_system_id_deviation_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_deviation_event"),
    )
    op.create_index(
        "ix_deviation_event_care_system_id_deviation_id_id",
        "deviation_event",
        ["care_system_id", "deviation_id", "id"],
        unique=False,
    )
    op.create_table(
        "visit_household",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("visit_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "visit_id"],
            ["visit.care_system_id", "visit.id"],
            name="fk_visit_household_care_system_id_visit_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "customer_id", "visit_id", name="pk_visit_household"),
    )
    op.create_index(
        "ix_visit_household_care_system_id_visit_id", "visit_household", ["care_system_id", "visit_id"], unique=False
    )
    op.create_table(
        "explanation",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("rule", sa.String(length=4), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_explanation_care_system_id_provider_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_explanation"),
    )
    op.create_index(
        "ix_explanation_care_system_id_provider_id_id",
        "explanation",
        ["care_system_id", "provider_id", "id"],
        unique=False,
    )
    op.create_table(
        "extension",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("requested_seconds", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("requested_by", ID, nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("visit_ids", JSON, nullable=False),
        sa.Column("days", JSON, nullable=False),
        sa.Column("documents", JSON, nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "customer_id"],
            ["customer.care_system_id", "customer.id"],
            name="fk_extension_care_system_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["care_system_id", "provider_id"],
            ["provider.care_system_id", "provider.id"],
            name="fk_extension_care_system_id_provider_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_extension"),
    )
    op.create_index(
        "ix_extension_care_system_id_customer_id_month",
        "extension",
        ["care_system_id", "customer_id", "month"],
        unique=False,
    )
    op.create_index(
        "ix_extension_care_system_id_provider_id_month",
        "extension",
        ["care_system_id", "provider_id", "month"],
        unique=False,
    )
    op.create_index(
        "ix_extension_care_system_id_state_requested_at",
        "extension",
        ["care_system_id", "state", "requested_at"],
        unique=False,
    )
    op.create_index("uq_extension_external_id", "extension", ["care_system_id", "external_id"], unique=True)
    op.create_table(
        "explanation_deviation",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("explanation_id", ID, nullable=False),
        sa.Column("deviation_id", ID, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "deviation_id"],
            ["deviation.care_system_id", "deviation.id"],
            name="fk_explanation_deviation_care_system_id_deviation_id",
        ),
        sa.ForeignKeyConstraint(
            ["care_system_id", "explanation_id"],
            ["explanation.care_system_id", "explanation.id"],
            name="fk_explanation_deviation_care_system_id_explanation_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "explanation_id", "deviation_id", name="pk_explanation_deviation"),
    )
    op.create_index(
        "ix_explanation_deviation_care_system_id_deviation_id",
        "explanation_deviation",
        ["care_system_id", "deviation_id"],
        unique=False,
    )
    op.create_table(
        "extension_decision",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("extension_id", ID, nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("approved_seconds", sa.BigInteger(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("reviewer", ID, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "extension_id"],
            ["extension.care_system_id", "extension.id"],
            name="fk_extension_decision_care_system_id_extension_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_extension_decision"),
    )
    op.create_index(
        "ix_extension_decision_care_system_id_extension_id_id",
        "extension_decision",
        ["care_system_id", "extension_id", "id"],
        unique=False,
    )
    op.create_table(
        "extension_event",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("extension_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "extension_id"],
            ["extension.care_system_id", "extension.id"],
            name="fk_extension_event_care_system_id_extension_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_extension_event"),
    )
    op.create_index(
        "ix_extension_event_care_system_id_extension_id_id",
        "extension_event",
        ["care_system_id", "extension_id", "id"],
        unique=False,
    )
    op.create_table(
        "extension_note",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("extension_id", ID, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "extension_id"],
            ["extension.care_system_id", "extension.id"],
            name="fk_extension_note_care_system_id_extension_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_extension_note"),
    )
    op.create_index(
        "ix_extension_note_care_system_id_extension_id_id",
        "extension_note",
        ["care_system_id", "extension_id", "id"],
        unique=False,
    )
    op.create_table(
        "verdict",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("explanation_id", ID, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("bound_facts", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "explanation_id"],
            ["explanation.care_system_id", "explanation.id"],
            name="fk_verdict_care_system_id_explanation_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_verdict"),
    )
    op.create_index(
        "ix_verdict_care_system_id_explanation_id_id",
        "verdict",
        ["care_system_id", "explanation_id", "id"],
        unique=False,
    )
    op.create_table(
        "registration",
        sa.Column("care_system_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("caregiver_id", ID, nullable=False),
        sa.Column("captured_at", INSTANT, nullable=False),
        sa.Column("captured_text", sa.Text(), nullable=False),
        sa.Column("stated_at", INSTANT, nullable=True),
        sa.Column("stated_text", sa.Text(), nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("visit_id", ID, nullable=True),
        sa.Column("planned_visit_id", ID, nullable=True),
        sa.Column("customer_id", ID, nullable=True),
        sa.Column("service", sa.String(length=16), nullable=True),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("uid", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("lat_e6", sa.Integer(), nullable=True),
        sa.Column("lon_e6", sa.Integer(), nullable=True),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.Column("clock", JSON, nullable=True),
        sa.Column("boot_id", sa.Text(), nullable=True),
        sa.Column("elapsed_ms", sa.BigInteger(), nullable=True),
        sa.Column("sent", JSON, nullable=True),
        sa.Column("activities", JSON, nullable=True),
        sa.Column("extra_service", sa.Boolean(), nullable=False),
        sa.Column("household", JSON, nullable=True),
        sa.Column("by_measuring_client", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("corrected_at", INSTANT, nullable=False),
        sa.Column("clock_grade", sa.String(length=16), nullable=False),
        sa.Column("apart_seconds", sa.BigInteger(), nullable=True),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("tag_id", ID, nullable=True),
        sa.Column("tag_customer_id", ID, nullable=True),
        sa.Column("tag_problem", sa.String(length=16), nullable=True),
        sa.Column("resolved_customer_id", ID, nullable=True),
        sa.Column("evidence_grade", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["care_system_id", "caregiver_id"],
            ["caregiver.care_system_id", "caregiver.id"],
            name="fk_registration_care_system_id_caregiver_id",
        ),
        sa.ForeignKeyConstraint(
            ["care_system_id", "customer_id"],
            ["customer.care_system_id", "customer.id"],
            name="fk_registration_care_system_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["care_system_id", "planned_visit_id"],
            ["planned_visit.care_system_id", "planned_visit.id"],
            name="fk_registration_care_system_id_planned_visit_id",
        ),
        sa.PrimaryKeyConstraint("care_system_id", "id", name="pk_registration"),
    )
    op.create_index(
        "ix_registration_care_system_id_caregiver_id_at_id",
        "registration",
        ["care_system_id", "caregiver_id", "at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_registration_boot_id",
        "registration",
        ["care_system_id", "caregiver_id", "boot_id", "elapsed_ms"],
        unique=False,
        postgresql_where=sa.text("boot_id IS NOT NULL"),
        sqlite_where=sa.text("boot_id IS NOT NULL"),
    )
    op.create_index(
        "ix_registration_visit_id",
        "registration",
        ["care_system_id", "visit_id"],
        unique=False,
        postgresql_where=sa.text("visit_id IS NOT NULL"),
        sqlite_where=sa.text("visit_id IS NOT NULL"),
    )
    op.create_index(
        "uq_registration_external_id",
        "registration",
        ["care_system_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
        sqlite_where=sa.text("external_id IS NOT NULL"),
    )
    for statement in guards(op.get_bind().dialect.name, TABLES):
        op.execute(statement)


def downgrade() -> None:
    """The tables are gone."""
    for table in reversed(TABLES):
        op.drop_table(table)
