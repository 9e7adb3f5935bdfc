"""The case officer's queue and the page on which a request is decided; the coordinator's side of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from werkzeug.test import TestResponse

from tests.messy import messy
from tests.town import id_of
from tests.web.conftest import JSON
from tests.web.desks import BROAD, NARROW, Office, client_of, office_of
from tests.web.test_door_sight import faults_of

AT = "2014-03-03T10:00:00Z"
CUSTOMERS = ("k1", "k2")
"""Both in 0182 and of provider `p`; `q` helps the first one too."""
WHY = "The customer fell in the hall and we waited with her for the ambulance."
PDF = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
)


def content() -> JSON:
    """A messy fortnight of people with invented names, in which nobody has asked for anything yet."""
    told = messy(3)
    told["extensions"] = []
    for number, one in enumerate(told["customers"], 1):
        one["name"] = f"Påhittad Kund {number}"
    for number, one in enumerate(told["providers"], 1):
        one["name"] = f"Påhittad Utförare {number}"
    for number, one in enumerate(told["caregivers"], 1):
        one["name"] = f"Påhittat Biträde {number}"
    return told


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities."""
    return office_of(make_app, serve, sqlite_url, content(), AT)


def ask(office: Office, days: list[str], at: str, *, customer: str = "k1", seconds: int = 3600, **more: str) -> str:
    """A request of provider `p`; its id."""
    sent = {"provider_id": id_of("p"), "customer_id": id_of(customer), "service": "personal_care", "days": days}
    told = {"month": days[0][:7], "requested_seconds": seconds, "cause": "fall", "justification": WHY, **more}
    made: str = office.town.post("p", "/extensions", at, {**sent, **told})["id"]
    return made


def decision_of(office: Office, extension_id: str) -> JSON | None:
    """The decision that stands."""
    found: JSON | None = office.town.get("p", f"/extensions/{extension_id}", office.at)["decision"]
    return found


def test_E3_a_case_officer_approves_a_part_in_the_browser_and_undoes_it_by_a_new_decision(
    office: Office, browser: Browser
) -> None:
    made = ask(office, ["2014-02-19", "2014-02-20"], "2014-02-21T10:00:00Z")
    with office.desk(browser, "0182") as page:
        page.get_by_role("link", name="Påhittad Kund 1").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Påhittad Kund 1: fall, 1 h")
        page.get_by_label("Godkänn en del").check()
        page.get_by_label("Minuter").fill("30")
        page.get_by_role("button", name="Behovet är styrkt.").click()
        page.get_by_role("button", name="Spara beslutet").click()
        expect(page.get_by_role("status")).to_have_text("Beslutet är sparat.")
        first = decision_of(office, made)
        assert first is not None
        assert (first["outcome"], first["approved_seconds"]) == ("partly_approved", 1800)
        assert first["reasons"] == "Behovet är styrkt."
        page.get_by_role("link", name="Påhittad Kund 1").click()
        page.get_by_label("Avslå").check()
        page.get_by_label("Skäl").fill("Tiden ryms i beslutet, visar det sig.")
        page.get_by_role("button", name="Spara beslutet").click()
        expect(page.get_by_role("status")).to_have_text("Beslutet är sparat.")
    told = office.town.get("p", f"/extensions/{made}", AT)
    assert [one["outcome"] for one in told["decisions"]] == ["partly_approved", "declined"]


def test_E3_a_question_is_answered_completed_and_documented_by_the_coordinator(
    office: Office, browser: Browser
) -> None:
    made = ask(office, ["2014-02-20"], "2014-02-21T10:00:00Z")
    officer = client_of(office, "0182")
    asked = {"outcome": "needs_information", "reasons": "När kom ambulansen?"}
    assert officer.post(f"/desk/extensions/{made}/decision", data=asked).status_code == 303
    with office.desk(browser, "p") as page:
        page.goto(f"{office.url}/desk/own-extensions")
        expect(page.get_by_role("heading", name="Handläggaren frågar")).to_be_visible()
        page.get_by_role("link", name="Påhittad Kund 1").click()
        expect(page.get_by_text("När kom ambulansen?").first).to_be_visible()
        page.get_by_label("Fil").set_input_files({"name": "intyg.pdf", "mimeType": "text/html", "buffer": PDF})
        page.get_by_role("button", name="Bifoga").click()
        expect(page.get_by_role("link", name="intyg.pdf")).to_be_visible()
        page.get_by_text("Komplettera begäran").click()
        page.get_by_label("Minuter").fill("75")
        page.get_by_role("button", name="Spara kompletteringen").click()
        expect(page.get_by_role("status")).to_have_text("Kompletteringen är sparad.")
        page.get_by_label("Svar", exact=True).fill("Klockan tio.")
        page.get_by_role("button", name="Skicka svaret").click()
        expect(page.get_by_role("status")).to_have_text("Svaret är skickat.")
    told = office.town.get("p", f"/extensions/{made}", AT)
    assert (told["state"], told["requested_seconds"]) == ("requested", 4500)
    paper = told["attachments"][0]
    given = officer.get(f"/desk/extensions/{made}/documents/{paper['id']}")
    assert (given.status_code, given.data, given.mimetype) == (200, PDF, "application/pdf")
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert client_of(office, "2029").get(f"/desk/extensions/{made}/documents/{paper['id']}").status_code == 404


def test_E6_overdue_requests_stand_first_and_then_the_oldest(office: Office) -> None:
    young = ask(office, ["2014-02-28"], "2014-03-02T10:00:00Z", customer="k2")
    old = ask(office, ["2014-02-20"], "2014-02-21T10:00:00Z")
    older = ask(office, ["2014-02-18"], "2014-02-19T10:00:00Z", customer="k2")
    page = client_of(office, "0182").get("/desk/extensions").get_data(as_text=True)
    places = [page.index(one) for one in (older, old, young)]
    assert places == sorted(places)
    assert page.count("Skulle ha beslutats") == 2


def test_E6_A2_what_moved_last_stands_first_and_another_providers_pools_are_the_reviewers_to_see(
    office: Office,
) -> None:
    asked = {customer: ask(office, ["2014-02-20"], "2014-02-21T10:00:00Z", customer=customer) for customer in CUSTOMERS}
    for customer, at in (("k2", "2014-02-22T10:00:00Z"), ("k1", "2014-02-23T10:00:00Z")):
        path, told = f"/extensions/{asked[customer]}/decisions", {"outcome": "declined", "reasons": "Det rymdes."}
        office.town.post("0182", path, at, told)
    queue = client_of(office, "0182").get("/desk/extensions").text
    assert queue.index(asked["k1"]) < queue.index(asked["k2"])
    again = {"outcome": "approved", "reasons": "Nytt läkarintyg."}
    office.town.post("0182", f"/extensions/{asked['k2']}/decisions", AT, again)
    for who, path in (("0182", "/desk/extensions"), ("p", "/desk/own-extensions")):
        moved = client_of(office, who).get(path).text
        assert moved.index(asked["k2"]) < moved.index(asked["k1"]), who
    request, other = f"/desk/extensions/{asked['k1']}", "Påhittad Utförare 2"
    assert other in client_of(office, "0182").get(request).text
    ours = client_of(office, "p").get(request).text
    assert ("Påhittad Kund 1" in ours, other in ours) == (True, False)


def test_E4_A1_a_request_of_another_municipality_or_provider_is_not_there(office: Office) -> None:
    made = ask(office, ["2014-02-20"], "2014-02-21T10:00:00Z")
    decision = {"outcome": "approved", "reasons": "Styrkt."}
    for who in ("2029", "q"):
        client = client_of(office, who)
        assert client.get(f"/desk/extensions/{made}").status_code == 404
        assert client.post(f"/desk/extensions/{made}/decision", data=decision).status_code in (403, 404)
    assert client_of(office, "p").post(f"/desk/extensions/{made}/decision", data=decision).status_code == 403
    assert client_of(office, "controller").get(f"/desk/extensions/{made}").status_code == 403
    assert decision_of(office, made) is None


WRONG: tuple[tuple[JSON, str], ...] = (
    ({"reasons": "Styrkt."}, "Välj ett av alternativen."),
    ({"outcome": "approved"}, "Fyll i fältet."),
    ({"outcome": "approved", "reasons": "   "}, "Fyll i fältet."),
    ({"outcome": "partly_approved", "reasons": "En del."}, "Skriv hur mycket som godkänns"),
    ({"outcome": "partly_approved", "reasons": "En del.", "approved_minutes": "0"}, "Skriv hur mycket som godkänns"),
    ({"outcome": "partly_approved", "reasons": "En del.", "approved_minutes": "1,5"}, "Skriv ett helt tal."),
    ({"outcome": "partly_approved", "reasons": "En del.", "approved_minutes": "-3"}, "Skriv ett helt tal."),
)


def test_E3_what_is_wrong_with_a_decision_stands_beside_what_was_written(office: Office) -> None:
    made = ask(office, ["2014-02-20"], "2014-02-21T10:00:00Z")
    client = client_of(office, "0182")
    for sent, fault in WRONG:
        answer = client.post(f"/desk/extensions/{made}/decision", data=sent)
        page = answer.get_data(as_text=True)
        assert (answer.status_code, fault in page) == (422, True), sent
        assert sent.get("reasons", "").strip() in page
    assert decision_of(office, made) is None


def test_E3_a_part_that_is_all_is_refused_by_its_rule_and_nothing_is_lost(office: Office) -> None:
    made = ask(office, ["2014-02-20"], "2014-02-21T10:00:00Z")
    sent = {"outcome": "partly_approved", "approved_minutes": "60", "reasons": "Hela tiden är styrkt."}
    answer = client_of(office, "0182").post(f"/desk/extensions/{made}/decision", data=sent)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "Hela tiden är styrkt." in page, "#E3" in page) == (409, True, True)
    assert decision_of(office, made) is None


def test_E2_a_file_that_is_too_large_or_no_document_is_refused_in_words(office: Office) -> None:
    made = ask(office, ["2014-02-20"], "2014-02-21T10:00:00Z")
    client, most = client_of(office, "p"), office.town.settings.document_bytes
    wrong = (b"<html><script>alert(1)</script></html>", 409), (b"", 409), (PDF + b" " * most, 409)
    for content, status in (*wrong, (PDF + b" " * most * 2, 413)):
        answer = _sent(client, made, content)
        assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert client.post(f"/desk/extensions/{made}/documents", data={}).status_code == 422
    assert _sent(client, made, PDF.replace(b"xref\n", b"%" + b" " * (3 << 20) + b"\nxref\n", 1)).status_code == 303
    assert len(office.town.get("p", f"/extensions/{made}", AT)["attachments"]) == 1


def _sent(client: FlaskClient, extension_id: str, content: bytes) -> TestResponse:
    """The answer to the form with this file."""
    head = b'--x\r\nContent-Disposition: form-data; name="document"; filename="intyg.pdf"\r\n\r\n'
    return client.post(
        f"/desk/extensions/{extension_id}/documents",
        data=head + content + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )


def test_A1_no_other_site_decides_for_whoever_is_signed_in(office: Office) -> None:
    made = ask(office, ["2014-02-20"], "2014-02-21T10:00:00Z")
    client = client_of(office, "0182")
    sent = {"outcome": "approved", "reasons": "Styrkt."}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ):
        assert client.post(f"/desk/extensions/{made}/decision", data=sent, headers=headers).status_code == 403
    del client.environ_base["HTTP_SEC_FETCH_SITE"]
    for stranger in ({}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
        assert client.post(f"/desk/extensions/{made}/decision", data=sent, headers=stranger).status_code == 403
    assert decision_of(office, made) is None
    ours = {"Origin": office.url}
    assert client.post(f"/desk/extensions/{made}/decision", data=sent, headers=ours).status_code == 303


def _looked_at(page: Page, office: Office, made: str) -> dict[str, list[str]]:
    """What axe finds on each page of the case officer."""
    found: dict[str, list[str]] = {}
    for name, path in (
        ("queue", "/desk/extensions"),
        ("request", f"/desk/extensions/{made}"),
        ("missing", f"/desk/extensions/{id_of('x')}"),
    ):
        page.goto(f"{office.url}{path}")
        found[name] = faults_of(page)
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0, name
    return found


@pytest.mark.parametrize(
    ("locale", "scheme", "size"), [("sv-SE", "light", NARROW), ("en-GB", "dark", BROAD)], ids=["sv", "en"]
)
def test_no_page_of_a_request_has_a_fault_that_axe_finds(
    office: Office, browser: Browser, locale: str, scheme: str, size: JSON
) -> None:
    told: JSON = {"locale": locale, "color_scheme": scheme, "viewport": size}
    with office.desk(browser, "0182", **told) as page:
        empty = faults_of(page)
        expect(page.locator(".empty")).to_be_visible()
        made = ask(office, ["2014-02-19", "2014-02-20"], "2014-02-21T10:00:00Z")
        for number in range(12):
            ask(office, [f"2014-02-{17 + number:02d}"], "2014-03-01T10:00:00Z", customer="k2")
        found = {"empty": empty, **_looked_at(page, office, made)}
    assert found == {state: [] for state in ("empty", "queue", "request", "missing")}
    with office.desk(browser, "p", "/desk/own-extensions", **told) as page:
        assert faults_of(page) == []
        page.goto(f"{office.url}/desk/extensions/{made}")
        assert faults_of(page) == []
