"""A run's files over HTTP, R7, R8, R11: the same lines in every file, invoices per customer, and the voucher."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.api.clock import DEMO_CLOCK
from app.api.files.catalogue import FILES
from app.api.files.columns import COLUMNS
from app.rules.time import parse_instant
from tests.api.test_reimbursement import close, lines, settle
from tests.sheets import words_in
from tests.town import Town, id_of, told
from tests.ubl import norm_faults, peppol_faults, schema_faults
from tests.workbooks import sheet_of

JSON = dict[str, Any]
NOW = "2014-04-06T09:00:00+02:00"
"""After both runs."""
NAMES = ("Greta Hemlig", "Sixten Skyddad")
SELLER = {
    "name": "=Omsorg i Västra Öby AB",
    "organisation_number": "5566778899",
    "street": "Ågatan 1",
    "postal_code": "131 30",
    "city": "Nacka",
    "f_tax": True,
    "bankgiro": "991-2346",
}
BUYER = {
    "municipality": "0182",
    "name": "Exempel kommun",
    "organisation_number": "212000-0167",
    "street": "Stadsvägen 1",
    "postal_code": "131 81",
    "city": "Nacka",
    "buyer_reference": "ZZ0182",
}


def take(town: Town, run: JSON, name: str, query: str = "", who: str = "money") -> TestResponse:
    """The answer to whoever takes the file."""
    return town.ask(who, "GET", f"/reimbursement/runs/{run['id']}/files/{name}{query}", NOW)


def replaced(town: Town, party: JSON, body: JSON) -> TestResponse:
    """The answer to the controller who replaces the first version of the party."""
    headers = {"Authorization": f"Bearer {town.tokens['controller']}", DEMO_CLOCK: NOW, "If-Match": '"1"'}
    return town.app.test_client().put(f"/api/v1/billing-parties/{party['id']}", json=body, headers=headers)


def taken(town: Town, run: JSON, name: str, query: str = "", who: str = "money") -> bytes:
    """The file."""
    answer = take(town, run, name, query, who)
    assert answer.status_code == 200, answer.get_json()
    assert re.fullmatch(
        rf'attachment; filename="hemtid-\d{{4}}-\d\d-0182-[0-9a-f]{{12}}-{re.escape(name)}"',
        answer.headers["Content-Disposition"],
    )
    return answer.get_data()


def adjusted(
    make_app: Callable[..., Flask], database_url: str, kind: str = "private", customers: int = 1
) -> tuple[Town, list[JSON]]:
    """A town whose February was issued, for one customer or two, and corrected with March; its runs."""
    content = told("r8_adjustment_after_the_lock.json")
    content["providers"][0]["kind"] = kind
    content["rates"][0]["provider_kind"] = kind
    content["customers"][0] |= {"name": NAMES[0]}
    if customers == 2:
        named = {"customers": ("id",), "tags": ("id", "customer_id"), "grants": ("id", "customer_id")}
        named |= {"orders": ("id", "grant_id"), "registrations": ("id",)}
        for name, keys in named.items():
            content[name] += [{**one, **{key: f"{one[key]}2" for key in keys}} for one in content[name]]
        content["customers"][1] |= {"name": NAMES[1], "protection": "protected_registration"}
        content["tags"][1]["uid"] = "04A2245A6F6181"
        for one in content["registrations"][len(content["registrations"]) // 2 :]:
            one["captured_at"] = one["captured_at"].replace("2014-02-0", "2014-02-1")
            one["place"] = {"method": "nfc", "uid": content["tags"][1]["uid"]}
    corrected = content.pop("corrections")[0]
    town = settle(make_app, database_url, content)
    runs = close(town, "2014-02")
    path = f"/visits/{id_of(corrected['visit_id'])}/corrections"
    made = town.post("p", path, corrected["made_at"], {key: corrected[key] for key in ("changes", "reason", "note")})
    approved = town.ask("p2", "POST", f"{path}/{made['id']}/approval", corrected["approved_at"], {})
    assert approved.status_code in (200, 201), approved.get_json()
    return town, [*runs, *close(town, "2014-03")]


def test_R7_R11_a_run_is_the_same_in_every_file_and_its_invoices_come_to_it(
    make_app: Callable[..., Flask], sqlite_url: str, tmp_path: Path
) -> None:
    town, (first, second) = adjusted(make_app, sqlite_url, customers=2)
    feed = [one for one in lines(town) if one["run"] == first["id"]]
    assert len(feed) == first["line_count"] == 2
    _lines_agree(town, first, feed)
    _parties_are_needed(town, first)
    bought = town.post("controller", "/billing-parties", NOW, BUYER)
    _invoices_agree(town, first, feed, tmp_path)
    _credits_what_was_corrected(town, second)
    _nobody_is_named(town, first, second)
    _is_taken_by_whom_it_concerns(town, first)
    _is_taken_again(town, first, bought)


def _lines_agree(town: Town, run: JSON, feed: list[JSON]) -> None:
    assert [json.loads(line) for line in taken(town, run, "lines.ndjson").splitlines()] == feed
    text = taken(town, run, "lines.csv").decode()
    assert text.count("\r\n") == text.count("\n") == 1 + len(feed)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    for row, line in zip(rows, feed, strict=True):
        assert list(row) == list(COLUMNS)
        for name in ("sequence", "seconds", "amount_ore", "ore_per_hour", "customer_id", "month", "recorded_at"):
            assert row[name] == str(line[name])
        assert row["amount_kronor"] == f"{line['amount_ore'] // 100}.{line['amount_ore'] % 100:02d}"
        assert row["visit_ids"].split() == list(dict.fromkeys(one["visit_id"] for one in line["segments"]))
    cells = sheet_of(taken(town, run, "lines.xlsx"))
    assert [row[0] for row in cells[1:]] == [str(line["sequence"]) for line in feed]
    assert [float(row[17]) * 100 for row in cells[1:]] == pytest.approx([line["amount_ore"] for line in feed])
    parquet = pyarrow.parquet.read_table(io.BytesIO(taken(town, run, "lines.parquet")))
    assert [str(one) for one in parquet.schema.types[:5]] == [
        "int64",
        "string",
        "string",
        "timestamp[ms, tz=UTC]",
        "string",
    ]
    assert str(parquet.schema.field("amount_kronor").type) == "decimal128(20, 2)"
    for row, line in zip(parquet.to_pylist(), feed, strict=True):
        assert (row["sequence"], row["amount_ore"], row["order_ids"]) == (
            line["sequence"],
            line["amount_ore"],
            line["order_ids"],
        )
        assert row["recorded_at"] == parse_instant(line["recorded_at"])


def _parties_are_needed(town: Town, run: JSON) -> None:
    """What is missing is said, until it is told of."""
    refused = take(town, run, "invoice.json")
    assert (refused.status_code, refused.get_json()["facts"]) == (409, {"provider_id": id_of("p")})
    body = {**SELLER, "f_tax": False, "provider_id": id_of("p")}
    seller = town.post("controller", "/billing-parties", NOW, body)
    assert take(town, run, "invoice.pdf").get_json()["facts"] == {"municipality": "0182"}
    taken_twice = town.ask("controller", "POST", "/billing-parties", NOW, body)
    assert (taken_twice.status_code, taken_twice.get_json()["errors"][0]["pointer"]) == (409, "/provider_id")
    body = {**SELLER, "provider_id": id_of("p")}
    answer = replaced(town, seller, body)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"'), answer.get_json()
    assert answer.get_json()["organisation_number"] == "556677-8899"
    assert town.get("p", f"/billing-parties/{seller['id']}", NOW)["bankgiro"] == "9912346"


def _invoices_agree(town: Town, run: JSON, feed: list[JSON], tmp_path: Path) -> None:
    whole = json.loads(taken(town, run, "invoice.json"))
    assert whole["totals"] == {
        "invoiced_ore": run["amount_ore"],
        "credited_ore": 0,
        "amount_ore": sum(one["amount_ore"] for one in feed),
    }
    by_customer = {one["customer_id"]: one for one in whole["documents"]}
    assert set(by_customer) == {id_of("k"), id_of("k2")}
    rows = list(csv.DictReader(io.StringIO(taken(town, run, "invoice.csv").decode(), newline="")))
    assert sum(int(row["amount_ore"]) for row in rows) == run["amount_ore"]
    assert {row["seller"] for row in rows} == {"'=Omsorg i Västra Öby AB"}
    several = take(town, run, "invoice.xml")
    assert (several.status_code, several.get_json()["facts"]) == (409, {"documents": 2})
    for customer, told_of in by_customer.items():
        xml = taken(town, run, "invoice.xml", f"?customer_id={customer}")
        assert (schema_faults(xml), norm_faults(xml), peppol_faults(xml)) == ([], [], [])
        assert f">{told_of['amount_ore'] / 100:.2f}</cbc:PayableAmount>" in xml.decode()
        alone = json.loads(taken(town, run, "invoice.json", f"?customer_id={customer}"))
        assert alone["documents"] == [told_of]
    archive = zipfile.ZipFile(io.BytesIO(taken(town, run, "e-invoices.zip")))
    assert sorted(archive.namelist()) == sorted(f"{one['number']}.xml" for one in whole["documents"])
    pages = words_in(taken(town, run, "invoice.pdf"), tmp_path).replace("\u00a0", " ")
    kronor = f"{run['amount_ore'] // 100:,}".replace(",", " ") + f",{run['amount_ore'] % 100:02d}"
    for said in ("=Omsorg i Västra Öby AB", "Ågatan 1", f"Netto: {kronor} kr", "Sida 1 av 1", "Omvårdnad"):
        assert said in pages, pages


def _credits_what_was_corrected(town: Town, run: JSON) -> None:
    """LR 5.4, R8: the difference is credited, and names the invoice of its month."""
    (document,) = json.loads(taken(town, run, "invoice.json"))["documents"]
    assert (document["kind"], document["amount_ore"], document["corrects"]) == ("credit_note", 12_384, ["F-0182-1"])
    xml = taken(town, run, "credit-note.xml")
    assert (schema_faults(xml), norm_faults(xml), peppol_faults(xml)) == ([], [], [])
    none = take(town, run, "invoice.xml")
    assert (none.status_code, none.get_json()["facts"]) == (409, {"documents": 0})
    assert take(town, run, "voucher.se").status_code == 409


def _nobody_is_named(town: Town, *runs: JSON) -> None:
    """A2: what is taken names no customer, protected or not; and who took it stands in the access log."""
    for run in runs:
        for name in FILES:
            answer = take(town, run, name)
            content = answer.get_data()
            if zipfile.is_zipfile(io.BytesIO(content)):
                archive = zipfile.ZipFile(io.BytesIO(content))
                content = b"".join(archive.read(one) for one in archive.namelist())
            for one in NAMES:
                assert not any(part.encode() in content for part in one.split()), (name, one)
    with town.database.transaction(write=False) as tx:
        query = "SELECT DISTINCT whom_id FROM access_log WHERE why = 'readRunFile'"
        seen = set(tx.connection.exec_driver_sql(query).scalars())
    assert seen == {id_of("k"), id_of("k2")}


def _is_taken_again(town: Town, run: JSON, buyer: JSON) -> None:
    """R9: the same bytes each time, told by the ETag; another version of a party is another invoice."""
    for name in ("lines.xlsx", "lines.parquet", "invoice.pdf", "e-invoices.zip"):
        once, again = take(town, run, name), take(town, run, name)
        assert once.get_data() == again.get_data(), name
    headers = {"Authorization": f"Bearer {town.tokens['money']}", "If-None-Match": once.headers["ETag"]}
    client, path = town.app.test_client(), f"/api/v1/reimbursement/runs/{run['id']}/files/e-invoices.zip"
    unchanged = client.get(path, headers=headers)
    assert (unchanged.status_code, unchanged.get_data()) == (304, b"")
    assert replaced(town, buyer, {**BUYER, "name": "Exempelkommun"}).status_code == 200
    assert client.get(path, headers=headers).status_code == 200


def _is_taken_by_whom_it_concerns(town: Town, run: JSON) -> None:
    """A1, A2."""
    for who in ("money", "controller", "p"):
        assert take(town, run, "lines.csv", who=who).status_code == 200
    for who in ("caregiver", "0182", "auditor"):
        assert take(town, run, "lines.csv", who=who).status_code == 403
    unknown = ("lines.doc", "..%2Flines.csv", "lines.csv%00", "LINES.CSV")
    for name in unknown:
        assert take(town, run, name).status_code in (400, 404), name
    for query in (f"?customer_id={id_of('nobody')}", f"?customer_id={id_of('k')}&x=1"):
        assert take(town, run, "invoice.json", query).status_code in (404, 422)
    assert take(town, run, "lines.csv", f"?customer_id={id_of('k')}").status_code == 404
    assert take(town, {"id": id_of("nothing")}, "lines.csv").status_code == 404


def test_R7_LR_5_5_a_municipal_month_is_a_voucher_that_balances(
    make_app: Callable[..., Flask], sqlite_url: str
) -> None:
    town, runs = adjusted(make_app, sqlite_url, "municipal")
    assert take(town, runs[0], "invoice.json").status_code == 409
    body = {**SELLER, "name": 'Öby kommun – "egen regi"', "provider_id": id_of("p"), "settlement_account": "7999"}
    made = town.post("controller", "/billing-parties", NOW, body)
    refused = take(town, runs[0], "voucher.se")
    assert (refused.status_code, refused.get_json()["facts"]["missing"]) == (409, ["cost_account"])
    body |= {"cost_account": "4631", "cost_centre": "HT-1"}
    assert replaced(town, made, body).status_code == 200
    rows = [("4631", 516_047), ("7999", -516_047)]
    for run, expected in zip(runs, (rows, [("4631", -12_384), ("7999", 12_384)]), strict=True):
        content = taken(town, run, "voucher.se")
        assert "Utförd hemtjänst 2014-02".encode("cp437") in content
        assert content.count(b"\r\n") == content.count(b"\n")
        text = content.decode("cp437")
        head = dict(line.split(" ", 1) for line in text.splitlines() if line.startswith("#"))
        assert (head["#FLAGGA"], head["#FORMAT"], head["#SIETYP"]) == ("0", "PC8", "4")
        assert (head["#ORGNR"], head["#FNAMN"]) == ("556677-8899", "\"Öby kommun - 'egen regi'\"")
        posted = re.findall(r'^\t#TRANS (\d+) \{(?:1 "HT-1")?\} (-?\d+\.\d\d) \d{8} "[^"]+"\r$', text, re.MULTILINE)
        found = [(account, round(float(amount) * 100)) for account, amount in posted]
        assert found == expected
        assert sum(amount for _, amount in found) == 0
        assert [head["#DIM"], head["#OBJEKT"]] == ['1 "Kostnadsställe"', '1 "HT-1" "HT-1"']
