"""A run's files and the billing details at the desk: what is missing is seen, told, and the files are taken (R7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, expect

from tests.api.test_reimbursement import attest
from tests.town import Town, id_of, told
from tests.web.desks import BROAD, Office, client_of, office_of
from tests.web.test_door_sight import WIDER, faults_of

JSON = dict[str, Any]
AT = "2014-03-06T09:00:00+01:00"
SELLER = {
    "party_name": "Omsorg i Öby AB",
    "party_organisation_number": "556677-8899",
    "party_street": "Ågatan 1",
    "party_postal_code": "131 30",
    "party_city": "Nacka",
    "party_electronic_scheme": "0007",
    "party_f_tax": "on",
    "party_bankgiro": "991-2346",
}
BUYER = {**SELLER, "party_name": "Exempel kommun", "party_organisation_number": "212000-0167"}


def issued(town: Town) -> str:
    """February is issued; its run."""
    attest(town, "2014-02", "2014-03-02T09:00:00+01:00")
    town.post("controller", "/months/2014-02/lock", "2014-03-05T18:00:00+01:00", {})
    runs = town.post("controller", "/reimbursement/runs", "2014-03-05T18:05:00+01:00", {"month": "2014-02"})["items"]
    return str(runs[0]["id"])


def test_R7_the_controller_tells_who_stands_on_invoices_and_takes_the_files(
    browser: Browser, make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str
) -> None:
    content = told("nacka_2014.json")
    content["providers"].append({"id": "q", "name": "Egen regi", "kind": "municipal"})
    office = office_of(make_app, serve, sqlite_url, content, AT)
    run = issued(office.town)
    client = client_of(office, "controller")
    refused = client.get(f"/desk/runs/{run}/files/invoice.pdf")
    assert (refused.status_code, refused.mimetype) == (409, "text/html")
    _seen(office, browser)
    assert client.get("/desk/billing").get_data(as_text=True).count("Uppgifter saknas") == 3
    seller, buyer = f"/desk/billing/party?provider_id={id_of('p')}", "/desk/billing/party?municipality=0182"
    wrong = {**SELLER, "party_organisation_number": "556677-8890", "party_payment_days": "soon"}
    page = client.post(seller, data=wrong)
    assert page.status_code == 422
    for said in ("sista siffran är en kontrollsiffra", "helt antal dagar", 'value="556677-8890"'):
        assert said in page.get_data(as_text=True), said
    for address, form in ((seller, SELLER), (buyer, BUYER)):
        kept = client.post(address, data={**form, "version": "0"})
        assert (kept.status_code, kept.headers["Location"]) == (303, "/desk/billing?said=party_kept")
    assert 'value="9912346"' in client.get(seller).get_data(as_text=True)
    changed = {**SELLER, "party_name": "Omsorg i Nya Öby AB"}
    assert client.post(seller, data={**changed, "version": "1"}).status_code == 303
    assert client.post(seller, data={**changed, "version": "1"}).status_code == 409
    told_of = office.town.get("controller", f"/billing-parties?provider_id={id_of('p')}", AT)["items"]
    assert [(one["name"], one["f_tax"], one["payment_days"]) for one in told_of] == [("Omsorg i Nya Öby AB", True, 30)]
    for who in ("controller", "p"):
        for name, media in (
            ("invoice.pdf", "application/pdf"),
            ("lines.csv", "text/csv"),
            ("invoice.xml", "application/xml"),
        ):
            answer = client_of(office, who).get(f"/desk/runs/{run}/files/{name}")
            assert (answer.status_code, answer.mimetype) == (200, media), who
            assert name in answer.headers["Content-Disposition"]
    assert client_of(office, "q").get(f"/desk/runs/{run}/files/lines.csv").status_code == 404
    for nowhere in ("/desk/billing/party", "/desk/billing/party?municipality=9999", f"{seller[:-1]}x"):
        assert client.get(nowhere).status_code == 404, nowhere


def _seen(office: Office, browser: Browser) -> None:
    """The pages hold for everybody: narrow and broad, light and dark, Swedish and English."""
    for context in ({}, {"viewport": BROAD, "color_scheme": "dark", "locale": "en-GB"}):
        with office.desk(browser, "controller", "/desk/billing", **context) as page:
            assert faults_of(page) == []
            page.locator("a.whole").nth(2).click()
            page.locator("input[name=party_name]").fill("Omsorg")
            page.locator("form.card").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
            expect(page.locator("#faults li")).to_have_count(4)
            assert faults_of(page) == []
            assert page.evaluate(WIDER) == 0
