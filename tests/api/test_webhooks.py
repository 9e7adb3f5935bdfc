"""Webhooks over HTTP: kept by their own client, with a secret that is told once. A1, A2; CONTRACT, change."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from app.actions.webhooks.signing import seal, sign, unseal
from app.rules.webhooks import Allowed
from tests.api.world import Somebody, World
from tests.receiver import Got, receiving, reply

URL = "https://receiver.example/hemtid"
JSON = dict[str, Any]


def scheduler(world: World) -> Somebody:
    """The first provider's planning system."""
    return world.home.providers[0].scheduler


def test_the_published_vector_of_standard_webhooks_is_signed_as_published() -> None:
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, message) == expected


def test_a_sealed_secret_is_opened_by_its_key_and_for_its_webhook_alone() -> None:
    sealed = seal(b"k" * 32, "hook", "whsec_x")
    assert sealed != seal(b"k" * 32, "hook", "whsec_x")
    assert unseal(b"k" * 32, "hook", sealed) == "whsec_x"
    assert unseal(b"l" * 32, "hook", sealed) is None
    assert unseal(b"k" * 32, "other", sealed) is None


def test_A1_a_webhook_is_its_clients_own_and_its_secret_is_told_once(world: World) -> None:
    ours = scheduler(world)
    answer = ours.post("/webhooks", {"url": URL, "types": ["visit.opened"]}, key="one")
    made = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/webhooks/{made['id']}"
    assert made["secret"].startswith("whsec_")
    assert (made["url"], made["types"], made["active"], made["disabled_reason"]) == (URL, ["visit.opened"], True, None)
    shown = {name: value for name, value in made.items() if name != "secret"}
    again = ours.post("/webhooks", {"url": URL, "types": ["visit.opened"]}, key="one")
    assert (again.status_code, again.json) == (201, shown)
    assert ours.read("/webhooks")["items"] == [shown]
    assert ours.read(f"/webhooks/{made['id']}") == shown
    for somebody in (world.home.providers[1].scheduler, world.home.reimburser, world.foreign.reimburser):
        assert somebody.read("/webhooks")["items"] == []
        assert somebody.get(f"/webhooks/{made['id']}").status_code == 404
        assert somebody.put(f"/webhooks/{made['id']}", {"url": URL}, etag='"1"').status_code == 404
        for below in ("secret", "test"):
            assert somebody.post(f"/webhooks/{made['id']}/{below}", {}).status_code == 404
        assert somebody.get(f"/webhooks/{made['id']}/deliveries").status_code == 404
    with world.app.extensions["hemtid"].database.transaction() as tx:
        for table in ("webhook", "webhook_version", "idempotency"):
            rows = tx.connection.execute(text(f"SELECT * FROM {table}")).all()
            assert rows
            assert made["secret"] not in str(rows)


def test_F41_a_webhook_is_replaced_by_version_and_goes_on_where_it_stands(sqlite_home: World) -> None:
    ours = scheduler(sqlite_home)
    made = ours.make("/webhooks", {"url": URL})
    path = f"/webhooks/{made['id']}"
    assert made["sequence"] > 0  # what has happened before is not told
    assert ours.put(path, {"url": URL}).status_code == 428
    assert ours.put(path, {"url": URL}, etag='"7"').status_code == 412
    replaced = ours.put(path, {"url": f"{URL}/2", "active": False}, etag='"1"')
    assert (replaced.status_code, replaced.headers["ETag"]) == (200, '"2"')
    assert (replaced.json["active"], replaced.json["sequence"]) == (False, made["sequence"])
    sent_back = ours.put(path, {"url": URL, "after": 0}, etag='"2"')
    assert sent_back.json["sequence"] == 0


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({}, "/url"),
        ({"url": "http://receiver.example/"}, "/url"),
        ({"url": "https://a:b@receiver.example/"}, "/url"),
        ({"url": "https://10.0.0.1/"}, "/url"),
        ({"url": "https://receiver.example/" + "9" * 2_000}, "/url"),
        ({"url": "https://receiver.example/%"}, None),
        ({"url": "https://receiver.example/\u0000"}, "/url"),
        ({"url": "https://" + "9" * 400 + "/"}, None),
        ({"url": URL, "types": ["visit.opened", "visit.eaten"]}, "/types/1"),
        ({"url": URL, "types": [1]}, "/types/0"),
        ({"url": URL, "types": ["visit.opened"] * 2}, "/types/1"),
        ({"url": URL, "after": 10**18}, "/after"),
        ({"url": URL, "after": -1}, "/after"),
        ({"url": URL, "secret": "whsec_mine"}, "/secret"),
    ],
)
def test_what_cannot_be_is_refused_with_a_pointer(sqlite_home: World, wish: JSON, pointer: str | None) -> None:
    before = sqlite_home.app.extensions["hemtid"]
    strict = replace(before.settings, webhook_allowed=Allowed())
    sqlite_home.app.extensions["hemtid"] = replace(before, settings=strict)
    answer = scheduler(sqlite_home).post("/webhooks", wish)
    sqlite_home.app.extensions["hemtid"] = before
    if pointer is None:
        assert answer.status_code == 201, answer.text
        return
    assert answer.status_code == 422, answer.text
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]


def test_an_installation_without_a_key_keeps_no_secrets(sqlite_home: World) -> None:
    before = sqlite_home.app.extensions["hemtid"]
    sqlite_home.app.extensions["hemtid"] = replace(before, settings=replace(before.settings, webhook_key=None))
    answer = scheduler(sqlite_home).post("/webhooks", {"url": URL})
    sqlite_home.app.extensions["hemtid"] = before
    assert (answer.status_code, "no key" in answer.text) == (409, True)


def test_a_client_has_ten_webhooks_and_lists_them_by_pages(sqlite_home: World) -> None:
    ours = scheduler(sqlite_home)
    made = [ours.make("/webhooks", {"url": f"{URL}/{number}"})["id"] for number in range(10)]
    assert ours.post("/webhooks", {"url": URL}).status_code == 409
    first = ours.read("/webhooks", limit=6)
    rest = ours.read("/webhooks", limit=6, after=first["next"])
    assert [one["id"] for one in (*first["items"], *rest["items"])] == made
    assert "next" not in rest


def _example_says(world: World, secret: str, got: Got) -> bool:
    """What the specification's own example of verifying makes of it."""
    tags = world.app.test_client().get("/openapi.json").get_json()["tags"]
    description = next(tag["description"] for tag in tags if tag["name"] == "webhooks")
    example = "\n".join(line for line in description.splitlines() if line.startswith("    ") or not line)
    known: dict[str, Any] = {}
    exec(textwrap.dedent(example), known)
    said: bool = known["is_from_hemtid"](secret, got.headers, got.body)
    return said


def test_a_webhook_is_tried_on_demand_and_says_how_it_was_taken(sqlite_home: World) -> None:
    ours = scheduler(sqlite_home)
    with receiving() as receiver:
        made, other = (ours.make("/webhooks", {"url": receiver.url}) for _ in range(2))
        path = f"/webhooks/{made['id']}"
        taken = ours.make(f"{path}/test", {})
        assert (taken["status"], taken["error"], taken["type"], taken["sequence"]) == (204, None, "webhook.test", None)
        got = receiver.got[0]
        assert got.signed_by(made["secret"])
        assert _example_says(sqlite_home, made["secret"], got)
        assert not _example_says(sqlite_home, other["secret"], got)
        assert got.id == taken["message_id"]
        assert got.message["data"] == {"webhook_id": made["id"]}
        receiver.replies += [reply(500, b"what we think of you")]
        refused = ours.make(f"{path}/test", {})
        assert (refused["status"], refused["error"]) == (500, "status")
    closed = ours.make(f"{path}/test", {})
    assert (closed["status"], closed["error"]) == (None, "connection_failed")
    told = ours.get(f"{path}/deliveries", limit=2)
    assert [one["error"] for one in told.json["items"]] == ["connection_failed", "status"]
    assert "think" not in told.text
    rest = ours.read(f"{path}/deliveries", limit=2, after=told.json["next"])
    assert [one["error"] for one in rest["items"]] == [None]
    assert ours.read(path)["failures"] == 0
