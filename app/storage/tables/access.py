"""Who may sign in, and who has: users, clients, sessions, refresh tokens, failed tries.

An operator belongs to no care system: its `care_system_id` is the empty text, so that the primary key holds.
Secrets are kept as hashes only, passwords by argon2id and random ones by SHA-256.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.storage.tables.columns import Id, UtcDateTime, metadata
from app.storage.tables.versioned import within_care_system

NO_CARE_SYSTEM = ""
HASH_LENGTH = 64
"""Hexadecimal digits of a SHA-256."""


def _scope() -> list[Column[object]]:
    return [
        Column("role", String(32), nullable=False),
        Column("municipality", String(4)),
        Column("provider_id", Id),
        Column("caregiver_id", Id),
        Column("active", Boolean, nullable=False),
    ]


def _recorded() -> list[Column[object]]:
    return [
        Column("version", Integer, nullable=False),
        Column("recorded_at", UtcDateTime, nullable=False),
        Column("recorded_by", Id, nullable=False),
    ]


user_account = Table(
    "user_account",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("username", String(64), nullable=False),
    Column("password_hash", Text, nullable=False),
    *_scope(),
    Column("created_at", UtcDateTime, nullable=False),
    *_recorded(),
    UniqueConstraint("username"),
    UniqueConstraint("id"),
    within_care_system("provider_id", "provider"),
    within_care_system("caregiver_id", "caregiver"),
    CheckConstraint(f"(role = 'operator') = (care_system_id = '{NO_CARE_SYSTEM}')", name="operator_stands_outside"),
)
"""Users. The username is unique in the whole installation: it is all that a person signs in with."""

user_account_version = Table(
    "user_account_version",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("username", String(64), nullable=False),
    *_scope(),
    Column("password_changed", Boolean, nullable=False),
    *_recorded()[1:],
)
"""What each user's role and scope have been, and by whose hand; never changed. No password in any form."""

client = Table(
    "client",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("secret_hash", String(HASH_LENGTH), nullable=False),
    *_scope(),
    Column("created_at", UtcDateTime, nullable=False),
    *_recorded(),
    UniqueConstraint("id"),
    within_care_system("provider_id", "provider"),
)
"""Machine clients: schedulers, measuring systems, reimbursement modules."""

client_version = Table(
    "client_version",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False),
    *_scope(),
    *_recorded()[1:],
)
"""What each client's role and scope have been; never changed."""

session = Table(
    "session",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    within_care_system("user_id", "user_account"),
    Index(None, "care_system_id", "user_id"),
)
"""One signing in, and the family of refresh tokens that follow it. Its row is locked while one of them is exchanged."""

refresh_token = Table(
    "refresh_token",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("token_hash", String(HASH_LENGTH), primary_key=True),
    Column("session_id", Id, nullable=False),
    Column("predecessor_hash", String(HASH_LENGTH)),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("proven_at", UtcDateTime),
    Column("successor_salt", String(HASH_LENGTH)),
    within_care_system("session_id", "session"),
    UniqueConstraint("token_hash"),
    Index(None, "care_system_id", "session_id"),
    Index(None, "expires_at"),
)
"""Every refresh token of a session, kept when it is used, so that its reuse is seen.

Of an enrolled phone's: `proven_at` is when the phone proved its key at the first use, by its own clock, and
`successor_salt` makes, with the token itself, which is not kept, its one successor.
"""

login_try = Table(
    "login_try",
    metadata,
    Column("care_system_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("username_hash", String(HASH_LENGTH), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "username_hash", "at"),
    Index(None, "at"),
)
"""Tries to sign in that have not succeeded. The name is hashed: people type passwords into it."""
