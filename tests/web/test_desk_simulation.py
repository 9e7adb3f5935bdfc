"""The controller's simulation: what is asked for, how it comes piece by piece, and what is told when it breaks off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from app.web.desk.formats import kronor
from tests.messy import messy
from tests.town import Town, town_of
from tests.web.conftest import JSON
from tests.web.desks import BROAD, Office, client_of, office_of
from tests.web.test_desk_extensions import content
from tests.web.test_desk_months import LOCK, a_month_of, small, text_of
from tests.web.test_door_sight import WIDER, faults_of

ASKED = {"from": "2014-02", "to": "2014-02"}
APRIL = "2014-04-10T12:00:00Z"


@pytest.fixture
def town(make_app: Callable[..., Flask], sqlite_url: str) -> Town:
    """Two providers in two municipalities, with one connection to their database, for which nobody waits long."""
    alone = {"pool_size": 1, "pool_timeout_seconds": 1}
    return town_of(lambda url, **changes: make_app(url, **{**changes, **alone}), sqlite_url, a_month_of(2))


@pytest.fixture
def client(town: Town) -> FlaskClient:
    """The controller of the town, in April."""
    return controller(town)


def controller(town: Town) -> FlaskClient:
    """The controller of a town, in April."""
    return client_of(Office(town=town, url="", at=APRIL), "controller")


def simulated(client: FlaskClient, status: int = 200, /, **form: str) -> str:
    """The words of the page that answers the form."""
    answer = client.post("/desk/simulation", data={**ASKED, **form})
    assert answer.status_code == status, form
    return text_of(answer.get_data(as_text=True))


def money(ore: int) -> str:
    """As the page writes it, when its words are read one after another."""
    return kronor(ore).replace("\N{NO-BREAK SPACE}", " ")


def test_R2_R10_the_desk_comes_to_what_the_api_comes_to_and_names_nobody(
    make_app: Callable[..., Flask], sqlite_url: str
) -> None:
    town = town_of(make_app, sqlite_url, messy(3))
    client = controller(town)
    lines = ["policy.cap=none", "policy.very_short_visit_seconds=3600", "rate.*.index=2.3"]
    body = {"months": ["2014-02"], "set": lines, "compare": True}
    told = town.ask("controller", "POST", "/simulations/months", APRIL, body).get_json()["differences"]
    form = {"sim_cap": "none", "policy_very_short_visit_seconds": "3600", "sim_opi": "2,3"}
    page = simulated(client, **form)
    total = told["total"]
    assert f"{money(total['before']['amount_ore'])} kr → {money(total['after']['amount_ore'])} kr" in page
    assert f"+{money(total['difference']['amount_ore'])} kr" in page
    assert page.count("räknat som det är") == 4, "two providers in two municipalities"
    assert "Inget tak: all utförd tid" in page
    opened = sum(one["opened"] for one in told["deviations"] if one["rule"] == "D15")
    assert opened > 0
    before = sum(one["before"] for one in told["deviations"] if one["rule"] == "D15")
    assert f"D15 {before} {before + opened} {opened} 0" in page
    facts = town.scenario.facts
    ids = [one.id for one in facts.customers] + [one.id for one in facts.caregivers]
    assert not [one for one in ids if one in page], "A2"
    assert town.deviations("controller", APRIL) == [], "nothing is stored"


def test_R3_R6_one_rate_in_kronor_what_changes_nothing_and_what_2013_leaves_out(
    town: Town, client: FlaskClient
) -> None:
    page = simulated(client, sim_rate=town.scenario.facts.rates[0].id, sim_kronor="401,5")
    assert "401,50 kr" in page
    assert (page.count("räknat som det är"), "P 0, Nacka" in page, "P 0, Leksand" in page) == (4, True, True)
    own = simulated(client, sim_cap="none", sim_opi="2,3", municipality="2029")
    assert (own.count("räknat som det är"), "P 0, Nacka" in own, "P 0, Leksand" in own) == (2, False, True)
    assert "omställningstid" not in page
    assert "Ingenting ändras." in simulated(client, policy_lengthened_seconds="900")
    months = {"from": "2013-12", "to": "2013-12", "sim_cap": "none"}
    assert "omställningstid" in simulated(client, **months)
    assert "omställningstid" not in simulated(client, **months, municipality="2029")


FAULTS: list[tuple[dict[str, str], str]] = [
    ({}, "Ändra något"),
    ({"from": "2014", "sim_cap": "none"}, "Skriv en månad"),
    ({"to": "9999-12", "sim_cap": "none"}, "Skriv en månad"),
    ({"to": "2014-01", "sim_cap": "none"}, "högst tre månader"),
    ({"from": "2013-12", "to": "2014-03", "sim_cap": "none"}, "högst tre månader"),
    ({"from": "2014-04", "to": "2014-04", "sim_cap": "none"}, "inte över än"),
    ({"sim_opi": "mycket"}, "Skriv ett tal"),
    ({"sim_opi": "9" * 400}, "Skriv ett tal"),
    ({"policy_missed_visit_seconds": "-1"}, "Skriv ett tal"),
    ({"sim_rate": "x"}, "Välj både"),
    ({"sim_kronor": "400"}, "Välj både"),
    ({"sim_rate": "%\0", "sim_kronor": "400"}, "nor a word of one"),
    ({"sim_cap": "sometimes"}, "granted, none"),
    ({"policy_least_evidence_grade": "4"}, "from 0 to 3"),
]


def test_what_cannot_be_simulated_is_told_beside_what_was_written(client: FlaskClient) -> None:
    for form, says in FAULTS:
        assert says in simulated(client, 422, **form), form
    assert client.post("/desk/simulation", data={**ASKED, "sim_cap": "none", "municipality": "%"}).status_code == 404
    assert client.get("/desk/simulation").status_code == 200


def test_it_comes_as_it_is_computed_and_says_where_the_register_stops_answering(
    town: Town, client: FlaskClient
) -> None:
    answer = client.post("/desk/simulation", data={**ASKED, "sim_cap": "none"})
    pieces = iter(answer.response)
    first = _text(pieces)
    assert "Räknar" in first
    assert "läst" not in first, "the head comes before anything is read"
    while "</strong></li>" not in _text(pieces):
        pass
    with held(town):
        rest = "".join(_told(piece) for piece in pieces)
    assert "Registret svarade inte i tid" in rest
    assert rest.rstrip().endswith("</html>")
    assert "sim-outcome" not in rest
    assert "sim-outcome" in client.post("/desk/simulation", data={**ASKED, "sim_cap": "none"}).get_data(as_text=True)


def _text(pieces: Iterator[Any]) -> str:
    return _told(next(pieces))


def _told(piece: object) -> str:
    return piece.decode() if isinstance(piece, bytes) else str(piece)


class held:  # noqa: N801 - it reads as what it does
    """Somebody else has the town's only connection within."""

    def __init__(self, town: Town) -> None:
        self.town, self.has, self.over = town, threading.Event(), threading.Event()
        self.other = threading.Thread(target=self._hold)

    def _hold(self) -> None:
        with self.town.database.transaction(write=False):
            self.has.set()
            self.over.wait(20)

    def __enter__(self) -> None:
        self.other.start()
        assert self.has.wait(10)

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.other.join()


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities, at the lock date."""
    return office_of(make_app, serve, sqlite_url, content(), LOCK)


def walk(page: Page) -> Iterator[str]:
    """The form, a fault in it, and what it comes to."""
    page.locator("details summary").last.click()
    yield "form"
    page.locator("#sim_opi").fill("mycket")
    page.locator("button.main").click()
    expect(page.locator("#faults")).to_be_focused()
    yield "fault"
    page.locator("#sim_opi").fill("2,3")
    page.locator("#sim_cap").select_option("none")
    page.locator("button.main").click()
    expect(page.locator("#sim-outcome")).to_be_visible()
    expect(page.locator(".computing")).to_be_hidden()
    yield "outcome"


def test_the_simulation_is_seen_and_heard_at_both_sizes_in_both_languages(office: Office, browser: Browser) -> None:
    found: dict[str, Any] = {}
    sizes: list[JSON] = [{"color_scheme": "light"}, {"viewport": BROAD, "locale": "en-GB", "color_scheme": "dark"}]
    for told in sizes:
        with office.desk(browser, "controller", "/desk/simulation", **told) as page:
            for name in walk(page):
                found[f"{name} {told['color_scheme']}"] = (faults_of(page), small(page), page.evaluate(WIDER))
    assert len(found) == 6
    assert {name: seen for name, seen in found.items() if seen != ([], [], 0)} == {}
