"""Histories: any öre followed back to the taps at the door, in one answer (R11)."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.rules.deviations.requested import PoolMonth
from app.rules.deviations.seconds import Fate
from app.rules.deviations.values import DeviationState, Effect, Rule, VerdictOutcome
from app.rules.extensions import DecisionOutcome, ExtensionState
from app.rules.providers import Law, Service
from app.rules.tags import ManualReason, Method
from app.rules.visits.values import ClockGrade, CorrectionReason, RegistrationKind
from schemas.deviations import SubjectSchema
from schemas.fields import Choice, DecimalOre, Instant, Month, One, Ore, Seconds, Several, StrictInteger
from schemas.orders import GrantSchema, OrderSchema
from schemas.reimbursement import IssuedLineSchema, RateSchema
from schemas.resources import attributes
from schemas.texts import Identifier, MunicipalityCode, Text
from schemas.visits.corrections import ChangesSchema
from schemas.visits.outward import VisitSchema


class ArithmeticSchema(Schema):
    """seconds × ore_per_hour ÷ 3600, exact, and rounded once, half up. Source: R1."""

    seconds = StrictInteger(required=True)
    ore_per_hour = DecimalOre(required=True)
    exact_ore = fields.String(
        required=True, metadata={"pattern": r"^-?\d+(/\d+)?$", "description": "A fraction in its lowest terms."}
    )
    amount_ore = Ore(required=True)


class StepSchema(IssuedLineSchema):
    """A line or an adjustment among those of its key: what they had come to before it, and come to with it.

    `arithmetic` works out the whole that its run found; its own seconds and amount are that less what was before.
    """

    before_seconds = StrictInteger(required=True)
    before_ore = Ore(required=True)
    after_seconds = StrictInteger(required=True)
    after_ore = Ore(required=True)
    arithmetic = One(ArithmeticSchema, required=True)
    leaf = StrictInteger(load_default=None)


class RunOfLineSchema(Schema):
    """The run that issued a line, and the lock before which its facts were recorded. Source: R9."""

    id = Identifier(required=True)
    municipality = MunicipalityCode(required=True)
    provider_id = Identifier(required=True)
    month = Month(required=True)
    locked_at = Instant(required=True)
    issued_at = Instant(required=True)


class PieceSchema(Schema):
    """Seconds of a visit that share one fate, as things stand now. Source: R6."""

    customer_id = Identifier(load_default=None)
    service = Choice(Service, load_default=None)
    month = Month(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    seconds = Seconds(required=True)
    fate = Choice(Fate, required=True)
    held_by = Several(Choice(Rule), required=True)
    order_id = Identifier(load_default=None)
    grant_id = Identifier(load_default=None)
    rate_id = Identifier(load_default=None)


class FollowedVisitSchema(VisitSchema):
    """A visit with what became of each of its seconds."""

    pieces = Several(One(PieceSchema), required=True)


class TapSchema(Schema):
    """A registration by what proves it; where it was made and what was written with it are not told here.

    `at` is the time that rules use, `leaf` its place in the sealed tree: what its receipt proves. Source: V7, V8, A5.
    """

    id = Identifier(required=True)
    kind = Choice(RegistrationKind, required=True)
    caregiver_id = Identifier(required=True)
    device_id = Identifier(load_default=None)
    method = Choice(Method, required=True)
    reason = Choice(ManualReason, load_default=None)
    captured_at = Instant(required=True)
    stated_at = Instant(load_default=None)
    received_at = Instant(required=True)
    corrected_at = Instant(required=True)
    at = Instant(required=True)
    recorded_at = Instant(required=True)
    clock_grade = Choice(ClockGrade, required=True)
    evidence_grade = StrictInteger(required=True, least=0, most=3)
    leaf = StrictInteger(load_default=None)


class FollowedCorrectionSchema(Schema):
    """A correction; pending while `approved_at` is null. `note` is null for who may not read it. Source: V10, A2."""

    id = Identifier(required=True)
    visit_id = Identifier(required=True)
    changes = One(ChangesSchema, required=True)
    reason = Choice(CorrectionReason, required=True)
    note = Text(load_default=None, most=2000, lines=True)
    made_by = Text(required=True)
    made_at = Instant(required=True)
    approved_by = Text(load_default=None)
    approved_at = Instant(load_default=None)


class HappenedSchema(Schema):
    """What happened to a deviation; `by` is null where a rule did it."""

    what = fields.String(required=True, metadata={"example": "opened"})
    at = Instant(required=True)
    by = fields.String(load_default=None)


class SaidVerdictSchema(Schema):
    """The last verdict on an explanation."""

    outcome = Choice(VerdictOutcome, required=True)
    by = fields.String(required=True)
    at = Instant(required=True)


class SaidSchema(Schema):
    """An explanation of a deviation; `reason` and `note` are null for who may not read deviations. Source: A2."""

    id = Identifier(required=True)
    recorded_at = Instant(required=True)
    reason = Text(load_default=None)
    note = Text(load_default=None, most=2000, lines=True)
    verdict = One(SaidVerdictSchema, load_default=None)


class FollowedDeviationSchema(Schema):
    """A deviation that holds pay, held it once, or is about what is not paid. Source: RULEBOOK D.

    `facts` are null for who may not read deviations.
    """

    id = Identifier(required=True)
    rule = Choice(Rule, required=True)
    name = fields.String(required=True, metadata={"example": "wrong_tag"})
    subject = One(SubjectSchema, required=True)
    provider_id = Identifier(required=True)
    period = Month(load_default=None)
    effect = Choice(Effect, required=True)
    state = Choice(DeviationState, required=True)
    opened_at = Instant(required=True)
    facts = fields.Dict(keys=fields.String(), load_default=None)
    history = Several(One(HappenedSchema), required=True)
    explanations = Several(One(SaidSchema), required=True)


class PoolMonthSchema(Schema):
    """A pool's month as things stand now: what may be performed, and what became of what was. Source: R2, R6."""

    provider_id = Identifier(required=True)
    customer_id = Identifier(required=True)
    law = Choice(Law, required=True)
    services = Several(Choice(Service), required=True)
    month = Month(required=True)
    granted_seconds = Seconds(required=True)
    extension_seconds = Seconds(required=True)
    performed_seconds = Seconds(required=True)
    paid_seconds = Seconds(required=True)
    held_seconds = Seconds(required=True)
    unpaid_seconds = Seconds(required=True)
    excess_seconds = Seconds(required=True)


def pool_view(one: PoolMonth) -> dict[str, object]:
    """What `PoolMonthSchema` dumps: the pool laid flat."""
    return {**attributes(one.pool), **attributes(one), "performed_seconds": one.performed_seconds}


class FollowedOrderSchema(OrderSchema):
    """A version of an order."""

    version = StrictInteger(required=True, least=1)


class FollowedGrantSchema(GrantSchema):
    """A version of a grant."""

    version = StrictInteger(required=True, least=1)

    class Meta:
        exclude = ("target_group",)


class FollowedDecisionSchema(Schema):
    """A reviewer's decision on a request; its reasons are read where the request is. Source: E3."""

    id = Identifier(required=True)
    outcome = Choice(DecisionOutcome, required=True)
    approved_seconds = Seconds(load_default=None)
    decided_at = Instant(required=True)
    reviewer = Text(required=True)


class FollowedExtensionSchema(Schema):
    """A request for an extension without its cause and justification, which are read where the request is."""

    id = Identifier(required=True)
    provider_id = Identifier(required=True)
    customer_id = Identifier(required=True)
    service = Choice(Service, required=True)
    month = Month(required=True)
    requested_seconds = Seconds(required=True)
    requested_at = Instant(required=True)
    state = Choice(ExtensionState, required=True)
    decisions = Several(One(FollowedDecisionSchema), required=True)


class ChainSchema(Schema):
    """Everything between some taps and some öre."""

    lines = Several(One(StepSchema), required=True)
    runs = Several(One(RunOfLineSchema), required=True)
    visits = Several(One(FollowedVisitSchema), required=True)
    registrations = Several(One(TapSchema), required=True)
    corrections = Several(One(FollowedCorrectionSchema), required=True)
    deviations = Several(One(FollowedDeviationSchema), required=True)
    pools = Several(One(PoolMonthSchema), required=True)
    orders = Several(One(FollowedOrderSchema), required=True)
    grants = Several(One(FollowedGrantSchema), required=True)
    extensions = Several(One(FollowedExtensionSchema), required=True)
    rates = Several(One(RateSchema), required=True)


class LineHistorySchema(ChainSchema):
    """A line with every other line and adjustment of its key, and what stands behind them."""

    sequence = StrictInteger(required=True, least=1)


class VisitHistorySchema(ChainSchema):
    """A visit with the lines that have it, or had."""

    visit_id = Identifier(required=True)


class CustomerHistorySchema(ChainSchema):
    """A customer's month."""

    customer_id = Identifier(required=True)
    month = Month(required=True)
