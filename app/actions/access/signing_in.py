"""Signing in: by password, by a client's secret, by refresh token. `now` is the real clock's, never the demo's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.actions.access.faults import NotSignedIn, TooManyTries
from app.actions.access.secrets import digest, is_password, is_secret, new_secret
from app.actions.access.tokens import Claims
from app.rules.access import Actor
from app.rules.access.sessions import TRIES_WINDOW_SECONDS, RefreshOutcome, judge_refresh, seconds_to_wait
from app.storage.access import Subject, accounts, find_actor, sessions
from app.storage.access.accounts import StoredPassword
from app.storage.access.sessions import SessionKey
from app.storage.database import Database
from app.storage.ids import new_id

_WRONG_PASSWORD = "The username or the password is wrong."
_WRONG_SECRET = "The client id or the client secret is wrong."
_WRONG_REFRESH_TOKEN = "The refresh token is not valid; sign in again."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody was let in. `refresh_token` is None for a client, which has its secret."""

    subject: Subject
    actor: Actor
    refresh_token: str | None = field(default=None, repr=False)


def by_password(database: Database, username: str, password: str, now: datetime) -> SignedIn:
    """A new session of the user.

    Raises `TooManyTries` after ten failed tries in fifteen minutes, and `NotSignedIn`, always the same and as slow, for
    an unknown name, a wrong password and an account that is not active. Source: FAULTS 44.
    """
    try_id = new_id()
    found = _begin_try(database, username, try_id, now)
    # argon2 takes its time, so no transaction is open meanwhile; the try is counted before, so no two share one.
    if not is_password(password, found.password_hash if found else None) or found is None:
        raise NotSignedIn(_WRONG_PASSWORD)
    refresh = new_secret()
    with database.transaction() as transaction:
        connection = transaction.connection
        key = SessionKey(care_system_id=found.care_system_id, id=new_id(), user_id=found.user_id)
        actor = find_actor(connection, Subject.USER, found.user_id, key.id)
        if actor is None or accounts.find_password(connection, username) != found:
            raise NotSignedIn(_WRONG_PASSWORD)
        sessions.take_back_try(connection, try_id)
        sessions.start_session(connection, key, now)
        sessions.add_refresh_token(connection, key, digest(refresh), None, now)
    return SignedIn(subject=Subject.USER, actor=actor, refresh_token=refresh)


def by_secret(database: Database, client_id: str, secret: str) -> SignedIn:
    """The client is let in. Raises `NotSignedIn` for an unknown client, a wrong secret, and one that is not active."""
    with database.transaction(write=False) as transaction:
        stored_hash = accounts.find_secret_hash(transaction.connection, client_id)
        actor = find_actor(transaction.connection, Subject.CLIENT, client_id)
    if not is_secret(secret, stored_hash) or actor is None:
        raise NotSignedIn(_WRONG_SECRET)
    return SignedIn(subject=Subject.CLIENT, actor=actor)


def by_refresh_token(database: Database, token: str, now: datetime) -> SignedIn:
    """The session goes on with a new refresh token. Raises `NotSignedIn` for a token that is no good.

    One that somebody has gone on from ends the whole session; one whose answer was lost is answered again. Source:
    FAULTS 42.
    """
    refresh = new_secret()
    with database.transaction() as transaction:
        actor = _exchange(transaction.connection, digest(token), digest(refresh), now)
    if actor is None:
        raise NotSignedIn(_WRONG_REFRESH_TOKEN)
    return SignedIn(subject=Subject.USER, actor=actor, refresh_token=refresh)


def authenticate(connection: Connection, claims: Claims) -> Actor:
    """The actor of a verified token, with role and scope as they stand now.

    Raises `NotSignedIn` where the account is gone or not active. Source: FAULTS 41.
    """
    actor = find_actor(connection, claims.subject, claims.actor_id, claims.session_id)
    if actor is None:
        raise NotSignedIn("The account is not active.")
    return actor


def authenticated(database: Database, claims: Claims) -> Actor:
    """The same in a transaction of its own."""
    with database.transaction(write=False) as transaction:
        return authenticate(transaction.connection, claims)


def _begin_try(database: Database, username: str, try_id: str, now: datetime) -> StoredPassword | None:
    name_hash = digest(username)
    with database.transaction() as transaction:
        connection = transaction.connection
        sessions.lock_username(connection, name_hash)
        since = now - timedelta(seconds=TRIES_WINDOW_SECONDS)
        wait = seconds_to_wait(sessions.tries_since(connection, name_hash, since), now)
        if wait:
            raise TooManyTries(wait)
        sessions.add_try(connection, try_id, name_hash, now)
        return accounts.find_password(connection, username)


def _exchange(connection: Connection, token_hash: str, next_hash: str, now: datetime) -> Actor | None:
    key = sessions.lock_session_of(connection, token_hash)
    if key is None:
        return None
    outcome = judge_refresh(sessions.refresh_facts(connection, key, token_hash), now)
    if outcome is RefreshOutcome.REUSED:
        sessions.end_session(connection, key, now)
    if outcome not in (RefreshOutcome.ROTATED, RefreshOutcome.REPEATED):
        return None
    actor = find_actor(connection, Subject.USER, key.user_id, key.id)
    if actor is not None:
        sessions.mark_used(connection, key, token_hash, now)
        sessions.add_refresh_token(connection, key, next_hash, token_hash, now)
    return actor
