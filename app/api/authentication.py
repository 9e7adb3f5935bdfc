"""Who is calling: the bearer token, verified once and remembered, and the actor it stands for as of now."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Response, current_app, request

from app.actions.access.faults import NotSignedIn
from app.actions.access.signing_in import authenticated
from app.actions.access.tokens import Claims, TokenAuthority
from app.actions.running import Running
from app.api.problems import Problem, Slug, answer_problem
from app.rules.access import Actor

_AUTHORITY = "hemtid.tokens"
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_.~+/-]+=*) *\Z", re.ASCII)
INVALID_TOKEN = {"WWW-Authenticate": 'Bearer realm="hemtid", error="invalid_token"'}
"""Source: RFC 6750 section 3."""


def signed_in() -> Actor:
    """The actor of the request's token, with role and scope as they stand now.

    Raises `Problem` 401 without a token, with one that is not valid, and for an account that is not active. Source: A1.
    """
    claims = bearer_claims()
    try:
        return authenticated(_running().database, claims)
    except NotSignedIn as fault:
        raise Problem(Slug.NOT_SIGNED_IN, str(fault), headers=dict(INVALID_TOKEN)) from fault


def bearer_claims() -> Claims:
    """What the request's token says, for whoever looks the actor up in its own statement. `Problem` 401 as above."""
    stated = request.headers.get("Authorization")
    if stated is None:
        raise Problem(Slug.NOT_SIGNED_IN)
    match = _BEARER.match(stated)
    if match is None:
        raise Problem(Slug.NOT_SIGNED_IN, "The Authorization header must be: Bearer and the access token.")
    try:
        return authority().verify(match[1], real_now())
    except NotSignedIn as fault:
        raise Problem(Slug.NOT_SIGNED_IN, str(fault), headers=dict(INVALID_TOKEN)) from fault


def answer_not_signed_in(fault: NotSignedIn) -> Response:
    """What an action that looks the actor up itself raised, as a response."""
    return answer_problem(Problem(Slug.NOT_SIGNED_IN, str(fault), headers=dict(INVALID_TOKEN)))


def authority() -> TokenAuthority:
    """What issues and verifies this process's access tokens; its key is read once."""
    found = current_app.extensions.get(_AUTHORITY)
    if found is None:
        settings = _running().settings
        made = TokenAuthority(settings.signing_key, settings.base_url)
        found = current_app.extensions.setdefault(_AUTHORITY, made)
    verifier: TokenAuthority = found
    return verifier


def real_now() -> datetime:
    """The real clock, cut to its second: tokens and tries know no other."""
    return datetime.now(UTC).replace(microsecond=0)


def _running() -> Running:
    running: Running = current_app.extensions["hemtid"]
    return running
