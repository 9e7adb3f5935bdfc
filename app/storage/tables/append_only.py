"""The tables whose rows nobody changes or removes, and the triggers that see to it. Source: A5, FAULTS 46."""

from __future__ import annotations

from collections.abc import Iterable

APPENDED = (
    "registration",
    "correction",
    "correction_approval",
    "deviation_event",
    "explanation",
    "explanation_deviation",
    "verdict",
    "extension_event",
    "extension_note",
    "extension_decision",
    "extension_completion",
    "document_content",
    "extension_document",
    "assessment_event",
    "no_choice_proposal",
    "no_choice_decision",
    "rate",
    "policy",
    "reimbursement_run",
    "reimbursement_line",
    "event",
    "access_log",
    "ledger_leaf",
    "ledger_node",
    "seal",
)
"""Append-only tables by name; those of versions are too."""

REFUSAL = "is append-only (A5)"
"""What the database says to whoever tries."""

FUNCTION = "refuse_change"


def is_append_only(table: str) -> bool:
    """True for the tables above and for every table of versions."""
    return table in APPENDED or table.endswith("_version")


def guards(dialect: str, tables: Iterable[str]) -> list[str]:
    """Statements after which the append-only ones of the tables refuse UPDATE, DELETE and, on PostgreSQL, TRUNCATE."""
    guarded = [table for table in tables if is_append_only(table)]
    if dialect == "sqlite":
        return [_sqlite_guard(table, act) for table in guarded for act in ("UPDATE", "DELETE")]
    return [_FUNCTION_TEXT, *(_postgresql_guard(table, *on) for table in guarded for on in _ON)]


def unguard(dialect: str) -> list[str]:
    """The statements that take away what `guards` left beside the tables, once those are gone."""
    return [] if dialect == "sqlite" else [f"DROP FUNCTION IF EXISTS {FUNCTION}()"]


_FUNCTION_TEXT = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% {REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$
"""

_ON = (("change", "UPDATE OR DELETE", "ROW"), ("truncate", "TRUNCATE", "STATEMENT"))


def _sqlite_guard(table: str, act: str) -> str:
    name = f"refuse_{act.lower()}_of_{table}"
    return f"CREATE TRIGGER {name} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{table} {REFUSAL}'); END"


def _postgresql_guard(table: str, name: str, acts: str, each: str) -> str:
    trigger = f"refuse_{name}_of_{table} BEFORE {acts} ON {table}"
    return f"CREATE TRIGGER {trigger} FOR EACH {each} EXECUTE FUNCTION {FUNCTION}()"
