"""Whether the database answers."""

from __future__ import annotations

from sqlalchemy import select

from app.storage.database import Database, Unavailable


def answers(database: Database) -> bool:
    """Whether a statement comes back from the database now; a full pool, too, is a database that does not answer."""
    try:
        with database.transaction(write=False) as tx:
            tx.connection.execute(select(1))
    except Unavailable:
        return False
    return True
