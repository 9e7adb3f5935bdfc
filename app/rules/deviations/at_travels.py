"""D14: the caregiver's next stay begins sooner than the distance between the two customers allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from app.rules.deviations.setting import Setting
from app.rules.deviations.values import Effect, Found, Rule, Subject, SubjectType, laid_out
from app.rules.people import Customer, Position, Protection
from app.rules.policies import Applied
from app.rules.time import format_instant, local_day, local_month, seconds_between
from app.rules.visits.distance import metres_between
from app.rules.visits.values import Stay, Visit, VisitState, stay_of

JOURNEY_SECONDS = 86_400
"""Between stays that lie a day or more apart no journey is looked at, however far. Source: our decision."""
SPEED, NEAR = "implausible_travel_km_per_hour", "position_near_metres"


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """A journey that nobody can have made: from which stay, its time and distance, and the least that it takes."""

    stay: Stay
    left: Stay
    metres: int
    least_seconds: int
    policies: tuple[Applied, ...]

    @property
    def seconds(self) -> int:
        """Whole seconds between the two stays."""
        return seconds_between(self.left.left_at, self.stay.arrived_at)

    @property
    def facts(self) -> dict[str, object]:
        """What the deviation tells, beside the visit's own times."""
        seen: dict[str, object] = {
            "visit_ids": [self.left.id],
            "left_at": format_instant(self.left.left_at),
            "arrived_at": format_instant(self.stay.arrived_at),
            "between_seconds": self.seconds,
            "distance_metres": self.metres,
        }
        return laid_out(seen, {"least_seconds": self.least_seconds}, self.policies)


def find(visits: Iterable[Visit], setting: Setting) -> list[Found]:
    """D14 of each visit whose caregiver cannot have come from the stay before it, in order of id.

    The stays before may be anybody's: those of the visits, and those that the facts tell of beside them.
    """
    told = {visit.id: visit for visit in visits if visit.state is not VisitState.VOID}
    stays = {one.id: one for one in setting.facts.stays} | {visit.id: stay_of(visit) for visit in told.values()}
    found = travels(stays.values(), setting)
    return [
        Found(
            rule=Rule.D14,
            subject=Subject(type=SubjectType.VISIT, id=visit.id),
            provider_id=visit.provider_id,
            period=local_month(visit.placed_at),
            facts=found[visit.id].facts,
            effect=Effect.INFORMATION,
            asks=False,
            municipality=setting.around.municipality(visit.customer_id),
            customer_id=visit.customer_id,
        )
        for visit in sorted(told.values(), key=lambda one: one.id)
        if visit.id in found
    ]


def travels(stays: Iterable[Stay], setting: Setting, to: Collection[str] | None = None) -> Mapping[str, Travel]:
    """The journey to each stay that came too soon after the one that its caregiver began before it; `to` those with
    these ids only, or to all.

    One pass over each caregiver's stays in the order of (first known instant, id). A half visit is known at its one
    end and no longer, a void one is none. Stays that overlap say nothing here (D11 does), nor do those that share a
    customer, whose homes are near (V7's policy), or of which the one home is not known or a protected person's (A4).
    Source: D14; which stays are held against each other: our decision.
    """
    homes = _Homes(setting)
    found: dict[str, Travel] = {}
    last: dict[str, Stay] = {}
    for stay in sorted(stays, key=lambda one: (one.arrived_at, one.id)):
        before = last.get(stay.caregiver_id)
        last[stay.caregiver_id] = stay
        wanted = before is not None and (to is None or stay.id in to)
        travel = _travel(before, stay, homes) if wanted and before is not None else None
        if travel is not None:
            found[stay.id] = travel
    return found


def following(stays: Iterable[Stay], of: Collection[str], without: Collection[str] = ()) -> frozenset[str]:
    """The ids of the stays that the same caregivers began next after each of these, but for those `without`."""
    found: set[str] = set()
    after: dict[str, str] = {}
    for stay in sorted(stays, key=lambda one: (one.arrived_at, one.id), reverse=True):
        following_it = after.get(stay.caregiver_id)
        if stay.id in of and following_it is not None:
            found.add(following_it)
        if stay.id not in without:
            after[stay.caregiver_id] = stay.id
    return frozenset(found)


def _travel(left: Stay, stay: Stay, homes: _Homes) -> Travel | None:
    seconds = seconds_between(left.left_at, stay.arrived_at)
    if not 0 <= seconds < JOURNEY_SECONDS or not set(left.customer_ids).isdisjoint(stay.customer_ids):
        return None
    one, other = homes.at(left), homes.at(stay)
    if one is None or other is None:
        return None
    speed, near = homes.limits(stay)
    metres, metres_an_hour = metres_between(one, other), int(speed.value) * 1_000
    if metres <= int(near.value) or metres * 3_600 <= metres_an_hour * seconds:
        return None
    least = -(-metres * 3_600 // metres_an_hour)
    return Travel(stay=stay, left=left, metres=metres, least_seconds=least, policies=(speed, near))


class _Homes:
    """Where the customers lived, and the policies that held there."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._limits: dict[tuple[str | None, date], tuple[Applied, Applied]] = {}

    @cached_property
    def _versions(self) -> Mapping[str, list[Customer]]:
        found: dict[str, list[Customer]] = {}
        for one in sorted(self.setting.facts.customers, key=lambda one: (one.recorded_at, one.version)):
            found.setdefault(one.id, []).append(one)
        return found

    def at(self, stay: Stay) -> Position | None:
        """Where the stay's customer lived as was known when it began; nowhere of who is protected then, or by now.

        Before the first version that is known the first holds. A later move does not change a journey that was made.
        """
        versions, now = self._versions.get(stay.customer_id or ""), self.setting.customers.get(stay.customer_id or "")
        if not versions or now is None:
            return None
        known = versions if len(versions) == 1 else [one for one in versions if one.recorded_at <= stay.arrived_at]
        then = (known or versions[:1])[-1]
        return then.position if then.protection is now.protection is Protection.NONE else None

    def limits(self, stay: Stay) -> tuple[Applied, Applied]:
        """The speed and the nearness that hold where and when the stay began."""
        policies, where = self.setting.policies, self.setting.around.municipality(stay.customer_id)
        day = local_day(stay.arrived_at)
        if (where, day) not in self._limits:
            self._limits[where, day] = (policies.applied(SPEED, where, day), policies.applied(NEAR, where, day))
        return self._limits[where, day]
