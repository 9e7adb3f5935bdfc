"""A resource is named by our id or by theirs."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from app.rules.people import Caregiver, Relative
from app.rules.plans import PlannedVisit
from app.rules.time import BEGINNING
from app.rules.visits.values import Changes
from schemas.orders import GrantRequestSchema, OrderRequestSchema
from schemas.people import AbsenceRequestSchema, CaregiverRequestSchema
from schemas.plans import PlannedVisitRequestSchema
from schemas.problems import field_problems
from schemas.references import Reference, references, resolved
from schemas.visits import CorrectionRequestSchema, RegistrationRequestSchema
from tests.schemas import examples as ex
from tests.schemas.examples import ID, OTHER_ID, pointers, without


@pytest.mark.parametrize(
    ("schema", "example", "name"),
    [
        (CaregiverRequestSchema(), ex.CAREGIVER, "provider"),
        (AbsenceRequestSchema(), ex.ABSENCE, "customer"),
        (GrantRequestSchema(), ex.GRANT, "customer"),
        (OrderRequestSchema(), ex.ORDER, "grant"),
        (OrderRequestSchema(), ex.ORDER, "provider"),
        (PlannedVisitRequestSchema(), ex.PLANNED_VISIT, "customer"),
        (RegistrationRequestSchema(), ex.REGISTRATION, "caregiver"),
    ],
)
def test_a_needed_reference_is_given_in_exactly_one_way(schema: Schema, example: dict[str, Any], name: str) -> None:
    own, theirs = f"{name}_id", f"{name}_external_id"
    bare = without(example, own)
    assert schema.load({**bare, own: ID})[own] == ID
    by_theirs = schema.load({**bare, theirs: "K-1"})
    assert by_theirs[theirs] == "K-1"
    assert own not in by_theirs
    assert theirs not in schema.load({**bare, own: ID, theirs: None})
    assert pointers(schema, {**bare, own: ID, theirs: "K-1"}) == [f"/{theirs}"]
    assert pointers(schema, bare) == [f"/{own}"]
    assert pointers(schema, {**bare, own: None, theirs: None}) == [f"/{own}"]


def test_a_reference_that_may_be_left_out_is_none() -> None:
    loaded = RegistrationRequestSchema().load(ex.REGISTRATION)
    assert loaded["customer_id"] is None
    assert loaded["planned_visit_id"] is None
    assert "customer_external_id" not in loaded


def test_every_reference_is_found_with_its_place_also_inside_lists_and_values() -> None:
    raw = {
        **without(ex.CAREGIVER, "provider_id"),
        "provider_external_id": "P",
        "relative_of": [
            *ex.CAREGIVER["relative_of"],
            {"customer_external_id": "K", "reason": "r", "notified_on": "2014-01-01"},
        ],
    }
    found = set(references(CaregiverRequestSchema().load(raw)))
    assert found == {
        Reference(resource="provider", named="P", external=True, path=("provider_external_id",)),
        Reference(resource="customer", named=ID, external=False, path=("relative_of", 0, "customer_id")),
        Reference(resource="customer", named="K", external=True, path=("relative_of", 1, "customer_external_id")),
    }


def test_external_ids_become_ids_of_ours_and_the_value_can_be_made() -> None:
    raw = {
        **without(ex.CAREGIVER, "provider_id"),
        "provider_external_id": "P",
        "relative_of": [{"customer_external_id": "K", "reason": "r", "notified_on": "2014-01-01"}],
    }
    ids = {("provider", "P"): ID, ("customer", "K"): OTHER_ID}
    made = Caregiver(**resolved(CaregiverRequestSchema().load(raw), ids), id=ID, recorded_at=BEGINNING)
    assert made.provider_id == ID
    assert [(type(one), one.customer_id) for one in made.relative_of] == [(Relative, OTHER_ID)]


def test_lists_of_external_ids_become_lists_of_ours_in_their_order() -> None:
    raw = {
        **without(ex.PLANNED_VISIT, "caregiver_ids"),
        "caregiver_external_ids": ["B", "A"],
        "household_external_ids": ["K"],
    }
    ids = {("caregiver", "A"): ID, ("caregiver", "B"): OTHER_ID, ("customer", "K"): ID}
    made = PlannedVisit(**resolved(PlannedVisitRequestSchema().load(raw), ids), id=ID)
    assert made.caregiver_ids == (OTHER_ID, ID)
    assert made.household == (ID,)


def test_a_correction_may_name_the_right_customer_by_their_id() -> None:
    raw = {**ex.CORRECTION, "changes": {"customer_external_id": "K"}, "reason": "wrong_customer"}
    loaded = resolved(CorrectionRequestSchema().load(raw), {("customer", "K"): ID})
    assert loaded["changes"] == Changes(customer_id=ID)


def test_an_external_id_that_nobody_knows_is_named_where_it_stands() -> None:
    raw = {
        **ex.REGISTRATION,
        "customer_external_id": "K",
        "household": [{"customer_id": ID}, {"customer_external_id": "K2"}],
    }
    with pytest.raises(ValidationError) as refused:
        resolved(RegistrationRequestSchema().load(raw), {("customer", "other"): ID})
    assert [one["pointer"] for one in field_problems(refused.value.messages)] == [
        "/customer_external_id",
        "/household/1/customer_external_id",
    ]


def test_both_ways_of_naming_a_list_are_refused_at_theirs() -> None:
    raw = {**ex.PLANNED_VISIT, "caregiver_external_ids": ["A"], "household": [ID], "household_external_ids": ["K"]}
    assert pointers(PlannedVisitRequestSchema(), raw) == ["/caregiver_external_ids", "/household_external_ids"]
