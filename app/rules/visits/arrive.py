"""What an arriving registration comes to where it touches one visit only: the usual check-in, the usual check-out.

Everything else is derived from all that lies around it (V5); this is exactly the same, for what is cheap to tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from app.rules.plans import Start, match
from app.rules.time import Interval, local_day, seconds_between, shift
from app.rules.visits.derive import derive
from app.rules.visits.reach import Reached, match_seconds, reach
from app.rules.visits.surroundings import LONG_SERVICES, Surroundings
from app.rules.visits.taps import Tap, surely_last, tap_of
from app.rules.visits.values import ClockGrade, RegistrationKind, Resolved, Visit, VisitState


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorstep:
    """What is known where a registration arrives.

    Nothing of the caregiver is later than `latest`. `open_visit` is the caregiver's open one and `its` are the
    registrations that it is made of; `corrected` tells that somebody has stated something of it. `named` tells that
    something names the arriving one as its visit. Of the phone's boot, `later_in_boot` tells that a registration made
    later has come already, and `check_in_of_boot` is the last check-in before. `visits_there` and the plans of `around`
    are all that the provider has at the customers concerned within `seen`. `top_tap` is the tap that has counted
    furthest at the tag that was read, the latest of its copies.
    """

    latest: datetime | None
    open_id: str | None
    open_visit: Visit | None
    its: tuple[Resolved, ...]
    corrected: bool
    named: bool
    later_in_boot: bool
    check_in_of_boot: str | None
    visits_there: tuple[Visit, ...]
    around: Surroundings
    seen: Interval
    top_tap: Tap | None = None


def arrive(one: Resolved, step: Doorstep, as_of: datetime) -> Visit | None:
    """The one visit that the registration makes or closes, all others staying as they are; None where some may change.

    Source: V4–V6, V16.
    """
    if step.later_in_boot or step.named or (step.latest is not None and one.at <= step.latest):
        return None
    if not _taps_alone(one, step):
        return None
    if one.registration.kind is RegistrationKind.CHECK_IN:
        return _begun(one, step, as_of) if step.open_id is None else None
    if one.registration.kind is RegistrationKind.CHECK_OUT and step.open_visit is not None and not step.corrected:
        return _closed(one, step.open_visit, step, as_of)
    return None


def _taps_alone(one: Resolved, step: Doorstep) -> bool:
    """True where no tap of the tag says anything about this one, nor it about them, nor any about the check-in. D21."""
    tap, opened = tap_of(one), step.open_visit
    if opened is not None and opened.check_in is not None and opened.check_in.doubt is not None:
        return False
    return tap is None or (surely_last(tap, step.top_tap) and one.customer_id == one.reading.customer_id)


def is_clean(one: Resolved) -> bool:
    """True for a registration at a known customer's tag, in time: no deviation of its own. Source: D9, D10, D16."""
    proven = one.evidence_grade > 0 and one.customer_id is not None and one.reading.customer_id == one.customer_id
    return proven and one.clock.grade is ClockGrade.VERIFIED and not one.registration.extra_service


def _begun(one: Resolved, step: Doorstep, as_of: datetime) -> Visit | None:
    """The visit that a check-in after everything else begins, with the plan that it gets beside the visits there."""
    alone = _derived(one, step, as_of, frozenset(step.around.plans))
    tied = reach([alone], [], step.visits_there, step.around)
    others = [visit for visit in step.visits_there if visit.id in tied.visit_ids]
    if not _all_seen(one, tied, step):
        return None
    if not others:
        return alone
    if one.registration.service is None and _some_are_long(tied, step.around):
        return None
    found = _matched(alone, one, others, tied, step.around)
    if any(found.get(visit.id) != visit.planned_visit_id for visit in others):
        return None
    own = found.get(one.id)
    return _derived(one, step, as_of, frozenset() if own is None else frozenset([own]))


def _derived(one: Resolved, step: Doorstep, as_of: datetime, plan_ids: frozenset[str]) -> Visit:
    (visit,) = derive([one], (), _with_plans(step.around, plan_ids), as_of)
    return visit


def _with_plans(around: Surroundings, plan_ids: frozenset[str]) -> Surroundings:
    return replace(around, plans={key: plan for key, plan in around.plans.items() if key in plan_ids})


def _all_seen(one: Resolved, tied: Reached, step: Doorstep) -> bool:
    """True where whatever could be tied to these lies within what was read."""
    named = one.registration.planned_visit_id
    if named is not None and (named not in step.around.plans or one.customer_id is None):
        return False
    here = (one.provider_id, one.customer_id)
    for spot in tied.spots:
        far = match_seconds(spot.customer_id, spot.at, step.around)
        inside = step.seen.start <= shift(spot.at, -far) and shift(spot.at, far) < step.seen.end
        if (spot.provider_id, spot.customer_id) != here or not inside:
            return False
    return True


def _some_are_long(tied: Reached, around: Surroundings) -> bool:
    """True where the plan that a check-in gets may decide how long it may be open. Source: V4."""
    if any(around.plans[key].service in LONG_SERVICES for key in tied.plan_ids):
        return True
    services = {around.only_service(spot.provider_id, spot.customer_id, spot.at) for spot in tied.spots}
    return any(service in LONG_SERVICES for service in services)


def _matched(alone: Visit, one: Resolved, others: list[Visit], tied: Reached, around: Surroundings) -> dict[str, str]:
    """Which plan each of the visits tied together answers to, the arriving one among them. Source: V16."""
    starts = [start for visit in others if (start := _start(visit)) is not None]
    named = one.registration.planned_visit_id
    if one.customer_id is not None and (named is not None or not alone.extra_service):
        starts.append(
            Start(
                visit_id=one.id,
                provider_id=one.provider_id,
                customer_id=one.customer_id,
                caregiver_id=one.registration.caregiver_id,
                at=one.at,
                names=named,
            )
        )
    plans = [around.plans[key] for key in sorted(tied.plan_ids)]
    return match(starts, plans, lambda start: match_seconds(start.customer_id, start.at, around))


def _start(visit: Visit) -> Start | None:
    """Where a visit that is kept stands in the match; None where it answers to no plan whatever comes."""
    named = visit.planned_visit_id if visit.named_plan else None
    if visit.state is VisitState.VOID or visit.customer_id is None:
        return None
    if named is None and (visit.starts_at is None or visit.extra_service):
        return None
    return Start(
        visit_id=visit.id,
        provider_id=visit.provider_id,
        customer_id=visit.customer_id,
        caregiver_id=visit.caregiver_id,
        at=visit.placed_at,
        names=named,
    )


def _closed(one: Resolved, visit: Visit, step: Doorstep, as_of: datetime) -> Visit | None:
    """The open visit, closed by a check-out after everything else; None where its match with plans may change by it."""
    told = one.registration
    if told.visit_id not in (None, visit.id) or step.check_in_of_boot not in (None, visit.id):
        return None
    if told.planned_visit_id not in (None, visit.planned_visit_id):
        return None
    if visit.check_in is None or (told.visit_id is None and not _surely_closes(visit, one, step)):
        return None
    plan = frozenset() if visit.planned_visit_id is None else frozenset([visit.planned_visit_id])
    if not plan <= step.around.plans.keys():
        return None
    derived = derive([*step.its, one], (), _with_plans(step.around, plan), as_of)
    if len(derived) != 1 or derived[0].id != visit.id:
        return None
    (closed,) = derived
    return closed if _is_this_closed(closed, visit, one, step) else None


def _surely_closes(visit: Visit, one: Resolved, step: Doorstep) -> bool:
    """True where the check-out lies within the longest stay of any service. Source: V4."""
    municipality, day = step.around.municipality(visit.customer_id), local_day(visit.placed_at)
    longest = min(step.around.longest_stay(service, municipality, day) for service in (None, *LONG_SERVICES))
    return seconds_between(visit.placed_at, one.at) <= longest


def _is_this_closed(closed: Visit, visit: Visit, one: Resolved, step: Doorstep) -> bool:
    """True where the check-out closed it after everything else, and it stands in the match as it stood. Source: V16."""
    end = closed.check_out
    if end is None or end.registration_id != one.id or step.latest is None or end.at <= step.latest:
        return False
    return _standing(closed) == _standing(visit)


def _standing(visit: Visit) -> tuple[object, ...]:
    return (
        visit.starts_at,
        visit.customer_id,
        visit.provider_id,
        visit.extra_service,
        visit.planned_visit_id,
        visit.named_plan,
    )
