"""What is asked on every request: the role, scope and status of whoever is calling.

A hot path folds `actor_columns` into its own statement and reads them with `actor_from_row`; others use `find_actor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Label, Row, RowMapping, Select, Table, and_, bindparam, select

from app.rules.access import Actor, Role
from app.storage.tables.access import client, user_account
from app.storage.tables.columns import Id
from app.storage.tables.devices import device, device_sign_in


class Subject(StrEnum):
    """What a token speaks for."""

    USER = "user"
    CLIENT = "client"


ACTOR_ID = "actor_id"
"""The parameter of `select_actor` that takes the token's subject."""
SESSION_ID = "session_id"
"""The parameter of `select_actor` that takes a user's session, None where the token is of none."""

_TABLES: Mapping[Subject, Table] = MappingProxyType({Subject.USER: user_account, Subject.CLIENT: client})
_NAMES = ("id", "role", "care_system_id", "municipality", "provider_id", "caregiver_id", "active")


def actor_columns(subject: Subject) -> list[Label[Any]]:
    """The columns that `actor_from_row` reads, each labelled `actor_…`; a user's tell of its phone too."""
    own = [_TABLES[subject].c[name].label(f"actor_{name}") for name in _NAMES]
    return own if subject is Subject.CLIENT else [*own, *_of_the_phone()]


def _of_the_phone() -> list[Label[Any]]:
    """Of the enrolled phone that the session is bound to, NULL where it is bound to none."""
    return [
        device_sign_in.c.device_id.label("actor_device_id"),
        device_sign_in.c.since.label("actor_device_since"),
        device_sign_in.c.until.label("actor_device_until"),
        device.c.revoked_at.label("actor_device_revoked_at"),
    ]


def select_actor(subject: Subject) -> Select[Any]:
    """The statement that finds the actor of the parameter `actor_id`: one row, or none. Built once, it is reused."""
    return _STATEMENTS[subject]


def _select(subject: Subject) -> Select[Any]:
    table = _TABLES[subject]
    found = select(*actor_columns(subject)).where(table.c.id == bindparam(ACTOR_ID))
    if subject is Subject.CLIENT:
        return found
    signed_in = and_(
        device_sign_in.c.care_system_id == table.c.care_system_id,
        device_sign_in.c.session_id == bindparam(SESSION_ID, type_=Id),
    )
    its = and_(device.c.care_system_id == device_sign_in.c.care_system_id, device.c.id == device_sign_in.c.device_id)
    return found.select_from(table.outerjoin(device_sign_in, signed_in).outerjoin(device, its))


_STATEMENTS: Mapping[Subject, Select[Any]] = MappingProxyType({subject: _select(subject) for subject in Subject})


def actor_from_row(
    row: Row[Any] | RowMapping | Mapping[str, Any] | None, session_id: str | None = None
) -> Actor | None:
    """The actor of a row with `actor_columns`; None where there is no such account or it is not active, and where the
    phone of its session is revoked or somebody else has signed in on it.

    Raises ValueError for a role and scope that do not fit each other.
    """
    if row is None:
        return None
    found = row._mapping if isinstance(row, Row) else row
    if not found["actor_active"] or found.get("actor_device_until") or found.get("actor_device_revoked_at"):
        return None
    return Actor(
        id=found["actor_id"],
        role=Role(found["actor_role"]),
        care_system_id=found["actor_care_system_id"] or None,
        municipality=found["actor_municipality"],
        provider_id=found["actor_provider_id"],
        caregiver_id=found["actor_caregiver_id"],
        session_id=session_id,
        device_id=found.get("actor_device_id"),
        device_since=found.get("actor_device_since"),
    )


def find_actor(connection: Connection, subject: Subject, actor_id: str, session_id: str | None = None) -> Actor | None:
    """The active actor with the id, as it stands now; None otherwise."""
    row = connection.execute(select_actor(subject), {ACTOR_ID: actor_id, SESSION_ID: session_id}).one_or_none()
    return actor_from_row(row, session_id)
