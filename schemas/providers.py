"""Care systems, providers and accreditations."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, validates_schema

from app.rules.providers import Law, ProviderKind, Service
from schemas.fields import Choice, Date, EndDate, One, Seconds, Several, Shaped, Switch
from schemas.people import PositionSchema
from schemas.resources import MadeSchema, ProviderReference, ResourceSchema, refuse_empty_validity
from schemas.texts import Identifier, MunicipalityCode, OrganisationNumber, Text


class CareSystemFields(Schema):
    """A set of rules and the municipalities that share it. Source: LR 2.1."""

    name = Text(required=True)
    municipalities = Several(MunicipalityCode(), required=True, least=1, most=300)


class CareSystemRequestSchema(CareSystemFields, MadeSchema):
    """A care system in a request."""


class CareSystemSchema(CareSystemFields, ResourceSchema):
    """A care system as others see it."""


class ProviderFields(Schema):
    """A provider, private or municipal."""

    name = Text(required=True)
    kind = Choice(ProviderKind, required=True)
    organisation_number: Shaped[str] = OrganisationNumber(load_default=None)
    position = One(PositionSchema, load_default=None)


class ProviderRequestSchema(ProviderFields, MadeSchema):
    """A provider in a request."""


class ProviderSchema(ProviderFields, ResourceSchema):
    """A provider as others see it."""


class AccreditationFields(Schema):
    """What a provider may be paid for; without `law` both laws. Source: P1."""

    municipality = MunicipalityCode(required=True)
    service = Choice(Service, required=True)
    law = Choice(Law, load_default=None)
    target_group = Text(load_default=None)
    valid_from = Date(required=True)
    valid_before = EndDate()
    ceiling_seconds_per_week = Seconds(load_default=None)
    takes_no_choice = Switch(load_default=False)


class AccreditationRequestSchema(ProviderReference, AccreditationFields, MadeSchema):
    """An accreditation in a request."""

    required_references = ("provider_id",)

    @validates_schema
    def _holds_on_some_day(self, data: dict[str, Any], **_: Any) -> None:
        refuse_empty_validity(data)


class AccreditationSchema(AccreditationFields, ResourceSchema):
    """An accreditation as others see it."""

    provider_id = Identifier(required=True)


class MunicipalitySchema(Schema):
    """A principal of a care system, by SCB's code."""

    care_system_id = Identifier(required=True)
    code = MunicipalityCode(required=True)
