"""The specification is valid and told whole, its examples are true, and whatever it allows is answered as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.world import Somebody, World
from tests.counts import count

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EXAMPLES = count(40, everyday=3)
"""For each operation and each way of generating."""
UNBENDABLE = "takes nothing that could be other than it is told"
METHODS = ("get", "post", "put")


@pytest.fixture(scope="module")
def specification(world_app: Flask) -> dict[str, Any]:
    """The specification as it is served."""
    answer = world_app.test_client().get("/openapi.json")
    assert answer.status_code == 200
    told: dict[str, Any] = answer.get_json()
    return told


def operations(specification: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation with its path and method."""
    for path, item in specification["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def test_it_is_a_valid_specification_of_3_1(specification: dict[str, Any]) -> None:
    assert specification["openapi"] == "3.1.0"
    assert specification["info"]["title"] == "Hemtid"
    assert [fault.message for fault in OpenAPIV31SpecValidator(specification).iter_errors()] == []


def test_every_operation_has_an_id_a_summary_examples_and_its_problems(specification: dict[str, Any]) -> None:
    ids = [told["operationId"] for _, _, told in operations(specification)]
    assert len(ids) == len(set(ids)) > 60
    for path, method, told in operations(specification):
        where = f"{method} {path}"
        assert told["summary"].endswith((".", "?")), where
        body = told.get("requestBody", {}).get("content", {}).get("application/json")
        assert body is None or "example" in body, where
        success = [answer for status, answer in told["responses"].items() if status.startswith("2")]
        assert success, where
        assert all("example" in media for answer in success for media in answer["content"].values()), where
        secured = told.get("security") == [{"bearerAuth": []}]
        needed = {"400", "422", "503"} | ({"401", "403"} if secured else set())
        assert needed <= set(told["responses"]), where
    assert "bearerAuth" in specification["components"]["securitySchemes"]


def test_every_problem_is_told_as_problem_json_with_an_example(specification: dict[str, Any]) -> None:
    for name, answer in specification["components"]["responses"].items():
        assert list(answer["content"]) == ["application/problem+json"], name
        assert answer["content"]["application/problem+json"]["example"]["status"] == int(name.removeprefix("PROBLEM_"))


def test_every_example_is_what_its_schema_says(specification: dict[str, Any]) -> None:
    wrong = [f"{where}: {fault}" for where, media in _media(specification) for fault in _faults(specification, media)]
    assert wrong == []


def _media(specification: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, _, told in operations(specification):
        for media in told.get("requestBody", {}).get("content", {}).values():
            yield f"{told['operationId']} request", media
        for status, answer in told["responses"].items():
            for media in answer.get("content", {}).values():
                yield f"{told['operationId']} {status}", media
    for name, answer in specification["components"]["responses"].items():
        yield from ((name, media) for media in answer["content"].values())


def _faults(specification: dict[str, Any], media: dict[str, Any]) -> list[str]:
    schema = {"components": specification["components"], **media["schema"]}
    validator = jsonschema_rs.Draft202012Validator(schema)
    return [fault.message for fault in validator.iter_errors(media["example"])]


WRITERS = {
    "users": "operator", "clients": "operator", "care-systems": "operator",
    "providers": "controller", "accreditations": "controller", "rates": "controller", "tariffs": "controller",
    "policies": "controller",
    "municipalities": "controller", "simulations": "controller", "months": "controller", "reimbursement": "controller",
    "customers": "officer", "absences": "officer", "grants": "officer", "orders": "officer",
    "caregivers": "coordinator", "tags": "coordinator", "planned-visits": "coordinator", "visits": "coordinator",
    "deviations": "coordinator", "explanations": "coordinator", "extensions": "coordinator",
    "registrations": "measurer", "changes": "scheduler", "tokens": "coordinator", "jwks": "coordinator",
    "ledger": "controller", "billing-parties": "controller", "devices": "coordinator", "quarantine": "coordinator",
    "assessments": "officer", "no-choice": "officer", "webhooks": "scheduler",
}  # fmt: skip
"""Who tries the operations of each path."""
OTHERS = {
    "enrolDevice": "caregiver", "listRegistrations": "coordinator", "readRegistration": "coordinator",
    "decideExtension": "officer", "judgeExplanation": "officer", "attestMonth": "coordinator",
}  # fmt: skip


def _who(world: World, path: str, operation_id: str) -> Somebody:
    system, provider = world.home, world.home.providers[0]
    return {
        "operator": world.operator,
        "controller": system.controller,
        "officer": system.officers["2029"],
        "coordinator": provider.coordinator,
        "caregiver": provider.caregiver,
        "measurer": system.measurer,
        "scheduler": provider.scheduler,
    }[OTHERS.get(operation_id, WRITERS[path.split("/")[3]])]


def _ids(world: World) -> dict[str, str]:
    """What the names in paths mean in the world."""
    system, provider = world.home, world.home.providers[0]
    customer = provider.customers["2029"]
    return {
        "care_system_id": system.id, "provider_id": provider.id, "accreditation_id": provider.accreditation_id,
        "caregiver_id": provider.caregiver_id, "customer_id": customer.id, "grant_id": customer.grant_id,
        "order_id": customer.order_id, "tag_id": customer.tag_id, "planned_visit_id": customer.planned_visit_id,
        "rate_id": system.rate_id, "policy_id": system.policy_id, "user_id": provider.second_coordinator.id,
        "client_id": system.reimburser.id, "month": "2014-01",
    }  # fmt: skip


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as told", "otherwise"])
def test_whatever_is_sent_is_answered_as_the_specification_says(sqlite_home: World, mode: GenerationMode) -> None:
    """FAULTS 55."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", sqlite_home.app)
    failures: list[str] = []
    for found in schema.get_all_operations():
        operation = cast(Any, found).ok()
        told = operation.definition.raw
        who = _who(sqlite_home, operation.path, told["operationId"])
        known = {name: value for name, value in _ids(sqlite_home).items() if f"{{{name}}}" in operation.path}
        for path_parameters in ({}, known) if known else ({},):
            failures += _tried(operation, mode, who, path_parameters)
    told_otherwise = [one for one in failures if not one.endswith(UNBENDABLE)]
    assert told_otherwise == [], "\n".join(told_otherwise)
    assert len(failures) < 25, "of nearly every operation something could be sent otherwise"


def _tried(operation: Any, mode: GenerationMode, who: Somebody, path_parameters: dict[str, str]) -> list[str]:
    """What was answered otherwise than the specification says."""
    given_path: dict[str, Any] = {"path_parameters": path_parameters} if path_parameters else {}
    headers = {"Authorization": f"Bearer {who.token}"}

    @seed(55)
    @settings(
        max_examples=EXAMPLES, derandomize=False, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode, **given_path))
    def attempt(case: Case[Any]) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    try:
        attempt()
    except Unsatisfiable:
        return [f"{operation.path}: {UNBENDABLE}"]
    except (Failure, FailureGroup) as failure:
        return [f"{operation.method} {operation.path}: {_words(failure)}"]
    return []


def _words(failure: Any) -> str:
    inner = getattr(failure, "exceptions", [failure])
    return json.dumps([f"{type(one).__name__}: {one}" for one in inner], ensure_ascii=False)[:2_000]
