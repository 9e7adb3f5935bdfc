"""The triggers that enter what is recorded among what waits to be sealed, in its own transaction. Source: A5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LEDGERED: Mapping[str, str] = {
    "registration": "id",
    "correction": "id",
    "correction_approval": "correction_id",
    "extension_decision": "id",
    "verdict": "id",
    "reimbursement_run": "id",
    "reimbursement_line": "id",
}
"""The tables whose rows stand in the ledger, each with the column that names a row within its care system."""


def enlisting(dialect: str, tables: Iterable[str]) -> list[str]:
    """Statements after which every new row of these tables waits to be sealed, and those that are there already do."""
    made = [_enlist_all(table) for table in tables]
    make = _sqlite_triggers if dialect == "sqlite" else _postgresql_triggers
    return made + [statement for table in tables for statement in make(table)]


def no_longer_enlisting(dialect: str, tables: Iterable[str]) -> list[str]:
    """The statements that take the triggers away."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER {_name(table)}" for table in tables]
    return [
        statement
        for table in tables
        for statement in (f"DROP TRIGGER {_name(table)} ON {table}", f"DROP FUNCTION {_name(table)}()")
    ]


def _name(table: str) -> str:
    return f"enlist_{table}"


def _enlist_all(table: str) -> str:
    key = LEDGERED[table]
    chosen = f"SELECT care_system_id, '{table}', {key} FROM {table}"
    return f"INSERT INTO ledger_pending (care_system_id, kind, row_id) {chosen}"


def _sqlite_triggers(table: str) -> list[str]:
    entered = f"VALUES (NEW.care_system_id, '{table}', NEW.{LEDGERED[table]})"
    act = f"INSERT INTO ledger_pending (care_system_id, kind, row_id) {entered};"
    return [f"CREATE TRIGGER {_name(table)} AFTER INSERT ON {table} BEGIN {act} END"]


def _postgresql_triggers(table: str) -> list[str]:
    """One insert for all the rows of a statement."""
    chosen = f"SELECT care_system_id, '{table}', {LEDGERED[table]} FROM entered"
    function = f"""
CREATE FUNCTION {_name(table)}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_pending (care_system_id, kind, row_id) {chosen};
    RETURN NULL;
END
$$
"""
    trigger = f"CREATE TRIGGER {_name(table)} AFTER INSERT ON {table} REFERENCING NEW TABLE AS entered"
    return [function, f"{trigger} FOR EACH STATEMENT EXECUTE FUNCTION {_name(table)}()"]
