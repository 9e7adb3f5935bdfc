"""What has no price: the hours of a week that no row prices, where somebody may perform them (R4, D20)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app.rules.providers import Accreditation, ProviderKind, Service
from app.rules.rates import Holidays, Rate, ends_before, hours_of_a_week
from app.rules.recorded import valid_on

WEEK_MINUTES = 10_080


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Minutes since Monday 00:00 of an ordinary week that nothing prices for the service and the kind of provider.

    Half-open stretches, in order; time performed in them is held. Source: D20.
    """

    service: Service
    provider_kind: ProviderKind
    stretches: tuple[tuple[int, int], ...]

    @property
    def minutes(self) -> int:
        """How many minutes of the week they are."""
        return sum(end - start for start, end in self.stretches)

    @property
    def whole_week(self) -> bool:
        """True where there is no price at all."""
        return self.minutes == WEEK_MINUTES


def gaps(
    rates: Iterable[Rate],
    accreditations: Iterable[Accreditation],
    kinds: Mapping[str, ProviderKind],
    municipality: str,
    day: date,
) -> tuple[Gap, ...]:
    """What providers are accredited for on the day in the municipality and no row that holds that day prices.

    A row of either law counts: whose time it prices is told by the grant. `kinds` is each provider's by its id.
    """
    rows = [rate for rate in rates if rate.municipality == municipality]
    ends = ends_before(rows)
    holding = [rate for rate in rows if valid_on(rate.valid_from, ends[rate.id], day)]
    accredited = {
        (one.service, kinds[one.provider_id])
        for one in accreditations
        if one.municipality == municipality and valid_on(one.valid_from, one.valid_before, day)
    }
    wanted = sorted(accredited, key=lambda pair: (list(Service).index(pair[0]), list(ProviderKind).index(pair[1])))
    found = [Gap(service=one, provider_kind=kind, stretches=_free(holding, one, kind)) for one, kind in wanted]
    return tuple(gap for gap in found if gap.stretches)


def _free(rates: Iterable[Rate], service: Service, kind: ProviderKind) -> tuple[tuple[int, int], ...]:
    """The stretches of the week that none of them prices; one for holidays alone prices no ordinary day."""
    priced = sorted(
        (hours.start, hours.before)
        for rate in rates
        if rate.service is service and rate.provider_kind in (None, kind)
        for hours in hours_of_a_week(rate.band)
        if hours.holidays is not Holidays.ONLY
    )
    found, reached = [], 0
    for start, before in [*priced, (WEEK_MINUTES, WEEK_MINUTES)]:
        if start > reached:
            found.append((reached, start))
        reached = max(reached, before)
    return tuple(found)
