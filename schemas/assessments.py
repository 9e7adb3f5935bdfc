"""Proposed assessments and how they are closed."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.rules.assessments import AssessmentCause, AssessmentState, ClosingOutcome
from schemas.envelopes import ListQuerySchema
from schemas.fields import Choice, Instant, One, Several
from schemas.resources import ResourceSchema, StrictSchema
from schemas.texts import Identifier, Text


class AssessmentQuerySchema(ListQuerySchema):
    """Proposed assessments."""

    state = Choice(AssessmentState, load_default=None)
    cause = Choice(AssessmentCause, load_default=None)
    customer_id = Identifier(load_default=None)


class ClosingRequestSchema(StrictSchema):
    """How a proposal is closed; who and when is known from the request."""

    outcome = Choice(ClosingOutcome, required=True)
    note = Text(required=True, most=2000, lines=True)


class AssessmentSchema(ResourceSchema):
    """A proposed assessment as others see it; `subject` is a service, or a pool as D1 names it."""

    customer_id = Identifier(required=True)
    provider_id = Identifier(
        load_default=None, metadata={"description": "Whom all of it is about; null where it is several providers."}
    )
    cause = Choice(AssessmentCause, required=True)
    subject = fields.String(required=True, metadata={"example": "personal_care"})
    facts = fields.Dict(keys=fields.String(), required=True)
    state = Choice(AssessmentState, required=True)
    proposed_at = Instant(required=True)
    changed_at = Instant(required=True)
    closed_at = Instant(load_default=None, allow_none=True)
    closed_by = fields.String(load_default=None, allow_none=True)
    note = Text(load_default=None, most=2000, lines=True)


class AssessmentHappeningSchema(Schema):
    """One line of an assessment's history; `by` is null where a rule did it."""

    what = fields.String(required=True, metadata={"example": "proposed"})
    at = Instant(required=True)
    by = fields.String(load_default=None, allow_none=True)
    note = fields.String(load_default=None, allow_none=True)
    facts = fields.Dict(keys=fields.String(), required=True)


class AssessmentHistorySchema(AssessmentSchema):
    """A proposed assessment with everything that happened to it, the earliest first."""

    history = Several(One(AssessmentHappeningSchema), required=True)
