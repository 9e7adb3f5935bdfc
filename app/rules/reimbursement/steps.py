"""A line's life as it can be followed: each step of its key, what stands after it, and the sum worked out (R1, R8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.rules.reimbursement.lines import half_up
from app.rules.reimbursement.values import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """An amount worked out: whole seconds by the hour's öre, exact before it was rounded once, half up. Source: R1."""

    seconds: int
    ore_per_hour: Decimal
    exact_ore: Fraction
    amount_ore: int


def worked(seconds: int, ore_per_hour: Decimal) -> Worked:
    """So many seconds at the rate. Source: R1."""
    exact = Fraction(ore_per_hour) * seconds / 3600
    return Worked(seconds=seconds, ore_per_hour=ore_per_hour, exact_ore=exact, amount_ore=half_up(exact))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line or an adjustment, what its key had come to before and comes to with it, and that sum worked out.

    Its seconds and amount are the difference of the two, so that an amount is never rounded as a difference.
    """

    line: Line
    before_seconds: int
    before_ore: int
    after_seconds: int
    after_ore: int
    worked: Worked

    @property
    def agrees(self) -> bool:
        """True where what was issued of the key so far is what its whole comes to. Source: R8."""
        return (self.after_seconds, self.after_ore) == (self.worked.seconds, self.worked.amount_ore)


def steps(lines: Iterable[Line]) -> tuple[Step, ...]:
    """The lines of one key in the order issued, each with the running sums. Source: R8, R11."""
    found: list[Step] = []
    seconds = ore = 0
    for line in sorted(lines, key=lambda one: one.sequence):
        step = Step(
            line=line,
            before_seconds=seconds,
            before_ore=ore,
            after_seconds=seconds + line.seconds,
            after_ore=ore + line.amount_ore,
            worked=worked(line.total.seconds, line.total.ore_per_hour),
        )
        found.append(step)
        seconds, ore = step.after_seconds, step.after_ore
    return tuple(found)


def seconds_of_visit(line: Line, visit_id: str) -> int:
    """How many seconds of the visit the whole of the line's key has, as of its run."""
    return sum(one.seconds for one in line.total.segments if one.visit_id == visit_id)
