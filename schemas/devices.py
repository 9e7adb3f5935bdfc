"""Phones and their keys, and what they sent that could not be registered, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validates_schema

from app.rules.access.devices import Device, DeviceState
from app.rules.time import format_instant
from app.rules.visits.quarantine import Quarantined, QuarantineState
from schemas.access import Presented, TokenSchema
from schemas.envelopes import ListQuerySchema
from schemas.fields import Choice, Instant, One, Shaped
from schemas.resources import StrictSchema
from schemas.texts import Identifier, Text
from schemas.visits import RegistrationRequestSchema

_COORDINATE = re.compile("[A-Za-z0-9_-]{43}\\Z", re.ASCII)


class QuarantineVerdict(StrEnum):
    """What may be said of a text in the quarantine."""

    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class Fixed(Shaped[str]):
    """A text that can only be one."""

    def __init__(self, only: str, **settings: Any) -> None:
        super().__init__(shape={"type": "string", "enum": [only]}, **settings)
        self._only = only

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if value != self._only:
            raise ValidationError(f"Give {self._only}.")
        return self._only


class Coordinate(Shaped[str]):
    """A coordinate of a point on P-256: base64url of 32 bytes."""

    openapi: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or _COORDINATE.match(value) is None:
            raise ValidationError("Give base64url of 32 bytes.")
        return value


class PublicKeySchema(StrictSchema):
    """A public key on P-256 as a JWK, its needed members alone: one that tells its secret is refused. RFC 7518."""

    kty = Fixed("EC", required=True)
    crv = Fixed("P-256", required=True)
    x = Coordinate(required=True)
    y = Coordinate(required=True)


class DeviceRequestSchema(StrictSchema):
    """A phone that shall be enrolled: what the coordinator calls it."""

    name = Text(required=True, most=200)


class DeviceSchema(StrictSchema):
    """A phone as its coordinator sees it."""

    id = Identifier(required=True)
    provider_id = Identifier(required=True)
    name = Text(required=True, most=200)
    state = Choice(DeviceState, required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True)
    enrolled_at = Instant(load_default=None, allow_none=True)
    enrolled_by = Identifier(load_default=None, allow_none=True)
    revoked_at = Instant(load_default=None, allow_none=True)
    revoked_by = Identifier(load_default=None, allow_none=True)
    revoked_reason = Text(load_default=None, allow_none=True)


class OfferSchema(DeviceSchema):
    """The answer to a phone's creation, the only one that tells what its QR code says."""

    token = fields.String(required=True)
    url = fields.String(required=True, metadata={"description": "What the QR code says."})
    qr_svg = fields.String(required=True, metadata={"description": "The QR code, good once and for ten minutes."})


class EnrolmentRequestSchema(StrictSchema):
    """What the phone shows to be enrolled: the QR code's token, and its public key."""

    token = Presented(required=True)
    public_key = One(PublicKeySchema, required=True)


class EnrolledSchema(Schema):
    """The phone as it is enrolled, and the tokens that are bound to its key."""

    device = fields.Nested(DeviceSchema, required=True)
    tokens = fields.Nested(TokenSchema, required=True)


class RevocationRequestSchema(StrictSchema):
    """Why a phone is taken out of use."""

    reason = Text(load_default=None, most=2000, lines=True)


class QuarantineQuerySchema(ListQuerySchema):
    """What waits, or has been judged; of one phone."""

    state = Choice(QuarantineState, load_default=None)
    device_id = Identifier(load_default=None)


class QuarantinedSchema(StrictSchema):
    """One text that an enrolled phone sent and could not be registered."""

    id = Identifier(required=True)
    device_id = Identifier(required=True)
    caregiver_id = Identifier(required=True, metadata={"description": "Who was signed in as it was sent."})
    received_at = Instant(required=True)
    raw = fields.String(required=True)
    problem = fields.Dict(keys=fields.String(), required=True)
    sequence = fields.Integer(load_default=None, allow_none=True)
    state = Choice(QuarantineState, required=True)
    decided_by = Identifier(load_default=None, allow_none=True)
    decided_at = Instant(load_default=None, allow_none=True)
    reason = Text(load_default=None, allow_none=True, most=2000, lines=True)
    registration_id = Identifier(load_default=None, allow_none=True)


class VerdictOnQuarantinedSchema(StrictSchema):
    """What its coordinator says of one: the registration as it shall be, or why it is none."""

    outcome = Choice(QuarantineVerdict, required=True)
    reason = Text(load_default=None, most=2000, lines=True)
    registration = fields.Raw(load_default=None, metadata={"type": "object"})

    @validates_schema(skip_on_field_errors=True)
    def _says_what_its_outcome_needs(self, data: dict[str, Any], **_: Any) -> None:
        accepts = data["outcome"] is QuarantineVerdict.ACCEPTED
        if accepts and data["registration"] is None:
            raise ValidationError({"registration": ["Give the registration as it shall be."]})
        if not accepts and data["registration"] is not None:
            raise ValidationError({"registration": ["Leave this out: nothing is registered."]})
        if not accepts and data["reason"] is None:
            raise ValidationError({"reason": ["Give the reason why it is no registration."]})


_READABLE: Mapping[str, fields.Field[Any]] = {
    name: RegistrationRequestSchema().fields[name] for name in ("captured_at", "clock", "place")
}


def readable_fields(raw: str) -> dict[str, Any]:
    """Those of the fields that only the phone can say which can be read of the text, as the JSON that it sent."""
    try:
        told = json.loads(raw)
    except ValueError:
        return {}
    if not isinstance(told, dict):
        return {}
    return {
        name: told[name]
        for name, field in _READABLE.items()
        if told.get(name) is not None and _reads(field, told[name])
    }


def _reads(field: fields.Field[Any], value: Any) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


def quarantined_document(one: Quarantined) -> dict[str, Any]:
    """One text of the quarantine as JSON values."""
    return {
        "id": one.id,
        "device_id": one.device_id,
        "caregiver_id": one.caregiver_id,
        "received_at": format_instant(one.received_at),
        "raw": one.raw,
        "problem": dict(one.problem),
        "sequence": one.sequence,
        "state": one.state.value,
        "decided_by": one.decided_by,
        "decided_at": _instant(one.decided_at),
        "reason": one.reason,
        "registration_id": one.registration_id,
    }


def device_document(device: Device, now: datetime) -> dict[str, Any]:
    """The phone as JSON values, without its key."""
    return {
        "id": device.id,
        "provider_id": device.provider_id,
        "name": device.name,
        "state": device.state(now).value,
        "created_at": format_instant(device.created_at),
        "expires_at": format_instant(device.expires_at),
        "enrolled_at": _instant(device.enrolled_at),
        "enrolled_by": device.enrolled_by,
        "revoked_at": _instant(device.revoked_at),
        "revoked_by": device.revoked_by,
        "revoked_reason": device.revoked_reason,
    }


def _instant(value: datetime | None) -> str | None:
    return None if value is None else format_instant(value)
