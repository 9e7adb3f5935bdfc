"""Phones over HTTP: enrolled by a QR code, bound to their key, refreshed, revoked. A1, V17; FAULTS 22, 40, 42, 43."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key

from app.storage.ids import new_id
from tests.api.places import registration
from tests.api.world import NOW, World
from tests.counts import count
from tests.phones import V1, Key, Phone, enrol, enrolled, signed_in

LATER = "2014-02-03T08:10:00Z"
"""Ten minutes after `NOW`."""


@pytest.fixture
def phone(world: World) -> Phone:
    return enrolled(world.home.providers[0])


def test_A1_a_phone_is_enrolled_by_the_qr_code_and_its_tokens_are_bound_to_its_key(world: World) -> None:
    provider = world.home.providers[0]
    offer = provider.coordinator.make("/devices", {"name": "Phone 4"})
    assert offer["state"] == "offered"
    assert offer["url"].endswith(f"#enrol={offer['token']}")
    assert offer["qr_svg"].startswith("<?xml") or offer["qr_svg"].startswith("<svg")
    key, token = Key(), signed_in(provider.caregiver)
    answer = enrol(provider.caregiver, token, offer["token"], key)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    device, tokens = answer.json["device"], answer.json["tokens"]
    assert (device["state"], device["enrolled_by"]) == ("enrolled", provider.caregiver.id)
    assert tokens["token_type"] == "DPoP"
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["cnf"] == {"jkt": key.thumbprint}
    assert provider.coordinator.read(f"/devices/{device['id']}")["state"] == "enrolled"
    assert [one["id"] for one in provider.coordinator.read("/devices")["items"]] == [device["id"]]
    assert "token" not in provider.coordinator.get("/devices").text


def test_A1_the_session_without_a_key_ends_as_its_phone_is_enrolled(world: World) -> None:
    provider = world.home.providers[0]
    offer = provider.coordinator.make("/devices", {"name": "Phone 4"})
    token = signed_in(provider.caregiver)
    assert enrol(provider.caregiver, token, offer["token"], Key()).status_code == 201
    after = world.app.test_client().get(f"{V1}/visits", headers={"Authorization": f"Bearer {token}"})
    assert after.status_code == 401


@pytest.mark.parametrize(
    ("at", "status"), [("2014-02-03T08:09:59Z", 201), (LATER, 409)], ids=["the last second", "ten minutes"]
)
def test_A1_a_qr_code_is_good_for_ten_minutes(world: World, at: str, status: int) -> None:
    provider = world.home.providers[0]
    offer = provider.coordinator.make("/devices", {"name": "Phone 4"}, at=NOW)
    provider.caregiver.now = at
    assert enrol(provider.caregiver, signed_in(provider.caregiver), offer["token"], Key()).status_code == status


def test_A1_a_qr_code_is_good_once_and_for_its_own_provider(world: World) -> None:
    provider, other = world.home.providers
    offer = provider.coordinator.make("/devices", {"name": "Phone 4"})
    theirs, key = other.caregiver, Key()
    assert enrol(theirs, signed_in(theirs), offer["token"], Key()).status_code == 404
    abroad = world.foreign.providers[0].caregiver
    assert enrol(abroad, signed_in(abroad), offer["token"], Key()).status_code == 404
    assert enrol(provider.caregiver, signed_in(provider.caregiver), offer["token"], key).status_code == 201
    assert enrol(provider.caregiver, signed_in(provider.caregiver), offer["token"], Key()).status_code == 409
    again = provider.coordinator.make("/devices", {"name": "Phone 5"})
    taken = enrol(provider.caregiver, signed_in(provider.caregiver), again["token"], key)
    assert (taken.status_code, taken.json["errors"][0]["pointer"]) == (409, "/public_key")
    assert enrol(provider.caregiver, signed_in(provider.caregiver), "never offered", Key()).status_code == 404


def test_A1_a_key_that_is_not_proven_enrols_no_phone(world: World) -> None:
    provider = world.home.providers[0]
    offer = provider.coordinator.make("/devices", {"name": "Phone 4"})
    token, key, other = signed_in(provider.caregiver), Key(), Key()
    path, client = f"{V1}/devices/enrolment", world.app.test_client()
    bearer = {"Authorization": f"Bearer {token}", "Hemtid-Demo-Clock": NOW}
    told = {"token": offer["token"], "public_key": key.jwk}
    wrong = [{}, {"DPoP": other.proof("POST", path, token)}, {"DPoP": key.proof("POST", path)}]
    for headers in wrong:
        answer = client.post(path, json=told, headers={**bearer, **headers})
        assert answer.status_code == 401, answer.text
        assert "invalid_dpop_proof" in answer.headers["WWW-Authenticate"]
    told["public_key"] = {**key.jwk, "d": "c2VjcmV0"}
    assert client.post(path, json=told, headers=bearer).status_code == 422


def bent(phone: Phone, **changes: Any) -> str:
    return phone.key.proof("GET", f"{V1}/visits", phone.access_token, **changes)


NOT_P256 = generate_private_key(SECP384R1())
BENT: list[tuple[str, Callable[[Phone], str]]] = [
    ("none", lambda _: ""),
    ("no JWT", lambda _: "proof"),
    ("another's key", lambda phone: Key().proof("GET", f"{V1}/visits", phone.access_token)),
    ("another method", lambda phone: bent(phone, htm="POST")),
    ("a method in small letters", lambda phone: bent(phone, htm="get")),
    ("another path", lambda phone: bent(phone, htu=f"https://hemtid.example{V1}/customers")),
    ("another host", lambda phone: bent(phone, htu=f"https://hemtid.example.evil{V1}/visits")),
    ("no address", lambda phone: bent(phone, htu=None)),
    ("too old", lambda phone: bent(phone, iat=int(time.time()) - 63)),
    ("from the future", lambda phone: bent(phone, iat=int(time.time()) + 63)),
    ("an iat that is no number", lambda phone: bent(phone, iat="now")),
    ("an iat beyond the calendar", lambda phone: bent(phone, iat=10**15)),
    ("no iat", lambda phone: bent(phone, iat=None)),
    ("no jti", lambda phone: bent(phone, jti=None)),
    ("an empty jti", lambda phone: bent(phone, jti="")),
    ("a jti of half a letter", lambda phone: bent(phone, jti="\ud800")),
    ("a jti that is no text", lambda phone: bent(phone, jti=7)),
    ("no ath", lambda phone: bent(phone, ath=None)),
    ("another token's ath", lambda phone: phone.key.proof("GET", f"{V1}/visits", "another")),
    ("another type", lambda phone: bent(phone, header={"typ": "JWT"})),
    ("no key", lambda phone: bent(phone, header={"jwk": None})),
    ("a key that tells its secret", lambda phone: bent(phone, header={"jwk": {**phone.key.jwk, "d": "AA"}})),
    ("a key off the curve", lambda phone: bent(phone, header={"jwk": {**phone.key.jwk, "x": phone.key.jwk["y"]}})),
    ("a key of no texts", lambda phone: bent(phone, header={"jwk": {**phone.key.jwk, "x": [1], "y": {}}})),
    ("an extension that must be understood", lambda phone: bent(phone, header={"crit": ["b64"], "b64": True})),
    ("a symmetric key", lambda phone: jwt.encode(
        jwt.decode(bent(phone), options={"verify_signature": False}), "secret" * 8, "HS256",
        headers={"typ": "dpop+jwt", "jwk": {"kty": "oct", "k": "c2VjcmV0"}})),
    ("no signature", lambda phone: jwt.encode(
        jwt.decode(bent(phone), options={"verify_signature": False}), "", "none",
        headers={"typ": "dpop+jwt", "jwk": phone.key.jwk})),
    ("another curve", lambda phone: jwt.encode(
        jwt.decode(bent(phone), options={"verify_signature": False}), NOT_P256, "ES384",
        headers={"typ": "dpop+jwt", "jwk": phone.key.jwk})),
    ("two proofs", lambda phone: f"{bent(phone)}, {bent(phone)}"),
    ("a changed signature", lambda phone: bent(phone)[:-8] + "AAAAAAAA"),
]  # fmt: skip


def test_A1_a_bound_token_without_its_keys_proof_is_nobodys(sqlite_home: World) -> None:
    """FAULTS 40, 43; RFC 9449 section 4.3."""
    phone, let_in = enrolled(sqlite_home.home.providers[0]), []
    assert phone.ask("GET", "/visits", proof=bent(phone)).status_code == 200
    assert (
        phone.ask("GET", "/visits", proof=bent(phone, htu=f"https://hemtid.example{V1}/visits?x#y")).status_code == 200
    )
    for name, bend in BENT:
        answer = phone.ask("GET", "/visits", headers={"DPoP": bend(phone)})
        if answer.status_code != 401 or "invalid_dpop_proof" not in answer.headers["WWW-Authenticate"]:
            let_in.append(f"{name}: {answer.status_code} {answer.headers.get('WWW-Authenticate')}")
    assert let_in == []


def test_A1_a_bound_token_is_no_bearer_token_and_the_other_way_round(world: World, phone: Phone) -> None:
    bearer = {"Authorization": f"Bearer {phone.access_token}"}
    assert phone.ask("GET", "/visits", headers=bearer).status_code == 401
    desk = world.home.providers[0].coordinator
    as_dpop = {"Authorization": f"DPoP {desk.token}", "DPoP": phone.key.proof("GET", f"{V1}/visits", desk.token)}
    assert desk.ask("GET", "/visits", headers=as_dpop).status_code == 401
    assert desk.get("/visits").status_code == 200


def test_A1_a_proof_is_good_once(phone: Phone) -> None:
    """FAULTS 43."""
    proof = bent(phone)
    answers = [phone.ask("GET", "/visits", proof=proof).status_code for _ in range(3)]
    assert answers == [200, 401, 401]


def test_A1_a_phones_refresh_token_needs_its_key_and_rotates(phone: Phone) -> None:
    """FAULTS 42."""
    first = phone.refresh_token
    for wrong in ("", Key().proof("POST", f"{V1}/tokens")):
        answer = (
            phone.refresh(first, proof=wrong or None)
            if wrong
            else phone._open("POST", "/tokens", {}, json={"grant_type": "refresh_token", "refresh_token": first})
        )
        assert answer.status_code == 401
        assert "invalid_dpop_proof" in answer.headers["WWW-Authenticate"]
    phone.goes_on(phone.refresh())
    assert phone.refresh_token != first
    assert phone.ask("GET", "/visits").status_code == 200


def test_A1_a_phone_whose_answer_was_lost_gets_the_same_successor_until_it_uses_that(phone: Phone) -> None:
    """FAULTS 42."""
    first = phone.refresh_token
    lost = [phone.refresh(first).json["refresh_token"] for _ in range(3)]
    assert len(set(lost)) == 1
    assert lost[0] != first
    phone.goes_on(phone.refresh(first))
    phone.goes_on(phone.refresh())
    assert phone.ask("GET", "/visits").status_code == 200


def test_A1_a_phones_token_that_comes_again_after_its_successor_ends_the_session(phone: Phone) -> None:
    """FAULTS 42: real reuse, by whoever has the key too."""
    first = phone.refresh_token
    phone.goes_on(phone.refresh())
    phone.goes_on(phone.refresh())
    soon = int(time.time()) + 2
    assert phone.refresh(first, proof=phone.key.proof("POST", f"{V1}/tokens", iat=soon)).status_code == 401
    assert phone.refresh().status_code == 401
    assert phone.ask("GET", "/visits").status_code == 401


def test_A1_a_question_that_straggles_behind_its_successor_locks_nobody_out(phone: Phone) -> None:
    """FAULTS 42: asked before the phone went on, and held up on the way."""
    first, late = phone.refresh_token, phone.key.proof("POST", f"{V1}/tokens", iat=int(time.time()) - 5)
    phone.goes_on(phone.refresh())
    phone.goes_on(phone.refresh())
    assert phone.refresh(first, proof=late).status_code == 401
    phone.goes_on(phone.refresh())
    assert phone.ask("GET", "/visits").status_code == 200


def test_A1_whoever_lacks_the_key_ends_no_session_by_a_used_token(phone: Phone) -> None:
    """FAULTS 42: a stolen token alone locks nobody out."""
    first = phone.refresh_token
    phone.goes_on(phone.refresh())
    phone.goes_on(phone.refresh())
    assert phone.refresh(first, proof=Key().proof("POST", f"{V1}/tokens")).status_code == 401
    phone.goes_on(phone.refresh())


def test_A1_no_honest_phone_is_locked_out_in_a_thousand_lost_answers(sqlite_home: World) -> None:
    """FAULTS 42: answers lost in every pattern, 0 false lock-outs."""
    phone, refused = enrolled(sqlite_home.home.providers[0]), 0
    for turn in range(count(1_000)):
        for _ in range(turn % 4):
            refused += phone.refresh().status_code != 200
        answer = phone.refresh()
        refused += answer.status_code != 200
        phone.goes_on(answer)
    assert refused == 0


def test_A1_a_revoked_phone_is_out_on_its_next_request(world: World, phone: Phone) -> None:
    """FAULTS 22."""
    provider = world.home.providers[0]
    assert phone.ask("GET", "/visits").status_code == 200
    revoked = provider.coordinator.make(f"/devices/{phone.id}/revocation", {"reason": "Left on a bus"})
    assert (revoked["state"], revoked["revoked_reason"]) == ("revoked", "Left on a bus")
    assert phone.ask("GET", "/visits").status_code == 401
    for told in (phone.refresh(), phone.sign_in(provider.caregiver)):
        assert (told.status_code, told.json["facts"]) == (401, {"phone": "revoked"})
    assert "facts" not in phone.refresh(proof=Key().proof("POST", f"{V1}/tokens")).json
    assert provider.coordinator.post(f"/devices/{phone.id}/revocation", {}).status_code == 409
    assert provider.caregiver.get("/visits").status_code == 200


def test_A1_a_phone_is_revoked_by_its_own_provider_alone(world: World, phone: Phone) -> None:
    for coordinator in (world.home.providers[1].coordinator, world.foreign.providers[0].coordinator):
        for path in (f"/devices/{phone.id}", f"/devices/{new_id()}"):
            assert coordinator.get(path).status_code == 404
            assert coordinator.post(f"{path}/revocation", {}).status_code == 404
        assert coordinator.read("/devices")["items"] == []
    assert phone.ask("GET", "/visits").status_code == 200


def test_V17_whoever_signs_in_on_a_phone_signs_the_former_out_of_it(world: World, phone: Phone) -> None:
    provider = world.home.providers[0]
    token, refresh = phone.access_token, phone.refresh_token
    assert phone.sign_in(provider.caregivers[1]).status_code == 200
    former = phone.ask("GET", "/visits", headers={"Authorization": f"DPoP {token}"},
                       proof=phone.key.proof("GET", f"{V1}/visits", token))  # fmt: skip
    assert former.status_code == 401
    assert phone.refresh(refresh).status_code == 401
    assert phone.ask("GET", "/visits").status_code == 200


def test_V17_only_caregivers_of_its_provider_sign_in_on_a_phone(world: World, phone: Phone) -> None:
    for somebody in (world.home.providers[1].caregiver, world.home.providers[0].coordinator, world.operator):
        told = phone.sign_in(somebody)
        assert (told.status_code, told.json["facts"]) == (401, {"phone": "unknown"})
    assert phone.ask("GET", "/visits").status_code == 200


def test_V17_a_registration_knows_the_phone_that_delivered_it(world: World, phone: Phone) -> None:
    provider = world.home.providers[0]
    sent = registration(provider, "2029", "check_in", NOW)
    assert phone.post("/registrations", sent | {"device_id": phone.id}).status_code == 422
    made = phone.post("/registrations", sent)
    assert made.status_code == 201, made.text
    assert made.json["device_id"] == phone.id
    assert phone.post("/registrations", sent).json["device_id"] == phone.id
    desk = registration(provider, "2029", "check_out", LATER)
    assert provider.caregiver.make("/registrations", desk, at=LATER)["device_id"] is None
