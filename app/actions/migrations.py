"""What an operator can do to the tables of a database."""

from __future__ import annotations

from app.storage import migrations, rights
from app.storage.database import Database
from app.storage.rights import CannotBind

__all__ = ["CannotBind", "grant_rights", "migrate"]


def migrate(database_url: str, revision: str) -> None:
    """The database has the tables of `revision`, whole or not at all."""
    migrations.upgrade(database_url, revision)


def grant_rights(database: Database, role: str) -> None:
    """The role may serve, and change nothing that is only added to. Raises `CannotBind`. Source: A5, FAULTS 46."""
    with database.transaction() as tx:
        rights.grant_rights(tx, role)
