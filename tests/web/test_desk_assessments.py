"""The case officer's lists: new assessments that are proposed, and grants that no provider has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from app.storage.ids import new_id
from tests.town import id_of
from tests.web.conftest import JSON
from tests.web.desks import Office, client_of, office_of
from tests.web.test_desk_extensions import AT, ask, content
from tests.web.test_desk_months import BROAD_AND_DARK, judged_town, small, text_of
from tests.web.test_door_sight import WIDER, faults_of
from tests.wire import counting

NOTE = "Vi gör hembesök nästa vecka."


def wanting() -> JSON:
    """The town, with escort granted that nobody has, and two providers of escort of which one takes no-choice."""
    told = content()
    grant = {
        "services": ["escort"],
        "law": "SoL",
        "granted_seconds": 36_000,
        "per": "month",
        "valid_from": "2014-02-01",
    }
    told["grants"].append({"id": "g-escort", "customer_id": "k3", **grant})
    told["accreditations"] = [
        {
            "id": f"a-{provider}-{home}-{service}",
            "provider_id": provider,
            "municipality": home,
            "service": service,
            "valid_from": "2010-01-01",
            "takes_no_choice": True,
            **({"ceiling_seconds_per_week": ceiling} if service == "escort" else {}),
        }
        for provider, ceiling in (("p", 20_000), ("q", 90_000))
        for home in ("0182", "2029")
        for service in ("personal_care", "household", "escort")
    ]
    return told


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities."""
    return office_of(make_app, serve, sqlite_url, wanting(), AT)


def proposed(office: Office) -> str:
    """Three extensions for one customer: the assessment that they propose."""
    for day in ("2014-02-18", "2014-02-20", "2014-02-24"):
        ask(office, [day], "2014-02-25T10:00:00Z")
    found: list[JSON] = office.town.get("0182", "/assessments?state=proposed", AT)["items"]
    return str(next(one["id"] for one in found if one["cause"] == "repeated_extensions"))


def test_E7_a_proposal_tells_why_and_is_closed_with_a_note_by_its_own_municipality(office: Office) -> None:
    name = proposed(office)
    client = client_of(office, "0182")
    listed = text_of(client.get("/desk/assessments").get_data(as_text=True))
    assert "Påhittad Kund 1" in listed
    assert listed.count("Begärt 1 h") == 3
    page = client.get(f"/desk/assessments/{name}").get_data(as_text=True)
    assert "Upprepad utökad tid" in text_of(page)
    assert re.search(r"februari 2014</th><td[^>]*>[^<]+</td><td[^>]*>0 min", page)
    for who, status in (("2029", 404), ("controller", 403), ("p", 403)):
        assert client_of(office, who).get(f"/desk/assessments/{name}").status_code == status, who
        assert client_of(office, who).post(f"/desk/assessments/{name}", data=_closing("assessed")).status_code == status

    for sent, says in (({}, "Välj ett av alternativen."), (_closing("assessed", "ja"), "Skriv lite mer.")):
        answer = client.post(f"/desk/assessments/{name}", data=sent)
        assert (answer.status_code, says in answer.get_data(as_text=True)) == (422, True)
    answer = client.post(f"/desk/assessments/{name}", data=_closing("dismissed"))
    assert answer.headers["Location"] == "/desk/assessments?said=assessment_dismissed"
    told = office.town.get("0182", f"/assessments/{name}", AT)
    assert (told["state"], told["note"]) == ("dismissed", NOTE)
    again = client.post(f"/desk/assessments/{name}", data=_closing("assessed"))
    assert (again.status_code, "E7" in again.get_data(as_text=True)) == (409, True)
    assert NOTE in client.get("/desk/assessments").get_data(as_text=True)


def _closing(outcome: str, note: str = NOTE) -> dict[str, str]:
    return {"closing": outcome, "closing_note": note}


def propose(office: Office) -> str:
    """Whose turn it is for what nobody has, asked on the page; where the proposal is."""
    client = client_of(office, "2029")
    page = client.get("/desk/no-choice").get_data(as_text=True)
    asked = re.findall(r'name="grant_id" value="([^"]+)"', page)
    assert id_of("g-escort") in asked
    answer = client.post("/desk/no-choice", data={"grant_id": id_of("g-escort")})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_P2_whose_turn_it_is_is_shown_with_its_reasons_and_another_wants_a_reason(office: Office) -> None:
    where, client = propose(office), client_of(office, "2029")
    page = text_of(client.get(where).get_data(as_text=True))
    assert "1. Påhittad Utförare 1" in page
    assert "2. Påhittad Utförare 2" in page
    for who, status in (("0182", 404), ("controller", 403), ("p", 403)):
        assert client_of(office, who).get(where).status_code == status, who
        assert client_of(office, who).post(where, data={"provider_id": id_of("p")}).status_code == status
    for sent, says in (
        ({}, "Välj ett av alternativen."),
        ({"provider_id": new_id()}, "Välj ett av alternativen."),
        ({"provider_id": id_of("q")}, "Fyll i fältet."),
    ):
        answer = client.post(where, data=sent)
        assert (answer.status_code, says in answer.get_data(as_text=True)) == (422, True), sent
    assert _orders(office) == []
    told = {"provider_id": id_of("q"), "turn_reason": "Kunden talar finska, och de också."}
    assert client.post(where, data=told).headers["Location"] == f"{where}?said=order_placed"
    assert [(one["provider_id"], one["chosen_by"]) for one in _orders(office)] == [(id_of("q"), "no_choice")]
    assert "Beställt av Påhittad Utförare 2" in text_of(client.get(where).get_data(as_text=True))
    assert client.post(where, data=told).status_code == 409
    assert id_of("g-escort") not in client.get("/desk/no-choice").get_data(as_text=True)


def test_P2_a_grant_of_another_municipality_is_not_there_and_facts_that_changed_want_a_new_proposal(
    office: Office,
) -> None:
    where, client = propose(office), client_of(office, "2029")
    assert client_of(office, "0182").post("/desk/no-choice", data={"grant_id": id_of("g-escort")}).status_code == 422
    assert client.post("/desk/no-choice", data={"grant_id": "x"}).status_code == 422
    other = propose(office)
    assert client.post(other, data={"provider_id": id_of("p")}).status_code == 303
    answer = client.post(where, data={"provider_id": id_of("p")})
    assert (answer.status_code, "Gör ett nytt förslag" in answer.get_data(as_text=True)) == (409, True)
    assert len(_orders(office)) == 1


def _orders(office: Office) -> list[JSON]:
    found: list[JSON] = office.town.get("2029", "/orders?limit=200", AT)["items"]
    return [one for one in found if one["grant_id"] == id_of("g-escort")]


def test_the_lists_cost_the_same_number_of_statements_with_one_and_with_more(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    office = Office(town=judged_town(make_app, database_url, wanting(), AT), url="", at=AT)
    client, counts = client_of(office, "2029"), []
    for _ in range(2):
        client.get("/desk/no-choice")
        with counting(office.town.database) as said:
            answers = [client.get(path).status_code for path in ("/desk/no-choice", "/desk/assessments")]
            counts.append(said())
        grant = {
            "services": ["respite"],
            "law": "SoL",
            "granted_seconds": 3_600,
            "per": "week",
            "valid_from": "2014-02-01",
        }
        for customer in ("k3", "k4"):
            office.town.post("2029", "/grants", AT, {"customer_id": id_of(customer), **grant})
        assert answers == [200, 200]
    assert counts[0] == counts[1]


def test_the_lists_are_seen_and_heard_and_decided_on_in_the_browser(office: Office, browser: Browser) -> None:
    found: dict[str, tuple[list[str], list[str], int]] = {}
    with office.desk(browser, "0182", "/desk/assessments", color_scheme="light") as page:
        found["nothing"] = (faults_of(page), small(page), page.evaluate(WIDER))
        proposed(office)
        page.reload()
        found["a list"] = (faults_of(page), small(page), page.evaluate(WIDER))
        page.get_by_role("link", name="Påhittad Kund 1").click()
        page.get_by_text("Som tabell").click()
        found["one"] = (faults_of(page), small(page), page.evaluate(WIDER))
        page.get_by_label("Ny bedömning är gjord").check()
        page.get_by_label("Anteckning").fill(NOTE)
        page.get_by_role("button", name="Avsluta").click()
        expect(page.get_by_role("status")).to_have_text("Förslaget är avslutat: ny bedömning är gjord.")
    with office.desk(browser, "2029", "/desk/no-choice", **BROAD_AND_DARK) as page:
        found["wanting"] = (faults_of(page), small(page), page.evaluate(WIDER))
        page.get_by_role("button", name="Whose turn is it?: Påhittad Kund 3").first.click()
        page.get_by_label("2. Påhittad Utförare 2").check()
        page.get_by_role("button", name="Order from the provider").click()
        expect(page.locator("#faults")).to_be_focused()
        found["wrong"] = (faults_of(page), small(page), page.evaluate(WIDER))
        page.get_by_label("1. Påhittad Utförare 1").check()
        page.get_by_role("button", name="Order from the provider").click()
        expect(page.get_by_role("status")).to_have_text("The order is placed.")
        found["decided"] = (faults_of(page), small(page), page.evaluate(WIDER))
    assert {name: told for name, told in found.items() if told != ([], [], 0)} == {}
    assert len(found) == 6
