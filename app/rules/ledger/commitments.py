"""What the ledger holds of a row: a salted hash of it, so that the row can go later and the chain stays whole (A5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType

SALT_BYTES = 16
"""All salts are as long, so that no salt and payload read as another salt and payload. Source: our decision."""


class Kind(StrEnum):
    """What stands in the ledger, by the name of its table. Source: A5."""

    REGISTRATION = "registration"
    CORRECTION = "correction"
    APPROVAL = "correction_approval"
    DECISION = "extension_decision"
    VERDICT = "verdict"
    RUN = "reimbursement_run"
    LINE = "reimbursement_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """The salt and the hash that together commit to a row; the tree holds the hash alone."""

    salt: bytes
    payload_hash: bytes


def canonical(document: object) -> bytes:
    """The document as the same bytes wherever it comes from: keys sorted, no blanks, UTF-8, instants in UTC.

    Raises TypeError for a float and for anything else that JSON does not have, ValueError for an instant without offset
    or with a fraction of a second (T1, T2). Source: RFC 8785; integers in all their digits, our decision.
    """
    return _write(_plain(document)).encode()


_write = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
_AS_THEY_ARE = frozenset({str, int, bool, NoneType})


def _plain(value: object) -> object:
    """The value as JSON has it. In the order of how often each comes: a check-in waits for this."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _instant(at: datetime) -> str:
    if at.tzinfo is None or at.microsecond:
        raise ValueError("an instant has an offset and whole seconds")
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return f"{utc.isoformat()[:19]}Z"


def row_payload(kind: Kind, row: Mapping[str, object]) -> bytes:
    """The whole row, by the names of its columns; what is NULL is left out, so that a later column changes no hash."""
    return canonical({"kind": kind, "row": {name: value for name, value in row.items() if value is not None}})


def commit(salt: bytes, payload: bytes) -> Commitment:
    """What commits to the payload and, without the salt, tells nobody what it was."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return Commitment(salt=salt, payload_hash=hashlib.sha256(salt + payload).digest())


def commits_to(salt: bytes, payload_hash: bytes, kind: Kind, row: Mapping[str, object]) -> bool:
    """True where salt and hash are of this row; a row that has no canonical form is not one that was ever committed."""
    try:
        return commit(salt, row_payload(kind, row)).payload_hash == payload_hash
    except (TypeError, ValueError):
        return False
