"""Deviations that the seconds themselves show: D12 ungranted double staffing, D13 no order, D20 no price."""

from __future__ import annotations

from collections.abc import Callable

from app.rules.deviations.seconds import Account, Fate, Stretch
from app.rules.deviations.setting import Setting
from app.rules.deviations.values import Effect, Found, Rule, Subject, SubjectType, laid_out
from app.rules.time import format_instant, local_day

Expected = Callable[[Stretch], dict[str, object]]
"""What was expected of a visit's seconds in a month, by the first of those concerned."""


def find(account: Account, setting: Setting) -> list[Found]:
    """D12, D13 and D20 of each visit and month, in order of visit. Source: R5, R4."""

    def granted(one: Stretch) -> dict[str, object]:
        caps = account.caps.get((one.covering[0].pool, one.month)) if one.covering else None
        return {} if caps is None else {"double_staffed_seconds": caps.double_staffed_seconds}

    def ordered(one: Stretch) -> dict[str, object]:
        return {"services": _services_ordered(one, setting)}

    def nothing(_: Stretch) -> dict[str, object]:
        return {}

    held, tell = Effect.HOLDS_PAY, _Telling(account, setting)
    return [
        *tell.of(Rule.D12, lambda one: one.fate is Fate.UNPAID_OVERLAP, Effect.EXPLAIN, True, granted),
        *tell.of(Rule.D13, lambda one: one.held_by_no_order, held, True, ordered),
        *tell.of(Rule.D20, lambda one: one.unpriced, held, False, nothing),
    ]


def _services_ordered(one: Stretch, setting: Setting) -> list[str]:
    """The services that the customer has ordered of the provider that day, whoever may give them."""
    if one.customer_id is None:
        return []
    placed = setting.around.orders_on(one.visit.provider_id, one.customer_id, local_day(one.start))
    return sorted({str(service) for order in placed for service in order.grant.services})


class _Telling:
    """The seconds of an account, told by the visits and months that they are of."""

    def __init__(self, account: Account, setting: Setting) -> None:
        self.account = account
        self.setting = setting

    def of(
        self, rule: Rule, concerns: Callable[[Stretch], bool], effect: Effect, asks: bool, expected: Expected
    ) -> list[Found]:
        """What the rule finds of the seconds that it concerns."""
        found: dict[tuple[str, str], list[Stretch]] = {}
        for one in self.account.stretches:
            if concerns(one):
                found.setdefault((one.visit.id, one.month), []).append(one)
        return [
            self._found(rule, month, stretches, effect, asks, expected(stretches[0]))
            for (_, month), stretches in sorted(found.items())
        ]

    def _found(
        self, rule: Rule, month: str, stretches: list[Stretch], effect: Effect, asks: bool, expected: dict[str, object]
    ) -> Found:
        first = stretches[0]
        seen = {"seconds": sum(one.seconds for one in stretches), "from": format_instant(first.start)}
        return Found(
            rule=rule,
            subject=Subject(type=SubjectType.VISIT, id=first.visit.id),
            provider_id=first.visit.provider_id,
            period=month,
            facts=laid_out(seen, expected),
            effect=effect,
            asks=asks,
            municipality=self.setting.around.municipality(first.customer_id),
            customer_id=first.customer_id,
        )
