"""Cryptographic tags over HTTP: keys go in and never out, and a tap counts once, whoever sends it and when (D21)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.actions.running import Running
from app.actions.visits.rebuild import rebuild
from app.rules.time import format_instant, parse_instant
from app.storage.tables.tags import tag
from tests.api.door import NINE, TEN, check_in, check_out
from tests.api.test_shell import problem
from tests.api.world import ProviderOf, Somebody, World
from tests.chips import Chip
from tests.counts import count

SOON = "2014-02-03T09:00:05Z"
JSON = dict[str, Any]


def mounted(provider: ProviderOf, chip: Chip, **more: Any) -> JSON:
    """The tag with this chip at the door of the provider's first customer."""
    customer = next(iter(provider.customers.values()))
    sent = {
        "customer_id": customer.id, "kind": "nfc_sun", "uid": chip.uid, "valid_from": "2014-01-01", "sun": chip.sun,
        **more,
    }  # fmt: skip
    made: JSON = provider.coordinator.make("/tags", sent, at="2014-01-02T08:00:00Z")
    return made


def place(chip: Chip, tag_id: str, counter: int | None = None) -> JSON:
    """Where a phone was that read the chip."""
    return {"method": "nfc", "text": chip.tapped(f"https://hemtid.example/t/{tag_id}", counter)}


def running(world: World) -> Running:
    """What the app runs on."""
    found: Running = world.app.extensions["hemtid"]
    return found


def deviations(who: Somebody, at: str, rule: str) -> list[JSON]:
    """Those of the rule that stand."""
    found: list[JSON] = who.read("/deviations", at=at, limit=200)["items"]
    return [one for one in found if one["rule"] == rule and one["state"] != "cleared"]


def test_V7_keys_go_in_and_never_come_out(world: World) -> None:
    provider, chip = world.home.providers[0], Chip()
    made = mounted(provider, chip)
    read = provider.coordinator.get(f"/tags/{made['id']}")
    told = read.text + provider.coordinator.get("/tags").text
    told += provider.coordinator.get(f"/tags/{made['id']}/versions").text
    assert "sun" not in read.json
    assert made["token"] is None
    with running(world).database.transaction(write=False) as tx:
        rows = tx.connection.execute(select(tag.versions.c.sun).where(tag.versions.c.id == made["id"])).scalars().all()
    for key in (chip.meta_key, chip.file_key):
        assert key.hex() not in (told + str(rows)).lower()
    assert rows[0]["mode"] == "encrypted"


def test_V7_a_visit_of_two_taps_has_grade_three(world: World) -> None:
    provider, chip = world.home.providers[0], Chip()
    tag_id = mounted(provider, chip)["id"]
    begun = check_in(provider, place=place(chip, tag_id))
    kept = provider.caregiver.make("/registrations", begun, at=SOON)
    assert kept["evidence_grade"] == 3
    provider.caregiver.make("/registrations", check_out(provider, place=place(chip, tag_id)), at="2014-02-03T10:00:05Z")
    visit = provider.coordinator.read(f"/visits/{begun['id']}", at=TEN)
    assert (visit["state"], visit["evidence_grade"], visit["deviations"]) == ("complete", 3, [])


def test_V7_another_systems_address_is_found_by_trying(world: World) -> None:
    """Encrypted PICC data in an address that names no tag of ours: NXP's own vector of AN12196, keys of zeroes."""
    provider = world.home.providers[0]
    chip = Chip(uid="04DE5F1EACC040", meta_key=bytes(16), file_key=bytes(16))
    sun = {**chip.sun, "mac_input": "none", "parameters": {"picc": "e", "cmac": "c"}}
    mounted(provider, chip, sun=sun)
    text = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"
    kept = provider.caregiver.make("/registrations", check_in(provider, place={"method": "nfc", "text": text}), at=SOON)
    assert kept["evidence_grade"] == 3
    other = world.home.providers[1]
    copied = check_in(other, place={"method": "nfc", "text": text}, captured_at="2014-02-03T09:10:00Z")
    other.caregiver.make("/registrations", copied, at="2014-02-03T09:10:05Z")
    assert other.coordinator.read(f"/visits/{copied['id']}", at=TEN)["evidence_grade"] == 1


def test_V7_a_key_derived_by_AN10922_and_what_it_takes(world: World) -> None:
    provider, chip = world.home.providers[0], Chip()
    derived = {**chip.sun, "diversified": {"keys": ["file_key"], "system_identifier": "4E585020416275"}}
    sent = {"customer_id": provider.customers["2029"].id, "kind": "nfc_sun", "valid_from": "2014-01-01", "sun": derived}
    assert problem(provider.coordinator.post("/tags", sent), 422, "malformed")["errors"][0]["pointer"] == "/uid"
    long = {**derived, "diversified": {**derived["diversified"], "aid": "00" * 18}}
    refused = provider.coordinator.post("/tags", {**sent, "uid": chip.uid, "sun": long})
    assert problem(refused, 422, "malformed")["errors"][0]["pointer"] == "/sun/diversified"
    assert chip.file_key.hex() not in refused.text
    assert provider.coordinator.make("/tags", {**sent, "uid": chip.uid})["kind"] == "nfc_sun"


def test_V7_an_installation_without_a_key_keeps_no_keys(sqlite_home: World) -> None:
    """HEMTID_SUN_KEY is optional: such a tag is known by its uid, and its taps prove nothing more."""
    app, provider, chip = sqlite_home.app, sqlite_home.home.providers[0], Chip()
    before = running(sqlite_home)
    app.extensions["hemtid"] = replace(before, settings=replace(before.settings, sun_key=None))
    sent = {
        "customer_id": provider.customers["2029"].id,
        "kind": "nfc_sun",
        "uid": chip.uid,
        "valid_from": "2014-01-01",
    }
    refused = provider.coordinator.post("/tags", {**sent, "sun": chip.sun})
    assert problem(refused, 422, "malformed")["errors"][0]["pointer"] == "/sun"
    assert chip.file_key.hex() not in refused.text
    made = provider.coordinator.make("/tags", sent)
    told = provider.caregiver.make("/registrations", check_in(provider, place=place(chip, made["id"])), at=SOON)
    known = check_out(provider, place={"method": "nfc", "uid": chip.uid})
    assert (told["evidence_grade"], provider.caregiver.make("/registrations", known, at=TEN)["evidence_grade"]) == (
        0,
        1,
    )
    app.extensions["hemtid"] = before


def test_D21_F31_a_copied_tap_is_kept_and_holds_pay(world: World) -> None:
    """FAULTS 31: the same text by another caregiver of another provider, an hour later."""
    first, other = world.home.providers
    chip = Chip()
    tag_id = mounted(first, chip)["id"]
    read = place(chip, tag_id)
    begun, copied = check_in(first, place=read), check_in(other, TEN, place=read)
    first.caregiver.make("/registrations", begun, at=SOON)
    other.caregiver.make("/registrations", copied, at="2014-02-03T10:00:05Z")
    at = "2014-02-03T10:30:00Z"
    assert first.coordinator.read(f"/visits/{begun['id']}", at=at)["evidence_grade"] == 3
    visit = other.coordinator.read(f"/visits/{copied['id']}", at=at)
    assert (visit["evidence_grade"], visit["pay"], "D21" in visit["deviations"]) == (1, "held", True)
    (found,) = deviations(other.coordinator, at, "D21")
    assert found["facts"]["ends"] == [
        {"end": "check_in", "cause": "counter_seen", "counter": 1, "registration_id": begun["id"]}
    ]
    assert deviations(first.coordinator, at, "D21") == []


def test_D21_V5_the_tap_that_arrives_late_makes_the_earlier_one_a_copy(world: World) -> None:
    """The copy came first over the net: what the visits say changes when the tap itself is delivered."""
    first, other = world.home.providers
    chip = Chip()
    read = place(chip, mounted(first, chip)["id"])
    clock = {"elapsed_ms": 60_000, "boot_id": "b", "sequence": 1}
    anchor = {"server_at": "2014-02-03T08:59:00Z", "elapsed_ms": 0, "boot_id": "b"}
    late = check_in(first, place=read, clock={**clock, "anchor": anchor})
    copied = check_in(other, TEN, place=read)
    other.caregiver.make("/registrations", copied, at="2014-02-03T10:00:05Z")
    assert other.coordinator.read(f"/visits/{copied['id']}", at=TEN)["evidence_grade"] == 3
    first.caregiver.make("/registrations", late, at="2014-02-03T11:00:00Z")
    at = "2014-02-03T11:30:00Z"
    assert first.coordinator.read(f"/visits/{late['id']}", at=at)["evidence_grade"] == 3
    assert other.coordinator.read(f"/visits/{copied['id']}", at=at)["evidence_grade"] == 1
    assert rebuild(running(world).database, world.home.id, parse_instant(at), write=False).differing == 0


@pytest.mark.parametrize("seed", range(count(30)))
def test_D21_V5_taps_in_any_order_make_the_visits_that_all_of_them_make(world: World, seed: int) -> None:
    """FAULTS 31, 32: two providers' caregivers at one tag; copies, harvested taps, wrong clocks, late deliveries."""
    chosen = random.Random(seed)
    chip = Chip()
    tag_id = mounted(world.home.providers[0], chip)["id"]
    begun = parse_instant(NINE)
    told: list[tuple[Somebody, JSON]] = []
    for provider in world.home.providers:
        for number in range(4):
            counters = (chosen.randint(1, 12), chosen.randint(1, 12))
            start = begun + timedelta(minutes=20 * number + chosen.randint(0, 9))
            ends = (start, start + timedelta(minutes=chosen.randint(1, 9)))
            for make, moment, counter in zip((check_in, check_out), ends, counters, strict=True):
                sent = make(provider, format_instant(moment), place=place(chip, tag_id, counter))
                if chosen.random() < 0.3:
                    at = format_instant(moment + timedelta(minutes=chosen.randint(-30, 5)))
                    anchor = {"server_at": at, "elapsed_ms": 0, "boot_id": f"{number}"}
                    sent["clock"] = {"elapsed_ms": 0, "boot_id": f"{number}", "sequence": 1, "anchor": anchor}
                told.append((provider.caregiver, sent))
    chosen.shuffle(told)
    for index, (who, sent) in enumerate(told):
        late = timedelta(seconds=20 if chosen.random() < 0.7 else 7200 + index)
        received = max(parse_instant(sent["captured_at"]), begun) + late
        who.make("/registrations", sent, at=format_instant(received))
    done = rebuild(running(world).database, world.home.id, parse_instant("2014-02-03T13:00:00Z"), write=False)
    assert (done.visits > 0, done.differing) == (True, 0)


def test_D10_F33_a_flipped_bit_is_recorded_with_grade_zero(world: World) -> None:
    """FAULTS 33, V1: nothing is refused at the door."""
    provider, chip = world.home.providers[0], Chip()
    read = place(chip, mounted(provider, chip)["id"])
    read["text"] = f"{read['text'][:-1]}{int(read['text'][-1], 16) ^ 1:X}"
    sent = check_in(provider, place=read, customer_id=provider.customers["2029"].id)
    answer = provider.caregiver.post("/registrations", sent, at=SOON)
    assert (answer.status_code, answer.json["evidence_grade"]) == (201, 0)
    assert "D10" in provider.coordinator.read(f"/visits/{sent['id']}", at=SOON)["deviations"]


def test_D10_F34_keys_that_were_changed_stay_for_what_was_read_before(world: World) -> None:
    """FAULTS 34: the chip is given other keys at noon; a tap of 11:59:59 comes a day later, one of noon too."""
    provider, chip = world.home.providers[0], Chip()
    made = mounted(provider, chip)
    path, noon = f"/tags/{made['id']}", "2014-02-03T12:00:00Z"
    read = provider.coordinator.get(path)
    sent = {name: value for name, value in read.json.items() if name not in ("id", "recorded_at")}
    other = replace(chip, file_key=bytes(16))
    answer = provider.coordinator.put(path, {**sent, "sun": other.sun}, at=noon, etag=read.headers["ETag"])
    assert answer.status_code == 200
    history = provider.coordinator.read(f"{path}/versions")["items"]
    assert [(one["version"], one["keys_changed"]) for one in history] == [(1, True), (2, True)]
    grades: list[int] = []
    for moment, of in (("2014-02-03T11:59:59Z", chip), (noon, chip), ("2014-02-03T12:00:01Z", other)):
        told = check_in(provider, moment, place=place(of, made["id"], len(grades) + 1))
        grades.append(provider.caregiver.make("/registrations", told, at="2014-02-04T09:00:00Z")["evidence_grade"])
    assert grades == [3, 0, 3]


def test_D10_F35_a_foreign_care_systems_chip_is_answered_as_an_unknown_one(world: World) -> None:
    """FAULTS 35: the same answer, but for ids and texts."""
    provider, foreign = world.home.providers[0], world.foreign.providers[0]
    chip, nobodys = Chip(), Chip(uid="04BBBBBBBBBBBB")
    made = mounted(foreign, chip)
    answers = []
    for minute, (of, tag_id) in enumerate(((chip, made["id"]), (nobodys, "01940000-0000-7000-8000-000000000001"))):
        for sent in (place(of, tag_id), {"method": "nfc", "uid": of.uid}):
            told = check_in(provider, f"2014-02-03T09:0{minute}:00Z", place=sent)
            answer = provider.caregiver.post("/registrations", told, at=f"2014-02-03T09:0{minute}:05Z")
            visit = provider.coordinator.read(f"/visits/{told['id']}", at=TEN)
            answers.append(
                (answer.status_code, answer.json["evidence_grade"], visit["deviations"], sorted(answer.json))
            )
    assert answers[:2] == answers[2:]
    assert {one[1] for one in answers} == {0}
