"""How Alembic reaches the database: one transaction for all steps, which a second migration waits for."""

from __future__ import annotations

import sqlite3
from typing import Any

from alembic import context
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool

from app.storage.tables import metadata

MIGRATION_LOCK = 0x48454D54
"""The advisory lock that migrations of this product take on PostgreSQL."""


def engine_for(database_url: str) -> Engine:
    """An engine whose transactions hold tables too, also on SQLite, and keep a second migration waiting."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 60})
    event.listen(engine, "connect", leave_transactions_to_us)
    event.listen(engine, "begin", begin_immediately)
    return engine


def leave_transactions_to_us(connection: sqlite3.Connection, _record: Any) -> None:
    """Python's driver otherwise begins before writing rows only, and a failed migration would leave half its tables."""
    connection.isolation_level = None


def begin_immediately(connection: Connection) -> None:
    """The lock to write is taken at once."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def run_migrations() -> None:
    """The wanted steps are committed together, or none is."""
    engine = engine_for(context.config.attributes["database_url"])
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            transactional_ddl=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
