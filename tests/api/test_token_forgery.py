"""FAULTS 40: the known ways to forge or bend an access token, each of them refused. Source: RFC 8725, RFC 9068."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.actions.access.faults import NotSignedIn
from app.actions.access.tokens import LONGEST_TOKEN, Claims, TokenAuthority
from app.rules.access import Actor, Role
from app.storage.access import Subject

NOW = datetime(2014, 2, 3, 8, 0, tzinfo=UTC)
ISSUED_AT = int(NOW.timestamp())
KEY = generate_private_key(SECP256R1())
AUTHORITY = TokenAuthority(KEY, "https://hemtid.example")
KID = AUTHORITY.key_set()["keys"][0]["kid"]
ACTOR = Actor(id="someone", role=Role.AUDITOR, care_system_id="system", session_id="session")
HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": KID}
CLAIMS: dict[str, Any] = {
    "iss": "https://hemtid.example",
    "aud": "hemtid",
    "sub": "someone",
    "client_id": "hemtid",
    "iat": ISSUED_AT,
    "exp": ISSUED_AT + 600,
    "jti": "once",
    "sid": "session",
}
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def encoded(part: object) -> str:
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(claims: object, header: dict[str, Any], key: Any = KEY) -> str:
    """Our own signature over whatever header and claims, as only a slip of ours could make it."""
    signing_input = f"{encoded(header)}.{encoded(claims)}"
    signature = jwt.get_algorithm_by_name("ES256").sign(signing_input.encode(), key)
    return f"{signing_input}.{encoded(signature)}"


def hashed(claims: object, header: dict[str, Any], secret: bytes) -> str:
    signing_input = f"{encoded(header)}.{encoded(claims)}"
    return f"{signing_input}.{encoded(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest())}"


def without(claim: str) -> dict[str, Any]:
    return {name: value for name, value in CLAIMS.items() if name != claim}


def read(token: str, now: datetime = NOW) -> Claims:
    """What an authority that has never seen the token makes of it."""
    return TokenAuthority(KEY, "https://hemtid.example").verify(token, now)


def test_A1_a_token_of_ours_says_who_is_calling() -> None:
    token = AUTHORITY.issue(Subject.USER, ACTOR, NOW)
    expected = Claims(
        subject=Subject.USER,
        actor_id="someone",
        session_id="session",
        expires_at=ISSUED_AT + 600,
        care_system_id=ACTOR.care_system_id,
    )
    assert read(token) == expected
    assert read(signed(CLAIMS, HEADER)) == replace(expected, care_system_id=None)
    assert jwt.get_unverified_header(token) == HEADER


def test_A1_a_clients_token_speaks_for_the_client() -> None:
    actor = Actor(id="machine", role=Role.REIMBURSEMENT_CLIENT, care_system_id="system")
    claims = read(AUTHORITY.issue(Subject.CLIENT, actor, NOW))
    assert (claims.subject, claims.actor_id, claims.session_id) == (Subject.CLIENT, "machine", None)


@pytest.mark.parametrize(("seconds", "valid"), [(0, True), (599, True), (600, False), (601, False)])
def test_A1_a_token_lives_ten_minutes_whether_it_was_seen_before_or_not(seconds: int, valid: bool) -> None:
    token = AUTHORITY.issue(Subject.USER, ACTOR, NOW)
    seen_before = TokenAuthority(KEY, "https://hemtid.example")
    seen_before.verify(token, NOW)
    for authority in (TokenAuthority(KEY, "https://hemtid.example"), seen_before):
        if valid:
            assert authority.verify(token, NOW + timedelta(seconds=seconds)).actor_id == "someone"
            continue
        with pytest.raises(NotSignedIn):
            authority.verify(token, NOW + timedelta(seconds=seconds))


OTHER_KEY = generate_private_key(SECP256R1())
RSA_KEY = generate_rsa_key(public_exponent=65537, key_size=2048)
FORGED: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "two dots": lambda: "..",
    "no token": lambda: "someone",
    "alg none, no signature": lambda: f"{encoded({**HEADER, 'alg': 'none'})}.{encoded(CLAIMS)}.",
    "alg None": lambda: f"{encoded({**HEADER, 'alg': 'None'})}.{encoded(CLAIMS)}.",
    "alg none, our signature": lambda: signed(CLAIMS, {**HEADER, "alg": "none"}),
    "HS256 with the public key in PEM": lambda: hashed(CLAIMS, {**HEADER, "alg": "HS256"}, PUBLIC_PEM),
    "HS256 with the public x": lambda: hashed(
        CLAIMS, {**HEADER, "alg": "HS256"}, AUTHORITY.key_set()["keys"][0]["x"].encode()
    ),
    "HS256 with an empty key": lambda: hashed(CLAIMS, {**HEADER, "alg": "HS256"}, b""),
    "RS256 of another": lambda: jwt.encode(CLAIMS, RSA_KEY, "RS256", headers={"typ": "at+jwt", "kid": KID}),
    "ES384 in name": lambda: signed(CLAIMS, {**HEADER, "alg": "ES384"}),
    "no alg": lambda: signed(CLAIMS, {"typ": "at+jwt", "kid": KID}),
    "another's key under our kid": lambda: signed(CLAIMS, HEADER, OTHER_KEY),
    "another's key under its kid": lambda: TokenAuthority(OTHER_KEY, "https://hemtid.example").issue(
        Subject.USER, ACTOR, NOW
    ),
    "an unknown kid": lambda: signed(CLAIMS, {**HEADER, "kid": "another"}),
    "a kid that is a path": lambda: signed(CLAIMS, {**HEADER, "kid": "../../dev/null"}),
    "a kid that is a number": lambda: signed(CLAIMS, {**HEADER, "kid": 1}),
    "no kid": lambda: signed(CLAIMS, {"alg": "ES256", "typ": "at+jwt"}),
    "a key brought along": lambda: signed(
        CLAIMS, {**HEADER, "jwk": TokenAuthority(OTHER_KEY, "x").key_set()["keys"][0]}
    ),
    "a key address brought along": lambda: signed(CLAIMS, {**HEADER, "jku": "https://evil.example/jwks.json"}),
    "a certificate brought along": lambda: signed(CLAIMS, {**HEADER, "x5u": "https://evil.example/cert.pem"}),
    "an unknown critical header": lambda: signed(CLAIMS, {**HEADER, "crit": ["exp"]}),
    "an unencoded payload": lambda: signed(CLAIMS, {**HEADER, "b64": False, "crit": ["b64"]}),
    "typ JWT": lambda: signed(CLAIMS, {**HEADER, "typ": "JWT"}),
    "typ id token": lambda: signed(CLAIMS, {**HEADER, "typ": "id+jwt"}),
    "no typ": lambda: signed(CLAIMS, {"alg": "ES256", "kid": KID}),
    "a header that is a list": lambda: f"{encoded([HEADER])}.{encoded(CLAIMS)}.{encoded(b'0' * 64)}",
    "a header nested deep": lambda: f"{encoded(b'[' * 1400)}.{encoded(CLAIMS)}.{encoded(b'0' * 64)}",
    "a header that is no UTF-8": lambda: f"{encoded(bytes([255, 254]))}.{encoded(CLAIMS)}.{encoded(b'0' * 64)}",
    "another issuer": lambda: signed({**CLAIMS, "iss": "https://evil.example"}, HEADER),
    "an issuer with a slash more": lambda: signed({**CLAIMS, "iss": "https://hemtid.example/"}, HEADER),
    "a list of issuers": lambda: signed({**CLAIMS, "iss": ["https://hemtid.example"]}, HEADER),
    "another audience": lambda: signed({**CLAIMS, "aud": "another"}, HEADER),
    "us among other audiences": lambda: signed({**CLAIMS, "aud": ["hemtid", "another"]}, HEADER),
    "us alone in a list of audiences": lambda: signed({**CLAIMS, "aud": ["hemtid"]}, HEADER),
    "an end at its beginning": lambda: signed({**CLAIMS, "exp": ISSUED_AT}, HEADER),
    "a life of a second too long": lambda: signed({**CLAIMS, "exp": ISSUED_AT + 601}, HEADER),
    "no end worth the name": lambda: signed({**CLAIMS, "exp": 1 << 62}, HEADER),
    "an end as text": lambda: signed({**CLAIMS, "exp": str(ISSUED_AT + 600)}, HEADER),
    "an end with decimals": lambda: signed({**CLAIMS, "exp": ISSUED_AT + 599.5}, HEADER),
    "an end that is true": lambda: signed({**CLAIMS, "exp": True}, HEADER),
    "issued in an hour": lambda: signed({**CLAIMS, "iat": ISSUED_AT + 3600, "exp": ISSUED_AT + 4200}, HEADER),
    "issued as text": lambda: signed({**CLAIMS, "iat": str(ISSUED_AT)}, HEADER),
    "a subject that is a number": lambda: signed({**CLAIMS, "sub": 1}, HEADER),
    "another client than its subject": lambda: signed({**CLAIMS, "client_id": "another"}, HEADER),
    "a client that is a list": lambda: signed({**CLAIMS, "client_id": ["hemtid"]}, HEADER),
    "a session that is a number": lambda: signed({**CLAIMS, "sid": 1}, HEADER),
    "claims that are a list": lambda: signed([CLAIMS], HEADER),
    "claims that are text": lambda: signed("someone", HEADER),
    **{f"no {claim}": lambda claim=claim: signed(without(claim), HEADER) for claim in CLAIMS if claim != "sid"},  # type: ignore[misc]
    "an empty signature": lambda: signed(CLAIMS, HEADER).rsplit(".", 1)[0] + ".",
    "a signature of zeros": lambda: f"{encoded(HEADER)}.{encoded(CLAIMS)}.{encoded(bytes(64))}",
    "a signature in DER": lambda: f"{encoded(HEADER)}.{encoded(CLAIMS)}.{encoded(bytes([48, 6, 2, 1, 1, 2, 1, 1]))}",
    "another's claims under our signature": lambda: ".".join(
        (
            signed(CLAIMS, HEADER).split(".")[0],
            encoded({**CLAIMS, "sub": "another"}),
            signed(CLAIMS, HEADER).split(".")[2],
        )
    ),
    "a fourth part": lambda: signed(CLAIMS, HEADER) + ".e30",
    "a blank before": lambda: " " + signed(CLAIMS, HEADER),
    "a line after": lambda: signed(CLAIMS, HEADER) + "\n",
    "padding after": lambda: signed(CLAIMS, HEADER) + "==",
    "letters beyond ASCII": lambda: signed(CLAIMS, HEADER).replace("e", "е", 1),
    "half a surrogate": lambda: signed(CLAIMS, HEADER) + "\ud800",
    "longer than any of ours": lambda: signed({**CLAIMS, "more": "x" * LONGEST_TOKEN}, HEADER),
}


@pytest.mark.parametrize("forged", list(FORGED.values()), ids=list(FORGED))
def test_A1_a_forged_token_is_nobodys(forged: Callable[[], str]) -> None:
    with pytest.raises(NotSignedIn) as caught:
        read(forged())
    assert str(caught.value) == "The access token is not valid."


def test_A1_a_token_with_any_character_changed_is_nobodys() -> None:
    """Every one of them, in every one of its six bits, the spare ones at a part's end among them."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = AUTHORITY.issue(Subject.USER, ACTOR, NOW)
    tried = 0
    for place, character in enumerate(token):
        if character == ".":
            continue
        for bit in range(6):
            bent = token[:place] + alphabet[alphabet.index(character) ^ 1 << bit] + token[place + 1 :]
            with pytest.raises(NotSignedIn):
                AUTHORITY.verify(bent, NOW)
            tried += 1
    assert tried == 6 * (len(token) - 2)


def test_A1_only_the_newest_verified_tokens_are_remembered() -> None:
    authority = TokenAuthority(KEY, "https://hemtid.example", remembered=3)
    tokens = [authority.issue(Subject.USER, ACTOR, NOW) for _ in range(5)]
    for token in tokens:
        authority.verify(token, NOW)
    assert list(authority._verified) == tokens[2:]
    authority.verify(tokens[2], NOW)
    authority.verify(tokens[0], NOW)
    assert list(authority._verified) == [tokens[4], tokens[2], tokens[0]]


def test_A1_what_is_not_valid_is_not_remembered() -> None:
    authority = TokenAuthority(KEY, "https://hemtid.example")
    expired = authority.issue(Subject.USER, ACTOR, NOW - timedelta(seconds=600))
    for token in (expired, *(forged() for forged in FORGED.values())):
        with pytest.raises(NotSignedIn):
            authority.verify(token, NOW)
    assert not authority._verified


def test_A1_the_key_set_tells_the_public_key_alone() -> None:
    (key,) = AUTHORITY.key_set()["keys"]
    assert key.keys() == {"kty", "crv", "x", "y", "alg", "use", "kid"}
    thumbed = json.dumps({name: key[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    assert key["kid"] == encoded(hashlib.sha256(thumbed.encode()).digest())
