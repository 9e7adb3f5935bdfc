"""Deviations over HTTP: seen by whom they concern, explained by the provider, judged by the municipality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.actions.deviations.settle import settle
from app.rules.time import parse_instant, shift
from app.storage import access_log
from app.storage.visits import get_visits, upsert_visits
from tests.town import Town, id_of, town_of

JSON = dict[str, Any]
NOW = "2014-03-01T09:00:00+01:00"
LATER = "2014-03-02T09:00:00+01:00"
LAST = "2014-03-03T09:00:00+01:00"


def a_day_gone_wrong() -> JSON:
    """Two customers of two municipalities, and one provider's three visits: two at a wrong door, one by hand."""
    homes = {"k": "0182", "m": "2029"}
    rows: list[JSON] = []
    for number, (customer, door, hour) in enumerate((("k", "04AA", "08"), ("m", "04BB", "10"), ("k", "04BB", "12"))):
        for kind, minute in (("check_in", "00"), ("check_out", "45")):
            row: JSON = {
                "id": f"{kind}-{number}",
                "kind": kind,
                "caregiver_id": "c",
                "captured_at": f"2014-02-03T{hour}:{minute}:00+01:00",
                "customer_id": customer,
                "place": {"method": "nfc", "uid": "04CC" if number == 1 else door},
            }
            rows.append({**row, "service": "personal_care"} if kind == "check_in" else row)
    return {
        "care_system": {"name": "Two", "municipalities": ["0182", "2029"]},
        "providers": [{"id": "p", "kind": "private"}, {"id": "q", "kind": "municipal"}],
        "caregivers": [{"id": "c", "provider_id": "p"}],
        "customers": [{"id": one, "municipality": home} for one, home in homes.items()],
        "tags": [
            {"id": f"t-{one}", "customer_id": one, "kind": "nfc", "uid": uid, "valid_from": "2014-01-01"}
            for one, uid in (("k", "04AA"), ("m", "04BB"))
        ],
        "grants": [
            {
                "id": f"g-{one}",
                "customer_id": one,
                "services": ["personal_care"],
                "law": "SoL",
                "granted_seconds": 5400,
                "per": "month",
                "valid_from": "2014-02-01",
            }
            for one in homes
        ],
        "orders": [
            {
                "id": f"o-{one}",
                "grant_id": f"g-{one}",
                "provider_id": "p",
                "ordered_at": "2014-02-01T09:00:00+01:00",
                "valid_from": "2014-02-02",
                "implementation_plan_received_on": "2014-02-02",
            }
            for one in homes
        ],
        "rates": [
            {
                "id": f"r-{home}",
                "municipality": home,
                "service": "personal_care",
                "ore_per_hour": 37000,
                "valid_from": "2014-01-01",
            }
            for home in homes.values()
        ],
        "registrations": rows,
        "months": ["2014-02"],
        "now": "2014-03-05T18:00:00+01:00",
    }


@pytest.fixture
def town(make_app: Callable[..., Flask], database_url: str) -> Town:
    settled = town_of(make_app, database_url, a_day_gone_wrong())
    settled.sweep(NOW)
    return settled


def shown(rows: list[JSON]) -> list[tuple[str, str, str]]:
    return sorted((row["rule"], row["subject"]["id"], row["state"]) for row in rows)


FIRST, SECOND, THIRD = (id_of(f"check_in-{number}") for number in range(3))


def test_D10_deviations_are_seen_by_the_provider_the_municipality_and_the_controller(town: Town) -> None:
    wrong = [("D10", one, "open") for one in sorted((SECOND, THIRD))]
    assert shown(town.deviations("p", NOW, rule="D10")) == wrong
    assert shown(town.deviations("controller", NOW, rule="D10")) == wrong
    assert shown(town.deviations("0182", NOW, rule="D10")) == [("D10", THIRD, "open")]
    assert shown(town.deviations("2029", NOW, rule="D10")) == [("D10", SECOND, "open")]
    assert town.deviations("q", NOW) == []
    assert town.ask("caregiver", "GET", "/deviations", NOW).status_code == 403


def test_A1_a_deviation_out_of_scope_answers_as_one_that_is_not_there(town: Town) -> None:
    one = town.deviations("2029", NOW, rule="D10")[0]
    assert town.ask("0182", "GET", f"/deviations/{one['id']}", NOW).status_code == 404
    assert town.ask("q", "GET", f"/deviations/{one['id']}", NOW).status_code == 404
    assert town.ask("2029", "GET", f"/deviations/{id_of('nothing')}", NOW).status_code == 404
    assert town.ask("2029", "GET", f"/deviations/{one['id']}", NOW).status_code == 200


def test_D_a_list_is_asked_by_rule_state_period_customer_and_visit_and_comes_in_pages(town: Town) -> None:
    everything = town.deviations("p", NOW)
    assert [row["id"] for row in everything] == sorted({row["id"] for row in everything})
    assert {row["rule"] for row in town.deviations("p", NOW, visit_id=SECOND)} == {"D10"}
    assert town.deviations("p", NOW, period="2014-01") == []
    assert town.deviations("p", NOW, state="cleared") == []
    mine = town.deviations("p", NOW, customer_id=id_of("m"))
    assert {row["subject"]["id"] for row in mine if row["subject"]["type"] == "visit"} == {SECOND}
    assert town.ask("p", "GET", "/deviations?rule=D99", NOW).status_code == 422


def explained(town: Town, rows: list[JSON], now: str = LATER) -> JSON:
    body = {"deviation_ids": [row["id"] for row in rows], "reason": "tag_damaged", "note": "A tag has fallen off."}
    return town.post("p", "/explanations", now, body)


def test_D_several_of_a_kind_are_explained_at_once_and_their_history_says_so(town: Town) -> None:
    rows = town.deviations("p", NOW, rule="D10")
    made = explained(town, rows)
    assert made["verdict"] is None
    assert sorted(made["deviation_ids"]) == sorted(row["id"] for row in rows)
    assert {row["state"] for row in town.deviations("p", LATER, rule="D10")} == {"explained"}
    told = town.get("p", f"/deviations/{rows[0]['id']}", LATER)
    assert [(one["what"], one["by"] is None) for one in told["history"]] == [("opened", True), ("explained", False)]
    assert [one["id"] for one in told["explanations"]] == [made["id"]]


def test_D_two_kinds_strangers_and_what_was_accepted_are_not_explained(town: Town) -> None:
    one, other = town.deviations("p", NOW, rule="D10")
    under = town.deviations("p", NOW, rule="D1")[0]
    both = {"deviation_ids": [one["id"], under["id"]], "reason": "other", "note": "x"}
    assert town.refused("p", "/explanations", LATER, both) == (409, "D")
    foreign = town.ask("q", "POST", "/explanations", LATER, {**both, "deviation_ids": [one["id"]]})
    assert foreign.status_code == 422
    assert [error["pointer"] for error in foreign.get_json()["errors"]] == ["/deviation_ids/0"]
    assert town.refused("0182", "/explanations", LATER, both) == (403, "A2")
    explanation = explained(town, [one])
    town.post("controller", f"/explanations/{explanation['id']}/verdict", LATER, {"outcome": "accepted"})
    assert town.refused("p", "/explanations", LAST, {**both, "deviation_ids": [one["id"]]}) == (409, "D10")
    assert town.deviations("p", LAST, rule="D10", state="open") == [other]


def test_D_the_customers_municipality_accepts_or_rejects_and_nobody_else_but_the_controller(town: Town) -> None:
    third = town.deviations("0182", NOW, rule="D10")
    made = explained(town, third)
    path = f"/explanations/{made['id']}/verdict"
    assert town.refused("2029", path, LATER, {"outcome": "accepted"}) == (404, None)
    assert town.refused("p", path, LATER, {"outcome": "accepted"}) == (403, "A2")
    rejected = town.post("0182", path, LATER, {"outcome": "rejected", "note": "Which tag?"})
    assert (rejected["verdict"]["outcome"], rejected["verdict"]["note"]) == ("rejected", "Which tag?")
    assert [row["state"] for row in town.deviations("p", LATER, rule="D10", visit_id=THIRD)] == ["rejected"]
    accepted = town.post("controller", path, LAST, {"outcome": "accepted"})
    assert accepted["verdict"]["at"] == "2014-03-03T08:00:00Z"
    assert [row["state"] for row in town.deviations("p", LAST, rule="D10", visit_id=THIRD)] == ["accepted"]


def test_D_an_explanation_of_both_municipalities_customers_is_the_controllers_to_judge(town: Town) -> None:
    path = f"/explanations/{explained(town, town.deviations('p', NOW, rule='D10'))['id']}/verdict"
    assert town.refused("0182", path, LATER, {"outcome": "accepted"}) == (404, None)
    assert town.refused("2029", path, LATER, {"outcome": "accepted"}) == (404, None)
    town.post("controller", path, LATER, {"outcome": "accepted"})
    assert {row["state"] for row in town.deviations("p", LATER, rule="D10")} == {"accepted"}


def test_D_explanations_are_listed_page_by_page_to_whoever_reaches_all_that_they_are_about(town: Town) -> None:
    both = explained(town, town.deviations("p", NOW, rule="D10"))
    third = explained(town, town.deviations("p", NOW, rule="D10", visit_id=THIRD))
    assert town.get("p", "/explanations", LATER)["items"] == [both, third]
    first = town.get("controller", "/explanations?limit=1", LATER)
    assert first["items"] == [both]
    assert town.get("controller", f"/explanations?limit=1&after={first['next']}", LATER) == {"items": [third]}
    assert town.get("0182", "/explanations", LATER)["items"] == [third]
    assert town.get("2029", "/explanations", LATER)["items"] == []
    assert town.get("q", "/explanations", LATER)["items"] == []
    assert town.get("controller", f"/explanations?provider_id={id_of('q')}", LATER)["items"] == []


def test_D_an_acceptance_holds_for_the_facts_shown_and_the_deviation_opens_again_when_they_change(town: Town) -> None:
    third = town.deviations("p", NOW, rule="D10", visit_id=THIRD)
    path = f"/explanations/{explained(town, third)['id']}/verdict"
    town.post("0182", path, LATER, {"outcome": "accepted"})
    cs, now = town.care_system_id, parse_instant(LAST)
    with town.database.transaction() as tx:
        visit = get_visits(tx, cs, [THIRD])[THIRD]
        assert visit.ends_at is not None
        upsert_visits(tx, cs, [replace(visit, ends_at=shift(visit.ends_at, -60))])
        settle(tx, cs, id_of("p"), id_of("k"), "2014-02", now)
    assert [row["state"] for row in town.deviations("p", LAST, rule="D10", visit_id=THIRD)] == ["open"]
    with town.database.transaction() as tx:
        upsert_visits(tx, cs, [visit])
        settle(tx, cs, id_of("p"), id_of("k"), "2014-02", now)
    told = town.get("p", f"/deviations/{third[0]['id']}", LAST)
    assert [one["what"] for one in told["history"]] == ["opened", "explained", "accepted", "reopened", "accepted"]


def test_A3_whoever_reads_a_deviation_of_a_customer_stands_in_the_access_log(town: Town) -> None:
    with town.database.transaction() as tx:
        before = len(access_log.page(tx, town.care_system_id, limit=1_000))
    one = town.deviations("2029", NOW, rule="D10")[0]
    town.get("2029", f"/deviations/{one['id']}", NOW)
    with town.database.transaction() as tx:
        read = access_log.page(tx, town.care_system_id, limit=1_000)[before:]
    assert [(line.what, line.whom.whom_id, line.why) for line in read] == [
        ("deviation", id_of("m"), "listDeviations"),
        ("deviation", id_of("m"), "readDeviation"),
    ]


def test_D_what_opened_was_explained_and_cleared_is_told_in_order(town: Town) -> None:
    third = town.deviations("p", NOW, rule="D10", visit_id=THIRD)[0]
    explained(town, [third])
    feed = town.get("money", "/changes?limit=200", LATER)["items"]
    mine = [one["type"] for one in feed if one["resource"]["id"] == third["id"]]
    assert mine == ["deviation.opened", "deviation.explained"]
    told = next(one["data"] for one in feed if one["resource"]["id"] == third["id"])
    assert told == third
