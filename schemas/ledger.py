"""The ledger: signed roots, receipts, and proofs that a registration stands in it (A5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from marshmallow import fields, pre_dump

from app.rules.ledger.signed import Receipt, Seal
from schemas.fields import Instant, One, StrictInteger
from schemas.resources import StrictSchema, attributes
from schemas.texts import Identifier
from schemas.visits.registrations import RegistrationSchema


def _digits(count: int, what: str) -> fields.String:
    """Bytes as hexadecimal digits."""
    pattern = f"^[0-9a-f]{{{count}}}$"
    return fields.String(required=True, metadata={"pattern": pattern, "description": what})


def _key_id() -> fields.String:
    return fields.String(
        required=True, metadata={"description": "The thumbprint of the key, as readLedgerKeys has it."}
    )


class SealSchema(StrictSchema):
    """The signed root of a care system's first `size` leaves; of each of these the leaf's entry is its payload hash.

    The Ed25519 signature is of the seal as JSON without `signature` and with `"type": "hemtid.seal.v1"`: keys sorted,
    no blanks, UTF-8 (RFC 8785).
    """

    care_system_id = Identifier(required=True)
    sequence = StrictInteger(required=True, least=1)
    size = StrictInteger(required=True, least=1)
    root = _digits(64, "The Merkle tree hash of RFC 6962, with SHA-256.")
    at = Instant(required=True)
    key_id = _key_id()
    signature = _digits(128, "Ed25519.")

    @pre_dump
    def _in_digits(self, one: Seal, **_: Any) -> dict[str, Any]:
        return {**attributes(one), "root": one.root.hex(), "signature": one.signature.hex()}


class ReceiptSchema(StrictSchema):
    """Our word that a registration was recorded; prove it later by `proveRegistration` or `flask verify --receipt`.

    `payload_hash` is the SHA-256 of the salt and of the row as it is kept, and the entry of its leaf in the ledger. The
    Ed25519 signature is of the receipt as JSON without `signature` and with `"type": "hemtid.receipt.v1"`: keys sorted,
    no blanks, UTF-8 (RFC 8785).
    """

    care_system_id = Identifier(required=True)
    registration_id = Identifier(required=True)
    content_hash = _digits(
        64, "The SHA-256 of what was sent, without `sent` and without what is null or a default (V2)."
    )
    salt = _digits(32, "Without it the payload hash tells nobody what was recorded.")
    payload_hash = _digits(64, "The entry of the registration's leaf in the ledger.")
    at = Instant(required=True)
    key_id = _key_id()
    signature = _digits(128, "Ed25519.")

    @pre_dump
    def _in_digits(self, one: Receipt, **_: Any) -> dict[str, Any]:
        told = {name: getattr(one, name).hex() for name in ("salt", "payload_hash", "signature")}
        return {**attributes(one), **told}


class RegisteredSchema(RegistrationSchema):
    """A registration as it is answered when it is sent: with our receipt, where the installation has a key to sign."""

    receipt = One(ReceiptSchema)


class ProvesInclusion(Protocol):
    """A proof that a registration's leaf is in a tree."""

    @property
    def registration_id(self) -> str:
        """Whose."""

    @property
    def position(self) -> int:
        """Of the leaf."""

    @property
    def payload_hash(self) -> bytes:
        """The leaf's entry."""

    @property
    def path(self) -> Sequence[bytes]:
        """To the root."""

    @property
    def seal(self) -> Seal:
        """Of the tree."""


class ProofSchema(StrictSchema):
    """The audit path of RFC 6962 from a registration's leaf to the root of the newest seal, from the leaf upwards."""

    registration_id = Identifier(required=True)
    position = StrictInteger(required=True, least=0)
    payload_hash = _digits(64, "The entry of the leaf, as the receipt has it.")
    path = fields.List(_digits(64, "A node beside the way."), required=True)
    seal = One(SealSchema, required=True)

    @pre_dump
    def _in_digits(self, one: ProvesInclusion, **_: Any) -> dict[str, Any]:
        path = [node.hex() for node in one.path]
        return {
            "registration_id": one.registration_id,
            "position": one.position,
            "payload_hash": one.payload_hash.hex(),
            "path": path,
            "seal": one.seal,
        }
