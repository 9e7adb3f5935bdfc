"""Cryptographic taps of one tag, found beside each other whoever registered them, and when (D21)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, literal_column, or_, select, type_coerce

from app.rules.time import format_instant
from app.rules.visits.taps import Tap, tap_of
from app.rules.visits.values import ClockGrade, Resolved
from app.storage.database import Transaction
from app.storage.judging.asked import CS, AskedRows
from app.storage.prepared import Parts, ask
from app.storage.statements import Row
from app.storage.tables.columns import UtcDateTime
from app.storage.tables.visits import registration


def tapped() -> Select[Any]:
    """Registrations that are taps, without what nobody asks of them."""
    table = registration
    return select(
        table.c.id, table.c.tag_id, table.c.tap_counter, table.c.corrected_at, table.c.clock_grade, table.c.recorded_at
    ).where(table.c.tap_counter.is_not(None), table.c.kind != literal_column("'visit_note'"))


def tap_of_row(row: Row) -> Tap:
    """The tap of a row."""
    return Tap(
        registration_id=row["id"],
        tag_id=row["tag_id"],
        counter=row["tap_counter"],
        at=row["corrected_at"],
        clock_grade=ClockGrade(row["clock_grade"]),
        recorded_at=row["recorded_at"],
    )


def taps_beside(
    tx: Transaction, care_system_id: str, registrations: Iterable[Resolved], *, contradicted: bool = False
) -> tuple[Tap, ...]:
    """The taps that may say something of these registrations', copies and earlier ones that had counted further.

    With `contradicted` those too of which these may say something. Theirs are among them. Source: D21.
    """
    rows = [
        {
            "tag": tap.tag_id,
            "counter": str(tap.counter),
            "at": format_instant(max(one.at, tap.at) if not contradicted else min(one.at, tap.at)),
            "latest": format_instant(max(one.at, tap.at)),
        }
        for one in registrations
        if (tap := tap_of(one)) is not None
    ]
    if not rows:
        return ()
    told = {"cs": care_system_id, "asked": orjson.dumps(rows).decode()}
    found = ask(tx, _around_parts if contradicted else _against_parts, told)
    return tuple({row["id"]: tap_of_row(row) for part in found.values() for row in part}.values())


def _against_parts(dialect: str) -> Parts:
    asked = AskedRows(dialect)
    return {"against": _joined(asked, _copies(asked), _against(asked))}


def _around_parts(dialect: str) -> Parts:
    """What an unproven time stands for in the end was before its receipt, so a later receipt is looked at too."""
    asked = AskedRows(dialect)
    at, table = _instant(asked, "at"), registration
    moved = and_(table.c.clock_grade != literal_column(f"'{ClockGrade.VERIFIED.value}'"), table.c.received_at > at)
    behind = and_(table.c.tap_counter < _counter(asked), or_(table.c.corrected_at > at, moved))
    return {"around": _joined(asked, _copies(asked), _against(asked), behind)}


def _joined(asked: AskedRows, *conditions: ColumnElement[bool]) -> Select[Any]:
    same = registration.c.tag_id == asked.text("tag")
    return tapped().join(asked.rows, and_(same, or_(*conditions))).where(registration.c.care_system_id == CS)


def _copies(asked: AskedRows) -> ColumnElement[bool]:
    return registration.c.tap_counter == _counter(asked)


def _against(asked: AskedRows) -> ColumnElement[bool]:
    return and_(registration.c.tap_counter > _counter(asked), registration.c.corrected_at < _instant(asked, "latest"))


def _counter(asked: AskedRows) -> ColumnElement[Any]:
    return cast(asked.text("counter"), BigInteger)


def _instant(asked: AskedRows, name: str) -> ColumnElement[Any]:
    return type_coerce(asked.instant(name), UtcDateTime)
