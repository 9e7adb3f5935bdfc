"""The coordinator's page in a real browser: phones enrolled and revoked, and a session that lives in memory alone."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, ViewportSize, expect

from app.api import authentication, operations, tokens
from app.rules.access import Role
from tests.accounts import PASSWORD, keep_operator, keep_provider, keep_user
from tests.web.conftest import World
from tests.web.test_door import open_door, phone
from tests.web.test_door import sign_in as sign_in_at_the_door
from tests.web.test_door_phone import ENROLLED, enrolled, offer

DESK: ViewportSize = {"width": 1200, "height": 900}
LATER = timedelta(minutes=11)
"""Past an access token's time, and past a QR code's."""
KEPT = """async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie,
  await caches.keys(), await indexedDB.databases()])"""


@contextmanager
def desk(browser: Browser, language: str = "sv-SE", **more: Any) -> Iterator[BrowserContext]:
    """A coordinator's browser of its own, at a desk unless a viewport says otherwise."""
    how = {"viewport": DESK, "locale": language, "timezone_id": "Asia/Tokyo", **more}
    context = browser.new_context(**how)
    try:
        yield context
    finally:
        context.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A coordinator's desk in Swedish, far from Sweden by its own clock."""
    with desk(browser) as opened:
        yield opened


@pytest.fixture
def other_coordinator(world: World) -> str:
    """Who signs in for another provider of the same care system."""
    database = world.app.extensions["hemtid"].database
    wanted = {"grant_type": "password", "username": "kon.troll", "password": PASSWORD}
    scope = world.app.test_client().post("/api/v1/tokens", json=wanted).get_json()["scope"]
    care_system = re.findall(r"care_system:(\S+)", scope)[0]
    own = {"care_system_id": care_system, "provider_id": keep_provider(database, care_system)}
    keep_user(database, keep_operator(database, "another.operator"), Role.COORDINATOR, "pia.ordnare", **own)
    return "pia.ordnare"


def open_phones(context: BrowserContext, world: World) -> Page:
    """The page, with nobody signed in."""
    page = context.new_page()
    page.goto(f"{world.url}/phones")
    return page


def sign_in(page: Page, username: str = "sam.ordnare", password: str = PASSWORD) -> None:
    """The form is filled in and sent."""
    form = page.locator("#sign-in-form")
    form.locator("[name=username]").fill(username)
    form.locator("[name=password]").fill(password)
    form.get_by_role("button").click()


def signed_in(context: BrowserContext, world: World) -> Page:
    """The page with the coordinator signed in, and all of it there."""
    page = open_phones(context, world)
    sign_in(page)
    expect(page.locator("#desk")).to_be_visible()
    expect(page.locator("#fleet-loading")).to_be_hidden()
    expect(page.locator("#waiting-loading")).to_be_hidden()
    return page


def show_code(page: Page, name: str) -> str:
    """The QR code is asked for; the address in it, read off the screen."""
    page.get_by_label("Telefonens namn").fill(name)
    page.get_by_role("button", name="Visa QR-kod").click()
    expect(page.get_by_role("heading", name=f"QR-kod för {name}")).to_be_focused()
    page.wait_for_function("() => document.getElementById('code').complete")
    [read] = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
    return str(read.text)


def row_of(page: Page, name: str) -> Locator:
    """The phone's place in the list."""
    return page.locator("#fleet li").filter(has=page.get_by_role("heading", name=name, exact=True))


def told(page: Page) -> Locator:
    """What is said beside the form that adds phones."""
    return page.locator("#add-said")


def later(monkeypatch: pytest.MonkeyPatch, *places: tuple[Any, str], by: timedelta = LATER) -> None:
    """The server's clock is ahead from now on, where it is read in these places."""

    def ahead() -> datetime:
        return datetime.now(UTC).replace(microsecond=0) + by

    for module, name in places:
        monkeypatch.setattr(module, name, ahead)


def test_V17_a_phone_that_reads_the_code_on_the_coordinators_screen_is_enrolled(
    browser: Browser, context: BrowserContext, world: World
) -> None:
    page = signed_in(context, world)
    expect(page.locator("#fleet-empty")).to_contain_text("Ingen telefon är registrerad ännu.")
    address = show_code(page, "Telefon 4")
    assert address.startswith(f"{world.url}/t/#enrol=")
    expect(page.locator("#left")).to_have_text(re.compile(r"^(10:00|09:\d\d)$"))
    expect(row_of(page, "Telefon 4")).to_contain_text("Väntar på telefonen")
    with phone(browser) as caregivers:
        opened = open_door(caregivers, address)
        sign_in_at_the_door(opened)
        expect(opened.locator("#phone-told")).to_have_text(ENROLLED)
        expect(told(page)).to_have_text("Telefon 4 är registrerad och klar att använda.")
    expect(told(page)).to_have_role("status")
    expect(told(page)).to_be_focused()
    expect(row_of(page, "Telefon 4")).to_contain_text("Registrerad")
    expect(page.locator("#fleet-empty")).to_be_hidden()
    [device] = world.ask("sam.ordnare", "GET", "/devices")["items"]
    assert (device["name"], device["state"]) == ("Telefon 4", "enrolled")


def test_A1_what_the_code_says_is_kept_nowhere_and_gone_when_it_is_over(context: BrowserContext, world: World) -> None:
    asked: list[str] = []
    context.on("request", lambda one: asked.append(one.url) if not one.url.startswith("data:") else None)
    page = signed_in(context, world)
    kept = page.evaluate(KEPT)
    token = show_code(page, "Telefon 4").partition("#enrol=")[2]
    assert len(token) > 30
    assert page.evaluate(KEPT) == kept
    assert token not in page.content() + page.url + page.title() + "".join(asked)
    assert page.locator("#code").get_attribute("src") is not None
    page.get_by_role("button", name="Ta tillbaka koden", exact=True).click()
    expect(told(page)).to_contain_text("tillbakatagen")
    assert page.locator("#code").get_attribute("src") is None
    [device] = world.ask("sam.ordnare", "GET", "/devices")["items"]
    assert device["state"] == "revoked"
    expect(page.locator("#past-title")).to_have_text("Ur bruk (1)")


def test_A1_a_code_that_became_too_old_is_told_and_another_is_one_tap_away(
    context: BrowserContext, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = signed_in(context, world)
    first = show_code(page, "Telefon 4")
    with monkeypatch.context() as ahead:
        later(ahead, (operations, "now"))
        expect(told(page)).to_contain_text("hann bli för gammal")
        assert page.locator("#code").get_attribute("src") is None
    again = page.get_by_role("button", name="Visa en ny kod")
    expect(page.get_by_label("Telefonens namn")).to_have_value("Telefon 4")
    again.click()
    expect(page.get_by_role("heading", name="QR-kod för Telefon 4")).to_be_focused()
    page.wait_for_function("() => document.getElementById('code').complete")
    [read] = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
    assert read.text != first


def test_A1_the_countdown_runs_by_a_clock_that_nobody_sets_and_the_code_is_gone_at_its_end(
    context: BrowserContext, world: World
) -> None:
    page = context.new_page()
    page.clock.install(time=datetime(2001, 1, 1, tzinfo=UTC))
    page.goto(f"{world.url}/phones")
    sign_in(page)
    expect(page.locator("#fleet-empty")).to_be_visible()
    show_code(page, "Telefon 4")
    expect(page.locator("#left")).to_have_text(re.compile(r"^(10:00|09:5\d)$"))
    page.clock.fast_forward(9 * 60_000)
    expect(page.locator("#left")).to_have_text(re.compile(r"^00:\d\d$"))
    expect(page.locator("#code")).to_be_visible()
    page.clock.fast_forward(60_000)
    expect(page.locator("#left")).to_have_text("00:00")
    expect(page.locator("#code")).to_be_hidden()
    assert page.locator("#code").get_attribute("src") is None


def test_A1_a_lost_phone_is_revoked_in_two_steps_and_let_in_no_more(
    browser: Browser, context: BrowserContext, world: World
) -> None:
    with phone(browser) as caregivers:
        device = enrolled(caregivers, world, offer(world, "Telefon 4"))
        page = signed_in(context, world)
        row = row_of(page, "Telefon 4")
        opener = row.get_by_role("button", name="Spärra Telefon 4")
        opener.click()
        expect(row.get_by_label("Orsak")).to_be_focused()
        expect(row).to_contain_text("väntar på dig under Väntande registreringar")
        page.keyboard.press("Escape")
        expect(opener).to_be_focused()
        opener.click()
        row.get_by_label("Orsak").fill("Glömd på bussen")
        assert world.ask("sam.ordnare", "GET", f"/devices/{device['id']}")["state"] == "enrolled"
        row.get_by_role("button", name="Spärra telefonen").click()
        expect(page.locator("#fleet-said")).to_contain_text("Telefon 4 är spärrad.")
        expect(page.locator("#fleet-said")).to_be_focused()
        page.locator("#past-title").click()
        expect(page.locator("#past-list")).to_contain_text("Glömd på bussen")
        expect(row.get_by_role("button")).to_have_count(0)
        opened = open_door(caregivers, world.tags[0])
        opened.locator("#act").click()
        expect(opened.locator("#revoked")).to_be_visible()
        expect(opened.locator("#review")).to_be_visible()
    now = world.ask("sam.ordnare", "GET", f"/devices/{device['id']}")
    assert (now["state"], now["revoked_reason"]) == ("revoked", "Glömd på bussen")
    assert world.front.posted == [403]


def test_A1_every_phone_is_listed_however_many_pages_that_takes(context: BrowserContext, world: World) -> None:
    for number in range(1, 6):
        offer(world, f"Telefon {number}")
    pages: list[str] = []

    def in_small_pages(route: Route) -> None:
        pages.append(route.request.url)
        route.continue_(url=route.request.url.replace("limit=200", "limit=2"))

    context.route("**/api/v1/devices?**", in_small_pages)
    page = signed_in(context, world)
    names = page.locator("#fleet-list h3").all_text_contents()
    assert (names, len(pages)) == ([f"Telefon {number}" for number in range(1, 6)], 3)


@pytest.mark.parametrize(
    ("language", "words"),
    [("sv-SE", "Den här sidan är för samordnare."), ("en-GB", "This page is for coordinators.")],
)
@pytest.mark.parametrize("username", ["kim.lind", "kon.troll"])
def test_A2_another_role_is_told_so_and_asks_for_nothing_more(
    browser: Browser, world: World, username: str, language: str, words: str
) -> None:
    with desk(browser, language) as context:
        page, asked = open_phones(context, world), []
        context.on("request", lambda one: asked.append(one.url) if "/api/" in one.url else None)
        sign_in(page, username)
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(page.locator("#desk")).to_be_hidden()
        assert asked == [f"{world.url}/api/v1/tokens"]


def test_A1_a_wrong_password_too_many_tries_and_no_network_are_told_apart(
    context: BrowserContext, world: World
) -> None:
    page = open_phones(context, world)
    alert = page.locator("#sign-in-form").get_by_role("alert")
    sign_in(page, password="not the password at all")
    expect(alert).to_have_text("Användarnamnet eller lösenordet är fel.")
    context.set_offline(True)
    page.get_by_role("button", name="Logga in").click()
    expect(alert).to_contain_text("Ingen kontakt med servern.")
    expect(page.get_by_label("Användarnamn")).to_have_value("sam.ordnare")
    context.set_offline(False)
    wrong = {"grant_type": "password", "username": "sam.ordnare", "password": "wrong"}
    client = world.app.test_client()
    while client.post("/api/v1/tokens", json=wrong).status_code != 429:
        pass
    page.get_by_role("button", name="Logga in").click()
    expect(alert).to_have_text(re.compile(r"^För många försök\. Vänta \d+ min\.$"))


def test_A1_a_reload_signs_out_and_leaves_nothing_behind(context: BrowserContext, world: World) -> None:
    page = open_phones(context, world)
    before = page.evaluate(KEPT)
    sign_in(page)
    expect(page.locator("#desk")).to_be_visible()
    assert page.evaluate(KEPT) == before
    page.reload()
    expect(page.locator("#sign-in")).to_be_visible()
    expect(page.locator("#desk")).to_be_hidden()


def _token_requests(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.url.endswith("/api/v1/tokens") else None)
    return asked


def test_A1_a_token_past_its_time_is_renewed_once_and_nobody_notices(
    context: BrowserContext, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = signed_in(context, world)
    asked = _token_requests(page)
    later(monkeypatch, (authentication, "real_now"), (tokens, "real_now"))
    with page.expect_response("**/api/v1/devices**") as first:
        page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    assert first.value.status == 401
    show_code(page, "Telefon 4")
    expect(page.locator("#sign-in")).to_be_hidden()
    assert len(asked) == 1


def test_A1_a_token_is_renewed_before_its_time_is_over(context: BrowserContext, world: World) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{world.url}/phones")
    sign_in(page)
    expect(page.locator("#fleet-empty")).to_be_visible()
    asked, answered = _token_requests(page), []
    page.on("response", lambda one: answered.append(one.status))
    page.clock.fast_forward(575_000)
    show_code(page, "Telefon 4")
    assert (len(asked), 401 in answered) == (1, False)


def _end_the_session(page: Page, world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    page.get_by_label("Telefonens namn").fill(name)
    later(monkeypatch, (authentication, "real_now"), (tokens, "real_now"), by=timedelta(days=31))
    page.get_by_role("button", name="Visa QR-kod").click()
    expect(page.locator("#ended")).to_be_visible()
    expect(page.locator("#desk")).to_be_hidden()
    expect(page.get_by_label("Lösenord")).to_be_focused()


def test_A1_where_the_session_is_over_what_was_typed_waits_for_the_same_coordinator(
    context: BrowserContext, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = signed_in(context, world)
    _end_the_session(page, world, monkeypatch, "Telefon 4")
    expect(page.get_by_label("Användarnamn")).to_have_value("sam.ordnare")
    page.get_by_label("Lösenord").fill(PASSWORD)
    page.get_by_role("button", name="Logga in").click()
    expect(page.get_by_label("Telefonens namn")).to_have_value("Telefon 4")
    page.get_by_role("button", name="Visa QR-kod").click()
    expect(page.get_by_role("heading", name="QR-kod för Telefon 4")).to_be_visible()


def test_A1_nothing_is_left_for_the_next_one_to_sign_in(
    context: BrowserContext, world: World, monkeypatch: pytest.MonkeyPatch, other_coordinator: str
) -> None:
    offer(world, "Telefon 1")
    page = signed_in(context, world)
    expect(row_of(page, "Telefon 1")).to_be_visible()
    _end_the_session(page, world, monkeypatch, "Telefon 4")
    sign_in(page, other_coordinator)
    expect(page.locator("#fleet-empty")).to_be_visible()
    expect(page.get_by_label("Telefonens namn")).to_have_value("")
    expect(row_of(page, "Telefon 1")).to_have_count(0)
    page.get_by_role("button", name="Logga ut").click()
    expect(page.locator("#ended")).to_be_hidden()
    expect(page.get_by_label("Användarnamn")).to_have_value("")


def test_without_a_network_the_page_says_so_keeps_what_was_typed_and_tries_again(
    context: BrowserContext, world: World
) -> None:
    page = signed_in(context, world)
    page.get_by_label("Telefonens namn").fill("Telefon 4")
    context.set_offline(True)
    page.get_by_role("button", name="Visa QR-kod").click()
    expect(page.locator("#add").get_by_role("alert").first).to_contain_text("Ingen kontakt med servern.")
    expect(page.get_by_label("Telefonens namn")).to_have_value("Telefon 4")
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#trouble")).to_contain_text("Ingen kontakt med servern.")
    context.set_offline(False)
    expect(page.locator("#trouble")).to_be_hidden()


def test_where_the_server_fails_the_page_says_so_and_the_button_tries_again(
    context: BrowserContext, world: World
) -> None:
    offer(world, "Telefon 1")
    context.route("**/api/v1/quarantine**", lambda route: route.fulfill(status=503, body="no upstream"))
    page = open_phones(context, world)
    sign_in(page)
    expect(page.locator("#trouble-told")).to_contain_text("Servern svarar inte just nu.")
    expect(page.locator("#trouble-told")).to_have_role("alert")
    context.unroute("**/api/v1/quarantine**")
    page.get_by_role("button", name="Försök igen").click()
    expect(page.locator("#trouble")).to_be_hidden()
    expect(page.get_by_role("heading", name="Telefoner", exact=True)).to_be_focused()
    expect(page.locator("#waiting-empty")).to_be_visible()
    expect(row_of(page, "Telefon 1")).to_be_visible()


def test_the_code_goes_on_being_watched_after_a_while_without_a_network(
    browser: Browser, context: BrowserContext, world: World
) -> None:
    page = signed_in(context, world)
    address = show_code(page, "Telefon 4")
    context.set_offline(True)
    expect(page.locator("#offer-fault")).to_contain_text("Ingen kontakt med servern just nu.")
    with phone(browser) as caregivers:
        opened = open_door(caregivers, address)
        sign_in_at_the_door(opened)
        expect(opened.locator("#phone-told")).to_have_text(ENROLLED)
    context.set_offline(False)
    expect(told(page)).to_contain_text("klar att använda")
