"""Two outcomes side by side: what is paid otherwise and to whom, what opens and clears."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from app.rules.comparisons.values import (
    NOTHING,
    Amounts,
    By,
    Comparison,
    Count,
    Key,
    Row,
    Tally,
    by_place,
    by_rule,
)
from app.rules.deviations.judge import Judgement
from app.rules.deviations.seconds import Fate, Stretch
from app.rules.deviations.values import Rule
from app.rules.reimbursement.values import Excess
from app.rules.simulations import Outcome


def compare(before: Outcome, after: Outcome, by: Iterable[By] = ()) -> Comparison:
    """What the second comes to beside the first."""
    asked = frozenset(by)
    return Comparison(
        rows=_rows(_amounts(before, asked), _amounts(after, asked)),
        tallies=_tallies(_deviations(before), _deviations(after)),
    )


def _rows(before: Mapping[Key, Amounts], after: Mapping[Key, Amounts]) -> tuple[Row, ...]:
    return tuple(
        Row(key=key, before=before.get(key, NOTHING), after=after.get(key, NOTHING))
        for key in sorted({*before, *after})
    )


def _amounts(outcome: Outcome, by: frozenset[By]) -> dict[Key, Amounts]:
    """What each key comes to."""
    found: dict[Key, Amounts] = {}
    for key, amounts in _pieces(outcome):
        place = _as_asked(key, by)
        found[place] = found.get(place, NOTHING).plus(amounts)
    return found


def _pieces(outcome: Outcome) -> Iterator[tuple[Key, Amounts]]:
    """What the lines pay, and what the last closing left beyond the cap, or held."""
    for line in outcome.lines:
        of = line.total.key
        key = Key(
            municipality=of.municipality,
            provider_id=of.provider_id,
            service=of.service,
            customer_id=of.customer_id,
            month=of.month,
        )
        yield key, Amounts(paid_seconds=line.seconds, amount_ore=line.amount_ore)
    if outcome.closing is not None:
        for stretch in outcome.closing.account.stretches:
            if stretch.fate in (Fate.HELD, Fate.UNPRICED) and stretch.month in outcome.months:
                yield _key(stretch, outcome.closing), Amounts(held_seconds=stretch.seconds)
        yield from _beyond(outcome.excess, outcome.closing)


def _as_asked(key: Key, by: frozenset[By]) -> Key:
    return Key(
        municipality=key.municipality,
        provider_id=key.provider_id,
        service=key.service,
        customer_id=key.customer_id if By.CUSTOMER in by else "",
        month=key.month if By.MONTH in by else "",
    )


def _key(one: Stretch, judgement: Judgement) -> Key:
    return Key(
        municipality=judgement.setting.around.municipality(one.customer_id) or "",
        provider_id=one.visit.provider_id,
        service=one.service or "",
        customer_id=one.customer_id or "",
        month=one.month,
    )


def _beyond(excess: Iterable[Excess], judgement: Judgement) -> list[tuple[Key, Amounts]]:
    """Each pool's excess divided between its services, so that the parts sum to the whole. Source: R2; ours."""
    stretches: dict[tuple[object, ...], dict[Key, list[Stretch]]] = {}
    for one in judgement.account.stretches:
        if one.fate is Fate.EXCESS and one.pool is not None:
            pool = (one.pool.provider_id, one.pool.customer_id, one.pool.law, one.pool.services, one.month)
            stretches.setdefault(pool, {}).setdefault(_key(one, judgement), []).append(one)
    found: list[tuple[Key, Amounts]] = []
    for beyond in excess:
        pool = (beyond.provider_id, beyond.customer_id, beyond.law, beyond.services, beyond.month)
        shares = {key: _worth(several) for key, several in sorted(stretches[pool].items())}
        worth = allotted(beyond.worth_ore, tuple(shares.values()))
        for key, ore in zip(shares, worth, strict=True):
            seconds = sum(one.seconds for one in stretches[pool][key])
            found.append((key, Amounts(excess_seconds=seconds, worth_ore=ore)))
    return found


def _worth(several: Iterable[Stretch]) -> Fraction:
    return sum((Fraction(one.rate.ore_per_hour) * one.seconds / 3600 for one in several if one.rate), Fraction(0))


def allotted(whole: int, exact: tuple[Fraction, ...]) -> tuple[int, ...]:
    """The whole öre in parts that are as near to the exact ones as they can be: what the parts' cut öre leave goes to
    the largest remainders, the first of equal ones. `whole` is the sum of the exact parts, rounded.
    """
    cut = [one.numerator // one.denominator for one in exact]
    order = sorted(range(len(cut)), key=lambda at: (cut[at] - exact[at], at))
    more = frozenset(order[: whole - sum(cut)])
    return tuple(part + (at in more) for at, part in enumerate(cut))


_Deviations = dict[tuple[str, Rule], frozenset[tuple[str, ...]]]


def _deviations(outcome: Outcome) -> _Deviations:
    found: dict[tuple[str, Rule], set[tuple[str, ...]]] = {}
    for one in outcome.judgement.deviations:
        found.setdefault((one.found.provider_id, one.found.rule), set()).add(one.found.key)
    return {place: frozenset(keys) for place, keys in found.items()}


def _tallies(before: _Deviations, after: _Deviations) -> tuple[Tally, ...]:
    none: frozenset[tuple[str, ...]] = frozenset()
    return by_place(
        Tally(
            provider_id=provider_id,
            rule=rule,
            before=len(before.get((provider_id, rule), none)),
            after=len(after.get((provider_id, rule), none)),
            opened=len(after.get((provider_id, rule), none) - before.get((provider_id, rule), none)),
            cleared=len(before.get((provider_id, rule), none) - after.get((provider_id, rule), none)),
        )
        for provider_id, rule in {*before, *after}
    )


def summary(before: Outcome, after: Outcome) -> tuple[Count, ...]:
    """Both in a column of numbers: visits, seconds by what became of them, money, and deviations by rule."""
    first, second = _counted(before), _counted(after)
    counts = [Count(name=name, unit=unit, before=first[name, unit], after=second[name, unit]) for name, unit in first]
    tallies = by_rule(_tallies(_deviations(before), _deviations(after)))
    return (*counts, *(Count(name=one.rule, unit="", before=one.before, after=one.after) for one in tallies))


def _counted(outcome: Outcome) -> dict[tuple[str, str], int]:
    stretches = outcome.judgement.account.stretches
    return {
        ("visits", ""): len(outcome.judgement.visits),
        ("performed seconds", "s"): sum(one.seconds for one in stretches),
        **{(f"{fate} seconds", "s"): sum(one.seconds for one in stretches if one.fate is fate) for fate in Fate},
        ("lines", ""): len(outcome.lines),
        ("line seconds", "s"): sum(one.seconds for one in outcome.lines),
        ("line öre", "öre"): sum(one.amount_ore for one in outcome.lines),
        ("excess öre", "öre"): sum(one.worth_ore for one in outcome.excess),
        ("refused facts", ""): len(outcome.refused),
    }
