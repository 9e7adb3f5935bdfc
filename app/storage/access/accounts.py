"""Users and clients: kept, replaced by version, listed by id."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select, update

from app.rules.access import Account, ClientAccount, Kept, Role, UserAccount
from app.storage.tables.access import NO_CARE_SYSTEM, client, client_version, user_account, user_account_version

_ACCOUNT = tuple(field.name for field in fields(Account))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPassword:
    """What signing in with a password asks of the user: the stored hash, and what a session is kept under."""

    care_system_id: str
    user_id: str
    password_hash: str = field(repr=False)


def insert_user(connection: Connection, kept: Kept[UserAccount], password_hash: str, recorded_by: str) -> None:
    """The user is kept as its first version. Raises IntegrityError for a username that is taken."""
    own = {"username": kept.account.username}
    row = {**_row(kept, recorded_by), **own, "password_hash": password_hash, "created_at": kept.created_at}
    connection.execute(insert(user_account).values(row))
    connection.execute(
        insert(user_account_version).values({**_row(kept, recorded_by), **own, "password_changed": True})
    )


def insert_client(connection: Connection, kept: Kept[ClientAccount], secret_hash: str, recorded_by: str) -> None:
    """The client is kept as its first version."""
    own = {"name": kept.account.name}
    row = {**_row(kept, recorded_by), **own, "secret_hash": secret_hash, "created_at": kept.created_at}
    connection.execute(insert(client).values(row))
    connection.execute(insert(client_version).values({**_row(kept, recorded_by), **own}))


def replace_user(connection: Connection, kept: Kept[UserAccount], password_hash: str | None, recorded_by: str) -> bool:
    """True where the version before `kept`'s stood and is replaced; `password_hash` None leaves the password."""
    row = {**_row(kept, recorded_by), "username": kept.account.username}
    new_password = {} if password_hash is None else {"password_hash": password_hash}
    if not _replaced(connection, user_account, kept, {**row, **new_password}):
        return False
    connection.execute(insert(user_account_version).values({**row, "password_changed": password_hash is not None}))
    return True


def replace_client(connection: Connection, kept: Kept[ClientAccount], recorded_by: str) -> bool:
    """True where the version before `kept`'s stood and is replaced; the secret stays."""
    row = {**_row(kept, recorded_by), "name": kept.account.name}
    if not _replaced(connection, client, kept, row):
        return False
    connection.execute(insert(client_version).values(row))
    return True


def find_user(connection: Connection, user_id: str) -> Kept[UserAccount] | None:
    """The user with the id; None where there is none."""
    row = connection.execute(select(user_account).where(user_account.c.id == user_id)).one_or_none()
    return None if row is None else _user(row)


def find_client(connection: Connection, client_id: str) -> Kept[ClientAccount] | None:
    """The client with the id; None where there is none."""
    row = connection.execute(select(client).where(client.c.id == client_id)).one_or_none()
    return None if row is None else _client(row)


def list_users(connection: Connection, after: str | None, limit: int) -> list[Kept[UserAccount]]:
    """At most `limit` users whose id is after `after`, in the order of their ids."""
    return [_user(row) for row in _listed(connection, user_account, after, limit)]


def list_clients(connection: Connection, after: str | None, limit: int) -> list[Kept[ClientAccount]]:
    """At most `limit` clients whose id is after `after`, in the order of their ids."""
    return [_client(row) for row in _listed(connection, client, after, limit)]


def find_password(connection: Connection, username: str) -> StoredPassword | None:
    """The stored password of the user called `username`, active or not; None where there is none."""
    table = user_account.c
    columns = (table.care_system_id, table.id.label("user_id"), table.password_hash)
    row = connection.execute(select(*columns).where(table.username == username)).one_or_none()
    return None if row is None else StoredPassword(**row._mapping)


def find_secret_hash(connection: Connection, client_id: str) -> str | None:
    """The digest of the client's secret, active or not; None where there is no such client."""
    found = select(client.c.secret_hash).where(client.c.id == client_id)
    return connection.execute(found).scalar_one_or_none()


def _replaced(connection: Connection, table: Table, kept: Kept[Any], row: dict[str, object]) -> bool:
    at = (table.c.care_system_id == row["care_system_id"], table.c.id == kept.id, table.c.version == kept.version - 1)
    return connection.execute(update(table).where(*at).values(row)).rowcount == 1


def _listed(connection: Connection, table: Table, after: str | None, limit: int) -> list[Row[Any]]:
    chosen = select(table).order_by(table.c.id).limit(limit)
    if after is not None:
        chosen = chosen.where(table.c.id > after)
    return list(connection.execute(chosen))


def _row(kept: Kept[Any], recorded_by: str) -> dict[str, object]:
    account = kept.account
    return {
        **{name: getattr(account, name) for name in _ACCOUNT},
        "care_system_id": account.care_system_id or NO_CARE_SYSTEM,
        "id": kept.id,
        "version": kept.version,
        "recorded_at": kept.recorded_at,
        "recorded_by": recorded_by,
    }


def _user(row: Row[Any]) -> Kept[UserAccount]:
    found = row._mapping
    return _kept(found, UserAccount(username=found["username"], **_scope(found)))


def _client(row: Row[Any]) -> Kept[ClientAccount]:
    found = row._mapping
    return _kept(found, ClientAccount(name=found["name"], **_scope(found)))


def _scope(found: Any) -> dict[str, Any]:
    scope = {name: found[name] for name in _ACCOUNT}
    return {**scope, "role": Role(found["role"]), "care_system_id": found["care_system_id"] or None}


def _kept(found: Any, account: Any) -> Kept[Any]:
    created_at: datetime = found["created_at"]
    return Kept(
        id=found["id"],
        account=account,
        created_at=created_at,
        version=found["version"],
        recorded_at=found["recorded_at"],
    )
