"""The page at the door in a real browser: signing in, checking in and out, and a queue that loses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, ViewportSize, expect

from app.rules.time import parse_instant
from tests.accounts import PASSWORD
from tests.web.conftest import JSON, World

PHONE: ViewportSize = {"width": 390, "height": 844}


@contextmanager
def phone(browser: Browser, language: str = "sv-SE", **more: Any) -> Iterator[BrowserContext]:
    """A phone of its own: nothing that another has kept."""
    context = browser.new_context(viewport=PHONE, locale=language, timezone_id="Europe/Stockholm", **more)
    try:
        yield context
    finally:
        context.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A caregiver's phone in Swedish."""
    with phone(browser) as opened:
        yield opened


def open_door(context: BrowserContext, address: str) -> Page:
    """The page that the phone's camera opens."""
    page = context.new_page()
    page.goto(address)
    return page


def sign_in(page: Page, username: str = "kim.lind", password: str = PASSWORD) -> None:
    """The form is filled in and sent."""
    page.locator("#username").fill(username)
    page.locator("#password").fill(password)
    page.locator("#sign-in-button").click()


def signed_in(context: BrowserContext, address: str) -> Page:
    """The page of an address with Kim signed in, and with what it needs to open without coverage."""
    page = open_door(context, address)
    sign_in(page)
    expect(page.locator("#name")).to_have_text("A caregiver")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    return page


def let_time_pass(page: Page) -> None:
    """As long as two pages' clocks can tell: each reckons from a whole second that the server said (V8)."""
    page.wait_for_timeout(2_200)


def _content(request: Request) -> JSON:
    return cast(JSON, request.post_data_json)


def test_V4_two_taps_at_one_door_are_one_visit(context: BrowserContext, world: World) -> None:
    page = signed_in(context, world.tags[0])
    page.get_by_role("button", name="Checka in").click()
    outcome = page.get_by_role("status")
    expect(outcome).to_contain_text("Incheckad")
    expect(outcome).to_contain_text("Skickad")
    expect(outcome).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    page.close()
    later = open_door(context, world.tags[0])
    expect(later.locator("#state")).to_contain_text("Incheckad sedan")
    let_time_pass(later)
    later.get_by_role("button", name="Checka ut").click()
    expect(later.get_by_role("status")).to_contain_text("Utcheckad")
    expect(later.get_by_role("status")).to_contain_text("Skickad")
    [visit] = world.visits()
    assert visit["state"] == "complete"
    assert visit["evidence_grade"] == 1
    assert visit["clock_grade"] == "verified"
    assert world.front.posted == [201, 201]


def test_V8_a_registration_carries_the_phones_running_clock_and_the_servers_last_time(
    context: BrowserContext, world: World
) -> None:
    page = signed_in(context, world.tags[0])
    page.wait_for_timeout(300)
    with page.expect_request("**/api/v1/registrations") as sent:
        page.get_by_role("button", name="Checka in").click()
    content = _content(sent.value)
    clock = content["clock"]
    assert clock["boot_id"] == content["sent"]["boot_id"] == clock["anchor"]["boot_id"]
    assert clock["anchor"]["elapsed_ms"] <= clock["elapsed_ms"] <= content["sent"]["elapsed_ms"]
    assert clock["sequence"] == 1
    assert re.search(r"\+0[12]:00$", content["captured_at"])
    assert content["place"] == {"method": "qr", "text": world.tags[0]}
    anchored = parse_instant(clock["anchor"]["server_at"]).timestamp() * 1000
    reckoned = anchored + clock["elapsed_ms"] - clock["anchor"]["elapsed_ms"]
    assert abs(parse_instant(content["captured_at"]).timestamp() * 1000 - reckoned) <= 2000


def test_V2_a_tap_without_coverage_waits_in_sight_survives_a_restart_and_is_delivered_once(
    context: BrowserContext, world: World
) -> None:
    page = signed_in(context, world.tags[0])
    context.set_offline(True)
    page.get_by_role("button", name="Checka in").click()
    expect(page.get_by_role("status")).to_contain_text("Sparad i telefonen")
    expect(page.locator("#queue-title")).to_have_text("Väntar på täckning – 1 registrering")
    page.reload()
    expect(page.locator("#queue-title")).to_have_text("Väntar på täckning – 1 registrering")
    page.close()
    again = open_door(context, world.tags[0])
    expect(again.locator("#queue-title")).to_have_text("Väntar på täckning – 1 registrering")
    let_time_pass(again)
    again.get_by_role("button", name="Checka ut").click()
    expect(again.locator("#queue-title")).to_have_text("Väntar på täckning – 2 registreringar")
    assert world.front.posted == []
    context.set_offline(False)
    expect(again.locator("#queue")).to_be_hidden()
    expect(again.get_by_role("status")).to_contain_text("Skickad")
    assert world.front.posted == [201, 201]
    [visit] = world.visits()
    assert visit["state"] == "complete"
    assert len(visit["registration_ids"]) == 2


def test_V2_what_the_server_cannot_take_now_stays_and_is_sent_again(context: BrowserContext, world: World) -> None:
    page = signed_in(context, world.tags[0])
    world.front.ailing = True
    page.get_by_role("button", name="Checka in").click()
    expect(page.locator("#queue-title")).to_have_text("Väntar på servern – 1 registrering")
    assert set(world.front.posted) == {503}
    world.front.ailing = False
    page.reload()
    expect(page.locator("#queue")).to_be_hidden()
    expect(page.locator("#state")).to_contain_text("Incheckad sedan")
    assert world.front.posted[-1] == 201
    assert len(world.visits()) == 1


def test_V2_an_answer_that_was_lost_adds_nothing_when_it_is_asked_for_again(
    context: BrowserContext, world: World
) -> None:
    page = signed_in(context, world.tags[0])

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/v1/registrations", lose_the_answer, times=1)
    page.get_by_role("button", name="Checka in").click()
    expect(page.locator("#queue-title")).to_have_text("Väntar på täckning – 1 registrering")
    page.reload()
    expect(page.locator("#queue")).to_be_hidden()
    assert len(world.front.posted) == 2
    assert max(world.front.posted) < 300
    assert len(world.visits()) == 1


def test_V2_what_the_server_refuses_is_kept_and_shown_as_needing_help(context: BrowserContext, world: World) -> None:
    page = signed_in(context, world.tags[0])
    refusal = '{"title": "Malformed", "status": 422, "detail": "Some fields are not as they must be."}'
    page.route(
        "**/api/v1/registrations",
        lambda route: route.fulfill(status=422, content_type="application/problem+json", body=refusal),
    )
    page.get_by_role("button", name="Checka in").click()
    expect(page.locator("#held-title")).to_have_text("Behöver hjälp – 1 registrering")
    expect(page.locator("#held-list")).to_contain_text("Some fields are not as they must be.")
    page.reload()
    expect(page.locator("#held-title")).to_have_text("Behöver hjälp – 1 registrering")
    page.unroute("**/api/v1/registrations")
    page.get_by_role("button", name="Skicka igen").click()
    expect(page.locator("#held")).to_be_hidden()
    expect(page.locator("#queue")).to_be_hidden()
    assert world.front.posted == [201]


def test_V6_two_quick_taps_are_one_registration(context: BrowserContext, world: World) -> None:
    page = signed_in(context, world.tags[0])
    page.get_by_role("button", name="Checka in").dblclick()
    expect(page.get_by_role("status")).to_contain_text("Skickad")
    other = page.locator("#other")
    expect(other).to_be_disabled()
    expect(other).to_be_enabled()
    assert world.front.posted == [201]


def test_V6_a_second_page_of_the_same_phone_does_not_check_in_again(context: BrowserContext, world: World) -> None:
    first = signed_in(context, world.tags[0])
    second = open_door(context, world.tags[0])
    expect(second.get_by_role("button", name="Checka in")).to_be_visible()
    context.set_offline(True)
    first.get_by_role("button", name="Checka in").click()
    expect(first.get_by_role("status")).to_contain_text("Incheckad")
    second.get_by_role("button", name="Checka in").click()
    expect(second.locator("#state")).to_contain_text("Incheckad sedan")
    expect(second.get_by_role("status")).to_have_text("")
    expect(second.locator("#queue-title")).to_contain_text("1 registrering")


def test_V6_at_another_door_the_open_visit_is_not_closed_by_mistake(context: BrowserContext, world: World) -> None:
    page = signed_in(context, world.tags[0])
    page.get_by_role("button", name="Checka in").click()
    expect(page.get_by_role("status")).to_contain_text("Skickad")
    other = open_door(context, world.tags[1])
    expect(other.locator("#elsewhere")).to_be_visible()
    expect(other.locator("#act")).to_have_text(re.compile("Checka in"))
    expect(other.locator("#other")).to_have_text("Checka ut från det besöket")


def test_V4_a_visit_begun_with_another_phone_is_known_here_with_its_door(browser: Browser, world: World) -> None:
    with phone(browser) as first:
        page = signed_in(first, world.tags[0])
        page.get_by_role("button", name="Checka in").click()
        expect(page.get_by_role("status")).to_contain_text("Skickad")
    with phone(browser) as second:
        page = signed_in(second, world.tags[1])
        expect(page.locator("#elsewhere")).to_be_visible()
        same = open_door(second, world.tags[0])
        expect(same.locator("#elsewhere")).to_be_hidden()
        let_time_pass(same)
        same.get_by_role("button", name="Checka ut").click()
        expect(same.get_by_role("status")).to_contain_text("Skickad")
    [visit] = world.visits()
    assert visit["state"] == "complete"


def test_V1_an_unknown_tag_says_so_and_is_registered_all_the_same(context: BrowserContext, world: World) -> None:
    page = signed_in(context, f"{world.url}/t/0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f.1.forged")
    expect(page.locator("#unknown-tag")).to_be_visible()
    page.get_by_role("button", name="Checka in").click()
    expect(page.get_by_role("status")).to_contain_text("Skickad")
    assert world.front.posted == [201]


def test_V3_a_tag_that_cannot_be_read_is_registered_by_hand_from_todays_plan(
    context: BrowserContext, world: World
) -> None:
    planned = world.plan_a_visit_now()
    page = signed_in(context, f"{world.url}/t/")
    expect(page.locator("#act")).to_be_hidden()
    page.get_by_role("button", name="Taggen går inte att läsa").click()
    expect(page.locator("#manual-visit")).to_contain_text("Kund Ett")
    page.locator("#manual-reason").select_option("tag_damaged")
    page.get_by_role("button", name="Checka in utan tagg").click()
    expect(page.get_by_role("status")).to_contain_text("Skickad")
    [visit] = world.visits()
    assert visit["evidence_grade"] == 0
    assert visit["planned_visit_id"] == planned["id"]


def test_A1_a_wrong_password_and_another_role_are_told_and_nothing_is_kept(
    context: BrowserContext, world: World
) -> None:
    page = open_door(context, world.tags[0])
    sign_in(page, password="not the password at all")
    expect(page.get_by_role("alert")).to_have_text("Användarnamnet eller lösenordet är fel.")
    sign_in(page, username="sam.ordnare")
    expect(page.get_by_role("alert")).to_contain_text("för vårdbiträden")
    assert page.evaluate("() => localStorage.getItem('hemtid.door.session')") is None


def test_A1_a_stale_token_is_refreshed_unseen_and_an_ended_session_keeps_the_queue(
    context: BrowserContext, world: World
) -> None:
    page = signed_in(context, world.tags[0])
    age = "() => { const key = 'hemtid.door.session', kept = JSON.parse(localStorage.getItem(key));"
    page.evaluate(f"{age} kept.access_token = 'spent'; localStorage.setItem(key, JSON.stringify(kept)); }}")
    page.get_by_role("button", name="Checka in").click()
    expect(page.get_by_role("status")).to_contain_text("Skickad")
    page.evaluate(
        f"{age} kept.access_token = kept.refresh_token = 'gone'; localStorage.setItem(key, JSON.stringify(kept)); }}"
    )
    page.locator("#other").click()
    expect(page.locator("#ended")).to_be_visible()
    expect(page.locator("#queue-title")).to_have_text("Väntar på inloggning – 1 registrering")
    expect(page.locator("#username")).to_have_value("kim.lind")
    sign_in(page)
    expect(page.locator("#queue")).to_be_hidden()
    [visit] = world.visits()
    assert visit["state"] == "complete"


def test_V17_what_one_registered_is_not_sent_in_anothers_name(context: BrowserContext, world: World) -> None:
    page = signed_in(context, world.tags[0])
    context.set_offline(True)
    page.get_by_role("button", name="Checka in").click()
    expect(page.locator("#queue-title")).to_contain_text("1 registrering")
    page.get_by_role("button", name="Logga ut").click()
    expect(page.locator("#queue-title")).to_have_text("Väntar på inloggning – 1 registrering")
    context.set_offline(False)
    page.reload()
    expect(page.locator("#queue-title")).to_have_text("Väntar på inloggning – 1 registrering")
    assert world.front.posted == []
    sign_in(page)
    expect(page.locator("#queue")).to_be_hidden()
    assert world.front.posted == [201]


def test_V8_a_clock_that_stood_still_while_the_phone_slept_is_not_reckoned_across(
    context: BrowserContext, world: World
) -> None:
    page = signed_in(context, world.tags[0])
    with page.expect_request("**/api/v1/registrations") as first:
        page.get_by_role("button", name="Checka in").click()
    expect(page.get_by_role("status")).to_contain_text("Skickad")
    # As a phone that slept for an hour: the wall clock went on, the page's did not.
    page.evaluate("() => { const real = Date.now; Date.now = () => real() + 3_600_000; }")
    expect(page.locator("#other")).to_be_enabled()
    with page.expect_request("**/api/v1/registrations") as second:
        page.locator("#other").click()
    woken = _content(second.value)["clock"]
    assert woken["boot_id"] != _content(first.value)["clock"]["boot_id"]
    assert "anchor" not in woken


def test_the_service_worker_keeps_the_page_and_no_answer_of_the_api(context: BrowserContext, world: World) -> None:
    page = signed_in(context, world.tags[0])
    kept = page.evaluate(
        "async () => { const found = [];"
        " for (const name of await caches.keys())"
        " for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname);"
        " return found; }"
    )
    assert "/t/" in kept
    assert not [path for path in kept if path.startswith("/api/")]
    context.set_offline(True)
    other = open_door(context, f"{world.tags[1]}?lang=en")
    expect(other.get_by_role("button", name="Check in")).to_be_visible()


def test_the_language_that_was_chosen_holds_at_every_door(context: BrowserContext, world: World) -> None:
    page = open_door(context, world.tags[0])
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    other = open_door(context, world.tags[1])
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
