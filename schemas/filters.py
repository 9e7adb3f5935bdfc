"""What lists of deviations, extensions, months, runs and excess may be asked for beside the page."""

from __future__ import annotations

from marshmallow import fields
from marshmallow.validate import Range

from app.rules.deviations.values import DeviationState, Rule
from app.rules.extensions import ExtensionState
from schemas.envelopes import ListQuerySchema
from schemas.fields import Choice, Month
from schemas.resources import StrictSchema
from schemas.texts import Identifier, MunicipalityCode, Text


class DeviationQuerySchema(ListQuerySchema):
    """Deviations; `visit_id` asks for those of one visit."""

    rule = Choice(Rule, load_default=None)
    state = Choice(DeviationState, load_default=None)
    period = Month(load_default=None)
    provider_id = Identifier(load_default=None)
    customer_id = Identifier(load_default=None)
    visit_id = Identifier(load_default=None)


class ExplanationQuerySchema(ListQuerySchema):
    """Explanations, of a provider."""

    provider_id = Identifier(load_default=None)


class ExtensionQuerySchema(ListQuerySchema):
    """Requests for an extension; those that wait for a review in the order of the queue. Source: E6."""

    state = Choice(ExtensionState, load_default=None)
    month = Month(load_default=None)
    provider_id = Identifier(load_default=None)
    customer_id = Identifier(load_default=None)
    waiting = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        error_messages={"invalid": "Give true or false."},
        metadata={"description": "Only those that wait for a review, overdue ones first, then the oldest (E6)."},
    )


class MonthQuerySchema(ListQuerySchema):
    """Providers' months."""

    month = Month(load_default=None)
    municipality = MunicipalityCode(load_default=None)
    provider_id = Identifier(load_default=None)


class RunQuerySchema(ListQuerySchema):
    """Runs."""

    month = Month(load_default=None)
    municipality = MunicipalityCode(load_default=None)
    provider_id = Identifier(load_default=None)


class ExcessQuerySchema(ListQuerySchema):
    """The month whose excess is wanted."""

    month = Month(required=True)


class RepeatQuerySchema(StrictSchema):
    """Whether a run is to be repeated from the facts."""

    verify = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        error_messages={"invalid": "Give true or false."},
        metadata={"description": "Repeat the run and tell whether every byte is the same (R9)."},
    )


class HistoryQuerySchema(StrictSchema):
    """The month of a customer that is wanted."""

    month = Month(required=True)


class StatementQuerySchema(StrictSchema):
    """The month whose statements are wanted. Each is worked out anew, so few are told at a time."""

    month = Month(required=True)
    municipality = MunicipalityCode(load_default=None)
    provider_id = Identifier(load_default=None)
    limit = fields.Integer(load_default=5, validate=Range(1, 20, error="Give from 1 to 20."))
    after = Text(load_default=None, most=1000)


class RunFileQuerySchema(StrictSchema):
    """Whose documents a file of a run tells of: one customer's, or all."""

    customer_id = Identifier(load_default=None)
