"""What a simulation assumes otherwise: each line that can be said, what it changes, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.rules.assumptions import assumed
from app.rules.deviations.facts import Facts
from app.rules.policies import Policy, policies_of
from app.rules.providers import CareSystem, Law, ProviderKind, Service
from app.rules.rates import Band, Rate, Window, check_rates, ends_before
from app.rules.refusal import Refused
from app.rules.scenario import Scenario

NEW_YEAR = date(2014, 1, 1)


def rate(key: str, service: Service, ore: str, **told: object) -> Rate:
    given: dict[str, object] = {"municipality": "0182", "valid_from": NEW_YEAR, **told}
    return Rate(id=key, service=service, ore_per_hour=Decimal(ore), source="test", **given)  # type: ignore[arg-type]


EVENING = Band(name="kväll", windows=(Window(weekdays=(1,), start_minute=1_140, before_minute=1_350),))
RATES = (
    rate("old", Service.PERSONAL_CARE, "36000", provider_kind=ProviderKind.PRIVATE, valid_from=date(2013, 1, 1)),
    rate("p", Service.PERSONAL_CARE, "37000", provider_kind=ProviderKind.PRIVATE),
    rate("m", Service.PERSONAL_CARE, "36300", provider_kind=ProviderKind.MUNICIPAL),
    rate("e", Service.ESCORT, "32000", band=EVENING, law=Law.LSS, valid_before=date(2014, 3, 1)),
    rate("l", Service.PERSONAL_CARE, "37550", municipality="2029"),
)
POLICIES = (
    Policy(id="1", name="cap", value="granted", valid_from=NEW_YEAR, source="test", municipality="0182"),
    Policy(id="2", name="missed_visit_seconds", value=1_800, valid_from=NEW_YEAR, source="test"),
)
SCENARIO = Scenario(
    facts=Facts(rates=RATES, policies=POLICIES),
    months=("2014-02",),
    now=datetime(2014, 3, 5, tzinfo=UTC),
    care_system=CareSystem(id="s", name="Two", municipalities=("0182", "2029")),
)


def prices(*lines: str) -> dict[str, tuple[str, str]]:
    """The rates that differ: id → first day and price."""
    found = assumed(SCENARIO, lines).facts.rates
    check_rates(found)
    return {one.id: (one.valid_from.isoformat(), str(one.ore_per_hour)) for one in found if one not in RATES}


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("rate.p.ore_per_hour=38000", {"p": ("2014-01-01", "38000")}),
        ("rate.p.ore_per_hour=0", {"p": ("2014-01-01", "0")}),
        ("rate.p.ore_per_hour=37850.5", {"p": ("2014-01-01", "37850.5")}),
        ("rate.p.ore_per_hour=37000", {}),
        ("rate.p.index=2.3", {"p": ("2014-01-01", "37851.000")}),
        ("rate.p.index=-100", {"p": ("2014-01-01", "0")}),
        ("rate.p.index_to_krona=2.3", {"p": ("2014-01-01", "37900")}),
        ("rate.l.index_to_krona=0", {"l": ("2014-01-01", "37600")}),
        ("rate.personal_care.private.index=0.1", {"old": ("2013-01-01", "36036.0"), "p": ("2014-01-01", "37037.0")}),
        ("rate.private.0182.personal_care.index_to_krona@2014-01-01=3", {"p": ("2014-01-01", "38100")}),
        ("rate.escort.LSS.kväll.ore_per_hour=33000", {"e": ("2014-01-01", "33000")}),
        ("rate.2029.ore_per_hour=1", {"l": ("2014-01-01", "1")}),
        ("rate.p.ore_per_hour@2014-02-28=1", {"p@2014-02-28": ("2014-02-28", "1")}),
        ("rate.e.ore_per_hour@2014-02-28=1", {"e@2014-02-28": ("2014-02-28", "1")}),
        ("rate.old.ore_per_hour@2013-12-31=1", {"old@2013-12-31": ("2013-12-31", "1")}),
    ],
)
def test_R3_R10_a_line_changes_the_rates_that_it_means_and_no_others(
    line: str, changed: dict[str, tuple[str, str]]
) -> None:
    told = prices(line)
    assert {key: (day, Decimal(ore)) for key, (day, ore) in told.items()} == {
        key: (day, Decimal(ore)) for key, (day, ore) in changed.items()
    }


def test_R10_every_rate_takes_the_index() -> None:
    assert set(prices("rate.*.index=2.3")) == {"old", "p", "m", "e", "l"}


def test_R3_a_rate_costs_as_before_until_the_day_and_ends_where_it_ended() -> None:
    found = assumed(SCENARIO, ["rate.e.ore_per_hour@2014-02-10=1"]).facts.rates
    ends = ends_before(found)
    assert (ends["e"], ends["e@2014-02-10"]) == (date(2014, 2, 10), date(2014, 3, 1))


def test_R3_lines_hold_one_after_another_also_for_what_an_earlier_one_cut() -> None:
    lines = ("rate.p.ore_per_hour@2014-02-01=38000", "rate.p.ore_per_hour@2014-03-01=39000", "rate.p.index=10")
    told = {key: (day, Decimal(ore)) for key, (day, ore) in prices(*lines).items()}
    assert told == {
        "p": ("2014-01-01", Decimal(40_700)),
        "p@2014-02-01": ("2014-02-01", Decimal(41_800)),
        "p@2014-02-01@2014-03-01": ("2014-03-01", Decimal(42_900)),
    }


@pytest.mark.parametrize(
    ("line", "day", "values"),
    [
        ("policy.cap=none", "2014-02-01", ("none", "none")),
        ("policy.0182.cap=none", "2014-02-01", ("none", "granted")),
        ("policy.2029.cap=none", "2014-02-01", ("granted", "none")),
        ("policy.cap@2014-02-01=none", "2014-01-31", ("granted", "granted")),
        ("policy.cap@2014-02-01=none", "2014-02-01", ("none", "none")),
        ("policy.0182.cap@2014-02-01=none", "2014-02-01", ("none", "granted")),
        ("policy.0182.cap@2013-12-31=none", "2014-02-01", ("none", "granted")),
        ("policy.cap@2013-12-31=none", "2013-12-30", ("granted", "granted")),
    ],
)
def test_R2_a_policy_holds_where_and_when_the_line_says(line: str, day: str, values: tuple[str, str]) -> None:
    policies = policies_of(assumed(SCENARIO, [line]).facts.policies)
    assert tuple(policies.choice("cap", home, date.fromisoformat(day)) for home in ("0182", "2029")) == values


def test_D3_a_number_is_set_and_other_policies_stay() -> None:
    policies = policies_of(assumed(SCENARIO, ["policy.missed_visit_seconds=0"]).facts.policies)
    assert policies.number("missed_visit_seconds", "0182", NEW_YEAR) == 0
    assert policies.choice("cap", "0182", NEW_YEAR) == "granted"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "say policy"),
        ("policy.cap", "say policy"),
        ("policy.=1", "say policy"),
        ("rate.ore_per_hour=1", "say policy"),
        ("months=2014-03", "say policy"),
        ("policy.cap=sometimes", "granted, none"),
        ("policy.tea=1", "no policy is called tea"),
        ("policy.lock_day=29", "from 1 to 28"),
        ("policy.lock_day=" + "9" * 5_000, "from 1 to 28"),
        ("policy.missed_visit_seconds=-1", "whole number"),
        ("policy.9999.cap=none", "0182, 2029"),
        ("policy.cap@2014-02-30=none", "no day"),
        ("policy.cap@20140201=none", "no day"),
        ("policy.cap@=none", "no day"),
        ("rate.nobody.ore_per_hour=1", "nobody"),
        ("rate.escort.municipal.index=2", "no rate of the scenario"),
        ("rate.e.ore_per_hour@2014-03-01=1", "holds on 2014-03-01"),
        ("rate.p.service=escort", "ore_per_hour, index"),
        ("rate.p.ore_per_hour=", "no number"),
        ("rate.p.ore_per_hour=-1", "not from 0"),
        ("rate.p.ore_per_hour=1000000001", "not from 0"),
        ("rate.p.ore_per_hour=NaN", "no number"),
        ("rate.p.ore_per_hour=1e3", "no number"),
        ("rate.p.ore_per_hour=1.2.3", "no number"),
        ("rate.p.index=-100.1", "not from -100"),
        ("rate.p.index=1000.1", "not from -100"),
        ("rate.p.index=" + "9" * 400, "no number"),
    ],
)
def test_a_line_that_is_none_or_matches_nothing_is_named(line: str, why: str) -> None:
    with pytest.raises(Refused, match=why) as fault:
        assumed(SCENARIO, [line])
    assert (fault.value.pointer, line in fault.value.message) == ("/set", True)


@pytest.mark.parametrize("line", ["rate.p.index=0.0001", "rate.p.index=1000"])
def test_R10_an_index_upon_an_index_is_exact_or_refused(line: str) -> None:
    with pytest.raises(Refused, match=r"figures|would not cost"):
        assumed(SCENARIO, [line] * 50)


def test_R10_without_rates_there_is_nothing_to_index() -> None:
    bare = Scenario(facts=Facts(), months=(), now=SCENARIO.now)
    with pytest.raises(Refused, match="no rate"):
        assumed(bare, ["rate.*.index=2.3"])
