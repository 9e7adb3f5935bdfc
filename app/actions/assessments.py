"""Proposed assessments: found where extensions and deviations change, read, and closed by a case officer (E7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.actions.calls import Call
from app.actions.deviations.standing import standing_of
from app.actions.people import customers_seen
from app.actions.records import log_read, missing
from app.rules.access import Resource, Verb
from app.rules.assessments import (
    About,
    Asked,
    AssessmentState,
    Change,
    ClosingOutcome,
    Stored,
    What,
    asked_of,
    check_closing,
    closed_keys,
    extension_signs,
    reconcile,
    signals,
    under_delivery_signs,
)
from app.rules.extensions import Decision
from app.rules.policies import policies_of
from app.rules.time import format_instant
from app.storage import assessments, events, extensions, judging, policies
from app.storage.assessments import Assessment, Happened
from app.storage.database import Transaction
from app.storage.ids import new_id
from app.storage.people import CUSTOMER
from app.storage.records import get_many

_STATES = {What.CLEARED: AssessmentState.CLEARED}
"""Where a change leads; every other one proposes."""
_TOLD = (What.PROPOSED, What.REOPENED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An assessment with its history, the earliest first."""

    assessment: Assessment
    history: tuple[Happened, ...]


def assess(tx: Transaction, care_system_id: str, customer_ids: Collection[str], now: datetime) -> None:
    """The proposals of these customers are what their extensions and D1 signal now; new ones are told to others.

    A few statements however many the customers. To be called in the transaction that changed either. Source: E7.
    """
    if not customer_ids:
        return
    judging.lock_judged(tx, care_system_id, customer_ids)
    rows = {one.id: one for one in assessments.assessments_at(tx, care_system_id, customer_ids)}
    municipalities = {one.id: one.municipality for one in get_many(tx, CUSTOMER, care_system_id, customer_ids).values()}
    stored = [_stored(one) for one in rows.values()]
    signs = {
        **extension_signs(_asked(tx, care_system_id, customer_ids, now)),
        **under_delivery_signs(map(standing_of, assessments.under_deliveries(tx, care_system_id, customer_ids))),
    }
    rules = policies_of(policies.policies_of(tx, care_system_id))
    changes = reconcile(stored, signals(signs, closed_keys(stored), rules, municipalities))
    written = [(change, _row(change, rows.get(change.id or ""), now)) for change in changes]
    history = [Happened(assessment_id=row.id, at=now, what=change.what, facts=row.facts) for change, row in written]
    assessments.save_assessments(tx, care_system_id, [row for _, row in written], history)
    told = [_event(row, municipalities, now) for change, row in written if change.what in _TOLD]
    events.append(tx, care_system_id, told)


def _asked(tx: Transaction, care_system_id: str, customer_ids: Collection[str], now: datetime) -> Iterable[Asked]:
    counted = assessments.counted_extensions(tx, care_system_id, customer_ids)
    decisions: dict[str, list[Decision]] = {}
    for one in extensions.decisions_of(tx, care_system_id, [extension.id for extension, _ in counted]):
        decisions.setdefault(one.extension_id, []).append(one)
    return [asked_of(extension, state, decisions.get(extension.id, ()), now) for extension, state in counted]


def _stored(row: Assessment) -> Stored:
    about = About(customer_id=row.customer_id, cause=row.cause, subject=row.subject)
    return Stored(id=row.id, about=about, state=row.state, facts=row.facts, provider_id=row.provider_id)


def _row(change: Change, before: Assessment | None, now: datetime) -> Assessment:
    """The row after the change: with the signal's facts, or as it was where the signal is gone."""
    about, facts, provider_id = change.about, change.facts, change.provider_id
    proposed_at = now if before is None or change.what in _TOLD else before.proposed_at
    return Assessment(
        id=change.id or new_id(),
        customer_id=about.customer_id,
        provider_id=provider_id,
        cause=about.cause,
        subject=about.subject,
        facts=dict(facts),
        state=_STATES.get(change.what, AssessmentState.PROPOSED),
        proposed_at=proposed_at,
        changed_at=now,
    )


def _event(row: Assessment, municipalities: Mapping[str, str], now: datetime) -> events.Event:
    return events.Event(
        at=now,
        type="assessment.proposed",
        resource_type="assessment",
        resource_id=row.id,
        provider_id=row.provider_id,
        municipality=municipalities.get(row.customer_id),
        data=document(row),
    )


def document(row: Assessment) -> dict[str, Any]:
    """The assessment as JSON values. Source: CONTRACT."""
    return {
        "id": row.id,
        "external_id": None,
        "recorded_at": format_instant(row.proposed_at),
        "customer_id": row.customer_id,
        "provider_id": row.provider_id,
        "cause": row.cause.value,
        "subject": row.subject,
        "facts": row.facts,
        "state": row.state.value,
        "proposed_at": format_instant(row.proposed_at),
        "changed_at": format_instant(row.changed_at),
        "closed_at": row.closed_at and format_instant(row.closed_at),
        "closed_by": row.closed_by,
        "note": row.note,
    }


def list_assessments(
    call: Call, filters: Mapping[str, object], after: str | None, limit: int
) -> tuple[Assessment, ...]:
    """Up to `limit` assessments within the scope, by id, filtered by `state`, `cause` and `customer_id`; the reads are
    logged. Raises Refused A2.
    """
    call.check(Resource.ASSESSMENT, Verb.READ)
    with call.database.transaction() as tx:
        found = assessments.assessments_of(
            tx,
            call.care_system_id,
            scope=call.scope(Resource.ASSESSMENT),
            after=after,
            limit=limit,
            **filters,  # type: ignore[arg-type]
        )
        log_read(tx, call, Resource.ASSESSMENT, customers_seen(one.customer_id for one in found))
    return found


def read_assessment(call: Call, assessment_id: str) -> Told:
    """The assessment with its history; the read is logged. Raises Refused A1 (404), A2."""
    call.check(Resource.ASSESSMENT, Verb.READ)
    with call.database.transaction() as tx:
        return _read(tx, call, assessment_id)


def _read(tx: Transaction, call: Call, assessment_id: str) -> Told:
    found = assessments.get_assessment(tx, call.care_system_id, assessment_id, scope=call.scope(Resource.ASSESSMENT))
    if found is None:
        raise missing()
    log_read(tx, call, Resource.ASSESSMENT, customers_seen([found.customer_id]))
    return Told(assessment=found, history=assessments.history_of(tx, call.care_system_id, assessment_id))


def close(call: Call, assessment_id: str, outcome: ClosingOutcome, note: str) -> Told:
    """The proposal is closed by the case officer, with what it decided; only new facts propose again.

    Raises Refused E7 where it is closed or has cleared, A1 (404), A2.
    """
    call.check(Resource.ASSESSMENT, Verb.CLOSE)
    cs = call.care_system_id
    with call.database.transaction() as tx:
        found = assessments.get_assessment(tx, cs, assessment_id, scope=call.scope(Resource.ASSESSMENT), lock=True)
        if found is None:
            raise missing()
        check_closing(found.state)
        closed = replace(
            found,
            state=AssessmentState(outcome.value),
            changed_at=call.now,
            closed_at=call.now,
            closed_by=call.actor.id,
            note=note,
        )
        happened = Happened(
            assessment_id=found.id,
            at=call.now,
            what=What(outcome.value),
            facts=found.facts,
            by=call.actor.id,
            note=note,
        )
        assessments.save_assessments(tx, cs, [closed], [happened])
        return _read(tx, call, assessment_id)
