"""Corrections: a later statement about a visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from app.rules.providers import Service
from app.rules.visits.values import Changes, CorrectionReason
from schemas.fields import Choice, Instant, One, Switch
from schemas.resources import (
    ENDS_AFTER,
    CustomerReference,
    MadeSchema,
    ResourceSchema,
    StrictSchema,
    ValueSchema,
    refuse_unless_after,
)
from schemas.texts import Identifier, Text


class ChangesFields(Schema):
    """What a correction may state; what is left out or null stays as it is. Source: V10."""

    starts_at = Instant(load_default=None)
    ends_at = Instant(load_default=None)
    service = Choice(Service, load_default=None)
    void = Switch(load_default=None)


class ChangesRequestSchema(CustomerReference, ChangesFields, ValueSchema):
    """The changes in a request: at least one."""

    makes = Changes

    @validates_schema
    def _change_something(self, data: dict[str, Any], **_: Any) -> None:
        if all(value is None for value in data.values()):
            raise ValidationError("Change something: give starts_at, ends_at, customer_id, service or void (V10).")
        refuse_unless_after(data, "starts_at", "ends_at", pointer="ends_at", words=ENDS_AFTER)


class ChangesSchema(ChangesFields, StrictSchema):
    """The changes as others see them."""

    customer_id = Identifier(load_default=None)


class CorrectionFields(Schema):
    """Why a visit is corrected, by a code and in words. Source: V10."""

    reason = Choice(CorrectionReason, required=True)
    note = Text(required=True, most=2000, lines=True)


class CorrectionRequestSchema(CorrectionFields, MadeSchema):
    """A correction in a request; who makes it and when is known. `visit_id` is the path's, where it is given."""

    visit_id = Identifier(load_default=None)
    changes = One(ChangesRequestSchema, required=True)


def about(loaded: Mapping[str, Any], visit_id: str) -> dict[str, Any]:
    """The same, about the path's visit. Raises ValidationError where the body names another one."""
    if loaded["visit_id"] not in (None, visit_id):
        raise ValidationError({"visit_id": ["Leave visit_id out, or give the one of the path."]})
    return {**loaded, "visit_id": visit_id}


class CorrectionApprovalRequestSchema(StrictSchema):
    """Another person's approval: the act is the whole of it. Source: V10."""


class CorrectionSchema(CorrectionFields, ResourceSchema):
    """A correction as others see it; pending while `approved_at` is null."""

    visit_id = Identifier(required=True)
    changes = One(ChangesSchema, required=True)
    made_by = Text(required=True)
    made_at = Instant(required=True)
    approved_by = Text(load_default=None)
    approved_at = Instant(load_default=None)
