"""Tags over HTTP, and the QR code that is printed."""

from __future__ import annotations

import re

import zxingcpp

from tests.api.test_shell import problem
from tests.api.world import World

_SCALE = 4


def read_qr(svg: str) -> str:
    """What a phone reads from the drawing: its unit squares as black pixels on white."""
    side = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0]) * _SCALE
    pixels = bytearray(b"\xff" * side * side)
    for column, row in re.findall(r"M(\d+),(\d+)H", svg):
        for line in range(int(row) * _SCALE, (int(row) + 1) * _SCALE):
            start = line * side + int(column) * _SCALE
            pixels[start : start + _SCALE] = bytes(_SCALE)
    return str(zxingcpp.read_barcodes(memoryview(bytes(pixels)).cast("B", shape=[side, side]))[0].text)


def test_a_qr_tag_is_given_its_signed_address_once_and_the_drawing_carries_it(world: World) -> None:
    provider = world.home.providers[0]
    sent = {"customer_id": provider.customers["2029"].id, "kind": "qr", "valid_from": "2014-02-03"}
    made = provider.coordinator.post("/tags", sent)
    assert made.status_code == 201, made.text
    token = made.json["token"]
    assert token.startswith(f"https://hemtid.example/t/{made.json['id']}.1.")
    assert "token" not in provider.coordinator.read(made.headers["Location"])
    drawn = provider.coordinator.get(f"/tags/{made.json['id']}/qr.svg")
    assert (drawn.status_code, drawn.mimetype) == (200, "image/svg+xml")
    assert read_qr(drawn.text) == token


def test_a_tag_without_a_code_has_no_drawing_and_a_foreign_one_neither(world: World) -> None:
    provider, other = world.home.providers
    sent = {
        "customer_id": provider.customers["2029"].id,
        "kind": "nfc",
        "uid": "04:a2:24:5a:6f:61:80",
        "valid_from": "2014-02-03",
    }
    made = provider.coordinator.make("/tags", sent)
    assert (made["uid"], made["token"], made["state"]) == ("04A2245A6F6180", None, "mounted")
    problem(provider.coordinator.get(f"/tags/{made['id']}/qr.svg"), 404, "not-found")
    problem(other.coordinator.get(f"/tags/{provider.customers['2029'].tag_id}/qr.svg"), 404, "not-found")


def test_a_tag_is_revoked_by_replacing_it(world: World) -> None:
    provider = world.home.providers[0]
    tag_id = provider.customers["2029"].tag_id
    read = provider.coordinator.get(f"/tags/{tag_id}")
    sent = {name: value for name, value in read.json.items() if name not in ("id", "recorded_at")}
    revoked = provider.coordinator.put(f"/tags/{tag_id}", sent | {"state": "revoked"}, etag=read.headers["ETag"])
    assert revoked.json == read.json | {"state": "revoked", "recorded_at": "2014-02-03T08:00:00Z"}
    assert world.home.officers["2029"].read(f"/tags/{tag_id}")["state"] == "revoked"
