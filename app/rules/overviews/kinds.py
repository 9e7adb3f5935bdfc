"""Deviations by kind, and how much of what a provider performs was approved beyond the grants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.rules.deviations.values import DeviationState, Effect, Rule
from app.rules.overviews.adding import add


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many deviations of a rule have the effect and stand so."""

    rule: Rule
    effect: Effect
    state: DeviationState
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How the deviations of one rule stand. What was rejected is open again: it wants another explanation.

    `told` are those that only inform and that nobody needs to explain.
    """

    rule: Rule
    open: int = 0
    explained: int = 0
    accepted: int = 0
    told: int = 0

    @property
    def number(self) -> int:
        """All of them."""
        return self.open + self.explained + self.accepted + self.told


_SHOWN_AS = {
    DeviationState.OPEN: "open",
    DeviationState.REJECTED: "open",
    DeviationState.EXPLAINED: "explained",
    DeviationState.ACCEPTED: "accepted",
}


def by_kind(counts: Iterable[Count]) -> tuple[Kind, ...]:
    """The kinds that stand, the most of them first (ties in the order of the rules); what has cleared is left out."""
    found: dict[Rule, dict[str, int]] = {}
    for one in counts:
        if one.state in _SHOWN_AS:
            shown = "told" if one.effect is Effect.INFORMATION else _SHOWN_AS[one.state]
            add(found.setdefault(one.rule, {}), shown, one.number)
    kinds = (Kind(rule=rule, **told) for rule, told in found.items())
    return tuple(sorted(kinds, key=lambda one: (-one.number, int(one.rule[1:]))))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderShare:
    """How much of what a provider performed was approved beyond the grants; `provider_id` None is all together."""

    provider_id: str | None
    performed_seconds: int
    approved_seconds: int

    @property
    def per_ten_thousand(self) -> int | None:
        """The share in hundredths of a per cent, cut; None where nothing was performed. Source: K4."""
        if self.performed_seconds == 0:
            return None
        return self.approved_seconds * 10_000 // self.performed_seconds


def shares(
    performed: Mapping[str, int], approved: Mapping[str, int]
) -> tuple[tuple[ProviderShare, ...], ProviderShare]:
    """Each provider's share, the greatest first (ties by id), and that of all together."""
    found = [
        ProviderShare(provider_id=one, performed_seconds=performed.get(one, 0), approved_seconds=approved.get(one, 0))
        for one in sorted({*performed, *approved})
    ]
    everybody = ProviderShare(
        provider_id=None, performed_seconds=sum(performed.values()), approved_seconds=sum(approved.values())
    )
    return tuple(sorted(found, key=lambda one: -(one.per_ten_thousand or 0))), everybody
