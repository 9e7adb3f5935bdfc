"""Tags, and the proof of place that a registration carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from app.rules.tags import ManualReason, Method, Place, TagKind, TagState
from schemas.fields import Choice, Date, EndDate, One
from schemas.people import ReadPositionSchema
from schemas.resources import CustomerReference, MadeSchema, ResourceSchema, ValueSchema, refuse_empty_validity
from schemas.texts import HexKey, Identifier, Text, Uid


class SunMode(StrEnum):
    """How an NTAG 424 mirrors its identity into the URL."""

    ENCRYPTED = "encrypted"
    PLAIN = "plain"


class SunMacInput(StrEnum):
    """What the tag's own signature covers, as its offsets were set. Source: AN12196, CONTRACT."""

    NONE = "none"
    ENC = "enc"
    ENC_TO_CMAC = "enc_to_cmac"


@dataclass(frozen=True, slots=True, kw_only=True)
class SunParameters:
    """The URL's own names for what the tag mirrors; None where the usual name holds."""

    picc: str | None = None
    enc: str | None = None
    cmac: str | None = None
    uid: str | None = None
    ctr: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """The keys and settings of a cryptographic tag, taken in and never given out."""

    mode: SunMode
    meta_key: str
    file_key: str
    mac_input: SunMacInput
    parameters: SunParameters = SunParameters()

    def __repr__(self) -> str:
        return f"Sun(mode={self.mode!r}, mac_input={self.mac_input!r}, parameters={self.parameters!r})"


class SunParametersSchema(ValueSchema):
    """The URL's own names."""

    makes = SunParameters
    picc = Text(load_default=None, most=50)
    enc = Text(load_default=None, most=50)
    cmac = Text(load_default=None, most=50)
    uid = Text(load_default=None, most=50)
    ctr = Text(load_default=None, most=50)


class SunSchema(ValueSchema):
    """The keys and settings of a cryptographic tag."""

    makes = Sun
    mode = Choice(SunMode, required=True)
    meta_key = HexKey(required=True, load_only=True)
    file_key = HexKey(required=True, load_only=True)
    mac_input = Choice(SunMacInput, required=True)
    parameters = One(SunParametersSchema, load_default=None)

    def completed(self, data: dict[str, Any], original: Mapping[str, Any]) -> Any:
        """The value, with the usual names where none are given."""
        return super().completed({**data, "parameters": data["parameters"] or SunParameters()}, original)


class TagFields(Schema):
    """A tag at a customer's door."""

    kind = Choice(TagKind, required=True)
    uid = Uid(load_default=None)
    state = Choice(TagState, load_default=TagState.MOUNTED)
    valid_from = Date(required=True)
    valid_before = EndDate()


class TagRequestSchema(CustomerReference, TagFields, MadeSchema):
    """A tag in a request. `sun` is a key of what is loaded only where it was given."""

    required_references = ("customer_id",)
    in_only = ("sun",)
    sun = One(SunSchema, load_default=None, load_only=True)

    @validates_schema
    def _sun_belongs_to_its_kind(self, data: dict[str, Any], **_: Any) -> None:
        refuse_empty_validity(data)
        if data.get("sun") is not None and data["kind"] != TagKind.NFC_SUN:
            raise ValidationError({"sun": ["Leave sun out, or give the kind nfc_sun: only such a tag has keys."]})


class TagSchema(TagFields, ResourceSchema):
    """A tag as others see it."""

    customer_id = Identifier(required=True)


class NewTagSchema(TagSchema):
    """The answer to a tag's creation, the only one that tells the address signed for it."""

    token = fields.String(load_default=None, allow_none=True, metadata={"description": "What a QR tag carries."})


class PlaceSchema(ValueSchema):
    """Proof of place: what was read from the tag, or why nothing was. Source: V3."""

    makes = Place
    method = Choice(Method, required=True)
    text = Text(load_default=None, most=2000)
    uid = Uid(load_default=None)
    reason = Choice(ManualReason, load_default=None)
    note = Text(load_default=None, most=2000, lines=True)
    position = One(ReadPositionSchema, load_default=None)

    @validates_schema
    def _carries_its_proof(self, data: dict[str, Any], **_: Any) -> None:
        if data["method"] != Method.MANUAL and data["text"] is None and data["uid"] is None:
            raise ValidationError({"text": ["Give the text or the uid that was read from the tag (V3)."]})
        if data["method"] == Method.MANUAL and data["reason"] is None:
            raise ValidationError({"reason": ["Say why no tag was read: a manual registration gives a reason (V3)."]})
        if data["reason"] == ManualReason.OTHER and data["note"] is None:
            raise ValidationError({"note": ["Say in words what the reason other stands for (V3)."]})
