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
from app.storage.prepared import Statement, run
from app.storage.statements import insert_into, insert_once
from app.storage.tables.columns import checked_instant
from app.storage.tables.deviations import judgement_due
from app.storage.tables.events import event_pending
from app.storage.tables.visits import door, open_visit, registration, visit
from app.storage.visits.projection import Open, keep_households, remove_visits, upsert_visits
from app.storage.visits.rows import resolved_row, visit_row
from app.storage.visits.timelines import gate


class Raced(Exception):
    """Somebody else registered for the caregiver meanwhile. Roll back, and do it all again with what is known then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A registration and what follows from it.

    `seen` is what the caregiver had open when the facts were read, `afterwards` what it has now. `door_customer_id` is
    whose door's revision was `seen_door`, None where the visits at no customer's matter. `visits` are those that the
    registrations now add up to, `gone` the ids of which none does any more.
    """

    resolved: Resolved
    content_hash: str
    by: str
    seen: Open
    afterwards: Open
    door_customer_id: str | None = None
    seen_door: int = 0
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

    One statement on PostgreSQL. Raises `Raced` where the caregiver's or the door's revision is no longer the one that
    was seen, where somebody writes visits of the provider (`lock_providers`), and where the id is taken; IntegrityError
    for an unknown reference. Whoever gets either rolls back.
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
    _enter(tx, care_system_id, arrival)
    row = resolved_row(care_system_id, arrival.resolved, arrival.content_hash, arrival.by)
    if not insert_once(tx, registration, row, key=("care_system_id", "id")):
        raise Raced("a registration with this id is kept already")
    upsert_visits(tx, care_system_id, arrival.visits)
    append(tx, care_system_id, arrival.events)
    mark_due(tx, care_system_id, arrival.due, at=arrival.resolved.registration.recorded_at)


def _hold(tx: Transaction, care_system_id: str, arrival: Arrival) -> None:
    """The caregiver's revision moves on from the one that was seen."""
    row = _open_row(care_system_id, arrival)
    if arrival.seen.revision == 0:
        if not insert_once(tx, open_visit, row, key=("care_system_id", "caregiver_id")):
            raise Raced("the caregiver has registered meanwhile")
        return
    theirs = update(open_visit).where(
        open_visit.c.care_system_id == care_system_id,
        open_visit.c.caregiver_id == row["caregiver_id"],
        open_visit.c.revision == arrival.seen.revision,
    )
    if tx.connection.execute(theirs.values(row)).rowcount != 1:
        raise Raced("the caregiver has registered meanwhile")


def _enter(tx: Transaction, care_system_id: str, arrival: Arrival) -> None:
    """The revision of the door moves on from the one that was seen. Source: V16."""
    if arrival.door_customer_id is None:
        return
    row = {"care_system_id": care_system_id, "customer_id": arrival.door_customer_id, "revision": arrival.seen_door + 1}
    insert = insert_into(tx, door)
    entered = insert.on_conflict_do_update(
        index_elements=["care_system_id", "customer_id"],
        set_={"revision": insert.excluded.revision},
        where=door.c.revision == arrival.seen_door,
    )
    if tx.connection.execute(entered, row).rowcount != 1:
        raise Raced("the visits at the customer's have changed meanwhile")


def _open_row(care_system_id: str, arrival: Arrival) -> dict[str, Any]:
    return {
        "care_system_id": care_system_id,
        "caregiver_id": arrival.resolved.registration.caregiver_id,
        "visit_id": arrival.afterwards.visit_id,
        "since": arrival.afterwards.since,
        "latest": arrival.afterwards.latest,
        "revision": arrival.seen.revision + 1,
    }


def _save_at_once(tx: Transaction, care_system_id: str, arrival: Arrival) -> None:
    recorded_at = arrival.resolved.registration.recorded_at
    parameters = {
        **_open_row(care_system_id, arrival),
        "seen": arrival.seen.revision,
        "gate": gate(care_system_id, arrival.resolved.provider_id),
        "door_customer_id": arrival.door_customer_id,
        "seen_door": arrival.seen_door,
        "registrations": _json([resolved_row(care_system_id, arrival.resolved, arrival.content_hash, arrival.by)]),
        "visits": _json([visit_row(care_system_id, one) for one in arrival.visits]),
        "events": _json([event_row(care_system_id, one) for one in arrival.events]),
        "due": _json(due_rows(care_system_id, arrival.due, recorded_at)),
    }
    held, entered, kept = map(int, run(tx, _statement(), parameters))
    if not held or (arrival.door_customer_id is not None and not entered):
        raise Raced("somebody has registered meanwhile")
    if not kept:
        raise Raced("a registration with this id is kept already")


def _json(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a JSON array; what a column's type would refuse is refused here. Source: T1, T2."""
    for row in rows:
        for value in row.values():
            if isinstance(value, datetime):
                checked_instant(value)
    return orjson.dumps(rows).decode()


@cache
def _statement() -> Statement:
    """One statement: nothing is held unless the gate is free, nothing is kept unless both revisions were the ones seen,
    nothing else happens unless the registration is new. The rows travel as JSON, read by the columns' own types.
    """
    registrations = _names(registration)
    told = ", ".join(column.name for column in event_pending.columns if column.name != "position")
    marks = _names(judgement_due)
    return Statement(f"""
WITH passed AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock_shared(%(gate)s::bigint) AS free
), held AS (
    INSERT INTO open_visit (care_system_id, caregiver_id, visit_id, since, latest, revision)
    SELECT %(care_system_id)s::varchar, %(caregiver_id)s::varchar, %(visit_id)s::varchar, %(since)s::timestamptz,
           %(latest)s::timestamptz, %(revision)s::bigint
    FROM passed WHERE free
    ON CONFLICT (care_system_id, caregiver_id) DO UPDATE
    SET visit_id = excluded.visit_id, since = excluded.since, latest = excluded.latest, revision = excluded.revision
    WHERE open_visit.revision = %(seen)s::bigint
    RETURNING 1
), entered AS (
    INSERT INTO door (care_system_id, customer_id, revision)
    SELECT %(care_system_id)s::varchar, %(door_customer_id)s::varchar, %(seen_door)s::bigint + 1
    FROM held WHERE %(door_customer_id)s::varchar IS NOT NULL
    ON CONFLICT (care_system_id, customer_id) DO UPDATE SET revision = excluded.revision
    WHERE door.revision = %(seen_door)s::bigint
    RETURNING 1
), allowed AS (
    SELECT 1 FROM held WHERE %(door_customer_id)s::varchar IS NULL OR EXISTS (SELECT FROM entered)
), kept AS (
    INSERT INTO registration ({registrations})
    SELECT {registrations} FROM allowed, json_populate_recordset(NULL::registration, %(registrations)s::json)
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
SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM entered), (SELECT count(*) FROM kept)
""")


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _excluded(table: Table) -> str:
    keys = set(table.primary_key.columns.keys())
    return ", ".join(
        f'"{column.name}" = excluded."{column.name}"' for column in table.columns if column.name not in keys
    )
