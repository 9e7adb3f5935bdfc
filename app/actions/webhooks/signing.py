"""A webhook's secrets: made, sealed before they are stored, and what they sign. Nothing here is ever logged.

Source: Standard Webhooks, Signature scheme.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "whsec_"
SECRET_BYTES = 32
"""Of the 24 to 64 that the specification allows."""
_NONCE_BYTES = 12


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message: `v1,` and the HMAC-SHA256 of id, timestamp and body in base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers_of(signing: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of the specification; while a secret is being replaced, a signature for each."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, message_id, timestamp, body) for secret in signing),
    }


def seal(key: bytes, webhook_id: str, secret: str) -> str:
    """The secret under the key of the installation, bound to the webhook; a new nonce each time."""
    nonce = os.urandom(_NONCE_BYTES)
    return (nonce + AESGCM(key).encrypt(nonce, secret.encode(), webhook_id.encode())).hex()


def unseal(key: bytes, webhook_id: str, sealed: str) -> str | None:
    """The secret; None where it was sealed under another key or for another webhook."""
    stored = bytes.fromhex(sealed)
    try:
        return AESGCM(key).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], webhook_id.encode()).decode()
    except InvalidTag:
        return None
