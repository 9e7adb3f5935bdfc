"""Billing parties: rows and values, who reaches which, and the one of a municipality or a provider."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, false, or_

from app.rules.billing import BillingParty, ElectronicScheme
from app.rules.recorded import Recorded
from app.storage.counters import lock_counter
from app.storage.database import Transaction
from app.storage.records import Master, Reach, page, recorded_of
from app.storage.statements import Row
from app.storage.tables.billing import billing_party as tables

_RECORDED = {field.name for field in fields(Recorded)}
_OWN = tuple(field.name for field in fields(BillingParty) if field.name not in _RECORDED)
"""Its columns are called as its fields are."""


def party_of(row: Row) -> BillingParty:
    """The value of a row."""
    own = {name: row[name] for name in _OWN}
    return BillingParty(**recorded_of(row), **{**own, "electronic_scheme": ElectronicScheme(row["electronic_scheme"])})


def party_row(value: BillingParty) -> dict[str, Any]:
    """The row's own columns."""
    return {name: getattr(value, name) for name in _OWN}


def _within(reach: Reach) -> list[ColumnElement[bool]]:
    """A provider reaches its own and those it invoices; a municipality its own. Source: A1, our decision."""
    scope, table = reach.scope, tables.current
    if scope.caregiver_id is not None:
        return [false()]
    conditions: list[ColumnElement[bool]] = []
    if scope.municipality is not None:
        conditions.append(table.c.municipality == scope.municipality)
    if scope.provider_id is not None:
        conditions.append(or_(table.c.provider_id == scope.provider_id, table.c.municipality.is_not(None)))
    return conditions


BILLING_PARTY = Master(tables=tables, of=party_of, row=party_row, within=_within)


def lock_parties(tx: Transaction, care_system_id: str) -> None:
    """Nobody else makes or changes a party of the care system until this transaction ends: none is made twice."""
    lock_counter(tx, care_system_id, "billing_parties")


def party_for(
    tx: Transaction, care_system_id: str, *, municipality: str | None = None, provider_id: str | None = None
) -> BillingParty | None:
    """The party of the municipality or the provider, None where nobody has told of it."""
    filters = {"municipality": municipality, "provider_id": provider_id}
    if all(one is None for one in filters.values()):
        return None
    return next(iter(page(tx, BILLING_PARTY, care_system_id, filters=filters, limit=1)), None)
