"""D15, D16, D23–D25: what a visit shows by its length, clock and evidence. Both sides of each border."""

from __future__ import annotations

import pytest

from app.rules.deviations.values import Effect
from app.rules.people import Position
from app.rules.providers import ProviderKind
from app.rules.tags import ManualReason, Method, Place
from tests.rules.builders import (
    a_check_in,
    a_check_out,
    a_clock,
    a_correction,
    a_customer,
    a_policy,
    a_provider,
    an_anchor,
    by_hand,
    effect_of,
    found,
    judged,
    rules_of,
    seconds_after,
    sent,
)

A_STAY = (a_check_in("08:00"), a_check_out("09:00"))
HOLDS, EXPLAIN = Effect.HOLDS_PAY, Effect.EXPLAIN


@pytest.mark.parametrize(
    ("ends", "short"),
    [
        pytest.param("08:00", True, id="no time at all"),
        pytest.param("08:01:59", True, id="a second less than 2 min"),
        pytest.param("08:02:00", False, id="2 min"),
        pytest.param("08:02:01", False, id="a second more"),
    ],
)
def test_D15_a_visit_of_less_than_2_minutes(ends: str, short: bool) -> None:
    judgement = judged(a_check_in("08:00"), a_check_out(ends))

    assert rules_of(judgement) == ({"D15"} if short else set())
    if short:
        assert effect_of(judgement, "D15") == (EXPLAIN, True)


@pytest.mark.parametrize(("value", "short"), [(300, False), (301, True)])
def test_D15_how_short_is_a_policy(value: int, short: bool) -> None:
    told = (a_check_in("08:00"), a_check_out("08:05"), a_policy("very_short_visit_seconds", value))

    assert bool(found(judged(*told), "D15")) is short


@pytest.mark.parametrize(
    ("seconds", "unverified"),
    [pytest.param(30, False, id="received after 30 s"), pytest.param(31, True, id="received after 31 s")],
)
@pytest.mark.parametrize("end", ["check_in", "check_out"])
def test_D16_an_end_without_clock_evidence(end: str, seconds: int, unverified: bool) -> None:
    """FAULTS 26."""
    late = {
        name: {"received": seconds_after(when, seconds)}
        for name, when in (("check_in", "08:00"), ("check_out", "09:00"))
    }
    told = {name: late[name] if name == end else {} for name in late}
    judgement = judged(a_check_in("08:00", **told["check_in"]), a_check_out("09:00", **told["check_out"]))

    assert rules_of(judgement) == ({"D16"} if unverified else set())
    if unverified:
        assert effect_of(judgement, "D16") == (HOLDS, True)


@pytest.mark.parametrize(
    ("apart", "doubtful"),
    [
        pytest.param(119, False, id="a second less than 120 s"),
        pytest.param(120, False, id="120 s"),
        pytest.param(121, True, id="a second more"),
        pytest.param(-120, False, id="120 s the other way"),
        pytest.param(-121, True, id="a second more the other way"),
    ],
)
def test_D16_estimates_more_than_120_seconds_apart(apart: int, doubtful: bool) -> None:
    clock = a_clock(10_000, anchor=an_anchor("08:00", 10_000))
    told = a_check_in("08:00", received="10:00", clock=clock, sent=sent(17_200 - apart))

    assert rules_of(judged(told, a_check_out("09:00"))) == ({"D16"} if doubtful else set())


@pytest.mark.parametrize(("value", "doubtful"), [(59, True), (60, False)])
def test_D16_how_far_apart_is_a_policy(value: int, doubtful: bool) -> None:
    clock = a_clock(10_000, anchor=an_anchor("08:00", 10_000))
    told = a_check_in("08:00", received="10:00", clock=clock, sent=sent(17_140))
    judgement = judged(told, a_check_out("09:00"), a_policy("clock_apart_seconds", value))

    assert bool(found(judgement, "D16")) is doubtful


def test_D16_a_corrected_end_needs_no_clock() -> None:
    told = (a_check_in("08:00"), a_check_out("09:00", received="12:00"))

    assert "D16" in rules_of(judged(*told))
    assert "D16" in rules_of(judged(*told, a_correction(starts_at="08:01")))
    assert "D16" not in rules_of(judged(*told, a_correction(ends_at="08:59")))


@pytest.mark.parametrize(
    ("received", "late"),
    [
        pytest.param("2014-02-06T07:59:59+01:00", False, id="a second less than 72 h"),
        pytest.param("2014-02-06T08:00:00+01:00", False, id="72 h"),
        pytest.param("2014-02-06T08:00:01+01:00", True, id="a second more"),
        pytest.param("2014-03-05T08:00:00+01:00", True, id="30 days (FAULTS 6)"),
    ],
)
def test_D23_a_registration_received_more_than_72_hours_after_it_was_captured(received: str, late: bool) -> None:
    clock = a_clock(0, anchor=an_anchor("08:00", 0))
    judgement = judged(a_check_in("08:00", received=received, clock=clock), a_check_out("09:00"))

    assert rules_of(judgement) == ({"D23"} if late else set())
    if late:
        assert effect_of(judgement, "D23") == (EXPLAIN, True)


@pytest.mark.parametrize("off", [-31_536_000, 31_536_000])
def test_D23_is_told_by_the_corrected_time_and_not_by_a_wall_clock_that_is_off(off: int) -> None:
    clock = a_clock(0, anchor=an_anchor("08:00", 0))

    assert not found(judged(a_check_in(seconds_after("08:00", off), received="08:00", clock=clock)), "D23")


@pytest.mark.parametrize(("value", "late"), [(3600, False), (3599, True)])
def test_D23_how_long_is_a_policy(value: int, late: bool) -> None:
    told = (a_check_in("08:00", received="09:00"), a_policy("late_registration_seconds", value))

    assert bool(found(judged(*told), "D23")) is late


@pytest.mark.parametrize(
    ("kind", "extra", "rules"),
    [
        pytest.param(ProviderKind.MUNICIPAL, True, {"D24"}, id="extra, from the municipality"),
        pytest.param(ProviderKind.PRIVATE, True, set(), id="extra, from a private provider"),
        pytest.param(ProviderKind.MUNICIPAL, False, set(), id="granted, from the municipality"),
    ],
)
def test_D24_an_extra_service_from_a_municipal_provider(kind: ProviderKind, extra: bool, rules: set[str]) -> None:
    judgement = judged(a_check_in("08:00", extra_service=extra), a_check_out("09:00"), a_provider(kind=kind))

    assert rules_of(judgement) == rules
    if rules:
        assert effect_of(judgement, "D24") == (EXPLAIN, True)


DOOR = Position(lat_e6=59_310_000, lon_e6=18_160_000)
NEAR = Place(method=Method.NFC, text="tag k", position=DOOR)
GRADES = {
    0: (a_check_in("08:00", place=by_hand(ManualReason.TAG_DAMAGED), customer_id="k"), a_check_out("09:00")),
    1: A_STAY,
    2: (a_check_in("08:00", place=NEAR), a_check_out("09:00", place=NEAR)),
}


@pytest.mark.parametrize("least", [0, 1, 2, 3])
@pytest.mark.parametrize("grade", [0, 1, 2])
def test_D25_evidence_below_the_municipalitys_grade(grade: int, least: int) -> None:
    """FAULTS 30: a copied static code is never at the top grade."""
    told = (*GRADES[grade], a_customer(position=DOOR), a_policy("least_evidence_grade", least))
    judgement = judged(*told)

    assert judgement.visits[0].evidence_grade == grade
    assert bool(found(judgement, "D25")) is (grade < least)
    if grade < least:
        assert effect_of(judgement, "D25") == (EXPLAIN, True)


def test_D25_is_off_by_default() -> None:
    assert not found(judged(*GRADES[0]), "D25")


@pytest.mark.parametrize(
    ("municipality", "valid_from", "holds"),
    [
        pytest.param("0182", "2014-02-03", True, id="its own, from that day"),
        pytest.param("0182", "2014-02-04", False, id="its own, from the day after"),
        pytest.param(None, "2014-02-03", True, id="everybody's"),
        pytest.param("2029", "2014-02-03", False, id="another municipality's"),
    ],
)
def test_D_a_policy_is_the_customers_municipalitys_on_the_visits_day(
    municipality: str | None, valid_from: str, holds: bool
) -> None:
    told = a_policy("very_short_visit_seconds", 7_200, municipality=municipality, valid_from=valid_from)

    assert bool(found(judged(*A_STAY, told), "D15")) is holds


def test_D_a_deviation_is_of_the_local_month_in_which_its_visit_starts() -> None:
    told = (a_check_in("2014-02-28T23:59:59+01:00", id="in"), a_check_out("2014-03-01T00:00:00+01:00"))

    assert [one.found.period for one in found(judged(*told), "D15")] == ["2014-02"]
