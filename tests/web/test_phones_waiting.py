"""What a phone sent and could not be registered, on the coordinator's page: dismissed, or registered as corrected."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from app.rules.time import parse_instant
from tests.web.conftest import JSON, World
from tests.web.test_door import open_door, phone
from tests.web.test_door_phone import enrolled, offer, quarantined, revoke
from tests.web.test_phones import desk, sign_in, signed_in


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A coordinator's desk in Swedish."""
    with desk(browser) as opened:
        yield opened


def sent_with(change: JSON) -> Callable[[Route], None]:
    """What a phone registers goes out changed: a fault of its own that its key does not tell."""

    def bend(route: Route) -> None:
        told = json.loads(route.request.post_data or "") | change
        route.continue_(post_data=json.dumps({name: value for name, value in told.items() if value != "left out"}))

    return bend


@pytest.fixture
def caregivers(browser: Browser) -> Iterator[BrowserContext]:
    """The caregiver's phone."""
    with phone(browser) as opened:
        yield opened


def kept_for_review(caregivers: BrowserContext, world: World, *changes: JSON, lost: bool = False) -> list[JSON]:
    """Telefon 4 is enrolled and registers, each time with one of the changes; what waits because of it.

    Where it is `lost` it is revoked before.
    """
    device = enrolled(caregivers, world, offer(world, "Telefon 4"))
    if lost:
        revoke(world, device)
    for number, change in enumerate(changes, 1):
        page = open_door(caregivers, world.tags[0])
        page.route("**/api/v1/registrations", sent_with(change), times=1)
        page.locator("#act").click()
        expect(page.locator("#review-title")).to_contain_text(f"{number} ")
        page.close()
    return quarantined(world)


def card(page: Page, place: int = 0) -> Locator:
    """One of those that wait."""
    return page.locator("#waiting-list > li").nth(place)


def choice(form: Locator, name: str) -> Locator:
    """The list of the form that is called so."""
    return form.get_by_role("combobox", name=name)


def correct(page: Page) -> Locator:
    """The form in which the first of them is corrected, its lists filled."""
    card(page).get_by_role("button", name="Rätta och registrera").click()
    form = card(page).locator("form:visible")
    expect(choice(form, "Vad")).to_be_focused()
    expect(choice(form, "Vårdbiträde").locator("option")).to_have_text(["", "A caregiver"])
    return form


def register(form: Locator) -> None:
    """The form is sent."""
    form.get_by_role("button", name="Registrera", exact=True).click()


def test_V1_what_waits_is_told_in_words_with_its_text_folded_away(
    context: BrowserContext, caregivers: BrowserContext, world: World
) -> None:
    kept = kept_for_review(caregivers, world, {"service": "gardening"}, {"kind": 7, "captured_at": "igår"})
    page = signed_in(context, world)
    expect(page.locator("#waiting-list > li")).to_have_count(2)
    first, second = card(page), card(page, 1)
    captured = parse_instant(json.loads(kept[0]["raw"])["captured_at"])
    swedish = page.evaluate(
        "(at) => new Date(at).toLocaleTimeString('sv-SE', { timeZone: 'Europe/Stockholm' })", captured.isoformat()
    )
    expect(first.get_by_role("heading")).to_have_text("Incheckning")
    expect(first.locator("[data-captured]")).to_contain_text(swedish)
    expect(first.locator("[data-phone]")).to_have_text("Telefon 4")
    expect(first.locator("[data-caregiver]")).to_have_text("A caregiver")
    expect(first.locator(".problem")).to_contain_text("Felformat")
    expect(first.locator(".problem")).to_contain_text("Insats: Give one of: personal_care")
    expect(first.locator("pre")).to_be_hidden()
    first.locator("summary").click()
    expect(first.locator("pre")).to_have_text(kept[0]["raw"])
    expect(second.get_by_role("heading")).to_have_text("Går inte att läsa")
    expect(second.locator("[data-captured]")).to_have_text("Går inte att läsa")


def test_V1_what_is_no_registration_is_dismissed_with_a_reason_and_never_without(
    context: BrowserContext, caregivers: BrowserContext, world: World
) -> None:
    kept_for_review(caregivers, world, {"service": "gardening"})
    page = signed_in(context, world)
    card(page).get_by_role("button", name="Avfärda: Incheckning").click()
    reason = card(page).get_by_label("Varför det inte är någon registrering")
    expect(reason).to_be_focused()
    card(page).get_by_role("button", name="Avfärda den").click()
    assert quarantined(world)[0]["state"] == "waiting"
    reason.fill("   ")
    card(page).get_by_role("button", name="Avfärda den").click()
    expect(card(page).get_by_role("alert").first).to_contain_text("Felformat")
    expect(reason).to_be_focused()
    reason.fill("Ett prov av telefonen")
    card(page).get_by_role("button", name="Avfärda den").click()
    expect(page.locator("#waiting-said")).to_have_text("Avfärdad.")
    expect(page.locator("#waiting-said")).to_be_focused()
    expect(page.locator("#waiting-empty")).to_be_visible()
    [one] = quarantined(world)
    assert (one["state"], one["reason"]) == ("dismissed", "Ett prov av telefonen")
    assert world.visits() == []


def test_V1_what_is_corrected_is_registered_with_the_phones_own_time_and_proof(
    context: BrowserContext, caregivers: BrowserContext, world: World
) -> None:
    plan = world.plan_a_visit_now()
    [kept] = kept_for_review(caregivers, world, {"service": "gardening"})
    sent = json.loads(kept["raw"])
    page = signed_in(context, world)
    form = correct(page)
    expect(choice(form, "Vad")).to_have_value("check_in")
    expect(choice(form, "Vårdbiträde")).to_have_value(world.caregiver_id)
    expect(form.get_by_label("Tidpunkt i Sverige")).to_be_hidden()
    expect(form).to_contain_text("Taggens QR-kod, som telefonen läste den")
    expect(choice(form, "Planerat besök").locator("option").nth(1)).to_contain_text("Kund Ett")
    choice(form, "Planerat besök").select_option(plan["id"])
    choice(form, "Insats").select_option("Personlig omvårdnad")
    form.get_by_label("Varför du rättar").fill("Insatsen hade fel namn")
    register(form)
    expect(page.locator("#waiting-said")).to_have_text("Registrerad som du rättade den.")
    expect(page.locator("#waiting-empty")).to_be_visible()
    [one] = quarantined(world)
    assert (one["state"], one["reason"], one["registration_id"]) == ("accepted", "Insatsen hade fel namn", sent["id"])
    made = world.ask("kim.lind", "GET", f"/registrations/{sent['id']}")
    assert (made["service"], made["planned_visit_id"]) == ("personal_care", plan["id"])
    assert (made["device_id"], made["place"]["method"]) == (kept["device_id"], "qr")
    assert made["place"]["text"] == sent["place"]["text"] == world.tags[0]
    assert parse_instant(made["captured_at"]) == parse_instant(sent["captured_at"])
    assert made["clock"]["sequence"] == sent["clock"]["sequence"]
    assert (made["evidence_grade"], len(world.visits())) == (1, 1)


def test_V3_where_time_and_place_cannot_be_read_they_are_asked_for_and_it_is_by_hand(
    context: BrowserContext, caregivers: BrowserContext, world: World
) -> None:
    bent = {"place": {"method": "telepathy"}, "captured_at": "igår", "clock": "left out", "sent": "left out"}
    world.plan_a_visit_now()
    kept_for_review(caregivers, world, bent)
    page = signed_in(context, world)
    form = correct(page)
    expect(form).to_contain_text("Det som visade platsen går inte att läsa.")
    register(form)
    assert quarantined(world)[0]["state"] == "waiting"
    form.get_by_label("Tidpunkt i Sverige").fill("2026-07-01T09:10:30")
    choice(form, "Orsak").select_option("Annat")
    register(form)
    expect(page.locator("#waiting-said")).to_be_empty()
    form.get_by_label("Förklaring").fill("Telefonen läste fel")
    choice(form, "Kund").select_option("Kund Ett")
    register(form)
    expect(page.locator("#waiting-said")).to_have_text("Registrerad som du rättade den.")
    [made] = world.ask("kim.lind", "GET", "/registrations")["items"]
    place = made["place"]
    assert (place["method"], place["reason"], place["note"]) == ("manual", "other", "Telefonen läste fel")
    assert made["captured_at"] == "2026-07-01T07:10:30Z"
    assert (made["evidence_grade"], made["customer_id"]) == (0, world.customer_ids[0])


def test_V1_what_the_server_refuses_is_told_at_its_field_and_nothing_typed_is_lost(
    context: BrowserContext, caregivers: BrowserContext, world: World
) -> None:
    kept_for_review(caregivers, world, {"service": "gardening", "activities": [{"code": "x"}]})
    page = signed_in(context, world)
    form = correct(page)
    rest = form.get_by_role("checkbox", name="activities")
    expect(rest).not_to_be_checked()
    rest.check()
    choice(form, "Vad").select_option("Byte av insats")
    form.get_by_label("Varför du rättar").fill("Insatsen byttes")
    register(form)
    expect(form.get_by_role("alert")).to_contain_text("Felformat")
    expect(rest).to_have_attribute("aria-invalid", "true")
    expect(rest).to_be_focused()
    rest.uncheck()
    register(form)
    service = choice(form, "Insats")
    expect(service).to_be_focused()
    expect(form.locator("label").filter(has=page.locator("[name=service]"))).to_contain_text(
        "a change names the service that begins"
    )
    expect(form.get_by_label("Varför du rättar")).to_have_value("Insatsen byttes")
    expect(choice(form, "Vad")).to_have_value("change_service")
    service.select_option("household")
    register(form)
    expect(page.locator("#waiting-said")).to_have_text("Registrerad som du rättade den.")
    [made] = world.ask("kim.lind", "GET", "/registrations")["items"]
    assert (made["kind"], made["service"], made["activities"]) == ("change_service", "household", [])


def test_V1_what_a_lost_phone_sent_is_registered_as_it_came(
    context: BrowserContext, caregivers: BrowserContext, world: World
) -> None:
    """FAULTS 22."""
    [kept] = kept_for_review(caregivers, world, {}, lost=True)
    page = signed_in(context, world)
    expect(card(page).locator(".problem")).to_contain_text("The phone had been revoked")
    register(correct(page))
    expect(page.locator("#waiting-said")).to_have_text("Registrerad som du rättade den.")
    sent = json.loads(kept["raw"])
    made = world.ask("kim.lind", "GET", f"/registrations/{sent['id']}")
    assert (made["place"]["text"], made["device_id"]) == (world.tags[0], kept["device_id"])


def test_V3_where_the_page_reads_more_than_the_server_the_form_asks_for_what_is_missing(
    context: BrowserContext, caregivers: BrowserContext, world: World
) -> None:
    kept_for_review(caregivers, world, {"place": {"method": "qr", "text": "a\u0001b"}}, lost=True)
    page = signed_in(context, world)
    form = correct(page)
    expect(form).to_contain_text("Taggens QR-kod, som telefonen läste den")
    form.get_by_label("Varför du rättar").fill("Den låg på bussen")
    register(form)
    expect(form.get_by_role("alert")).to_contain_text("Leave out characters that cannot be shown.")
    expect(form).to_contain_text("Det som visade platsen går inte att läsa.")
    choice(form, "Orsak").select_option("tag_damaged")
    register(form)
    expect(page.locator("#waiting-said")).to_have_text("Registrerad som du rättade den.")
    [made] = world.ask("kim.lind", "GET", "/registrations")["items"]
    assert (made["place"]["reason"], quarantined(world)[0]["reason"]) == ("tag_damaged", "Den låg på bussen")


def test_V1_where_the_page_reads_less_than_the_server_the_form_shows_what_stands(
    context: BrowserContext, caregivers: BrowserContext, world: World
) -> None:
    kept_for_review(caregivers, world, {"service": "gardening"})
    page = signed_in(context, world)
    unread = {"errors": [{"pointer": "/captured_at", "message": "?"}], "type": "/problems/malformed", "title": "x"}

    def otherwise(route: Route) -> None:
        answer = route.fetch()
        told: Any = answer.json()
        for one in told["items"]:
            one["problem"] = unread
        route.fulfill(response=answer, json=told)

    page.route("**/api/v1/quarantine?**", otherwise)
    page.reload()
    sign_in(page)
    form = correct(page)
    form.get_by_label("Tidpunkt i Sverige").fill("2014-02-03T09:10")
    register(form)
    expect(form.get_by_role("alert")).to_contain_text("leave it as it is")
    expect(form.get_by_label("Tidpunkt i Sverige")).to_be_hidden()
    choice(form, "Insats").select_option("Personlig omvårdnad")
    register(form)
    expect(page.locator("#waiting-said")).to_have_text("Registrerad som du rättade den.")


def test_V1_what_somebody_else_has_judged_meanwhile_leaves_the_list(
    context: BrowserContext, caregivers: BrowserContext, world: World
) -> None:
    [kept] = kept_for_review(caregivers, world, {"service": "gardening"})
    page = signed_in(context, world)
    card(page).get_by_role("button", name="Avfärda").click()
    card(page).get_by_label("Varför det inte är").fill("Ett prov")
    verdict = {"outcome": "dismissed", "reason": "Redan sett"}
    world.ask("sam.ordnare", "POST", f"/quarantine/{kept['id']}/verdict", verdict)
    card(page).get_by_role("button", name="Avfärda den").click()
    expect(page.locator("#waiting-said")).to_have_text("Någon annan har redan bedömt den.")
    expect(page.locator("#waiting-list > li")).to_have_count(0)
    assert quarantined(world)[0]["reason"] == "Redan sett"


@pytest.mark.parametrize(
    ("shown", "instant"),
    [
        ("2014-02-03T09:10:00", "2014-02-03T09:10:00+01:00"),
        ("2014-07-01T00:30:05", "2014-07-01T00:30:05+02:00"),
        ("2014-03-30T01:59:59", "2014-03-30T01:59:59+01:00"),
        ("2014-03-30T03:00:00", "2014-03-30T03:00:00+02:00"),
        ("2014-10-26T01:59:59", "2014-10-26T01:59:59+02:00"),
        ("2014-10-26T02:30:00", "2014-10-26T02:30:00+02:00"),
        ("2014-10-26T03:00:00", "2014-10-26T03:00:00+01:00"),
    ],
)
def test_T1_a_wall_clock_in_sweden_is_an_instant_wherever_the_desk_stands(
    browser: Browser, world: World, shown: str, instant: str
) -> None:
    with desk(browser) as context:
        page = context.new_page()
        page.goto(f"{world.url}/phones")
        script = "async ([text]) => (await import('/static/phones/stockholm.js')).instantOf(text)"
        assert page.evaluate(script, [shown]) == instant
