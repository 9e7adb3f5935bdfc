"""E1–E6 over HTTP from the door to the decision: two fields at check-out, what is completed, and the queue."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.storage.ids import new_id
from tests.api.test_extension_documents import attach
from tests.api.test_extensions import AFTER, JSON, SOON, THEN, a_request, over
from tests.town import Town, id_of, told, town_of

EVENING = "2014-02-03T20:00:00+01:00"
TWO_FIELDS = {"cause": "fall", "justification": "Hon hade fallit i hallen och vi väntade på ambulansen."}


def a_town(make_app: Callable[..., Flask], database_url: str) -> Town:
    """Nacka with a visit of 47:20 that was planned for half an hour, and a stranger provider and municipality."""
    content = told("nacka_2014.json")
    content["care_system"]["municipalities"].append("2029")
    content["customers"].append({"id": "m", "municipality": "2029"})
    content["grants"][0]["granted_seconds"] = 2_000
    content["providers"].append({"id": "q", "name": "Egen regi", "kind": "municipal"})
    content["caregivers"].append({"id": "f", "provider_id": "p", "name": "F"})
    half = {"starts_at": "2014-02-03T08:00:00+01:00", "ends_at": "2014-02-03T08:30:00+01:00"}
    who = {"provider_id": "p", "customer_id": "k", "caregiver_ids": ["c"], "service": "personal_care"}
    content["planned_visits"] = [{"id": "plan", **who, **half}]
    place = {"place": {"method": "nfc", "uid": "04A2245A6F6180"}}
    content["registrations"] += [
        {"id": name, "kind": kind, "caregiver_id": caregiver, "captured_at": f"2014-02-03T{at}+01:00", **more, **place}
        for name, kind, caregiver, at, more in (
            ("home", "check_in", "c", "10:00:00", {"service": "household"}),
            ("home2", "check_out", "c", "10:30:00", {}),
            ("open", "check_in", "c", "19:30:00", {"service": "personal_care"}),
            ("theirs", "check_in", "f", "12:00:00", {"service": "personal_care"}),
            ("theirs2", "check_out", "f", "12:20:00", {}),
        )
    ]
    settled = town_of(make_app, database_url, content)
    settled.sweep(SOON)
    return settled


def test_E2_E3_from_two_fields_at_the_door_to_a_decision_that_replaces_another(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    town, visit, key = a_town(make_app, database_url), id_of("1"), new_id()
    at_door = f"/visits/{visit}/extension"
    answer = town.ask("caregiver", "POST", at_door, EVENING, TWO_FIELDS, key=key)
    assert answer.status_code == 201, answer.text
    asked: JSON = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/extensions/{asked['id']}"
    named = ("provider_id", "customer_id", "service", "month", "visit_ids", "requested_seconds", "cause", "state")
    assert [asked[name] for name in named] == [
        id_of("p"), id_of("k"), "personal_care", "2014-02", [visit], 2_840 - 1_800, "fall", "requested",
    ]  # fmt: skip
    again = town.ask("caregiver", "POST", at_door, THEN, TWO_FIELDS, key=key)
    assert (again.status_code, again.data) == (201, answer.data)
    other = {**TWO_FIELDS, "cause": "other"}
    assert town.ask("caregiver", "POST", at_door, EVENING, other, key=key).status_code == 409

    path = f"/extensions/{asked['id']}"
    assert town.refused("caregiver", f"{path}/completion", EVENING, {"requested_seconds": 60}) == (403, "E3")
    told_more = "Hon hade fallit i hallen. Ambulansen kom 08.40, journalen är bifogad."
    town.post("p", f"{path}/completion", SOON, {"requested_seconds": 900})
    shown = town.post("p2", f"{path}/completion", SOON, {"requested_seconds": 840, "justification": told_more})
    assert (shown["requested_seconds"], shown["justification"], shown["cause"]) == (840, told_more, "fall")
    first, second = shown["completions"]
    assert (first["before"]["requested_seconds"], first["after"]["requested_seconds"]) == (1_040, 900)
    assert (second["before"]["requested_seconds"], second["after"]["requested_seconds"]) == (900, 840)
    assert second["before"]["justification"] == TWO_FIELDS["justification"]
    assert (second["at"], first["after"]["justification"]) == ("2014-02-04T08:00:00Z", None)
    assert first["by"] != second["by"]
    assert attach(town, asked["id"]).status_code == 201

    question = {"outcome": "needs_information", "reasons": "När kom ambulansen?"}
    town.post("0182", f"{path}/decisions", THEN, question)
    assert [one["id"] for one in town.get("caregiver", "/extensions", THEN)["items"]] == [asked["id"]]
    assert town.post("caregiver", f"{path}/answers", THEN, {"text": "08.40."})["state"] == "requested"
    assert attach(town, asked["id"], who="caregiver", now=THEN).status_code == 201
    partly = {"outcome": "partly_approved", "approved_seconds": 400, "reasons": "En del."}
    town.post("0182", f"{path}/decisions", THEN, partly)
    assert town.refused("p", f"{path}/completion", THEN, {"requested_seconds": 60}) == (409, "E3")
    decided = town.post("0182", f"{path}/decisions", AFTER, {"outcome": "approved", "reasons": "Allt."})
    outcomes = [(one["outcome"], one["approved_seconds"], one["reasons"]) for one in decided["decisions"]]
    assert outcomes == [
        ("needs_information", None, "När kom ambulansen?"),
        ("partly_approved", 400, "En del."),
        ("approved", 840, "Allt."),
    ]
    assert decided["decision"] == decided["decisions"][-1]
    assert over(town, AFTER) == [("open", 2_840 + 1_200 - 2_000 - 840)]
    feed = town.get("money", "/changes?limit=200", AFTER)["items"]
    seconds = [(one["type"], one["data"]["requested_seconds"]) for one in feed if one["resource"]["id"] == asked["id"]]
    assert seconds == [
        ("extension.requested", 1_040),
        ("extension.requested", 900),
        ("extension.requested", 840),
        ("extension.requested", 840),
        *[("extension.decided", 840)] * 3,
    ]


@pytest.fixture
def town(make_app: Callable[..., Flask], sqlite_url: str) -> Town:
    return a_town(make_app, sqlite_url)


def test_E1_E2_what_a_visit_cannot_ask_for_is_refused_with_its_reason_and_leaves_nothing(town: Town) -> None:
    refusals = [
        ("caregiver", id_of("home"), TWO_FIELDS, 409, "E1"),
        ("caregiver", id_of("open"), TWO_FIELDS, 409, "E2"),
        ("caregiver", id_of("theirs"), TWO_FIELDS, 404, None),
        ("caregiver", new_id(), TWO_FIELDS, 404, None),
        ("q", id_of("1"), TWO_FIELDS, 404, None),
        ("0182", id_of("1"), TWO_FIELDS, 403, "A2"),
        ("caregiver", id_of("1"), {**TWO_FIELDS, "justification": "x" * 19}, 422, None),
        ("caregiver", id_of("1"), {**TWO_FIELDS, "cause": "fell"}, 422, None),
        ("caregiver", id_of("1"), {**TWO_FIELDS, "requested_seconds": 9}, 422, None),
        ("caregiver", id_of("1"), {"cause": "fall"}, 422, None),
    ]
    for who, visit, fields, status, rule in refusals:
        found = town.refused(who, f"/visits/{visit}/extension", EVENING, fields)
        assert found == (status, rule), (who, visit, fields)
    assert town.get("p", "/extensions", SOON)["items"] == []
    assert town.post("p", f"/visits/{id_of('theirs')}/extension", EVENING, TWO_FIELDS)["requested_seconds"] == 1_200


def test_E2_what_cannot_be_completed_is_refused_and_leaves_the_request_as_it_was(town: Town) -> None:
    asked = town.post("p", "/extensions", SOON, a_request())
    path = f"/extensions/{asked['id']}/completion"
    refusals: list[tuple[str, JSON, int, str | None]] = [
        ("p", {}, 422, None),
        ("p", {"cause": None}, 422, None),
        ("p", {"requested_seconds": 840}, 422, "E2"),
        ("p", {"requested_seconds": 0}, 422, None),
        ("p", {"visit_ids": [], "days": []}, 422, "E2"),
        ("p", {"visit_ids": [id_of("nothing")]}, 422, None),
        ("p", {"days": ["2014-03-01"]}, 422, "E2"),
        ("p", {"service": "household"}, 422, None),
        ("p", {"month": "2014-03"}, 422, None),
        ("caregiver", {"requested_seconds": 60}, 404, None),
        ("0182", {"requested_seconds": 60}, 403, "A2"),
        ("q", {"requested_seconds": 60}, 404, None),
    ]
    for who, body, status, rule in refusals:
        assert town.refused(who, path, SOON, body) == (status, rule), (who, body)
    assert town.get("p", f"/extensions/{asked['id']}", SOON) == asked
    whole = {"visit_ids": [id_of("1"), id_of("theirs")], "days": ["2014-02-28"], "cause": "other"}
    made = town.post("p", path, SOON, whole)
    assert {name: made[name] for name in whole} == whole


def ids(town: Town, query: str, now: str, who: str = "0182") -> list[str]:
    """The queue's requests, page by page."""
    found, after = [], ""
    while True:
        page = town.get(who, f"/extensions?waiting=true{query}{after}", now)
        found += [one["id"] for one in page["items"]]
        if "next" not in page:
            return found
        after = f"&after={page['next']}"


def test_E6_the_queue_has_overdue_ones_first_then_the_oldest_and_its_pages_go_on_where_they_began(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    town = a_town(make_app, database_url)
    days = ("2014-02-04", "2014-02-05", "2014-02-06", "2014-02-10", "2014-02-11")
    old, asked_back, gone, newer, newest = (
        town.post("p", "/extensions", f"{day}T10:00:00+01:00", a_request())["id"] for day in days
    )
    same = town.post("p", "/extensions", f"{days[4]}T10:00:00+01:00", a_request())["id"]
    question = {"outcome": "needs_information", "reasons": "Varför?"}
    town.post("0182", f"/extensions/{asked_back}/decisions", f"{days[4]}T11:00:00+01:00", question)
    town.post("p", f"/extensions/{gone}/withdrawal", f"{days[4]}T11:00:00+01:00")
    now = "2014-02-11T23:00:00+01:00"
    assert ids(town, "", now) == ids(town, "&limit=1", now) == [old, newer, newest, same]
    page = town.get("0182", "/extensions?waiting=true", now)["items"]
    assert [(one["overdue"], one["due_on"], one["waited_days"]) for one in page] == [
        (False, "2014-02-11", 7), (False, "2014-02-17", 1), (False, "2014-02-18", 0), (False, "2014-02-18", 0),
    ]  # fmt: skip
    policy = {"municipality": "0182", "name": "extension_reviewed_within_days", "valid_from": "2014-02-10"}
    town.post("controller", "/policies", now, {**policy, "value": 0, "source": "Beslut"})
    next_day = "2014-02-12T08:00:00+01:00"
    assert ids(town, "&limit=2", next_day) == [old, newer, newest, same]
    town.post("controller", "/policies", now, {**policy, "valid_from": "2014-02-01", "value": 30, "source": "Beslut"})
    later = [newer, newest, same, old]
    assert ids(town, "", next_day) == ids(town, "&limit=1", next_day) == later
    first = town.get("0182", "/extensions?waiting=true&limit=3", next_day)
    assert [one["overdue"] for one in first["items"]] == [True, True, True]
    rest = town.get("0182", f"/extensions?waiting=true&limit=3&after={first['next']}", "2014-04-01T08:00:00+01:00")
    assert [one["id"] for one in rest["items"]] == [old]
    assert ids(town, "&month=2014-03", next_day) == ids(town, "&state=declined", next_day) == []
    assert ids(town, "", next_day, "2029") == ids(town, "", next_day, "q") == []
    assert ids(town, "", next_day, "p") == later
    assert town.ask("0182", "GET", f"/extensions?after={first['next']}", next_day).status_code == 422
    plain = town.get("0182", "/extensions?limit=1", next_day)["next"]
    assert town.ask("0182", "GET", f"/extensions?waiting=true&after={plain}", next_day).status_code == 422
