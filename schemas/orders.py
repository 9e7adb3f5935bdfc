"""Grants and orders."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from app.rules.orders import ChosenBy, Per
from app.rules.providers import Law, Service
from schemas.fields import Choice, Date, EndDate, Instant, Seconds, Several, StrictInteger
from schemas.resources import (
    CustomerReference,
    GrantReference,
    MadeSchema,
    ProviderReference,
    ResourceSchema,
    refuse_empty_validity,
)
from schemas.texts import Identifier, Text


class GrantFields(Schema):
    """Caregiver seconds per `every` days, weeks or months, shared by the services. Source: O1."""

    services = Several(Choice(Service), required=True, least=1, most=len(Service))
    law = Choice(Law, required=True)
    granted_seconds = Seconds(required=True)
    per = Choice(Per, required=True)
    every = StrictInteger(load_default=1, least=1, most=366)
    double_staffed_seconds = Seconds(load_default=0)
    target_group = Text(load_default=None)
    valid_from = Date(required=True)
    valid_before = EndDate()


class GrantRequestSchema(CustomerReference, GrantFields, MadeSchema):
    """A grant in a request."""

    required_references = ("customer_id",)

    @validates_schema
    def _contains_its_double_staffing(self, data: dict[str, Any], **_: Any) -> None:
        refuse_empty_validity(data)
        if data["double_staffed_seconds"] > data["granted_seconds"]:
            words = "Give at most granted_seconds: they contain the second caregiver's (O1, R5)."
            raise ValidationError({"double_staffed_seconds": [words]})


class GrantSchema(GrantFields, ResourceSchema):
    """A grant as others see it."""

    customer_id = Identifier(required=True)


class OrderFields(Schema):
    """A grant, or a part of it, placed with one provider. Source: O3."""

    ordered_at = Instant(required=True)
    chosen_by = Choice(ChosenBy, required=True)
    ordered_seconds = Seconds(load_default=None)
    valid_from = Date(required=True)
    valid_before = EndDate()
    implementation_plan_received_on = Date(load_default=None)


class OrderRequestSchema(GrantReference, ProviderReference, OrderFields, MadeSchema):
    """An order in a request."""

    required_references = ("grant_id", "provider_id")

    @validates_schema
    def _holds_on_some_day(self, data: dict[str, Any], **_: Any) -> None:
        refuse_empty_validity(data)


class OrderSchema(OrderFields, ResourceSchema):
    """An order as others see it."""

    grant_id = Identifier(required=True)
    provider_id = Identifier(required=True)
