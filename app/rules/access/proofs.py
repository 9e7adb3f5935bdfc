"""Proofs of a phone's key that come with its requests: when one is good. Source: RFC 9449 section 4.3, FAULTS 43."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PROOF_SECONDS = 60
"""How far from our clock a proof may have been made, either way; both borders are inside. Source: our decision."""
LONGEST_PROOF_ID = 128
"""Characters of a proof's own id. Source: our decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a proof says, its signature verified with the key that it carries.

    `thumbprint` is that key's (RFC 7638); `token_hash` is the hash of the access token that it came with, None where it
    names none.
    """

    thumbprint: str
    id: str
    method: str
    address: str
    issued_at: datetime
    token_hash: str | None = None


def fault_of_proof(
    proof: Proof, *, method: str, address: str, now: datetime, token_hash: str | None = None
) -> str | None:
    """What is wrong with the proof for this request, None where nothing is. Whether it was used before is not asked.

    `address` is the request's own, without query and fragment, which the proof may carry. Source: RFC 9449 section 4.3.
    """
    if not 1 <= len(proof.id) <= LONGEST_PROOF_ID or not proof.id.isascii():
        return "its jti must be 1 to 128 ASCII characters"
    if proof.method != method:
        return "it is for another method"
    if proof.address.partition("#")[0].partition("?")[0] != address:
        return "it is for another address"
    if abs(now - proof.issued_at) > timedelta(seconds=PROOF_SECONDS):
        return "its iat is more than a minute from the time now"
    if token_hash is not None and proof.token_hash != token_hash:
        return "its ath is not of this access token"
    return None
