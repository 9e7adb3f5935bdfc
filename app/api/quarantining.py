"""What an enrolled phone sends and nobody can register is kept before it is answered. Source: FAULTS 8."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import request

from app.actions.access.tokens import Claims
from app.actions.quarantine import Unregistered, keep, phone_of
from app.actions.running import Running, real_now
from app.api.authentication import INVALID_TOKEN
from app.api.problems import Problem, Slug, body_of

KEPT_AS = "quarantine_id"
"""Where an answer tells under which id something is kept."""


def is_over(claims: Claims) -> bool:
    """True for a token that is past its time."""
    return real_now().timestamp() >= claims.expires_at


def over() -> Problem:
    """The problem of a token that is past its time."""
    return Problem(Slug.NOT_SIGNED_IN, "The access token is not valid.", headers=dict(INVALID_TOKEN))


def kept_whole(running: Running, claims: Claims | None, problem: Problem, now: datetime) -> Problem:
    """The problem of a body that could not be read; where an enrolled phone sent it, the body is kept, and where.

    The problem of the token instead, where that is over and its phone is not revoked.
    """
    phone = None if claims is None else phone_of(running.database, claims)
    if claims is None or phone is None:
        return problem
    if phone.device.revoked_at is None and (is_over(claims)):
        return over()
    text = request.get_data(cache=True).decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    told = Unregistered(raw=text, problem=body_of(problem))
    (kept,) = keep(running.database, phone, [told], now)
    return replace(problem, facts={**problem.facts, KEPT_AS: kept})
