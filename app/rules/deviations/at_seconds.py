"""Deviations that the seconds themselves show: D12 ungranted double staffing, D13 no order, D20 no price."""

from __future__ import annotations

from collections.abc import Callable

from app.rules.deviations.seconds import Account, Fate, Stretch
from app.rules.deviations.setting import Setting
from app.rules.deviations.values import Effect, Found, Rule, Subject, SubjectType
from app.rules.time import format_instant


def find(account: Account, setting: Setting) -> list[Found]:
    """D12, D13 and D20 of each visit and month, in order of visit. Source: R5, R4."""
    return [
        *_tell(account, Rule.D12, lambda one: one.fate is Fate.UNPAID_OVERLAP, Effect.EXPLAIN, True, setting),
        *_tell(account, Rule.D13, lambda one: one.held_by_no_order, Effect.HOLDS_PAY, True, setting),
        *_tell(account, Rule.D20, lambda one: one.unpriced, Effect.HOLDS_PAY, False, setting),
    ]


def _tell(
    account: Account, rule: Rule, concerns: Callable[[Stretch], bool], effect: Effect, asks: bool, setting: Setting
) -> list[Found]:
    found: dict[tuple[str, str], list[Stretch]] = {}
    for one in account.stretches:
        if concerns(one):
            found.setdefault((one.visit.id, one.month), []).append(one)
    return [
        Found(
            rule=rule,
            subject=Subject(type=SubjectType.VISIT, id=visit_id),
            provider_id=stretches[0].visit.provider_id,
            period=month,
            facts={"seconds": sum(one.seconds for one in stretches), "from": format_instant(stretches[0].start)},
            effect=effect,
            asks=asks,
            municipality=setting.around.municipality(stretches[0].customer_id),
            customer_id=stretches[0].customer_id,
        )
        for (visit_id, month), stretches in sorted(found.items())
    ]
