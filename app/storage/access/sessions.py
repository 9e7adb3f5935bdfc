"""Sessions and their refresh tokens, and the failed tries to sign in. Tokens and usernames come here as hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, exists, func, insert, select, update

from app.rules.access.sessions import REFRESH_TOKEN_SECONDS, TRIES_WINDOW_SECONDS, RefreshFacts
from app.storage.tables.access import NO_CARE_SYSTEM, login_try, refresh_token, session
from app.storage.tables.devices import device_sign_in


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKey:
    """A session, and whose it is."""

    care_system_id: str
    id: str
    user_id: str


def start_session(connection: Connection, key: SessionKey, now: datetime) -> None:
    """The session is kept, without a token yet."""
    row = {"care_system_id": key.care_system_id, "id": key.id, "user_id": key.user_id, "started_at": now}
    connection.execute(insert(session).values(row))


def end_session(connection: Connection, key: SessionKey, now: datetime) -> None:
    """None of the session's refresh tokens is good any more."""
    at = (session.c.care_system_id == key.care_system_id, session.c.id == key.id, session.c.ended_at.is_(None))
    connection.execute(update(session).where(*at).values(ended_at=now))


def end_sessions_of(connection: Connection, care_system_id: str, user_id: str, now: datetime) -> None:
    """No refresh token of the user is good any more."""
    at = (session.c.care_system_id == care_system_id, session.c.user_id == user_id, session.c.ended_at.is_(None))
    connection.execute(update(session).where(*at).values(ended_at=now))


def add_refresh_token(
    connection: Connection, key: SessionKey, token_hash: str, predecessor_hash: str | None, now: datetime
) -> None:
    """The session has one more refresh token, good for thirty days."""
    row = {
        "care_system_id": key.care_system_id,
        "token_hash": token_hash,
        "session_id": key.id,
        "predecessor_hash": predecessor_hash,
        "issued_at": now,
        "expires_at": now + timedelta(seconds=REFRESH_TOKEN_SECONDS),
    }
    connection.execute(insert(refresh_token).values(row))


def lock_session_of(connection: Connection, token_hash: str) -> SessionKey | None:
    """The session that the refresh token is of, its row locked until the transaction ends; None for an unknown token.

    What is read of the session after this stays true: two exchanges of one session come one after the other.
    """
    of_token = select(refresh_token.c.care_system_id, refresh_token.c.session_id)
    place = connection.execute(of_token.where(refresh_token.c.token_hash == token_hash)).one_or_none()
    if place is None:
        return None
    at = (session.c.care_system_id == place.care_system_id, session.c.id == place.session_id)
    user_id = connection.execute(select(session.c.user_id).where(*at).with_for_update()).scalar_one()
    return SessionKey(care_system_id=place.care_system_id, id=place.session_id, user_id=user_id)


def refresh_facts(connection: Connection, key: SessionKey, token_hash: str) -> RefreshFacts:
    """What is known of the refresh token of a locked session."""
    token, other = refresh_token, refresh_token.alias("other")
    in_session = and_(other.c.care_system_id == key.care_system_id, other.c.session_id == key.id)
    used = and_(in_session, other.c.used_at.is_not(None))
    follows = other.c.predecessor_hash == token.c.token_hash
    bound = exists().where(device_sign_in.c.care_system_id == key.care_system_id, device_sign_in.c.session_id == key.id)
    sibling = and_(other.c.predecessor_hash == token.c.predecessor_hash, other.c.token_hash != token.c.token_hash)
    facts = select(
        token.c.expires_at,
        session.c.ended_at.label("session_ended_at"),
        token.c.used_at,
        exists().where(used, sibling).label("sibling_used"),
        exists().where(used, follows).label("successor_used"),
        bound.label("bound"),
        select(func.max(other.c.proven_at)).where(used, follows).scalar_subquery().label("successor_proven_at"),
    ).where(
        token.c.care_system_id == key.care_system_id,
        token.c.token_hash == token_hash,
        session.c.care_system_id == token.c.care_system_id,
        session.c.id == token.c.session_id,
    )
    return RefreshFacts(**connection.execute(facts).one()._mapping)


def mark_used(
    connection: Connection, key: SessionKey, token_hash: str, now: datetime, proven_at: datetime | None = None
) -> None:
    """The refresh token has been used at `now`; a token used before keeps its first time, and its first proof's."""
    at = (refresh_token.c.care_system_id == key.care_system_id, refresh_token.c.token_hash == token_hash)
    first = update(refresh_token).where(*at, refresh_token.c.used_at.is_(None))
    connection.execute(first.values(used_at=now, proven_at=proven_at))


def successor_salt(connection: Connection, key: SessionKey, token_hash: str, fresh: str) -> str:
    """What makes the token's one successor together with the token itself: `fresh` from its first use on."""
    at = (refresh_token.c.care_system_id == key.care_system_id, refresh_token.c.token_hash == token_hash)
    unsalted = update(refresh_token).where(*at, refresh_token.c.successor_salt.is_(None))
    connection.execute(unsalted.values(successor_salt=fresh))
    return str(connection.execute(select(refresh_token.c.successor_salt).where(*at)).scalar_one())


def is_kept(connection: Connection, key: SessionKey, token_hash: str) -> bool:
    """True where the session has the refresh token already."""
    at = (refresh_token.c.care_system_id == key.care_system_id, refresh_token.c.token_hash == token_hash)
    return connection.execute(select(refresh_token.c.session_id).where(*at)).one_or_none() is not None


def lock_username(connection: Connection, username_hash: str) -> None:
    """Until the transaction ends no other counts tries of this name; on SQLite every writer is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(int(username_hash[:15], 16))))


def tries_since(connection: Connection, username_hash: str, since: datetime) -> list[datetime]:
    """When the tries of the name were made that came after `since`."""
    at = select(login_try.c.at).where(login_try.c.username_hash == username_hash, login_try.c.at > since)
    return list(connection.execute(at).scalars())


def add_try(connection: Connection, try_id: str, username_hash: str, now: datetime) -> None:
    """One more try of the name is counted, until it is taken back."""
    row = {"care_system_id": NO_CARE_SYSTEM, "id": try_id, "username_hash": username_hash, "at": now}
    connection.execute(insert(login_try).values(row))


def take_back_try(connection: Connection, try_id: str) -> None:
    """The try is not counted: it succeeded."""
    at = (login_try.c.care_system_id == NO_CARE_SYSTEM, login_try.c.id == try_id)
    connection.execute(delete(login_try).where(*at))


def weed_sessions(connection: Connection, now: datetime) -> int:
    """How many rows are gone: tries that no longer count, refresh tokens a day past their end, sessions without any."""
    past = now - timedelta(days=1)
    gone = [
        delete(login_try).where(login_try.c.at <= now - timedelta(seconds=TRIES_WINDOW_SECONDS)),
        delete(refresh_token).where(refresh_token.c.expires_at <= past),
        delete(session).where(
            session.c.started_at <= past - timedelta(seconds=REFRESH_TOKEN_SECONDS),
            ~exists().where(
                refresh_token.c.care_system_id == session.c.care_system_id, refresh_token.c.session_id == session.c.id
            ),
        ),
    ]
    return sum(connection.execute(statement).rowcount for statement in gone)
