"""What follows from changed visits: judgements that are due, and what others are told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.actions.deviations.settle import settle_due
from app.actions.months import reopen
from app.actions.visits.project import Projected
from app.actions.visits.show import SeenVisit, show
from app.rules.time import local_month
from app.rules.visits.arrive import is_clean
from app.rules.visits.surroundings import Surroundings
from app.rules.visits.values import RegistrationKind, Resolved, Visit, VisitState
from app.rules.visits.whereabouts import shown_registration
from app.storage import events
from app.storage.database import Transaction
from app.storage.events import Event
from app.storage.judgements import NOBODY, Due, mark_due
from app.storage.judging import begun_next


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """How registrations and visits look as JSON values, to whoever follows along."""

    registration: Callable[[Resolved], dict[str, Any]]
    visit: Callable[[SeenVisit], dict[str, Any]]


def dues_of(visits: Iterable[Visit]) -> set[Due]:
    """The months that the visits weigh on: of their customer and of everybody in their household."""
    return {
        Due(provider_id=visit.provider_id, customer_id=customer_id or NOBODY, month=local_month(at))
        for visit in visits
        for at in {visit.placed_at, visit.ends_at or visit.placed_at}
        for customer_id in {visit.customer_id, *(one.customer_id for one in visit.household)}
    }


def tell_and_settle(
    tx: Transaction,
    care_system_id: str,
    projected: Projected,
    arrived: Collection[Resolved],
    faces: Faces,
    now: datetime,
) -> None:
    """What came is told, what it weighs on is judged, and what the visits are then is told.

    Of clean check-ins the judgement is due, and left to the next sweep.
    """
    clean = {one.id for one in arrived if one.registration.kind is RegistrationKind.CHECK_IN and is_clean(one)}
    differing = projected.differing
    fresh = {key for key in differing if key in clean and _is_just_begun(projected, key)}
    moved = [held[key] for held in (projected.before, projected.after) for key in differing if key in held]
    ordered = sorted(arrived, key=lambda one: one.order)
    events.append(tx, care_system_id, [recorded(one, projected.around, faces, now) for one in ordered])
    mark_due(tx, care_system_id, dues_of(moved), at=now)
    reopen(tx, care_system_id, dues_of(moved), now)
    weighing = dues_of(one for one in moved if one.id not in fresh)
    settle_due(tx, care_system_id, weighing | _left_behind(tx, care_system_id, projected), now)
    seen = show(tx, care_system_id, [_last(projected, key) for key in differing], projected.around)
    told = [
        visit_event(name, seen[key], projected.around, faces, now)
        for key in differing
        for name in _what_happened(projected.before.get(key), projected.after.get(key))
    ]
    events.append(tx, care_system_id, told)


def _left_behind(tx: Transaction, care_system_id: str, projected: Projected) -> set[Due]:
    """The months of the stays begun next after where visits no longer are: come to otherwise now. Source: D14."""
    left = {
        key: one
        for key, one in projected.before.items()
        if key not in projected.after or projected.after[key].placed_at != one.placed_at
    }
    provider_of = {one.caregiver_id: one.provider_id for one in left.values()}
    return {
        Due(
            provider_id=provider_of[stay.caregiver_id], customer_id=stay.customer_id, month=local_month(stay.arrived_at)
        )
        for stay in begun_next(tx, care_system_id, tuple(left.values()))
        if stay.customer_id is not None
    }


def _is_just_begun(projected: Projected, key: str) -> bool:
    after = projected.after.get(key)
    if key in projected.before or after is None or after.state is not VisitState.OPEN:
        return False
    return after.check_in is not None and after.check_in.doubt is None


def _last(projected: Projected, key: str) -> Visit:
    """The visit as it is; one that is no more, as void."""
    after = projected.after.get(key)
    return replace(projected.before[key], state=VisitState.VOID) if after is None else after


def _what_happened(before: Visit | None, after: Visit | None) -> list[str]:
    """The types of the changes that a visit has gone through. Source: CONTRACT, change."""
    if after is None:
        return ["visit.corrected"]
    if before is None:
        opened = [] if after.check_in is None else ["visit.opened"]
        return opened if after.check_out is None else [*opened, "visit.closed"]
    if before.check_out is None and after.check_out is not None:
        return ["visit.closed"]
    return ["visit.corrected"]


def recorded(one: Resolved, around: Surroundings, faces: Faces, now: datetime) -> Event:
    """That a registration is kept, told as to somebody who sees no names: anybody may follow along. Source: A2, A4."""
    return Event(
        at=now,
        type="registration.recorded",
        resource_type="registration",
        resource_id=one.id,
        data=faces.registration(shown_registration(one, (), with_names=False)),
        external_id=one.registration.external_id,
        provider_id=one.provider_id,
        municipality=around.municipality(one.customer_id),
    )


def visit_event(name: str, seen: SeenVisit, around: Surroundings, faces: Faces, now: datetime) -> Event:
    """What a visit has gone through."""
    visit = seen.visit
    return Event(
        at=now,
        type=name,
        resource_type="visit",
        resource_id=visit.id,
        data=faces.visit(seen),
        provider_id=visit.provider_id,
        municipality=around.municipality(visit.customer_id),
    )
