"""Policies: the dated numbers that each municipality may set."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, validates_schema

from app.rules.policies import KINDS, check_policy
from app.rules.refusal import Refused
from schemas.fields import INT64_MAX, INT64_MIN, Date, Shaped, words
from schemas.resources import MadeSchema, ResourceSchema
from schemas.texts import MunicipalityCode, Text

CHOICES = sorted({one for kind in KINDS for one in kind.choices})


class PolicyValue(Shaped[int | str]):
    """A whole number or a choice, as the policy has it."""

    openapi: ClassVar[dict[str, Any]] = {"anyOf": [{"type": "integer"}, {"type": "string", "enum": CHOICES}]}
    default_error_messages = words(invalid="Give a whole number, or one of the policy's choices as text.")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int | str:
        if isinstance(value, str):
            return value
        if not isinstance(value, int) or isinstance(value, bool) or not INT64_MIN <= value <= INT64_MAX:
            raise self.make_error("invalid")
        return value


class PolicyFields(Schema):
    """A municipality's value of a policy; without municipality it holds where no own row does."""

    municipality = MunicipalityCode(load_default=None)
    name = Text(required=True, shape={"enum": [kind.name for kind in KINDS]})
    value = PolicyValue(required=True)
    valid_from = Date(required=True)
    source = Text(required=True, most=500)


class PolicyRequestSchema(PolicyFields, MadeSchema):
    """A policy row in a request."""

    @validates_schema
    def _is_one_of_ours(self, data: dict[str, Any], **_: Any) -> None:
        try:
            check_policy(data["name"], data["value"])
        except Refused as refused:
            raise ValidationError({refused.pointer.removeprefix("/"): [f"{refused.message}."]}) from refused


class PolicySchema(PolicyFields, ResourceSchema):
    """A policy row as others see it."""
