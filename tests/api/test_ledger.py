"""Receipts, seals and proofs over HTTP, as whoever holds them can check them alone (A5)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from flask import Flask

from app.actions.running import Running
from app.rules.ledger.signed import Receipt, Seal
from app.storage.database import open_database
from app.storage.ids import new_id
from app.storage.rights import grant_rights
from schemas.ledger import ReceiptSchema, SealSchema
from tests.api.conftest import _running_on
from tests.api.places import Relation, happened, registration
from tests.api.world import World
from tests.postgres import Server
from tests.settings import settings_for

KEY = Ed25519PrivateKey.generate()
AT = "2014-02-03T09:00:00Z"


@pytest.fixture
def sealing(world: World) -> Iterator[World]:
    """The world, on an installation that has a key to seal with."""
    running = world.app.extensions["hemtid"]
    settings = settings_for(running.settings.database_url, demo_clock=True, seal_key=KEY)
    world.app.extensions["hemtid"] = Running(database=running.database, settings=settings)
    yield world
    world.app.extensions["hemtid"] = running


def seal(world: World, *arguments: str) -> None:
    """Everything is sealed."""
    told = world.app.test_cli_runner().invoke(args=["seal", "--now", "2014-02-03T10:00:00Z", *arguments])
    assert told.exit_code == 0, told.output


def sent(world: World, **more: Any) -> dict[str, Any]:
    """A check-in as the caregiver sends it."""
    return registration(world.home.providers[0], "2029", "check_in", AT, **more)


def public_key(world: World, key_id: str) -> Ed25519PublicKey:
    """The key of this id, as anybody is told it."""
    keys = world.app.test_client().get("/api/v1/ledger/keys").get_json()["keys"]
    named = next(one for one in keys if one["kid"] == key_id)
    assert (named["kty"], named["crv"], named["alg"]) == ("OKP", "Ed25519", "EdDSA")
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(named["x"] + "="))


def check_signature(world: World, document: dict[str, Any], kind: str) -> None:
    """Returns where the document's signature is the named key's, computed as the specification says."""
    unsigned = {name: value for name, value in document.items() if name != "signature"} | {"type": kind}
    message = json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    public_key(world, document["key_id"]).verify(bytes.fromhex(document["signature"]), message)


def climbed(proof: dict[str, Any]) -> str:
    """The root to which the path leads, as RFC 9162 section 2.1.3.2 computes it and the product does not."""
    here = hashlib.sha256(b"\0" + bytes.fromhex(proof["payload_hash"])).digest()
    place, last = proof["position"], proof["seal"]["size"] - 1
    for node in map(bytes.fromhex, proof["path"]):
        if place % 2 or place == last:
            here = hashlib.sha256(b"\1" + node + here).digest()
            while not place % 2 and place:
                place, last = place >> 1, last >> 1
        else:
            here = hashlib.sha256(b"\1" + here + node).digest()
        place, last = place >> 1, last >> 1
    assert last == 0
    return here.hex()


def test_A5_a_registration_is_answered_with_a_receipt_that_its_holder_can_check_alone(sealing: World) -> None:
    caregiver = sealing.home.providers[0].caregiver
    content = sent(sealing)
    receipt = caregiver.make("/registrations", content, at=AT)["receipt"]
    check_signature(sealing, receipt, "hemtid.receipt.v1")
    assert (receipt["registration_id"], receipt["at"]) == (content["id"], AT)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert receipt["content_hash"] == hashlib.sha256(canonical).hexdigest()
    with pytest.raises(InvalidSignature):
        check_signature(sealing, {**receipt, "at": "2014-02-03T08:00:00Z"}, "hemtid.receipt.v1")


def test_A5_the_same_registration_again_is_answered_with_the_same_receipt(sealing: World) -> None:
    """V2: whoever sends it, at the door or in a batch."""
    caregiver, content = sealing.home.providers[0].caregiver, sent(sealing)
    first = caregiver.make("/registrations", content, at=AT)
    assert caregiver.make("/registrations", content, at="2014-02-03T11:00:00Z") == first
    again = sealing.home.measurer.make("/registrations/batch", {"items": [content, content]}, at="2014-02-03T12:00:00Z")
    assert [one["resource"]["receipt"] for one in again["results"]] == [first["receipt"]] * 2


def test_A5_each_row_of_a_batch_has_its_receipt(sealing: World) -> None:
    items = [sent(sealing), sent(sealing, captured_at="2014-02-03T09:30:00Z"), {"id": "unreadable"}]
    answered = sealing.home.providers[0].caregiver.make("/registrations/batch", {"items": items}, at=AT)["results"]
    for item, one in zip(items[:2], answered, strict=False):
        assert one["resource"]["receipt"]["registration_id"] == item["id"]
        check_signature(sealing, one["resource"]["receipt"], "hemtid.receipt.v1")
    assert "resource" not in answered[2]


def test_A5_a_receipt_is_proven_to_be_in_the_signed_tree(sealing: World) -> None:
    happened(sealing)
    caregiver, auditor = sealing.home.providers[0].caregiver, sealing.home.auditor
    made = caregiver.make(
        "/registrations", sent(sealing, captured_at="2014-02-05T09:00:00Z"), at="2014-02-05T09:00:00Z"
    )
    path = f"/ledger/proofs/{made['id']}"
    waiting = auditor.get(path)
    assert (waiting.status_code, waiting.json["rule"]) == (409, "A5")
    seal(sealing)
    proof = caregiver.read(path)
    assert proof == auditor.read(path)
    assert proof["payload_hash"] == made["receipt"]["payload_hash"]
    assert climbed(proof) == proof["seal"]["root"]
    check_signature(sealing, proof["seal"], "hemtid.seal.v1")
    listed = auditor.read("/ledger/seals")
    assert listed["items"][-1] == proof["seal"]
    assert sealing.home.controller.read("/ledger/seals", after=listed["next"]) == {"items": []}
    assert sealing.foreign.auditor.get(path).status_code == 404


def test_A5_the_command_proves_the_answer_that_was_kept(sealing: World, tmp_path: Path) -> None:
    made = sealing.home.providers[0].caregiver.make("/registrations", sent(sealing), at=AT)
    (tmp_path / "answer.json").write_text(json.dumps(made))
    (tmp_path / "receipt.json").write_text(json.dumps(made["receipt"]))
    before = _verified(sealing, tmp_path / "answer.json")
    assert (before["sealed"], before["fault"]) == (False, None)
    seal(sealing)
    for file in ("answer.json", "receipt.json"):
        after = _verified(sealing, tmp_path / file)
        assert (after["sealed"], after["fault"], after["registration_id"]) == (True, None, made["id"])
    (tmp_path / "forged.json").write_text(json.dumps(made["receipt"] | {"at": "2014-02-03T08:00:00Z"}))
    assert _verified(sealing, tmp_path / "forged.json", code=1)["fault"] == "not_ours"


def _verified(world: World, file: Path, code: int = 0) -> Any:
    told = world.app.test_cli_runner().invoke(args=["verify", "--receipt", str(file)])
    assert told.exit_code == code, told.output
    return json.loads(told.output)


def test_A5_everything_that_happened_is_sealed_and_verifies(sealing: World, tmp_path: Path) -> None:
    happened(sealing)
    seal(sealing, "--to", str(tmp_path / "seals.jsonl"))
    told = sealing.app.test_cli_runner().invoke(args=["verify", "--against", str(tmp_path / "seals.jsonl")])
    assert told.exit_code == 0, told.output
    lines = [json.loads(line) for line in told.output.splitlines()]
    assert [(one["fault"], one["waiting"]) for one in lines] == [(None, 0)] * 2
    assert lines[0]["leaves"] > 9


def test_A5_without_a_key_there_is_no_receipt_and_nothing_else_is_missing(world: World) -> None:
    made = world.home.providers[0].caregiver.make("/registrations", sent(world), at=AT)
    assert "receipt" not in made
    assert world.app.test_client().get("/api/v1/ledger/keys").get_json() == {"keys": []}
    assert world.home.auditor.read("/ledger/seals") == {"items": []}


def test_A5_a_registration_that_is_not_there_has_no_proof(sealing: World) -> None:
    for somebody in (sealing.home.auditor, sealing.home.providers[0].caregiver):
        assert somebody.get(f"/ledger/proofs/{new_id()}").status_code == 404


def test_A5_documents_are_written_as_their_schemas_dump_them(sealing: World) -> None:
    made = sealing.home.providers[0].caregiver.make("/registrations", sent(sealing), at=AT)
    seal(sealing)
    (kept,) = sealing.home.auditor.read("/ledger/seals")["items"]
    assert ReceiptSchema().dump(Receipt.of(made["receipt"])) == made["receipt"]
    assert SealSchema().dump(Seal.of(kept)) == kept == Seal.of(kept).document


def test_F46_the_product_serves_everything_with_the_rights_of_a_role_that_owns_nothing(
    postgres_home: World, postgres_server: Server, world_app: Flask, tmp_path: Path
) -> None:
    """FAULTS 46: whatever the journeys of the access matrix need, and the commands that timers call."""
    url = world_app.extensions["hemtid"].settings.database_url
    with postgres_server.role("hemtid_journey", url) as serving, closing(open_database(settings_for(url))) as owner:
        with owner.transaction() as tx:
            grant_rights(tx, "hemtid_journey")
        with _running_on(world_app, serving):
            running = world_app.extensions["hemtid"]
            keyed = settings_for(serving, demo_clock=True, seal_key=KEY)
            world_app.extensions["hemtid"] = Running(database=running.database, settings=keyed)
            places = happened(postgres_home)
            _judged(postgres_home, places[Relation.OWN])
            for command in (["sweep"], ["close-month"], ["rebuild-visits"], ["seal", "--to", str(tmp_path / "seals")]):
                told = world_app.test_cli_runner().invoke(args=command)
                assert told.exit_code == 0, told.output
            verified = world_app.test_cli_runner().invoke(args=["verify", "--against", str(tmp_path / "seals")])
            assert verified.exit_code == 0, verified.output


def _judged(world: World, ids: Any) -> None:
    """The explanation is accepted, the correction approved, and the request for more time decided."""
    system, provider = world.home, world.home.providers[0]
    late = "2014-02-06T09:00:00Z"
    officer = system.officers[system.municipalities[0]]
    officer.make(f"/explanations/{ids['explanation_id']}/verdict", {"outcome": "accepted"}, at=late)
    approved = f"/visits/{ids['visit_id']}/corrections/{ids['correction_id']}/approval"
    provider.second_coordinator.make(approved, {}, at=late)
