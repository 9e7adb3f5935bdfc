"""Care systems with providers, caregivers, users and clients to sign in as, for any test that needs some."""

from __future__ import annotations

from datetime import UTC, datetime

from app.actions.access.clients import create_client
from app.actions.access.users import create_operator, create_user
from app.rules.access import Actor, ClientAccount, Kept, Role, UserAccount
from app.rules.people import Caregiver
from app.rules.providers import CareSystem, Provider, ProviderKind
from app.storage.database import Database
from app.storage.ids import new_id
from app.storage.people import CAREGIVER
from app.storage.providers import CARE_SYSTEM, PROVIDER
from app.storage.records import insert

NOW = datetime(2014, 2, 3, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


def keep_care_system(database: Database, municipalities: tuple[str, ...] = ("2029", "2031")) -> str:
    """The id of a care system that is there now."""
    made = new_id()
    value = CareSystem(id=made, recorded_at=NOW, name="A care system", municipalities=municipalities)
    with database.transaction() as tx:
        insert(tx, CARE_SYSTEM, made, value, by=made)
    return made


def keep_provider(database: Database, care_system_id: str) -> str:
    """The id of a provider that is there now."""
    value = Provider(id=new_id(), recorded_at=NOW, name="A provider", kind=ProviderKind.PRIVATE)
    with database.transaction() as tx:
        insert(tx, PROVIDER, care_system_id, value, by=care_system_id)
    return value.id


def keep_caregiver(database: Database, care_system_id: str, provider_id: str) -> str:
    """The id of a caregiver that is there now."""
    value = Caregiver(id=new_id(), recorded_at=NOW, provider_id=provider_id, name="A caregiver")
    with database.transaction() as tx:
        insert(tx, CAREGIVER, care_system_id, value, by=care_system_id)
    return value.id


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
