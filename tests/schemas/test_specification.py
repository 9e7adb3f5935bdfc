"""What the specification says of the fields is what the fields do."""

from __future__ import annotations

import re
import warnings
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema
from openapi_spec_validator import validate

from schemas import (
    assessments,
    envelopes,
    events,
    no_choice,
    people,
    plans,
    policies,
    providers,
    reimbursement,
    simulations,
    visits,
)
from schemas.deviations import DeviationSchema, ExplanationRequestSchema, ExplanationSchema
from schemas.extensions import DecisionRequestSchema, ExtensionRequestSchema, ExtensionSchema
from schemas.orders import GrantRequestSchema, GrantSchema, OrderRequestSchema, OrderSchema
from schemas.problems import ProblemSchema
from schemas.tags import TagRequestSchema, TagSchema
from schemas.texts import Text, Uid

SCHEMAS: tuple[type[Schema], ...] = (
    ProblemSchema,
    assessments.AssessmentHistorySchema,
    assessments.ClosingRequestSchema,
    no_choice.NoChoiceDecisionRequestSchema,
    no_choice.NoChoiceRequestSchema,
    no_choice.NoChoiceSchema,
    DeviationSchema,
    ExplanationRequestSchema,
    ExplanationSchema,
    DecisionRequestSchema,
    ExtensionRequestSchema,
    ExtensionSchema,
    GrantRequestSchema,
    GrantSchema,
    OrderRequestSchema,
    OrderSchema,
    TagRequestSchema,
    TagSchema,
    envelopes.BatchAnswerSchema,
    envelopes.RegistrationBatchSchema,
    envelopes.list_of(people.CustomerSchema),
    events.ChangeSchema,
    people.AbsenceRequestSchema,
    people.AbsenceSchema,
    people.CaregiverRequestSchema,
    people.CaregiverSchema,
    people.CustomerRequestSchema,
    plans.PlannedVisitRequestSchema,
    plans.PlannedVisitSchema,
    policies.PolicyRequestSchema,
    policies.PolicySchema,
    providers.AccreditationRequestSchema,
    providers.AccreditationSchema,
    reimbursement.RateRequestSchema,
    reimbursement.RateSchema,
    reimbursement.MonthSchema,
    reimbursement.RunSchema,
    simulations.ScenarioSchema,
    simulations.OutcomeSchema,
    visits.CorrectionRequestSchema,
    visits.CorrectionSchema,
    visits.RegistrationRequestSchema,
    visits.RegistrationSchema,
)


def specification() -> dict[str, Any]:
    spec = APISpec(title="t", version="1", openapi_version="3.1.0", plugins=[MarshmallowPlugin()])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for schema in SCHEMAS:
            name = schema.__name__.removesuffix("Schema")
            if name not in spec.components.schemas:
                spec.components.schema(name, schema=schema)
    told: dict[str, Any] = spec.to_dict()
    return told


def test_the_specification_of_all_schemas_is_valid_openapi_3_1() -> None:
    validate({**specification(), "paths": {}})


def test_the_specification_says_borders_formats_choices_and_defaults() -> None:
    schemas = specification()["components"]["schemas"]
    grant = schemas["GrantRequest"]["properties"]
    assert grant["granted_seconds"]["type"] == "integer"
    assert (grant["granted_seconds"]["minimum"], grant["granted_seconds"]["maximum"]) == (0, 1_000_000_000)
    assert grant["every"]["default"] == 1
    assert grant["law"]["enum"] == ["SoL", "LSS"]
    assert grant["customer_id"]["format"] == "uuid"
    assert "null" in grant["valid_before"]["type"]
    assert schemas["Registration"]["properties"]["captured_at"]["format"] == "date-time"
    assert schemas["CustomerRequest"]["properties"]["municipality"]["pattern"] == "^[0-9]{4}$"
    assert schemas["CustomerRequest"]["properties"]["personal_identity_number"]["writeOnly"] is True
    assert "personal_identity_number" not in schemas["Customer"]["properties"]
    assert schemas["CustomerRequest"]["additionalProperties"] is False
    assert schemas["Problem"].get("additionalProperties") is not False
    assert set(schemas["RegistrationRequest"]["required"]) == {"id", "kind", "captured_at", "place"}


def test_patterns_in_the_specification_take_what_the_fields_take() -> None:
    one_line, lines, long = Text(), Text(lines=True, least=0), Text(least=20, most=4000, lines=True)
    assert re.search(one_line.metadata["pattern"], "Åsa Ödén")
    assert not re.search(one_line.metadata["pattern"], "  ")
    assert not re.search(one_line.metadata["pattern"], "a\u0000")
    assert re.search(lines.metadata["pattern"], "a\n\tb")
    assert re.search(long.metadata["pattern"], "x" * 20)
    assert not re.search(long.metadata["pattern"], "x" * 19 + " " * 5)
    assert re.search(Uid().metadata["pattern"], "04:A2:24:5A:6F:61:80")
