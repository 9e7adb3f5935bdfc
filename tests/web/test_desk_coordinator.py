"""The coordinator's pages in a browser: seen by everybody, renewed by themselves, twenty explained by three keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.storage.ids import new_id
from tests.town import id_of
from tests.web.desks import BROAD, NARROW, Office, client_of, office_of
from tests.web.test_desk_extensions import content
from tests.web.test_door_sight import WIDER, faults_of

AT = "2014-03-03T10:00:00Z"
MONTH = "/desk/deviations?month=2014-02"
SMALL = """() => [...document.querySelectorAll("main :is(button, .button, input, select, textarea, summary, a)")]
  .filter((one) => one.checkVisibility() && one.type !== "hidden")
  .map((one) => (one.type === "checkbox" ? one.closest("label") : one))
  .filter((one) => one.getBoundingClientRect().height < (one.matches("a:not(.button)") ? 24 : 44) - 0.5)
  .map((one) => one.outerHTML.slice(0, 160))"""
"""What is too low to be hit: 44 px for what stands alone, 24 px for a link in a text. Source: WCAG 2.5.5, 2.5.8."""


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office after a messy week in February, on a Monday on which something of everything happens."""
    told = content()
    told["registrations"] = [one for one in told["registrations"] if one["captured_at"] < "2014-02-20"]
    kept = {one["id"] for one in told["registrations"]}
    told["corrections"] = [one for one in told["corrections"] if one["visit_id"] in kept]
    told["planned_visits"] = [one for one in told["planned_visits"] if one["starts_at"] < "2014-02-20"]
    protected = told["customers"][1]
    told["customers"][1] = {"id": protected["id"], "municipality": "0182", "protection": "confidential"}
    made = office_of(make_app, serve, sqlite_url, told, AT)
    for starts, ends, customer, caregivers in (
        ("06:00", "06:30", "k2", ["a"]),
        ("08:00", "09:30", "k1", ["b"]),
        ("09:00", "09:30", "k1", ["a"]),
        ("09:40", "10:30", "k3", ["a"]),
        ("12:00", "12:30", "k3", ["a", "b"]),
    ):
        times = {"starts_at": f"2014-03-03T{starts}:00Z", "ends_at": f"2014-03-03T{ends}:00Z"}
        who = {"customer_id": id_of(customer), "caregiver_ids": [id_of(one) for one in caregivers]}
        plan = {"provider_id": id_of("p"), "service": "personal_care", **times, **who}
        made.town.post("p", "/planned-visits", "2014-03-03T05:00:00Z", plan)
    tap(made, "2014-03-03T08:05:00Z")
    return made


def tap(office: Office, at: str, kind: str = "check_in") -> None:
    """A registration of caregiver `b` at the door of `k1`."""
    told = {"id": new_id(), "kind": kind, "captured_at": at, "caregiver_id": id_of("b")}
    place = {"place": {"method": "nfc", "uid": "04A2245A6F6100"}}
    assert office.town.ask("caregiver", "POST", "/registrations", at, {**told, **place}).status_code == 201


def walk(page: Page, office: Office, own: str, others: str) -> Iterator[str]:
    """The coordinator's pages one after the other; `own` and `others` are visits with a correction."""
    for name, path in (
        ("today", "/desk/today"),
        ("a day of others", f"/desk/today?caregiver={id_of('a')}"),
        ("deviations", MONTH),
        ("another's correction", f"/desk/visits/{others}?choose=customer"),
        ("corrections", "/desk/corrections"),
        ("attestation", "/desk/attestation"),
    ):
        page.goto(f"{office.url}{path}")
        for one in page.locator("main details").all():
            one.locator("summary").first.click()
        yield name


def stumble(page: Page, office: Office, own: str) -> Iterator[str]:
    """The pages on which there is nothing, and those on which something is wrong."""
    for name, path in (
        ("an empty day", "/desk/today?day=2015-05-05"),
        ("no deviations", "/desk/deviations?month=2015-05"),
        ("no months", "/desk/attestation?month=2009-05"),
    ):
        page.goto(f"{office.url}{path}")
        expect(page.locator(".empty").first).to_be_visible()
        yield name
    page.goto(f"{office.url}/desk/visits/{own}")
    page.locator("#ends_at").fill("2014-10-26T02:30:00")
    page.locator("aside button.main").click()
    expect(page.locator("#faults")).to_be_focused()
    yield "faults of a correction"
    page.goto(f"{office.url}{MONTH}")
    form = page.locator("form:has(#reason-D13)")
    form.locator("select").select_option("other")
    form.locator("textarea").fill("Som det var.")
    form.locator("button.main").click()
    expect(page.locator("#faults")).to_be_focused()
    yield "faults of an explanation"


@pytest.mark.parametrize(("language", "scheme", "size"), [("sv-SE", "light", NARROW), ("en-GB", "dark", BROAD)])
def test_every_page_of_the_coordinator_can_be_seen_read_and_hit(
    office: Office, browser: Browser, language: str, scheme: str, size: dict[str, int]
) -> None:
    own, others = (one["id"] for one in office.town.get("p", "/visits?state=complete&limit=2", AT)["items"])
    changes = {"changes": {"void": True}, "reason": "double_registration", "note": "Den andra gäller."}
    for who, visit_id in (("p", own), ("p2", others)):
        office.town.post(who, f"/visits/{visit_id}/corrections", AT, changes)
    found = {}
    with office.desk(browser, "p", locale=language, color_scheme=scheme, viewport=size) as page:
        for name in chain(walk(page, office, own, others), stumble(page, office, own)):
            found[name] = (faults_of(page), page.evaluate(SMALL), page.evaluate(WIDER))
            assert page.locator("h1").count() == 1
    assert {name: faults for name, faults in found.items() if faults != ([], [], 0)} == {}


def test_D3_the_day_renews_itself_while_somebody_looks(office: Office, browser: Browser) -> None:
    with office.desk(browser, "p") as page:
        page.clock.install()
        page.goto(f"{office.url}/desk/today")
        row = page.locator("li", has_text="09:05").first
        expect(row).to_contain_text("Inte utcheckat, sluttiden passerad")
        expect(page.get_by_role("heading", name="Behöver åtgärdas (3)")).to_be_visible()
        with page.expect_response("**/desk/today") as same:
            page.clock.fast_forward(31_000)
        assert same.value.status == 204
        tap(office, AT, "check_out")
        with page.expect_response("**/desk/today") as fresh:
            page.clock.fast_forward(31_000)
        assert fresh.value.status == 200
        expect(page.get_by_role("heading", name="Behöver åtgärdas (2)")).to_be_visible()
        expect(row).to_have_count(0)
        page.goto(f"{office.url}/desk/today?group=done")
        page.get_by_role("link", name=re.compile("Öppna.*Påhittad Kund 1")).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Besök")


def test_D_all_of_a_kind_are_explained_with_the_keyboard(office: Office, browser: Browser) -> None:
    with office.desk(browser, "p", MONTH) as page:
        card = page.locator("section", has=page.locator("#D13"))
        before = card.locator("input[name=deviation]").count()
        assert before > 2
        card.get_by_label("Markera alla som visas").focus()
        page.keyboard.press("Space")
        assert card.locator("input[name=deviation]:checked").count() == before
        card.get_by_label("Orsak").select_option("double_registration")
        card.get_by_label("Beskrivning").fill("Telefonen registrerade två gånger.")
        card.get_by_label("Beskrivning").press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Förklaringen är sparad.")
        expect(page.locator("#D13")).to_have_count(0)
        page.get_by_text("Redan förklarade").click()
        expect(page.locator("#D13-said")).not_to_have_count(0)
        page.get_by_role("link", name="Vad som återstår före attest").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Attest")
        assert page.get_by_role("link", name="Ingen beställning").count() == 0
    explained = office.town.deviations("p", AT, rule="D13", period="2014-02", state="explained")
    assert len(explained) == before


def test_both_databases_show_the_same_pages(
    make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str, postgres_url: str
) -> None:
    """What differs by chance – ids that are made, keys of forms – is left out."""
    paths = ("/desk/today?day=2014-02-20", MONTH, f"{MONTH}&rule=D13&kind=wanted", "/desk/corrections")
    shown: list[list[str]] = []
    for url in (sqlite_url, postgres_url):
        told = content()
        told["registrations"] = [one for one in told["registrations"] if one["captured_at"] < "2014-02-21"]
        kept = {one["id"] for one in told["registrations"]}
        told["corrections"] = [one for one in told["corrections"] if one["visit_id"] in kept]
        office = office_of(make_app, serve, url, told, AT)
        client = client_of(office, "p")
        visit_id = office.town.get("p", "/visits?limit=1", AT)["items"][0]["id"]
        stated = {"changes": {"void": True}, "reason": "other", "note": "Aldrig gjort."}
        office.town.post("p2", f"/visits/{visit_id}/corrections", AT, stated)
        several = [client.get(path) for path in (*paths, "/desk/attestation", f"/desk/visits/{visit_id}")]
        assert {one.status_code for one in several} == {200}
        shown.append([re.sub(r'[0-9a-f-]{36}|\(\w{6}\)|name="once" value="[^"]*"', "", one.text) for one in several])
    for one, other in zip(*shown, strict=True):
        assert sorted(one.split()) == sorted(other.split())
