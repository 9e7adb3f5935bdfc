"""Rows 6, 19, 28, 29 and 58 of FAULTS: late events, forgotten check-outs, borders, rounding, and settling twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from app.actions import simulations
from app.actions.reimbursement import runs
from app.rules.deviations.seconds import Fate
from app.rules.reimbursement.lines import amount_ore
from app.rules.time import parse_instant
from schemas.simulations import read_scenario
from tests.counts import count
from tests.town import id_of, told, town_of

JSON = dict[str, Any]
LOCK = "2014-03-05T18:00:00+01:00"
YEAR = datetime(2014, 1, 1, tzinfo=UTC)
TWO_YEARS = 2 * 366 * 86_400


def a_visit(start: datetime, seconds: int, *, received: datetime | None = None, closed: bool = True) -> list[JSON]:
    """A stay of so many seconds at the customer of the smallest file."""
    ends = (("check_in", start), ("check_out", start + timedelta(seconds=seconds)))
    return [
        {
            "id": kind,
            "kind": kind,
            "caregiver_id": "c",
            "captured_at": at.isoformat(),
            "service": "personal_care",
            "place": {"method": "nfc", "uid": "04A2245A6F6180"},
            **({} if received is None else {"received_at": received.isoformat()}),
        }
        for kind, at in ends[: 2 if closed else 1]
    ]


def outcome_of(registrations: list[JSON], **more: Any) -> Any:
    """What the smallest file comes to with these registrations; its grant and its rate hold for years."""
    content = {**told("nacka_2014.json"), "registrations": registrations, **more}
    content["orders"][0]["valid_from"] = content["grants"][0]["valid_from"] = "2013-01-01"
    content["rates"][0]["valid_from"] = content["tags"][0]["valid_from"] = "2013-01-01"
    content["grants"][0]["granted_seconds"] = 31 * 86_400
    return simulations.run(read_scenario(content))


def test_row_6_an_event_thirty_days_late_is_kept_flagged_and_becomes_an_adjustment_of_the_closed_month() -> None:
    """FAULTS 6: captured in February, received after February was issued."""
    received = datetime(2014, 3, 7, 8, 0, tzinfo=UTC)
    late = a_visit(datetime(2014, 2, 5, 8, 0, tzinfo=UTC), 1_800, received=received)
    explained = [{"rule": "D16", "visit_id": "check_in", "reason": "phone_failed"}]
    accepted = {"by": "officer", "at": "2014-03-20T09:00:00+01:00"}
    outcome = outcome_of(
        late,
        months=["2014-02", "2014-03"],
        locked_at={"2014-02": LOCK, "2014-03": "2014-04-05T18:00:00+02:00"},
        now="2014-04-05T18:00:00+02:00",
        explanations=[{**one, "accepted": accepted} for one in explained],
    )
    rules = {one.found.rule for one in outcome.judgement.deviations}
    assert {"D16", "D23"} <= rules
    assert [(line.kind, line.run, line.total.key.month, line.seconds) for line in outcome.lines] == [
        ("adjustment", "2014-03", "2014-02", 1_800)
    ]


@settings(max_examples=count(1_000))
@given(start=st.integers(0, TWO_YEARS), now=st.integers(0, 100 * 86_400))
def test_row_19_a_forgotten_check_out_never_pays_and_never_gets_an_end(start: int, now: int) -> None:
    """FAULTS 19: no time is invented, whenever one looks; after the longest stay it is an alarm that holds pay."""
    began = YEAR + timedelta(seconds=start)
    asked = began + timedelta(seconds=now)
    outcome = outcome_of(a_visit(began, 0, closed=False), months=[], now=asked.isoformat())
    visit = outcome.judgement.visits[0]
    assert (visit.ends_at, visit.performed_seconds, outcome.judgement.account.stretches) == (None, None, ())
    alarmed = [one for one in outcome.judgement.deviations if one.found.rule == "D7"]
    assert [one.holds for one in alarmed] == ([True] if now > 43_200 else [])


@settings(max_examples=count(10_000))
@given(start=st.integers(0, TWO_YEARS), seconds=st.integers(1, 43_200))
def test_row_28_the_pieces_of_a_visit_across_any_border_sum_to_it(start: int, seconds: int) -> None:
    """FAULTS 28: midnight, month end, leap day and both clock changes; not a second is lost or gained."""
    began = YEAR + timedelta(seconds=start)
    asked = began + timedelta(days=2)
    outcome = outcome_of(a_visit(began, seconds), months=[], now=asked.isoformat())
    stretches = outcome.judgement.account.stretches
    assert sum(one.seconds for one in stretches) == seconds
    assert {one.fate for one in stretches} == {Fate.PAID}
    edges = [(one.start, one.end) for one in stretches]
    assert [end for _, end in edges[:-1]] == [start for start, _ in edges[1:]]


@settings(max_examples=count(10_000))
@given(seconds=st.lists(st.integers(0, 86_400), min_size=1, max_size=62), ore=st.decimals(0, 100_000, places=4))
def test_row_29_an_amount_is_rounded_once_and_never_more_than_half_an_ore_off(seconds: list[int], ore: Decimal) -> None:
    """FAULTS 29: rounding each visit would drift; rounding the line once does not."""
    exact = Fraction(ore) * sum(seconds) / 3600
    amount = amount_ore(sum(seconds), ore)
    assert abs(amount - exact) <= Fraction(1, 2)
    assert amount - exact > Fraction(-1, 2)
    before, after = amount_ore(sum(seconds[:-1]), ore), amount_ore(sum(seconds), ore)
    assert before + (after - before) == amount


def test_row_58_a_settlement_run_twice_issues_once_and_repeats_to_the_same_bytes(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    """FAULTS 58: by the timer, again by the timer, and by hand."""
    town = town_of(make_app, database_url, told("nacka_2014.json"))
    town.sweep(LOCK)
    for blocking in town.get("p", "/months/2014-02", LOCK)["items"][0]["blocking"]:
        body = {"deviation_ids": [blocking], "reason": "other", "note": "As agreed."}
        town.post("p", "/explanations", LOCK, body)
    town.post("p", "/months/2014-02/attestation", LOCK, {"municipality": "0182"})
    closed = [
        runs.close(town.database, town.settings, town.care_system_id, "2014-02", parse_instant(LOCK)) for _ in range(3)
    ]
    assert [(one.locked, one.issued, one.lines, one.amount_ore) for one in closed] == [(1, 1, 1, 29_189)] + [
        (0, 0, 0, 0)
    ] * 2
    town.post("controller", "/reimbursement/runs", LOCK, {"month": "2014-02"})
    assert len(town.get("money", "/reimbursement/lines", LOCK)["items"]) == 1
    repeated = runs.repeat_runs(town.database, town.settings, town.care_system_id, None)
    assert [(run.provider_id, same) for run, same in repeated] == [(id_of("p"), True)]
