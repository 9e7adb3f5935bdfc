"""The registrations that the fold around an instant needs, and which visits they give exactly (V4-V6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, and_, column, func, literal, select

from app.rules.time import BEGINNING
from app.rules.visits.values import Registration, RegistrationKind, Resolved
from app.storage.database import Transaction
from app.storage.statements import Row, among, each_looked_up, mappings, told_rows
from app.storage.tables.columns import Id, UtcDateTime
from app.storage.tables.visits import registration as table
from app.storage.visits.rows import resolved_of

ENDING = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""After every registration."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """The time of a caregiver in which something was registered; both ends are inside."""

    caregiver_id: str
    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """A caregiver's registrations around some instants.

    `settled` are the ids that a visit may have of which these give the truth: whoever folds them saves the visits with
    those ids, and removes the ones that are no longer there. Others are here only because the fold reads them.
    """

    registrations: tuple[Resolved, ...] = ()
    settled: frozenset[str] = frozenset()


def neighbourhood(tx: Transaction, care_system_id: str, caregiver_id: str, at: datetime) -> Around:
    """What the fold around one instant of one caregiver needs."""
    spans = [Span(caregiver_id=caregiver_id, earliest=at, latest=at)]
    return neighbourhoods(tx, care_system_id, spans).get(caregiver_id, Around())


def neighbourhoods(tx: Transaction, care_system_id: str, spans: Iterable[Span]) -> dict[str, Around]:
    """What the folds of the caregivers in these spans need, by caregiver.

    From the last check-in before each span to the first after it, whatever names a visit begun there, and the
    surroundings of the visits that are named there. A few statements in all: a round for each step from name to name.
    """
    wanted = sorted(set(spans))
    gathering = _Gathering(span.caregiver_id for span in wanted)
    while wanted:
        gathering.take(mappings(tx, _spans_select(tx, care_system_id, wanted)), wanted)
        while named := gathering.unasked():
            gathering.add(mappings(tx, _naming_select(tx, care_system_id, named)))
        wanted = gathering.named_outside()
    return gathering.result()


def _spans_select(tx: Transaction, care_system_id: str, spans: Sequence[Span]) -> Select[tuple[object, ...]]:
    """Each span from the last check-in before it to the first after it, both inside, and others of the same seconds."""
    columns = (column("caregiver_id", Id), column("earliest", UtcDateTime), column("latest", UtcDateTime))
    wanted = told_rows(tx, "wanted", columns, [(one.caregiver_id, one.earliest, one.latest) for one in spans])
    check_ins = table.alias()
    theirs = and_(
        check_ins.c.care_system_id == care_system_id,
        check_ins.c.caregiver_id == wanted.c.caregiver_id,
        check_ins.c.kind == RegistrationKind.CHECK_IN,
    )
    last = select(check_ins.c.at).where(theirs, check_ins.c.at < wanted.c.earliest)
    following = select(check_ins.c.at).where(theirs, check_ins.c.at > wanted.c.latest)
    first = last.order_by(check_ins.c.at.desc()).limit(1).scalar_subquery()
    end = following.order_by(check_ins.c.at).limit(1).scalar_subquery()
    bounds = (
        select(
            wanted.c.caregiver_id,
            func.coalesce(first, literal(BEGINNING, UtcDateTime)).label("first"),
            func.coalesce(end, literal(ENDING, UtcDateTime)).label("end"),
        )
        .distinct()
        .cte("bounds")
    )
    within = select(table).where(
        table.c.care_system_id == care_system_id,
        table.c.caregiver_id == bounds.c.caregiver_id,
        table.c.at.between(bounds.c.first, bounds.c.end),
    )
    return each_looked_up(tx, bounds, within)


def _naming_select(tx: Transaction, care_system_id: str, names: Iterable[str]) -> Select[tuple[object, ...]]:
    """The registrations that name one of these visits, and the check-ins that they are."""
    ids = sorted(names)
    naming = select(table.c.id).where(table.c.care_system_id == care_system_id, among(tx, table.c.visit_id, ids))
    either = among(tx, table.c.id, ids) | table.c.id.in_(naming)
    return select(table).where(table.c.care_system_id == care_system_id, either)


class _Gathering:
    """The registrations found so far, and which names have been followed."""

    def __init__(self, caregiver_ids: Iterable[str]) -> None:
        self.caregiver_ids = frozenset(caregiver_ids)
        self.found: dict[str, Resolved] = {}
        self.settled: dict[str, set[str]] = {}
        self.spanned: set[str] = set()
        self.asked: set[str] = set()

    def take(self, rows: Sequence[Row], spans: Sequence[Span]) -> None:
        """Takes the rows of the spans."""
        by_caregiver: dict[str, list[Resolved]] = {}
        for one in {row["id"]: resolved_of(row) for row in rows}.values():
            by_caregiver.setdefault(one.registration.caregiver_id, []).append(one)
        for span in spans:
            self.take_span(span, by_caregiver.get(span.caregiver_id, ()))

    def take_span(self, span: Span, rows: Iterable[Resolved]) -> None:
        """Takes those of the caregiver's rows from the last check-in before the span to the first after it."""
        ordered = sorted(rows, key=lambda one: one.order)
        earlier = [one.order for one in ordered if _is_check_in(one) and one.at < span.earliest]
        later = [one.order for one in ordered if _is_check_in(one) and one.at > span.latest]
        settled = self.settled.setdefault(span.caregiver_id, set())
        for one in ordered:
            if (earlier and one.order < earlier[-1]) or (later and one.order > later[0]):
                continue
            self.found[one.id] = one
            if not later or one.order < later[0]:
                settled.add(one.id)
                self.spanned.add(one.id)

    def add(self, rows: Sequence[Row]) -> None:
        """Takes rows that were found by name; another caregiver's visit is none that these can close. Source: V4.

        What names a settled visit is settled with it: it closes that one, or is a half visit of its own.
        """
        for one in (resolved_of(row) for row in rows if row["caregiver_id"] in self.caregiver_ids):
            self.found[one.id] = one
            settled = self.settled.setdefault(one.registration.caregiver_id, set())
            if _named(one) in settled:
                settled.add(one.id)
                self.spanned.add(one.id)

    def unasked(self) -> set[str]:
        """The visits begun in the spans, and those named there, that were not asked for by name yet."""
        begun = {one.id for one in self.found.values() if one.id in self.spanned and _may_begin(one)}
        unasked = (self._names() | begun) - self.asked
        self.asked |= unasked
        return unasked

    def named_outside(self, *more: str | None) -> list[Span]:
        """The spans of what was found by name alone and may have begun a visit, whose own surroundings are missing."""
        named = self._names().union(*([name] for name in more if name is not None))
        outside = [
            one for one in self.found.values() if one.id in named and one.id not in self.spanned and _may_begin(one)
        ]
        self.spanned.update(one.id for one in outside)
        return sorted(
            {Span(caregiver_id=one.registration.caregiver_id, earliest=one.at, latest=one.at) for one in outside}
        )

    def _names(self) -> set[str]:
        return {named for one in self.found.values() if (named := _named(one)) is not None}

    def result(self, *more: str) -> dict[str, Around]:
        """What was found, by caregiver, in the order of (time, id)."""
        by_caregiver: dict[str, list[Resolved]] = {}
        for one in sorted(self.found.values(), key=lambda one: one.order):
            by_caregiver.setdefault(one.registration.caregiver_id, []).append(one)
        return {
            caregiver_id: Around(
                registrations=tuple(rows), settled=frozenset(self.settled.get(caregiver_id, set()).union(more))
            )
            for caregiver_id, rows in by_caregiver.items()
        }


def _named(one: Resolved) -> str | None:
    """The visit that it names; whatever a check-in names, it begins its own. Source: V4."""
    return None if _is_check_in(one) else one.registration.visit_id


def _is_check_in(one: Resolved) -> bool:
    return one.registration.kind is RegistrationKind.CHECK_IN


def _may_begin(one: Resolved) -> bool:
    """True for what a visit may have its id from. Source: V4."""
    return one.registration.kind in (RegistrationKind.CHECK_IN, RegistrationKind.CHECK_OUT)


def around_arrival(rows: Iterable[Resolved], arriving: Registration, at: datetime) -> Around | None:
    """As `neighbourhood` for a registration that is not kept yet, from rows that were read already.

    None where one of them, or it, names a visit of the caregiver whose own surroundings are not among them.
    """
    theirs = [one for one in rows if one.registration.caregiver_id == arriving.caregiver_id]
    gathering = _Gathering([arriving.caregiver_id])
    gathering.take_span(Span(caregiver_id=arriving.caregiver_id, earliest=at, latest=at), theirs)
    begun = {one.id: one.at for one in gathering.found.values() if one.id in gathering.spanned and _is_check_in(one)}
    if arriving.kind is RegistrationKind.CHECK_IN:
        begun[arriving.id] = at
    for one in theirs:
        named = _named(one)
        gathering.found[one.id] = one
        if one.id in gathering.spanned or named not in begun:
            continue
        if one.at < begun[named]:
            return None
        gathering.spanned.add(one.id)
        gathering.settled[arriving.caregiver_id].add(one.id)
    if gathering.named_outside(arriving.visit_id):
        return None
    return gathering.result(arriving.id).get(arriving.caregiver_id, Around(settled=frozenset({arriving.id})))
