"""Who is calling: the token, verified once and remembered, the proof of its key where it is bound to one, and the
actor it stands for as of now.
"""

from __future__ import annotations

import re

from flask import Response, current_app, request

from app.actions.access.faults import NotSignedIn
from app.actions.access.proofs import WrongProof, check_proof, prove, read_proof
from app.actions.access.signing_in import authenticated
from app.actions.access.tokens import Claims, TokenAuthority
from app.actions.running import Running, real_now
from app.api.problems import Problem, Slug, answer_problem
from app.rules.access import Actor
from app.rules.access.proofs import Proof

_STATED = re.compile(r"(?P<scheme>bearer|dpop) +(?P<token>[A-Za-z0-9_.~+/-]+=*) *\Z", re.ASCII | re.IGNORECASE)
INVALID_TOKEN = {"WWW-Authenticate": 'Bearer realm="hemtid", error="invalid_token"'}
"""Source: RFC 6750 section 3."""
INVALID_PROOF = {"WWW-Authenticate": 'DPoP realm="hemtid", error="invalid_dpop_proof", algs="ES256"'}
"""Source: RFC 9449 section 7.1."""
PROOF = "DPoP"
"""The header that carries the proof, and the scheme of tokens that need one."""


def signed_in(claims: Claims) -> Actor:
    """The actor of the request's token, with role and scope as they stand now.

    Raises `Problem` 401 for an account that is not active, and for a phone that is revoked. Source: A1.
    """
    try:
        return authenticated(_running().database, claims)
    except NotSignedIn as fault:
        raise Problem(Slug.NOT_SIGNED_IN, str(fault), headers=dict(INVALID_TOKEN)) from fault


def stated_claims(*, of_any_age: bool = False) -> Claims:
    """What the request's token says, for whoever looks the actor up in its own statement.

    One that is bound to a phone's key has its proof used. `of_any_age`: such a one may be past its time (`expires_at`
    tells). Raises `Problem` 401 without a token, and with one, or a proof, that is not valid.
    """
    stated = request.headers.get("Authorization")
    if stated is None:
        raise Problem(Slug.NOT_SIGNED_IN)
    match = _STATED.match(stated)
    if match is None:
        raise Problem(Slug.NOT_SIGNED_IN, "The Authorization header must be: Bearer, or DPoP, and the access token.")
    bound = match["scheme"].lower() == "dpop"
    verify = authority().verify_of_any_age if of_any_age and bound else authority().verify
    try:
        claims = verify(match["token"], real_now())
    except NotSignedIn as fault:
        raise Problem(Slug.NOT_SIGNED_IN, str(fault), headers=dict(INVALID_TOKEN)) from fault
    if bound != (claims.thumbprint is not None):
        detail = (
            "The token is bound to a phone's key: use DPoP." if claims.thumbprint else "The token is bound to no key."
        )
        raise Problem(Slug.NOT_SIGNED_IN, detail, headers=dict(INVALID_TOKEN))
    if bound:
        _prove(claims, match["token"])
    return claims


def _prove(claims: Claims, token: str) -> None:
    proof = stated_proof(token)
    if proof is None:
        raise Problem(Slug.NOT_SIGNED_IN, "The token needs a DPoP proof of its key.", headers=dict(INVALID_PROOF))
    try:
        prove(_running().database, claims, proof, real_now())
    except WrongProof as fault:
        raise wrong_proof(fault) from fault


def stated_proof(access_token: str | None = None) -> Proof | None:
    """The proof that came with the request, good for it but not yet used; None where there is none.

    `access_token` is the one that it must name. Raises `Problem` 401. Source: RFC 9449 section 4.3.
    """
    stated = request.headers.getlist(PROOF)
    if not stated:
        return None
    address = _running().settings.base_url + request.path
    try:
        if len(stated) > 1:
            raise WrongProof("There must be one DPoP header.")
        proof = read_proof(stated[0])
        check_proof(proof, method=request.method, address=address, now=real_now(), access_token=access_token)
    except WrongProof as fault:
        raise wrong_proof(fault) from fault
    return proof


def wrong_proof(fault: WrongProof) -> Problem:
    """How a proof that is not good is answered."""
    return Problem(Slug.NOT_SIGNED_IN, str(fault), headers=dict(INVALID_PROOF))


def stated_token() -> str | None:
    """The access token of the request as it was sent, verified or not."""
    match = _STATED.match(request.headers.get("Authorization", ""))
    return None if match is None else match["token"]


def answer_not_signed_in(fault: NotSignedIn) -> Response:
    """What an action that looks the actor up itself raised, as a response."""
    if isinstance(fault, WrongProof):
        return answer_problem(wrong_proof(fault))
    return answer_problem(Problem(Slug.NOT_SIGNED_IN, str(fault), headers=dict(INVALID_TOKEN)))


def authority() -> TokenAuthority:
    """What issues and verifies this process's access tokens."""
    return _running().tokens


def _running() -> Running:
    running: Running = current_app.extensions["hemtid"]
    return running
