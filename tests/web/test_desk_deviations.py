"""The coordinator's deviations over HTTP: twenty of a kind are explained at once, and what is wrong is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.rules.time import parse_instant
from app.web.desk import session
from tests.web.conftest import JSON
from tests.web.desks import Office, client_of, office_of
from tests.web.test_desk_extensions import content

AT, LATER, LATEST = "2014-03-03T10:00:00Z", "2014-03-03T11:00:00Z", "2014-03-03T12:00:00Z"
MONTH = "/desk/deviations?month=2014-02"


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities, after a messy February."""
    return office_of(make_app, serve, sqlite_url, content(), AT)


def ticks(client: FlaskClient, rule: str, path: str = MONTH) -> list[str]:
    """The ids of the rule's deviations that can be ticked."""
    return re.findall(rf'name="deviation" value="([^"]+)" data-group="{rule}"', client.get(path).text)


def explain(client: FlaskClient, deviation_ids: list[str], **more: str) -> Any:
    """The answer to the form."""
    said = {"month": "2014-02", "of": "D13", "reason": "order_late", "note": "Beställningen kom i mars."}
    return client.post("/desk/deviations", data={"deviation": deviation_ids, **said, **more})


def test_D_several_of_a_kind_are_explained_at_once_and_explained_anew_once_rejected(office: Office) -> None:
    client, officer = client_of(office, "p"), client_of(office, "0182")
    several = ticks(client, "D13")
    assert len(several) > 5
    done = explain(client, several, once="k" * 20)
    assert (done.status_code, done.headers["Location"]) == (303, "/desk/deviations?said=explained&month=2014-02")
    again = explain(client, several, once="k" * 20)
    assert again.status_code == 303
    town = office.town
    explanations = town.get("p", "/explanations", AT)["items"]
    assert sorted(key for one in explanations for key in one["deviation_ids"]) == sorted(several)
    assert [len(town.get(who, "/explanations", AT)["items"]) for who in ("0182", "2029")] == [1, 1]
    page = client.get(done.headers["Location"]).text
    assert "Förklaringen är sparad." in page
    assert "Beställningen kom i mars." in page
    assert ticks(client, "D13") == []
    about = next(one for one in town.deviations("controller", AT, rule="D13") if one["id"] in several)
    verdict = {"outcome": "rejected", "note": "Beställningen fanns redan i januari."}
    for who in ("0182", "2029"):
        (own,) = town.get(who, "/explanations", AT)["items"]
        town.post(who, f"/explanations/{own['id']}/verdict", LATER, verdict)
    client.set_cookie(session.CLOCK, LATEST, path="/desk")
    assert sorted(ticks(client, "D13")) == sorted(several)
    page = client.get(MONTH).text
    assert "Underkänd: förklara på nytt" in page
    assert "Beställningen fanns redan i januari." in page
    assert explain(client, [about["id"]], reason="other", note="Den gällde en annan insats.").status_code == 303
    assert len(ticks(client, "D13")) == len(several) - 1
    assert officer.get(MONTH).status_code == 403


def lengthened() -> JSON:
    """The same fortnight, in which a correction makes one visit twenty minutes longer."""
    told = content()
    left = next(one for one in told["registrations"] if "visit_id" in one and one["caregiver_id"] == "a")
    until = parse_instant(left["captured_at"]) + timedelta(minutes=20)
    made: JSON = {"made_at": "2014-03-01T09:00:00Z", "approved_at": "2014-03-02T10:00:00Z"}
    made |= {"id": "longer", "visit_id": left["visit_id"], "changes": {"ends_at": f"{until:%Y-%m-%dT%H:%M:%SZ}"}}
    told["corrections"].append({**made, "reason": "forgot_to_register", "made_by": "x", "approved_by": "y"})
    return told


def test_D9_what_holds_pay_and_has_only_its_own_reason_is_offered_until_somebody_explains_it(
    make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str
) -> None:
    office = office_of(make_app, serve, sqlite_url, lengthened(), AT)
    client = client_of(office, "p")
    found = office.town.deviations("p", AT, rule="D9", period="2014-02")
    assert {one["state"] for one in found} == {"explained"}
    by_effect: dict[str, set[str]] = {}
    for one in found:
        by_effect.setdefault(one["effect"], set()).add(one["id"])
    assert set(by_effect) == {"holds_pay", "explain"}, "a correction that lengthens much, and a mere tap by hand"
    assert set(ticks(client, "D9")) == by_effect["holds_pay"]
    first, *rest = sorted(by_effect["holds_pay"])
    assert explain(client, [first], of="D9", reason="other", note="Kunden hade fallit.").status_code == 303
    assert sorted(ticks(client, "D9")) == rest
    assert office.town.get("p", f"/deviations/{first}", AT)["state"] == "explained"


def test_D_what_is_wrong_is_told_with_everything_still_there(office: Office) -> None:
    client = client_of(office, "p")
    one = ticks(client, "D15")[0]
    nothing = explain(client, [], of="D15", note="Det var en provregistrering.", reason="double_registration")
    assert nothing.status_code == 422
    assert '<a href="#deviation">Avvikelser</a>: Markera minst en.' in nothing.text
    assert ">Det var en provregistrering.</textarea>" in nothing.text
    assert '<option value="double_registration" selected>' in nothing.text
    unsaid = explain(client, [one], of="D15", note=" ", reason="whatever")
    assert unsaid.status_code == 422
    assert '<a href="#reason">Orsak</a>: Välj ett av alternativen.' in unsaid.text
    assert '<a href="#note">Beskrivning</a>: Fyll i fältet.' in unsaid.text
    assert f'value="{one}" data-group="D15" checked' in unsaid.text
    mixed = explain(client, [one, ticks(client, "D13")[0]], of="D15")
    assert (mixed.status_code, "explain D13 and D15 apart" in mixed.text) == (409, True)
    assert "Beställningen kom i mars.</textarea>" in mixed.text
    stranger = next(row["id"] for row in office.town.deviations("q", AT, period="2014-02"))
    assert explain(client, [stranger]).status_code == 422
    assert explain(client, ["no id"]).status_code == 422
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "cross-site"
    assert explain(client, [one]).status_code == 403


def test_A1_the_page_shows_the_providers_own_and_goes_on_where_it_ended(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.actions.desk import deviations

    client, other = client_of(office, "p"), client_of(office, "q")
    mine, theirs = ticks(client, "D13"), ticks(other, "D13")
    assert mine
    assert not set(mine) & set(theirs)
    assert "Ingenting väntar på förklaring" in client.get("/desk/deviations?month=2015-07").text
    assert "mars 2014" in client.get("/desk/deviations?month=2014-13").text
    monkeypatch.setattr(deviations, "MOST", {"wanted": 4, "said": 1, "told": 1})
    first = ticks(client, "D13")
    assert first == sorted(mine)[:4]
    following = re.search(r'href="([^"]+rule=D13[^"]+)"', client.get(MONTH).text)
    assert following is not None
    rest = following.group(1).replace("&amp;", "&")
    assert ticks(client, "D13", rest) == sorted(mine)[4:8]
    assert ticks(client, "D15", rest) == []
