"""Money over HTTP, R1, R8, R9, R11: a month issued once, adjusted later, read in order, and the same when repeated."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask

from app.actions import simulations
from app.actions.scenarios import scenario_of_months
from app.rules.time import parse_instant
from schemas.simulations import dump_outcome, dump_scenario, read_scenario
from tests.counts import FULL
from tests.messy import messy
from tests.town import Town, id_of, told, town_of

JSON = dict[str, Any]
ATTESTED = {"2014-02": "2014-03-02T09:00:00+01:00", "2014-03": "2014-04-02T09:00:00+02:00"}
LOCKED = {"2014-02": "2014-03-05T18:00:00+01:00", "2014-03": "2014-04-05T18:00:00+02:00"}
ISSUED = {"2014-02": "2014-03-05T18:05:00+01:00", "2014-03": "2014-04-05T18:05:00+02:00"}


def settle(make_app: Callable[..., Flask], database_url: str, content: JSON) -> Town:
    return town_of(make_app, database_url, content)


def attest(town: Town, month: str, now: str, providers: Iterable[str] = ("p",)) -> None:
    """Everything that blocks the month is explained, and the month attested."""
    town.sweep(now)
    for who in providers:
        for row in town.get(who, f"/months/{month}", now)["items"]:
            for blocking in row["blocking"]:
                body = {"deviation_ids": [blocking], "reason": "other", "note": "As agreed."}
                answer = town.ask(who, "POST", "/explanations", now, body)
                assert answer.status_code in (201, 409), answer.get_json()
        for row in town.get(who, f"/months/{month}", now)["items"]:
            town.post(who, f"/months/{month}/attestation", now, {"municipality": row["municipality"]})


def close(town: Town, month: str, providers: Iterable[str] = ("p",)) -> list[JSON]:
    """The month is attested, locked and issued, as its people do it; its runs."""
    attest(town, month, ATTESTED[month], providers)
    town.post("controller", f"/months/{month}/lock", LOCKED[month], {})
    runs: list[JSON] = town.post("controller", "/reimbursement/runs", ISSUED[month], {"month": month})["items"]
    return runs


def lines(town: Town, who: str = "money", after: int = 0) -> list[JSON]:
    rows: list[JSON] = town.get(who, f"/reimbursement/lines?after={after}", ISSUED["2014-03"])["items"]
    return rows


def summary(rows: Iterable[JSON]) -> list[tuple[Any, ...]]:
    return [(row["kind"], row["month"], row["seconds"], row["amount_ore"], row["cause"]) for row in rows]


def test_R1_R11_a_month_is_issued_as_lines_that_lead_back_to_the_taps(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    town = settle(make_app, database_url, told("nacka_2014.json"))
    runs = close(town, "2014-02")
    assert [(run["month"], run["line_count"], run["amount_ore"]) for run in runs] == [("2014-02", 1, 29_189)]
    line = lines(town)[0]
    assert summary([line]) == [("line", "2014-02", 2_840, 29_189, None)]
    assert (line["sequence"], line["run"], line["ore_per_hour"]) == (1, runs[0]["id"], 37_000)
    assert line["segments"] == [
        {
            "visit_id": id_of("1"),
            "registration_ids": [id_of("1"), id_of("2")],
            "starts_at": "2014-02-03T07:00:00Z",
            "ends_at": "2014-02-03T07:47:20Z",
            "seconds": 2_840,
        }
    ]
    assert (line["order_ids"], line["grant_ids"], line["rate_id"]) == ([id_of("o")], [id_of("g")], id_of("r"))
    month = town.get("p", "/months/2014-02", ISSUED["2014-02"])["items"][0]
    assert (month["state"], month["run_id"]) == ("issued", runs[0]["id"])
    assert town.get("controller", f"/reimbursement/runs/{runs[0]['id']}?verify=true", ISSUED["2014-02"])["same"] is True
    assert town.get("controller", "/reimbursement/runs", ISSUED["2014-02"])["items"] == runs
    feed = town.get("money", "/changes?limit=200", ISSUED["2014-02"])["items"]
    issued = [one for one in feed if one["type"] in ("month.issued", "line.issued")]
    assert [one["type"] for one in issued] == ["month.issued", "line.issued"]
    assert issued[1]["data"] == line


def test_R9_a_month_is_issued_once_however_often_it_is_asked_for(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    town = settle(make_app, database_url, told("nacka_2014.json"))
    attest(town, "2014-02", ATTESTED["2014-02"])
    town.post("controller", "/months/2014-02/lock", LOCKED["2014-02"], {})
    together, answers = threading.Barrier(4), []
    body = {"month": "2014-02", "municipality": "0182", "provider_id": id_of("p")}

    def run() -> None:
        together.wait()
        answers.append(town.ask("controller", "POST", "/reimbursement/runs", ISSUED["2014-02"], body))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_json()["items"][0]["id"] for answer in answers}) == 1
    assert summary(lines(town)) == [("line", "2014-02", 2_840, 29_189, None)]


def test_R8_an_unattested_or_open_month_is_not_issued_until_it_is(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    town = settle(make_app, database_url, told("nacka_2014.json"))
    body = {"month": "2014-02", "municipality": "0182", "provider_id": id_of("p")}
    assert town.refused("controller", "/reimbursement/runs", ATTESTED["2014-02"], body) == (409, "R8")
    town.post("controller", "/months/2014-02/lock", LOCKED["2014-02"], {})
    assert town.refused("controller", "/reimbursement/runs", ISSUED["2014-02"], body) == (409, "R8")
    assert town.post("controller", "/reimbursement/runs", ISSUED["2014-02"], {"month": "2014-02"})["items"] == []
    attest(town, "2014-02", ATTESTED["2014-03"])
    runs = town.post("controller", "/reimbursement/runs", ATTESTED["2014-03"], body)["items"]
    assert [(run["locked_at"], run["amount_ore"]) for run in runs] == [("2014-03-05T17:00:00Z", 29_189)]


def test_R8_what_is_corrected_after_the_lock_is_issued_as_the_difference_to_what_was_issued(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    content = told("r8_adjustment_after_the_lock.json")
    corrected = content.pop("corrections")[0]
    town = town_of(make_app, database_url, content)
    close(town, "2014-02")
    assert summary(lines(town)) == [("line", "2014-02", 50_210, 516_047, None)]
    path = f"/visits/{id_of(corrected['visit_id'])}/corrections"
    told_again = {name: corrected[name] for name in ("changes", "reason", "note")}
    made = town.post("p", path, corrected["made_at"], told_again)
    approved = town.ask("p2", "POST", f"{path}/{made['id']}/approval", corrected["approved_at"], {})
    assert approved.status_code in (200, 201), approved.get_json()
    assert summary(lines(town)) == [("line", "2014-02", 50_210, 516_047, None)]
    runs = close(town, "2014-03")
    assert summary(lines(town)) == [
        ("line", "2014-02", 50_210, 516_047, None),
        ("adjustment", "2014-02", -1_205, -12_384, "correction"),
    ]
    assert [row["sequence"] for row in lines(town)] == [1, 2]
    assert lines(town)[1]["run"] == runs[0]["id"]
    assert lines(town, after=1) == lines(town)[1:]
    for run in town.get("controller", "/reimbursement/runs", ISSUED["2014-03"])["items"]:
        assert town.get("controller", f"/reimbursement/runs/{run['id']}?verify=true", ISSUED["2014-03"])["same"] is True


def test_R8_a_visit_told_after_the_lock_is_paid_as_an_adjustment_of_its_month(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    town = settle(make_app, database_url, told("nacka_2014.json"))
    close(town, "2014-02")
    manual = {"method": "manual", "reason": "phone_forgotten"}
    for kind, at in (("check_in", "2014-02-10T08:00:00+01:00"), ("check_out", "2014-02-10T08:30:00+01:00")):
        now = "2014-03-07T09:00:00+01:00"
        row = {"id": id_of(kind), "kind": kind, "caregiver_id": id_of("c"), "captured_at": now, "stated_at": at}
        whose = {"customer_id": id_of("k"), "service": "personal_care", "place": manual}
        town.post("caregiver", "/registrations", now, {**row, **whose})
    close(town, "2014-03")
    assert summary(lines(town)) == [
        ("line", "2014-02", 2_840, 29_189, None),
        ("adjustment", "2014-02", 1_800, 18_500, "late_registration"),
    ]


def test_R8_what_is_told_of_a_provider_that_has_no_care_left_is_issued_with_the_month_in_which_it_was_told(
    make_app: Callable[..., Flask], sqlite_url: str
) -> None:
    """The order ended with February: of March there is nothing but what was told of February in it."""
    content = told("nacka_2014.json")
    content["orders"][0]["valid_before"] = "2014-03-01"
    town = settle(make_app, sqlite_url, content)
    close(town, "2014-02")
    assert town.get("p", "/months/2014-03", ATTESTED["2014-03"])["items"] == []
    manual, now = {"method": "manual", "reason": "phone_forgotten"}, "2014-03-07T09:00:00+01:00"
    for kind, at in (("check_in", "2014-02-10T08:00:00+01:00"), ("check_out", "2014-02-10T08:30:00+01:00")):
        row = {"id": id_of(kind), "kind": kind, "caregiver_id": id_of("c"), "captured_at": now, "stated_at": at}
        whose = {"customer_id": id_of("k"), "service": "personal_care", "place": manual}
        town.post("caregiver", "/registrations", now, {**row, **whose})
    close(town, "2014-03")
    assert summary(lines(town))[1:] == [("adjustment", "2014-02", 1_800, 18_500, "late_registration")]
    assert town.get("p", "/months/2014-04", "2014-05-02T09:00:00+02:00")["items"] == []


def test_R11_lines_are_read_by_the_reimbursement_module_and_whom_they_concern(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    town = settle(make_app, database_url, told("nacka_2014.json"))
    close(town, "2014-02")
    everything = lines(town)
    assert lines(town, "controller") == lines(town, "0182") == lines(town, "p") == everything
    page = town.get("money", "/reimbursement/lines?limit=1", ISSUED["2014-02"])
    assert (page["items"], page["next"]) == (everything, "1")
    assert "next" not in town.get("money", "/reimbursement/lines?after=1", ISSUED["2014-02"])
    for who in ("caregiver", "auditor"):
        assert town.ask(who, "GET", "/reimbursement/lines", ISSUED["2014-02"]).status_code == 403
    for who in ("p", "0182", "money"):
        refused = town.refused(who, "/reimbursement/runs", ISSUED["2014-02"], {"month": "2014-02"})
        assert refused == (403, "A2")


def test_R2_the_excess_of_several_pools_is_listed_page_by_page(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    content = told("nacka_2014.json")
    content["grants"][0] |= {"granted_seconds": 2_000}
    named = {"customers": ("id",), "tags": ("id", "customer_id"), "grants": ("id", "customer_id")}
    named |= {"orders": ("id", "grant_id"), "registrations": ("id",)}
    for name, keys in named.items():
        content[name] += [{**one, **{key: f"{one[key]}2" for key in keys}} for one in content[name]]
    content["tags"][1]["uid"] = "04A2245A6F6181"
    for one in content["registrations"][2:]:
        one["captured_at"] = one["captured_at"].replace("2014-02-03", "2014-02-04")
        one["place"] = {"method": "nfc", "uid": content["tags"][1]["uid"]}
    town = settle(make_app, database_url, content)
    close(town, "2014-02")
    path = "/reimbursement/excess?month=2014-02"
    whole = town.get("controller", path, ISSUED["2014-02"])
    assert [row["excess_seconds"] for row in whole["items"]] == [840, 840]
    assert "next" not in whole
    first = town.get("controller", f"{path}&limit=1", ISSUED["2014-02"])
    rest = town.get("controller", f"{path}&limit=1&after={first['next']}", ISSUED["2014-02"])
    assert first["items"] + rest["items"] == whole["items"]
    assert "next" not in rest


def test_R2_what_lies_beyond_the_cap_is_shown_with_its_worth_and_never_cut_from_the_visit(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    content = told("nacka_2014.json")
    content["grants"][0]["granted_seconds"] = 2_000
    town = settle(make_app, database_url, content)
    close(town, "2014-02")
    assert summary(lines(town)) == [("line", "2014-02", 2_000, 20_556, None)]
    excess = town.get("controller", "/reimbursement/excess?month=2014-02", ISSUED["2014-02"])["items"]
    assert [(row["performed_seconds"], row["excess_seconds"], row["worth_ore"]) for row in excess] == [
        (2_840, 840, 8_633)
    ]
    widened(town, "2014-03-20T09:00:00+01:00", 9_000)
    close(town, "2014-03")
    assert summary(lines(town))[1:] == [("adjustment", "2014-02", 840, 8_633, "order")]
    later = town.get("controller", "/reimbursement/excess?month=2014-02", ISSUED["2014-03"])["items"]
    assert later == [], "it was paid, and is excess no more"


def widened(town: Town, now: str, seconds: int) -> None:
    """The grant is told anew, of so many seconds a month."""
    path = f"/grants/{id_of('g')}"
    standing = town.ask("0182", "GET", path, now)
    fields = ("customer_id", "services", "law", "per", "valid_from")
    body = {name: standing.get_json()[name] for name in fields} | {"granted_seconds": seconds}
    answer = town.ask("0182", "PUT", path, now, body, etag=standing.headers["ETag"])
    assert answer.status_code == 200, answer.get_json()


@pytest.mark.parametrize("seed", [1, 4] if FULL else [4])
def test_R8_R9_the_running_system_and_the_file_filled_from_it_come_to_the_same_lines_and_deviations(
    make_app: Callable[..., Flask], database_url: str, seed: int
) -> None:
    town = settle(make_app, database_url, messy(seed))
    for month in LOCKED:
        close(town, month, ("p", "q"))
    now = parse_instant(ISSUED["2014-03"])
    filled = scenario_of_months(town.database, town.settings, town.care_system_id, LOCKED, now)
    file = json.loads(json.dumps(dump_scenario(filled)))
    outcome = dump_outcome(simulations.run(read_scenario(file)))
    assert content_of(lines(town)) == content_of(outcome["lines"])
    assert len(outcome["lines"]) > 3
    town.mark_everything(ISSUED["2014-03"])
    town.sweep(ISSUED["2014-03"])
    standing = [row for row in town.deviations("controller", ISSUED["2014-03"]) if row["state"] != "cleared"]
    assert told_of(row for row in standing if row["rule"] != "D1" or row["period"] in LOCKED) == told_of(
        outcome["deviations"]
    )


def content_of(rows: Iterable[JSON]) -> list[str]:
    """What the lines say, without what they are called."""
    named = ("id", "external_id", "recorded_at", "sequence", "run")
    return sorted(json.dumps({key: row[key] for key in sorted(row) if key not in named}) for row in rows)


def told_of(rows: Iterable[JSON]) -> list[str]:
    named = ("rule", "subject", "provider_id", "period", "facts", "effect", "state")
    return sorted(json.dumps({key: row[key] for key in named}, sort_keys=True) for row in rows)
