"""Rates: dated rows, each second priced by one of them or by none (R3). Bands of hours stand in test_rates_bands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.rules.providers import Law, ProviderKind, Service
from app.rules.rates import Rate, check_rates, ends_before, rate_book
from app.rules.refusal import Refused
from app.rules.reimbursement.lines import amount_ore
from tests.rules.builders import NACKA, a_customer, a_grant, a_provider, a_rate, at, found, judged
from tests.rules.money_builders import (
    CARE,
    ESCORT,
    HOUSEHOLD,
    KRONOR_2014,
    LEKSAND,
    MUNICIPAL,
    PRIVATE,
    RATTVIK,
    RESPITE,
    SINCE_2013,
    a_band_of,
    a_row,
    a_stay,
    amounts,
    fates,
    leksand_rattvik_2011,
    nacka_2013,
    nacka_2014,
)

BEFORE, AFTER = "2013-12-31T23:59:59+01:00", "2014-01-01T00:00:00+01:00"


def price(
    rates: list[Rate],
    when: str,
    *,
    service: Service = CARE,
    kind: ProviderKind = PRIVATE,
    law: Law | None = Law.SOL,
    municipality: str = NACKA,
) -> Decimal | None:
    """Kronor an hour of the second, None where no row prices it."""
    rate = rate_book(rates).rate_at(municipality, service, law, kind, at(when))
    return None if rate is None else rate.ore_per_hour / 100


@pytest.mark.parametrize(
    ("when", "kronor"),
    [
        ("2013-12-31T23:59:59+01:00", None),
        ("2014-01-01T00:00:00+01:00", 370),
        ("2014-02-28T23:59:59+01:00", 370),
        ("2014-03-01T00:00:00+01:00", 380),
        ("2014-03-30T21:59:59Z", 380),
        ("2014-03-30T22:00:00Z", None),
    ],
    ids=[
        "the second before the first row",
        "its first second",
        "its last second",
        "where the next of its key begins",
        "the last second before valid_before, in summer time",
        "at valid_before",
    ],
)
def test_R3_a_row_ends_at_its_valid_before_or_where_the_next_of_its_key_begins(when: str, kronor: int | None) -> None:
    rows = [
        a_row("first"),
        a_row("second", kronor=380, valid_from=date(2014, 3, 1), valid_before=date(2014, 3, 31)),
    ]
    check_rates(rows)
    assert price(rows, when) == kronor


@pytest.mark.parametrize(
    ("valid_before", "end"),
    [(None, date(2014, 3, 1)), (date(2014, 2, 28), date(2014, 2, 28)), (date(2014, 3, 2), date(2014, 3, 1))],
    ids=["no end of its own", "its own end is the earlier", "the next row is the earlier"],
)
def test_R3_the_earlier_of_the_two_ends_a_row(valid_before: date | None, end: date) -> None:
    rows = [a_row("first", valid_before=valid_before), a_row("next", valid_from=date(2014, 3, 1))]
    assert ends_before(rows) == {"first": end, "next": None}


def test_R3_a_row_that_ended_is_not_revived_when_the_next_one_ends() -> None:
    rows = [a_row("first"), a_row("next", valid_from=date(2014, 3, 1), valid_before=date(2014, 4, 1))]
    assert price(rows, "2014-04-01T00:00:00+02:00") is None


LSS: dict[str, Any] = {"law": Law.LSS}
SOL: dict[str, Any] = {"law": Law.SOL}
NIGHT, MORNING = a_band_of("22:00", "06:00", name="night"), a_band_of("06:00", "09:00", name="morning")
THURSDAY_NIGHT = a_band_of("22:00", "06:00", name="thursday night", weekdays=(4,), holidays="exclude")
SUNDAY_NIGHT = a_band_of("22:00", "06:00", name="sunday night", weekdays=(7,))


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        (a_row("a"), a_row("b"), True),
        (a_row("a"), a_row("b", valid_from=date(2014, 2, 1)), False),
        (a_row("a"), a_row("b", municipality=LEKSAND), False),
        (a_row("a"), a_row("b", HOUSEHOLD), False),
        (a_row("a", provider_kind=PRIVATE), a_row("b", provider_kind=MUNICIPAL), False),
        (a_row("a", provider_kind=PRIVATE), a_row("b"), True),
        (a_row("a", **SOL), a_row("b", **LSS), False),
        (a_row("a", **SOL), a_row("b"), True),
        (a_row("a", **SOL), a_row("b", valid_from=date(2014, 2, 1)), True),
        (a_row("a", **SOL, valid_before=date(2014, 2, 1)), a_row("b", valid_from=date(2014, 2, 1)), False),
        (a_row("a", **SOL, valid_before=date(2014, 2, 2)), a_row("b", valid_from=date(2014, 2, 1)), True),
        (a_row("a", band=NIGHT), a_row("b"), True),
        (a_row("a", band=NIGHT), a_row("b", band=MORNING), False),
        (a_row("a", band=NIGHT), a_row("b", band=a_band_of("05:59", "09:00", name="early")), True),
        (a_row("a", band=SUNDAY_NIGHT), a_row("b", band=a_band_of("05:59", "09:00", weekdays=(1,))), True),
        (a_row("a", band=SUNDAY_NIGHT), a_row("b", band=a_band_of("06:00", "09:00", weekdays=(1,))), False),
        (a_row("a", band=SUNDAY_NIGHT), a_row("b", band=a_band_of("05:59", "09:00", weekdays=(2,))), False),
        (
            a_row("a", band=a_band_of("08:00", "17:00", name="work", holidays="exclude")),
            a_row("b", band=a_band_of("08:00", "17:00", name="holiday", holidays="only")),
            False,
        ),
        (
            a_row("a", band=a_band_of("08:00", "17:00", name="all")),
            a_row("b", band=a_band_of("08:00", "17:00", name="holiday", holidays="only")),
            True,
        ),
        (
            a_row("a", band=THURSDAY_NIGHT),
            a_row("b", band=a_band_of("05:59", "09:00", weekdays=(5,), holidays="only")),
            True,
        ),
    ],
    ids=[
        "the same key from the same day",
        "the same key from a later day ends the first",
        "another municipality",
        "another service",
        "private beside municipal",
        "private beside everybody",
        "SoL beside LSS",
        "SoL beside both laws",
        "SoL beside both laws from a later day",
        "another key from the day on which the first ends",
        "another key with a day in common",
        "a band beside all hours",
        "two bands that touch",
        "two bands with a minute in common",
        "Sunday's night runs into Monday's morning",
        "Sunday's night touches Monday's morning",
        "Sunday's night and Tuesday's morning",
        "working days beside holidays only",
        "every day beside holidays only",
        "the night before a holiday runs into the holiday's own band",
    ],
)
def test_R3_a_second_that_two_rows_would_price_is_refused_at_entry(one: Rate, other: Rate, refused: bool) -> None:
    for rows in ([one, other], [other, one]):
        if not refused:
            check_rates(rows)
            continue
        with pytest.raises(Refused) as told:
            check_rates(rows)
        assert told.value.rule == "R3"
        assert told.value.facts == {"rate_ids": ["a", "b"]}


def test_R3_the_tariffs_of_both_seeds_price_no_second_twice() -> None:
    check_rates([*nacka_2013(), *nacka_2014(), *leksand_rattvik_2011()])
    assert len(nacka_2013()) == 20
    assert len(nacka_2014()) == 8


@pytest.mark.parametrize(
    ("service", "kind", "kronor"),
    [(service, kind, kronor) for (service, kind), kronor in sorted(KRONOR_2014.items())],
)
def test_R3_nacka_2014_has_one_price_for_each_service_and_kind_at_all_hours(
    service: Service, kind: ProviderKind, kronor: int
) -> None:
    rows = [*nacka_2013(), *nacka_2014()]
    for when in (AFTER, "2014-02-03T03:00:00+01:00", "2014-02-08T12:00:00+01:00", "2014-12-25T23:59:59+01:00"):
        for law in Law:
            assert price(rows, when, service=service, kind=kind, law=law) == kronor
    before = price(rows, BEFORE, service=service, kind=kind)
    assert before == ({PRIVATE: 284, MUNICIPAL: 266}[kind] if service is HOUSEHOLD else None)


@pytest.mark.parametrize(("kind", "ore"), [(PRIVATE, 29_189), (MUNICIPAL, 28_637)], ids=["private", "municipal"])
def test_R3_R7_47_minutes_20_seconds_of_home_care_in_2014(kind: ProviderKind, ore: int) -> None:
    judgement = judged(
        a_provider(kind=kind), *nacka_2014(), *a_stay("08:00:00", "08:47:20", service=CARE), without=(Rate,)
    )
    assert amounts(judgement) == [(2_840, ore)]


@pytest.mark.parametrize("municipality", [LEKSAND, RATTVIK])
@pytest.mark.parametrize("kind", [PRIVATE, MUNICIPAL])
@pytest.mark.parametrize(
    ("service", "kronor"), [(CARE, 375), (HOUSEHOLD, 375), (ESCORT, 375), (RESPITE, None)], ids=str
)
def test_R3_leksand_and_rattvik_pay_375_kronor_to_all_and_have_no_price_for_avlosning(
    municipality: str, kind: ProviderKind, service: Service, kronor: int | None
) -> None:
    rows = leksand_rattvik_2011()
    told: dict[str, Any] = {"service": service, "kind": kind, "municipality": municipality}
    assert price(rows, "2011-09-01T12:00:00+02:00", **told) == kronor
    assert price(rows, "2011-09-04T03:00:00+02:00", **told) == kronor
    assert price(rows, "2011-09-01T12:00:00+02:00", **{**told, "municipality": NACKA}) is None


def test_R3_D20_what_has_no_price_in_leksand_is_held() -> None:
    judgement = judged(
        a_customer(municipality=LEKSAND),
        a_grant(services=(RESPITE,)),
        *leksand_rattvik_2011(),
        *a_stay("08:00", "09:00", service=RESPITE),
    )
    assert fates(judgement) == {"unpriced": 3_600}
    assert [one.found.facts["seconds"] for one in found(judgement, "D20")] == [3_600]


def test_R3_a_stay_over_new_year_is_priced_on_each_side_by_its_own_row() -> None:
    rows = [
        a_rate(id="old", ore=36_000, valid_from="2013-01-01"),
        a_rate(id="new", ore=37_000, valid_from="2014-01-01"),
    ]
    judgement = judged(
        *SINCE_2013,
        *rows,
        *a_stay("2013-12-31T23:50:00+01:00", "2014-01-01T00:20:00+01:00"),
        without=(Rate,),
    )
    assert amounts(judgement, "2013-12") == [(600, 6_000)]
    assert amounts(judgement, "2014-01") == [(1_200, 12_333)]


def test_R3_a_price_may_have_fractions_of_an_ore() -> None:
    assert amount_ore(3_600, Decimal("37851.5")) == 37_852
    assert amount_ore(3_600, Decimal("37851.4999")) == 37_851
    assert amount_ore(7_200, Decimal("37851.25")) == 75_703
