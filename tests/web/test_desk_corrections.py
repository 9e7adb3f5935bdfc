"""Corrections at the desk: four eyes, Stockholm's clocks, and nothing stated that nobody changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.town import id_of
from tests.web.conftest import JSON
from tests.web.desks import Office, client_of, office_of
from tests.web.test_desk_extensions import content

AT = "2014-10-27T10:00:00Z"


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities, in the week after the clocks were set back."""
    told = content()
    night = {"caregiver_id": "b", "place": {"method": "nfc", "uid": "04A2245A6F6100"}}
    told |= {"planned_visits": [], "corrections": []}
    told["registrations"] = [
        {"id": "night in", "kind": "check_in", "captured_at": "2014-10-25T23:50:00Z", **night},
        {
            "id": "night out",
            "kind": "check_out",
            "captured_at": "2014-10-26T00:30:20Z",
            "visit_id": "night in",
            **night,
        },
    ]
    wrong = {"kind": "check_in", "caregiver_id": "b", "place": {"method": "nfc", "uid": "04A2245A6F6102"}}
    told["registrations"].append({"id": "wrong door", "captured_at": "2014-10-26T12:00:00Z", **wrong})
    told["orders"] = [one for one in told["orders"] if one["grant_id"] != "g-k3"]
    return office_of(make_app, serve, sqlite_url, told, AT)


NIGHT = id_of("night in")
PAGE = f"/desk/visits/{NIGHT}"


def form_of(client: FlaskClient, path: str = PAGE) -> JSON:
    """What the page's form would send if nothing were changed."""
    page = client.get(path).text
    form = page[page.index(f'action="{PAGE}/corrections"') :]
    told = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    chosen = re.findall(r'<select id="(\w+)".*?</select>', form, re.DOTALL)
    for name in chosen:
        options = form[form.index(f'<select id="{name}"') :].split("</select>")[0]
        selected = re.search(r'value="([^"]*)" selected', options)
        told[name] = selected.group(1) if selected else ""
    told.pop("void", None)
    return told


def stated(office: Office) -> list[JSON]:
    """What the corrections of the visit change, the earliest first."""
    told = office.town.get("p", f"/visits/{NIGHT}/corrections", AT)["items"]
    return [{name: value for name, value in one["changes"].items() if value is not None} for one in told]


def state(client: FlaskClient, **changed: str) -> Any:
    """The answer to the form with these fields changed."""
    why = {"reason": "forgot_to_register", "note": "Hon gick kvart i tre."}
    return client.post(f"{PAGE}/corrections", data={**form_of(client), **why, **changed})


def test_V10_a_correction_is_made_by_one_person_and_approved_by_another(office: Office) -> None:
    maker, second = client_of(office, "p"), client_of(office, "p2")
    made = state(maker, ends_at="2014-10-26T02:45:00", ends_at_hour="second")
    assert (made.status_code, made.headers["Location"]) == (303, f"{PAGE}?said=corrected")
    (correction,) = office.town.get("p", f"/visits/{NIGHT}/corrections", AT)["items"]
    assert stated(office) == [{"ends_at": "2014-10-26T01:45:00Z"}]
    for path in (PAGE, "/desk/corrections"):
        own, others = maker.get(path).text, second.get(path).text
        assert "Du har gjort rättelsen själv." in own
        assert f"/corrections/{correction['id']}/approval" not in own
        assert f"/corrections/{correction['id']}/approval" in others
        assert "Hon gick kvart i tre." in others
    approval = f"{PAGE}/corrections/{correction['id']}/approval"
    refused = maker.post(approval, data={"from": "list"})
    assert (refused.status_code, "another person than its maker" in refused.text) == (409, True)
    assert "<h1>Rättelser</h1>" in refused.text
    approved = second.post(approval, data={"from": "list"})
    assert approved.headers["Location"] == "/desk/corrections?said=approved_correction"
    assert "Ingen rättelse väntar." in second.get("/desk/corrections").text
    visit = office.town.get("p", f"/visits/{NIGHT}", AT)
    assert (visit["ends_at"], visit["performed_seconds"]) == ("2014-10-26T01:45:00Z", 6_900)
    assert form_of(maker)["ends_at_hour"] == "second"


def test_T6_the_hour_that_comes_twice_is_asked_for_and_the_one_that_is_skipped_is_refused(office: Office) -> None:
    client = client_of(office, "p")
    shown = form_of(client)
    assert (shown["starts_at"], shown["ends_at"], shown["ends_at_hour"]) == (
        "2014-10-26T01:50:00",
        "2014-10-26T02:30:20",
        "first",
    )
    asked = state(client, starts_at="2014-10-26T02:10:05", note="En lång rad")
    assert asked.status_code == 422
    assert '<a href="#starts_at_hour">Vilken av timmarna började besöket?</a>' in asked.text
    assert 'value="2014-10-26T02:10:05"' in asked.text
    assert ">En lång rad</textarea>" in asked.text
    skipped = state(client, ends_at="2014-03-30T02:30:00")
    assert (skipped.status_code, "klockan ställs fram då" in skipped.text) == (422, True)
    for odd in ("igår", "2014-10-26", "0001-01-01T00:00:00", "2014-10-26T02:30:20+02:00"):
        assert state(client, ends_at=odd).status_code == 422
    assert state(client, ends_at="2014-10-26T02:30:20", ends_at_hour="first").status_code == 422
    other = state(client, ends_at_hour="second")
    assert other.status_code == 303
    assert stated(office) == [{"ends_at": "2014-10-26T01:30:20Z"}]


def test_V10_what_nobody_changed_is_not_stated_and_what_is_wrong_is_told(office: Office) -> None:
    client = client_of(office, "p")
    nothing = state(client)
    assert (nothing.status_code, "Ändra minst en uppgift." in nothing.text) == (422, True)
    emptied = state(client, ends_at="")
    assert emptied.status_code == 422
    backwards = state(client, ends_at="2014-10-26T01:00:00", note="Fel håll")
    assert (backwards.status_code, "a visit ends after it starts" in backwards.text) == (409, True)
    assert ">Fel håll</textarea>" in backwards.text
    unsaid = state(client, void="true", reason="", note="")
    assert unsaid.status_code == 422
    assert re.search(r'name="void" value="true" checked', unsaid.text)
    key = "x" * 24
    for _ in range(2):
        assert state(client, service="household", once=key).status_code == 303
    assert state(client, service="escort", once=key).status_code == 303
    chosen = {**form_of(client, f"{PAGE}?choose=customer"), "customer_id": id_of("k2"), "void": "true"}
    why = {"reason": "wrong_customer", "note": "Fel dörr."}
    assert client.post(f"{PAGE}/corrections", data={**chosen, **why}).status_code == 303
    assert stated(office) == [
        {"service": "household"},
        {"service": "escort"},
        {"customer_id": id_of("k2"), "void": True},
    ]


def test_A1_A2_a_visit_is_its_providers_coordinators_alone(office: Office) -> None:
    stranger = client_of(office, "q")
    assert stranger.get(PAGE).status_code == 404
    assert (
        stranger.post(f"{PAGE}/corrections", data={"reason": "other", "note": "x", "void": "true"}).status_code == 404
    )
    assert stranger.get(f"/desk/visits/{id_of('nothing')}").status_code == 404
    assert "Påhittad" not in stranger.get("/desk/corrections").text
    for who in ("0182", "controller"):
        assert client_of(office, who).get(PAGE).status_code == 403
        assert client_of(office, who).get("/desk/corrections").status_code == 403


def test_A1_the_name_of_a_customer_who_is_not_the_providers_stands_nowhere(office: Office) -> None:
    """A wrong door leads to a stranger."""
    client = client_of(office, "p")
    page = client.get(f"/desk/visits/{id_of('wrong door')}?choose=customer").text
    assert f"Annan kund {id_of('k3')[-6:]}" in page
    assert "Påhittad Kund 3" not in page
    assert "Påhittad Kund 1</option>" in page
