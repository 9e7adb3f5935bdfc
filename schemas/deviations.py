"""Deviations, explanations and verdicts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app.rules.deviations.values import NAMES, DeviationState, Effect, Found, Rule, SubjectType, VerdictOutcome
from schemas.fields import Choice, Instant, Month, One, Several
from schemas.resources import ResourceSchema, StrictSchema, attributes, identifiers
from schemas.texts import Identifier, Text


class SubjectSchema(Schema):
    """The thing that a deviation is about."""

    type = Choice(SubjectType, required=True)
    id = fields.String(required=True)


class VerdictRequestSchema(StrictSchema):
    """What a case officer or controller says of an explanation; who and when is known from the request."""

    outcome = Choice(VerdictOutcome, required=True)
    note = Text(load_default=None, most=2000, lines=True)


class VerdictSchema(Schema):
    """A verdict as others see it."""

    outcome = Choice(VerdictOutcome, required=True)
    by = fields.String(required=True)
    at = Instant(required=True)
    note = Text(load_default=None, most=2000, lines=True)


class ExplanationFields(Schema):
    """The provider's reason for several deviations of a kind at once."""

    deviation_ids = identifiers(required=True, least=1)
    reason = Text(required=True, most=64)
    note = Text(required=True, most=2000, lines=True)


class ExplanationRequestSchema(ExplanationFields, StrictSchema):
    """An explanation in a request."""


class ExplanationSchema(ExplanationFields, ResourceSchema):
    """An explanation as others see it, with the verdict on it where there is one."""

    verdict = One(VerdictSchema, load_default=None)


class DeviationSchema(ResourceSchema):
    """A deviation as others see it. Dumps what `deviation_view` lays out, or a stored row of the same names."""

    rule = Choice(Rule, required=True)
    name = fields.Function(lambda told: NAMES[Rule(_rule(told))], metadata={"type": "string", "example": "wrong_tag"})
    subject = One(SubjectSchema, required=True)
    provider_id = Identifier(required=True)
    period = Month(load_default=None)
    facts = fields.Dict(keys=fields.String(), required=True)
    effect = Choice(Effect, required=True)
    state = Choice(DeviationState, required=True)


class HappeningSchema(Schema):
    """One line of a deviation's history; `by` is null where a rule did it."""

    what = fields.String(required=True, metadata={"example": "opened"})
    at = Instant(required=True)
    by = fields.String(load_default=None, allow_none=True)
    facts = fields.Dict(keys=fields.String(), required=True)


class DeviationHistorySchema(DeviationSchema):
    """A deviation with everything that happened to it and was said of it, the earliest first."""

    history = Several(One(HappeningSchema), required=True)
    explanations = Several(One(ExplanationSchema), required=True)


def deviation_view(found: Found, state: DeviationState, **stored: Any) -> dict[str, Any]:
    """What `DeviationSchema` dumps of a found deviation; `stored` are id and recorded_at, where it has them."""
    return {**attributes(found), "state": state, **stored}


def _rule(deviation: Any) -> str:
    return str(deviation["rule"] if isinstance(deviation, dict) else deviation.rule)
