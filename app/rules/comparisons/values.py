"""What a comparison of two outcomes tells: rows, tallies, settings, and how they are added up.

Money and time are differences of whole numbers, so that a sum of differences is always the difference of the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from app.rules.deviations.values import Rule
from app.rules.reimbursement.lines import half_up


class By(StrEnum):
    """What rows are told apart by, beside municipality, provider and service."""

    CUSTOMER = "customer"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Key:
    """Whose a row is. Empty where it is not known (held before it is clear at whose), or not asked for."""

    municipality: str = ""
    provider_id: str = ""
    service: str = ""
    customer_id: str = ""
    month: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Paid, beyond the cap with its worth, and held or without a price. Source: R1, R2, R6."""

    paid_seconds: int = 0
    amount_ore: int = 0
    excess_seconds: int = 0
    worth_ore: int = 0
    held_seconds: int = 0

    def plus(self, other: Amounts, times: int = 1) -> Amounts:
        """Both together; with `times` −1 what this one has more."""
        return Amounts(
            paid_seconds=self.paid_seconds + times * other.paid_seconds,
            amount_ore=self.amount_ore + times * other.amount_ore,
            excess_seconds=self.excess_seconds + times * other.excess_seconds,
            worth_ore=self.worth_ore + times * other.worth_ore,
            held_seconds=self.held_seconds + times * other.held_seconds,
        )


NOTHING = Amounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one key comes to in both."""

    key: Key
    before: Amounts
    after: Amounts

    @property
    def difference(self) -> Amounts:
        """What the second has more; less is negative."""
        return self.after.plus(self.before, -1)

    @property
    def per_ten_thousand(self) -> int | None:
        """How much more is paid, in hundredths of a per cent of the first, half up; None of nothing."""
        paid = self.before.amount_ore
        return half_up(Fraction(self.difference.amount_ore * 10_000, paid)) if paid else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many deviations of a provider and rule each has; `opened` are in the second only, `cleared` in the first."""

    provider_id: str
    rule: Rule
    before: int
    after: int
    opened: int
    cleared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is set otherwise from a day on: a rate's öre per hour or a policy's value. None where there is none.

    `since` None: always. `about` tells a rate's service, law, provider kind and band.
    """

    kind: str
    name: str
    municipality: str | None
    about: tuple[str, ...]
    since: date | None
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changes for whom, everything in a fixed order; rows and tallies that do not change among them."""

    rows: tuple[Row, ...] = ()
    tallies: tuple[Tally, ...] = ()

    @property
    def total(self) -> Row:
        """All rows as one."""
        return summed(Key(), self.rows)

    @property
    def changed_rows(self) -> tuple[Row, ...]:
        """The rows that come to something else."""
        return tuple(row for row in self.rows if row.difference != NOTHING)

    @property
    def changed_tallies(self) -> tuple[Tally, ...]:
        """The tallies of which something opens or clears."""
        return tuple(one for one in self.tallies if one.opened or one.cleared)

    @property
    def changes(self) -> bool:
        """True where anything comes to something else."""
        return bool(self.changed_rows or self.changed_tallies)

    @property
    def by_provider(self) -> tuple[Row, ...]:
        """The rows of each provider in each municipality as one."""
        return grouped(self.rows, lambda key: Key(municipality=key.municipality, provider_id=key.provider_id))

    @property
    def by_service(self) -> tuple[Row, ...]:
        """The rows of each service as one."""
        return grouped(self.rows, lambda key: Key(service=key.service))

    @property
    def by_rule(self) -> tuple[Tally, ...]:
        """The tallies of all providers together, one for each rule."""
        return by_rule(self.tallies)


def joined(several: Iterable[Comparison]) -> Comparison:
    """Comparisons of different providers as one."""
    told = tuple(several)
    return Comparison(
        rows=tuple(sorted((row for one in told for row in one.rows), key=lambda row: row.key)),
        tallies=by_place(tally for one in told for tally in one.tallies),
    )


def grouped(rows: Iterable[Row], of: Callable[[Key], Key]) -> tuple[Row, ...]:
    """The rows added up by what `of` leaves of their keys, in order."""
    groups: dict[Key, list[Row]] = {}
    for row in rows:
        groups.setdefault(of(row.key), []).append(row)
    return tuple(summed(key, groups[key]) for key in sorted(groups))


def summed(key: Key, rows: Iterable[Row]) -> Row:
    """The rows as one row of the key."""
    before, after = NOTHING, NOTHING
    for row in rows:
        before, after = before.plus(row.before), after.plus(row.after)
    return Row(key=key, before=before, after=after)


def by_rule(tallies: Iterable[Tally]) -> tuple[Tally, ...]:
    """The tallies of all providers together, one for each rule."""
    groups: dict[Rule, list[Tally]] = {}
    for one in tallies:
        groups.setdefault(one.rule, []).append(one)
    return by_place(
        Tally(
            provider_id="",
            rule=rule,
            before=sum(one.before for one in several),
            after=sum(one.after for one in several),
            opened=sum(one.opened for one in several),
            cleared=sum(one.cleared for one in several),
        )
        for rule, several in groups.items()
    )


def by_place(tallies: Iterable[Tally]) -> tuple[Tally, ...]:
    """The tallies in order of provider and rule."""
    return tuple(sorted(tallies, key=lambda one: (one.provider_id, int(one.rule[1:]))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One number of each outcome in all; `unit` is s, öre, or empty for things that are counted."""

    name: str
    unit: str
    before: int
    after: int
