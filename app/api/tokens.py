"""Tokens: signing in, and the key that verifies what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint as PlainBlueprint
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.access import signing_in
from app.actions.access.faults import NotSignedIn, TooManyTries, WrongPhone
from app.actions.access.proofs import WrongProof
from app.actions.access.signing_in import OnPhone, SignedIn
from app.actions.access.tokens import scope_text
from app.actions.running import Running, real_now
from app.api.answers import answer
from app.api.authentication import authority, stated_proof, wrong_proof
from app.api.operations import Asked, Content, operation
from app.api.problems import Problem, Slug
from app.rules.access.sessions import ACCESS_TOKEN_SECONDS
from schemas.access import GrantType, KeySetSchema, TokenRequestSchema, TokenSchema

blp = Blueprint("tokens", __name__, url_prefix="/api/v1", description="Signing in. Source: RULEBOOK A1, A2.")
well_known = PlainBlueprint("well_known", __name__)

NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""No cache keeps a token. Source: RFC 6749 section 5.1."""
_ASKED = Content(
    schema=TokenRequestSchema,
    example={"grant_type": "password", "username": "anna.ek", "password": "a sentence nobody else says"},
)
_GIVEN = Content(
    schema=TokenSchema,
    example={
        "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJoZW10aWQifQ.c2lnbmF0dXJl",
        "token_type": "Bearer",
        "expires_in": ACCESS_TOKEN_SECONDS,
        "refresh_token": "nQ1VtY0r0cJ8v4m0Yk7yW8Zl2m3sKxq0b1u5aPp9dEw",
        "role": "controller",
        "scope": "care_system:0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    },
)
_KEYS = Content(
    schema=KeySetSchema,
    example={"keys": [{"kty": "EC", "crv": "P-256", "x": "…", "y": "…", "alg": "ES256", "use": "sig", "kid": "…"}]},
)


@blp.route("/tokens")
class Tokens(MethodView):
    """Where one signs in."""

    @operation("createToken", body=_ASKED, answers=_GIVEN, problems=(401, 429), secured=False)
    def post(self, asked: Asked) -> Response:
        """Give an access token for a password, a client's secret or a refresh token.

        With a DPoP proof of an enrolled phone's key the tokens are bound to that key (RFC 9449).
        """
        signed = _let_in(asked.running, asked.value, asked.now)
        return answer(given(signed), headers=dict(NOT_KEPT))


@blp.route("/jwks")
class Keys(MethodView):
    """The key set, also at /.well-known/jwks.json."""

    @operation("readKeySet", answers=_KEYS, secured=False)
    def get(self, asked: Asked) -> Response:  # noqa: ARG002 - every view is given what was asked
        """Read the public keys that access tokens are verified with."""
        return _key_set()


@well_known.get("/.well-known/jwks.json")
def jwks() -> Response:
    """The same key set, where tools look for it."""
    return _key_set()


def _key_set() -> Response:
    return answer(authority().key_set(), headers={"Cache-Control": "public, max-age=300"})


def _phone(now: datetime) -> OnPhone | None:
    """The phone that one signs in on, where the request has its proof."""
    proof = stated_proof()
    return None if proof is None else OnPhone(proof=proof, at=now)


def _let_in(running: Running, presented: Mapping[str, Any], now: datetime) -> SignedIn:
    """Whoever the presented proves to be. Raises `Problem`: 401, or 429 with `Retry-After`."""
    database = running.database
    try:
        match presented["grant_type"]:
            case GrantType.PASSWORD:
                phone = _phone(now)
                return signing_in.by_password(database, presented["username"], presented["password"], real_now(), phone)
            case GrantType.CLIENT_CREDENTIALS:
                return signing_in.by_secret(database, presented["client_id"], presented["client_secret"])
            case _:
                return signing_in.by_refresh_token(database, presented["refresh_token"], real_now(), stated_proof())
    except WrongProof as fault:
        raise wrong_proof(fault) from fault
    except WrongPhone as fault:
        facts = {"phone": "revoked" if fault.revoked else "unknown"}
        raise Problem(Slug.NOT_SIGNED_IN, str(fault), facts=facts) from fault
    except NotSignedIn as fault:
        raise Problem(Slug.NOT_SIGNED_IN, str(fault)) from fault
    except TooManyTries as fault:
        detail = "This name has been tried too often; wait before trying again."
        raise Problem(Slug.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(fault.seconds)}) from fault


def given(signed: SignedIn) -> dict[str, object]:
    """The tokens of whoever was let in, as JSON values."""
    told: dict[str, object] = {
        "access_token": authority().issue(signed.subject, signed.actor, real_now(), signed.thumbprint),
        "token_type": "Bearer" if signed.thumbprint is None else "DPoP",
        "expires_in": ACCESS_TOKEN_SECONDS,
        "role": signed.actor.role,
        "scope": scope_text(signed.actor),
    }
    return told if signed.refresh_token is None else told | {"refresh_token": signed.refresh_token}
