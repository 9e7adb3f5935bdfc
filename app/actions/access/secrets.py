"""Passwords and random secrets: made, hashed, compared. Nothing here is ever logged."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.rules.access.sessions import normal_password

SECRET_BYTES = 32
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""argon2id with 19 MiB. Source: STACK; OWASP Password Storage."""
_NOBODY = _hasher.hash(secrets.token_urlsafe(SECRET_BYTES))
"""What the password of a name that nobody has is compared with, so that the answer takes as long."""


def new_secret() -> str:
    """32 random bytes as base64url text."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest(text: str) -> str:
    """SHA-256 in hexadecimal: enough for what is random, and never used for a password."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_secret(secret: str, stored_hash: str | None) -> bool:
    """True where the stored digest is the secret's, compared in constant time; None is nobody's."""
    return hmac.compare_digest(digest(secret), stored_hash or digest("")) and stored_hash is not None


def hash_password(password: str) -> str:
    """The password as argon2id keeps it, with a salt of its own."""
    return _hasher.hash(normal_password(password))


def is_password(password: str, stored_hash: str | None) -> bool:
    """True where the stored hash is the password's. None is nobody's, and takes as long. Source: FAULTS 44."""
    try:
        _hasher.verify(stored_hash or _NOBODY, normal_password(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored_hash is not None
