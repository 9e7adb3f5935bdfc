"""Measuring systems already in use deliver tables, tried first by a dry run. V17, LR 3.6.3."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from app.storage.ids import new_id
from tests.api.world import Answer, World

AT = "2014-02-03T12:00:00Z"
HEAD = ["id", "kind", "caregiver_id", "captured_at", "service", "place.method", "place.text", "activities"]


def table(rows: list[list[str]], head: list[str] = HEAD, separator: str = ",") -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator).writerows([head, *rows])
    return written.getvalue()


def visit(world: World) -> list[list[str]]:
    """A check-in and a check-out at a customer's tag."""
    provider = world.home.providers[0]
    tag = provider.customers["2029"].tag_text
    return [
        [new_id(), "check_in", provider.caregiver_id, "2014-02-03T10:00:00+01:00", "personal_care", "qr", tag, ""],
        [new_id(), "check_out", provider.caregiver_id, "2014-02-03T10:47:20+01:00", "", "qr", tag,
         "wash:done|shop:declined"],
    ]  # fmt: skip


def posted(world: World, text: str | bytes, media: str = "text/csv", **query: str) -> Answer:
    return world.home.measurer.ask(
        "POST", "/registrations/csv", at=AT, data=text, content_type=media, query_string=query
    )


def kept(world: World) -> list[str]:
    return [one["id"] for one in world.home.providers[0].coordinator.read("/registrations")["items"]]


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["commas", "semicolons", "tabs"])
def test_V17_a_measuring_system_delivers_a_table(world: World, separator: str) -> None:
    rows = visit(world)
    answer = posted(world, "\ufeff" + table(rows, separator=separator))
    assert answer.status_code == 200, answer.text
    assert answer.json["dry_run"] is False
    results = answer.json["results"]
    assert [(one["line"], one["status"], one["id"]) for one in results] == [(2, 201, rows[0][0]), (3, 201, rows[1][0])]
    assert [one["resource"]["evidence_grade"] for one in results] == [1, 1]
    coordinator = world.home.providers[0].coordinator
    seen = coordinator.read(f"/visits/{rows[0][0]}")
    assert (seen["state"], seen["performed_seconds"]) == ("complete", 2_840)
    assert coordinator.read(f"/registrations/{rows[1][0]}")["activities"] == [
        {"code": "wash", "outcome": "done"}, {"code": "shop", "outcome": "declined"},
    ]  # fmt: skip


def test_V17_a_dry_run_answers_each_line_and_keeps_nothing(world: World) -> None:
    rows = visit(world)
    rows[1][4] = "gardening"
    rows.append([new_id(), "check_out", new_id(), "2014-02-03T10:00:00+01:00", "", "manual", "", ""])
    rows.append(["too", "short"])
    tried = posted(world, table(rows), dry_run="true")
    assert tried.status_code == 200, tried.text
    assert tried.json["dry_run"] is True
    assert [one["status"] for one in tried.json["results"]] == [201, 422, 422, 422]
    assert "receipt" not in tried.json["results"][0]["resource"]
    assert tried.json["results"][1]["problem"]["errors"][0]["pointer"] == "/service"
    assert kept(world) == []
    done = posted(world, table(rows), dry_run="false")
    assert [one["status"] for one in done.json["results"]] == [201, 422, 422, 422]
    assert kept(world) == [rows[0][0]]
    assert [one["status"] for one in posted(world, table(rows[:1])).json["results"]] == [201]
    assert kept(world) == [rows[0][0]]


def test_V17_every_column_is_the_field_of_its_name(world: World) -> None:
    provider = world.home.providers[0]
    one, other = (provider.customers[code] for code in ("2029", "2031"))
    told: dict[str, str] = {
        "id": new_id(), "external_id": "theirs-1", "kind": "check_in", "caregiver_id": provider.caregiver_id,
        "captured_at": "2014-02-03T10:00:00+01:00", "customer_id": one.id, "service": "household",
        "place.method": "qr", "place.text": one.tag_text, "place.position.lat": "60.73", "place.position.lon": "15.0",
        "place.position.accuracy_m": "12", "clock.elapsed_ms": "1000", "clock.boot_id": "b", "clock.sequence": "7",
        "clock.anchor.server_at": "2014-02-03T09:00:00Z", "clock.anchor.elapsed_ms": "1000",
        "clock.anchor.boot_id": "b", "sent.elapsed_ms": "2000", "sent.boot_id": "b", "extra_service": "false",
        "household": f"{one.id}:2|{other.id}",
    }  # fmt: skip
    answer = posted(world, table([list(told.values())], list(told)))
    (result,) = answer.json["results"]
    assert result["status"] == 201, answer.text
    made = result["resource"]
    assert made["clock"] == {
        "elapsed_ms": 1000, "boot_id": "b", "sequence": 7,
        "anchor": {"server_at": "2014-02-03T09:00:00Z", "elapsed_ms": 1000, "boot_id": "b"},
    }  # fmt: skip
    assert made["household"] == [{"customer_id": one.id, "share": 2}, {"customer_id": other.id, "share": 1}]
    assert (made["external_id"], made["extra_service"], made["place"]["text"]) == ("theirs-1", False, one.tag_text)


WRONG: list[tuple[str, Any, str, int]] = [
    ("another media", "id", "application/json", 415),
    ("not UTF-8", b"\xff", "text/csv", 400),
    ("nothing", "", "text/csv", 400),
    ("an unknown column", "id,kind,captured_at,place.method,device_id\n", "text/csv", 400),
    ("a column twice", "id,id,kind,captured_at,place.method\n", "text/csv", 400),
    ("a column missing", "id,kind,captured_at\n", "text/csv", 400),
    ("an open quote", 'id,kind,captured_at,place.method\n"x', "text/csv", 400),
    ("too many lines", "id,kind,captured_at,place.method\n" + "a,b,c,d\n" * 1_001, "text/csv", 400),
]


@pytest.mark.parametrize(("text", "media", "status"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_V17_what_is_no_table_is_refused_whole(sqlite_home: World, text: Any, media: str, status: int) -> None:
    answer = posted(sqlite_home, text, media)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert kept(sqlite_home) == []
