"""Policies: dated numbers that are added and never edited."""

from __future__ import annotations

from sqlalchemy import or_, select

from app.rules.policies import Policy
from app.storage.database import Transaction
from app.storage.records import cut
from app.storage.statements import Row, insert_rows, mappings
from app.storage.tables.rates import policy as table


def policy_of(row: Row) -> Policy:
    """The value of a row."""
    return Policy(
        id=row["id"],
        external_id=row["external_id"],
        recorded_at=row["recorded_at"],
        municipality=row["municipality"],
        name=row["name"],
        value=row["value"],
        valid_from=row["valid_from"],
        source=row["source"],
    )


def insert_policy(tx: Transaction, care_system_id: str, policy: Policy, *, by: str) -> None:
    """The policy row is added. Raises IntegrityError for a taken id."""
    row = {
        "care_system_id": care_system_id,
        "id": policy.id,
        "external_id": policy.external_id,
        "recorded_at": policy.recorded_at,
        "recorded_by": by,
        "municipality": policy.municipality,
        "name": policy.name,
        "value": policy.value,
        "valid_from": policy.valid_from,
        "source": policy.source,
    }
    insert_rows(tx, table, [row])


def policies_of(tx: Transaction, care_system_id: str) -> tuple[Policy, ...]:
    """Every policy row of the care system, by id."""
    statement = select(table).where(table.c.care_system_id == care_system_id).order_by(table.c.id)
    return tuple(policy_of(row) for row in mappings(tx, statement))


def page_of_policies(
    tx: Transaction,
    care_system_id: str,
    *,
    municipality: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[Policy, ...]:
    """Up to `limit` policy rows by id; of one municipality, the shared ones included, or of all."""
    statement = select(table).where(table.c.care_system_id == care_system_id)
    if municipality is not None:
        statement = statement.where(or_(table.c.municipality == municipality, table.c.municipality.is_(None)))
    return tuple(policy_of(row) for row in mappings(tx, cut(statement, table, after, limit)))


def get_policy(tx: Transaction, care_system_id: str, policy_id: str) -> Policy | None:
    """The policy row, None where there is none."""
    statement = select(table).where(table.c.care_system_id == care_system_id, table.c.id == policy_id)
    return next((policy_of(row) for row in mappings(tx, statement)), None)
