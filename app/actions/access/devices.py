"""Phones: a coordinator offers a QR code, the phone registers its key by it, and a lost one is revoked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from app.actions.access.proofs import WrongProof, bare_key, thumbprint, use_proof
from app.actions.access.secrets import digest, new_secret
from app.actions.access.signing_in import OnPhone, SignedIn
from app.actions.calls import Call
from app.rules.access import Actor, Resource, Verb
from app.rules.access.devices import ENROLMENT_SECONDS, Device, check_enrols, check_revocable
from app.rules.refusal import Kind, Refused
from app.storage.access import Subject, devices, sessions
from app.storage.access.sessions import SessionKey
from app.storage.conflicts import violated_key
from app.storage.database import Transaction
from app.storage.ids import new_id

ENROLMENT_PATH = "/t/#enrol="
"""Where the QR code leads: the token stands behind the #, so that no server's log has it. Source: our decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A phone that may be enrolled, with what its QR code says: told here, and never again."""

    device: Device
    token: str = field(repr=False)
    url: str = field(repr=False)


def offer_device(call: Call, name: str) -> Offer:
    """A phone of the coordinator's provider may be enrolled, once, within ten minutes. Raises Refused A2."""
    call.check(Resource.DEVICE, Verb.CREATE)
    token = new_secret()
    device = Device(
        id=new_id(),
        provider_id=_provider_of(call.actor),
        name=name,
        created_at=call.now,
        created_by=call.actor.id,
        expires_at=call.now + timedelta(seconds=ENROLMENT_SECONDS),
    )
    with call.database.transaction() as tx:
        devices.insert_device(tx.connection, call.care_system_id, device, digest(token))
    return Offer(device=device, token=token, url=f"{call.settings.base_url}{ENROLMENT_PATH}{token}")


def list_devices(call: Call, after: str | None, limit: int) -> tuple[Device, ...]:
    """At most `limit` phones of the coordinator's provider, by id. Raises Refused A2."""
    call.check(Resource.DEVICE, Verb.READ)
    with call.database.transaction(write=False) as tx:
        provider_id = _provider_of(call.actor)
        return devices.page_of_devices(tx, call.care_system_id, provider_id, device_id=None, after=after, limit=limit)


def read_device(call: Call, device_id: str) -> Device:
    """The phone as it stands. Raises Refused: A2, A1 (404)."""
    call.check(Resource.DEVICE, Verb.READ)
    with call.database.transaction(write=False) as tx:
        provider_id = _provider_of(call.actor)
        found = devices.page_of_devices(tx, call.care_system_id, provider_id, device_id=device_id, after=None, limit=1)
    if not found:
        raise _missing()
    return found[0]


def enrol(
    call: Call, token: str, key: Mapping[str, object], phone: OnPhone, real_now: datetime
) -> tuple[Device, SignedIn]:
    """The phone at hand is the device that the token was made for, and whoever is signed in on it is so by its key.

    The session without a key ends. Raises Refused: A2, A1 (404, 409), and `WrongProof` where the proof is not the
    key's. Source: FAULTS, Tokens; RFC 9449.
    """
    call.check(Resource.DEVICE, Verb.ENROL)
    if call.actor.device_id is not None:
        raise Refused("A1", "the phone is enrolled already")
    if thumbprint(key) != phone.proof.thumbprint:
        raise WrongProof("The DPoP proof is of another key than the one to be registered.")
    try:
        with call.database.transaction() as tx:
            return _enrol(tx, call, token, key, phone, real_now)
    except IntegrityError as fault:
        if violated_key(fault) != "uq_device_thumbprint":
            raise
        raise Refused("A1", "this key is a phone's already, or was", pointer="/public_key") from fault


def _enrol(
    tx: Transaction, call: Call, token: str, key: Mapping[str, object], phone: OnPhone, real_now: datetime
) -> tuple[Device, SignedIn]:
    connection, cs, actor = tx.connection, call.care_system_id, call.actor
    found = devices.offered(connection, cs, digest(token))
    if found is None or actor.caregiver_id is None:
        raise _missing()
    check_enrols(actor, found, call.now)
    use_proof(tx, cs, phone.proof, real_now)
    devices.keep_key(connection, cs, found.id, phone.proof, bare_key(key), actor.id, call.now)
    if actor.session_id is not None:
        before = SessionKey(care_system_id=cs, id=actor.session_id, user_id=actor.id)
        devices.sign_in(connection, before, found.id, actor.caregiver_id, call.now)
    session = SessionKey(care_system_id=cs, id=new_id(), user_id=actor.id)
    refresh = new_secret()
    sessions.start_session(connection, session, real_now)
    sessions.add_refresh_token(connection, session, digest(refresh), None, real_now)
    devices.sign_in(connection, session, found.id, actor.caregiver_id, call.now)
    enrolled = replace(found, thumbprint=phone.proof.thumbprint, enrolled_at=call.now, enrolled_by=actor.id)
    signed = SignedIn(
        subject=Subject.USER,
        actor=replace(actor, session_id=session.id, device_id=found.id, device_since=call.now),
        refresh_token=refresh,
        thumbprint=enrolled.thumbprint,
    )
    return enrolled, signed


def revoke_device(call: Call, device_id: str, reason: str | None) -> Device:
    """The phone is out of use from its next request on; whoever was signed in there is no more.

    What it captured before, and delivers afterwards, waits in the quarantine. Raises Refused: A2, A1 (404, 409).
    Source: FAULTS 22.
    """
    call.check(Resource.DEVICE, Verb.REVOKE)
    cs, by = call.care_system_id, call.actor.id
    with call.database.transaction() as tx:
        found = devices.with_id(tx.connection, cs, device_id)
        if found is None or found.provider_id != call.actor.provider_id:
            raise _missing()
        check_revocable(found)
        devices.sign_out(tx.connection, cs, device_id, call.now)
        devices.revoke(tx.connection, cs, device_id, by=by, at=call.now, reason=reason)
    return replace(found, revoked_at=call.now, revoked_by=by, revoked_reason=reason)


def _provider_of(actor: Actor) -> str:
    if actor.provider_id is None:
        raise _missing()
    return actor.provider_id


def _missing() -> Refused:
    return Refused("A1", "not there, or not within your scope", Kind.MISSING)
