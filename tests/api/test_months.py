"""Months over HTTP, R8: what blocks them, their attestation, their lock, and what opens them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.actions import months
from app.rules.time import parse_instant
from app.storage.judgements import Due
from tests.town import Town, id_of, told, town_of

JSON = dict[str, Any]
BEFORE = "2014-02-28T23:59:59+01:00"
OVER = "2014-03-01T00:00:00+01:00"
EARLY = "2014-03-05T17:59:59+01:00"
LOCK = "2014-03-05T18:00:00+01:00"
LATER = "2014-03-06T09:00:00+01:00"
WHOSE = {"municipality": "0182"}


@pytest.fixture
def town(make_app: Callable[..., Flask], database_url: str) -> Town:
    content = told("nacka_2014.json")
    content["care_system"]["municipalities"].append("2029")
    content["providers"].append({"id": "q", "name": "Egen regi", "kind": "municipal"})
    content["customers"].append({"id": "m", "municipality": "2029"})
    settled = town_of(make_app, database_url, content)
    settled.sweep(BEFORE)
    return settled


def month_of(town: Town, now: str, who: str = "p") -> JSON:
    rows: list[JSON] = town.get(who, "/months/2014-02", now)["items"]
    assert [(row["municipality"], row["provider_id"]) for row in rows] == [("0182", id_of("p"))]
    return rows[0]


def explain(town: Town, now: str) -> None:
    """Everything that blocks February is explained."""
    for blocking in month_of(town, now)["blocking"]:
        body = {"deviation_ids": [blocking], "reason": "other", "note": "As agreed with the customer."}
        town.post("p", "/explanations", now, body)


def test_R8_a_month_is_not_attested_before_it_is_over(town: Town) -> None:
    assert month_of(town, BEFORE)["blocking"] == []
    answer = town.ask("p", "POST", "/months/2014-02/attestation", BEFORE, WHOSE)
    assert (answer.status_code, answer.get_json()["rule"]) == (409, "R8")
    assert "not over" in answer.get_json()["detail"]


def test_R8_what_only_the_months_end_brings_blocks_it_even_before_a_sweep(town: Town) -> None:
    answer = town.ask("p", "POST", "/months/2014-02/attestation", OVER, WHOSE)
    assert (answer.status_code, answer.get_json()["rule"]) == (409, "R8")
    under = town.deviations("p", OVER, rule="D1", period="2014-02")
    assert [(row["state"], row["facts"]["performed_seconds"]) for row in under] == [("open", 2_840)]
    assert month_of(town, OVER)["blocking"] == [under[0]["id"]]
    assert answer.get_json()["facts"]["blocking"] == [under[0]["id"]]


def attested(town: Town, now: str) -> JSON:
    town.sweep(now)
    explain(town, now)
    return town.post("p", "/months/2014-02/attestation", now, WHOSE)


def test_R8_a_month_with_nothing_left_to_explain_is_attested(town: Town) -> None:
    month = attested(town, OVER)
    assert (month["state"], month["blocking"], month["attested_at"]) == ("attested", [], "2014-02-28T23:00:00Z")
    assert month_of(town, OVER, "controller") == month
    assert month_of(town, OVER, "0182") == month
    assert town.get("2029", "/months/2014-02", OVER)["items"] == []
    assert town.get("q", "/months/2014-02", OVER)["items"] == []


def test_R8_a_rejected_explanation_blocks_again_and_an_accepted_one_does_not(town: Town) -> None:
    town.sweep(OVER)
    blocking = month_of(town, OVER)["blocking"]
    body = {"deviation_ids": blocking, "reason": "other", "note": "As agreed."}
    made = town.post("p", "/explanations", OVER, body)
    town.post("0182", f"/explanations/{made['id']}/verdict", OVER, {"outcome": "rejected"})
    assert month_of(town, OVER)["blocking"] == blocking
    town.post("0182", f"/explanations/{made['id']}/verdict", EARLY, {"outcome": "accepted"})
    assert month_of(town, EARLY)["blocking"] == []


def test_R8_only_the_provider_attests_and_only_its_own(town: Town) -> None:
    for who in ("0182", "controller", "caregiver", "money"):
        assert town.refused(who, "/months/2014-02/attestation", OVER, WHOSE) == (403, "A2")
    other = town.ask("p", "POST", "/months/2014-02/attestation", OVER, {**WHOSE, "provider_id": id_of("q")})
    assert [error["pointer"] for error in other.get_json()["errors"]] == ["/provider_id"]
    elsewhere = town.ask("p", "POST", "/months/2014-02/attestation", OVER, {"municipality": "9999"})
    assert [error["pointer"] for error in elsewhere.get_json()["errors"]] == ["/municipality"]
    assert town.ask("p", "POST", "/months/2014-13/attestation", OVER, WHOSE).status_code == 404


def test_R8_what_is_registered_or_corrected_reopens_an_attested_month_and_not_a_locked_one(town: Town) -> None:
    attested(town, OVER)
    mine = Due(provider_id=id_of("p"), customer_id=id_of("k"), month="2014-02")
    elsewhere = Due(provider_id=id_of("p"), customer_id=id_of("m"), month="2014-02")
    for due, state in ((elsewhere, "attested"), (mine, "open")):
        with town.database.transaction() as tx:
            months.reopen(tx, town.care_system_id, [due], parse_instant(EARLY))
        assert month_of(town, EARLY)["state"] == state
    assert month_of(town, EARLY)["attested_by"] is None
    town.post("p", "/months/2014-02/attestation", EARLY, WHOSE)
    nobody = Due(provider_id=id_of("p"), customer_id="", month="2014-02")
    with town.database.transaction() as tx:
        months.reopen(tx, town.care_system_id, [nobody], parse_instant(EARLY))
    assert month_of(town, EARLY)["state"] == "open"
    town.post("controller", "/months/2014-02/lock", LOCK, WHOSE)
    with town.database.transaction() as tx:
        months.reopen(tx, town.care_system_id, [mine], parse_instant(LOCK))
    assert month_of(town, LOCK)["state"] == "locked"


def test_R8_the_controller_locks_on_the_lock_date_and_not_a_second_before(town: Town) -> None:
    attested(town, OVER)
    path = "/months/2014-02/lock"
    assert town.refused("controller", path, EARLY, WHOSE) == (409, "R8")
    assert town.refused("p", path, LOCK, WHOSE) == (403, "A2")
    locked = town.post("controller", path, LOCK, {**WHOSE, "provider_id": id_of("p")})["items"]
    assert [(row["state"], row["locked_at"]) for row in locked] == [("locked", "2014-03-05T17:00:00Z")]
    again = town.post("controller", path, LATER, {})["items"]
    assert again == locked


def test_R8_a_month_that_was_locked_unattested_is_attested_later(town: Town) -> None:
    town.sweep(OVER)
    town.post("controller", "/months/2014-02/lock", LOCK, {})
    assert month_of(town, LOCK)["state"] == "locked"
    assert town.refused("p", "/months/2014-02/attestation", LATER, WHOSE) == (409, "R8")
    explain(town, LATER)
    month = town.post("p", "/months/2014-02/attestation", LATER, WHOSE)
    assert (month["state"], month["attested_at"]) == ("locked", "2014-03-06T08:00:00Z")


def test_R8_months_that_were_touched_are_listed_by_month_and_provider(town: Town) -> None:
    assert town.get("p", "/months", OVER)["items"] == []
    attested(town, OVER)
    listed = town.get("p", "/months", OVER)["items"]
    assert [(row["month"], row["state"]) for row in listed] == [("2014-02", "attested")]
    assert town.get("controller", f"/months?month=2014-02&provider_id={id_of('p')}", OVER)["items"] == listed
    assert town.get("controller", "/months?month=2014-02&municipality=2029", OVER)["items"] == []


def test_R8_attestation_and_lock_are_told_to_whoever_follows(town: Town) -> None:
    attested(town, OVER)
    town.post("controller", "/months/2014-02/lock", LOCK, WHOSE)
    feed = town.get("money", "/changes?limit=200", LOCK)["items"]
    mine = [(one["type"], one["data"]["state"]) for one in feed if one["resource"]["type"] == "month"]
    assert mine == [("month.attested", "attested"), ("month.locked", "locked")]
