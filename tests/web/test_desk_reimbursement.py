"""Histories, runs, one provider's month and the provider's statement at the desk (R2, R8, R9, R11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.settled import FEBRUARY, ISSUED, MARCH, NAMES, NOTE, content, settled_town
from tests.town import Town, id_of, town_of
from tests.web.conftest import JSON
from tests.web.desks import BROAD, Office, client_of
from tests.web.test_desk_months import small, text_of
from tests.web.test_door_sight import WIDER, faults_of

NOW = "2014-04-05T16:05:00Z"
EARLY = "2014-03-01T09:00:00Z"
DARK: JSON = {"viewport": BROAD, "locale": "en-GB", "color_scheme": "dark"}


def place_of(month: str) -> str:
    """The address of the provider's month."""
    return f"/desk/months/{month}/0182/{id_of('p')}"


def run_of(town: Town, month: str) -> str:
    """The id of the month's run."""
    found: str = town.get("controller", f"/reimbursement/runs?month={month}", ISSUED[MARCH])["items"][0]["id"]
    return found


def adjustment(town: Town) -> int:
    """The number of the one adjustment."""
    lines = town.get("money", "/reimbursement/lines", ISSUED[MARCH])["items"]
    found: int = next(one["sequence"] for one in lines if one["kind"] == "adjustment")
    return found


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """The town, served, when March has been issued."""
    front: JSON = {}

    def product(environment: JSON, start: Any) -> Any:
        return front["app"](environment, start)

    url = f"http://127.0.0.1:{serve(product)}"
    town = settled_town(lambda address, **changes: make_app(address, base_url=url, **changes), sqlite_url)
    front["app"] = town.app
    return Office(town=town, url=url, at=NOW)


def pages(town: Town) -> dict[str, str]:
    """Every page, by what it shows."""
    return {
        "statement": f"/desk/statement?month={FEBRUARY}",
        "statement of an adjustment": f"/desk/statement?month={MARCH}",
        "line": f"/desk/lines/{adjustment(town)}",
        "visit": f"/desk/visits/{id_of('003-in')}/history",
        "customer": f"/desk/customers/{id_of('k')}/history?month={FEBRUARY}",
        "run": f"/desk/runs/{run_of(town, MARCH)}",
    }


BROADLY = ("line", "run")
"""What the controller sees beside its own months."""


def walk(page: Page, office: Office, paths: dict[str, str]) -> Iterator[str]:
    """The pages one after another, everything on them opened."""
    for name, path in paths.items():
        page.goto(f"{office.url}{path}")
        page.evaluate('document.querySelectorAll("details").forEach((one) => { one.open = true; })')
        yield name


def test_R11_the_pages_are_seen_and_heard_at_both_sizes_and_lead_from_an_ore_to_its_taps(
    office: Office, browser: Browser
) -> None:
    everything, found = pages(office.town), {}
    with office.desk(browser, "p", color_scheme="light") as page:
        for name in walk(page, office, everything):
            found[name] = (faults_of(page), small(page), page.evaluate(WIDER))
        page.goto(f"{office.url}{everything['statement of an adjustment']}")
        page.get_by_role("link", name=re.compile("Justering")).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Justering")
        page.get_by_role("region", name="Besöken bakom").get_by_role("link", name="2014-02-05").click()
        expect(page.get_by_role("list").filter(has_text="Incheckning")).to_contain_text("Utcheckning")
        page.get_by_role("link", name=re.compile("^Rad ")).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Rad")
    own = {name: everything[name] for name in BROADLY}
    with office.desk(browser, "controller", **DARK) as page:
        for name in walk(page, office, own | {"month": place_of(FEBRUARY)}):
            found[f"broad {name}"] = (faults_of(page), small(page), page.evaluate(WIDER))
        page.goto(f"{office.url}{own['run']}")
        page.get_by_role("button", name="Repeat the run and compare").click()
        expect(page.get_by_role("status")).to_contain_text("byte for byte")
    assert len(found) == len(everything) + len(own) + 1
    assert {name: told for name, told in found.items() if told != ([], [], 0)} == {}


def test_A2_who_reads_what_of_a_line_a_visit_a_run_and_a_month(make_app: Callable[..., Flask], sqlite_url: str) -> None:
    town = settled_town(make_app, sqlite_url)
    office, everything = Office(town=town, url="", at=NOW), pages(town)
    clients = {who: client_of(office, who) for who in ("p", "controller", "0182")}
    for name in ("line", "visit", "customer"):
        told = {who: clients[who].get(everything[name]) for who in clients}
        assert {answer.status_code for answer in told.values()} == {200}
        said = {who: text_of(answer.get_data(as_text=True)) for who, answer in told.items()}
        assert "49 005 s × 370 kr/h ÷ 3600 = 5 036,625 kr → 5 036,63 kr" in said["p"]
        assert all("−123,84 kr" in text for text in said.values()), name
        assert not any(person in said["controller"] for person in (*NAMES[:3], NOTE)), name
        assert {who: NOTE in text for who, text in said.items()} == {"p": True, "0182": True, "controller": False}
        assert {who: "Påhittad Kund" in text for who, text in said.items()} == {
            "p": True, "0182": True, "controller": False,
        }  # fmt: skip
    secret = clients["p"].get(f"/desk/customers/{id_of('s')}/history?month={FEBRUARY}").get_data(as_text=True)
    assert "Påhittad Skyddad" not in secret
    month = text_of(clients["controller"].get(place_of(FEBRUARY)).get_data(as_text=True))
    assert "5 468,80 kr" in month
    assert "Rättat besök (1)" in month
    assert not any(person in month for person in NAMES)
    for path in (place_of("2013-01"), f"/desk/months/{FEBRUARY}/1480/{id_of('p')}", "/desk/lines/999", "/desk/lines/0"):
        assert clients["controller"].get(path).status_code == 404, path
    run = clients["controller"].post(f"/desk/runs/{run_of(town, FEBRUARY)}/repetition")
    assert (run.status_code, "byte för byte" in run.get_data(as_text=True)) == (200, True)
    for name in ("lines.csv", "invoice.json"):
        assert f"/files/{name}" in run.get_data(as_text=True)
    assert "voucher.se" not in run.get_data(as_text=True)
    for empty in ("runs?month=2013-01", f"runs?month={FEBRUARY}"):
        assert clients["controller"].get(f"/desk/{empty}").status_code == 200
    nothing = text_of(clients["p"].get("/desk/statement?month=2013-01").get_data(as_text=True))
    assert "Välj en annan månad" in nothing
    own = clients["p"].get(f"/desk/visits/{id_of('003-in')}").get_data(as_text=True)
    assert f'href="{everything["visit"]}"' in own
    held = text_of(clients["p"].get(f"/desk/visits/{id_of('wrong-in')}/history").get_data(as_text=True))
    assert "1 200 s · Omvårdnad Hålls inne Fel tagg" in held
    assert "Ingen rad har besöket än." in held
    for junk in ("after=abc", f"after={'9' * 400}", "adjusted=-1", "after=%00"):
        assert clients["controller"].get(f"{everything['run']}?{junk}").status_code == 200, junk


def test_R8_a_statement_says_what_is_paid_what_is_not_and_what_to_do(
    make_app: Callable[..., Flask], sqlite_url: str
) -> None:
    town = town_of(make_app, sqlite_url, content())
    town.mark_everything(EARLY)
    town.sweep(EARLY)
    client = client_of(Office(town=town, url="", at=EARLY), "p")
    html = client.get(f"/desk/statement?month={FEBRUARY}").get_data(as_text=True)
    said = text_of(html)
    for words in (
        "Preliminärt 5 468,80 kr",
        "20 min Fel tagg (besök: 1) Förklara taggen.",
        "12 min 20 s Över beviljad tid (skulle ha varit värt 76,06 kr)",
        "1 besök saknar in- eller utcheckning",
        "Ni har inte attesterat månaden än.",
        "Spärrdatum 2014-03-05 18:00:00",
    ):
        assert words in said, words
    assert f'href="/desk/deviations?month={FEBRUARY}#D10"' in html
    controller = client_of(Office(town=town, url="", at=EARLY), "controller")
    month = text_of(controller.get(place_of(FEBRUARY)).get_data(as_text=True))
    assert "Preliminärt 5 468,80 kr" in month
    assert re.search("Hindrar attest: .*Fel tagg 1 .*Utföraren förklarar dem", month)
    listed = controller.get(f"/desk/months?month={FEBRUARY}").get_data(as_text=True)
    assert place_of(FEBRUARY) in listed
