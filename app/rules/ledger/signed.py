"""What is signed of the ledger: the roots that the municipality keeps, and the receipts that employers hold (A5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, Self

from app.rules.ledger.commitments import canonical
from app.rules.time import format_instant, parse_instant

_HASH = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{2})+\Z", re.ASCII)

Document = dict[str, Any]


class Signer(Protocol):
    """A private key of ours."""

    @property
    def key_id(self) -> str:
        """The thumbprint of its public key."""

    def sign(self, message: bytes) -> bytes:
        """The signature of the message."""


class Verifier(Protocol):
    """The public keys that are ours, or were."""

    def is_signed(self, message: bytes, signature: bytes, key_id: str) -> bool:
        """True where the key of this id is ours and has signed the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The root of a care system's first `size` leaves, signed. Seals are numbered from 1 on, without a gap."""

    care_system_id: str
    sequence: int
    size: int
    root: bytes
    at: datetime
    key_id: str
    signature: bytes = b""

    @property
    def message(self) -> bytes:
        """What the signature is of."""
        return canonical({**self._told(), "type": "hemtid.seal.v1", "at": self.at})

    @property
    def document(self) -> Document:
        """The seal as JSON values."""
        return {**self._told(), "signature": self.signature.hex()}

    @classmethod
    def of(cls, told: object) -> Self:
        """The seal of such JSON values. Raises ValueError for any others."""
        names = {"care_system_id": str, "sequence": int, "size": int, "root": str, "at": str, "key_id": str}
        read = _read(told, names | {"signature": str})
        return cls(**{**read, **_bytes_of(read, "root", "signature"), "at": parse_instant(read["at"])})

    def _told(self) -> Document:
        return {
            "care_system_id": self.care_system_id,
            "sequence": self.sequence,
            "size": self.size,
            "root": self.root.hex(),
            "at": format_instant(self.at),
            "key_id": self.key_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Our word that a registration was recorded: what was sent, and what commits to its row in the ledger.

    `content_hash` is the SHA-256 of the content as sent (V2); `at` is when it was recorded.
    """

    care_system_id: str
    registration_id: str
    content_hash: str
    salt: bytes
    payload_hash: bytes
    at: datetime
    key_id: str
    signature: bytes = b""

    @property
    def message(self) -> bytes:
        """What the signature is of."""
        return canonical({**self._told(), "type": "hemtid.receipt.v1", "at": self.at})

    @property
    def document(self) -> Document:
        """The receipt as JSON values."""
        return {**self._told(), "signature": self.signature.hex()}

    @classmethod
    def of(cls, told: object) -> Self:
        """The receipt of such JSON values. Raises ValueError for any others."""
        names = (
            "care_system_id",
            "registration_id",
            "content_hash",
            "salt",
            "payload_hash",
            "at",
            "key_id",
            "signature",
        )
        read = _read(told, dict.fromkeys(names, str))
        bytes_read = _bytes_of(read, "salt", "payload_hash", "signature")
        return cls(**{**read, **bytes_read, "at": parse_instant(read["at"])})

    def _told(self) -> Document:
        return {
            "care_system_id": self.care_system_id,
            "registration_id": self.registration_id,
            "content_hash": self.content_hash,
            "salt": self.salt.hex(),
            "payload_hash": self.payload_hash.hex(),
            "at": format_instant(self.at),
            "key_id": self.key_id,
        }


def sealed(seal: Seal, signer: Signer) -> Seal:
    """The seal with the signer's signature."""
    named = replace(seal, key_id=signer.key_id)
    return replace(named, signature=signer.sign(named.message))


def receipted(receipt: Receipt, signer: Signer) -> Receipt:
    """The receipt with the signer's signature."""
    named = receipt if receipt.key_id == signer.key_id else replace(receipt, key_id=signer.key_id)
    return replace(named, signature=signer.sign(named.message))


def is_ours(signed: Seal | Receipt, keys: Verifier) -> bool:
    """True where one of our keys has signed it just so."""
    try:
        return keys.is_signed(signed.message, signed.signature, signed.key_id)
    except ValueError:
        return False  # an instant that is none of ours: nobody signed that


def _read(told: object, names: Mapping[str, type]) -> Document:
    if not isinstance(told, Mapping) or set(told) != set(names):
        raise ValueError(f"must be an object with {', '.join(names)}")
    for name, kind in names.items():
        if type(told[name]) is not kind:
            raise ValueError(f"{name} must be of another type")
    return dict(told)


def _bytes_of(read: Document, *names: str) -> Document:
    for name in names:
        if not (_HASH if name in ("root", "payload_hash") else _HEX).match(read[name]):
            raise ValueError(f"{name} must be hexadecimal digits")
    return {name: bytes.fromhex(read[name]) for name in names}
