"""The controller's rates: what holds, what has no price, and rows that say first what they will do (R3, R4, R10)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from tests.town import town_of
from tests.web.conftest import JSON
from tests.web.desks import Office, client_of, office_of
from tests.web.test_desk_extensions import content
from tests.web.test_desk_months import BROAD_AND_DARK, FEBRUARY, LOCK, attested, small, text_of
from tests.web.test_door_sight import WIDER, faults_of

ROW = {
    "municipality": "0182",
    "rate_service": "escort",
    "rate_law": "all",
    "rate_kind": "all",
    "rate_band": "all",
    "rate_kronor": "320",
    "rate_from": "2014-01-01",
    "rate_before": "",
    "rate_source": "Beslut 2014-01-01, § 4",
}
"""A row for what has no price in the town, as the page sends it."""
EVENING = {
    "rate_band": "new",
    "band_name": "kväll",
    "band_days_1": ["1", "2", "3", "4"],
    "band_from_1": "19:00",
    "band_before_1": "22.30",
    "band_days_2": ["5"],
    "band_from_2": "22:30",
    "band_before_2": "24:00",
    "band_holidays": "exclude",
}


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities, of which neither has a price for all that is performed."""
    return office_of(make_app, serve, sqlite_url, content(), LOCK)


@pytest.fixture
def quiet(make_app: Callable[..., Flask], sqlite_url: str) -> Office:
    """The same office where nobody has performed anything yet."""
    told = content()
    for name in ("caregivers", "tags", "grants", "orders", "planned_visits", "registrations", "corrections"):
        told[name] = told[name][:1] if name == "caregivers" else []
    return Office(town=town_of(make_app, sqlite_url, {**told, "absences": []}), url="", at=LOCK)


@pytest.fixture
def client(quiet: Office) -> FlaskClient:
    """The controller at the desk of that one."""
    return client_of(quiet, "controller")


def rows_of(office: Office, municipality: str = "0182") -> list[JSON]:
    found: list[JSON] = office.town.get("controller", f"/rates?limit=200&municipality={municipality}", LOCK)["items"]
    return found


def hidden(html: str, step: str) -> dict[str, list[str]]:
    """The form of what was looked at, as its button sends it."""
    sent: dict[str, list[str]] = {"step": [step]}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html):
        sent.setdefault(name, []).append(value)
    return sent


def test_R3_D20_the_page_shows_what_holds_and_what_has_no_price(office: Office) -> None:
    client = client_of(office, "controller")
    page = text_of(client.get("/desk/rates").get_data(as_text=True))
    assert "Priser: Nacka" in page
    assert "Ledsagning, Privat: inget pris alls" in page
    there = text_of(client.get("/desk/rates?municipality=2029").get_data(as_text=True))
    assert "dag mån–sön 06:00–22:00" in there
    assert "Service, Privat: 56 h i veckan utan pris mån 00:00 – mån 06:00 mån 22:00 – tis 06:00" in there
    assert "lör 22:00 – sön 06:00 sön 22:00 – sön 24:00" in there
    assert "375" in there
    assert "Hålls inne nu februari 2014" in page + there
    assert "Påhittad" not in page + there
    for query in ("municipality=1480", "municipality=%00", "municipality=" + "9" * 400):
        assert client.get(f"/desk/rates?{query}").status_code == 404
        assert client.get(f"/desk/rates/index?{query}").status_code == 404
    assert client.post("/desk/rates/new", data={**ROW, "municipality": "1480"}).status_code == 404


def test_R3_R4_a_row_is_looked_at_changed_confirmed_and_added_once(quiet: Office, client: FlaskClient) -> None:
    before = rows_of(quiet)
    looked = client.post("/desk/rates/new", data={**ROW, **EVENING, "step": "look"})
    page = looked.get_data(as_text=True)
    assert looked.status_code == 200
    assert "kväll mån–tors 19:00–22:30, fre 22:30–24:00, inte helgdagar" in text_of(page)
    assert "Ingen rad får ett nytt slut." in page
    assert rows_of(quiet) == before

    changed = client.post("/desk/rates/new", data=hidden(page, "change"))
    again = changed.get_data(as_text=True)
    assert changed.status_code == 200
    assert 'value="22.30"' in again
    assert 'name="band_days_2" value="5" checked' in again
    assert "Beslut 2014-01-01, § 4" in again
    for _ in range(2):
        added = client.post("/desk/rates/new", data=hidden(page, "confirm"))
        assert (added.status_code, added.headers["Location"]) == (
            303,
            "/desk/rates?said=rates_added&municipality=0182",
        )
    (made,) = [one for one in rows_of(quiet) if one not in before]
    assert (made["ore_per_hour"], made["source"], made["band"]) == (
        32_000,
        "Beslut 2014-01-01, § 4",
        {
            "name": "kväll",
            "windows": [
                {"weekdays": [1, 2, 3, 4], "from": "19:00", "before": "22:30"},
                {"weekdays": [5], "from": "22:30", "before": "24:00"},
            ],
            "holidays": "exclude",
        },
    )
    reused = {**ROW, "rate_service": "respite", "rate_band": made["id"], "rate_kronor": "1 310,255"}
    shown = client.post("/desk/rates/new", data=reused).get_data(as_text=True)
    assert "1310,255" in shown
    assert client.post("/desk/rates/new", data=hidden(shown, "confirm")).status_code == 303
    assert [one["ore_per_hour"] for one in rows_of(quiet) if one["service"] == "respite"] == ["131025.5"]


FAULTS: list[tuple[JSON, str]] = [
    ({"rate_kronor": ""}, "Skriv kronor"),
    ({"rate_kronor": "9" * 400}, "Skriv kronor"),
    ({"rate_kronor": "-1"}, "Skriv kronor"),
    ({"rate_kronor": "1e3"}, "Skriv kronor"),
    ({"rate_service": "%"}, "Välj ett av alternativen"),
    ({"rate_kind": "\0"}, "Välj ett av alternativen"),
    ({"rate_law": ""}, "Välj ett av alternativen"),
    ({"rate_band": "none of ours"}, "Välj ett av alternativen"),
    ({"rate_from": "2014-02-30"}, "Välj en dag"),
    ({"rate_from": "0001-01-01"}, "Välj en dag"),
    ({"rate_before": "2014-01-01"}, "Välj en dag efter den första"),
    ({"rate_source": " "}, "Fyll i fältet"),
    ({"rate_source": "x" * 501}, "Det är för långt"),
    ({**EVENING, "band_name": ""}, "Fyll i fältet"),
    ({**EVENING, "band_days_1": []}, "Kryssa för minst en dag"),
    ({**EVENING, "band_before_1": ""}, "Skriv ett klockslag"),
    ({**EVENING, "band_from_1": "24:00"}, "Skriv ett klockslag"),
    ({**EVENING, "band_before_1": "24:01"}, "Skriv ett klockslag"),
    ({**EVENING, "band_before_1": "19:00"}, "Skriv en annan tid än från"),
    ({"rate_band": "new", "band_name": "x", "band_holidays": "only"}, "Kryssa för minst en dag"),
    ({**EVENING, "band_holidays": "%"}, "Välj ett av alternativen"),
]
"""What somebody wrote in place of the row's, and what is told of it."""


def test_R3_R4_what_cannot_be_read_is_told_beside_what_was_written(client: FlaskClient) -> None:
    wrong = []
    for changed, says in FAULTS:
        answer = client.post("/desk/rates/new", data={**ROW, **changed})
        page = answer.get_data(as_text=True)
        if (answer.status_code, says in page, 'aria-invalid="true"' in page, 'id="faults"' in page) != (
            422,
            *[True] * 3,
        ):
            wrong.append((changed, answer.status_code, says))
    assert wrong == []


def test_R3_a_second_that_two_rows_would_price_is_refused_beside_what_was_written(
    quiet: Office, client: FlaskClient
) -> None:
    told = {**ROW, "rate_service": "personal_care", "rate_kind": "private", "rate_from": "2014-06-01"}
    before = rows_of(quiet)
    for step in ("look", "confirm"):
        answer = client.post("/desk/rates/new", data={**told, "step": step})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 409
        assert "Omvårdnad, Alla utförare, Alla tider: 370 kr/tim, från 2014-01-01" in text_of(page)
        assert 'value="2014-06-01"' in page
        assert '#R3">R3' in page
    assert client.post("/desk/rates/new", data={**ROW, "step": "anything"}).status_code == 422
    assert rows_of(quiet) == before


def test_R3_R8_a_backdated_row_says_which_row_ends_and_which_issued_months_it_touches(
    office: Office,
) -> None:
    client = client_of(office, "controller")
    attested(office, "p")
    for act in ("lock", "run"):
        assert client.post(f"/desk/months/{FEBRUARY}/0182/{act}").status_code == 303
    told = {**ROW, "rate_service": "personal_care", "rate_kronor": "378,50", "rate_from": "2014-02-10"}
    page = client.post("/desk/rates/new", data=told).get_data(as_text=True)
    assert "370 kr/tim: slutar 2014-02-10 i stället för att gälla tills vidare" in text_of(page)
    assert "februari 2014 : 1 utförare" in text_of(page)
    assert "Ingen utbetald månad berörs" in client.post(
        "/desk/rates/new", data={**told, "rate_from": "2014-03-01"}
    ).get_data(as_text=True)
    assert client.post("/desk/rates/new", data=hidden(page, "confirm")).status_code == 303
    shown = text_of(client.get("/desk/rates").get_data(as_text=True))
    assert "2014-01-01 – 2014-02-10" in shown
    assert "378,50" in shown
    lines = office.town.get("controller", "/reimbursement/lines?limit=200", LOCK)["items"]
    office.town.sweep("2014-03-06T08:00:00Z")
    assert lines == office.town.get("controller", "/reimbursement/lines?limit=200", LOCK)["items"]


def test_R3_a_published_table_is_added_whole_or_not_at_all(quiet: Office, client: FlaskClient) -> None:
    page = client.get("/desk/rates/tariffs?municipality=0182").get_data(as_text=True)
    for text in ("N 4.4.2.1", "22.30 och 07.30", "momskompensation", "Avlösning har inget pris", "SÄN 2013/96"):
        assert text in page
    assert page.count('name="tariff"') == 2
    looked = client.post("/desk/rates/tariffs", data={"municipality": "0182", "tariff": "nacka_2013"})
    assert "Nya rader i Nacka (20)" in looked.get_data(as_text=True)
    before = rows_of(quiet)
    assert client.post("/desk/rates/tariffs", data=hidden(looked.get_data(as_text=True), "confirm")).status_code == 303
    assert len(rows_of(quiet)) == len(before) + 20
    for tariff, municipality in (("nacka_2014", "0182"), ("leksand_rattvik_2011", "2029")):
        refused = client.post("/desk/rates/tariffs", data={"municipality": municipality, "tariff": tariff})
        assert (refused.status_code, "R3" in refused.get_data(as_text=True)) == (409, True)
    assert len(rows_of(quiet)) == len(before) + 20
    for tariff, status in (("nacka_2014", 422), ("nacka_2099", 404), ("", 404), ("../nacka_2014", 404)):
        sent = {"municipality": "2029", "tariff": tariff}
        assert client.post("/desk/rates/tariffs", data=sent).status_code == status


def test_R10_an_index_proposes_exactly_and_the_controller_sets_the_krona(quiet: Office, client: FlaskClient) -> None:
    asked = {"municipality": "0182", "opi_percent": "2,3", "opi_from": "2015-01-01"}
    page = client.get("/desk/rates/index", query_string=asked).get_data(as_text=True)
    assert text_of(page).count("Nu 370 kr/tim · förslag 378,51") == 2
    boxes = re.findall(r'name="(krona_[^"]+)" value="([^"]*)"', page)
    assert [value for _, value in boxes] == ["", ""]
    for changed, says in (
        ({}, "Skriv minst ett nytt pris"),
        ({boxes[0][0]: "378,51"}, "Skriv hela kronor"),
        ({boxes[0][0]: "9" * 400}, "Skriv hela kronor"),
    ):
        answer = client.post("/desk/rates/index", data={**asked, **changed})
        assert (answer.status_code, says in answer.get_data(as_text=True)) == (422, True)
    for changed, says in (
        ({"opi_percent": "två"}, "Skriv procent"),
        ({"opi_percent": "9" * 400}, "Skriv procent"),
        ({"opi_from": "2015-13-01"}, "Välj en dag"),
    ):
        for answer in (
            client.get("/desk/rates/index", query_string={**asked, **changed}),
            client.post("/desk/rates/index", data={**asked, **changed}),
        ):
            assert (answer.status_code, says in answer.get_data(as_text=True)) == (422, True)

    before = rows_of(quiet)
    looked = client.post("/desk/rates/index", data={**asked, boxes[0][0]: "379", boxes[1][0]: "378"})
    for _ in range(2):
        sent = hidden(looked.get_data(as_text=True), "confirm")
        assert client.post("/desk/rates/index", data=sent).status_code == 303
    made = sorted((one for one in rows_of(quiet) if one not in before), key=lambda one: one["ore_per_hour"])
    assert [(one["ore_per_hour"], one["valid_from"]) for one in made] == [
        (37_800, "2015-01-01"),
        (37_900, "2015-01-01"),
    ]
    assert all("OPI 2,3 % (R10): 370 kr blir 378,51 kr" in one["source"] for one in made)
    page = text_of(client.get("/desk/rates/index", query_string=asked).get_data(as_text=True))
    assert page.count("Har redan en ny rad den dagen") == 2
    assert "Ingen rad gäller dagen före" in client.get(
        "/desk/rates/index", query_string={**asked, "opi_from": "2010-01-01"}
    ).get_data(as_text=True)


def walk(page: Page, office: Office) -> Iterator[str]:
    """The pages of rates one after another: with much, with faults, what a row would do, a refusal, and the index."""
    for one in page.locator("main details").all():
        one.evaluate("one => { one.open = true; }")
    yield "rates"
    page.goto(f"{office.url}/desk/rates/new?municipality=0182")
    page.locator("button[value=look]").click()
    expect(page.locator("#faults")).to_be_visible()
    page.locator("main details").evaluate("one => { one.open = true; }")
    yield "faults"
    page.locator("#rate_service").select_option("escort")
    page.locator("#rate_kronor").fill("320,50")
    page.locator("#rate_from").fill("2014-01-01")
    page.locator("#rate_source").fill("Beslut, § 4")
    page.locator("button[value=look]").click()
    expect(page.locator("button[value=confirm]")).to_be_visible()
    yield "look"
    page.locator("button[value=confirm]").click()
    expect(page.get_by_role("status")).to_have_text("Priserna är tillagda.")
    page.goto(f"{office.url}/desk/rates/tariffs?municipality=0182")
    page.locator("section:has(#nacka_2014) button").click()
    expect(page.locator("#faults")).to_be_visible()
    for one in page.locator("main details").all():
        one.evaluate("one => { one.open = true; }")
    yield "refused"
    page.goto(f"{office.url}/desk/rates/index?municipality=0182&opi_percent=2,3&opi_from=2015-01-01")
    page.locator("main ul.rows input").first.fill("378,51")
    page.locator("button[value=look]").click()
    expect(page.locator("#faults")).to_be_visible()
    yield "index"


def test_R3_R10_a_controller_walks_the_pages_of_rates_at_both_sizes_in_both_languages(
    office: Office, browser: Browser
) -> None:
    with office.desk(browser, "controller", "/desk/rates?municipality=2029", color_scheme="light") as page:
        found = {name: (faults_of(page), small(page), page.evaluate(WIDER)) for name in walk(page, office)}
        page.set_viewport_size({"width": 320, "height": 700})
        for path in (
            "rates?municipality=0182",
            "rates/new",
            "rates/tariffs",
            "rates/index?opi_percent=1&opi_from=2015-01-01",
        ):
            page.goto(f"{office.url}/desk/{path}")
            found[f"320 {path}"] = ([], [], page.evaluate(WIDER))
    with office.desk(browser, "controller", "/desk/rates?municipality=0182", **BROAD_AND_DARK) as page:
        for name in ("rates", "rates/new", "rates/tariffs"):
            page.goto(f"{office.url}/desk/{name}")
            found[f"broad {name}"] = (faults_of(page), small(page), page.evaluate(WIDER))
    assert {name: told for name, told in found.items() if told != ([], [], 0)} == {}
