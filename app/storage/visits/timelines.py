"""Caregivers' timelines while they are folded again: who may write them, what they are made of, and how they end."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, func, literal, select

from app.rules.visits.clock import in_one_boot
from app.rules.visits.values import RegistrationKind, Resolved
from app.storage.database import Transaction
from app.storage.statements import among, insert_into, mappings, write
from app.storage.tables.visits import door, open_visit
from app.storage.visits.nearby import InBoot, of_one_boot
from app.storage.visits.neighbourhood import Span, neighbourhoods
from app.storage.visits.projection import Open, open_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Timelines:
    """Registrations of some caregivers by id, and the ids a visit may have of which they give the truth."""

    registrations: Mapping[str, Resolved]
    settled: frozenset[str]


def gate(care_system_id: str, provider_id: str) -> int:
    """The number of the advisory lock on the provider's visits."""
    digest = hashlib.sha256(f"visits/{care_system_id}/{provider_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def lock_providers(tx: Transaction, care_system_id: str, provider_ids: Iterable[str]) -> None:
    """Nobody else writes visits of these providers until the transaction ends; what is read from now on stands.

    SQLite has one writer and needs no lock. Source: FAULTS 15-17.
    """
    if tx.dialect == "postgresql":
        keys = sorted({gate(care_system_id, one) for one in provider_ids})
        ordered = func.unnest(literal(keys, ARRAY(BigInteger))).column_valued("key")
        tx.connection.execute(select(func.pg_advisory_xact_lock(ordered)))


def timelines(
    tx: Transaction, care_system_id: str, spans: Collection[Span], arrived: frozenset[str] = frozenset()
) -> Timelines:
    """What the folds around these spans need, with the registrations that share a boot with them (V8).

    `arrived` are those that were not there when the visits were last folded.
    """
    wanted = set(spans)
    while True:
        rows: dict[str, Resolved] = {}
        settled: set[str] = set()
        for around in neighbourhoods(tx, care_system_id, wanted).values():
            rows |= {one.id: one for one in around.registrations}
            settled |= around.settled
        mates = of_one_boot(tx, care_system_id, _moments(rows[key] for key in settled if key in rows))
        outside = {span for one in mates.values() if one.id not in rows for span in [_span(one, one.at)]}
        displaced = _displaced(rows | mates, arrived, wanted)
        if outside | displaced <= wanted:
            return Timelines(registrations=rows | mates, settled=frozenset(settled))
        wanted |= outside | displaced


def _moments(rows: Iterable[Resolved]) -> list[InBoot]:
    return [
        InBoot(
            caregiver_id=one.registration.caregiver_id,
            boot_id=one.registration.clock.boot_id,
            elapsed_ms=one.registration.clock.elapsed_ms,
        )
        for one in rows
        if one.registration.clock is not None and one.registration.kind is not RegistrationKind.VISIT_NOTE
    ]


def _span(one: Resolved, at: datetime) -> Span:
    return Span(caregiver_id=one.registration.caregiver_id, earliest=at, latest=at)


def _displaced(rows: Mapping[str, Resolved], arrived: frozenset[str], spans: Collection[Span]) -> set[Span]:
    """Where registrations stand, or stood before these arrived, by one anchor of their boot, if others may lie there.

    None may where it is within what one span has read, and in the same order there.
    """
    kept = {key: one for key, one in rows.items() if key not in arrived}
    found: set[Span] = set()
    for timed, told in ((in_one_boot(rows.values()), rows), (in_one_boot(kept.values()), kept)):
        moved = [one for one in timed if one.at != rows[one.id].at]
        if moved and (_ordered(timed) != _ordered(told.values()) or not _within_one(moved, rows, spans)):
            found |= {_span(one, at) for one in moved for at in (one.at, rows[one.id].at)}
    return found


def _within_one(moved: Collection[Resolved], rows: Mapping[str, Resolved], spans: Collection[Span]) -> bool:
    """True where each has moved within the one stretch of its caregiver's timeline that was read."""
    for caregiver_id in {one.registration.caregiver_id for one in moved}:
        if sum(one.caregiver_id == caregiver_id for one in spans) > 1:
            return False
        moments = [one.at for one in rows.values() if one.registration.caregiver_id == caregiver_id]
        theirs = [one.at for one in moved if one.registration.caregiver_id == caregiver_id]
        if min(theirs) < min(moments) or max(theirs) > max(moments):
            return False
    return True


def _ordered(rows: Iterable[Resolved]) -> list[str]:
    return [one.id for one in sorted(rows, key=lambda one: (one.registration.caregiver_id, *one.order))]


def open_visits(tx: Transaction, care_system_id: str, caregiver_ids: Collection[str]) -> dict[str, Open]:
    """What these caregivers have open, and how far their timelines reach; those that have registered something."""
    if not caregiver_ids:
        return {}
    theirs = open_visit
    statement = select(theirs).where(
        theirs.c.care_system_id == care_system_id, among(tx, theirs.c.caregiver_id, caregiver_ids)
    )
    return {row["caregiver_id"]: open_of(row) for row in mappings(tx, statement)}


def keep_open(tx: Transaction, care_system_id: str, ends: Mapping[str, Open]) -> None:
    """Each caregiver has this visit open, or none; the revisions move on, so whoever read them before begins again."""
    if not ends:
        return
    rows = [
        {
            "care_system_id": care_system_id,
            "caregiver_id": key,
            "visit_id": end.visit_id,
            "since": end.since,
            "latest": end.latest,
            "revision": 1,
        }
        for key, end in sorted(ends.items())
    ]
    insert = insert_into(tx, open_visit)
    told = insert.excluded
    moved = {
        "visit_id": told.visit_id,
        "since": told.since,
        "latest": told.latest,
        "revision": open_visit.c.revision + 1,
    }
    keys = ["care_system_id", "caregiver_id"]
    write(tx, insert.on_conflict_do_update(index_elements=keys, set_=moved), rows)


def touch_doors(tx: Transaction, care_system_id: str, customer_ids: Iterable[str]) -> None:
    """The visits at these customers' have changed: whoever read them before begins again. Source: V16."""
    rows = [{"care_system_id": care_system_id, "customer_id": one, "revision": 1} for one in sorted(set(customer_ids))]
    if rows:
        insert = insert_into(tx, door)
        keys = ["care_system_id", "customer_id"]
        moved = {"revision": door.c.revision + 1}
        write(tx, insert.on_conflict_do_update(index_elements=keys, set_=moved), rows)
