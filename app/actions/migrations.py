"""What an operator can do to the tables of a database."""

from __future__ import annotations

from app.storage import migrations


def migrate(database_url: str, revision: str) -> None:
    """The database has the tables of `revision`, whole or not at all."""
    migrations.upgrade(database_url, revision)
