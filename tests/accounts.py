"""Care systems with providers, caregivers, users and clients to sign in as, for any test that needs some."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from app.actions.access.clients import create_client
from app.actions.access.users import create_operator, create_user
from app.rules.access import Actor, ClientAccount, Kept, Role, UserAccount
from app.storage.database import Database
from app.storage.ids import new_id
from app.storage.tables.people import caregiver
from app.storage.tables.providers import care_system, provider

NOW = datetime(2014, 2, 3, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


def keep_care_system(database: Database, municipalities: tuple[str, ...] = ("2029", "2031")) -> str:
    """The id of a care system that is there now."""
    made = new_id()
    _keep(database, care_system.current, made, made, name="A care system", municipalities=list(municipalities))
    return made


def keep_provider(database: Database, care_system_id: str) -> str:
    """The id of a provider that is there now."""
    made = new_id()
    _keep(database, provider.current, care_system_id, made, name="A provider", kind="private")
    return made


def keep_caregiver(database: Database, care_system_id: str, provider_id: str) -> str:
    """The id of a caregiver that is there now."""
    made, rest = new_id(), {"education": "unknown", "relative_of": []}
    _keep(database, caregiver.current, care_system_id, made, provider_id=provider_id, name="A caregiver", **rest)
    return made


def keep_operator(database: Database, username: str = "operator") -> Actor:
    """An operator, as the actor that makes the others."""
    kept = create_operator(database, username, PASSWORD, NOW)
    return kept.account.as_actor(kept.id)


def keep_user(database: Database, operator: Actor, role: Role, username: str, **scope: str) -> Kept[UserAccount]:
    """A user who signs in with PASSWORD."""
    account = UserAccount(role=role, username=username, **scope)  # type: ignore[arg-type]
    return create_user(database, operator, account, PASSWORD, NOW)


def keep_client(database: Database, operator: Actor, role: Role, **scope: str) -> tuple[Kept[ClientAccount], str]:
    """A client, and its secret."""
    return create_client(database, operator, ClientAccount(role=role, name="A client", **scope), NOW)  # type: ignore[arg-type]


def _keep(database: Database, table: Any, care_system_id: str, made: str, **own: object) -> None:
    recorded = {"version": 1, "recorded_at": NOW, "recorded_by": made}
    with database.transaction() as transaction:
        transaction.connection.execute(insert(table).values(care_system_id=care_system_id, id=made, **recorded, **own))
