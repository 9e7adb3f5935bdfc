"""Extensions over HTTP, E1–E6: asked for, asked about, answered, decided, withdrawn; and what they do to the cap."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.town import Town, id_of, told, town_of

JSON = dict[str, Any]
SOON = "2014-02-04T09:00:00+01:00"
THEN = "2014-02-05T09:00:00+01:00"
LATE = "2014-02-18T09:00:00+01:00"
AFTER = "2014-03-02T09:00:00+01:00"


@pytest.fixture
def town(make_app: Callable[..., Flask], database_url: str) -> Town:
    content = told("nacka_2014.json")
    content["care_system"]["municipalities"].append("2029")
    content["customers"].append({"id": "m", "municipality": "2029"})
    content["grants"][0]["granted_seconds"] = 2_000
    content["providers"].append({"id": "q", "name": "Egen regi", "kind": "municipal"})
    settled = town_of(make_app, database_url, content)
    settled.sweep(SOON)
    return settled


def a_request(**more: Any) -> JSON:
    return {
        "provider_id": id_of("p"),
        "customer_id": id_of("k"),
        "service": "personal_care",
        "month": "2014-02",
        "visit_ids": [id_of("1")],
        "requested_seconds": 840,
        "cause": "fall",
        "justification": "The customer had fallen, and we waited with her.",
        **more,
    }


def over(town: Town, now: str) -> list[tuple[str, int]]:
    """D2 as it stands: its state and the seconds beyond the cap."""
    return [(row["state"], row["facts"]["excess_seconds"]) for row in town.deviations("p", now, rule="D2")]


def test_E3_E5_an_approved_extension_raises_the_cap_and_clears_the_over_delivery(town: Town) -> None:
    assert over(town, SOON) == [("open", 840)]
    asked = town.post("p", "/extensions", SOON, a_request())
    assert (asked["state"], asked["late"], asked["overdue"], asked["decision"]) == ("requested", False, False, None)
    partly = {"outcome": "partly_approved", "approved_seconds": 400, "reasons": "Part of it is shown."}
    decided = town.post("0182", f"/extensions/{asked['id']}/decisions", THEN, partly)
    assert (decided["state"], decided["decision"]["approved_seconds"]) == ("partly_approved", 400)
    assert over(town, THEN) == [("open", 440)]
    whole = {"outcome": "approved", "reasons": "All of it after all."}
    again = town.post("0182", f"/extensions/{asked['id']}/decisions", THEN, whole)
    assert [one["approved_seconds"] for one in again["decisions"]] == [400, 840]
    assert over(town, THEN) == [("cleared", 440)]
    declined = town.post(
        "0182", f"/extensions/{asked['id']}/decisions", AFTER, {"outcome": "declined", "reasons": "No."}
    )
    assert (declined["state"], len(declined["decisions"])) == ("declined", 3)
    assert over(town, AFTER) == [("open", 840)]


def test_E3_a_question_is_answered_before_it_is_decided(town: Town) -> None:
    asked = town.post("p", "/extensions", SOON, a_request())
    path = f"/extensions/{asked['id']}"
    question = {"outcome": "needs_information", "reasons": "When did the ambulance come?"}
    assert town.post("0182", f"{path}/decisions", SOON, question)["state"] == "needs_information"
    assert town.refused("0182", f"{path}/decisions", THEN, {"outcome": "approved", "reasons": "x"}) == (409, "E3")
    answered = town.post("p", f"{path}/answers", THEN, {"text": "At ten."})
    assert answered["state"] == "requested"
    assert [one["text"] for one in answered["thread"]] == ["When did the ambulance come?", "At ten."]
    assert town.refused("p", f"{path}/answers", THEN, {"text": "At eleven."}) == (409, "E3")
    assert town.post("0182", f"{path}/decisions", THEN, {"outcome": "approved", "reasons": "x"})["state"] == "approved"


def test_E3_the_requester_withdraws_until_it_is_decided_and_nobody_decides_afterwards(town: Town) -> None:
    asked = town.post("p", "/extensions", SOON, a_request())
    path = f"/extensions/{asked['id']}"
    assert town.refused("0182", f"{path}/withdrawal", THEN) == (403, "A2")
    assert town.post("p", f"{path}/withdrawal", THEN)["state"] == "withdrawn"
    assert town.refused("0182", f"{path}/decisions", THEN, {"outcome": "approved", "reasons": "x"}) == (409, "E3")
    other = town.post("p", "/extensions", SOON, a_request())
    town.post("0182", f"/extensions/{other['id']}/decisions", THEN, {"outcome": "declined", "reasons": "x"})
    assert town.refused("p", f"/extensions/{other['id']}/withdrawal", THEN) == (409, "E3")


UNASKABLE: list[tuple[str, JSON, str | None, str]] = [
    ("household time", {"service": "household"}, "E1", "/service"),
    ("neither visits nor days", {"visit_ids": [], "days": []}, "E2", "/visit_ids"),
    ("a short justification", {"justification": "Too short."}, None, "/justification"),
    ("no seconds", {"requested_seconds": 0}, None, "/requested_seconds"),
    ("half a second", {"requested_seconds": 1.5}, None, "/requested_seconds"),
    ("a day of another month", {"days": ["2014-03-01"]}, None, "/days/0"),
    ("an unknown visit", {"visit_ids": [id_of("nothing")]}, None, "/visit_ids/0"),
    ("a visit of another month", {"month": "2014-03"}, None, "/visit_ids/0"),
    ("another provider's customer", {"customer_id": id_of("m")}, None, "/customer_id"),
    ("another provider", {"provider_id": id_of("q")}, None, "/provider_id"),
    ("an unknown field", {"surprise": 1}, None, "/surprise"),
]


def test_E1_E2_what_cannot_be_asked_is_refused_with_the_field_and_leaves_nothing(town: Town) -> None:
    for what, asked, rule, pointer in UNASKABLE:
        answer = town.ask("p", "POST", "/extensions", SOON, a_request(**asked))
        problem = answer.get_json()
        assert (what, answer.status_code, problem.get("rule")) == (what, 422, rule)
        assert pointer in [error["pointer"] for error in problem["errors"]], what
    assert town.get("p", "/extensions", SOON)["items"] == []


def test_E3_seconds_that_do_not_fit_the_outcome_are_refused(town: Town) -> None:
    asked = town.post("p", "/extensions", SOON, a_request())
    partly, unfit = "partly_approved", [("approved", 839), ("declined", 1), ("needs_information", 1)]
    for outcome, seconds in [(partly, 840), (partly, 841), (partly, 0), (partly, None), *unfit]:
        decision = {"outcome": outcome, "approved_seconds": seconds, "reasons": "x"}
        answer = town.ask("0182", "POST", f"/extensions/{asked['id']}/decisions", THEN, decision)
        assert (outcome, seconds, answer.status_code) == (outcome, seconds, 422)
        assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/approved_seconds"]
    assert town.get("0182", f"/extensions/{asked['id']}", THEN)["state"] == "requested"


def test_E4_a_case_officer_of_the_customers_municipality_decides_and_nobody_else(town: Town) -> None:
    asked = town.post("p", "/extensions", SOON, a_request())
    path = f"/extensions/{asked['id']}/decisions"
    decision = {"outcome": "approved", "reasons": "x"}
    assert town.refused("2029", path, THEN, decision) == (404, None)
    for who in ("p", "q", "controller", "caregiver", "money"):
        assert town.refused(who, path, THEN, decision) == (403, "A2")
    assert town.get("2029", "/extensions", THEN)["items"] == []
    assert town.ask("q", "GET", f"/extensions/{asked['id']}", THEN).status_code == 404
    assert [one["id"] for one in town.get("0182", "/extensions?state=requested", THEN)["items"]] == [asked["id"]]


def test_E6_a_request_is_marked_late_after_fourteen_days_and_overdue_after_seven_more(town: Town) -> None:
    in_time = town.post("p", "/extensions", "2014-02-17T23:59:59+01:00", a_request())
    late = town.post("p", "/extensions", LATE, a_request())
    assert (in_time["late"], late["late"]) == (False, True)
    assert town.get("0182", f"/extensions/{late['id']}", "2014-02-25T23:59:59+01:00")["overdue"] is False
    assert town.get("0182", f"/extensions/{late['id']}", "2014-02-26T00:00:00+01:00")["overdue"] is True


def test_E2_a_caregiver_asks_for_a_customer_of_the_day(town: Town) -> None:
    day = "2014-02-03T20:00:00+01:00"
    asked = town.post("caregiver", "/extensions", day, a_request())
    assert asked["requested_at"] == "2014-02-03T19:00:00Z"
    answer = town.ask("caregiver", "POST", "/extensions", SOON, a_request())
    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/customer_id"]


def test_E3_of_two_who_decide_at_once_each_is_recorded_and_the_state_is_the_lasts(town: Town) -> None:
    asked = town.post("p", "/extensions", SOON, a_request())
    path = f"/extensions/{asked['id']}/decisions"
    together = threading.Barrier(2)
    statuses: list[int] = []

    def decide(outcome: str) -> None:
        together.wait()
        statuses.append(town.ask("0182", "POST", path, THEN, {"outcome": outcome, "reasons": "x"}).status_code)

    threads = [threading.Thread(target=decide, args=(outcome,)) for outcome in ("approved", "declined")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201, 201]
    shown = town.get("0182", f"/extensions/{asked['id']}", THEN)
    assert {one["outcome"] for one in shown["decisions"]} == {"approved", "declined"}
    assert shown["state"] == shown["decision"]["outcome"]


def test_E3_what_was_asked_and_decided_is_told_to_whoever_follows(town: Town) -> None:
    asked = town.post("p", "/extensions", SOON, a_request())
    town.post("0182", f"/extensions/{asked['id']}/decisions", THEN, {"outcome": "approved", "reasons": "x"})
    feed = town.get("money", "/changes?limit=200", THEN)["items"]
    mine = [(one["type"], one["data"]["state"]) for one in feed if one["resource"]["id"] == asked["id"]]
    assert mine == [("extension.requested", "requested"), ("extension.decided", "approved")]
