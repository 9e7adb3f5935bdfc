"""The rules of signing in: passwords, failed tries, refresh tokens. Instants are UTC in whole seconds."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.rules.refusal import Kind, Refused

ACCESS_TOKEN_SECONDS = 600
"""Ten minutes. Source: FAULTS, Tokens."""
REFRESH_TOKEN_SECONDS = 30 * 24 * 3600
"""Thirty days, counted from the issue of each token: whoever works every day stays signed in. Source: our decision."""
LOST_ANSWER_SECONDS = 60
"""How long a used refresh token may come again for an answer that was lost. Source: FAULTS 42; the number ours."""
TRIES = 10
TRIES_WINDOW_SECONDS = 15 * 60
"""At most ten failed tries in fifteen minutes. Source: FAULTS 44."""
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
"""In characters. Source: our decision."""


class RefreshOutcome(StrEnum):
    """What becomes of a refresh token that was presented."""

    ROTATED = "rotated"
    """It is used now, and a successor is issued."""
    REPEATED = "repeated"
    """Its answer was lost: it gets one more successor; of the successors the first to be used counts."""
    EXPIRED = "expired"
    """It is too old, or its session has ended: refused, and nothing else changes."""
    REUSED = "reused"
    """Somebody else has gone on from it: refused, and the session ends."""
    STRAGGLED = "straggled"
    """An enrolled phone asked with it before it went on from it, and the question came late: refused, and no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshFacts:
    """What is known of a refresh token when it comes. None: not yet, or never."""

    expires_at: datetime
    session_ended_at: datetime | None
    used_at: datetime | None
    sibling_used: bool
    """Another successor of the same predecessor has been used."""
    successor_used: bool
    """One that was issued for this token has been used."""
    bound: bool = False
    """It is of an enrolled phone's session: only who holds the phone's key can present it, and it has one successor."""
    successor_proven_at: datetime | None = None
    """When the phone, by its own clock, proved its key as the successor was first used."""


def judge_refresh(facts: RefreshFacts, now: datetime, proven_at: datetime | None = None) -> RefreshOutcome:
    """What becomes of the token at `now`. It lives until `expires_at`, which is outside.

    Of a session without a key the sixtieth second after its first use is within the time of a lost answer; that of an
    enrolled phone is answered again until its successor is used, however long its answer has been lost. `proven_at` is
    when the phone made its proof, by its own clock. Source: FAULTS 42, RFC 9700 section 4.14.2; for phones our
    decision.
    """
    if facts.session_ended_at is not None or now >= facts.expires_at:
        return RefreshOutcome.EXPIRED
    if facts.sibling_used or facts.successor_used:
        return RefreshOutcome.STRAGGLED if _straggles(facts, proven_at) else RefreshOutcome.REUSED
    if facts.used_at is None:
        return RefreshOutcome.ROTATED
    if facts.bound or now - facts.used_at <= timedelta(seconds=LOST_ANSWER_SECONDS):
        return RefreshOutcome.REPEATED
    return RefreshOutcome.REUSED


def _straggles(facts: RefreshFacts, proven_at: datetime | None) -> bool:
    """True where the proof is no younger than the one with which the phone went on."""
    before = facts.successor_proven_at
    return facts.bound and proven_at is not None and before is not None and proven_at <= before


def seconds_to_wait(failed_at: Sequence[datetime], now: datetime) -> int:
    """Whole seconds until one more try is allowed, 0 where it is now.

    A failed try counts until fifteen minutes after it, that second outside. Nothing else locks an account, so nobody
    can lock another out for longer. Source: FAULTS 44.
    """
    window = timedelta(seconds=TRIES_WINDOW_SECONDS)
    counted = sorted(at for at in failed_at if now - at < window)
    if len(counted) < TRIES:
        return 0
    return int((counted[-TRIES] + window - now).total_seconds())


def normal_password(password: str) -> str:
    """The password in one Unicode form, whatever keyboard wrote it. Source: NIST SP 800-63B section 5.1.1.2."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, username: str) -> None:
    """Returns where the password is long enough, not too long, and does not hold the username.

    Raises Refused A1 (422) otherwise. Source: our decision.
    """
    normal = normal_password(password)
    if not SHORTEST_PASSWORD <= len(normal) <= LONGEST_PASSWORD:
        fault = f"must be {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
    elif username.lower() in normal.lower():
        fault = "must not contain the username"
    else:
        return
    raise Refused("A1", f"the password {fault}", Kind.INVALID, "/password")
