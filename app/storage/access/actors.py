"""What is asked on every request: the role, scope and status of whoever is calling.

A hot path folds `actor_columns` into its own statement and reads them with `actor_from_row`; others use `find_actor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Label, Row, RowMapping, Select, Table, bindparam, select

from app.rules.access import Actor, Role
from app.storage.tables.access import client, user_account


class Subject(StrEnum):
    """What a token speaks for."""

    USER = "user"
    CLIENT = "client"


ACTOR_ID = "actor_id"
"""The parameter of `select_actor` that takes the token's subject."""

_TABLES: Mapping[Subject, Table] = MappingProxyType({Subject.USER: user_account, Subject.CLIENT: client})
_NAMES = ("id", "role", "care_system_id", "municipality", "provider_id", "caregiver_id", "active")


def actor_columns(subject: Subject) -> list[Label[Any]]:
    """The columns that `actor_from_row` reads, each labelled `actor_…`."""
    return [_TABLES[subject].c[name].label(f"actor_{name}") for name in _NAMES]


def select_actor(subject: Subject) -> Select[Any]:
    """The statement that finds the actor of the parameter `actor_id`: one row, or none. Built once, it is reused."""
    return _STATEMENTS[subject]


_STATEMENTS: Mapping[Subject, Select[Any]] = MappingProxyType(
    {
        subject: select(*actor_columns(subject)).where(table.c.id == bindparam(ACTOR_ID))
        for subject, table in _TABLES.items()
    }
)


def actor_from_row(
    row: Row[Any] | RowMapping | Mapping[str, Any] | None, session_id: str | None = None
) -> Actor | None:
    """The actor of a row with `actor_columns`; None where there is no such account or it is not active.

    Raises ValueError for a role and scope that do not fit each other.
    """
    if row is None:
        return None
    found = row._mapping if isinstance(row, Row) else row
    if not found["actor_active"]:
        return None
    return Actor(
        id=found["actor_id"],
        role=Role(found["actor_role"]),
        care_system_id=found["actor_care_system_id"] or None,
        municipality=found["actor_municipality"],
        provider_id=found["actor_provider_id"],
        caregiver_id=found["actor_caregiver_id"],
        session_id=session_id,
    )


def find_actor(connection: Connection, subject: Subject, actor_id: str, session_id: str | None = None) -> Actor | None:
    """The active actor with the id, as it stands now; None otherwise."""
    row = connection.execute(select_actor(subject), {ACTOR_ID: actor_id}).one_or_none()
    return actor_from_row(row, session_id)
