"""What may stand in a scenario file: a request's fields, any ids, `recorded_at`; nothing asked that only people need.

Source: CONTRACT, Scenario files; the leniency is our decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from app.rules.deviations.values import Rule
from app.rules.extensions import ExtensionCause, ExtensionState
from app.rules.orders import ChosenBy
from app.rules.people import AbsenceCause
from app.rules.providers import Service
from app.rules.time import BEGINNING
from schemas.extensions import DecisionFields, ExtensionRequestSchema, ThreadEntrySchema
from schemas.fields import Choice, Date, Instant, Month, One, Several, Shaped, Switch, words
from schemas.orders import GrantRequestSchema, OrderRequestSchema
from schemas.people import AbsenceRequestSchema, CaregiverRequestSchema, CustomerRequestSchema
from schemas.plans import PlannedVisitRequestSchema
from schemas.policies import PolicyRequestSchema
from schemas.providers import AccreditationRequestSchema, CareSystemRequestSchema, ProviderRequestSchema
from schemas.reimbursement import RateRequestSchema
from schemas.resources import CustomerReference, MadeSchema, PlannedVisitReference, StrictSchema
from schemas.tags import TagRequestSchema
from schemas.texts import Identifier, MunicipalityCode, Text
from schemas.visits.corrections import CorrectionRequestSchema
from schemas.visits.registrations import RegistrationRequestSchema, SentSchema

FROM_FILE = "scenario"
"""The source of a rate or policy that a file gives without one."""


def loose(default: str = "") -> Text:
    """Text that a file may leave out, or leave empty."""
    return Text(least=0, most=4000, lines=True, load_default=default)


class Row(Schema):
    """Anything in a file: its id where somebody refers to it, and when it was recorded where that matters."""

    id = Identifier(load_default=None)
    recorded_at = Instant(load_default=None, from_beginning=True)


class NamedRow(Row):
    """Anything that others refer to, so that it needs an id."""

    id = Identifier(required=True)


class ScenarioCareSystemSchema(Row, CareSystemRequestSchema):
    """The care system; without municipalities any code is taken."""

    name = loose()
    municipalities = Several(MunicipalityCode(), load_default=())


class ScenarioProviderSchema(NamedRow, ProviderRequestSchema):
    """A provider; its kind decides the rate."""

    name = loose()
    organisation_number = Text(load_default=None)


class ScenarioAccreditationSchema(Row, AccreditationRequestSchema):
    """An accreditation."""


class ScenarioCaregiverSchema(NamedRow, CaregiverRequestSchema):
    """A caregiver."""

    name = loose()


class ScenarioCustomerSchema(NamedRow, CustomerRequestSchema):
    """A customer. No personal identity number is needed, and none is kept."""

    personal_identity_number = Text(load_default=None, load_only=True)


class ScenarioAbsenceSchema(Row, AbsenceRequestSchema):
    """An absence."""

    cause = Choice(AbsenceCause, load_default=AbsenceCause.OTHER)


class ScenarioTagSchema(Row, TagRequestSchema):
    """A tag."""


class ScenarioGrantSchema(NamedRow, GrantRequestSchema):
    """A grant."""


class ScenarioOrderSchema(NamedRow, OrderRequestSchema):
    """An order."""

    chosen_by = Choice(ChosenBy, load_default=ChosenBy.CUSTOMER)


class ScenarioRateSchema(Row, RateRequestSchema):
    """A rate."""

    source = loose(FROM_FILE)


class ScenarioPolicySchema(Row, PolicyRequestSchema):
    """A policy row, from the beginning where no day is given."""

    valid_from = Date(load_default=date.min, earliest=date.min)
    source = loose(FROM_FILE)


class ScenarioPlannedVisitSchema(Row, PlannedVisitRequestSchema):
    """A planned visit."""


class ScenarioRegistrationSchema(NamedRow, RegistrationRequestSchema):
    """A registration; `received_at` is `captured_at` where it is left out."""

    received_at = Instant(load_default=None)
    by_measuring_client = Switch(load_default=False)
    sent = One(SentSchema, load_default=None)


class ScenarioCorrectionSchema(Row, CorrectionRequestSchema):
    """A correction; it counts where somebody else than its maker approved it."""

    visit_id = Identifier(required=True)
    note = loose()
    made_by = loose()
    made_at = Instant(load_default=None, from_beginning=True)
    approved_by = Text(load_default=None)
    approved_at = Instant(load_default=None)


class ScenarioDecisionSchema(Row, DecisionFields, MadeSchema):
    """A decision; whether its seconds fit is for the rules to say."""

    reasons = loose()
    reviewer = loose()
    decided_at = Instant(required=True)


class Decisions(Shaped[tuple[dict[str, Any], ...]]):
    """One decision, or a list of them."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[dict[str, Any], ...]:
        several = isinstance(value, list)
        loaded: list[dict[str, Any]] = []
        errors: dict[int, Any] = {}
        for index, one in enumerate(value if several else [value]):
            try:
                loaded.append(_DECISION.load(one))
            except ValidationError as error:
                errors[index] = error.messages
        if errors:
            raise ValidationError(errors if several else errors[0])
        return tuple(loaded)


class ScenarioExtensionSchema(Row, ExtensionRequestSchema):
    """A request with its decision; what was said about it is read and plays no part."""

    cause = Choice(ExtensionCause, load_default=ExtensionCause.OTHER)
    justification = loose()
    requested_by = loose()
    requested_at = Instant(load_default=BEGINNING, from_beginning=True)
    state = Choice(ExtensionState, load_default=None, load_only=True)
    thread = Several(One(ThreadEntrySchema), key=None, load_default=(), load_only=True)
    decision = Decisions(load_default=(), allow_none=True, load_only=True)

    @validates_schema
    def _withdrawn_is_undecided(self, data: dict[str, Any], **_: Any) -> None:
        if data["state"] is ExtensionState.WITHDRAWN and data["decision"]:
            raise ValidationError(
                {"state": ["Leave the decision out, or the state: a decided request is not withdrawn (E3)."]}
            )


class AcceptedSchema(StrictSchema):
    """Who accepted an explanation, and when."""

    by = loose()
    at = Instant(required=True)


class ScenarioExplanationSchema(CustomerReference, PlannedVisitReference, Row, MadeSchema):
    """An explanation of what it names; what it does not name may be any."""

    rule = Choice(Rule, required=True)
    visit_id = Identifier(load_default=None)
    order_id = Identifier(load_default=None)
    service = Choice(Service, load_default=None)
    month = Month(load_default=None)
    reason = loose()
    note = loose()
    accepted = One(AcceptedSchema, load_default=None)

    @validates_schema
    def _about_one_thing(self, data: dict[str, Any], **_: Any) -> None:
        subjects = ("visit_id", "planned_visit_id", "planned_visit_external_id", "order_id")
        named = [name for name in subjects if data[name] is not None]
        if len(named) > 1:
            raise ValidationError({named[1]: [f"Give {named[0]} or {named[1]}, not both."]})


class LockTimes(Shaped[dict[str, datetime]]):
    """The instant at which each of some months was locked."""

    default_error_messages = words(invalid='Give an object of months and instants, such as {{"2014-02": "…"}}.')

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, datetime]:
        if not isinstance(value, Mapping):
            raise self.make_error("invalid")
        month, instant = Month(), Instant()
        locks: dict[str, datetime] = {}
        errors: dict[str, Any] = {}
        for key, text in value.items():
            try:
                locks[month.deserialize(key) or key] = instant.deserialize(text) or BEGINNING
            except ValidationError as error:
                errors[str(key)] = error.messages
        if errors:
            raise ValidationError(errors)
        return locks


def _rows() -> fields.List[Any]:
    return fields.List(fields.Raw(metadata={"type": "object"}), load_default=list, allow_none=False)


class ScenarioSchema(StrictSchema):
    """A scenario file; each row of it is read alone."""

    care_system = One(ScenarioCareSystemSchema, load_default=None)
    providers = _rows()
    accreditations = _rows()
    caregivers = _rows()
    customers = _rows()
    absences = _rows()
    tags = _rows()
    grants = _rows()
    orders = _rows()
    rates = _rows()
    policies = fields.Raw(load_default=list, metadata={"type": ["array", "object"]})
    planned_visits = _rows()
    registrations = _rows()
    corrections = _rows()
    extensions = _rows()
    explanations = _rows()
    now = Instant(load_default=None)
    months = Several(Month(), most=2400, key=None, load_default=())
    locked_at = LockTimes(load_default=dict, shape={"type": "object"})


_DECISION = ScenarioDecisionSchema()
