"""The page at the door as it is seen and heard: contrast, labels, sizes, narrow phones, and nobody else's servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.web.conftest import World
from tests.web.test_door import open_door, phone, sign_in

LEAST_PX = 64
"""What a gloved finger hits. Source: our decision; WCAG 2.1 AA asks for less."""
SMALL = """(least) => [...document.querySelectorAll("button, input, select, textarea, a")]
  .filter((one) => one.checkVisibility() && !one.classList.contains("skip"))
  .filter((one) => Math.min(one.getBoundingClientRect().height, one.getBoundingClientRect().width) < least)
  .map((one) => one.id)"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def walk(page: Page, world: World) -> Iterator[str]:
    """The page stands in one state after the other, at a tag that is not recognised, and tells which."""
    world.plan_a_visit_now()
    expect(page.locator("#sign-in")).to_be_visible()
    yield "signed out"
    sign_in(page)
    expect(page.locator("#act")).to_be_visible()
    yield "signed in"
    page.locator("#by-hand").click()
    expect(page.locator("#manual")).to_be_visible()
    yield "by hand"
    page.locator("#act").click()
    expect(page.locator("#outcome")).to_have_attribute("data-state", "sent")
    expect(page.locator("#other")).to_be_enabled()
    yield "checked in"
    page.context.set_offline(True)
    page.locator("#other").click()
    expect(page.locator("#queue-title")).to_be_visible()
    expect(page.locator("#other")).to_be_enabled()
    yield "waiting"


def faults_of(page: Page) -> list[str]:
    """What axe finds wrong, one line each."""
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]


@pytest.mark.parametrize(("language", "scheme"), [("sv-SE", "light"), ("en-GB", "dark")])
def test_no_state_of_the_page_has_a_fault_that_axe_finds(
    browser: Browser, world: World, scheme: str, language: str
) -> None:
    with phone(browser, language, color_scheme=scheme) as context:
        page = open_door(context, f"{world.tags[0]}x")
        found = {state: faults_of(page) for state in walk(page, world)}
    assert found == {state: [] for state in ("signed out", "signed in", "by hand", "checked in", "waiting")}


@pytest.mark.parametrize("width", [320, 390])
def test_everything_that_is_tapped_is_large_and_nothing_is_cut_off(browser: Browser, world: World, width: int) -> None:
    with phone(browser) as context:
        page = open_door(context, f"{world.tags[0]}x")
        page.set_viewport_size({"width": width, "height": 640})
        found = {state: (page.evaluate(SMALL, LEAST_PX), page.evaluate(WIDER)) for state in walk(page, world)}
    assert set(found) == {"signed out", "signed in", "by hand", "checked in", "waiting"}
    assert {state: faults for state, faults in found.items() if faults != ([], 0)} == {}


def test_the_page_asks_nobody_else_and_breaks_no_policy_of_its_own(browser: Browser, world: World) -> None:
    with phone(browser) as context:
        asked, complaints = _listen(context)
        page = open_door(context, world.tags[0])
        states = walk(page, world)
        while next(states) != "checked in":
            pass
        assert {address for address in asked if not address.startswith(world.url)} == set()
        assert complaints == []
        answer = world.app.test_client().get("/t/any")
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]


def _listen(context: BrowserContext) -> tuple[list[str], list[str]]:
    """What the phone asks for, and what its console complains of."""
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    context.on("weberror", lambda fault: complaints.append(str(fault.error)))
    return asked, complaints


def test_the_page_is_used_without_touching_the_screen(browser: Browser, world: World) -> None:
    with phone(browser) as context:
        page = open_door(context, world.tags[0])
        expect(page.locator("#username")).to_be_visible()
        page.locator("#username").focus()
        page.keyboard.type("kim.lind")
        page.keyboard.press("Tab")
        page.keyboard.type("correct horse battery staple")
        page.keyboard.press("Enter")
        expect(page.locator("#act")).to_be_visible()
        page.locator("#sign-out").focus()
        page.keyboard.press("Tab")
        expect(page.locator("#act")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Incheckad")
        expect(page.get_by_role("status")).to_be_focused()
