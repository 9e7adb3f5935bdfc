"""Enrolled phones: their keys, who was signed in on each when, the proofs used, and what could not be registered."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, UniqueConstraint

from app.storage.tables.access import HASH_LENGTH
from app.storage.tables.columns import Id, Json, UtcDateTime, metadata
from app.storage.tables.versioned import key_columns, within_care_system

THUMBPRINT_LENGTH = 43
"""Characters of a SHA-256 as base64url. Source: RFC 7638."""

device = Table(
    "device",
    metadata,
    *key_columns(),
    Column("provider_id", Id, nullable=False),
    Column("name", String(200), nullable=False),
    Column("token_hash", String(HASH_LENGTH), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Id, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("enrolled_at", UtcDateTime),
    Column("enrolled_by", Id),
    Column("thumbprint", String(THUMBPRINT_LENGTH)),
    Column("public_key", Json),
    Column("revoked_at", UtcDateTime),
    Column("revoked_by", Id),
    Column("revoked_reason", Text),
    within_care_system("provider_id", "provider"),
    UniqueConstraint("token_hash"),
    UniqueConstraint("thumbprint"),
    Index(None, "care_system_id", "provider_id"),
)
"""A provider's phones. The key of a revoked one stays, so that it is never enrolled again."""

device_sign_in = Table(
    "device_sign_in",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("session_id", Id, primary_key=True),
    Column("device_id", Id, nullable=False),
    Column("user_id", Id, nullable=False),
    Column("caregiver_id", Id, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    within_care_system("device_id", "device"),
    Index(None, "care_system_id", "device_id", "since"),
)
"""Which session is bound to which phone, and so who was signed in there when, by the register's clock; one at a time.
It outlives the session: what was captured then may come late. Source: V17.
"""

dpop_proof = Table(
    "dpop_proof",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("thumbprint", String(THUMBPRINT_LENGTH), primary_key=True),
    Column("id_hash", String(HASH_LENGTH), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "expires_at"),
)
"""The proofs that were used and could still be: each is good once, whatever process it comes to. Source: FAULTS 43."""

quarantined_registration = Table(
    "quarantined_registration",
    metadata,
    *key_columns(),
    Column("device_id", Id, nullable=False),
    Column("provider_id", Id, nullable=False),
    Column("caregiver_id", Id, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("raw_hash", String(HASH_LENGTH), nullable=False),
    Column("raw", Text, nullable=False),
    Column("sent", Json),
    Column("problem", Json, nullable=False),
    Column("sequence", BigInteger),
    Column("state", String(16), nullable=False),
    Column("decided_by", Id),
    Column("decided_at", UtcDateTime),
    Column("reason", Text),
    Column("registration_id", Id),
    within_care_system("device_id", "device"),
    UniqueConstraint("care_system_id", "device_id", "raw_hash"),
    Index(None, "care_system_id", "provider_id", "id"),
    Index(None, "care_system_id", "device_id", "sequence"),
)
"""What an enrolled phone sent and could not be registered, as text; the same text of a phone once. Source: FAULTS 8."""
