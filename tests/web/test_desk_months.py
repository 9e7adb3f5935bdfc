"""The controller's pages: the month of every provider, the lock and the run, and the plots."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from app.actions.calls import Call
from app.actions.desk.figures import figures
from app.actions.desk.months import overview
from app.rules.access import Actor, Role
from app.rules.deviations.judge import judge
from app.rules.deviations.requested import pool_months
from app.rules.deviations.seconds import Fate
from app.rules.time import parse_instant
from app.web.desk.formats import kronor
from tests.messy import messy
from tests.town import Town, id_of, town_of
from tests.web.conftest import JSON
from tests.web.desks import BROAD, Office, client_of, office_of
from tests.web.test_desk_extensions import content
from tests.web.test_door_sight import WIDER, faults_of
from tests.wire import counting

FEBRUARY = "2014-02"
BEFORE = "2014-03-05T16:59:59Z"
LOCK = "2014-03-05T17:00:00Z"
BROAD_AND_DARK: JSON = {"viewport": BROAD, "locale": "en-GB", "color_scheme": "dark"}
AFTERWARDS = "2014-04-10T12:00:00Z"
"""When everything that a messy fortnight tells has been recorded."""
WHY = {"reason": "other", "note": "We have asked everybody, and this is how it was."}


@pytest.fixture
def figure_client(make_app: Callable[..., Flask], sqlite_url: str) -> FlaskClient:
    """The controller of a small town."""
    town = town_of(make_app, sqlite_url, content())
    return client_of(Office(town=town, url="", at=LOCK), "controller")


def a_call(town: Town, at: str) -> Call:
    """A call by the controller."""
    actor = Actor(id=id_of("controller"), role=Role.CONTROLLER, care_system_id=town.care_system_id)
    told = {"database": town.database, "settings": town.settings, "now": parse_instant(at)}
    return Call(actor=actor, why="test", request_id="test", **told)  # type: ignore[arg-type]


def judged_town(make_app: Callable[..., Flask], url: str, told: JSON, at: str) -> Town:
    """A town in which everything that waited at the instant has been judged."""
    town = town_of(make_app, url, told)
    town.mark_everything(at)
    town.sweep(at)
    return town


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities, at the lock date."""
    return office_of(make_app, serve, sqlite_url, content(), LOCK)


def attested(office: Office, who: str, at: str = LOCK) -> None:
    """The provider has explained everything in February, and attested it in each municipality."""
    town = office.town
    open_ = [one for one in town.deviations(who, at, state="open") if one["effect"] != "information"]
    for rule in sorted({one["rule"] for one in open_}):
        ids = [one["id"] for one in open_ if one["rule"] == rule]
        town.post(who, "/explanations", at, {"deviation_ids": ids, **WHY})
    for municipality in ("0182", "2029"):
        answer = town.ask(who, "POST", f"/months/{FEBRUARY}/attestation", at, {"municipality": municipality})
        assert answer.status_code < 300, answer.get_json()


def text_of(html: str) -> str:
    """What a reader reads, without tags and with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("seed", [1, 3, 8])
def test_the_months_sums_are_those_of_the_judgement(make_app: Callable[..., Flask], sqlite_url: str, seed: int) -> None:
    the_sums_are_those_of_the_judgement(judged_town(make_app, sqlite_url, messy(seed), AFTERWARDS))


def test_the_months_sums_are_those_of_the_judgement_on_postgresql(
    make_app: Callable[..., Flask], postgres_url: str
) -> None:
    town = judged_town(make_app, postgres_url, messy(1), AFTERWARDS)
    the_sums_are_those_of_the_judgement(town)
    shown = figures(a_call(town, AFTERWARDS), ["2014-02", "2014-03"], "0182")
    assert sum(one.performed_seconds for one in shown.weeks) > 0 < len(shown.kinds)


def the_sums_are_those_of_the_judgement(town: Town) -> None:
    """Each sum of February is what the rules make of the same facts, second by second."""
    found = overview(a_call(town, AFTERWARDS), FEBRUARY)
    told = {
        (one.month.municipality, one.month.provider_id): one.sums
        for place in found.municipalities
        for one in place.providers
    }
    judgement = judge(town.scenario.facts, parse_instant(AFTERWARDS), [FEBRUARY])
    home = judgement.setting.around.municipality
    expected: dict[tuple[str | None, str], dict[str, int]] = {pair: {} for pair in told}
    for one in judgement.account.stretches:
        if one.month == FEBRUARY:
            sums = expected.setdefault((home(one.customer_id), one.visit.provider_id), {})
            sums["performed"] = sums.get("performed", 0) + one.seconds
            held = one.fate in (Fate.HELD, Fate.UNPRICED)
            sums["held"] = sums.get("held", 0) + (one.seconds if held else 0)
            excess = one.fate is Fate.EXCESS
            sums["excess"] = sums.get("excess", 0) + (one.seconds if excess else 0)
    for pool in pool_months(judgement, FEBRUARY):
        sums = expected[home(pool.pool.customer_id), pool.pool.provider_id]
        sums["granted"] = sums.get("granted", 0) + pool.granted_seconds
        sums["extended"] = sums.get("extended", 0) + pool.extension_seconds
    unknown = sum(sums["held"] for (place, _), sums in expected.items() if place is None)
    assert found.unknown_seconds == unknown
    for pair, seen in told.items():
        wanted = expected[pair]
        assert seen.performed_seconds == wanted.get("performed", 0), pair
        assert seen.held_seconds == wanted.get("held", 0), pair
        assert (seen.granted_seconds, seen.extension_seconds) == (wanted.get("granted", 0), wanted.get("extended", 0))
        assert seen.excess_seconds >= wanted.get("excess", 0), pair


def a_month_of(count: int) -> JSON:
    """So many providers with a customer in each of two municipalities, who visited each once."""
    told = messy(3)
    for name in ("caregivers", "customers", "tags", "grants", "orders", "planned_visits", "registrations"):
        told[name] = []
    told |= {"corrections": [], "extensions": [], "absences": [], "policies": []}
    told["providers"] = [{"id": f"p{n}", "name": f"P {n}", "kind": "private"} for n in range(count)]
    for n in range(count):
        told["caregivers"].append({"id": f"c{n}", "provider_id": f"p{n}"})
        for hour, home in ((8, "0182"), (10, "2029")):
            key = f"{n}-{home}"
            told["customers"].append({"id": f"k{key}", "municipality": home})
            grant = {"services": ["personal_care"], "law": "SoL", "granted_seconds": 7_000, "per": "week"}
            told["grants"].append({"id": f"g{key}", "customer_id": f"k{key}", "valid_from": "2014-01-01", **grant})
            order = {"ordered_at": "2014-01-02T09:00:00Z", "valid_from": "2014-01-03", "provider_id": f"p{n}"}
            told["orders"].append({"id": f"o{key}", "grant_id": f"g{key}", **order})
            for kind, minute in (("check_in", "00"), ("check_out", "30")):
                place = {"method": "manual", "reason": "tag_missing"}
                when = {"captured_at": f"2014-02-04T{hour:02}:{minute}:00Z", "caregiver_id": f"c{n}"}
                whose = {"customer_id": f"k{key}", "service": "personal_care", "place": place}
                told["registrations"].append({"id": f"r{key}{kind}", "kind": kind, **when, **whose})
    return told


def test_two_providers_and_twenty_cost_the_same_number_of_statements(
    make_app: Callable[..., Flask], sqlite_template: Path, tmp_path: Path
) -> None:
    counts: list[tuple[int, int]] = []
    for count in (2, 20):
        url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{count}.sqlite3')}"
        town = judged_town(make_app, url, a_month_of(count), LOCK)
        call = a_call(town, LOCK)
        with counting(town.database) as said:
            found = overview(call, FEBRUARY)
            of_months = said()
        with counting(town.database) as said:
            shown = figures(call, ["2014-01", "2014-02"])
            of_figures = said()
        assert [len(one.providers) for one in found.municipalities] == [count, count]
        assert all(one.sums.performed_seconds == 1_800 for place in found.municipalities for one in place.providers)
        assert sum(one.performed_seconds for one in shown.weeks) == 2 * count * 1_800
        counts.append((of_months, of_figures))
    assert counts[0] == counts[1]
    assert max(counts[0]) < 30


def test_A2_a_month_is_the_controllers_and_of_its_own_care_system(office: Office) -> None:
    for who in ("0182", "p", "caregiver", "auditor"):
        for path in ("months", "figures", f"months/{FEBRUARY}/0182/lock", f"months/{FEBRUARY}/0182/run"):
            assert client_of(office, who).get(f"/desk/{path}").status_code == 403, (who, path)
    client = client_of(office, "controller")
    for path in (
        f"months/{FEBRUARY}/1480/lock",
        "months?month=2014-13",
        "figures?municipality=1480",
        "months/2014/0182/run",
    ):
        assert client.get(f"/desk/{path}").status_code == 404, path
    page = client.get(f"/desk/months?month={FEBRUARY}").get_data(as_text=True)
    assert "Påhittad Utförare 1" in page
    assert "Påhittad Kund" not in page
    assert "Påhittat Biträde" not in page


def test_R8_a_month_is_locked_from_the_lock_date_on_and_run_once_it_is_attested(office: Office) -> None:
    attested(office, "p")
    early = client_of(replace(office, at=BEFORE), "controller")
    page = text_of(early.get(f"/desk/months?month={FEBRUARY}").get_data(as_text=True))
    assert "Kan låsas från 2014-03-05 18:00:00" in page
    assert "Lås månaden" not in page
    refused = early.post(f"/desk/months/{FEBRUARY}/0182/lock")
    assert (refused.status_code, "R8" in refused.get_data(as_text=True)) == (409, True)
    client = client_of(office, "controller")
    assert "Ingen månad" not in text_of(client.get(f"/desk/months/{FEBRUARY}/0182/lock").get_data(as_text=True))
    assert client.post(f"/desk/months/{FEBRUARY}/0182/run").status_code == 303
    months = office.town.get("controller", f"/months?month={FEBRUARY}", LOCK)["items"]
    assert {one["state"] for one in months} == {"open", "attested"}

    locked = client.post(f"/desk/months/{FEBRUARY}/0182/lock")
    assert (locked.status_code, locked.headers["Location"]) == (303, f"/desk/months?said=locked&month={FEBRUARY}")
    page = text_of(client.get(locked.headers["Location"]).get_data(as_text=True))
    assert "Månaden är låst." in page
    assert "1 låsta, väntar på attest 1 klara att köra" in page
    page = text_of(client.get(f"/desk/months/{FEBRUARY}/0182/run").get_data(as_text=True))
    assert "Så många utförares månad körs nu: 1" in page
    assert "Låsta men inte attesterade, väntar: 1" in page

    assert client.post(f"/desk/months/{FEBRUARY}/0182/run").status_code == 303
    states = {(one["municipality"], one["provider_id"]): one for one in _months(office)}
    assert {key: one["state"] for key, one in states.items()} == {
        ("0182", id_of("p")): "issued",
        ("0182", id_of("q")): "locked",
        ("2029", id_of("p")): "attested",
        ("2029", id_of("q")): "open",
    }
    lines = office.town.get("controller", "/reimbursement/lines?limit=200", LOCK)["items"]
    amount = kronor(sum(one["amount_ore"] for one in lines))
    page = client.get(f"/desk/months?month={FEBRUARY}").get_data(as_text=True)
    assert f"<strong>{amount} kr</strong>" in page
    again = client.post(f"/desk/months/{FEBRUARY}/0182/run")
    assert (again.status_code, len(office.town.get("controller", "/reimbursement/lines?limit=200", LOCK)["items"])) == (
        303,
        len(lines),
    )
    assert "Det finns inget att köra" in client.get(f"/desk/months/{FEBRUARY}/0182/run").get_data(as_text=True)


def _months(office: Office) -> list[JSON]:
    found: list[JSON] = office.town.get("controller", f"/months?month={FEBRUARY}", LOCK)["items"]
    return found


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("from=2014-13&to=2014-02", 422, "Skriv en månad"),
        ("from=2014-02&to=yesterday", 422, "Skriv en månad"),
        ("from=2014-03&to=2014-02", 422, "högst tolv månader"),
        ("from=2013-02&to=2014-02", 422, "högst tolv månader"),
        ("from=2013-03&to=2014-02", 200, "<svg"),
        ("from=2019-03&to=2019-03", 200, "Ingen hel vecka"),
    ],
)
def test_K4_a_span_that_cannot_be_shown_is_told_beside_its_field(
    figure_client: FlaskClient, query: str, status: int, says: str
) -> None:
    answer = figure_client.get(f"/desk/figures?{query}")
    assert (answer.status_code, says in answer.get_data(as_text=True)) == (status, True)


def walk(page: Page, office: Office) -> Iterator[str]:
    """The controller's pages, one after another, with much and with nothing."""
    yield "months"
    page.goto(f"{office.url}/desk/months?month=2019-01")
    yield "an empty month"
    page.goto(f"{office.url}/desk/months/{FEBRUARY}/0182/lock")
    yield "the lock"
    page.goto(f"{office.url}/desk/months/{FEBRUARY}/0182/run")
    yield "the run"
    page.goto(f"{office.url}/desk/figures?from=2014-01&to=2014-02")
    for one in page.locator("details").all():
        one.evaluate("one => { one.open = true; }")
    yield "the plots"
    page.goto(f"{office.url}/desk/figures?from=2014-03&to=2014-02")
    yield "a fault"


def test_the_controllers_pages_are_seen_and_heard_at_both_sizes_in_both_languages(
    office: Office, browser: Browser
) -> None:
    with office.desk(browser, "controller", f"/desk/months?month={FEBRUARY}", color_scheme="light") as page:
        found = {name: (faults_of(page), small(page), page.evaluate(WIDER)) for name in walk(page, office)}
    assert len(found) == 6
    for name, path in (
        ("broad months", f"months?month={FEBRUARY}"),
        ("broad plots", "figures?from=2014-01&to=2014-02"),
    ):
        with office.desk(browser, "controller", f"/desk/{path}", **BROAD_AND_DARK) as page:
            found[name] = (faults_of(page), small(page), page.evaluate(WIDER))
    assert {name: told for name, told in found.items() if told != ([], [], 0)} == {}


def small(page: Page) -> list[str]:
    """Buttons and fields that a finger does not hit."""
    found: list[str] = page.evaluate(SMALL_BUTTONS, 44)
    return found


SMALL_BUTTONS = """(least) => [
    ...document.querySelectorAll("main :is(button, .button, select, textarea, summary, .tick)")]
  .filter((one) => one.checkVisibility() && Math.round(one.getBoundingClientRect().height) < least)
  .map((one) => one.outerHTML.slice(0, 80))"""


def test_R8_a_controller_locks_and_runs_a_month_in_the_browser(office: Office, browser: Browser) -> None:
    attested(office, "p")
    with office.desk(browser, "controller", f"/desk/months?month={FEBRUARY}") as page:
        page.get_by_role("region", name="Nacka").get_by_role("link", name="Lås månaden").click()
        page.get_by_role("button", name="Lås nu").click()
        expect(page.get_by_role("status")).to_have_text("Månaden är låst.")
        page.get_by_role("link", name="Kör ersättningen").click()
        page.get_by_role("button", name="Kör nu").click()
        expect(page.get_by_role("status")).to_have_text("Ersättningen är körd.")
        expect(page.get_by_role("region", name="Nacka").get_by_text("Utbetald")).to_be_visible()
