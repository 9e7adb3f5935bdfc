"""The demo, played whole over HTTP; every number in it is computed again, second by second, from the taps alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import pytest
from werkzeug.serving import make_server

from app.actions.access.users import create_operator
from app.commands.demo import OPERATOR
from app.commands.demo.day import HAPPENS, Happening
from app.commands.demo.month import APPROVED_SECONDS
from app.commands.demo.play import Played, play
from app.commands.demo.rome import Plan, read_plan
from app.commands.demo.screen import LANGUAGES, STORY, Screen, kronor, words
from app.commands.demo.talk import PASSWORD, Talk
from app.commands.demo.world import grant_for
from app.factory import create_app
from app.rules.time import local_instant
from tests.settings import settings_for

DAY = date(2014, 2, 4)
ORE_PER_HOUR = 37_500


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The demo as it was played against a server of its own, on SQLite."""
    from app.storage.migrations import upgrade

    url = f"sqlite:///{tmp_path_factory.mktemp('demo')}/demo.sqlite3"
    upgrade(url, "head")
    app = create_app(replace(settings_for(url), demo_clock=True))
    create_operator(app.extensions["hemtid"].database, OPERATOR, PASSWORD, local_instant(DAY))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        talk = Talk(f"http://127.0.0.1:{server.server_port}")
        with app.app_context():
            yield play(talk, talk.user(OPERATOR), DAY, "test", lambda _: None, lambda _: None)
    finally:
        server.shutdown()


@dataclass(frozen=True)
class Stay:
    """A stay as its two registrations and the story tell it, in seconds since the epoch."""

    visit: str
    caregiver: str
    customer: str
    service: str
    start: int
    end: int


def _epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _stays(played: Played, plan: Plan) -> list[Stay]:
    """The stays from what the phones sent, the forgotten check-outs as they were corrected; no extra service."""
    ends = {one["visit_id"]: one for one in played.sent if one["kind"] == "check_out"}
    corrected = {played.happenings[name]: _planned_end(name, plan) for name in ("FORGOTTEN", "FORGOTTEN_FOR_WEEKS")}
    customers = {tag["token"]: name for name, tag in played.system.tags.items()}
    planned = {stop.number: stop for stop in plan.stops}
    found: list[Stay] = []
    for one in played.sent:
        if one["kind"] != "check_in" or one.get("extra_service"):
            continue
        stop = _stop_of(one, planned, played, customers)
        end = corrected[one["id"]] if one["id"] in corrected else _epoch(ends[one["id"]]["captured_at"])
        found.append(Stay(one["id"], one["caregiver_id"], *stop, _epoch(one["captured_at"]), end))
    return found


def _planned_end(name: str, plan: Plan) -> int:
    key = next(key for key, happening in HAPPENS.items() if happening is Happening[name])
    stop = next(one for one in plan.stops if (one.caregiver, one.customer) == key)
    return int(stop.ends_at(DAY).timestamp())


def _stop_of(
    one: dict[str, Any], planned: dict[int, Any], played: Played, customers: dict[str, str]
) -> tuple[str, str]:
    """Customer and service: the tag's customer, and of the plan stop there that begins nearest.

    Where the neighbour's tag was read, or none could be, it is the plan that names the customer.
    """
    story = next((name for name, visit in played.happenings.items() if visit == one["id"]), None)
    if story in ("WRONG_TAG", "TAG_DAMAGED"):
        name = next(customer for (_, customer), happening in HAPPENS.items() if happening is Happening[story])
    else:
        name = customers[one["place"]["text"]]
    if "service" in one:
        return name, one["service"]
    caregiver = next(name for name, key in played.system.caregivers.items() if key == one["caregiver_id"])
    own = [stop for stop in planned.values() if (stop.caregiver, stop.customer) == (caregiver, name)]
    nearest = min(own, key=lambda stop: abs(int(stop.starts_at(DAY).timestamp()) - _epoch(one["captured_at"])))
    return name, nearest.service


def _month(stays: list[Stay], plan: Plan, held: set[str]) -> dict[tuple[str, str], int]:
    """Paid seconds per customer and service, one second at a time: R5, then R2."""
    paid: dict[tuple[str, str], int] = {}
    for customer in sorted({stay.customer for stay in stays}):
        own = sorted((stay for stay in stays if stay.customer == customer and stay.visit not in held), key=_order)
        grant = grant_for(plan, customer, DAY)
        kept = _staffed(own, grant["double_staffed_seconds"])
        left = grant["granted_seconds"] + (APPROVED_SECONDS if customer == "p35" else 0)
        for stay in own:
            seconds = min(left, len(kept[stay.visit]))
            left -= seconds
            if seconds:
                paid[customer, stay.service] = paid.get((customer, stay.service), 0) + seconds
    return paid


def _order(stay: Stay) -> tuple[int, str]:
    return (stay.start, stay.visit)


def _staffed(own: list[Stay], double_staffed: int) -> dict[str, list[int]]:
    """The paid seconds of each stay where caregivers meet: the first to begin, a second while there is grant."""
    kept: dict[str, list[int]] = {stay.visit: [] for stay in own}
    left = double_staffed
    for second in sorted({second for stay in own for second in range(stay.start, stay.end)}):
        for service in sorted({stay.service for stay in own}):
            there = [stay for stay in own if stay.service == service and stay.start <= second < stay.end]
            for rank, stay in enumerate(there):
                if rank == 0 or (rank == 1 and left > 0):
                    kept[stay.visit].append(second)
                    left -= rank
    return kept


def _ore(seconds: int) -> int:
    exact = Fraction(seconds * ORE_PER_HOUR, 3600)
    return int(exact + Fraction(1, 2))


def _held(played: Played, *names: str) -> set[str]:
    return {played.happenings[name] for name in names}


def _lines(played: Played, kind: str) -> dict[tuple[str, str], tuple[int, int]]:
    names = {value: name for name, value in played.system.customers.items()}
    return {
        (names[line["customer_id"]], line["service"]): (line["seconds"], line["amount_ore"])
        for line in played.lines
        if line["customer_id"] in names and line["kind"] == kind
    }


def test_R1_R2_R5_every_line_of_the_demo_is_what_its_registrations_come_to(played: Played) -> None:
    plan = read_plan()
    held = _held(played, "FORGOTTEN_FOR_WEEKS", "NO_CLOCK")
    expected = _month(_stays(played, plan), plan, held)
    assert _lines(played, "line") == {key: (seconds, _ore(seconds)) for key, seconds in expected.items()}


def test_R8_what_is_put_right_after_the_lock_is_issued_as_the_difference(played: Played) -> None:
    plan = read_plan()
    stays = _stays(played, plan)
    before = _month(stays, plan, _held(played, "FORGOTTEN_FOR_WEEKS", "NO_CLOCK"))
    after = _month(stays, plan, set())
    changed = {
        key: (after.get(key, 0) - before.get(key, 0), _ore(after.get(key, 0)) - _ore(before.get(key, 0)))
        for key in {*before, *after}
        if after.get(key, 0) != before.get(key, 0)
    }
    assert len(changed) == 2
    assert _lines(played, "adjustment") == changed


def test_T3_every_visit_took_as_long_as_its_two_taps_say(played: Played) -> None:
    sent = {one["id"]: one for one in played.sent}
    ends = {one["visit_id"]: one for one in played.sent if one["kind"] == "check_out"}
    whole = [visit for visit in played.visits if visit["id"] in ends]
    assert len(whole) > 50
    for visit in whole:
        taken = _epoch(ends[visit["id"]]["captured_at"]) - _epoch(sent[visit["id"]]["captured_at"])
        assert visit["performed_seconds"] == taken


def test_each_happening_of_the_day_shows_its_deviation(played: Played) -> None:
    rules = {visit["id"]: set(visit["deviations"]) for visit in played.visits}
    expected = {"TAG_DAMAGED": "D9", "FORGOTTEN": "D9", "WRONG_TAG": "D10", "NO_CLOCK": "D16", "SHORT": "D15"}
    assert {name: rule in rules[played.happenings[name]] for name, rule in expected.items()} == dict.fromkeys(
        expected, True
    )
    told = {one["rule"] for one in played.deviations}
    assert {"D3", "D4", "D17"} <= told


def test_R1_nacka_pays_47_minutes_20_seconds_with_29189_and_28637_ore(played: Played) -> None:
    other = {line["amount_ore"] for line in played.lines if line["customer_id"] in set(played.other.customers.values())}
    assert other == {29_189, 28_637}


def test_R11_every_line_names_the_taps_that_it_pays(played: Played) -> None:
    sent = {one["id"] for one in played.sent}
    own = set(played.system.customers.values())
    for line in played.lines:
        if line["customer_id"] in own and line["kind"] == "line":
            assert sum(segment["seconds"] for segment in line["segments"]) == line["seconds"]
            assert {tap for segment in line["segments"] for tap in segment["registration_ids"]} <= sent


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_screen_names_every_rule_and_value_that_the_demo_shows(
    played: Played, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Screen(language, played.names)
    screen.story(DAY)
    screen.visits(played.visits)
    screen.deviations(played.deviations)
    screen.lines(played.lines)
    shown = capsys.readouterr().out
    told = {one["rule"] for one in played.deviations}
    told |= {one[name] for one in played.visits for name in ("state", "pay")}
    told |= {one[name] for one in played.lines for name in ("kind", "service")}
    told |= {one["cause"] for one in played.lines if one["cause"]}
    assert told <= words(language).keys()
    assert all(words(language)[name] in shown for name in told)
    assert {rule for rules in STORY.values() for rule in rules.split()} <= told
    assert words("sv").keys() == words("en").keys()
    assert f"{len(played.visits)} " in shown
    assert kronor(sum(line["amount_ore"] for line in played.lines)) in shown
