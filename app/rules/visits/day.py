"""A provider's day as it happens: what was planned against what was registered, and which of it needs a hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.rules.plans import PlannedVisit, called_off
from app.rules.policies import Policies
from app.rules.time import local_day, shift
from app.rules.visits.values import Visit, VisitState


class DayState(StrEnum):
    """Where a planned visit, or one that was registered, stands at an instant."""

    MISSED = "missed"
    """Nobody came, and D3's time has passed."""
    LATE = "late"
    """Not begun, and its start has passed by more than may be (D5)."""
    SHORT = "short"
    """Begun, by fewer caregivers than were planned, as late as that."""
    STILL_OPEN = "still_open"
    """Begun, and its planned end has passed."""
    NO_CHECK_OUT = "no_check_out"
    NO_CHECK_IN = "no_check_in"
    DUE = "due"
    """Not begun, and its start has passed."""
    UNDER_WAY = "under_way"
    COMING = "coming"
    DONE = "done"
    CANCELLED = "cancelled"
    AWAY = "away"
    """The customer is away that day (V18)."""


class DayGroup(StrEnum):
    """What is looked at together, in the order in which a coordinator looks."""

    HAND = "hand"
    NOW = "now"
    UNPLANNED = "unplanned"
    COMING = "coming"
    DONE = "done"
    OFF = "off"


_GROUPS: Mapping[DayState, DayGroup] = {
    DayState.MISSED: DayGroup.HAND,
    DayState.LATE: DayGroup.HAND,
    DayState.SHORT: DayGroup.HAND,
    DayState.STILL_OPEN: DayGroup.HAND,
    DayState.NO_CHECK_OUT: DayGroup.HAND,
    DayState.NO_CHECK_IN: DayGroup.HAND,
    DayState.DUE: DayGroup.NOW,
    DayState.UNDER_WAY: DayGroup.NOW,
    DayState.COMING: DayGroup.COMING,
    DayState.DONE: DayGroup.DONE,
    DayState.CANCELLED: DayGroup.OFF,
    DayState.AWAY: DayGroup.OFF,
}
_BY_VISIT: Mapping[VisitState, DayState] = {
    VisitState.COMPLETE: DayState.DONE,
    VisitState.NO_CHECK_OUT: DayState.NO_CHECK_OUT,
    VisitState.NO_CHECK_IN: DayState.NO_CHECK_IN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One stay of the day: planned, registered or both. `caregiver_ids` are who came, else who should."""

    state: DayState
    group: DayGroup
    caregiver_ids: tuple[str, ...]
    customer_id: str | None
    plan: PlannedVisit | None = None
    visit: Visit | None = None

    @property
    def id(self) -> str:
        """The visit's id, else the plan's: no two rows of a day share it."""
        if self.visit is not None:
            return self.visit.id
        return "" if self.plan is None else self.plan.id

    @property
    def at(self) -> datetime | None:
        """When it is looked for: its planned start, else when it was registered."""
        if self.plan is not None:
            return self.plan.starts_at
        return None if self.visit is None else self.visit.placed_at

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """Everybody whose stay it is (V12)."""
        told = self.visit.customer_ids if self.visit is not None else ()
        planned = (self.plan.customer_id, *self.plan.household) if self.plan is not None else ()
        return told or planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the day's rows are held against: policies, each customer's municipality, and who is away that day."""

    policies: Policies
    municipalities: Mapping[str, str]
    away: Collection[str] = ()

    def seconds(self, name: str, plan: PlannedVisit) -> int:
        """The policy as it holds for the planned visit."""
        return self.policies.number(name, self.municipalities.get(plan.customer_id), local_day(plan.starts_at))


def day_rows(
    plans: Iterable[PlannedVisit], visits: Iterable[Visit], around: Around, now: datetime
) -> tuple[DayRow, ...]:
    """A row of each visit and of each plan that fewer answered than it names caregivers, the earliest first.

    `plans` are as they stood at their start (V16); a void visit answers to none. Where nothing at all was planned no
    visit is unplanned (D17).
    """
    answering: dict[str, list[Visit]] = {}
    counted = [one for one in visits if one.state is not VisitState.VOID]
    for visit in counted:
        answering.setdefault(visit.planned_visit_id or "", []).append(visit)
    known = {plan.id: plan for plan in plans}
    rows = [_of_visit(one, known.get(one.planned_visit_id or ""), bool(known), now) for one in counted]
    for plan in known.values():
        rows += _of_plan(plan, answering.get(plan.id, []), around, now)
    return tuple(sorted(rows, key=lambda row: (row.at or now, row.id)))


def _of_visit(visit: Visit, plan: PlannedVisit | None, planning: bool, now: datetime) -> DayRow:
    if visit.state is VisitState.OPEN:
        over = plan is not None and now > plan.ends_at
        state = DayState.STILL_OPEN if over else DayState.UNDER_WAY
    else:
        state = _BY_VISIT[visit.state]
    group = _GROUPS[state]
    unplanned = planning and plan is None and not visit.extra_service
    return DayRow(
        state=state,
        group=DayGroup.UNPLANNED if unplanned and group is DayGroup.DONE else group,
        caregiver_ids=(visit.caregiver_id,),
        customer_id=visit.customer_id,
        plan=plan,
        visit=visit,
    )


def _of_plan(plan: PlannedVisit, visits: list[Visit], around: Around, now: datetime) -> list[DayRow]:
    if len(visits) >= max(1, len(plan.caregiver_ids)):
        return []
    state = _unanswered(plan, bool(visits), around, now)
    came = {one.caregiver_id for one in visits}
    missing = tuple(one for one in plan.caregiver_ids if one not in came)
    row = DayRow(state=state, group=_GROUPS[state], caregiver_ids=missing, customer_id=plan.customer_id, plan=plan)
    return [row]


def _unanswered(plan: PlannedVisit, begun: bool, around: Around, now: datetime) -> DayState:
    """What it is that nobody, or not everybody, has come. Each instant of a policy is still inside. Source: D3, D5."""
    if called_off(plan):
        return DayState.CANCELLED
    if not begun and plan.customer_id in around.away:
        return DayState.AWAY
    if not begun and now > shift(plan.ends_at, around.seconds("missed_visit_seconds", plan)):
        return DayState.MISSED
    if now > shift(plan.starts_at, around.seconds("off_schedule_seconds", plan)):
        return DayState.SHORT if begun else DayState.LATE
    return DayState.COMING if now <= plan.starts_at else DayState.DUE


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage:
    """How many rows each group has, and those that are shown. `following` is the last one shown where more follow."""

    counts: Mapping[DayGroup, int]
    shown: Mapping[DayGroup, tuple[DayRow, ...]]
    following: str | None = None


ALWAYS = (DayGroup.HAND, DayGroup.NOW)
"""The groups of a whole provider that are shown to whoever asks for none; of the others only how many there are."""


def page_of(
    rows: Iterable[DayRow], caregiver_id: str | None, group: DayGroup | None, after: str | None, limit: int
) -> DayPage:
    """At most `limit` rows of one group, of each of a caregiver's day, or of each that is always shown.

    None is every caregiver's. `after` is the id of the last row seen of the group that is asked for; one that is no
    more begins again.
    """
    theirs = [row for row in rows if caregiver_id is None or caregiver_id in row.caregiver_ids]
    groups = {one: [row for row in theirs if row.group is one] for one in DayGroup}
    whole = ALWAYS if caregiver_id is None else tuple(DayGroup)
    wanted = whole if group is None else (group,)
    shown = {one: tuple(_after(groups[one], after)[:limit]) for one in wanted}
    following = None
    if group is not None and shown[group] and shown[group][-1] is not groups[group][-1]:
        following = shown[group][-1].id
    return DayPage(counts={one: len(several) for one, several in groups.items()}, shown=shown, following=following)


def _after(rows: list[DayRow], after: str | None) -> list[DayRow]:
    places = [place for place, row in enumerate(rows) if row.id == after]
    return rows[places[0] + 1 :] if places else rows
