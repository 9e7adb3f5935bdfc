"""Whatever is sent, the answer is ours: a problem that says what is wrong, and never a fault of our own. FAULTS 55."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.api import examples, operations
from app.rules.access import Role
from tests.counts import count
from tests.faults.register import Register, filled
from tests.faults.specification import Operation, inside_of
from tests.faults.specification import operations as operations_of
from tests.settings import settings_for

REQUESTS = count(10_000)
"""On each kind of database, so 20,000 in a full run."""
SEED = 55
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.9, 2**31, 2**63 - 1, -(2**63), 2**63, 1e308, -0.0, 10**40,
    "", " ", "x" * 300, "x" * 100_000, "\u202e\u0000", "\ud800", "😀" * 300, "%s%n", "'; DROP TABLE customer; --",
    "2014-02-30", "0000-00-00", "9999-12-31", "0001-01-01", "2014-13", "2014-02-03T08:00:00", "2014-02-03T25:00:00Z",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2014-02-03T08:00:60Z", "2016-12-31T23:59:60Z",
    "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f", "0190A5B8-7C3E-7D10-8F00-3B1F2C4D5E6F", "24:00", "NaN", "1/2",
    "1e400", "２０１４", "../../etc",
    [], {}, [[]], [{}], [None], {"": None}, {"a": {"b": {"c": []}}}, ["a", "a"], list(range(1_001)),
)  # fmt: skip
NOT_JSON = (b"", b"\xff\xfe[]", b"\xef\xbb\xbf{}", b"NaN", b"[1,]", b"null", b"\x00", b'{"a":1,"a":2}')
HEADERS: tuple[dict[str, str], ...] = (
    {}, {}, {}, {}, {}, {},
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/json; charset=latin-1"},
    {"Content-Type": "multipart/form-data; boundary=x"},
    {"Content-Encoding": "gzip"},
    {"If-Match": "W/\"1\""},
    {"If-Match": '"99999999999"'},
    {"If-Match": "*"},
    {"Idempotency-Key": "å"},
    {"Idempotency-Key": "k"},
    {"Accept": "text/html"},
    {"Accept-Language": "x" * 200},
    {"Hemtid-Demo-Clock": "yesterday"},
    {"X-Request-Id": "a b"},
    {"Authorization": "Basic eDp5"},
)  # fmt: skip
ROLES = (Role.CONTROLLER, Role.CASE_OFFICER, Role.COORDINATOR, Role.MEASURING_CLIENT, Role.CAREGIVER, Role.OPERATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An operation, a role that may do it, and a body of it that names what is really there."""

    operation: Operation
    role: Role
    body: Any


def real(example: Any, register: Register) -> Any:
    """The example with the register's ids in place of its own."""
    told = json.dumps(example)
    for ours, theirs in (
        (register.provider_id, examples.PROVIDER),
        (register.customer_id, examples.CUSTOMER),
        (register.caregiver_ids[0], examples.CAREGIVER),
        (register.grant_id, examples.GRANT),
        (register.care_system_id, examples.CARE_SYSTEM),
    ):
        told = told.replace(theirs["id"], ours)
    return json.loads(told)


def ids_of(register: Register) -> Mapping[str, str]:
    """What the paths' names mean in the register."""
    return {
        "provider_id": register.provider_id,
        "customer_id": register.customer_id,
        "caregiver_id": register.caregiver_ids[0],
        "grant_id": register.grant_id,
        "care_system_id": register.care_system_id,
    }


def targets(app: Flask, register: Register) -> list[Target]:
    """Every operation, with a role that is let through to it."""
    found = []
    for one in operations_of(app):
        body = None if one.example is None else real(one.example, register)
        sent = {} if body is None else {"json": body}
        path = one.path(ids_of(register)).removeprefix("/api/v1")
        allowed = (
            role
            for role in ROLES
            if register.ask(app, role, one.method, path, headers={"If-Match": '"9"'}, **sent).status_code != 403
        )
        found.append(Target(operation=one, role=next(allowed, Role.CONTROLLER), body=body))
    return found


def bent(value: Any, dice: random.Random) -> Any:
    """A copy of the JSON with one value in it, whichever, made odd, left out, or given twice the depth."""
    inside = inside_of(value)
    if not inside or dice.random() < 0.1:
        return dice.choice(ODD)
    name, inner = dice.choice(inside)
    changed = dict(value) if isinstance(value, dict) else dict(enumerate(value))
    if dice.random() < 0.15:
        del changed[name]
    elif dice.random() < 0.1:
        changed[dice.choice(("", "å", "a/b~", "__proto__", 0))] = inner
    else:
        changed[name] = bent(inner, dice)
    return {str(key): one for key, one in changed.items()} if isinstance(value, dict) else list(changed.values())


def garbled(body: bytes, dice: random.Random) -> bytes:
    """The bytes, now and then cut short, doubled, or with one of them another."""
    match dice.randrange(12):
        case 0:
            return body[: dice.randrange(len(body) + 1)]
        case 1:
            return body + body
        case 2 if body:
            place = dice.randrange(len(body))
            return body[:place] + bytes([dice.randrange(256)]) + body[place + 1 :]
        case 3:
            return dice.choice(NOT_JSON)
    return body


def throw(app: Flask, register: Register, target: Target, dice: random.Random) -> TestResponse:
    """The answer to one bent request."""
    path = target.operation.path(ids_of(register)).removeprefix("/api/v1")
    if dice.random() < 0.05:
        path += dice.choice(("/", "%00", "/..", "%2f", "?limit=1&limit=2", "//", "%ff"))
    sent: dict[str, Any] = {}
    if target.body is not None:
        told = bent(target.body, dice) if dice.random() < 0.9 else target.body
        sent["data"] = garbled(json.dumps(told).encode(errors="surrogatepass"), dice)
    elif target.operation.parameters and "?" not in path:
        names = dice.sample(target.operation.parameters, 1)
        sent["query_string"] = {name: str(dice.choice(ODD))[:2_000].encode("utf-8", "replace") for name in names}
    headers = {"Content-Type": "application/json", "If-Match": '"1"'} | dice.choice(HEADERS)
    return register.ask(app, target.role, target.operation.method, path, headers=headers, **sent)


def is_ours(answer: TestResponse) -> bool:
    """Whether it is an answer of the contract: no fault of our own, and every refusal a problem."""
    if answer.status_code < 400:
        return True
    told = answer.get_json(force=True, silent=True) or {}
    shaped = answer.mimetype == "application/problem+json" and told.get("status") == answer.status_code
    return answer.status_code < 500 and shaped and {"type", "title", "detail", "request_id"} <= told.keys()


def test_F55_nothing_malformed_is_answered_with_a_fault_of_our_own(
    database_url: str, make_app: Callable[..., Flask]
) -> None:
    """FAULTS 55: every operation, each body bent and each byte garbled by a seeded chance, as a role that may."""
    app = make_app(database_url)
    register = filled(settings_for(database_url))
    aimed, dice = targets(app, register), random.Random(SEED)
    found, statuses = [], set()
    for number in range(REQUESTS):
        target = aimed[number % len(aimed)]
        answer = throw(app, register, target, dice)
        statuses.add(answer.status_code)
        if not is_ours(answer):
            found.append((number, target.operation.operation_id, answer.status_code, answer.text[:200]))
    assert found == []
    assert statuses >= {200, 201, 400, 401, 404, 412, 415, 422}


def test_F55_without_its_schemas_the_product_would_fall(
    sqlite_url: str, make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counter-check of FAULTS 55: what the schemas hold back is found by the same requests."""
    app = make_app(sqlite_url)
    register = filled(settings_for(sqlite_url))
    aimed, dice = targets(app, register), random.Random(SEED)
    monkeypatch.setattr(operations, "load", lambda _schema, content: content)
    with_body = [target for target in aimed if target.body is not None]
    assert not all(is_ours(throw(app, register, target, dice)) for target in with_body)
