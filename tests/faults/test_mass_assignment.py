"""Nobody gives themselves what is not theirs to give: tenant, role, pay, or what only we set. FAULTS 37."""

from __future__ import annotations

from collections.abc import Callable
from functools import partialmethod
from typing import Any

import marshmallow
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.rules.access import Role
from app.storage.database import Database
from app.storage.tables.columns import metadata
from schemas.people import CustomerRequestSchema
from tests.faults.register import Register, filled
from tests.faults.specification import Operation, Way, objects_of, objects_within, operations, specification, with_field
from tests.settings import settings_for

INJECTED: dict[str, object] = {
    # tenant
    "care_system_id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    "tenant_id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    # role
    "role": "operator",
    "scope": "care_system:*",
    "permissions": ["issue month"],
    "is_admin": True,
    "active": True,
    "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
    # pay
    "pay": "payable",
    "amount_ore": 1,
    "performed_seconds": 3600,
    "seconds": 3600,
    "effect": "information",
    "blocking": [],
    # who and when, which only we say
    "recorded_at": "2014-01-01T00:00:00Z",
    "recorded_by": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    "received_at": "2014-01-01T00:00:00Z",
    "corrected_at": "2014-01-01T00:00:00Z",
    "requested_by": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    "requested_at": "2014-01-01T00:00:00Z",
    "made_by": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    "made_at": "2014-01-01T00:00:00Z",
    "approved_by": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    "approved_at": "2014-01-01T00:00:00Z",
    "reviewer": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    "decided_at": "2014-01-01T00:00:00Z",
    "attested_by": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    "locked_at": "2014-01-01T00:00:00Z",
    "run_id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    # what the rules find
    "version": 7,
    "state": "approved",
    "evidence_grade": 3,
    "clock_grade": "verified",
    "deviations": [],
    "resolved_customer_id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
}
GIVEN: dict[str, set[str]] = {
    "createUser": {"care_system_id", "role", "active"},
    "replaceUser": {"care_system_id", "role", "active"},
    "createClient": {"care_system_id", "role", "active"},
    "replaceClient": {"care_system_id", "role", "active"},
    "createTag": {"state"},
    "replaceTag": {"state"},
    "createWebhook": {"active"},
    "replaceWebhook": {"active"},
}
"""Which of these names an operation does take, because they are its business: accounts are the operator's to scope,
whether a tag is mounted is told from outside, and a client rests its own webhook. Whatever else appears here later is a
decision to be made."""
WHO_MAY = {"putPlannedVisits": Role.COORDINATOR, "registerBatch": Role.MEASURING_CLIENT}
"""Of batches, whose rows are only read for somebody who may send them; any other body is read before that is asked."""
HYPOTHETICAL = {"createSimulation", "simulate"}
"""A simulation's facts are all made up, what we set included, and none is kept. Source: CONTRACT, Scenario files."""


def sending(app: Flask) -> list[Operation]:
    """Every operation that takes a body and keeps something."""
    return [one for one in operations(app) if one.schema is not None and one.operation_id not in HYPOTHETICAL]


def untaken(operation: Operation, spec: dict[str, Any]) -> dict[Way, list[str]]:
    """At each object of the operation's body the names that it does not take."""
    assert operation.schema is not None
    taken = dict(objects_within(operation.schema, spec))
    ways = sorted({*taken, *objects_of(operation.example)}, key=str)
    return {way: [name for name in INJECTED if name not in taken.get(way, ())] for way in ways}


def pointers(answer: TestResponse, way: Way) -> set[str]:
    """The fields that the answer refuses; of a batch that was read, those of its first row."""
    told, above = answer.get_json(), ""
    if answer.status_code == 200 and way[:1] == ("items",):
        told, above = told["results"][0]["problem"], "/items/0"
    found = {fault["pointer"] for fault in told.get("errors", ()) if told["status"] == 422}
    return found | {above + one for one in found}


def accepted(app: Flask, register: Register, operation: Operation, spec: dict[str, Any]) -> list[str]:
    """The injected fields that were not refused with a pointer to them."""
    found = []
    role, path = WHO_MAY.get(operation.operation_id, Role.CASE_OFFICER), operation.path().removeprefix("/api/v1")
    for way, names in untaken(operation, spec).items():
        body = operation.example
        for name in names:
            body = with_field(body, way, name, INJECTED[name])
        answer = register.ask(app, role, operation.method, path, json=body, headers={"If-Match": '"1"'})
        refused = pointers(answer, way)
        wanted = {"".join(f"/{step}" for step in (*way, name)) for name in names}
        found += [f"{operation.operation_id} {pointer}: {answer.status_code}" for pointer in sorted(wanted - refused)]
    return found


def rows(database: Database) -> dict[str, int]:
    """How many rows each table holds."""
    with database.transaction(write=False) as tx:
        return {
            table.name: tx.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def test_F37_no_field_that_is_not_theirs_to_give_is_taken_from_anybody(
    sqlite_url: str, make_app: Callable[..., Flask]
) -> None:
    """FAULTS 37: every name at every object of every body, refused with a pointer to it; nothing is kept."""
    app = make_app(sqlite_url)
    register = filled(settings_for(sqlite_url))
    database: Database = app.extensions["hemtid"].database
    spec, before = specification(app), rows(database)
    found = [line for operation in sending(app) for line in accepted(app, register, operation, spec)]
    assert found == []
    assert rows(database) == before


def test_F37_the_names_that_are_taken_are_those_decided_on(sqlite_url: str, make_app: Callable[..., Flask]) -> None:
    """FAULTS 37: an operation that begins to take one of these names makes somebody say so."""
    app = make_app(sqlite_url)
    spec = specification(app)
    taken = {
        operation.operation_id: {
            name for way, names in objects_within(operation.schema or {}, spec) if way in ((), ("items", 0))
            for name in names & set(INJECTED)
        }
        for operation in sending(app)
    }  # fmt: skip
    assert {operation: names for operation, names in taken.items() if names} == GIVEN


def test_F37_nor_does_a_query_widen_anybodys_scope(sqlite_url: str, make_app: Callable[..., Flask]) -> None:
    """FAULTS 37, for the query: a name that the operation does not document is refused."""
    app = make_app(sqlite_url)
    register = filled(settings_for(sqlite_url))
    found = []
    for operation in operations(app):
        for name in {"care_system_id", "role", "scope", "tenant_id"} - set(operation.parameters):
            path = operation.path().removeprefix("/api/v1")
            sent = {} if operation.schema is None else {"json": operation.example}
            answer = register.ask(app, Role.CONTROLLER, operation.method, path, query_string={name: "x"}, **sent)
            if answer.status_code != 422:
                found.append(f"{operation.operation_id} {name}: {answer.status_code}")
    assert found == []


def test_F37_a_schema_that_took_unknown_fields_would_be_found(
    sqlite_url: str, make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counter-check of FAULTS 37: with one schema's guard off, the drill names each field that got through."""
    app = make_app(sqlite_url)
    register = filled(settings_for(sqlite_url))
    (create,) = (one for one in operations(app) if one.operation_id == "createCustomer")
    # On the class, so that an instance made before, which serves every request, takes them too.
    monkeypatch.setattr(
        CustomerRequestSchema, "load", partialmethod(marshmallow.Schema.load, unknown=marshmallow.EXCLUDE)
    )
    found = accepted(app, register, create, specification(app))
    assert {f"createCustomer /{name}: 201" for name in INJECTED} <= set(found)
