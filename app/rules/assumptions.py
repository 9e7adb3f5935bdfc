"""What a simulation assumes otherwise than its scenario says: policies, and the öre of rates. One line says one thing.

    policy.<name>=<value>                      for every municipality and day
    policy.<municipality>.<name>=<value>       for one municipality
    rate.<which>.ore_per_hour=<öre>            another price
    rate.<which>.index=<per cent>              an OPI per cent on the price, exact
    rate.<which>.index_to_krona=<per cent>     the same, each price to its nearest krona, half up

`@YYYY-MM-DD` before the `=` lets it hold from that day on. <which> is a rate's id, `*` for every rate, or words joined
by dots that a rate must have all of: service, law, provider kind, municipality, name of its band. Source: our decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, Inexact, InvalidOperation
from fractions import Fraction

from app.rules.deviations.facts import Facts
from app.rules.indexing import proposed_ore_per_hour
from app.rules.policies import Policy, check_policy
from app.rules.rates import Rate, ends_before
from app.rules.refusal import Kind, Refused
from app.rules.reimbursement.lines import half_up
from app.rules.scenario import Scenario

MOST_ORE_PER_HOUR = Decimal(1_000_000_000)
LEAST_PER_CENT, MOST_PER_CENT = Decimal(-100), Decimal(1_000)
EVERY = "*"
_LONGEST_NUMBER = 20
"""Characters of a number; nobody means a longer one."""

Priced = Callable[[Rate], Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One line, taken apart: `kind` policy or rate, `which` between the first dot and the last, the `field`, and from
    which day on (None: always).
    """

    text: str
    kind: str
    which: str
    field: str
    value: str
    since: date | None


def assumed(scenario: Scenario, lines: Iterable[str]) -> Scenario:
    """The scenario with each line in place of what it says, one after another.

    Raises Refused, which names the line, for one that is none and for one that nothing in the scenario answers to.
    """
    for line in lines:
        one = read(line)
        change = _with_policy if one.kind == "policy" else _with_rates
        scenario = replace(scenario, facts=change(scenario, one))
    return scenario


def read(line: str) -> Assumption:
    """The line taken apart. Raises Refused for one that says neither a policy nor a rate."""
    name, separator, value = line.rpartition("=")
    kind, _, rest = name.partition(".")
    which, _, last = rest.rpartition(".")
    field, at, day = last.partition("@")
    if not separator or kind not in ("policy", "rate") or not field or (kind == "rate" and not which):
        raise _refused(line, "say policy.<name>=<value>, rate.<which>.ore_per_hour=<öre> or rate.<which>.index=<%>")
    since = _day(line, day) if at else None
    return Assumption(text=line, kind=kind, which=which, field=field, value=value, since=since)


def _day(line: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise _refused(line, f"{text} is no day: write it as 2015-01-01")
    return day


def _refused(line: str, fault: str) -> Refused:
    return Refused("setting", f"{line}: {fault}", Kind.INVALID, "/set")


def _with_policy(scenario: Scenario, one: Assumption) -> Facts:
    """The policy's rows from the day on give way to one; without a day, all of them do."""
    value: int | str = _whole(one.value)
    try:
        check_policy(one.field, value)
    except Refused as fault:
        raise _refused(one.text, fault.message) from fault
    homes = _municipalities(scenario)
    if one.which and one.which not in homes:
        raise _refused(one.text, f"{one.which} is no municipality of the scenario; they are {_listed(homes)}")
    since, rows = one.since or date.min, scenario.facts.policies
    gone = [
        row for row in rows if row.name == one.field and row.valid_from >= since and one.which in ("", row.municipality)
    ]
    kept = tuple(row for row in rows if row not in gone)
    own = {row.municipality for row in kept if row.name == one.field}
    whose = {one.which} if one.which else {None, *own}
    made = tuple(
        Policy(
            id=f"set-{one.field}-{home or EVERY}-{since.isoformat()}",
            name=one.field,
            value=value,
            municipality=home,
            valid_from=since,
            source="--set",
        )
        for home in sorted(whose, key=lambda home: home or "")
    )
    return replace(scenario.facts, policies=(*kept, *made))


def _whole(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else text


def _municipalities(scenario: Scenario) -> set[str]:
    shared = scenario.care_system.municipalities if scenario.care_system else ()
    return {*shared, *(one.municipality for one in scenario.facts.customers)}


def _with_rates(scenario: Scenario, one: Assumption) -> Facts:
    """The rates that it means cost otherwise: all of their time, or from the day on. Source: R3, R10."""
    price, since = _price(one), one.since or date.min
    rates = scenario.facts.rates
    ends = ends_before(rates)
    meant = {rate.id for rate in _meant(rates, one) if _holds_after(ends[rate.id], since)}
    if not meant:
        raise _refused(one.text, f"none of its rates holds on {since.isoformat()} or after")
    try:
        found = [piece for rate in rates for piece in (_repriced(rate, since, price) if rate.id in meant else [rate])]
    except Inexact as fault:
        raise _refused(one.text, "it makes a price of more figures than can be told exactly") from fault
    over = [rate.id for rate in found if not 0 <= rate.ore_per_hour <= MOST_ORE_PER_HOUR]
    if over:
        raise _refused(one.text, f"{over[0]} would not cost from 0 to {MOST_ORE_PER_HOUR} öre")
    return replace(scenario.facts, rates=tuple(found))


def _holds_after(before: date | None, since: date) -> bool:
    return before is None or before > since


def _repriced(rate: Rate, since: date, price: Priced) -> list[Rate]:
    """The rate as it is until the day, and from then on at its new price."""
    if since <= rate.valid_from:
        return [replace(rate, ore_per_hour=price(rate))]
    later = replace(rate, id=f"{rate.id}@{since.isoformat()}", valid_from=since, ore_per_hour=price(rate))
    return [rate, replace(later, external_id=None)]


def _price(one: Assumption) -> Priced:
    if one.field == "ore_per_hour":
        ore = _number(one, "öre", Decimal(0), MOST_ORE_PER_HOUR)
        return lambda _rate: ore
    if one.field not in ("index", "index_to_krona"):
        raise _refused(one.text, "of a rate, set ore_per_hour, index or index_to_krona")
    percent = _number(one, "%", LEAST_PER_CENT, MOST_PER_CENT)
    if one.field == "index":
        return lambda rate: proposed_ore_per_hour(rate.ore_per_hour, percent)
    return lambda rate: to_krona(proposed_ore_per_hour(rate.ore_per_hour, percent))


def to_krona(ore: Decimal) -> Decimal:
    """The nearest whole krona in öre, a half going up. Source: our decision, R10 names no rounding."""
    return Decimal(half_up(Fraction(ore) / 100) * 100)


def _number(one: Assumption, unit: str, least: Decimal, most: Decimal) -> Decimal:
    """The number that the line says, written without exponent. Raises Refused."""
    text = one.value
    plain = text.isascii() and len(text) <= _LONGEST_NUMBER and not set(text) - set("-.0123456789")
    try:
        number = Decimal(text) if plain else None
    except InvalidOperation:
        number = None
    if number is None:
        raise _refused(one.text, f"{text[:40]} is no number of {unit}, such as 38000 or 2.3")
    if not least <= number <= most:
        raise _refused(one.text, f"{text} is not from {least} to {most} {unit}")
    return number


def _meant(rates: tuple[Rate, ...], one: Assumption) -> list[Rate]:
    """The rates that it means; what an earlier line cut off a rate is still that rate. Raises Refused for none."""
    if one.which == EVERY:
        found = list(rates)
    else:
        named = [rate for rate in rates if rate.id == one.which or rate.id.startswith(f"{one.which}@")]
        found = named or _with_words(rates, one)
    if not found:
        raise _refused(one.text, "no rate of the scenario is meant by it")
    return found


def _with_words(rates: Iterable[Rate], one: Assumption) -> list[Rate]:
    """The rates that have every word. Raises Refused for a word that no rate has: it is a slip, not a wish."""
    told = [(rate, words_of(rate)) for rate in rates]
    words = one.which.split(".")
    known = set[str]().union(*(has for _, has in told))
    for word in words:
        if word not in known:
            raise _refused(one.text, f"{word} is no rate's id, nor a word of one; those are {_listed(known)}")
    return [rate for rate, has in told if has.issuperset(words)]


def words_of(rate: Rate) -> frozenset[str]:
    """What the rate may be meant by: municipality, service, and law, provider kind and band where it states them."""
    band = None if rate.band is None else rate.band.name
    told = (rate.municipality, rate.service, rate.law, rate.provider_kind, band)
    return frozenset(str(one) for one in told if one is not None)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"
