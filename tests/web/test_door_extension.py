"""Asking for more time at the door in a real browser: two fields after a check-out, kept until the server has it."""

from __future__ import annotations

from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.web.conftest import JSON, World
from tests.web.test_door import open_door, phone, signed_in
from tests.web.test_door_sight import LEAST_PX, SMALL, WIDER, faults_of

SEEN: tuple[tuple[int, Literal["light", "dark"]], ...] = ((320, "light"), (390, "dark"))
WHY = "Kunden hade fallit i hallen och vi väntade på ambulansen."


def tap(page: Page, name: str) -> None:
    """A check-in or check-out, once the buttons rest no more."""
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_enabled()
    button.click()


def visited_without_coverage(page: Page, context: BrowserContext) -> None:
    """A check-in that was sent, and a check-out that waits."""
    tap(page, "Checka in")
    expect(page.locator("#outcome")).to_have_attribute("data-state", "sent")
    context.set_offline(True)
    tap(page, "Checka ut")
    expect(page.locator("#outcome-state")).to_contain_text("har täckning")


def ask(page: Page, why: str = WHY) -> None:
    """The two fields are filled in and sent."""
    page.get_by_role("button", name="Be om utökad tid").click()
    page.locator("#longer-cause").select_option("fall")
    page.locator("#longer-why").fill(why)
    page.get_by_role("button", name="Skicka begäran").click()


def asked_for(world: World) -> list[JSON]:
    """The requests that the provider's coordinator sees."""
    items: list[JSON] = world.ask("sam.ordnare", "GET", "/extensions")["items"]
    return items


def test_E2_time_is_asked_for_without_coverage_survives_a_restart_and_follows_its_check_out_once(
    browser: Browser, world: World
) -> None:
    planned = world.plan_a_visit_now()
    with phone(browser) as context:
        page = signed_in(context, world.tags[0])
        visited_without_coverage(page, context)
        page.get_by_role("button", name="Be om utökad tid").click()
        expect(page.locator("#longer-title")).to_be_focused()
        expect(page.locator("#longer-which")).to_contain_text("Besöket")
        page.get_by_role("button", name="Skicka begäran").click()
        expect(page.locator("#longer-fault")).to_have_text("Välj en orsak.")
        expect(page.locator("#longer-cause")).to_be_focused()
        page.locator("#longer-cause").select_option("fall")
        page.locator("#longer-why").fill(f"  {'x' * 19}  ")
        expect(page.locator("#longer-count")).to_have_text("19 av minst 20 tecken")
        page.get_by_role("button", name="Skicka begäran").click()
        expect(page.locator("#longer-fault")).to_contain_text("minst 20 tecken")
        page.locator("#longer-why").fill(WHY)
        page.get_by_role("button", name="Skicka begäran").click()
        expect(page.locator("#longer-told")).to_contain_text("sparad i telefonen")
        expect(page.locator("#longer")).to_be_hidden()
        page.reload()
        expect(page.locator("#asks-title")).to_have_text("Väntar på täckning – 1 begäran om utökad tid")
        expect(page.locator("#asks-list")).to_contain_text(WHY)
        expect(page.locator("#queue-title")).to_have_text("Väntar på täckning – 1 registrering")
        assert (world.front.posted, asked_for(world)) == ([201], [])

        def lose_the_answer(route: Route) -> None:
            route.fetch()
            route.abort()

        page.route("**/api/v1/visits/*/extension", lose_the_answer, times=1)
        page.route("**/api/v1/registrations", lambda route: route.fulfill(status=500, body="{}"), times=1)
        context.set_offline(False)
        expect(page.locator("#queue-title")).to_contain_text("Väntar på servern")
        expect(page.locator("#asks-title")).to_contain_text("Väntar på servern")
        page.reload()
        expect(page.locator("#queue")).to_be_hidden()
        expect(page.locator("#asks-title")).to_contain_text("Väntar på täckning")
        page.reload()
        expect(page.locator("#asks")).to_be_hidden()
        expect(page.locator("#longer")).to_be_hidden()
    [visit], [request] = world.visits(), asked_for(world)
    assert visit["planned_visit_id"] == planned["id"]
    named = ("visit_ids", "cause", "justification", "requested_seconds", "state")
    assert [request[name] for name in named] == [[visit["id"]], "fall", WHY, visit["performed_seconds"], "requested"]


def test_E1_what_the_server_refuses_is_told_in_plain_words_and_stays_until_it_was_seen(
    browser: Browser, world: World
) -> None:
    with phone(browser) as context:
        page = signed_in(context, world.tags[0])
        visited_without_coverage(page, context)
        ask(page)
        expect(page.locator("#asks-title")).to_be_visible()
        context.set_offline(False)
        expect(page.locator("#asks-held-title")).to_have_text("Behöver hjälp – 1 begäran om utökad tid")
        page.reload()
        held = page.locator("#asks-held-list")
        expect(held).to_contain_text("Utökad tid ges bara för personlig omvårdnad")
        expect(held).to_contain_text(WHY)
        page.locator("#sign-out").click()
        expect(page.locator("#asks-held-title")).to_be_visible()
        expect(held).not_to_contain_text(WHY)
        again = signed_in(context, world.tags[0])
        expect(again.locator("#asks-held-list")).to_contain_text(WHY)
        with again.expect_response("**/extension") as answered:
            again.get_by_role("button", name="Skicka igen").click()
        assert answered.value.status == 409
        expect(again.locator("#asks-held-list")).to_contain_text(WHY)
        again.get_by_role("button", name="Ta bort ur listan").click()
        expect(again.locator("#asks-held")).to_be_hidden()
        tap(again, "Checka in")
        expect(again.locator("#outcome")).to_have_attribute("data-state", "sent")
        with again.expect_response("**/api/v1/visits/*"):
            tap(again, "Checka ut")
        expect(again.locator("#outcome")).to_have_attribute("data-state", "sent")
        expect(again.get_by_role("button", name="Be om utökad tid")).to_be_hidden()
    assert asked_for(world) == []


def test_the_form_and_what_waits_are_seen_and_tapped_on_narrow_phones_in_light_and_dark(
    browser: Browser, world: World
) -> None:
    world.plan_a_visit_now()
    refusal = '{"title": "Malformed", "status": 422, "detail": "Some fields are not as they must be."}'
    found = {}

    def look(page: Page, state: str) -> None:
        for width, scheme in SEEN:
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            faults = (faults_of(page), page.evaluate(SMALL, LEAST_PX), page.evaluate(WIDER))
            if faults != ([], [], 0):
                found[state, width, scheme] = faults

    with phone(browser) as context:
        page = signed_in(context, world.tags[0])
        tap(page, "Checka in")
        expect(page.locator("#outcome")).to_have_attribute("data-state", "sent")
        tap(page, "Checka ut")
        expect(page.get_by_role("button", name="Be om utökad tid")).to_be_visible()
        expect(page.locator("#other")).to_be_enabled()
        look(page, "offered")
        page.get_by_role("button", name="Be om utökad tid").click()
        page.get_by_role("button", name="Skicka begäran").click()
        expect(page.locator("#longer-fault")).to_be_visible()
        look(page, "asking")
        context.set_offline(True)
        page.locator("#longer-cause").select_option("waiting_for_health_care")
        page.locator("#longer-why").fill(WHY * 3)
        page.get_by_role("button", name="Skicka begäran").click()
        expect(page.locator("#asks-title")).to_contain_text("Väntar på täckning")
        look(page, "waiting")
        page.route(
            "**/api/v1/visits/*/extension",
            lambda route: route.fulfill(status=422, content_type="application/problem+json", body=refusal),
        )
        context.set_offline(False)
        expect(page.locator("#asks-held-list")).to_contain_text("Servern tog inte emot begäran.")
        look(page, "refused")
        english = open_door(context, f"{world.tags[0]}?lang=en")
        expect(english.locator("#asks-held-title")).to_have_text("Needs help – 1 request for more time")
    assert found == {}
