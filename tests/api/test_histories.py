"""R11 over HTTP: a line followed to its two taps, an adjustment to its correction, and what each provider is paid."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask

from app.actions.ledger.seal import seal_new
from app.rules.time import parse_instant
from app.storage import access_log
from tests.api.test_ledger import KEY
from tests.settled import FEBRUARY, ISSUED, MARCH, NAMES, NOTE, WHY, close, content, correct, settled_town
from tests.town import Town, id_of, town_of
from tests.wire import counting

JSON = dict[str, Any]
NOW = ISSUED[MARCH]
WHO = ("money", "controller", "p", "0182")
"""Everybody who reads lines."""
OTHERS = ("caregiver", "auditor")
CHAIN = ("lines", "visits", "registrations", "corrections", "deviations", "pools", "orders", "grants", "rates")


@pytest.fixture
def town(make_app: Callable[..., Flask], sqlite_url: str) -> Town:
    """February and March are issued."""
    return settled_town(make_app, sqlite_url)


def paths(town: Town) -> Iterator[tuple[str, str]]:
    """Each history of the corrected visit's, with the id of its operation."""
    sequence = of_line(town, "money", "003-in")["lines"][0]["sequence"]
    yield "readLineHistory", f"/reimbursement/lines/{sequence}/history"
    yield "readVisitHistory", f"/visits/{id_of('003-in')}/history"
    yield "readCustomerHistory", f"/customers/{id_of('k')}/history?month={FEBRUARY}"


def checked(town: Town, operation: str, answer: JSON) -> None:
    """The answer is what the specification says."""
    told = town.app.test_client().get("/openapi.json").get_json()
    gets = (item["get"] for item in told["paths"].values() if "get" in item)
    schema = next(one for one in gets if one["operationId"] == operation)["responses"]["200"]
    shape = {"components": told["components"], **schema["content"]["application/json"]["schema"]}
    assert [fault.message for fault in jsonschema_rs.Draft202012Validator(shape).iter_errors(answer)] == []


def of_line(town: Town, who: str, visit: str) -> JSON:
    """The history of the line that has the visit."""
    lines = town.get(who, "/reimbursement/lines?limit=200", NOW)["items"]
    line = next(one for one in lines if any(part["visit_id"] == id_of(visit) for part in one["segments"]))
    return town.get(who, f"/reimbursement/lines/{line['sequence']}/history", NOW)


def test_R11_a_line_is_followed_to_its_taps_an_adjustment_to_its_correction_and_a_visit_to_its_lines(
    make_app: Callable[..., Flask], postgres_url: str
) -> None:
    town = settled_town(make_app, postgres_url)
    seal_new(town.database, replace(town.settings, seal_key=KEY), town.care_system_id, parse_instant(NOW))
    told = of_line(town, "money", "003-in")
    line, adjustment = told["lines"]
    assert (line["kind"], line["seconds"], line["amount_ore"]) == ("line", 50_210, 516_047)
    assert line["arithmetic"] == {
        "seconds": 50_210, "ore_per_hour": 37_000, "exact_ore": "4644425/9", "amount_ore": 516_047,
    }  # fmt: skip
    assert Fraction(line["arithmetic"]["exact_ore"]) == Fraction(50_210 * 37_000, 3_600)
    assert (adjustment["cause"], adjustment["seconds"], adjustment["amount_ore"]) == ("correction", -1_205, -12_384)
    assert (adjustment["before_ore"], adjustment["after_ore"]) == (516_047, 503_663)
    assert adjustment["arithmetic"]["amount_ore"] == adjustment["after_ore"]
    runs = {one["id"]: one for one in told["runs"]}
    assert [(runs[one["run"]]["month"], runs[one["run"]]["locked_at"]) for one in told["lines"]] == [
        (FEBRUARY, "2014-03-05T17:00:00Z"),
        (MARCH, "2014-04-05T16:00:00Z"),
    ]
    assert [(one["visit_id"], one["approved_at"]) for one in told["corrections"]] == [
        (id_of("003-in"), "2014-03-10T09:00:00Z")
    ]
    visits = {one["id"]: one for one in told["visits"]}
    assert {one["visit_id"] for one in line["segments"]} == set(visits)
    taps = {one["id"]: one for one in told["registrations"]}
    for part in line["segments"]:
        check_in, check_out = (taps[one] for one in part["registration_ids"])
        assert (check_in["kind"], check_out["kind"], check_in["method"]) == ("check_in", "check_out", "nfc")
        assert (check_in["at"], check_out["at"]) == (part["starts_at"], part["ends_at"])
    assert all(one["leaf"] is not None for one in (*told["registrations"], *told["lines"]))
    assert (told["orders"][0]["id"], told["grants"][0]["id"]) == (id_of("o"), id_of("g"))
    assert told["rates"][0]["source"] == "SÄN 2013/96"

    _a_visit_tells_what_became_of_each_second(town)
    _a_customers_month_sums_to_its_pool(town)


def _a_visit_tells_what_became_of_each_second(town: Town) -> None:
    whole = town.get("p", f"/visits/{id_of('003-in')}/history", NOW)
    assert [one["sequence"] for one in whole["lines"]] == [
        one["sequence"] for one in of_line(town, "p", "003-in")["lines"]
    ]
    assert [one["id"] for one in whole["registrations"]] == [id_of("003-in"), id_of("003-out")]
    assert [(one["seconds"], one["fate"]) for one in whole["visits"][0]["pieces"]] == [(9_005, "paid")]
    beyond = town.get("p", f"/visits/{id_of('s2-in')}/history", NOW)["visits"][0]["pieces"]
    assert [(one["seconds"], one["fate"], one["held_by"]) for one in beyond] == [(160, "paid", []), (740, "excess", [])]
    held = town.get("p", f"/visits/{id_of('wrong-in')}/history", NOW)
    assert [(one["seconds"], one["fate"], one["held_by"]) for one in held["visits"][0]["pieces"]] == [
        (1_200, "held", ["D10"])
    ]
    assert held["lines"] == []
    deviation = next(one for one in held["deviations"] if one["rule"] == "D10")
    assert [one["what"] for one in deviation["history"]] == ["opened", "explained"]
    half = town.get("p", f"/visits/{id_of('half-in')}/history", NOW)
    assert (half["visits"][0]["state"], half["visits"][0]["pieces"]) == ("no_check_out", [])


def _a_customers_month_sums_to_its_pool(town: Town) -> None:
    told = town.get("money", f"/customers/{id_of('s')}/history?month={FEBRUARY}", NOW)
    pool = told["pools"][0]
    assert (pool["granted_seconds"], pool["performed_seconds"], pool["paid_seconds"]) == (3_000, 3_740, 3_000)
    assert pool["excess_seconds"] == 740
    assert sum(one["seconds"] for visit in told["visits"] for one in visit["pieces"]) == 3_740
    assert sum(one["seconds"] for one in told["lines"]) == 3_000
    assert [one["rule"] for one in told["deviations"]] == ["D2"]
    empty = town.get("money", f"/customers/{id_of('s')}/history?month=2013-01", NOW)
    assert {name: empty[name] for name in ("lines", "visits", "registrations")} == {
        "lines": [], "visits": [], "registrations": [],
    }  # fmt: skip


def test_A1_A2_A3_A4_each_role_reads_the_same_chain_and_no_more_of_people_than_elsewhere(town: Town) -> None:
    for operation, path in paths(town):
        seen = {who: town.get(who, path, NOW) for who in WHO}
        checked(town, operation, seen["money"])
        for who in WHO:
            assert {name: len(seen[who][name]) for name in CHAIN} == {name: len(seen["p"][name]) for name in CHAIN}
            said = str(seen[who])
            assert "Påhitta" not in said
            assert "position" not in said
            assert (NOTE in said) == (who in ("p", "0182")), (who, path)
        for who in OTHERS:
            assert town.ask(who, "GET", path, NOW).status_code == 403
    held = f"/visits/{id_of('wrong-in')}/history"
    assert {who: WHY in str(town.get(who, held, NOW)) for who in WHO} == {
        "money": False, "controller": True, "p": True, "0182": True,
    }  # fmt: skip

    _what_is_not_there_is_404_and_a_protected_person_has_no_name(town)
    _whoever_it_is_about_stands_in_the_access_log(town)


def _what_is_not_there_is_404_and_a_protected_person_has_no_name(town: Town) -> None:
    for path in (
        "/reimbursement/lines/999/history",
        "/reimbursement/lines/0/history",
        f"/reimbursement/lines/{'9' * 400}/history",
        "/reimbursement/lines/1%00/history",
        f"/visits/{id_of('nobody')}/history",
        f"/customers/{id_of('nobody')}/history?month={FEBRUARY}",
    ):
        assert {town.ask(who, "GET", path, NOW).status_code for who in WHO} == {404}, path
    assert town.ask("p", "GET", f"/customers/{id_of('k')}/history", NOW).status_code == 422
    for path in (f"/customers/{id_of('s')}/history?month={FEBRUARY}", f"/visits/{id_of('s1-in')}/history"):
        assert all(name not in str(town.get(who, path, NOW)) for who in WHO for name in NAMES[:3])


def _whoever_it_is_about_stands_in_the_access_log(town: Town) -> None:
    town.get("p", f"/reimbursement/statements?month={FEBRUARY}", NOW)
    with town.database.transaction(write=False) as tx:
        rows = access_log.page(tx, town.care_system_id, whom_id=id_of("k"), limit=1_000)
    assert {one.why for one in rows} >= {"readLineHistory", "readVisitHistory", "readCustomerHistory", "listStatements"}


def test_R8_a_statement_is_preliminary_until_it_is_issued_and_a_correction_is_paid_with_the_next(
    make_app: Callable[..., Flask], sqlite_url: str
) -> None:
    town = town_of(make_app, sqlite_url, content())
    early = _statement(town, "p", FEBRUARY, "2014-03-01T09:00:00+01:00")
    assert (early["preliminary"], early["state"], early["amount_ore"]) == (True, "open", 516_047 + 30_833)
    close(town, FEBRUARY)
    told = _statement(town, "money", FEBRUARY, ISSUED[FEBRUARY])
    checked(town, "listStatements", {"items": [told]})
    assert told == _statement(town, "p", FEBRUARY, ISSUED[FEBRUARY]) == _statement(town, "controller", FEBRUARY, NOW)
    lines = town.get("money", "/reimbursement/lines", NOW)["items"]
    assert (told["preliminary"], told["amount_ore"]) == (False, sum(one["amount_ore"] for one in lines))
    assert (told["performed_seconds"], told["paid_seconds"]) == (50_210 + 1_200 + 3_740, 50_210 + 3_000)
    assert (told["held_seconds"], told["excess_seconds"], told["excess_ore"]) == (1_200, 740, 7_606)
    assert (told["held"], told["half_visits"]) == ([{"rules": ["D10"], "seconds": 1_200, "visits": 1}], 1)
    assert {one["customer_id"]: one["amount_ore"] for one in told["customers"]} == {
        id_of("k"): 516_047, id_of("s"): 30_833,
    }  # fmt: skip
    for who in ("0182", *OTHERS):
        assert town.ask(who, "GET", f"/reimbursement/statements?month={FEBRUARY}", NOW).status_code == 403
    correct(town)
    close(town, MARCH)
    first, second = _statement(town, "p", FEBRUARY, NOW), _statement(town, "p", MARCH, NOW)
    assert (first["amount_ore"], first["later_ore"]) == (546_880, -12_384)
    assert (second["month_ore"], second["adjusted_ore"], second["amount_ore"]) == (0, -12_384, -12_384)
    assert [(one["month"], one["cause"], one["seconds"]) for one in second["adjustments"]] == [
        (FEBRUARY, "correction", -1_205)
    ]
    assert first["as_of"] == "2014-03-05T17:00:00Z"


def _statement(town: Town, who: str, month: str, now: str) -> JSON:
    items: list[JSON] = town.get(who, f"/reimbursement/statements?month={month}", now)["items"]
    assert len(items) == 1
    return items[0]


def many(count: int) -> JSON:
    """The town with so many customers more, each visited twice."""
    town = content()
    for number in range(count):
        day = f"2014-02-{number % 20 + 3:02}"
        uid = f"04A2245A7F{number:04}"
        name = f"m{number}"
        town["customers"].append({"id": name, "municipality": "0182", "name": "Påhittad Kund"})
        town["tags"].append({**town["tags"][0], "id": f"t{name}", "customer_id": name, "uid": uid})
        town["grants"].append({**town["grants"][0], "id": f"g{name}", "customer_id": name})
        town["orders"].append({**town["orders"][0], "id": f"o{name}", "grant_id": f"g{name}"})
        hour = 15 + number // 20 * 2
        for kind, minute in (("check_in", "00"), ("check_out", "30")):
            place = {"method": "nfc", "uid": uid}
            row = {"id": f"{name}-{kind}", "kind": kind, "caregiver_id": "d", "customer_id": name, "place": place}
            more = {"service": "personal_care"} if kind == "check_in" else {}
            town["registrations"].append({**row, **more, "captured_at": f"{day}T{hour:02}:{minute}:00+01:00"})
    return town


def test_R11_three_customers_and_thirty_cost_the_same_number_of_statements(
    make_app: Callable[..., Flask], sqlite_template: Path, tmp_path: Path
) -> None:
    counts: list[list[int]] = []
    for count in (3, 30):
        url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{count}.sqlite3')}"
        town, said = town_of(make_app, url, many(count)), []
        close(town, FEBRUARY)
        asked = [path for _, path in paths(town)] + [f"/reimbursement/statements?month={FEBRUARY}"]
        for path in asked:
            with counting(town.database) as statements:
                told = town.get("p", path, ISSUED[FEBRUARY])
                said.append(statements())
        assert len(told["items"][0]["customers"]) == count + 2
        counts.append(said)
    assert counts[0] == counts[1]
    assert max(counts[0]) < 80
