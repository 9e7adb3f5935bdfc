"""Planned visits."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from app.rules.plans import Cancellation, CancelledBy
from app.rules.providers import Service
from schemas.fields import Choice, Instant, One, Several
from schemas.resources import (
    ENDS_AFTER,
    CustomerReference,
    GrantReference,
    MadeSchema,
    ProviderReference,
    ResourceSchema,
    ValueSchema,
    external_identifiers,
    identifiers,
    refuse_unless_after,
)
from schemas.texts import Identifier, Text


class CancellationSchema(ValueSchema):
    """When, by whom and why a planned visit was called off."""

    makes = Cancellation
    at = Instant(required=True)
    by = Choice(CancelledBy, required=True)
    reason = Text(required=True, most=500)


class PlannedVisitFields(Schema):
    """What the provider's scheduling tool says shall happen."""

    service = Choice(Service, required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    activities = Several(Text(most=100), most=100, load_default=())
    cancelled = One(CancellationSchema, load_default=None)


class PlannedVisitRequestSchema(CustomerReference, ProviderReference, GrantReference, PlannedVisitFields, MadeSchema):
    """A planned visit in a request."""

    required_references = ("provider_id", "customer_id")
    household = identifiers(load_default=(), allow_none=True, most=20)
    household_external_ids = external_identifiers()
    caregiver_ids = identifiers(load_default=(), most=20)
    caregiver_external_ids = external_identifiers()

    @validates_schema
    def _ends_after_it_starts(self, data: dict[str, Any], **_: Any) -> None:
        refuse_unless_after(data, "starts_at", "ends_at", pointer="ends_at", words=ENDS_AFTER)

    def completed(self, data: dict[str, Any], original: Any) -> Any:
        """The keyword arguments; a household given as null is none."""
        if data.get("household", ()) is None:
            data["household"] = ()
        return super().completed(data, original)


class PlannedVisitRowSchema(PlannedVisitRequestSchema):
    """A row of a batch, which makes the planned visit or replaces the one of that id or external id."""

    id = Identifier(load_default=None)

    @validates_schema
    def _is_named(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("id") is None and data.get("external_id") is None:
            words = "Give external_id or id: by it the row is found again when it comes a second time."
            raise ValidationError({"external_id": [words]})


class PlannedVisitSchema(PlannedVisitFields, ResourceSchema):
    """A planned visit as others see it."""

    provider_id = Identifier(required=True)
    customer_id = Identifier(required=True)
    household = identifiers()
    caregiver_ids = identifiers()
    grant_id = Identifier(load_default=None)
