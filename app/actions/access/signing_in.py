"""Signing in: by password, by a client's secret, by refresh token. `now` is the real clock's, never the demo's."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.actions.access.faults import NotSignedIn, TooManyTries, WrongPhone
from app.actions.access.proofs import WrongProof, use_proof
from app.actions.access.secrets import digest, is_password, is_secret, new_secret
from app.actions.access.tokens import Claims
from app.rules.access import Actor
from app.rules.access.devices import signs_in_on
from app.rules.access.proofs import Proof
from app.rules.access.sessions import TRIES_WINDOW_SECONDS, RefreshOutcome, judge_refresh, seconds_to_wait
from app.storage.access import Subject, accounts, devices, find_actor, sessions
from app.storage.access.accounts import StoredPassword
from app.storage.access.devices import Phone
from app.storage.access.sessions import SessionKey
from app.storage.database import Database, Transaction
from app.storage.ids import new_id

_WRONG_PASSWORD = "The username or the password is wrong."
_WRONG_SECRET = "The client id or the client secret is wrong."
_NO_PHONE = "The key is of no phone that is enrolled with your provider; ask your coordinator for a QR code."
_REVOKED = "The phone has been revoked; ask your coordinator."
_WRONG_REFRESH_TOKEN = "The refresh token is not valid; sign in again."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody was let in. `refresh_token` is None for a client, which has its secret."""

    subject: Subject
    actor: Actor
    refresh_token: str | None = field(default=None, repr=False)
    thumbprint: str | None = None
    """Of the key of the enrolled phone that the session is bound to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPhone:
    """A phone that proves its key as somebody signs in on it, and the time there by the register's clock."""

    proof: Proof
    at: datetime


def by_password(
    database: Database, username: str, password: str, now: datetime, phone: OnPhone | None = None
) -> SignedIn:
    """A new session of the user, bound to the enrolled phone where there is one; nobody else is signed in there then.

    Raises `TooManyTries` after ten failed tries in fifteen minutes, and `NotSignedIn`, always the same and as slow, for
    an unknown name, a wrong password and an account that is not active; for a phone that is not enrolled, or not the
    user's provider's, `WrongPhone`. Source: FAULTS 44, V17.
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
        if phone is not None:
            _sign_in_on(transaction, key, actor, phone, now)
    return SignedIn(
        subject=Subject.USER,
        actor=actor,
        refresh_token=refresh,
        thumbprint=None if phone is None else phone.proof.thumbprint,
    )


def _sign_in_on(tx: Transaction, key: SessionKey, actor: Actor, phone: OnPhone, now: datetime) -> None:
    found = devices.with_key(tx.connection, key.care_system_id, phone.proof.thumbprint)
    if found is None or actor.caregiver_id is None or actor.provider_id != found.provider_id:
        raise WrongPhone(_NO_PHONE, revoked=False)
    if not signs_in_on(actor, found, phone.at):
        raise WrongPhone(_REVOKED, revoked=found.revoked_at is not None)
    use_proof(tx, key.care_system_id, phone.proof, now)
    devices.sign_in(tx.connection, key, found.id, actor.caregiver_id, phone.at)


def by_secret(database: Database, client_id: str, secret: str) -> SignedIn:
    """The client is let in. Raises `NotSignedIn` for an unknown client, a wrong secret, and one that is not active."""
    with database.transaction(write=False) as transaction:
        stored_hash = accounts.find_secret_hash(transaction.connection, client_id)
        actor = find_actor(transaction.connection, Subject.CLIENT, client_id)
    if not is_secret(secret, stored_hash) or actor is None:
        raise NotSignedIn(_WRONG_SECRET)
    return SignedIn(subject=Subject.CLIENT, actor=actor)


def by_refresh_token(database: Database, token: str, now: datetime, proof: Proof | None = None) -> SignedIn:
    """The session goes on with a new refresh token. Raises `NotSignedIn` for a token that is no good.

    One that somebody has gone on from ends the whole session; one whose answer was lost is answered again. An enrolled
    phone's needs the `proof` of its key, and a revoked one's is told so by `WrongPhone`. Source: FAULTS 42, RFC 9449
    section 5.
    """
    with database.transaction() as transaction:
        signed = _exchange(transaction, token, now, proof)
    if signed is None:
        raise NotSignedIn(_WRONG_REFRESH_TOKEN)
    return signed


def end(database: Database, token: str, now: datetime) -> None:
    """The session of the refresh token has ended, where there is one: none of its tokens renews anything."""
    with database.transaction() as transaction:
        key = sessions.lock_session_of(transaction.connection, digest(token))
        if key is not None:
            sessions.end_session(transaction.connection, key, now)
            devices.sign_out_of(transaction.connection, key, now)


def authenticate(connection: Connection, claims: Claims) -> Actor:
    """The actor of a verified token, with role and scope as they stand now.

    Raises `NotSignedIn` where the account is gone or not active. Source: FAULTS 41.
    """
    return checked(find_actor(connection, claims.subject, claims.actor_id, claims.session_id), claims)


def checked(actor: Actor | None, claims: Claims) -> Actor:
    """The actor that was looked up for the token.

    Raises `NotSignedIn` where there is none, and where its session is bound to a phone and the token is not.
    """
    if actor is None:
        raise NotSignedIn("The account is not active.")
    if (actor.device_id is None) != (claims.thumbprint is None):
        raise NotSignedIn("The session is bound to a phone's key, and the token is not.")
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


def _exchange(tx: Transaction, token: str, now: datetime, proof: Proof | None) -> SignedIn | None:
    connection, token_hash = tx.connection, digest(token)
    key = sessions.lock_session_of(connection, token_hash)
    if key is None:
        return None
    phone = devices.phone_of(connection, key.care_system_id, key.id)
    _check_key(tx, key, phone, proof, now)
    if phone is not None and phone.device.revoked_at is not None:
        raise WrongPhone(_REVOKED, revoked=True)
    proven_at = None if proof is None else proof.issued_at
    outcome = judge_refresh(sessions.refresh_facts(connection, key, token_hash), now, proven_at)
    if outcome is RefreshOutcome.REUSED:
        sessions.end_session(connection, key, now)
        devices.sign_out_of(connection, key, now)
    if outcome not in (RefreshOutcome.ROTATED, RefreshOutcome.REPEATED):
        return None
    actor = find_actor(connection, Subject.USER, key.user_id, key.id)
    if actor is None:
        return None
    sessions.mark_used(connection, key, token_hash, now, proven_at)
    refresh = new_secret() if phone is None else _one_successor(connection, key, token)
    if not sessions.is_kept(connection, key, digest(refresh)):
        sessions.add_refresh_token(connection, key, digest(refresh), token_hash, now)
    bound_to = None if phone is None else phone.device.thumbprint
    return SignedIn(subject=Subject.USER, actor=actor, refresh_token=refresh, thumbprint=bound_to)


def _check_key(tx: Transaction, key: SessionKey, phone: Phone | None, proof: Proof | None, now: datetime) -> None:
    """Returns where the session is bound to no phone, or the phone proves its key. Raises `WrongProof`.

    Whoever lacks the key changes nothing by coming with the token. Source: RFC 9449 section 5.
    """
    if phone is None:
        return
    if proof is None or proof.thumbprint != phone.device.thumbprint:
        raise WrongProof("The refresh token is bound to a phone's key, of which this is no proof.")
    use_proof(tx, key.care_system_id, proof, now)


def _one_successor(connection: Connection, key: SessionKey, token: str) -> str:
    """The one successor of a phone's token: what is kept makes it only together with the token, which is not kept."""
    salt = sessions.successor_salt(connection, key, digest(token), new_secret())
    made = hmac.new(salt.encode(), token.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
