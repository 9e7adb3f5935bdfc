"""The no-choice order: whose turn it is, and what was decided."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.envelopes import ListQuerySchema
from schemas.fields import Date, Instant, One, StrictInteger
from schemas.resources import GrantReference, RequestSchema, ResourceSchema, StrictSchema
from schemas.texts import Identifier, Text


class NoChoiceQuerySchema(ListQuerySchema):
    """No-choice proposals, for a customer or a grant."""

    customer_id = Identifier(load_default=None)
    grant_id = Identifier(load_default=None)


class NoChoiceRequestSchema(GrantReference, RequestSchema):
    """Asks whose turn it is to take a grant; without `valid_from` from today, or the grant's first day."""

    required_references = ("grant_id",)
    valid_from = Date(load_default=None)


class NoChoiceDecisionRequestSchema(StrictSchema):
    """Who gets the customer; `reason` is needed where it is not the first in turn."""

    provider_id = Identifier(required=True)
    reason = Text(load_default=None, most=2000, lines=True)


class NoChoiceDecisionSchema(Schema):
    """A decision as others see it, with the order that it placed."""

    provider_id = Identifier(required=True)
    rank = StrictInteger(required=True, least=1)
    reason = Text(load_default=None, most=2000, lines=True)
    order_id = Identifier(required=True)
    decided_at = Instant(required=True)
    decided_by = fields.String(required=True)


class NoChoiceSchema(ResourceSchema):
    """A proposal as others see it: `facts` hold every candidate with its rank and reasons."""

    recorded_by = fields.String(required=True)
    grant_id = Identifier(required=True)
    customer_id = Identifier(required=True)
    valid_from = Date(required=True)
    facts = fields.Dict(keys=fields.String(), required=True)
    decision = One(NoChoiceDecisionSchema, load_default=None, allow_none=True)
