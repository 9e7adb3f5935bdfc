"""Receipts: our signed word that a registration was recorded, which proves itself against the ledger later (A5)."""

from __future__ import annotations

from app.actions.ledger.keys import SealKey, seal_key
from app.actions.visits.record import Registered
from app.rules.ledger.commitments import Kind, commit, row_payload
from app.rules.ledger.signed import Receipt, receipted
from app.settings import Settings
from app.storage.visits.rows import resolved_row


def receipt_for(settings: Settings, registered: Registered, content_hash: str) -> Receipt | None:
    """The receipt for what is kept, the same one every time; None where the installation has no key to seal with.

    Needs no database: the salt is the key's, and the row is the one that was written.
    """
    if settings.seal_key is None:
        return None
    key = seal_key(settings.seal_key)
    row = resolved_row(registered.care_system_id, registered.resolved, content_hash, registered.by)
    return _receipt(key, registered, content_hash, row_payload(Kind.REGISTRATION, row))


def _receipt(key: SealKey, registered: Registered, content_hash: str, payload: bytes) -> Receipt:
    told = registered.resolved.registration
    committed = commit(key.salt(registered.care_system_id, Kind.REGISTRATION, told.id), payload)
    made = Receipt(
        care_system_id=registered.care_system_id,
        registration_id=told.id,
        content_hash=content_hash,
        salt=committed.salt,
        payload_hash=committed.payload_hash,
        at=told.recorded_at,
        key_id=key.key_id,
    )
    return receipted(made, key)
