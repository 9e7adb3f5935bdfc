"""Tags, and the proof of place that a registration carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length

from app.rules.sun import LONGEST_DIVERSIFICATION, Diversification, Sun, SunKey, SunMacInput, SunMode, SunParameters
from app.rules.tags import ManualReason, Method, Place, TagKind, TagState
from schemas.fields import Choice, Date, EndDate, One, Several
from schemas.people import ReadPositionSchema
from schemas.resources import (
    CustomerReference,
    MadeSchema,
    ResourceSchema,
    StrictSchema,
    ValueSchema,
    refuse_empty_validity,
)
from schemas.texts import HexBytes, HexKey, Identifier, MunicipalityCode, Text, Uid


class SunParametersSchema(ValueSchema):
    """The URL's own names."""

    makes = SunParameters
    picc = Text(load_default=None, most=50)
    enc = Text(load_default=None, most=50)
    cmac = Text(load_default=None, most=50)
    uid = Text(load_default=None, most=50)
    ctr = Text(load_default=None, most=50)


class DiversificationSchema(ValueSchema):
    """Which keys are master keys, from which the tag's own are derived, and what is joined to its UID for that.

    Source: NXP AN10922.
    """

    makes = Diversification
    keys = Several(Choice(SunKey), required=True, least=1)
    aid = HexBytes(load_default="")
    system_identifier = HexBytes(load_default="")


class SunSchema(ValueSchema):
    """The keys and settings of a cryptographic tag."""

    makes = Sun
    mode = Choice(SunMode, required=True)
    meta_key = HexKey(required=True, load_only=True)
    file_key = HexKey(required=True, load_only=True)
    mac_input = Choice(SunMacInput, required=True)
    parameters = One(SunParametersSchema, load_default=None)
    diversified = One(DiversificationSchema, load_default=None)

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
        refuse_underivable(data.get("sun"), data.get("uid"))


class TagSchema(TagFields, ResourceSchema):
    """A tag as others see it."""

    customer_id = Identifier(required=True)


class TagVersionSchema(TagSchema):
    """A tag as it stood from `recorded_at` until the next version."""

    version = fields.Integer(required=True, strict=True)
    short_code = fields.String(
        required=True, metadata={"description": "What stands under its code on a printed sheet: Crockford base32."}
    )
    recorded_by = Identifier(required=True)
    keys_changed = fields.Boolean(
        required=True, metadata={"description": "Whether this version brought other keys of a cryptographic tag."}
    )


class TagVersionsSchema(Schema):
    """A tag's history, the oldest version first."""

    items = Several(One(TagVersionSchema), required=True)


class TagSheetQuerySchema(StrictSchema):
    """Which QR tags are printed: a customer's, those of a provider's or a municipality's customers, or the ones named.

    Without any of these all within the scope; tags that are revoked, lost or over are left out unless they are named.
    """

    customer_id = Identifier(load_default=None)
    provider_id = Identifier(load_default=None)
    municipality = MunicipalityCode(load_default=None)
    ids = fields.String(
        load_default=None,
        validate=Length(max=8_000, error="Give at most 200 ids."),
        metadata={"description": "Up to 200 tags by id, a comma between them."},
    )


class NewTagSchema(TagSchema):
    """The answer to a tag's creation, the only one that tells the address signed for it."""

    short_code = fields.String(
        required=True, metadata={"description": "What stands under its code on a printed sheet: Crockford base32."}
    )
    token = fields.String(load_default=None, allow_none=True, metadata={"description": "What a QR tag carries."})


def refuse_underivable(sun: Sun | None, uid: str | None) -> None:
    """Refuses master keys from which no key of the tag's own follows. Source: NXP AN10922."""
    if sun is None or sun.diversified is None:
        return
    if uid is None:
        raise ValidationError({"uid": ["Give the uid: the tag's keys are derived from it."]})
    if len(uid + sun.diversified.aid + sun.diversified.system_identifier) > 2 * LONGEST_DIVERSIFICATION:
        told = f"Give at most {LONGEST_DIVERSIFICATION} bytes of uid, aid and system_identifier together."
        raise ValidationError({"sun": {"diversified": [told]}})


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
