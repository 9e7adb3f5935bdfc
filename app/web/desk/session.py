"""Who sits at the desk: signed in by password, kept by two cookies that no script reads, and asked of every request.

The cookies hold what the API's own sign-in gives: an access token of ten minutes, and the refresh token that it is
renewed with, unseen. They go back to `/desk` alone.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from flask import Response, current_app, g, request

from app.actions.access import signing_in
from app.actions.access.faults import NotSignedIn
from app.actions.access.signing_in import SignedIn
from app.actions.calls import Call
from app.actions.running import Running, real_now
from app.actions.tellers import Tellers
from app.rules.access import Actor
from app.rules.access.sessions import ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS
from app.rules.time import parse_instant

ACCESS = "hemtid_desk"
REFRESH = "hemtid_desk_refresh"
CLOCK = "hemtid_desk_clock"
PATH = "/desk"


def running() -> Running:
    """The product at work."""
    found: Running = current_app.extensions["hemtid"]
    return found


def tellers() -> Tellers:
    """How what is done here is told of."""
    found: Tellers = current_app.extensions["hemtid.tellers"]
    return found


def now() -> datetime:
    """The register's time; where the demo clock is allowed, the one that the desk was set to. Source: our decision."""
    stated = request.cookies.get(CLOCK) if running().settings.demo_clock else None
    try:
        return real_now() if stated is None else parse_instant(stated)
    except ValueError:
        return real_now()


def sign_in(username: str, password: str) -> Actor:
    """The user is signed in from the answer to this request on. Raises `NotSignedIn` and `TooManyTries`."""
    signed = signing_in.by_password(running().database, username, password, real_now())
    g.desk_signed = signed
    return signed.actor


def sign_out() -> None:
    """This browser is signed in no more, and what it had renews nothing."""
    token = request.cookies.get(REFRESH)
    if token is not None:
        signing_in.end(running().database, token, real_now())
    g.desk_signed_out = True


def who() -> Actor | None:
    """Who asks, with role and scope as they stand now; None for nobody who is signed in. Source: A1, FAULTS 41."""
    token = request.cookies.get(ACCESS)
    if token is not None:
        try:
            return signing_in.authenticated(running().database, running().tokens.verify(token, real_now()))
        except NotSignedIn:
            pass  # its ten minutes are over, most likely
    return _renewed()


def _renewed() -> Actor | None:
    token = request.cookies.get(REFRESH)
    if token is None:
        return None
    try:
        signed = signing_in.by_refresh_token(running().database, token, real_now())
    except NotSignedIn:
        g.desk_signed_out = True
        return None
    g.desk_signed = signed
    return signed.actor


def call(actor: Actor, why: str) -> Call:
    """A call of an action by whoever asks; `why` goes to the access log (A3)."""
    return Call(
        database=running().database,
        settings=running().settings,
        actor=actor,
        now=now(),
        why=why,
        request_id=g.get("request_id", ""),
    )


def is_ours() -> bool:
    """True for a request that one of our own pages made: no other site's page can. Source: OWASP, cross-site forgery.

    A browser that says where a request comes from says so truly; one that says nothing is not believed.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    ours = (request.host_url.rstrip("/"), _origin(running().settings.base_url))
    return origin is not None and origin in ours


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def keep(response: Response) -> Response:
    """The answer carries what changed of the sign-in."""
    signed: SignedIn | None = g.get("desk_signed")
    if g.get("desk_signed_out"):
        for name in (ACCESS, REFRESH):
            response.delete_cookie(name, path=PATH, httponly=True, samesite="Lax", secure=_is_secure())
    elif signed is not None:
        access = running().tokens.issue(signed.subject, signed.actor, real_now())
        _set(response, ACCESS, access, ACCESS_TOKEN_SECONDS)
        _set(response, REFRESH, signed.refresh_token or "", REFRESH_TOKEN_SECONDS)
    return response


def _set(response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path=PATH, httponly=True, samesite="Lax", secure=_is_secure())


def _is_secure() -> bool:
    return running().settings.base_url.startswith("https:")
