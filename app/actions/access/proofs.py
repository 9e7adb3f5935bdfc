"""Proofs of a phone's key: read, verified, and used once. Source: RFC 9449, RFC 7638, FAULTS 43."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, EllipticCurvePublicNumbers
from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_decode

from app.actions.access.faults import NotSignedIn
from app.actions.access.tokens import ALGORITHM, Claims, is_canonical
from app.rules.access.proofs import Proof, fault_of_proof
from app.storage.access import devices
from app.storage.database import Database, Transaction

PROOF_TYPE = "dpop+jwt"
LONGEST_PROOF = 4096
"""Characters; a phone's are about 500."""
_ES256 = ECAlgorithm(ECAlgorithm.SHA256)
"""Called by itself: the library's own decoding reads each part twice, letter by letter, on every request of a phone."""
_UNSIGNED = "The DPoP proof is not signed with the key that it carries."
_KEY = frozenset({"kty", "crv", "x", "y"})
_COORDINATE_BYTES = 32
_LATEST = 253_402_300_799
"""The last second of the calendar, since 1970."""


class WrongProof(NotSignedIn):
    """The request's proof of its phone's key is missing, not good for this request, or used already."""


def read_proof(text: str) -> Proof:
    """What the proof says, its signature verified with the key in it: ES256 and P-256, nothing else.

    Raises `WrongProof`. Source: RFC 9449 section 4.3.
    """
    if len(text) > LONGEST_PROOF or not is_canonical(text):
        raise WrongProof("The DPoP header must be one proof, a signed JWT.")
    head, content, signature = text.split(".")
    try:
        header, stated = _object(head), _object(content)
        if (header.get("typ"), header.get("alg")) != (PROOF_TYPE, ALGORITHM) or "crit" in header:
            raise WrongProof(f"The DPoP proof must be of the type {PROOF_TYPE}, signed with {ALGORITHM}.")
        key = public_key(header.get("jwk"))
        if not _ES256.verify(f"{head}.{content}".encode(), key, base64url_decode(signature)):
            raise WrongProof(_UNSIGNED)
    except (ValueError, RecursionError) as fault:
        raise WrongProof(_UNSIGNED) from fault
    return _proof(stated, thumbprint(header["jwk"]))


def _object(part: str) -> dict[str, Any]:
    """The JSON object of a part of a JWT. Raises ValueError for any other."""
    found = json.loads(base64url_decode(part))
    if not isinstance(found, dict):
        raise ValueError("a part of a JWT is a JSON object")
    return found


def _proof(stated: Mapping[str, Any], print_of_key: str) -> Proof:
    texts = (stated.get("jti"), stated.get("htm"), stated.get("htu"))
    issued_at, token_hash = stated.get("iat"), stated.get("ath")
    if not all(isinstance(one, str) for one in texts) or type(issued_at) is not int:
        raise WrongProof("The DPoP proof must state jti, htm, htu and iat.")
    if not 0 <= issued_at <= _LATEST or not isinstance(token_hash, str | None):
        raise WrongProof("The DPoP proof must state iat in seconds, and ath as a text.")
    jti, method, address = map(str, texts)
    return Proof(
        thumbprint=print_of_key,
        id=jti,
        method=method,
        address=address,
        issued_at=datetime.fromtimestamp(issued_at, UTC),
        token_hash=token_hash,
    )


def public_key(jwk: object) -> EllipticCurvePublicKey:
    """The P-256 key that the JWK holds. Raises ValueError for any other, and for one that tells its secret."""
    if not isinstance(jwk, Mapping) or "d" in jwk or (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise ValueError("no public key on P-256")
    x, y = jwk.get("x"), jwk.get("y")
    if not isinstance(x, str) or not isinstance(y, str):
        raise ValueError("a coordinate is base64url text")
    return _point(x, y)


@lru_cache(maxsize=1_000)
def _point(x: str, y: str) -> EllipticCurvePublicKey:
    return EllipticCurvePublicNumbers(_coordinate(x), _coordinate(y), SECP256R1()).public_key()


def _coordinate(text: str) -> int:
    found = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if len(found) != _COORDINATE_BYTES or _base64url(found) != text:
        raise ValueError("a coordinate of P-256 is 32 bytes, in their one spelling")
    return int.from_bytes(found, "big")


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The SHA-256 of the key's needed members as base64url. Source: RFC 7638."""
    needed = {name: jwk[name] for name in sorted(_KEY)}
    return _base64url(hashlib.sha256(json.dumps(needed, separators=(",", ":")).encode()).digest())


def bare_key(jwk: Mapping[str, Any]) -> dict[str, str]:
    """The key's needed members alone, as they are kept."""
    return {name: str(jwk[name]) for name in sorted(_KEY)}


def token_hash_of(access_token: str) -> str:
    """What `ath` must be for the access token. Source: RFC 9449 section 4.2."""
    return _base64url(hashlib.sha256(access_token.encode()).digest())


def check_proof(proof: Proof, *, method: str, address: str, now: datetime, access_token: str | None = None) -> None:
    """Returns where the proof is good for this request, used or not. Raises `WrongProof`."""
    token_hash = None if access_token is None else token_hash_of(access_token)
    fault = fault_of_proof(proof, method=method, address=address, now=now, token_hash=token_hash)
    if fault is not None:
        raise WrongProof(f"The DPoP proof is not good for this request: {fault}.")


def use_proof(tx: Transaction, care_system_id: str, proof: Proof, now: datetime) -> None:
    """The proof is used, once for all processes. Raises `WrongProof` where it was before. Source: FAULTS 43."""
    if not devices.use_proof(tx, care_system_id, proof, now):
        raise WrongProof("The DPoP proof has been used.")


def prove(database: Database, claims: Claims, proof: Proof, now: datetime) -> None:
    """The proof of a bound token's key is used. Raises `WrongProof` for another's key, and where it was used before."""
    if proof.thumbprint != claims.thumbprint:
        raise WrongProof("The DPoP proof is of another key than the token's.")
    with database.transaction() as tx:
        use_proof(tx, claims.care_system_id or "", proof, now)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
