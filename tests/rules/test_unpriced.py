"""What has no price: hours of a week in which somebody is accredited and no row holds (R4, D20)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.rules.providers import Accreditation, ProviderKind, Service
from app.rules.rates import Rate
from app.rules.unpriced import WEEK_MINUTES, Gap, gaps
from tests.rules.builders import NACKA
from tests.rules.money_builders import (
    CARE,
    HOUSEHOLD,
    LEKSAND,
    MUNICIPAL,
    PRIVATE,
    RESPITE,
    a_band_of,
    a_row,
    leksand_rattvik_2011,
    nacka_2013,
)

DAY = date(2014, 2, 3)
KINDS = {"p": PRIVATE, "m": MUNICIPAL}


def accredited(service: Service, provider: str = "p", municipality: str = NACKA, **more: Any) -> Accreditation:
    """Somebody may be paid for the service since 2010."""
    told: dict[str, Any] = {"valid_from": date(2010, 1, 1), **more}
    return Accreditation(id="a", provider_id=provider, municipality=municipality, service=service, **told)


def found(rates: list[Rate], *may: Accreditation, municipality: str = NACKA, day: date = DAY) -> tuple[Gap, ...]:
    return gaps(rates, may, KINDS, municipality, day)


def test_D20_leksand_has_no_price_for_avlosning_and_one_for_all_else() -> None:
    may = [accredited(service, kind, LEKSAND) for service in Service for kind in KINDS]
    gap = found(leksand_rattvik_2011(), *may, municipality=LEKSAND)
    assert {(one.service, one.provider_kind) for one in gap} == {(RESPITE, PRIVATE), (RESPITE, MUNICIPAL)}
    assert all(one.whole_week and one.minutes == WEEK_MINUTES for one in gap)


def test_R4_D20_nacka_2013_leaves_the_nights_of_care_without_a_price_and_those_of_service_not() -> None:
    (gap,) = found(nacka_2013(), accredited(CARE), accredited(HOUSEHOLD), day=date(2013, 2, 4))
    assert (gap.service, gap.provider_kind, gap.whole_week) == (CARE, PRIVATE, False)
    nights = [(day * 1440 - 90, day * 1440 + 450) for day in range(1, 7)]
    assert gap.stretches == ((0, 450), *nights, (7 * 1440 - 90, 7 * 1440))
    assert gap.minutes == 7 * 9 * 60


@pytest.mark.parametrize(
    ("row", "missing"),
    [
        (a_row("a"), False),
        (a_row("a", provider_kind=PRIVATE), False),
        (a_row("a", provider_kind=MUNICIPAL), True),
        (a_row("a", HOUSEHOLD), True),
        (a_row("a", municipality=LEKSAND), True),
        (a_row("a", valid_from=DAY), False),
        (a_row("a", valid_from=date(2014, 2, 4)), True),
        (a_row("a", valid_before=DAY), True),
        (a_row("a", valid_before=date(2014, 2, 4)), False),
        (a_row("a", band=a_band_of("00:00", "24:00", holidays="exclude")), False),
        (a_row("a", band=a_band_of("00:00", "24:00", holidays="only")), True),
    ],
    ids=[
        "a price for all",
        "for its own kind",
        "for the other kind",
        "for another service",
        "in another municipality",
        "that begins that day",
        "that begins the day after",
        "that ended that day",
        "that ends the day after",
        "for every ordinary day",
        "for public holidays alone",
    ],
)
def test_D20_a_service_is_without_a_price_where_no_row_holds_for_its_provider_on_the_day(
    row: Rate, missing: bool
) -> None:
    assert bool(found([row], accredited(CARE))) is missing


def test_D20_only_what_somebody_is_accredited_for_on_the_day_wants_a_price() -> None:
    assert found([], accredited(CARE, valid_before=DAY)) == ()
    assert found([], accredited(CARE, valid_from=date(2014, 2, 4))) == ()
    assert found([], accredited(CARE, municipality=LEKSAND)) == ()
    assert [one.provider_kind for one in found([], accredited(CARE), accredited(CARE))] == [ProviderKind.PRIVATE]


def test_R4_D20_a_window_past_sundays_midnight_prices_mondays_morning() -> None:
    (gap,) = found([a_row("a", band=a_band_of("22:00", "06:00", weekdays=(7,)))], accredited(CARE))
    assert gap.stretches == ((360, 7 * 1440 - 120),)
