"""Visits as others see them: with their parts, what becomes of their pay, and the deviations that stand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.actions.deviations.standing import found_of
from app.rules.deviations.explain import Explained
from app.rules.deviations.judge import Pay
from app.rules.deviations.shown import pay_shown
from app.rules.visits.parts import parts_of
from app.rules.visits.surroundings import Surroundings
from app.rules.visits.values import Part, Visit
from app.storage.database import Transaction
from app.storage.deviations import Deviation, rules_at


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVisit:
    """A visit with what a judgement adds; `deviations` are rules. Source: CONTRACT."""

    visit: Visit
    parts: tuple[Part, ...] = ()
    pay: str = Pay.PAYABLE
    deviations: tuple[str, ...] = ()


def show(tx: Transaction, care_system_id: str, visits: Collection[Visit], around: Surroundings) -> dict[str, SeenVisit]:
    """The visits as others see them, by id."""
    standing = rules_at(tx, care_system_id, [one.id for one in visits])
    return {one.id: _seen(one, standing.get(one.id, ()), around) for one in visits}


def _seen(visit: Visit, standing: Collection[Deviation], around: Surroundings) -> SeenVisit:
    explained = [Explained(found=found_of(row), state=row.state) for row in standing]
    return SeenVisit(
        visit=visit,
        parts=parts_of(visit, around),
        pay=pay_shown(visit, explained),
        deviations=tuple(sorted({row.rule for row in standing}, key=lambda rule: int(rule[1:]))),
    )
