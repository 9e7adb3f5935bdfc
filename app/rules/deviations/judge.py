"""The judgement of a setting: every deviation with its state, and what becomes of every performed second.

One function for all: closing a month, an adjustment, a projection, a simulation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.rules.deviations import at_caregivers, at_devices, at_orders, at_plans, at_seconds, at_travels, at_visits
from app.rules.deviations.explain import Explained, by_subject, explain, held_visits, is_about
from app.rules.deviations.facts import Facts
from app.rules.deviations.seconds import Account, Fate, Holds, Stretch, account
from app.rules.deviations.setting import Setting, known_facts, lay_out, visits_of
from app.rules.deviations.values import Explanation, Found
from app.rules.time import shift
from app.rules.visits.values import Visit, VisitState


class Pay(StrEnum):
    """What a visit comes to in pay, the cap apart. Source: CONTRACT."""

    PAYABLE = "payable"
    HELD = "held"
    PART_HELD = "part_held"
    UNPAID = "unpaid"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of the visits as of the setting's instant."""

    setting: Setting
    visits: tuple[Visit, ...]
    deviations: tuple[Explained, ...]
    account: Account

    @property
    def by_visit(self) -> Mapping[str, list[Explained]]:
        """The deviations of each subject's id."""
        return by_subject(self.deviations)


def judge(facts: Facts, now: datetime, months: Iterable[str]) -> Judgement:
    """Judges the facts as of the instant, which it includes; D1 is asked of `months` only, as far as they are over."""
    setting = lay_out(known_facts(facts, shift(now, 1)), now)
    return judge_visits(visits_of(setting), setting, months)


def judge_before(facts: Facts, lock: datetime, months: Iterable[str]) -> Judgement:
    """Judges what was recorded strictly before the lock, as of the lock. Source: R9."""
    setting = lay_out(known_facts(facts, lock), lock)
    return judge_visits(visits_of(setting), setting, months)


def judge_visits(visits: tuple[Visit, ...], setting: Setting, months: Iterable[str]) -> Judgement:
    """Judges visits that are already made, in the setting. Source: R6 for the order of the steps."""
    explanations = setting.facts.explanations
    by_visit = explain(at_visits.find(visits, setting), explanations)
    shared = at_caregivers.overlaps(visits)
    overlapping = explain(at_caregivers.find(visits, shared, setting), explanations)
    held = {one.found.subject.id: shared[one.found.subject.id][0] for one in overlapping if one.holds}
    accounted = account(visits, setting, Holds(visits=held_visits(by_visit), overlaps=held))
    rest: list[Found] = [
        *at_plans.find(visits, setting),
        *at_orders.find_under(accounted, months, setting),
        *at_orders.find_over(accounted, setting),
        *at_orders.find_late(visits, setting),
        *at_seconds.find(accounted, setting),
        *at_devices.find(setting),
        *at_travels.find(visits, setting),
    ]
    everything = [*by_visit, *overlapping, *explain(rest, explanations)]
    return Judgement(setting, visits, tuple(sorted(everything, key=_place)), accounted)


def _place(one: Explained) -> tuple[int, str, str, str]:
    found = one.found
    return (int(found.rule[1:]), found.period or "", found.subject.type, found.subject.id)


def bind(facts: Facts, months: Iterable[str]) -> Facts:
    """The facts with every verdict bound to what was shown when it was given, for files that do not state it.

    A verdict on a deviation that nobody could see then binds to nothing, and so releases nothing. Source: RULEBOOK D.
    """
    asked = tuple(months)
    shown: dict[datetime, Judgement] = {}
    bound: list[Explanation] = []
    for one in facts.explanations:
        verdict = one.verdict
        if verdict is None or verdict.bound_facts is not None:
            bound.append(one)
            continue
        if verdict.at not in shown:
            shown[verdict.at] = judge(facts, verdict.at, asked)
        bound.append(replace(one, verdict=replace(verdict, bound_facts=_shown(one, shown[verdict.at]))))
    return replace(facts, explanations=tuple(bound))


def _shown(explanation: Explanation, judgement: Judgement) -> str | None:
    """The facts of the one deviation that it is about; None (any facts) where it is about several at once."""
    about = [one.found for one in judgement.deviations if is_about(explanation, one.found)]
    if len(about) > 1:
        return None
    return about[0].bound_facts if about else ""


def pay_of(visit: Visit, stretches: Iterable[Stretch], held: bool) -> Pay:
    """What the visit comes to in pay: `held` tells that a deviation holds the whole of it. The cap is not its matter
    (R2).
    """
    if visit.state is VisitState.VOID or visit.extra_service:
        return Pay.UNPAID
    fates = [one.fate for one in stretches]
    if held or (fates and all(fate in (Fate.HELD, Fate.UNPRICED) for fate in fates)):
        return Pay.HELD
    if any(fate in (Fate.HELD, Fate.UNPRICED) for fate in fates):
        return Pay.PART_HELD
    if fates and all(fate is Fate.UNPAID_OVERLAP for fate in fates):
        return Pay.UNPAID
    return Pay.PAYABLE


def pays(judgement: Judgement) -> dict[str, Pay]:
    """Each visit's pay."""
    stretches: dict[str, list[Stretch]] = {}
    for one in judgement.account.stretches:
        stretches.setdefault(one.visit.id, []).append(one)
    held = held_visits(judgement.deviations)
    return {visit.id: pay_of(visit, stretches.get(visit.id, ()), visit.id in held) for visit in judgement.visits}
