"""Quarantine: what a phone sent is kept before it is answered, and judged by its coordinator. FAULTS 8, 22."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.actions.access.tokens import Claims
from app.actions.calls import Call
from app.actions.records import log_read, missing
from app.actions.visits.record import Arriving, Doorway, Origin, record_for
from app.rules.access import Resource, Verb
from app.rules.access.devices import was_before
from app.rules.visits.quarantine import (
    Quarantined,
    QuarantineState,
    check_faithful,
    check_waits,
    customers_named,
    number_of,
    sent_of,
    without_position,
)
from app.rules.visits.values import Resolved
from app.storage.access import devices
from app.storage.access.devices import Phone
from app.storage.access_log import Seen
from app.storage.database import Database, Transaction
from app.storage.ids import new_id
from app.storage.quarantine import find_quarantined, keep_quarantined, keep_verdict, page_of_quarantined

_HALF = re.compile("[\ud800-\udfff]")
"""Half a surrogate pair, which JSON can tell and UTF-8 cannot."""
REVOKED = "The phone has been revoked. What it sent is kept and waits for its coordinator."
REVOKED_BEFORE = "The phone had been revoked when this was captured. It is kept and waits for its coordinator."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered:
    """A text that could not be registered, and what its sender is answered."""

    raw: str
    problem: Mapping[str, Any]
    sequence: int | None = None
    sent: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What its coordinator says of one; where it is accepted, the registration as it shall be, and its own JSON."""

    outcome: QuarantineState
    reason: str | None
    arriving: Arriving | None = None
    corrected: Mapping[str, Any] | None = None


def unregistered(content: Any, problem: Mapping[str, Any], sent: Mapping[str, Any] | None) -> Unregistered:
    """The JSON value as text that can be kept, its position left out (A4): what no database keeps is escaped."""
    kept = without_position(content)
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    if _HALF.search(text):
        text = json.dumps(kept, separators=(",", ":"))
    return Unregistered(raw=text, problem=problem, sequence=number_of(content), sent=sent)


def phone_of(database: Database, claims: Claims) -> Phone | None:
    """The phone whose token it is, revoked or not, its user active or not; None for any other token."""
    if claims.thumbprint is None or claims.session_id is None or claims.care_system_id is None:
        return None
    with database.transaction(write=False) as tx:
        found = devices.phone_of(tx.connection, claims.care_system_id, claims.session_id)
    return found if found is not None and found.device.thumbprint == claims.thumbprint else None


def keep(database: Database, phone: Phone, several: Sequence[Unregistered], now: datetime) -> list[str]:
    """All of it is kept once this returns, the same text of the phone once; their ids, in order. Source: FAULTS 8."""
    with database.transaction() as tx:
        return keep_quarantined(
            tx,
            phone.care_system_id,
            [
                Quarantined(
                    id=new_id(),
                    device_id=phone.device.id,
                    provider_id=phone.device.provider_id,
                    caregiver_id=phone.caregiver_id,
                    received_at=now,
                    raw=one.raw,
                    problem=one.problem,
                    sequence=one.sequence,
                    sent=one.sent,
                )
                for one in several
            ],
        )


def said_of_revoked(phone: Phone, captured_at: datetime | None) -> str:
    """What a revoked phone is told of a row. Source: FAULTS 22."""
    known = captured_at is None or was_before(captured_at, phone.device.revoked_at)
    return REVOKED if known else REVOKED_BEFORE


def list_quarantined(
    call: Call, state: QuarantineState | None, device_id: str | None, after: str | None, limit: int
) -> tuple[Quarantined, ...]:
    """At most `limit` of the coordinator's provider, by id; what is given is logged (A3). Raises Refused A2."""
    call.check(Resource.QUARANTINED_REGISTRATION, Verb.READ)
    with call.database.transaction() as tx:
        found = page_of_quarantined(
            tx, call.care_system_id, _provider(call), state=state, device_id=device_id, after=after, limit=limit
        )
        log_read(tx, call, Resource.QUARANTINED_REGISTRATION, _people(found))
    return found


def read_quarantined(call: Call, quarantined_id: str) -> Quarantined:
    """One of the coordinator's provider; the read is logged. Raises Refused: A2, A1 (404)."""
    call.check(Resource.QUARANTINED_REGISTRATION, Verb.READ)
    with call.database.transaction() as tx:
        found = _found(tx, call, quarantined_id)
        log_read(tx, call, Resource.QUARANTINED_REGISTRATION, _people([found]))
    return found


def judge(
    call: Call, doorway: Doorway, quarantined_id: str, judged: Judged, readable: Callable[[str], Mapping[str, Any]]
) -> Quarantined:
    """It is dismissed; or registered as corrected, by the ordinary way, as received when the phone sent it.

    `readable` tells which of a text's fields can be read. Raises Refused: A2, A1 (404), V1 (409, 422), V3, and what
    `record` tells of a registration. Source: FAULTS 8, V1.
    """
    call.check(Resource.QUARANTINED_REGISTRATION, Verb.JUDGE)
    arriving = judged.arriving
    if arriving is None:
        with call.database.transaction() as tx:
            return _decided(tx, call, _waiting(tx, call, quarantined_id), judged, None)

    def accept(tx: Transaction) -> tuple[Arriving, Callable[[Resolved], Quarantined]]:
        found = _waiting(tx, call, quarantined_id)
        check_faithful(readable(found.raw), judged.corrected or {})
        origin = Origin(received_at=found.received_at, device_id=found.device_id, sent=sent_of(found))
        one = replace(arriving, origin=origin)
        return one, lambda kept: _decided(tx, call, found, judged, kept.id)

    return record_for(doorway, call.actor, accept)


def _waiting(tx: Transaction, call: Call, quarantined_id: str) -> Quarantined:
    found = _found(tx, call, quarantined_id, lock=True)
    check_waits(found)
    return found


def _decided(
    tx: Transaction, call: Call, found: Quarantined, judged: Judged, registration_id: str | None
) -> Quarantined:
    decided = replace(
        found,
        state=judged.outcome,
        decided_by=call.actor.id,
        decided_at=call.now,
        reason=judged.reason,
        registration_id=registration_id,
    )
    keep_verdict(tx, call.care_system_id, decided)
    return decided


def _found(tx: Transaction, call: Call, quarantined_id: str, *, lock: bool = False) -> Quarantined:
    found = find_quarantined(tx, call.care_system_id, _provider(call), quarantined_id, lock=lock)
    if found is None:
        raise missing()
    return found


def _provider(call: Call) -> str:
    if call.actor.provider_id is None:
        raise missing()
    return call.actor.provider_id


def _people(several: Collection[Quarantined]) -> Iterable[Seen]:
    """Whom they tell of, as far as it can be known: who was signed in, and the customers that the texts name."""
    named = sorted({one for row in several for one in customers_named(row.raw)})
    signed_in = sorted({row.caregiver_id for row in several})
    told = {"customer": named, "caregiver": signed_in}
    return [Seen(whom_type=kind, whom_id=one) for kind, ids in told.items() for one in ids]
