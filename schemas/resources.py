"""What every request and every resource has, and how a reference may be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, missing, post_load, validates_schema
from marshmallow.fields import Field

from schemas.fields import Instant, Several
from schemas.references import EXTERNAL, Pending, own_name
from schemas.texts import ExternalId, Identifier

SAID: dict[str, str] = {
    "unknown": "There is no such field to give, or it is set by us: leave it out.",
    "type": "Give an object.",
}
ENDS_AFTER = "Give an instant after starts_at (T4)."


class StrictSchema(Schema):
    """Refuses what it does not know, in words that say what to do. Source: ARCHITECTURE, The API."""

    error_messages = SAID

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._needed = {name for name, field in self.load_fields.items() if field.required}
        self._renames = any(field.data_key or field.attribute for field in self.load_fields.values())

    def _deserialize(self, data: Any, **how: Any) -> Any:
        """As marshmallow's own, which costs as much for each field that is left out as for one that is given."""
        usual = not how.get("many") and how.get("partial") is None and how.get("unknown", RAISE) == RAISE
        found = self._plainly(data) if usual and isinstance(data, dict) and not self._renames else None
        return super()._deserialize(data, **how) if found is None else found

    def _plainly(self, data: dict[str, Any]) -> dict[str, Any] | None:
        """What the fields make of data in which nothing is wrong; None for any other: marshmallow tells what it is."""
        if not self._needed <= data.keys() <= self.load_fields.keys():
            return None
        found: dict[str, Any] = {}
        try:
            for name, field in self.load_fields.items():
                value = field.deserialize(data[name], name, data) if name in data else _left_out(field)
                if value is not missing:
                    found[name] = value
        except ValidationError:
            return None
        return found


def _left_out(field: Field[Any]) -> Any:
    return field.load_default() if callable(field.load_default) else field.load_default


class RequestSchema(StrictSchema):
    """Loads the keyword arguments of the rules value it is named for, without id and recorded_at.

    A reference stands as `x_id` or, where it was given so, as `x_external_id`: exactly one of the two keys is there.
    `in_only` are fields that the value does not have: their keys are there only where they were given.
    """

    required_references: ClassVar[tuple[str, ...]] = ()
    in_only: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.externals = tuple(name for name in self.load_fields if name.endswith(EXTERNAL))

    @validates_schema
    def _one_of_each_reference(self, data: dict[str, Any], **_: Any) -> None:
        errors: dict[str, list[str]] = {}
        for external in self.externals:
            own = own_name(external)
            if data.get(own) and data.get(external):
                errors[external] = [f"Give {own} or {external}, not both."]
            elif own in self.required_references and not data.get(own) and not data.get(external):
                errors[own] = [f"Give {own} or {external}."]
        if errors:
            raise ValidationError(errors)

    @post_load(pass_original=True)
    def _load(self, data: dict[str, Any], original: Mapping[str, Any], **_: Any) -> Any:
        for external in self.externals:
            del data[own_name(external) if data.get(external) else external]
        for name in self.in_only:
            if data[name] is None:
                del data[name]
        return self.completed(data, original)

    def completed(self, data: dict[str, Any], original: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """What `load` gives: the keyword arguments; a subclass may make more of them."""
        return data


class ValueSchema(RequestSchema):
    """A part of a request that loads as the value `makes`, or as `Pending` while it names another system's id."""

    makes: ClassVar[type[Any]]

    def completed(self, data: dict[str, Any], original: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """The value, or what it will be made from."""
        return Pending(self.makes, data) if any(name in data for name in self.externals) else self.makes(**data)


class MadeSchema(RequestSchema):
    """A whole resource in a request: it may carry the id that another system gave it."""

    external_id = ExternalId()


class ResourceSchema(StrictSchema):
    """A resource as others see it."""

    id = Identifier(required=True)
    external_id = ExternalId()
    recorded_at = Instant(required=True)


class CustomerReference(Schema):
    """Names a customer by our id or by theirs."""

    customer_id = Identifier(load_default=None)
    customer_external_id = ExternalId()


class ProviderReference(Schema):
    """Names a provider by our id or by theirs."""

    provider_id = Identifier(load_default=None)
    provider_external_id = ExternalId()


class CaregiverReference(Schema):
    """Names a caregiver by our id or by theirs."""

    caregiver_id = Identifier(load_default=None)
    caregiver_external_id = ExternalId()


class GrantReference(Schema):
    """Names a grant by our id or by theirs."""

    grant_id = Identifier(load_default=None)
    grant_external_id = ExternalId()


class PlannedVisitReference(Schema):
    """Names a planned visit by our id or by theirs."""

    planned_visit_id = Identifier(load_default=None)
    planned_visit_external_id = ExternalId()


def identifiers(**settings: Any) -> Several:
    """A list of ids of ours."""
    return Several(Identifier(), **settings)


def external_identifiers() -> Several:
    """A list of ids that another system gave; None where it is left out."""
    return Several(ExternalId(load_default=missing), load_default=None)


def attributes(value: Any) -> dict[str, Any]:
    """The fields of a dataclass by name, themselves untouched."""
    return {field.name: getattr(value, field.name) for field in fields_of(value)}


def refuse_unless_after(data: Mapping[str, Any], start: str, end: str, *, pointer: str, words: str) -> None:
    """Refuses an end that does not lie after its start; either may be missing. Source: T4."""
    if data.get(start) is not None and data.get(end) is not None and data[end] <= data[start]:
        raise ValidationError({pointer: [words]})


def refuse_empty_validity(data: Mapping[str, Any]) -> None:
    """Refuses a period of validity without a day: `valid_before` is its first day outside. Source: T4."""
    refuse_unless_after(
        data,
        "valid_from",
        "valid_before",
        pointer="valid_before",
        words="Give a day after valid_from: valid_before is the first day outside (T4).",
    )
