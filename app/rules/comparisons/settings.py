"""What is set otherwise: the policies and prices that differ between two sets of facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app.rules.comparisons.values import Change
from app.rules.deviations.facts import Facts
from app.rules.policies import policies_of
from app.rules.rates import Rate, RateKey, ends_before, key_of
from app.rules.recorded import valid_on


def settings_changed(before: Facts, after: Facts) -> tuple[Change, ...]:
    """The policies and prices that differ, from each day on which either of them begins or ends."""
    return (*_policies_changed(before, after), *_rates_changed(before, after))


def _policies_changed(before: Facts, after: Facts) -> tuple[Change, ...]:
    first, second = policies_of(before.policies), policies_of(after.policies)
    places = {(row.name, row.municipality or "", row.valid_from) for row in (*before.policies, *after.policies)}
    found: list[Change] = []
    for name, home, since in sorted(places):
        values = [str(one.applied(name, home or None, since).value) for one in (first, second)]
        if values[0] != values[1]:
            found.append(
                Change(
                    kind="policy",
                    name=name,
                    municipality=home or None,
                    about=(),
                    since=None if since == date.min else since,
                    before=values[0],
                    after=values[1],
                )
            )
    return tuple(found)


def _rates_changed(before: Facts, after: Facts) -> tuple[Change, ...]:
    first, second = _Prices.of(before.rates), _Prices.of(after.rates)
    found: list[Change] = []
    for key, since in sorted({*first.days, *second.days}, key=lambda one: (tuple(map(str, one[0])), one[1])):
        values = [one.on(key, since) for one in (first, second)]
        if values[0] != values[1]:
            about = tuple(str(word) for word in key[1:] if word is not None)
            found.append(
                Change(
                    kind="rate",
                    name="ore_per_hour",
                    municipality=key[0],
                    about=about,
                    since=since,
                    before=values[0],
                    after=values[1],
                )
            )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Prices:
    """Rates by key, and the days on which a price of a key begins or ends."""

    rows: Mapping[RateKey, tuple[tuple[Rate, date | None], ...]]
    days: frozenset[tuple[RateKey, date]]

    @staticmethod
    def of(rates: Iterable[Rate]) -> _Prices:
        """The rates as something to ask."""
        told = tuple(rates)
        ends = ends_before(told)
        rows: dict[RateKey, tuple[tuple[Rate, date | None], ...]] = {}
        for rate in told:
            rows[key_of(rate)] = (*rows.get(key_of(rate), ()), (rate, ends[rate.id]))
        edges = {(key_of(rate), day) for rate in told for day in (rate.valid_from, ends[rate.id]) if day is not None}
        return _Prices(rows, frozenset(edges))

    def on(self, key: RateKey, day: date) -> str | None:
        """The öre per hour of the key on the day, None where there is no price."""
        found = (rate for rate, before in self.rows.get(key, ()) if valid_on(rate.valid_from, before, day))
        rate = next(found, None)
        return None if rate is None else f"{rate.ore_per_hour.normalize():f}"
