"""D11: one caregiver in two stays at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.rules.deviations.setting import Setting
from app.rules.deviations.values import Effect, Found, Rule, Subject, SubjectType
from app.rules.time import Interval, local_month, union, union_seconds
from app.rules.visits.values import Visit, VisitState

Shared = Mapping[str, tuple[tuple[Interval, ...], tuple[str, ...]]]
"""Of a visit: the time that it shares with stays begun earlier, and their ids."""


def overlaps(visits: Iterable[Visit]) -> Shared:
    """Visit id → the time of it in which its caregiver was in a stay begun earlier (ties by id), and those stays' ids.

    Only whole stays count; void ones do not. Source: D11.
    """
    by_caregiver: dict[str, list[tuple[Interval, Visit]]] = {}
    for visit in visits:
        if visit.state is VisitState.COMPLETE and (stay := visit.interval) is not None and stay.seconds > 0:
            by_caregiver.setdefault(visit.caregiver_id, []).append((stay, visit))
    found: dict[str, tuple[tuple[Interval, ...], tuple[str, ...]]] = {}
    for stays in by_caregiver.values():
        earlier: list[tuple[Interval, Visit]] = []
        for stay, visit in sorted(stays, key=lambda row: (row[0].start, row[1].id)):
            earlier = [row for row in earlier if row[0].end > stay.start]
            common = [(shared, other.id) for held, other in earlier if (shared := held.overlap(stay)) is not None]
            if common:
                found[visit.id] = (union(shared for shared, _ in common), tuple(sorted(name for _, name in common)))
            earlier.append((stay, visit))
    return found


def find(visits: Iterable[Visit], shared_by: Shared, setting: Setting) -> list[Found]:
    """D11 of each later stay, with the overlapping seconds and the stays that it overlaps, as `overlaps` tells them."""
    by_id = {visit.id: visit for visit in visits}
    return [
        Found(
            rule=Rule.D11,
            subject=Subject(type=SubjectType.VISIT, id=visit_id),
            provider_id=by_id[visit_id].provider_id,
            period=local_month(by_id[visit_id].placed_at),
            facts={"seconds": union_seconds(shared), "visit_ids": list(others)},
            effect=Effect.HOLDS_PAY,
            asks=True,
            municipality=setting.around.municipality(by_id[visit_id].customer_id),
            customer_id=by_id[visit_id].customer_id,
        )
        for visit_id, (shared, others) in sorted(shared_by.items())
    ]
