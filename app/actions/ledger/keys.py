"""The keys of the ledger: the one that seals and signs receipts, and all whose signatures are ours (A5)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.rules.ledger.commitments import SALT_BYTES, Kind
from app.settings import Settings

_SALTING = b"hemtid ledger salt v1"


class SealKey:
    """Signs with Ed25519, and salts what is committed to. Safe to share between threads."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self._salting = hmac.digest(private.private_bytes_raw(), _SALTING, "sha256")
        self.key_id = key_id_of(private.public_key())

    def sign(self, message: bytes) -> bytes:
        """The signature of the message."""
        return self._private.sign(message)

    def salt(self, care_system_id: str, kind: Kind, row_id: str) -> bytes:
        """The row's salt, the same every time: whoever has not the key cannot guess it, and nothing need be kept."""
        named = f"{care_system_id}\0{kind}\0{row_id}".encode()
        return hmac.digest(self._salting, named, "sha256")[:SALT_BYTES]


class KnownKeys:
    """The public keys that are ours, or were."""

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys = {key_id_of(key): key for key in keys}

    def is_signed(self, message: bytes, signature: bytes, key_id: str) -> bool:
        """True where the key of this id is ours and has signed the message."""
        key = self._keys.get(key_id)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The keys as a JWK set. Source: RFC 7517, RFC 8037."""
        return {"keys": [{**_jwk(key), "alg": "EdDSA", "use": "sig", "kid": name} for name, key in self._keys.items()]}


@lru_cache(maxsize=16)
def seal_key(private: Ed25519PrivateKey) -> SealKey:
    """The key as it is used; of each there is one."""
    return SealKey(private)


def known_keys(settings: Settings) -> KnownKeys:
    """The public key of the one that seals now, where there is one, and those of former ones."""
    own = () if settings.seal_key is None else (settings.seal_key.public_key(),)
    return KnownKeys((*own, *settings.seal_public_keys))


def key_id_of(key: Ed25519PublicKey) -> str:
    """The thumbprint of the key. Source: RFC 7638, RFC 8037 appendix A.3."""
    told = _jwk(key)
    named = f'{{"crv":"{told["crv"]}","kty":"{told["kty"]}","x":"{told["x"]}"}}'
    return _base64(hashlib.sha256(named.encode()).digest())


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64(key.public_bytes_raw())}


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
