"""Keeping users: the operator's work. Source: RULEBOOK A2."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from app.actions.access.faults import ChangedMeanwhile
from app.actions.access.secrets import hash_password
from app.rules.access import (
    Actor,
    Kept,
    Permission,
    Resource,
    Role,
    UserAccount,
    Verb,
    check_may,
    check_within,
    scope_of,
)
from app.rules.access.accounts import check_account, check_place, check_stays_in_place
from app.rules.access.sessions import check_password
from app.rules.refusal import Kind, Refused
from app.storage.access import accounts, places, sessions
from app.storage.conflicts import violated_key
from app.storage.database import Database, Transaction
from app.storage.ids import new_id
from app.storage.tables.access import NO_CARE_SYSTEM


def create_user(
    database: Database, actor: Actor, account: UserAccount, password: str, now: datetime
) -> Kept[UserAccount]:
    """The user may sign in. Raises Refused: A2, what does not fit (422), a username that is taken (409)."""
    check_may(actor, Permission(Resource.USER, Verb.CREATE))
    return _create(database, account, password, now, recorded_by=actor.id)


def create_operator(database: Database, username: str, password: str, now: datetime) -> Kept[UserAccount]:
    """An operator that nobody else made: whoever can run commands beside the database may. Raises as `create_user`."""
    return _create(database, UserAccount(role=Role.OPERATOR, username=username), password, now, recorded_by=None)


def replace_user(
    database: Database,
    actor: Actor,
    user_id: str,
    version: int,
    account: UserAccount,
    password: str | None,
    now: datetime,
) -> Kept[UserAccount]:
    """The user is as told from its next request on; `password` None leaves the one it has.

    A new password, and an account made inactive, end its sessions. Raises Refused as `create_user` and A1 (404), and
    `ChangedMeanwhile` where another version than `version` stands. Source: FAULTS 41.
    """
    check_may(actor, Permission(Resource.USER, Verb.REPLACE))
    check_account(account)
    if password is not None:
        check_password(password, account.username)
    password_hash = None if password is None else hash_password(password)
    try:
        with database.transaction() as transaction:
            before = _found(transaction, actor, user_id)
            check_stays_in_place(before.account, account)
            check_place(account, places.place_facts(transaction.connection, account))
            kept = replace(before, account=account, version=version + 1, recorded_at=now)
            if before.version != version or not accounts.replace_user(
                transaction.connection, kept, password_hash, actor.id
            ):
                raise ChangedMeanwhile
            if password is not None or not account.active:
                sessions.end_sessions_of(transaction.connection, account.care_system_id or NO_CARE_SYSTEM, user_id, now)
    except IntegrityError as fault:
        raise _taken(fault) from fault
    return kept


def read_user(database: Database, actor: Actor, user_id: str) -> Kept[UserAccount]:
    """The user as it stands. Raises Refused: A2, A1 (404)."""
    check_may(actor, Permission(Resource.USER, Verb.READ))
    with database.transaction(write=False) as transaction:
        return _found(transaction, actor, user_id)


def list_users(database: Database, actor: Actor, after: str | None, limit: int) -> list[Kept[UserAccount]]:
    """At most `limit` users after `after`, by id. Raises Refused A2."""
    check_may(actor, Permission(Resource.USER, Verb.READ))
    with database.transaction(write=False) as transaction:
        return accounts.list_users(transaction.connection, after, limit)


def _create(
    database: Database, account: UserAccount, password: str, now: datetime, recorded_by: str | None
) -> Kept[UserAccount]:
    check_account(account)
    check_password(password, account.username)
    password_hash = hash_password(password)
    kept = Kept(id=new_id(), account=account, created_at=now, version=1, recorded_at=now)
    try:
        with database.transaction() as transaction:
            check_place(account, places.place_facts(transaction.connection, account))
            accounts.insert_user(transaction.connection, kept, password_hash, recorded_by or kept.id)
    except IntegrityError as fault:
        raise _taken(fault) from fault
    return kept


def _found(transaction: Transaction, actor: Actor, user_id: str) -> Kept[UserAccount]:
    kept = accounts.find_user(transaction.connection, user_id)
    if kept is None:
        raise Refused("A1", "not there, or not within your scope", Kind.MISSING)
    check_within(scope_of(actor, Resource.USER), care_system_id=kept.account.care_system_id or NO_CARE_SYSTEM)
    return kept


def _taken(fault: IntegrityError) -> Exception:
    if violated_key(fault) == "uq_user_account_username":
        return Refused("A1", "the username is taken", Kind.CONFLICT, "/username")
    return fault
