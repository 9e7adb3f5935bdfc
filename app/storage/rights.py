"""What the role that serves may do in the database, where it does not own the tables. Source: A5, FAULTS 46."""

from __future__ import annotations

from sqlalchemy import text

from app.storage.database import Transaction
from app.storage.tables import metadata
from app.storage.tables.append_only import is_append_only

ADDED_TO = "SELECT, INSERT"
KEPT = "SELECT, INSERT, UPDATE, DELETE"


class CannotBind(Exception):
    """No rights of the role would hold it; the text says why."""


def grant_rights(tx: Transaction, role: str) -> None:
    """The role may read and add, change and remove only where the product does, and nothing else: no TRUNCATE, no
    trigger, no table of its own.

    By the tables' owner; done again after every migration. Raises `CannotBind` for a role that is not there, that owns
    the tables or is a superuser, and on a database that knows no roles.
    """
    if tx.dialect != "postgresql":
        raise CannotBind("SQLite knows no roles: who can write the file can write all of it")
    _check(tx, role)
    named = tx.connection.dialect.identifier_preparer.quote(role)
    schema = tx.connection.dialect.identifier_preparer.quote(_one(tx, "SELECT current_schema()"))
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {named}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {named}",
        f"REVOKE CREATE ON SCHEMA {schema} FROM {named}",
        f"GRANT USAGE ON SCHEMA {schema} TO {named}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {named}",
        f"GRANT SELECT ON alembic_version TO {named}",
        *(f'GRANT {rights_on(table)} ON "{table}" TO {named}' for table in metadata.tables),
    ]
    for statement in statements:
        tx.connection.exec_driver_sql(statement)


def rights_on(table: str) -> str:
    """The rights on the table, as PostgreSQL names them."""
    return ADDED_TO if is_append_only(table) else KEPT


def _check(tx: Transaction, role: str) -> None:
    found = tx.connection.execute(
        text("SELECT rolsuper FROM pg_roles WHERE rolname = :role"), {"role": role}
    ).one_or_none()
    if found is None:
        raise CannotBind(f"there is no role {role}")
    if found.rolsuper:
        raise CannotBind(f"{role} is a superuser, whom no rights bind")
    theirs = "schemaname = current_schema() AND pg_has_role(:role, tableowner, 'MEMBER')"
    owned = text(f"SELECT count(*) FROM pg_tables WHERE {theirs}")
    if tx.connection.execute(owned, {"role": role}).scalar_one():
        raise CannotBind(f"{role} owns the tables, or is a member of who does, and could give itself any right")


def _one(tx: Transaction, query: str) -> str:
    found: str = tx.connection.exec_driver_sql(query).scalar_one()
    return found
