"""Phones as the product knows them: a key that never leaves them, and a proof of it with every request."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from jwt.algorithms import ECAlgorithm

from app.api.clock import DEMO_CLOCK
from tests.api.world import PASSWORD, Answer, Line, ProviderOf, Somebody
from tests.settings import KEYS

V1 = "/api/v1"


@dataclass(slots=True, kw_only=True)
class Key:
    """A key on P-256, and the proofs that it signs."""

    private: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))

    @property
    def jwk(self) -> dict[str, str]:
        """The public key."""
        told = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {name: told[name] for name in ("kty", "crv", "x", "y")}

    @property
    def thumbprint(self) -> str:
        """Its thumbprint. Source: RFC 7638."""
        content = json.dumps({name: self.jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
        return _base64url(hashlib.sha256(content.encode()).digest())

    def proof(self, method: str, path: str, token: str | None = None, **changes: Any) -> str:
        """A proof for one request; `changes` bend what it states, `header` its header."""
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk, **changes.pop("header", {})}
        stated: dict[str, Any] = {
            "jti": str(uuid.uuid4()),
            "htm": method,
            "htu": KEYS.base_url + path,
            "iat": int(datetime.now(UTC).timestamp()),
        }
        if token is not None:
            stated["ath"] = _base64url(hashlib.sha256(token.encode()).digest())
        content = {name: value for name, value in {**stated, **changes}.items() if value is not None}
        return jwt.encode(content, self.private, algorithm="ES256", headers=header)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass(slots=True, kw_only=True)
class Phone:
    """An enrolled phone, with the tokens of whoever is signed in on it."""

    line: Line
    key: Key
    id: str
    access_token: str
    refresh_token: str
    now: str

    def ask(self, method: str, path: str, *, at: str | None = None, **sent: Any) -> Answer:
        """The product's answer to a request with a fresh proof; `proof` is another one."""
        proof = sent.pop("proof", None) or self.key.proof(method, V1 + path, self.access_token)
        headers = {"Authorization": f"DPoP {self.access_token}", "DPoP": proof, DEMO_CLOCK: at or self.now}
        return self._open(method, path, {**headers, **sent.pop("headers", {})}, **sent)

    def post(self, path: str, content: Any, *, at: str | None = None) -> Answer:
        """The answer to a POST."""
        return self.ask("POST", path, at=at, json=content)

    def refresh(self, token: str | None = None, *, proof: str | None = None) -> Answer:
        """The answer to the refresh token, the phone's own unless another is given; the phone forgets the answer."""
        told = {"grant_type": "refresh_token", "refresh_token": token or self.refresh_token}
        made = self.key.proof("POST", f"{V1}/tokens") if proof is None else proof
        return self._open("POST", "/tokens", {"DPoP": made} if made else {}, json=told)

    def goes_on(self, answer: Answer) -> None:
        """The phone keeps the tokens of the answer."""
        assert answer.status_code == 200, answer.text
        self.access_token, self.refresh_token = answer.json["access_token"], answer.json["refresh_token"]

    def sign_in(self, somebody: Somebody, at: str | None = None) -> Answer:
        """Somebody signs in on the phone, which keeps the tokens where that went well."""
        told = {"grant_type": "password", "username": somebody.name, "password": PASSWORD}
        headers = {"DPoP": self.key.proof("POST", f"{V1}/tokens"), DEMO_CLOCK: at or self.now}
        answer = self._open("POST", "/tokens", headers, json=told)
        if answer.status_code == 200:
            self.goes_on(answer)
        return answer

    def _open(self, method: str, path: str, headers: dict[str, str], **sent: Any) -> Answer:
        assert self.line.app is not None
        return cast(Answer, self.line.app.test_client().open(V1 + path, method=method, headers=headers, **sent))


def enrolled(provider: ProviderOf, somebody: Somebody | None = None, at: str | None = None) -> Phone:
    """A phone of the provider on which the first caregiver, or somebody else, is signed in."""
    who = somebody or provider.caregiver
    own = Somebody(line=who.line, role=who.role, name=who.name, id=who.id, sign_in=who.sign_in, now=at or who.now)
    token = signed_in(own)
    offer = provider.coordinator.make("/devices", {"name": "A phone"}, at=own.now)
    key = Key()
    answer = enrol(own, token, offer["token"], key)
    assert answer.status_code == 201, answer.text
    tokens = answer.json["tokens"]
    return Phone(
        line=who.line,
        key=key,
        id=answer.json["device"]["id"],
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        now=own.now,
    )


def signed_in(somebody: Somebody) -> str:
    """A fresh access token of a session of its own."""
    assert somebody.line.app is not None
    answer = cast(Answer, somebody.line.app.test_client().post(f"{V1}/tokens", json=somebody.sign_in))
    assert answer.status_code == 200, answer.text
    return str(answer.json["access_token"])


def enrol(somebody: Somebody, token: str, offered: str, key: Key, **changes: Any) -> Answer:
    """The answer to the key, shown with the QR code's token by whoever holds the access token."""
    assert somebody.line.app is not None
    path = f"{V1}/devices/enrolment"
    headers = {
        "Authorization": f"Bearer {token}",
        "DPoP": key.proof("POST", path, token, **changes),
        DEMO_CLOCK: somebody.now,
    }
    told = {"token": offered, "public_key": key.jwk}
    return cast(Answer, somebody.line.app.test_client().post(path, json=told, headers=headers))
