"""Proposed assessments over HTTP (E7): found as extensions and deviations change, closed by a case officer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app.actions.assessments import assess
from app.actions.deviations.settle import settle
from app.rules.extensions import ExtensionState
from app.rules.time import parse_instant
from app.storage import access_log
from app.storage.database import Database
from app.storage.extensions import get_extension, insert_extension
from app.storage.ids import new_id
from app.storage.judgements import Due, mark_due
from app.storage.orders import GRANT
from app.storage.records import get_many, put_many
from tests.town import Town, id_of, told, town_of

JSON = dict[str, Any]
SOON = "2014-02-10T09:00:00+01:00"
NEXT = "2014-03-02T09:00:00+01:00"
LAST = "2014-03-03T09:00:00+01:00"


def nacka() -> JSON:
    """Nacka's smallest scenario, with a second provider and a neighbour municipality beside it."""
    content = told("nacka_2014.json")
    content["care_system"]["municipalities"].append("2029")
    content["customers"].append({"id": "m", "municipality": "2029"})
    content["providers"].append({"id": "q", "name": "Egen regi", "kind": "municipal"})
    return content


@pytest.fixture
def town(make_app: Callable[..., Flask], database_url: str) -> Town:
    return town_of(make_app, database_url, nacka())


@pytest.fixture
def lite(make_app: Callable[..., Flask], sqlite_url: str) -> Town:
    return town_of(make_app, sqlite_url, nacka())


def ask(town: Town, day: str, now: str = SOON, who: str = "p") -> str:
    """The id of a request for more time on the day, in its month."""
    asked = {
        "provider_id": id_of("p"),
        "customer_id": id_of("k"),
        "service": "personal_care",
        "month": day[:7],
        "days": [day],
        "requested_seconds": 600,
        "cause": "fall",
        "justification": "The customer had fallen, and we waited with her.",
    }
    return str(town.post(who, "/extensions", now, asked)["id"])


def standing(town: Town, who: str = "0182", query: str = "") -> list[tuple[str, str]]:
    """Cause and state of what somebody sees."""
    return [(one["cause"], one["state"]) for one in town.get(who, f"/assessments{query}", NEXT)["items"]]


def proposals(town: Town) -> list[JSON]:
    """What others were told of."""
    feed = town.get("money", "/changes?limit=200", LAST)["items"]
    return [one["data"] for one in feed if one["type"] == "assessment.proposed"]


def test_E7_three_extensions_propose_an_assessment_that_clears_comes_back_and_is_closed(town: Town) -> None:
    ask(town, "2014-01-20")
    ask(town, "2014-02-03")
    assert standing(town) == []
    third = ask(town, "2014-02-04")
    (shown,) = town.get("0182", "/assessments", NEXT)["items"]
    assert (shown["cause"], shown["state"], shown["subject"]) == ("repeated_extensions", "proposed", "personal_care")
    assert [one["month"] for one in shown["facts"]["extensions"]] == ["2014-01", "2014-02", "2014-02"]
    assert proposals(town) == [shown]

    path = f"/assessments/{shown['id']}"
    town.post("p", f"/extensions/{third}/withdrawal", SOON)
    assert standing(town) == [("repeated_extensions", "cleared")]
    closing = {"outcome": "assessed", "note": "A new assessment: two hours more a week."}
    assert town.refused("0182", f"{path}/closing", NEXT, closing) == (409, "E7")

    fourth = ask(town, "2014-02-05")
    assert [one["id"] for one in proposals(town)] == [shown["id"]] * 2, "it is the same one again"
    partly = {"outcome": "partly_approved", "approved_seconds": 300, "reasons": "x"}
    town.post("0182", f"/extensions/{fourth}/decisions", NEXT, partly)
    assert town.refused("p", f"{path}/closing", NEXT, closing) == (403, "A2")
    assert town.refused("2029", f"{path}/closing", NEXT, closing) == (404, None)
    assert town.ask("0182", "POST", f"{path}/closing", NEXT, {"outcome": "assessed"}).status_code == 422
    closed = town.post("0182", f"{path}/closing", NEXT, closing)
    assert (closed["state"], closed["note"], closed["closed_at"]) == (
        "assessed",
        closing["note"],
        "2014-03-02T08:00:00Z",
    )
    assert closed["facts"]["extensions"][-1]["approved_seconds"] == 300
    assert [one["what"] for one in closed["history"]] == ["proposed", "cleared", "reopened", "changed", "assessed"]
    assert [one["by"] is None for one in closed["history"]] == [True] * 4 + [False]
    assert town.refused("0182", f"{path}/closing", NEXT, closing) == (409, "E7")

    declined = {"outcome": "declined", "reasons": "x"}
    town.post("0182", f"/extensions/{fourth}/decisions", NEXT, declined)
    assert standing(town) == [("repeated_extensions", "assessed")], "what somebody closed stays closed"
    ask(town, "2014-02-06", NEXT)
    assert standing(town) == [("repeated_extensions", "assessed"), ("repeated_extensions", "proposed")]
    assert len(proposals(town)) == 3


def test_E7_A1_an_assessment_is_seen_by_its_municipality_and_by_the_provider_it_is_about(lite: Town) -> None:
    for day in ("2014-02-03", "2014-02-04", "2014-02-05"):
        ask(lite, day)
    (shown,) = lite.get("p", "/assessments", NEXT)["items"]
    for query, number in (
        ("?state=proposed", 1),
        ("?state=cleared", 0),
        ("?cause=repeated_under_delivery", 0),
        (f"?customer_id={id_of('k')}", 1),
        (f"?customer_id={id_of('m')}", 0),
    ):
        assert len(standing(lite, query=query)) == number, query
    for who in ("2029", "q"):
        assert standing(lite, who) == []
        assert lite.ask(who, "GET", f"/assessments/{shown['id']}", NEXT).status_code == 404
    for who in ("controller", "caregiver", "auditor", "money"):
        assert lite.ask(who, "GET", "/assessments", NEXT).status_code == 403
    lite.get("p", f"/assessments/{shown['id']}", NEXT)
    with lite.database.transaction() as tx:
        read = [one for one in access_log.page(tx, lite.care_system_id, limit=100) if one.what == "assessment"]
    assert {(one.why, one.whom.whom_id) for one in read} == {
        ("listAssessments", id_of("k")),
        ("readAssessment", id_of("k")),
    }


def judge(town: Town, month: str, now: str) -> None:
    with town.database.transaction() as tx:
        settle(tx, town.care_system_id, id_of("p"), id_of("k"), month, parse_instant(now))


def test_E7_under_delivery_two_months_running_proposes_and_clears_with_what_made_it_vanish(town: Town) -> None:
    judge(town, "2014-01", NEXT)
    assert standing(town) == []
    judge(town, "2014-02", NEXT)
    (shown,) = town.get("0182", "/assessments", NEXT)["items"]
    assert (shown["cause"], shown["provider_id"]) == ("repeated_under_delivery", id_of("p"))
    months = shown["facts"]["months"]
    assert [(one["month"], one["performed_seconds"]) for one in months] == [("2014-01", 0), ("2014-02", 2_840)]
    assert [one["id"] for one in town.deviations("p", NEXT, rule="D1")] == [one["deviation_id"] for one in months]
    judge(town, "2014-02", NEXT)
    assert [one["id"] for one in proposals(town)] == [shown["id"]], "found again, it is not told again"

    with town.database.transaction() as tx:
        cs, due = town.care_system_id, Due(provider_id=id_of("p"), customer_id=id_of("k"), month="2014-02")
        grant = get_many(tx, GRANT, cs, [id_of("g")])[id_of("g")]
        smaller = replace(grant, granted_seconds=3_000, recorded_at=parse_instant(NEXT))
        put_many(tx, GRANT, cs, [smaller], by="officer")
        mark_due(tx, cs, [due], at=parse_instant(NEXT))
    town.sweep(LAST)
    assert standing(town) == [("repeated_under_delivery", "cleared")]
    history = town.get("0182", f"/assessments/{shown['id']}", LAST)["history"]
    assert [one["what"] for one in history] == ["proposed", "cleared"]


def test_E7_of_two_requests_at_once_the_later_waits_for_the_earlier_and_sees_it(
    make_app: Callable[..., Flask], postgres_url: str
) -> None:
    """The second of three is not committed yet when the third comes: neither alone would see three."""
    town = town_of(make_app, postgres_url, nacka())
    first = ask(town, "2014-02-03")
    cs, third = town.care_system_id, threading.Thread(target=ask, args=(town, "2014-02-05"))
    with town.database.transaction() as tx:
        asked = get_extension(tx, cs, first)
        assert asked is not None
        insert_extension(tx, cs, replace(asked.extension, id=new_id()), state=ExtensionState.REQUESTED, by="somebody")
        assess(tx, cs, [id_of("k")], parse_instant(SOON))
        third.start()
        third.join(timeout=0.7)
    third.join()
    assert standing(town) == [("repeated_extensions", "proposed")]


def test_E7_many_customers_cost_no_more_statements_than_one(make_app: Callable[..., Flask], sqlite_url: str) -> None:
    content = nacka()
    names = [f"k{number}" for number in range(20)]
    content["customers"] += [{"id": name, "municipality": "0182"} for name in names]
    content["extensions"] = [
        {
            "id": f"{name} {day}",
            "provider_id": "p",
            "customer_id": name,
            "service": "personal_care",
            "month": "2014-02",
            "days": [f"2014-02-0{day}"],
            "requested_seconds": 600,
            "cause": "fall",
            "justification": "The customer had fallen, and we waited.",
            "requested_by": "coordinator",
            "requested_at": SOON,
        }
        for name in ("k", *names)
        for day in (3, 4, 5)
    ]
    town = town_of(make_app, sqlite_url, content)
    one, many = (_statements(town.database, town.care_system_id, some) for some in (["k"], names))
    assert one == many > 0
    assert len(proposals(town)) == 21


def _statements(database: Database, care_system_id: str, names: list[str]) -> int:
    seen: list[str] = []
    with database.transaction() as tx:
        event.listen(tx.connection, "before_cursor_execute", lambda *told: seen.append(told[2]))
        assess(tx, care_system_id, [id_of(one) for one in names], parse_instant(NEXT))
    return len(seen)
