"""Caregivers, customers and absences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, validates_schema

from app.rules.people import AbsenceCause, Education, Position, Protection, Relative
from schemas.fields import Choice, Date, Instant, One, Several, Shaped, StrictInteger, words
from schemas.resources import (
    CustomerReference,
    MadeSchema,
    ProviderReference,
    ResourceSchema,
    StrictSchema,
    ValueSchema,
    refuse_unless_after,
)
from schemas.texts import Identifier, MunicipalityCode, PersonalNumber, Text

_MILLION = 1_000_000
_WIDEST_ACCURACY_M = 40_000_000


class Degrees(Shaped[int]):
    """A number of degrees from -`most` to `most`, both inside, kept in millionths."""

    def __init__(self, *, most: int, **settings: Any) -> None:
        super().__init__(shape={"type": "number", "minimum": -most, "maximum": most}, **settings)
        self.most = most

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> float | None:
        return None if value is None else value / _MILLION

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not _is_number(value) or not -self.most <= value <= self.most:
            raise ValidationError(f"Give degrees as a number from -{self.most} to {self.most}.")
        return int((Decimal(repr(value)) * _MILLION).to_integral_value())


class Metres(Shaped[int]):
    """Metres, cut up to the next whole one: never better than was stated."""

    openapi: ClassVar[Mapping[str, Any]] = {"type": "number", "minimum": 0, "maximum": _WIDEST_ACCURACY_M}
    default_error_messages = words(invalid=f"Give metres as a number from 0 to {_WIDEST_ACCURACY_M}.")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not _is_number(value) or not 0 <= value <= _WIDEST_ACCURACY_M:
            raise self.make_error("invalid")
        metres: int | float = value
        return math.ceil(metres)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # NaN equals nothing


class PositionSchema(ValueSchema):
    """Where a customer lives, in WGS 84 degrees."""

    makes = Position
    lat_e6 = Degrees(most=90, required=True, data_key="lat")
    lon_e6 = Degrees(most=180, required=True, data_key="lon")


class ReadPositionSchema(PositionSchema):
    """Where a phone was, and within how many metres it is sure of it."""

    accuracy_m = Metres(load_default=None)


class RelativeFields(Schema):
    """Why and when an employed relative was notified. Source: P4."""

    reason = Text(required=True, most=500)
    notified_on = Date(required=True)


class RelativeRequestSchema(CustomerReference, RelativeFields, ValueSchema):
    """An employed relative in a request."""

    makes = Relative
    required_references = ("customer_id",)


class RelativeSchema(RelativeFields, StrictSchema):
    """An employed relative as others see it."""

    customer_id = Identifier(required=True)


class CaregiverFields(Schema):
    """What a caregiver has beside references."""

    name = Text(required=True)
    education = Choice(Education, load_default=Education.UNKNOWN)


class CaregiverRequestSchema(ProviderReference, CaregiverFields, MadeSchema):
    """A caregiver in a request."""

    required_references = ("provider_id",)
    relative_of = Several(One(RelativeRequestSchema), most=50, key=None, load_default=())

    @validates_schema
    def _each_relative_once(self, data: dict[str, Any], **_: Any) -> None:
        refuse_repeated_customers(data.get("relative_of", ()), "relative_of")


class CaregiverSchema(CaregiverFields, ResourceSchema):
    """A caregiver as others see it."""

    provider_id = Identifier(required=True)
    relative_of = Several(One(RelativeSchema))


class CustomerFields(Schema):
    """What a customer has. Source: CONTRACT, A4."""

    municipality = MunicipalityCode(required=True)
    name = Text(load_default=None)
    birth_year = StrictInteger(load_default=None, least=1880, most=2199)
    protection = Choice(Protection, load_default=Protection.NONE)
    position = One(PositionSchema, load_default=None)


class CustomerRequestSchema(CustomerFields, MadeSchema):
    """A customer in a request. The personal identity number is taken in and never given out."""

    in_only = ("personal_identity_number",)
    personal_identity_number: Shaped[str] = PersonalNumber(load_default=None, load_only=True)

    @validates_schema
    def _no_position_under_protection(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("position") is not None and data.get("protection") != Protection.NONE:
            words = "Leave the position out: none is stored of a person with protected identity (A4)."
            raise ValidationError({"position": [words]})


class CustomerSchema(CustomerFields, ResourceSchema):
    """A customer as others see it."""


class AbsenceFields(Schema):
    """When and why a customer is away; no `before` means until further notice. Source: V18."""

    starts_at = Instant(required=True, data_key="from")
    ends_at = Instant(load_default=None, data_key="before")
    cause = Choice(AbsenceCause, required=True)


class AbsenceRequestSchema(CustomerReference, AbsenceFields, MadeSchema):
    """An absence in a request."""

    required_references = ("customer_id",)

    @validates_schema
    def _ends_after_it_starts(self, data: dict[str, Any], **_: Any) -> None:
        refuse_unless_after(
            data,
            "starts_at",
            "ends_at",
            pointer="before",
            words="Give an instant after from, or leave before out while the end is not known (T4).",
        )


class AbsenceSchema(AbsenceFields, ResourceSchema):
    """An absence as others see it."""

    customer_id = Identifier(required=True)


def refuse_repeated_customers(rows: Any, name: str) -> None:
    """Refuses a list that names one customer twice, whether by our id or by theirs."""
    seen: set[tuple[str, str]] = set()
    errors: dict[int, Any] = {}
    for index, row in enumerate(rows):
        external = row.get("customer_external_id") if isinstance(row, dict) else None
        own, named = ("customer_external_id", external) if external else ("customer_id", row.customer_id)
        if (own, named) in seen:
            errors[index] = {own: ["This customer stands in the list already: give it once."]}
        seen.add((own, named))
    if errors:
        raise ValidationError({name: errors})
