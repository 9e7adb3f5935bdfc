"""Access tokens: ES256 `at+jwt`, signed and verified with one key of ours. Source: RFC 9068, RFC 8725, FAULTS 40."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_decode

from app.actions.access.faults import NotSignedIn
from app.rules.access import Actor
from app.rules.access.sessions import ACCESS_TOKEN_SECONDS
from app.storage.access import Subject
from app.storage.ids import new_id

ALGORITHM = "ES256"
AUDIENCE = "hemtid"
TYPE = "at+jwt"
LONGEST_TOKEN = 2048
"""Characters; ours are about 700."""
CLOCK_APART_SECONDS = 60
"""How far ahead the clock of another of our machines may have been when it issued a token. Source: our decision."""
REMEMBERED = 10_000
"""Verified tokens that a process remembers, some kilobytes each; the ones longest unused are forgotten first."""
_REQUIRED = ("iss", "aud", "sub", "client_id", "exp", "iat", "jti")
_THREE_PARTS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_REFUSAL = "The access token is not valid."


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a verified token says and we believe. Role and scope are looked up instead. Source: FAULTS 41."""

    subject: Subject
    actor_id: str
    session_id: str | None
    expires_at: int
    """Seconds since 1970; the token is valid before it."""
    thumbprint: str | None = None
    """Of the phone's key that the token is bound to, None where it is bound to none. Source: RFC 9449 section 6."""
    care_system_id: str | None = None
    """Where to look first. Whose facts are reached is the actor's to say, which is looked up."""


class TokenAuthority:
    """Issues and verifies the access tokens of one issuer. Safe to share between threads."""

    def __init__(self, key: EllipticCurvePrivateKey, issuer: str, remembered: int = REMEMBERED) -> None:
        self._private = key
        self._public = key.public_key()
        self._issuer = issuer
        self._jwk = _public_jwk(key)
        self._verified: OrderedDict[str, Claims] = OrderedDict()
        self._remembered = remembered
        self._lock = threading.Lock()

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The public key as a JWK set. Source: RFC 7517."""
        return {"keys": [dict(self._jwk)]}

    def issue(self, subject: Subject, actor: Actor, now: datetime, thumbprint: str | None = None) -> str:
        """A token for the actor, valid for ten minutes from `now`, bound to the key of `thumbprint` if there is one."""
        issued_at = int(now.timestamp())
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": actor.id,
            "client_id": actor.id if subject is Subject.CLIENT else AUDIENCE,
            "iat": issued_at,
            "exp": issued_at + ACCESS_TOKEN_SECONDS,
            "jti": new_id(),
            "role": actor.role,
            "scope": scope_text(actor),
        }
        if actor.session_id is not None:
            claims["sid"] = actor.session_id
        if thumbprint is not None:
            claims["cnf"] = {"jkt": thumbprint}
        return jwt.encode(claims, self._private, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": self._jwk["kid"]})

    def verify(self, token: str, now: datetime) -> Claims:
        """What the token says, until its `exp`, which is outside. Raises `NotSignedIn` for any other token.

        One that was verified before is only asked for its age.
        """
        claims = self.verify_of_any_age(token, now)
        if now.timestamp() >= claims.expires_at:
            raise NotSignedIn(_REFUSAL)
        return claims

    def verify_of_any_age(self, token: str, now: datetime) -> Claims:
        """The same for a token whose time may be over: what a revoked phone can still show. Raises `NotSignedIn`."""
        recalled = self._recalled(token)
        claims = recalled or self._read(token, now)
        if recalled is None and now.timestamp() < claims.expires_at:
            self._remember(token, claims)
        return claims

    def _recalled(self, token: str) -> Claims | None:
        with self._lock:
            claims = self._verified.get(token)
            if claims is not None:
                self._verified.move_to_end(token)
            return claims

    def _remember(self, token: str, claims: Claims) -> None:
        with self._lock:
            self._verified[token] = claims
            while len(self._verified) > self._remembered:
                self._verified.popitem(last=False)

    def _read(self, token: str, now: datetime) -> Claims:
        if len(token) > LONGEST_TOKEN or not is_canonical(token):
            raise NotSignedIn(_REFUSAL)
        try:
            header = jwt.get_unverified_header(token)
            if header != {"alg": ALGORITHM, "typ": TYPE, "kid": self._jwk["kid"]}:
                raise NotSignedIn(_REFUSAL)
            stated = jwt.decode(
                token,
                self._public,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                options={"require": list(_REQUIRED), "strict_aud": True, "verify_exp": False, "verify_iat": False},
            )
        except (jwt.InvalidTokenError, ValueError, RecursionError) as fault:
            raise NotSignedIn(_REFUSAL) from fault
        return _claims(stated, now)


def scope_text(actor: Actor) -> str:
    """The actor's limits as an OAuth scope, such as `care_system:… provider:…`. Source: RFC 6749 section 3.3."""
    limits = {
        "care_system": actor.care_system_id,
        "municipality": actor.municipality,
        "provider": actor.provider_id,
        "caregiver": actor.caregiver_id,
    }
    return " ".join(f"{name}:{limit}" for name, limit in limits.items() if limit is not None)


def _claims(stated: Mapping[str, Any], now: datetime) -> Claims:
    issued_at, expires_at = stated["iat"], stated["exp"]
    if type(issued_at) is not int or type(expires_at) is not int:
        raise NotSignedIn(_REFUSAL)
    if not 0 < expires_at - issued_at <= ACCESS_TOKEN_SECONDS or issued_at > now.timestamp() + CLOCK_APART_SECONDS:
        raise NotSignedIn(_REFUSAL)
    actor_id, client_id, session_id = stated["sub"], stated["client_id"], stated.get("sid")
    confirmed = stated.get("cnf", {})
    bound_to = confirmed.get("jkt") if isinstance(confirmed, Mapping) else confirmed
    if client_id not in (actor_id, AUDIENCE) or not isinstance(session_id, str | None):
        raise NotSignedIn(_REFUSAL)
    if not isinstance(bound_to, str | None) or (confirmed and bound_to is None):
        raise NotSignedIn(_REFUSAL)
    subject = Subject.CLIENT if client_id == actor_id else Subject.USER
    return Claims(
        subject=subject,
        actor_id=actor_id,
        session_id=session_id,
        expires_at=expires_at,
        thumbprint=bound_to,
        care_system_id=_care_system(stated.get("scope")),
    )


def _care_system(scope: object) -> str | None:
    told = scope.split() if isinstance(scope, str) else []
    return next((one.removeprefix("care_system:") for one in told if one.startswith("care_system:")), None)


def is_canonical(token: str) -> bool:
    """True for three parts of base64url, each in its one spelling: the spare bits at a part's end are zero."""
    return _THREE_PARTS.fullmatch(token) is not None and all(
        len(part) % 4 != 1 and base64.urlsafe_b64encode(base64url_decode(part)).rstrip(b"=") == part.encode()
        for part in token.split(".")
    )


def _public_jwk(key: EllipticCurvePrivateKey) -> dict[str, str]:
    """The public key; its `kid` is its thumbprint. Source: RFC 7517, RFC 7638."""
    jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    thumbed = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    print_of = hashlib.sha256(json.dumps(thumbed, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = base64.urlsafe_b64encode(print_of).rstrip(b"=").decode()
    return {**thumbed, "alg": ALGORITHM, "use": "sig", "kid": kid}
