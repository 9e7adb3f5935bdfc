"""Enrolled phones, who was signed in on each when, and the proofs of their keys that were used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from app.rules.access.devices import Device, SignIn
from app.rules.access.proofs import PROOF_SECONDS, Proof
from app.storage.access.sessions import SessionKey
from app.storage.database import Transaction
from app.storage.statements import Row, insert_once, mappings
from app.storage.tables.access import session
from app.storage.tables.devices import device, device_sign_in, dpop_proof

PROOF_KEPT = timedelta(seconds=2 * PROOF_SECONDS + 1)
"""A proof made by a clock a minute ahead of ours is good for two; after that its age alone refuses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """An enrolled phone as a session is bound to it: whose it is, and who signed in."""

    care_system_id: str
    device: Device
    caregiver_id: str


def insert_device(connection: Connection, care_system_id: str, value: Device, token_hash: str) -> None:
    """The phone may be enrolled by whoever shows the token."""
    row = {
        "care_system_id": care_system_id,
        "id": value.id,
        "provider_id": value.provider_id,
        "name": value.name,
        "token_hash": token_hash,
        "created_at": value.created_at,
        "created_by": value.created_by,
        "expires_at": value.expires_at,
    }
    connection.execute(insert(device).values(row))


def lock_device(connection: Connection, care_system_id: str, *which: ColumnElement[bool]) -> Device | None:
    """The phone, its row locked until the transaction ends; None where there is none."""
    statement = select(device).where(device.c.care_system_id == care_system_id, *which).with_for_update()
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else _device(row)


def offered(connection: Connection, care_system_id: str, token_hash: str) -> Device | None:
    """The phone whose QR code holds the token, locked."""
    return lock_device(connection, care_system_id, device.c.token_hash == token_hash)


def with_key(connection: Connection, care_system_id: str, thumbprint: str) -> Device | None:
    """The phone with the key, locked: nobody is signed in on it or revokes it meanwhile."""
    return lock_device(connection, care_system_id, device.c.thumbprint == thumbprint)


def with_id(connection: Connection, care_system_id: str, device_id: str) -> Device | None:
    """The phone with the id, locked."""
    return lock_device(connection, care_system_id, device.c.id == device_id)


def page_of_devices(
    tx: Transaction, care_system_id: str, provider_id: str, *, device_id: str | None, after: str | None, limit: int
) -> tuple[Device, ...]:
    """Up to `limit` phones of the provider by id; the one with `device_id` alone where it is given."""
    theirs = (device.c.care_system_id == care_system_id, device.c.provider_id == provider_id)
    statement = select(device).where(*theirs).order_by(device.c.id).limit(limit)
    if device_id is not None:
        statement = statement.where(device.c.id == device_id)
    if after is not None:
        statement = statement.where(device.c.id > after)
    return tuple(_device(row) for row in mappings(tx, statement))


def keep_key(
    connection: Connection,
    care_system_id: str,
    device_id: str,
    proof: Proof,
    key: dict[str, str],
    by: str,
    at: datetime,
) -> None:
    """The phone is enrolled, with the key. Raises IntegrityError where a phone has or had that key."""
    connection.execute(
        update(device)
        .where(device.c.care_system_id == care_system_id, device.c.id == device_id)
        .values(thumbprint=proof.thumbprint, public_key=key, enrolled_at=at, enrolled_by=by)
    )


def revoke(
    connection: Connection, care_system_id: str, device_id: str, *, by: str, at: datetime, reason: str | None
) -> None:
    """The phone is revoked: whoever was signed in on it is no more."""
    connection.execute(
        update(device)
        .where(device.c.care_system_id == care_system_id, device.c.id == device_id)
        .values(revoked_at=at, revoked_by=by, revoked_reason=reason)
    )


def sign_in(connection: Connection, key: SessionKey, device_id: str, caregiver_id: str, at: datetime) -> None:
    """The session is bound to the phone, of which whoever was signed in there before is signed out."""
    sign_out(connection, key.care_system_id, device_id, at)
    row = {
        "care_system_id": key.care_system_id,
        "session_id": key.id,
        "device_id": device_id,
        "user_id": key.user_id,
        "caregiver_id": caregiver_id,
        "since": at,
    }
    connection.execute(insert(device_sign_in).values(row))


def sign_out(connection: Connection, care_system_id: str, device_id: str, at: datetime) -> None:
    """Nobody is signed in on the phone, from now on, and none of its refresh tokens is good any more."""
    here = (
        device_sign_in.c.care_system_id == care_system_id,
        device_sign_in.c.device_id == device_id,
        device_sign_in.c.until.is_(None),
    )
    theirs = select(device_sign_in.c.session_id).where(*here)
    ended = (session.c.care_system_id == care_system_id, session.c.id.in_(theirs), session.c.ended_at.is_(None))
    connection.execute(update(session).where(*ended).values(ended_at=at))
    connection.execute(update(device_sign_in).where(*here).values(until=at))


def sign_out_of(connection: Connection, key: SessionKey, at: datetime) -> None:
    """Nobody is signed in by the session on its phone any more."""
    here = (device_sign_in.c.care_system_id == key.care_system_id, device_sign_in.c.session_id == key.id)
    connection.execute(update(device_sign_in).where(*here, device_sign_in.c.until.is_(None)).values(until=at))


def sign_ins(connection: Connection, care_system_id: str, device_id: str) -> tuple[SignIn, ...]:
    """Everybody who was signed in on the phone, in order. Source: V17."""
    table = device_sign_in.c
    here = (table.care_system_id == care_system_id, table.device_id == device_id)
    statement = select(table.caregiver_id, table.since, table.until).where(*here).order_by(table.since)
    return tuple(SignIn(**row) for row in connection.execute(statement).mappings())


def phone_of(connection: Connection, care_system_id: str, session_id: str) -> Phone | None:
    """The phone that the session is or was bound to, revoked or not; None where it is bound to none."""
    joined = and_(device.c.care_system_id == device_sign_in.c.care_system_id, device.c.id == device_sign_in.c.device_id)
    statement = (
        select(device, device_sign_in.c.caregiver_id)
        .join(device_sign_in, joined)
        .where(device_sign_in.c.care_system_id == care_system_id, device_sign_in.c.session_id == session_id)
    )
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        return None
    return Phone(care_system_id=care_system_id, device=_device(row), caregiver_id=row["caregiver_id"])


def use_proof(tx: Transaction, care_system_id: str, proof: Proof, now: datetime) -> bool:
    """True where the proof is used for the first time, in any process; nobody else can use it. Source: FAULTS 43.

    Those of the same key whose age alone refuses them are gone.
    """
    table = dpop_proof.c
    mine = (table.care_system_id == care_system_id, table.thumbprint == proof.thumbprint)
    tx.connection.execute(delete(dpop_proof).where(*mine, table.expires_at <= now))
    row = {
        "care_system_id": care_system_id,
        "thumbprint": proof.thumbprint,
        "id_hash": hashlib.sha256(proof.id.encode()).hexdigest(),
        "expires_at": proof.issued_at + PROOF_KEPT,
    }
    return insert_once(tx, dpop_proof, row, key=("care_system_id", "thumbprint", "id_hash"))


def weed_proofs(connection: Connection, now: datetime) -> int:
    """How many proofs are too old to be used again and gone."""
    return connection.execute(delete(dpop_proof).where(dpop_proof.c.expires_at <= now)).rowcount


def _device(row: Row) -> Device:
    fields: dict[str, Any] = {name: row[name] for name in Device.__dataclass_fields__}
    return Device(**fields)
