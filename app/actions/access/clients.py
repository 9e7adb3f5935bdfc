"""Keeping machine clients: the operator's work. Source: RULEBOOK A2, V17."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.actions.access.faults import ChangedMeanwhile
from app.actions.access.secrets import digest, new_secret
from app.rules.access import Actor, ClientAccount, Kept, Permission, Resource, Verb, check_may, check_within, scope_of
from app.rules.access.accounts import check_account, check_place, check_stays_in_place
from app.rules.refusal import Kind, Refused
from app.storage.access import accounts, places
from app.storage.database import Database, Transaction
from app.storage.ids import new_id
from app.storage.tables.access import NO_CARE_SYSTEM


def create_client(
    database: Database, actor: Actor, account: ClientAccount, now: datetime
) -> tuple[Kept[ClientAccount], str]:
    """The client may sign in, with the secret that is told here and never again. Raises Refused: A2, A1 (422)."""
    check_may(actor, Permission(Resource.CLIENT, Verb.CREATE))
    check_account(account)
    secret = new_secret()
    kept = Kept(id=new_id(), account=account, created_at=now, version=1, recorded_at=now)
    with database.transaction() as transaction:
        check_place(account, places.place_facts(transaction.connection, account))
        accounts.insert_client(transaction.connection, kept, digest(secret), actor.id)
    return kept, secret


def replace_client(
    database: Database, actor: Actor, client_id: str, version: int, account: ClientAccount, now: datetime
) -> Kept[ClientAccount]:
    """The client is as told from its next request on, with the secret it has.

    Raises Refused as `create_client` and A1 (404), `ChangedMeanwhile` where another version stands. Source: FAULTS 41.
    """
    check_may(actor, Permission(Resource.CLIENT, Verb.REPLACE))
    check_account(account)
    with database.transaction() as transaction:
        before = _found(transaction, actor, client_id)
        check_stays_in_place(before.account, account)
        check_place(account, places.place_facts(transaction.connection, account))
        kept = replace(before, account=account, version=version + 1, recorded_at=now)
        if before.version != version or not accounts.replace_client(transaction.connection, kept, actor.id):
            raise ChangedMeanwhile
    return kept


def read_client(database: Database, actor: Actor, client_id: str) -> Kept[ClientAccount]:
    """The client as it stands, without its secret. Raises Refused: A2, A1 (404)."""
    check_may(actor, Permission(Resource.CLIENT, Verb.READ))
    with database.transaction(write=False) as transaction:
        return _found(transaction, actor, client_id)


def list_clients(database: Database, actor: Actor, after: str | None, limit: int) -> list[Kept[ClientAccount]]:
    """At most `limit` clients after `after`, by id. Raises Refused A2."""
    check_may(actor, Permission(Resource.CLIENT, Verb.READ))
    with database.transaction(write=False) as transaction:
        return accounts.list_clients(transaction.connection, after, limit)


def _found(transaction: Transaction, actor: Actor, client_id: str) -> Kept[ClientAccount]:
    kept = accounts.find_client(transaction.connection, client_id)
    if kept is None:
        raise Refused("A1", "not there, or not within your scope", Kind.MISSING)
    check_within(scope_of(actor, Resource.CLIENT), care_system_id=kept.account.care_system_id or NO_CARE_SYSTEM)
    return kept
