"""The coordinator's page as it is seen and heard: contrast, labels, sizes, narrow screens, nobody else's servers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.rules.providers import Service
from app.rules.visits.values import RegistrationKind
from app.web import phones as web
from tests.accounts import PASSWORD
from tests.web.conftest import World
from tests.web.test_door import phone
from tests.web.test_door_phone import offer, revoke
from tests.web.test_door_sight import WIDER, faults_of
from tests.web.test_phones import desk, open_phones, sign_in
from tests.web.test_phones_waiting import kept_for_review

WEB = Path(web.__file__).parent
LEAST_PX = 44
"""What a finger hits. Source: WCAG 2.5.5."""
SMALL = """(least) => [...document.querySelectorAll("button, input, select, textarea, a, summary")]
  .filter((one) => one.checkVisibility() && !one.classList.contains("skip"))
  .map((one) => (one.type === "checkbox" ? one.closest("label") : one))
  .filter((one) => Math.min(one.getBoundingClientRect().height, one.getBoundingClientRect().width) < least)
  .map((one) => one.outerHTML)"""
CUT = """() => [...document.querySelectorAll("#phones *")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 0.5)
  .map((one) => one.outerHTML.slice(0, 80))"""
STATES = (
    "signed out",
    "refused",
    "nothing yet",
    "code",
    "revoking",
    "waiting",
    "correcting",
    "refused there",
    "trouble",
)


def see(page: Page, world: World, browser: Browser) -> Iterator[str]:
    """The page stands in one state after the other, and tells which."""
    world.plan_a_visit_now()
    expect(page.locator("#sign-in")).to_be_visible()
    yield "signed out"
    sign_in(page, password="not the password at all")
    expect(page.locator("#sign-in-form .fault")).not_to_be_empty()
    yield "refused"
    sign_in(page)
    expect(page.locator("#fleet-empty")).to_be_visible()
    yield "nothing yet"
    with phone(browser) as caregivers:
        kept_for_review(caregivers, world, {"service": "gardening"}, {"place": {"method": "x"}, "captured_at": "igår"})
    revoke(world, offer(world, f"Telefon {'lång' * 30}"))
    page.locator("#add-form input").fill("Telefon 9")
    page.locator("#add-form button").click()
    expect(page.locator("#code")).to_be_visible()
    yield "code"
    page.locator("#past-title").click()
    page.locator("#fleet-list [data-open]").first.click()
    yield "revoking"
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#waiting-list > li")).to_have_count(2)
    page.locator(".raw summary").first.click()
    page.locator("[data-dismiss]").first.click()
    yield "waiting"
    page.locator("[data-correct]").last.click()
    form = page.locator("[data-correction] form")
    expect(form.locator("[name=customer_id] option")).to_have_count(2)
    yield "correcting"
    form.locator("[name=captured_at]").fill("2026-07-01T09:10:30")
    form.locator("[name=place_reason]").select_option("phone_failed")
    form.locator("[name=kind]").select_option("change_service")
    form.locator("button.main").click()
    expect(form.locator("[name=service]")).to_be_focused()
    yield "refused there"
    page.context.set_offline(True)
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#trouble")).to_be_visible()
    yield "trouble"


@pytest.mark.parametrize(("language", "scheme"), [("sv-SE", "light"), ("en-GB", "dark")])
def test_no_state_of_the_page_has_a_fault_that_axe_finds(
    browser: Browser, world: World, scheme: str, language: str
) -> None:
    with desk(browser, language, color_scheme=scheme) as context:
        page = open_phones(context, world)
        found = {state: faults_of(page) for state in see(page, world, browser)}
    assert found == {state: [] for state in STATES}


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_everything_that_is_tapped_is_large_and_nothing_is_cut_off(browser: Browser, world: World, width: int) -> None:
    with desk(browser, viewport={"width": width, "height": 800}) as context:
        page = open_phones(context, world)
        found = {
            state: (page.evaluate(SMALL, LEAST_PX), page.evaluate(WIDER), page.evaluate(CUT))
            for state in see(page, world, browser)
        }
    assert found == {state: ([], 0, []) for state in STATES}


def test_the_page_asks_nobody_else_and_breaks_no_policy_of_its_own(browser: Browser, world: World) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    with desk(browser) as context:
        context.on("request", lambda one: asked.append(one.url))
        context.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        context.on("weberror", lambda fault: complaints.append(str(fault.error)))
        page = open_phones(context, world)
        expect(page.locator("#sign-in")).to_be_visible()
        for _ in (state for state in see(page, world, browser) if state == "correcting"):
            break
    assert {address for address in asked if not address.startswith((world.url, "data:image/svg+xml,"))} == set()
    assert [told for told in complaints if "401 (UNAUTHORIZED)" not in told] == []


def test_the_page_is_used_without_touching_the_screen(browser: Browser, world: World) -> None:
    with desk(browser) as context:
        page = open_phones(context, world)
        expect(page.locator("[name=username]")).to_be_visible()
        page.locator("[name=username]").focus()
        page.keyboard.type("sam.ordnare")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Telefoner", exact=True)).to_be_focused()
        for _ in range(2):
            page.keyboard.press("Tab")
        page.keyboard.type("Telefon 4")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="QR-kod för Telefon 4")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Ta tillbaka koden", exact=True)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text="tillbakatagen")).to_be_focused()


@pytest.fixture
def app(sqlite_url: str, make_app: Callable[..., Flask]) -> Flask:
    """The product on an empty database."""
    return make_app(sqlite_url)


def test_the_page_is_sent_with_the_policy_of_all_pages_and_kept_by_nobody(app: Flask) -> None:
    client = app.test_client()
    answer = client.get("/phones")
    assert answer.headers["Content-Security-Policy"] == client.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", answer.text)
    assert '<html lang="en">' in client.get("/phones?lang=en").text
    assert 'href="/phones?lang=sv"' in client.get("/?lang=sv").text


def test_every_word_of_the_page_is_there_in_both_languages_and_is_used() -> None:
    words = json.loads((WEB / "phones_words.json").read_text())
    assert all(set(text) == {"sv", "en"} and all(text.values()) for text in words.values())
    script = "".join(file.read_text() for file in sorted((WEB / "static" / "phones").glob("*.js")))
    used = set(re.findall(r"words\.(\w+)|say\(\"(\w+)\"", script))
    named = {name for pair in used for name in pair if name}
    named |= set(re.findall(r"phones\.(\w+)", (WEB / "templates" / "phones.html").read_text()))
    named |= {
        f"{which}_{state}" for which in ("state", "when") for state in ("offered", "enrolled", "expired", "revoked")
    }
    named |= {f"code_{state}" for state in ("enrolled", "expired", "revoked")}
    named |= {f"{how}{part}" for how in ("revoke", "take_back") for part in ("", "_named", "_sure", "_means")}
    named |= {f"kind_{one}" for one in RegistrationKind} | {f"service_{one}" for one in Service}
    named |= {f"place_{one}" for one in ("qr", "nfc", "manual")}
    assert (named - {"css", "js", "html", "replaceChildren"}) - set(words) <= set(web.OF_THE_DOOR)
    assert set(words) <= named
