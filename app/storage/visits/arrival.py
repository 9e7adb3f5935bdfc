"""A registration that arrives at the door is written with all that follows from it, at once (V1, V5, V6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Table, update

from app.rules.visits.values import Resolved, Visit
from app.storage.database import Transaction
from app.storage.events import Event, append, event_row
from app.storage.judgements import Due, due_rows, mark_due
from app.storage.statements import insert_into, insert_new_ids
from app.storage.tables.columns import checked_instant
from app.storage.tables.deviations import judgement_due
from app.storage.tables.events import event_pending
from app.storage.tables.visits import open_visit, registration, visit
from app.storage.visits.projection import keep_households, remove_visits, upsert_visits
from app.storage.visits.rows import resolved_row, visit_row


class Raced(Exception):
    """Somebody else registered for the caregiver meanwhile. Roll back, and do it all again with what is known then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A registration and what follows from it.

    `seen_revision` is the one that the facts were read with; `open_visit_id` what the caregiver has open afterwards.
    `visits` are those that the registrations now add up to, `gone` the ids of which none does any more.
    """

    resolved: Resolved
    content_hash: str
    by: str
    seen_revision: int
    open_visit_id: str | None
    open_since: datetime | None
    visits: tuple[Visit, ...] = ()
    gone: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    due: tuple[Due, ...] = ()

    @property
    def households(self) -> list[Visit]:
        """The visits that several customers share."""
        return [one for one in self.visits if one.household]


def save_registration(tx: Transaction, care_system_id: str, arrival: Arrival) -> None:
    """The registration is kept, and the visits, the open visit, the events and the due judgements with it.

    One statement on PostgreSQL. Raises `Raced` where the caregiver's revision is no longer the one that was seen or
    the id is taken, and IntegrityError for an unknown reference; nothing is kept then.
    Source: V2, V5, V6, FAULTS 3, 15-17.
    """
    if tx.dialect == "postgresql":
        _save_at_once(tx, care_system_id, arrival)
    else:
        _save_in_turn(tx, care_system_id, arrival)
    remove_visits(tx, care_system_id, arrival.gone)
    keep_households(tx, care_system_id, arrival.households)


def _save_in_turn(tx: Transaction, care_system_id: str, arrival: Arrival) -> None:
    _hold(tx, care_system_id, arrival)
    row = resolved_row(care_system_id, arrival.resolved, arrival.content_hash, arrival.by)
    if not insert_new_ids(tx, registration, [row]):
        raise Raced("a registration with this id is kept already")
    upsert_visits(tx, care_system_id, arrival.visits)
    append(tx, care_system_id, arrival.events)
    mark_due(tx, care_system_id, arrival.due, at=arrival.resolved.registration.recorded_at)


def _hold(tx: Transaction, care_system_id: str, arrival: Arrival) -> None:
    """The caregiver's revision moves on from the one that was seen."""
    row = _open_row(care_system_id, arrival)
    if arrival.seen_revision == 0:
        held = insert_into(tx, open_visit).on_conflict_do_nothing()
        if tx.connection.execute(held, row).rowcount != 1:
            raise Raced("the caregiver has registered meanwhile")
        return
    theirs = update(open_visit).where(
        open_visit.c.care_system_id == care_system_id,
        open_visit.c.caregiver_id == row["caregiver_id"],
        open_visit.c.revision == arrival.seen_revision,
    )
    if tx.connection.execute(theirs.values(row)).rowcount != 1:
        raise Raced("the caregiver has registered meanwhile")


def _open_row(care_system_id: str, arrival: Arrival) -> dict[str, Any]:
    return {
        "care_system_id": care_system_id,
        "caregiver_id": arrival.resolved.registration.caregiver_id,
        "visit_id": arrival.open_visit_id,
        "since": arrival.open_since,
        "revision": arrival.seen_revision + 1,
    }


def _save_at_once(tx: Transaction, care_system_id: str, arrival: Arrival) -> None:
    recorded_at = arrival.resolved.registration.recorded_at
    parameters = {
        **_open_row(care_system_id, arrival),
        "seen": arrival.seen_revision,
        "registrations": _json([resolved_row(care_system_id, arrival.resolved, arrival.content_hash, arrival.by)]),
        "visits": _json([visit_row(care_system_id, one) for one in arrival.visits]),
        "events": _json([event_row(care_system_id, one) for one in arrival.events]),
        "due": _json(due_rows(care_system_id, arrival.due, recorded_at)),
    }
    held, kept = tx.connection.exec_driver_sql(_statement(), parameters).one()
    if not held:
        raise Raced("the caregiver has registered meanwhile")
    if not kept:
        raise Raced("a registration with this id is kept already")


def _json(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a JSON array; what a column's type would refuse is refused here. Source: T1, T2."""
    checked = [{name: _checked(value) for name, value in row.items()} for row in rows]
    return orjson.dumps(checked).decode()


def _checked(value: Any) -> Any:
    return checked_instant(value) if isinstance(value, datetime) else value


@cache
def _statement() -> str:
    """One statement: nothing after `held` happens unless the revision was the one seen, nothing after `kept` unless the
    registration is new. The rows travel as JSON, which PostgreSQL reads by its own column types.
    """
    registrations = _names(registration)
    told = ", ".join(column.name for column in event_pending.columns if column.name != "position")
    marks = _names(judgement_due)
    return f"""
WITH held AS (
    INSERT INTO open_visit (care_system_id, caregiver_id, visit_id, since, revision)
    VALUES (%(care_system_id)s, %(caregiver_id)s, %(visit_id)s, %(since)s, %(revision)s)
    ON CONFLICT (care_system_id, caregiver_id) DO UPDATE
    SET visit_id = excluded.visit_id, since = excluded.since, revision = excluded.revision
    WHERE open_visit.revision = %(seen)s
    RETURNING 1
), kept AS (
    INSERT INTO registration ({registrations})
    SELECT {registrations} FROM held, json_populate_recordset(NULL::registration, %(registrations)s::json)
    ON CONFLICT (care_system_id, id) DO NOTHING
    RETURNING 1
), folded AS (
    INSERT INTO visit ({_names(visit)})
    SELECT {_names(visit)} FROM kept, json_populate_recordset(NULL::visit, %(visits)s::json)
    ON CONFLICT (care_system_id, id) DO UPDATE SET {_excluded(visit)}
), told AS (
    INSERT INTO event_pending ({told})
    SELECT {told} FROM kept, json_populate_recordset(NULL::event_pending, %(events)s::json)
), marked AS (
    INSERT INTO judgement_due ({marks})
    SELECT {marks} FROM kept, json_populate_recordset(NULL::judgement_due, %(due)s::json)
    ON CONFLICT (care_system_id, provider_id, customer_id, month) DO UPDATE SET since = judgement_due.since
)
SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM kept)
"""


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _excluded(table: Table) -> str:
    keys = set(table.primary_key.columns.keys())
    return ", ".join(
        f'"{column.name}" = excluded."{column.name}"' for column in table.columns if column.name not in keys
    )
