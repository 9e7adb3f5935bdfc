"""What became of each performed second, summed and piece by piece, for whoever asks why it is paid or not (R6, R11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime

from app.rules.deviations.explain import Explained
from app.rules.deviations.judge import Judgement
from app.rules.deviations.seconds import Fate, Stretch
from app.rules.deviations.values import Rule, SubjectType
from app.rules.orders import Placed
from app.rules.providers import Service
from app.rules.rates import Rate
from app.rules.time import seconds_between


@dataclass(frozen=True, slots=True, kw_only=True)
class Fates:
    """Performed seconds by what became of them, in R6's order. Source: R6."""

    held: int = 0
    unpriced: int = 0
    unpaid_overlap: int = 0
    excess: int = 0
    paid: int = 0

    @property
    def performed(self) -> int:
        """All of them."""
        return self.paid + self.unpaid

    @property
    def unpaid(self) -> int:
        """Those that are not paid."""
        return self.held + self.unpriced + self.unpaid_overlap + self.excess

    def __add__(self, other: Fates) -> Fates:
        names = [one.name for one in fields(self)]
        return Fates(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Seconds of a visit that belong to one customer, service and month and share one fate; never across a gap.

    `placed` and `rate` are those that it was, or would be, paid by. `held_by` are the rules that hold it.
    """

    customer_id: str | None
    service: Service | None
    month: str
    starts_at: datetime
    ends_at: datetime
    fate: Fate
    placed: Placed | None = None
    rate: Rate | None = None
    held_by: tuple[Rule, ...] = ()

    @property
    def seconds(self) -> int:
        """Whole seconds. Source: T3."""
        return seconds_between(self.starts_at, self.ends_at)


_PARTLY = (Rule.D11, Rule.D13, Rule.D20)
"""These hold some seconds of a visit only. Source: R6."""


def pieces(judgement: Judgement) -> dict[str, tuple[Piece, ...]]:
    """What became of each visit's seconds, by visit, from its start on; what touches and is alike is one piece."""
    found: dict[str, list[Piece]] = {}
    by_visit = judgement.by_visit
    ordered = sorted(judgement.account.stretches, key=lambda one: (one.visit.id, str(one.customer_id), one.start))
    for one in ordered:
        if one.fate is None:
            continue
        of_visit = found.setdefault(one.visit.id, [])
        piece = _piece(one, one.fate, by_visit.get(one.visit.id, ()))
        if of_visit and _joins(of_visit[-1], piece):
            of_visit[-1] = replace(of_visit[-1], ends_at=piece.ends_at)
        else:
            of_visit.append(piece)
    return {key: tuple(sorted(several, key=lambda one: one.starts_at)) for key, several in found.items()}


def _piece(one: Stretch, fate: Fate, deviations: Iterable[Explained]) -> Piece:
    return Piece(
        customer_id=one.customer_id,
        service=one.service,
        month=one.month,
        starts_at=one.start,
        ends_at=one.end,
        fate=fate,
        placed=one.placed or (one.covering[0] if one.covering else None),
        rate=one.rate,
        held_by=_holders(one, deviations) if fate is Fate.HELD else (),
    )


def _holders(one: Stretch, deviations: Iterable[Explained]) -> tuple[Rule, ...]:
    """The rules that hold the stretch: those of its whole visit, else its overlap, and the lack of an order."""
    holding = {told.found.rule for told in deviations if told.holds and told.found.subject.type is SubjectType.VISIT}
    whole = {rule for rule in holding if rule not in _PARTLY}
    lacking = {Rule.D13} if one.held_by_no_order else set()
    found = whole | lacking or holding & {Rule.D11}
    return tuple(sorted(found, key=lambda rule: int(rule[1:])))


def _joins(last: Piece, piece: Piece) -> bool:
    return replace(last, ends_at=piece.ends_at) == replace(piece, starts_at=last.starts_at) and (
        last.ends_at == piece.starts_at
    )


def sum_of(several: Iterable[Piece]) -> Fates:
    """The pieces' seconds by fate."""
    found: dict[str, int] = {}
    for one in several:
        found[one.fate.value] = found.get(one.fate.value, 0) + one.seconds
    return Fates(**found)
