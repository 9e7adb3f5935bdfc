"""What a request may say, border by border, and where it is told otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema

from app.rules.orders import Grant, Order
from app.rules.people import Absence, Caregiver, Customer, Position
from app.rules.plans import PlannedVisit
from app.rules.policies import Policy
from app.rules.providers import Accreditation, CareSystem, Provider
from app.rules.rates import Rate, Window
from app.rules.tags import Tag
from schemas.deviations import ExplanationRequestSchema, VerdictRequestSchema
from schemas.envelopes import BatchSchema, ListQuerySchema, RegistrationBatchSchema
from schemas.extensions import AnswerRequestSchema, DecisionRequestSchema, ExtensionRequestSchema
from schemas.orders import GrantRequestSchema, GrantSchema, OrderRequestSchema, OrderSchema
from schemas.people import (
    AbsenceRequestSchema,
    AbsenceSchema,
    CaregiverRequestSchema,
    CaregiverSchema,
    CustomerRequestSchema,
    CustomerSchema,
)
from schemas.plans import PlannedVisitRequestSchema, PlannedVisitRowSchema, PlannedVisitSchema
from schemas.policies import PolicyRequestSchema, PolicySchema
from schemas.providers import (
    AccreditationRequestSchema,
    AccreditationSchema,
    CareSystemRequestSchema,
    CareSystemSchema,
    ProviderRequestSchema,
    ProviderSchema,
)
from schemas.reimbursement import (
    AttestationRequestSchema,
    LockRequestSchema,
    RateRequestSchema,
    RateSchema,
    RunRequestSchema,
)
from schemas.tags import TagRequestSchema, TagSchema
from schemas.visits import CorrectionRequestSchema
from tests.schemas import examples as ex
from tests.schemas.examples import ID, OTHER_ID, pointers, spoiled, without

CARE_SYSTEM: dict[str, Any] = {"name": "Leksand–Rättvik", "municipalities": ["2029", "2031"]}
PROVIDER: dict[str, Any] = {"name": "Olivia", "kind": "private", "organisation_number": "556036-0793"}
SUN: dict[str, Any] = {"mode": "encrypted", "meta_key": "0" * 32, "file_key": "F" * 32, "mac_input": "none"}

WHOLE: list[tuple[Schema, Schema, type[Any], dict[str, Any]]] = [
    (CareSystemRequestSchema(), CareSystemSchema(), CareSystem, CARE_SYSTEM),
    (ProviderRequestSchema(), ProviderSchema(), Provider, PROVIDER),
    (AccreditationRequestSchema(), AccreditationSchema(), Accreditation, ex.ACCREDITATION),
    (CaregiverRequestSchema(), CaregiverSchema(), Caregiver, ex.CAREGIVER),
    (CustomerRequestSchema(), CustomerSchema(), Customer, ex.CUSTOMER),
    (AbsenceRequestSchema(), AbsenceSchema(), Absence, ex.ABSENCE),
    (GrantRequestSchema(), GrantSchema(), Grant, ex.GRANT),
    (OrderRequestSchema(), OrderSchema(), Order, ex.ORDER),
    (TagRequestSchema(), TagSchema(), Tag, ex.TAG),
    (PlannedVisitRequestSchema(), PlannedVisitSchema(), PlannedVisit, ex.PLANNED_VISIT),
    (RateRequestSchema(), RateSchema(), Rate, ex.RATE),
    (PolicyRequestSchema(), PolicySchema(), Policy, ex.POLICY),
]


@pytest.mark.parametrize(
    ("request_schema", "schema", "value", "example"), WHOLE, ids=[one[2].__name__ for one in WHOLE]
)
def test_what_is_loaded_makes_the_value_and_what_is_shown_loads_as_the_same(
    request_schema: Schema, schema: Schema, value: type[Any], example: dict[str, Any]
) -> None:
    made = value(**request_schema.load({**example, "external_id": "theirs"}), id=ID)
    shown = schema.dump(made)
    assert shown["id"] == ID
    assert shown["external_id"] == "theirs"
    assert shown["recorded_at"] == "0001-01-01T00:00:00Z"
    assert value(**request_schema.load(without(shown, "id", "recorded_at")), id=ID) == made
    assert set(example) <= set(shown)


@pytest.mark.parametrize(
    ("request_schema", "schema", "value", "example"), WHOLE, ids=[one[2].__name__ for one in WHOLE]
)
def test_unknown_fields_and_those_set_by_us_are_refused(
    request_schema: Schema, schema: Schema, value: type[Any], example: dict[str, Any]
) -> None:
    """FAULTS 37: neither a tenant, nor a role, nor a time of recording can be put in."""
    for name in ("id", "recorded_at", "version", "care_system_id", "role", "a/b"):
        assert pointers(request_schema, {**example, name: ID}) == ["/" + name.replace("/", "~1")]
    nothing_like_it: tuple[object, ...] = (None, [], "text", 1)
    for refused in nothing_like_it:
        assert pointers(request_schema, refused) == [""]


@pytest.mark.parametrize(
    ("schema", "example", "pointer", "value", "refused_at"),
    [
        pytest.param(
            AbsenceRequestSchema(),
            ex.ABSENCE,
            "/before",
            "2014-02-03T07:00:00Z",
            "/before",
            id="absence without a second",
        ),
        pytest.param(
            GrantRequestSchema(),
            ex.GRANT,
            "/double_staffed_seconds",
            36001,
            "/double_staffed_seconds",
            id="O1 beyond the whole",
        ),
        pytest.param(
            GrantRequestSchema(), ex.GRANT, "/valid_before", "2014-01-01", "/valid_before", id="grant without a day"
        ),
        pytest.param(GrantRequestSchema(), ex.GRANT, "/services", [], "/services", id="grant without a service"),
        pytest.param(
            GrantRequestSchema(), ex.GRANT, "/services", ["escort", "escort"], "/services/1", id="service twice"
        ),
        pytest.param(GrantRequestSchema(), ex.GRANT, "/every", 0, "/every", id="every 0 days"),
        pytest.param(GrantRequestSchema(), ex.GRANT, "/granted_seconds", 1.9, "/granted_seconds", id="1.9 seconds"),
        pytest.param(
            OrderRequestSchema(), ex.ORDER, "/valid_before", "2014-01-03", "/valid_before", id="order without a day"
        ),
        pytest.param(
            OrderRequestSchema(), ex.ORDER, "/ordered_at", "2014-01-02T09:00:00", "/ordered_at", id="T1 no offset"
        ),
        pytest.param(
            AccreditationRequestSchema(), ex.ACCREDITATION, "/valid_before", "2014-01-01", "/valid_before", id="no day"
        ),
        pytest.param(
            CareSystemRequestSchema(), CARE_SYSTEM, "/municipalities/1", "2029", "/municipalities/1", id="code twice"
        ),
        pytest.param(
            CaregiverRequestSchema(),
            ex.CAREGIVER,
            "/relative_of/0/reason",
            " ",
            "/relative_of/0/reason",
            id="P4 no reason",
        ),
        pytest.param(
            CustomerRequestSchema(), ex.CUSTOMER, "/protection", "confidential", "/position", id="A4 no position"
        ),
        pytest.param(
            CustomerRequestSchema(), ex.CUSTOMER, "/position/lat", 90.1, "/position/lat", id="beyond the pole"
        ),
        pytest.param(
            PlannedVisitRequestSchema(),
            ex.PLANNED_VISIT,
            "/ends_at",
            "2014-02-03T07:00:00Z",
            "/ends_at",
            id="plan of 0 s",
        ),
        pytest.param(
            PlannedVisitRequestSchema(),
            ex.PLANNED_VISIT,
            "/caregiver_ids/1",
            ID,
            "/caregiver_ids/1",
            id="caregiver twice",
        ),
        pytest.param(TagRequestSchema(), ex.TAG, "/uid", "04A", "/uid", id="half a byte"),
        pytest.param(TagRequestSchema(), ex.TAG, "/sun", SUN, "/sun", id="keys of a plain tag"),
        pytest.param(
            RateRequestSchema(), ex.RATE, "/ore_per_hour", 370.5, "/ore_per_hour", id="R1 a float is no money"
        ),
        pytest.param(
            RateRequestSchema(),
            ex.RATE,
            "/band/windows/0/before",
            "07:30",
            "/band/windows/0/before",
            id="R4 window of 0 s",
        ),
        pytest.param(
            RateRequestSchema(),
            ex.RATE,
            "/band/windows/0/from",
            "24:00",
            "/band/windows/0/from",
            id="R4 24:00 ends only",
        ),
        pytest.param(
            RateRequestSchema(),
            ex.RATE,
            "/band/windows/0/weekdays",
            [1, 8],
            "/band/windows/0/weekdays/1",
            id="R4 day 8",
        ),
        pytest.param(
            RateRequestSchema(),
            ex.RATE,
            "/band/windows/0/weekdays",
            [1, 1],
            "/band/windows/0/weekdays/1",
            id="R4 day twice",
        ),
        pytest.param(RateRequestSchema(), ex.RATE, "/band/windows", [], "/band/windows", id="R4 band without hours"),
        pytest.param(PolicyRequestSchema(), ex.POLICY, "/name", "lock_days", "/name", id="no such policy"),
        pytest.param(PolicyRequestSchema(), ex.POLICY, "/value", 29, "/value", id="R8 lock on the 29th"),
        pytest.param(PolicyRequestSchema(), ex.POLICY, "/value", True, "/value", id="true is no number"),
        pytest.param(PolicyRequestSchema(), ex.POLICY, "/value", "none", "/value", id="choice for a number"),
        pytest.param(
            CorrectionRequestSchema(),
            ex.CORRECTION,
            "/changes/ends_at",
            "2014-02-03T07:00:00Z",
            "/changes/ends_at",
            id="V10",
        ),
        pytest.param(CorrectionRequestSchema(), ex.CORRECTION, "/changes", {}, "/changes", id="V10 nothing changed"),
        pytest.param(
            CorrectionRequestSchema(),
            ex.CORRECTION,
            "/changes",
            {"void": None},
            "/changes",
            id="V10 null changes nothing",
        ),
        pytest.param(
            ExtensionRequestSchema(), ex.EXTENSION, "/justification", "x" * 19, "/justification", id="E2 19 characters"
        ),
        pytest.param(
            ExtensionRequestSchema(),
            ex.EXTENSION,
            "/justification",
            " " * 5 + "x" * 19,
            "/justification",
            id="E2 blanks",
        ),
        pytest.param(
            ExtensionRequestSchema(), ex.EXTENSION, "/requested_seconds", 0, "/requested_seconds", id="E2 no seconds"
        ),
        pytest.param(
            ExtensionRequestSchema(), ex.EXTENSION, "/days/0", "2014-03-01", "/days/0", id="E2 day of the next month"
        ),
        pytest.param(ExtensionRequestSchema(), ex.EXTENSION, "/days", ["2014-02-03"] * 2, "/days/1", id="E2 day twice"),
    ],
)
def test_a_request_is_refused_at_the_field_to_mend(
    schema: Schema, example: dict[str, Any], pointer: str, value: object, refused_at: str
) -> None:
    assert pointers(schema, example) == []
    assert pointers(schema, spoiled(example, pointer, value)) == [refused_at]


@pytest.mark.parametrize("name", ["made_by", "made_at", "approved_by", "approved_at"])
def test_V10_nobody_writes_another_as_maker_or_approver_of_a_correction(name: str) -> None:
    assert pointers(CorrectionRequestSchema(), {**ex.CORRECTION, name: "2014-02-03T08:00:00Z"}) == [f"/{name}"]


@pytest.mark.parametrize("name", ["state", "thread", "requested_by", "requested_at", "decision"])
def test_E3_a_request_states_neither_its_state_nor_its_maker(name: str) -> None:
    assert pointers(ExtensionRequestSchema(), {**ex.EXTENSION, name: "approved"}) == [f"/{name}"]


@pytest.mark.parametrize(
    ("outcome", "seconds", "refused"),
    [
        ("partly_approved", 1, False),
        ("partly_approved", 0, True),
        ("partly_approved", None, True),
        ("approved", None, False),
        ("approved", 600, False),
        ("approved", 0, True),
        ("declined", None, False),
        ("declined", 0, False),
        ("declined", 1, True),
        ("needs_information", None, False),
        ("needs_information", 1, True),
    ],
)
def test_E3_the_seconds_of_a_decision_fit_its_outcome(outcome: str, seconds: int | None, refused: bool) -> None:
    raw = {"outcome": outcome, "approved_seconds": seconds, "reasons": "As documented."}
    assert pointers(DecisionRequestSchema(), raw) == (["/approved_seconds"] if refused else [])


def test_a_personal_identity_number_is_taken_in_and_never_given_out() -> None:
    """FAULTS 49, 50."""
    loaded = CustomerRequestSchema().load({**ex.CUSTOMER, "personal_identity_number": "19121212-1212"})
    assert loaded.pop("personal_identity_number") == "191212121212"
    customer = Customer(**loaded, id=ID)
    assert customer.position == Position(lat_e6=60_730_000, lon_e6=14_990_000)
    assert "personal_identity_number" not in CustomerSchema().dump(customer)
    assert "personal_identity_number" not in CustomerRequestSchema().load(ex.CUSTOMER)


def test_the_keys_of_a_tag_are_taken_in_and_never_shown() -> None:
    loaded = TagRequestSchema().load({**ex.TAG, "kind": "nfc_sun", "sun": SUN})
    sun = loaded.pop("sun")
    assert (sun.file_key, sun.parameters.picc) == ("f" * 32, None)
    assert sun.file_key not in repr(sun)
    assert "sun" not in TagSchema().dump(Tag(**loaded, id=ID))


def test_R4_a_window_may_run_past_midnight_and_its_weekdays_are_put_in_order() -> None:
    loaded = RateRequestSchema().load(spoiled(ex.RATE, "/band/windows/0/from", "22:30"))
    assert loaded["band"].windows == (Window(weekdays=(1, 5), start_minute=1350, before_minute=1140),)


def test_null_stands_for_what_may_be_left_out() -> None:
    left_out = PlannedVisitRequestSchema().load(ex.PLANNED_VISIT)
    null = dict.fromkeys(("household", "grant_id", "cancelled", "external_id", "caregiver_external_ids"))
    assert PlannedVisitRequestSchema().load({**ex.PLANNED_VISIT, **null}) == left_out
    assert pointers(PlannedVisitRequestSchema(), {**ex.PLANNED_VISIT, "service": None}) == ["/service"]


def test_a_relative_stands_once_whether_by_our_id_or_by_theirs() -> None:
    row = ex.CAREGIVER["relative_of"][0]
    theirs = {**without(row, "customer_id"), "customer_external_id": "K"}
    assert pointers(CaregiverRequestSchema(), {**ex.CAREGIVER, "relative_of": [row, theirs]}) == []
    repeated = {**ex.CAREGIVER, "relative_of": [row, theirs, theirs, row]}
    assert pointers(CaregiverRequestSchema(), repeated) == [
        "/relative_of/2/customer_external_id",
        "/relative_of/3/customer_id",
    ]


def test_explanations_verdicts_and_answers_say_what_people_need() -> None:
    explanation = {"deviation_ids": [ID, OTHER_ID], "reason": "tag_missing", "note": "The door was changed."}
    assert pointers(ExplanationRequestSchema(), explanation) == []
    assert pointers(ExplanationRequestSchema(), {**explanation, "deviation_ids": []}) == ["/deviation_ids"]
    assert pointers(ExplanationRequestSchema(), {**explanation, "deviation_ids": [ID, ID]}) == ["/deviation_ids/1"]
    assert pointers(ExplanationRequestSchema(), {**explanation, "note": ""}) == ["/note"]
    assert pointers(VerdictRequestSchema(), {"outcome": "accepted"}) == []
    assert pointers(VerdictRequestSchema(), {"outcome": "accepted", "by": "me"}) == ["/by"]
    assert pointers(AnswerRequestSchema(), {"text": "\n"}) == ["/text"]


def test_months_are_attested_locked_and_issued_by_municipality_and_provider() -> None:
    assert AttestationRequestSchema().load({"municipality": "2029"}) == {"municipality": "2029", "provider_id": None}
    assert LockRequestSchema().load({}) == {"municipality": None, "provider_id": None}
    assert RunRequestSchema().load({"month": "2014-02", "provider_external_id": "P"}) == {
        "month": "2014-02",
        "municipality": None,
        "provider_external_id": "P",
    }
    assert pointers(AttestationRequestSchema(), {}) == ["/municipality"]


def test_a_batch_keeps_its_rows_as_they_came_up_to_a_thousand() -> None:
    """FAULTS 7: one bad row spoils no other."""
    rows = [{"id": 1}, "no object", None]
    with_null = {"items": rows[:2]}
    assert BatchSchema().load(with_null)["items"] == tuple(rows[:2])
    assert pointers(BatchSchema(), {"items": [{}] * 1000}) == []
    assert pointers(BatchSchema(), {"items": [{}] * 1001}) == ["/items"]
    assert pointers(BatchSchema(), {}) == ["/items"]
    assert pointers(BatchSchema(), {"items": {}}) == ["/items"]
    assert pointers(RegistrationBatchSchema(), {"items": [], "sent": {"elapsed_ms": 1.9, "boot_id": "b"}}) == [
        "/sent/elapsed_ms"
    ]


def test_a_row_of_planned_visits_names_what_it_replaces() -> None:
    assert pointers(PlannedVisitRowSchema(), ex.PLANNED_VISIT) == ["/external_id"]
    assert pointers(PlannedVisitRowSchema(), {**ex.PLANNED_VISIT, "external_id": "A-7"}) == []
    assert pointers(PlannedVisitRowSchema(), {**ex.PLANNED_VISIT, "id": ID}) == []


@pytest.mark.parametrize(
    ("limit", "refused"), [("1", False), ("200", False), ("0", True), ("201", True), ("1.9", True), ("x", True)]
)
def test_a_list_is_asked_for_in_pages_of_1_to_200(limit: str, refused: bool) -> None:
    assert pointers(ListQuerySchema(), {"limit": limit}) == (["/limit"] if refused else [])
    assert ListQuerySchema().load({}) == {"limit": 50, "after": None}
