"""Deliveries: registrations, one at a time and a thousand at once, and what of an enrolled phone is none. FAULTS 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.actions.access.faults import NotSignedIn
from app.actions.quarantine import keep, phone_of, said_of_revoked, unregistered
from app.actions.visits.record import Arriving, Doorway, Outcome, Registered, record, try_out
from app.actions.visits.register import register
from app.api.bodies import check_value, read_text
from app.api.ledger import registered_face
from app.api.operations import Asked, load
from app.api.problems import FAULTS, Problem, Slug, body_of, problem_of_fault
from app.api.quarantining import KEPT_AS, is_over, over
from app.api.visit_faces import arriving_of, doorway, registration_face
from app.rules.access import Resource, Verb
from app.rules.visits.values import Sent
from schemas.envelopes import MOST_ITEMS
from schemas.visits import RegistrationRequestSchema
from schemas.visits.columns import NoTable, read_lines

_ROW = RegistrationRequestSchema()
CSV = "text/csv"
_REFUSALS: tuple[type[Exception], ...] = (*FAULTS, NotSignedIn)
"""What may become of a registration that is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as it came: what could be made of it, or what is wrong with it."""

    index: int
    item: Any
    arriving: Arriving | None = None
    captured_at: datetime | None = None
    problem: Problem | None = None

    @property
    def id(self) -> str | None:
        """The id that it gives itself, for its sender to know it by."""
        told = self.item.get("id") if isinstance(self.item, Mapping) else None
        return told if isinstance(told, str) else None


def read_rows(items: Sequence[Any], sent: Sent | None) -> list[Row]:
    """Each row, read by itself."""
    return [_row(index, item, sent) for index, item in enumerate(items)]


def _row(index: int, item: Any, sent: Sent | None) -> Row:
    try:
        check_value(item)
        loaded = load(_ROW, item)
    except Problem as problem:
        return Row(index=index, item=item, problem=problem)
    return Row(index=index, item=item, arriving=arriving_of(item, loaded, sent), captured_at=loaded["captured_at"])


def deliver_one(asked: Asked) -> tuple[str, dict[str, Any]]:
    """The registration is kept; its id, and its face with a receipt.

    Raises what is wrong with it, where an enrolled phone's is kept as text. Source: V1, V2, FAULTS 8.
    """
    row = _row(0, asked.raw, None)
    door = doorway(asked)
    try:
        if row.arriving is not None and not is_over(door.claims):
            kept = register(door, row.arriving)
            return row.arriving.id, registered_face(asked, kept, row.arriving.content_hash)
        fault: Exception = _unread(door, row)
    except _REFUSALS as caught:
        fault = caught
    ((problem, where),) = _refused(asked, door, [row], [fault])
    raise replace(problem, facts={**problem.facts, **where}) from fault


def deliver(asked: Asked) -> list[dict[str, Any]]:
    """What became of each row of the batch, in order. Raises NotSignedIn, Refused A2."""
    rows, door = read_rows(asked.raw["items"], asked.value["sent"]), doorway(asked)
    try:
        outcomes = _outcomes(door, rows)
    except NotSignedIn as fault:
        answered = _refused(asked, door, rows, [fault] * len(rows))
        return [_told(row, problem, kept) for row, (problem, kept) in zip(rows, answered, strict=True)]
    bad = [(row, fault) for row, fault in zip(rows, outcomes, strict=True) if not isinstance(fault, Registered)]
    problems = _refused(asked, door, [row for row, _ in bad], [fault for _, fault in bad])
    told = {row.index: _told(row, *answered) for (row, _), answered in zip(bad, problems, strict=True)}
    good = {
        row.index: _kept(asked, row.index, row.arriving, one)
        for row, one in zip(rows, outcomes, strict=True)
        if isinstance(one, Registered) and row.arriving is not None
    }
    return [(good | told)[row.index] for row in rows]


def deliver_file(asked: Asked) -> dict[str, Any]:
    """What became of each line of a measuring system's file; of a dry run, what would become of it. Source: V17.

    Raises Refused A2, and `Problem` for what is no table.
    """
    asked.call.check(Resource.REGISTRATION, Verb.DELIVER)
    try:
        lines = read_lines(read_text(CSV), MOST_ITEMS)
    except NoTable as fault:
        raise Problem(Slug.UNREADABLE, f"The table cannot be read: {fault}.") from fault
    dry_run = bool(asked.query["dry_run"])
    rows, door = read_rows([line.item for line in lines], None), doorway(asked)
    act = try_out if dry_run else record
    recorded = iter(act(door, [row.arriving for row in rows if row.arriving is not None]))
    outcomes = [next(recorded) if row.problem is None else row.problem for row in rows]
    told = [_of_line(asked, row, outcome, dry_run) for row, outcome in zip(rows, outcomes, strict=True)]
    return {
        "dry_run": dry_run,
        "results": [{**one, "line": line.number} for one, line in zip(told, lines, strict=True)],
    }


def _of_line(asked: Asked, row: Row, outcome: Outcome | Problem, dry_run: bool) -> dict[str, Any]:
    if not isinstance(outcome, Registered) or row.arriving is None:
        return _told(row, _problem(outcome), {})
    if dry_run:
        return {"index": row.index, "id": row.id, "status": 201, "resource": registration_face(outcome.resolved)}
    return _kept(asked, row.index, row.arriving, outcome)


def _outcomes(door: Doorway, rows: Sequence[Row]) -> list[Outcome | Problem]:
    """What `record` says of the rows that could be read, and the problems of the others, in order."""
    if is_over(door.claims):
        raise NotSignedIn("The access token is not valid.")
    recorded = iter(record(door, [row.arriving for row in rows if row.arriving is not None]))
    return [next(recorded) if row.problem is None else row.problem for row in rows]


def _unread(door: Doorway, row: Row) -> Exception:
    if row.problem is None or is_over(door.claims):
        return NotSignedIn("The access token is not valid.")
    return row.problem


def _refused(
    asked: Asked, door: Doorway, rows: Sequence[Row], faults: Sequence[Any]
) -> list[tuple[Problem, dict[str, str]]]:
    """The problem of each row, and under which id it is kept where a phone sent it. Raises the fault of the token."""
    phone = phone_of(asked.running.database, door.claims)
    revoked = phone is not None and phone.device.revoked_at is not None
    for fault in faults:
        if isinstance(fault, NotSignedIn) and not revoked:
            raise over() if is_over(door.claims) else fault
    if phone is None or not rows:
        return [(_problem(fault), {}) for fault in faults]
    problems = [
        Problem(Slug.NOT_ALLOWED, said_of_revoked(phone, row.captured_at)) if revoked else _problem(fault)
        for row, fault in zip(rows, faults, strict=True)
    ]
    sent = _sent(asked.raw)
    texts = [unregistered(row.item, body_of(problem), sent) for row, problem in zip(rows, problems, strict=True)]
    ids = keep(asked.running.database, phone, texts, asked.now)
    return [(problem, {KEPT_AS: kept}) for problem, kept in zip(problems, ids, strict=True)]


def _problem(fault: Any) -> Problem:
    return fault if isinstance(fault, Problem) else problem_of_fault(fault)


def _kept(asked: Asked, index: int, arriving: Arriving, one: Registered) -> dict[str, Any]:
    resource = registered_face(asked, one, arriving.content_hash)
    return {"index": index, "id": arriving.id, "status": 201, "resource": resource}


def _told(row: Row, problem: Problem, kept: dict[str, str]) -> dict[str, Any]:
    return {"index": row.index, "id": row.id, "status": problem.status, "problem": body_of(problem), **kept}


def _sent(raw: Any) -> Mapping[str, Any] | None:
    """The elapsed clock of the batch, where it has one."""
    told = raw.get("sent") if isinstance(raw, Mapping) else None
    return told if isinstance(told, Mapping) else None
