"""The page at the door as an enrolled phone in a real browser: a key that stays, and a proof of each request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from app.actions.access.proofs import read_proof, thumbprint, token_hash_of
from app.rules.access import Role
from app.rules.time import parse_instant
from tests.accounts import PASSWORD, keep_operator, keep_user
from tests.web.conftest import JSON, World
from tests.web.test_door import let_time_pass, open_door, phone, sign_in, signed_in
from tests.web.test_door_sight import LEAST_PX, SMALL, WIDER, faults_of

ENROLLED = "Telefonen är registrerad hos din utförare."
WRONG_CLOCK = """(() => {
  const Real = Date, by = %d;
  globalThis.Date = class extends Real {
    constructor(...told) { if (told.length) super(...told); else super(Real.now() + by); }
    static now() { return Real.now() + by; }
  };
})()"""
KEPT = """(async () => {
  const base = await new Promise((resolve, reject) => {
    const asked = indexedDB.open("hemtid-phone");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return new Promise((resolve) => {
    const asked = base.transaction("keys").objectStore("keys").get("enrolled");
    asked.onsuccess = () => { base.close(); resolve(asked.result); };
  });
})()"""
STALE = """() => {
  const key = "hemtid.door.session", kept = JSON.parse(localStorage.getItem(key));
  localStorage.setItem(key, JSON.stringify({ ...kept, stale_at: 0 }));
}"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A caregiver's phone in Swedish."""
    with phone(browser) as opened:
        yield opened


def offer(world: World, name: str = "Phone 4") -> JSON:
    """What the coordinator's QR code says."""
    return world.ask("sam.ordnare", "POST", "/devices", {"name": name})


def enrolled(context: BrowserContext, world: World, offered: JSON | None = None, by: str = "kim.lind") -> JSON:
    """The phone is enrolled by a QR code, and its page closed again; the device."""
    told = offered or offer(world)
    page = open_door(context, told["url"])
    expect(page.locator("#enrol-lead")).to_be_visible()
    sign_in(page, by)
    expect(page.locator("#phone-told")).to_have_text(ENROLLED)
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.close()
    return world.ask("sam.ordnare", "GET", f"/devices/{told['id']}")


def revoke(world: World, device: JSON) -> None:
    """The coordinator takes the phone out of use."""
    world.ask("sam.ordnare", "POST", f"/devices/{device['id']}/revocation", {"reason": "Left on a bus"})


def quarantined(world: World) -> list[JSON]:
    """What waits for the coordinator."""
    items: list[JSON] = world.ask("sam.ordnare", "GET", "/quarantine")["items"]
    return items


def lose_the_answer(route: Route) -> None:
    """The server has it, and the phone never hears."""
    route.fetch()
    route.abort()


def asked_of_the_api(context: BrowserContext) -> list[Request]:
    """What the phone asks the API from now on."""
    asked: list[Request] = []
    context.on("request", lambda one: asked.append(one) if "/api/v1/" in one.url else None)
    return asked


def tap(page: Page, name: str) -> None:
    """The button is tapped, and what was registered has been sent."""
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#outcome")).to_have_attribute("data-state", "sent")


def test_V17_a_phone_enrolled_by_the_qr_code_proves_its_key_with_every_request(
    context: BrowserContext, world: World
) -> None:
    device = enrolled(context, world)
    assert (device["state"], device["enrolled_at"] is not None) == ("enrolled", True)
    asked = asked_of_the_api(context)
    page = open_door(context, world.tags[0])
    tap(page, "Checka in")
    page.close()
    page = open_door(context, world.tags[0])
    let_time_pass(page)
    tap(page, "Checka ut")
    [visit] = world.visits()
    assert visit["state"] == "complete"
    for one in visit["registration_ids"]:
        assert world.ask("kim.lind", "GET", f"/registrations/{one}")["device_id"] == device["id"]
    proofs = []
    for one in asked:
        told = one.headers
        scheme, token = told["authorization"].split(" ")
        proof = read_proof(told["dpop"])
        assert scheme == "DPoP"
        assert (proof.method, proof.address) == (one.method, f"{world.url}{urlsplit(one.url).path}")
        assert proof.token_hash == token_hash_of(token)
        proofs.append(proof)
    assert len(proofs) > 2
    assert len({one.id for one in proofs}) == len(proofs)
    assert len({one.thumbprint for one in proofs}) == 1


def test_A1_the_qr_codes_token_reaches_no_address_that_the_server_sees(context: BrowserContext, world: World) -> None:
    told, seen = offer(world), []
    context.on("request", lambda one: seen.append(one.url + str(one.headers.get("referer"))))
    page = open_door(context, told["url"])
    page.get_by_role("link", name="English").click()
    expect(page.locator("#enrol-lead")).to_be_visible()
    sign_in(page)
    expect(page.locator("#phone-told")).to_have_text("This phone is enrolled with your provider.")
    assert told["token"] not in page.url
    assert not [address for address in seen if told["token"] in address.partition("#")[0]]


def test_A1_the_key_cannot_be_taken_out_of_the_phone(context: BrowserContext, world: World) -> None:
    enrolled(context, world)
    page = open_door(context, world.tags[0])
    expect(page.locator("#act")).to_be_visible()
    taken = page.evaluate(
        f"""async () => {{
          const kept = await {KEPT}, key = kept.private_key, out = [];
          for (const form of ["jwk", "pkcs8"]) {{
            out.push(await crypto.subtle.exportKey(form, key).then(() => form, (fault) => fault.name));
          }}
          const {{ type, extractable, usages, algorithm }} = key;
          return {{ out, type, extractable, usages, curve: algorithm.namedCurve, jwk: kept.jwk, own: kept.thumbprint }};
        }}"""
    )
    assert taken["out"] == ["InvalidAccessError", "InvalidAccessError"]
    assert (taken["type"], taken["extractable"], taken["usages"]) == ("private", False, ["sign"])
    assert taken["curve"] == "P-256"
    assert set(taken["jwk"]) == {"kty", "crv", "x", "y"}
    assert taken["own"] == thumbprint(taken["jwk"])
    told = page.evaluate("() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert '\\"d\\"' not in told


def test_A1_refresh_tokens_rotate_by_the_key_and_a_lost_answer_is_asked_for_again(
    context: BrowserContext, world: World
) -> None:
    """FAULTS 42."""
    enrolled(context, world)
    page = open_door(context, world.tags[0])
    expect(page.locator("#act")).to_be_visible()
    page.wait_for_load_state("networkidle")
    before = page.evaluate("() => JSON.parse(localStorage.getItem('hemtid.door.session')).refresh_token")
    page.evaluate(STALE)
    asked = asked_of_the_api(context)
    page.route("**/api/v1/tokens", lose_the_answer, times=1)
    page.get_by_role("button", name="Checka in").click()
    expect(page.locator("#queue-title")).to_have_text("Väntar på täckning – 1 registrering")
    page.reload()
    expect(page.locator("#queue")).to_be_hidden()
    expect(page.locator("#state")).to_contain_text("Incheckad sedan")
    kept = page.evaluate("() => JSON.parse(localStorage.getItem('hemtid.door.session'))")
    assert kept["refresh_token"] != before
    assert kept["key"]
    renewals = [one for one in asked if one.url.endswith("/tokens")]
    assert [json.loads(one.post_data or "")["refresh_token"] for one in renewals] == [before, before]
    proofs = [read_proof(one.headers["dpop"]) for one in renewals]
    assert {one.thumbprint for one in proofs} == {kept["key"]}
    assert proofs[0].id != proofs[1].id
    assert world.front.posted == [201]


def test_V2_a_lost_answer_of_a_registration_is_asked_for_again_with_a_fresh_proof(
    context: BrowserContext, world: World
) -> None:
    enrolled(context, world)
    page = open_door(context, world.tags[0])
    page.route("**/api/v1/registrations", lose_the_answer, times=1)
    page.get_by_role("button", name="Checka in").click()
    expect(page.locator("#queue-title")).to_have_text("Väntar på täckning – 1 registrering")
    page.reload()
    expect(page.locator("#queue")).to_be_hidden()
    assert len(world.front.posted) == 2
    assert max(world.front.posted) < 300
    assert len(world.visits()) == 1


def test_A1_an_enrolment_whose_answer_was_lost_is_finished_by_signing_in_with_the_same_key(
    context: BrowserContext, world: World
) -> None:
    told = offer(world)
    page = open_door(context, told["url"])
    expect(page.locator("#enrol-lead")).to_be_visible()
    page.route("**/api/v1/devices/enrolment", lose_the_answer, times=1)
    with page.expect_event("requestfailed", lambda asked: asked.url.endswith("/enrolment")):
        sign_in(page)
    assert world.ask("sam.ordnare", "GET", f"/devices/{told['id']}")["state"] == "enrolled"
    page.reload()
    expect(page.locator("#enrol-lead")).to_be_visible()
    sign_in(page)
    expect(page.locator("#at-door")).to_be_visible()
    kept = page.evaluate("() => JSON.parse(localStorage.getItem('hemtid.door.session'))")
    assert kept["key"] == page.evaluate(KEPT)["thumbprint"]
    page.goto(world.tags[0])
    tap(page, "Checka in")
    [one] = world.ask("kim.lind", "GET", "/registrations")["items"]
    assert one["device_id"] == told["id"]


def test_A1_an_enrolment_that_never_came_is_asked_for_again_with_the_same_key(
    context: BrowserContext, world: World
) -> None:
    told = offer(world)
    page = open_door(context, told["url"])
    expect(page.locator("#enrol-lead")).to_be_visible()
    page.route("**/api/v1/devices/enrolment", lambda route: route.abort(), times=1)
    sign_in(page)
    expect(page.locator("#phone-told")).to_contain_text("Ingen täckning")
    page.reload()
    expect(page.locator("#phone-told")).to_have_text(ENROLLED)
    assert world.ask("sam.ordnare", "GET", f"/devices/{told['id']}")["state"] == "enrolled"


def test_V1_a_revoked_phone_says_so_keeps_its_queue_and_hands_it_over_for_review(
    context: BrowserContext, world: World
) -> None:
    """FAULTS 22."""
    device = enrolled(context, world)
    page = open_door(context, world.tags[0])
    tap(page, "Checka in")
    context.set_offline(True)
    expect(page.locator("#other")).to_be_enabled()
    page.locator("#other").click()
    expect(page.locator("#queue-title")).to_have_text("Väntar på täckning – 1 registrering")
    revoke(world, device)
    context.set_offline(False)
    expect(page.locator("#review-title")).to_have_text("Mottaget för granskning – 1 registrering")
    expect(page.locator("#outcome-what")).to_have_text("Mottaget för granskning")
    expect(page.locator("#revoked")).to_contain_text("Telefonen är spärrad.")
    expect(page.locator("#held")).to_be_hidden()
    [kept] = quarantined(world)
    assert (kept["device_id"], '"check_out"' in kept["raw"]) == (device["id"], True)
    expect(page.locator("#review-list")).to_contain_text(kept["id"])
    page.reload()
    expect(page.locator("#revoked")).to_be_visible()
    page.locator("#act").click()
    expect(page.locator("#review-title")).to_have_text("Mottaget för granskning – 2 registreringar")
    assert len(quarantined(world)) == 2
    page.get_by_role("button", name="Ta bort ur listan").click()
    expect(page.locator("#review")).to_be_hidden()
    assert world.front.posted == [201, 403, 403]


def test_A1_a_phone_that_is_revoked_while_its_token_is_spent_is_told_as_it_opens(
    context: BrowserContext, world: World
) -> None:
    device = enrolled(context, world)
    revoke(world, device)
    page = open_door(context, world.tags[0])
    expect(page.locator("#revoked")).to_be_visible()
    page.evaluate(STALE)
    page.locator("#act").click()
    expect(page.locator("#review-title")).to_have_text("Mottaget för granskning – 1 registrering")
    page.get_by_role("button", name="Logga ut").click()
    sign_in(page, password="not the password at all")
    expect(page.get_by_role("alert")).to_have_text("Användarnamnet eller lösenordet är fel.")
    sign_in(page)
    expect(page.locator("#without-key")).to_be_visible()
    again = open_door(context, offer(world, "Phone 5")["url"])
    expect(again.locator("#phone-told")).to_have_text(ENROLLED)
    expect(again.locator("#without-key")).to_be_hidden()


def test_A1_a_phone_revoked_while_nobody_is_signed_in_on_it_says_so_at_the_next_sign_in(
    context: BrowserContext, world: World
) -> None:
    device = enrolled(context, world)
    page = open_door(context, world.tags[0])
    page.get_by_role("button", name="Logga ut").click()
    revoke(world, device)
    sign_in(page)
    expect(page.locator("#without-key")).to_be_visible()
    tap(page, "Checka in")
    [one] = world.ask("kim.lind", "GET", "/registrations")["items"]
    assert one["device_id"] is None


@pytest.mark.parametrize("by_ms", [-86_400_000, 7_200_000], ids=["a day behind", "two hours ahead"])
def test_V8_a_phone_whose_clock_is_wrong_proves_its_key_by_the_servers_time(
    browser: Browser, world: World, by_ms: int
) -> None:
    with phone(browser) as context:
        context.add_init_script(WRONG_CLOCK % by_ms)
        device = enrolled(context, world)
        page = open_door(context, world.tags[0])
        page.evaluate("() => localStorage.removeItem('hemtid.door.server_ahead_ms')")
        page.reload()
        tap(page, "Checka in")
        [one] = world.ask("kim.lind", "GET", "/registrations")["items"]
    assert one["device_id"] == device["id"]
    captured, received = (parse_instant(one[name]).timestamp() for name in ("captured_at", "received_at"))
    assert abs(captured - received - by_ms / 1000) < 60
    assert abs(parse_instant(one["corrected_at"]).timestamp() - received) < 60


def test_V8_a_clock_that_is_changed_on_the_way_costs_one_question_more(context: BrowserContext, world: World) -> None:
    enrolled(context, world)
    page = open_door(context, world.tags[0])
    expect(page.locator("#act")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.evaluate(WRONG_CLOCK % -3_600_000)
    tap(page, "Checka in")
    assert world.front.posted == [401, 201]
    expect(page.locator("#ended")).to_be_hidden()


@pytest.mark.parametrize(
    "gone",
    [
        "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })",
        "IDBObjectStore.prototype.put = () => { throw new DOMException('', 'DataCloneError'); }",
        "SubtleCrypto.prototype.generateKey = async () => { throw new DOMException('', 'NotSupportedError'); }",
    ],
    ids=["no WebCrypto", "a store that keeps no keys", "no such keys"],
)
def test_A1_a_browser_that_can_hold_no_key_says_so_and_works_as_before(
    context: BrowserContext, world: World, gone: str
) -> None:
    told = offer(world)
    page = context.new_page()
    page.add_init_script(gone)
    page.goto(told["url"])
    sign_in(page)
    expect(page.locator("#name")).to_have_text("A caregiver")
    expect(page.locator("#phone-told")).to_contain_text("Webbläsaren kan inte hålla en egen nyckel")
    page.close()
    assert world.ask("sam.ordnare", "GET", f"/devices/{told['id']}")["state"] == "offered"
    asked = asked_of_the_api(context)
    tap(open_door(context, world.tags[0]), "Checka in")
    headers = [one.headers for one in asked]
    assert {told["authorization"].split(" ")[0] for told in headers} == {"Bearer"}
    assert not [told for told in headers if "dpop" in told]


def test_A1_a_qr_code_that_is_used_or_none_of_ours_is_told_and_changes_nothing(
    browser: Browser, context: BrowserContext, world: World
) -> None:
    used = offer(world)
    enrolled(context, world, used)
    again = open_door(context, used["url"])
    expect(again.locator("#phone-told")).to_have_text("Telefonen är redan registrerad.")
    with phone(browser) as other:
        page = signed_in(other, world.tags[0])
        page.goto(used["url"])
        expect(page.locator("#phone-told")).to_contain_text("redan använd eller för gammal")
        # The camera opens another address of the page that is open already.
        page.evaluate("() => { location.hash = '#enrol=no-such-offer'; }")
        expect(page.locator("#phone-told")).to_contain_text("gäller inte här")
        page.goto(world.tags[0])
        tap(page, "Checka in")
        assert "key" not in page.evaluate("() => JSON.parse(localStorage.getItem('hemtid.door.session'))")


def test_V17_on_a_shared_phone_what_one_captured_is_delivered_by_whoever_is_signed_in(
    context: BrowserContext, world: World
) -> None:
    mo = _second_caregiver(world)
    enrolled(context, world, by="mo.berg")
    page = open_door(context, world.tags[0])
    expect(page.locator("#act")).to_be_visible()
    page.wait_for_load_state("networkidle")
    context.set_offline(True)
    page.locator("#act").click()
    expect(page.locator("#queue-title")).to_have_text("Väntar på täckning – 1 registrering")
    page.get_by_role("button", name="Logga ut").click()
    context.set_offline(False)
    sign_in(page)
    expect(page.locator("#name")).to_have_text("A caregiver")
    expect(page.locator("#queue")).to_be_hidden()
    expect(page.locator("#review")).to_be_hidden()
    [one] = world.ask("mo.berg", "GET", "/registrations")["items"]
    assert (one["caregiver_id"], one["device_id"] is not None) == (mo, True)
    assert one["clock"]["sequence"] == 1
    expect(page.locator("#state")).to_have_text("Redo att checka in")


def _second_caregiver(world: World) -> str:
    database = world.app.extensions["hemtid"].database
    told = {"grant_type": "password", "username": "kim.lind", "password": PASSWORD}
    scope = world.app.test_client().post("/api/v1/tokens", json=told).get_json()["scope"]
    care_system = re.findall(r"care_system:(\S+)", scope)[0]
    made = world.ask("sam.ordnare", "POST", "/caregivers", {"provider_id": world.provider_id, "name": "Mo Berg"})
    caregiver: str = made["id"]
    own = {"care_system_id": care_system, "provider_id": world.provider_id, "caregiver_id": caregiver}
    keep_user(database, keep_operator(database, "another.operator"), Role.CAREGIVER, "mo.berg", **own)
    return caregiver


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_state_of_an_enrolled_phone_has_a_fault_that_axe_finds_and_nothing_is_small_or_cut_off(
    browser: Browser, world: World, scheme: Any
) -> None:
    with phone(browser, color_scheme=scheme) as context:
        found, told = {}, offer(world)
        page = open_door(context, told["url"])
        page.set_viewport_size({"width": 320, "height": 640})

        def look(state: str) -> None:
            found[state] = (faults_of(page), page.evaluate(SMALL, LEAST_PX), page.evaluate(WIDER))

        expect(page.locator("#enrol-lead")).to_be_visible()
        look("offered")
        sign_in(page)
        expect(page.locator("#phone-told")).to_have_text(ENROLLED)
        look("enrolled")
        revoke(world, told)
        page.goto(world.tags[0])
        expect(page.locator("#revoked")).to_be_visible()
        page.locator("#act").click()
        expect(page.locator("#review")).to_be_visible()
        expect(page.locator("#other")).to_be_enabled()
        look("in review")
    assert found == {state: ([], [], 0) for state in ("offered", "enrolled", "in review")}
