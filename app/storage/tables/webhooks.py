"""Where machine clients want changes sent, how far that has come, and how each try went."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from app.storage.tables.columns import Id, Json, UtcDateTime, metadata
from app.storage.tables.versioned import key_columns, within_care_system


def _settings() -> list[Column[object]]:
    return [
        Column("url", Text, nullable=False),
        Column("types", Json, nullable=False),
        Column("active", Boolean, nullable=False),
        Column("recorded_at", UtcDateTime, nullable=False),
        Column("recorded_by", Id, nullable=False),
    ]


webhook = Table(
    "webhook",
    metadata,
    *key_columns(),
    Column("client_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    *_settings(),
    Column("created_at", UtcDateTime, nullable=False),
    Column("secret", Text, nullable=False),
    Column("former_secrets", Json, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", UtcDateTime),
    Column("due_at", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    Column("disabled_reason", String(32)),
    Column("lease", Id),
    Column("leased_until", UtcDateTime),
    within_care_system("client_id", "client"),
    Index(None, "care_system_id", "client_id", "id"),
)
"""A client's subscriptions. The secrets are sealed, former ones each with the instant until which it signs too.

`sequence` is the last change that was delivered or passed over.
`failures` counts the tries of the change after it that failed one after the other, and the next is at `due_at`. Who
delivers holds the `lease` until then.
"""

webhook_version = Table(
    "webhook_version",
    metadata,
    *key_columns(),
    Column("version", Integer, primary_key=True, autoincrement=False),
    *_settings(),
)
"""Where each subscription has sent what, and by whose hand; never changed. No secret in any form."""

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    *key_columns(),
    Column("webhook_id", Id, nullable=False),
    Column("message_id", String(64), nullable=False),
    Column("sequence", BigInteger),
    Column("type", String(32), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("status", Integer),
    Column("error", String(32)),
    within_care_system("webhook_id", "webhook"),
    Index(None, "care_system_id", "webhook_id", "id"),
    Index(None, "at"),
)
"""Every try to deliver, for thirty days: what was sent is the change of that number, which stays in the outbox."""
