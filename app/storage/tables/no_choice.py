"""No-choice proposals and what was decided on them."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, Table, Text

from app.storage.tables.columns import Id, Json, UtcDateTime, metadata
from app.storage.tables.versioned import key_columns, within_care_system

no_choice_proposal = Table(
    "no_choice_proposal",
    metadata,
    *key_columns(),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("recorded_by", Id, nullable=False),
    Column("grant_id", Id, nullable=False),
    Column("customer_id", Id, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("facts", Json, nullable=False),
    within_care_system("grant_id", "care_grant"),
    within_care_system("customer_id", "customer"),
    Index(None, "care_system_id", "grant_id"),
    Index(None, "care_system_id", "customer_id"),
)
"""Whose turn it was, with all the facts that said so; never changed. Source: O3, P2, LR 3.4."""

no_choice_decision = Table(
    "no_choice_decision",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("proposal_id", Id, primary_key=True),
    Column("provider_id", Id, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("reason", Text),
    Column("order_id", Id, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("decided_by", Id, nullable=False),
    within_care_system("proposal_id", "no_choice_proposal"),
    within_care_system("provider_id", "provider"),
    within_care_system("order_id", "care_order"),
)
"""Who decided on a proposal, for whom and why, and the order that it placed; one each, never changed."""
