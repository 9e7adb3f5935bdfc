"""Operations: one decorator tells a view's whole contract, documents it, and reads what it was asked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, wraps
from typing import Any

from flask import current_app, g, request
from marshmallow import Schema, ValidationError, fields
from werkzeug import Response

from app.actions.access.tokens import Claims
from app.actions.calls import Call, Once
from app.actions.running import Running
from app.api.authentication import signed_in, stated_claims
from app.api.bodies import BATCH_BYTES, MOST_FAULTS, read_json
from app.api.clock import now
from app.api.problems import FieldFault, Problem, Slug, malformed
from app.api.quarantining import kept_whole
from app.rules.access import Actor
from schemas.problems import field_problems

SchemaType = Schema | type[Schema]
JSON = "application/json"
"""The media of every body but a file's, which its view reads itself."""
View = Callable[..., Response]
_ETAG = re.compile(r'"([1-9][0-9]{0,9})"\Z', re.ASCII)
_KEY = re.compile(r"[!-~]{1,200}\Z", re.ASCII)
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "The ETag of the version that is replaced.",
    "schema": {"type": "string"},
    "example": '"1"',
}
_ETAG_HEADER = {"ETag": {"description": "Names the version.", "schema": {"type": "string"}}}
_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "The same key and content again repeats the answer and adds nothing. Kept 30 days.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked: by whom, when, and with which content. `value` is what the body's schema made of `raw`.

    `claims` are what the token says, for an action that looks the actor up itself, together with what it asks for.
    """

    running: Running
    operation_id: str
    now: datetime
    who: Actor | None = None
    value: Any = None
    raw: Any = None
    claims: Claims | None = None
    query: Mapping[str, Any] = field(default_factory=dict)

    once: Once | None = None

    @property
    def actor(self) -> Actor:
        """Who is signed in; `Problem` 401 where nobody is."""
        if self.who is None:
            raise Problem(Slug.NOT_SIGNED_IN)
        return self.who

    @property
    def call(self) -> Call:
        """The same as an action takes it."""
        return Call(
            database=self.running.database,
            settings=self.running.settings,
            actor=self.actor,
            now=self.now,
            why=self.operation_id,
            request_id=g.request_id,
            once=self.once,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body of a request or an answer: its schema, and an example of it. It may be of other media `also`."""

    schema: SchemaType | Mapping[str, Any]
    example: Any
    media: str = JSON
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The contract of one view. `problems` are statuses that it may answer beyond those that follow from the rest."""

    operation_id: str
    answers: Content | None
    status: int
    body: Content | None
    query: type[Schema] | None
    problems: tuple[int, ...]
    secured: bool
    looks_up: bool
    replaces: bool
    versioned: bool
    once: bool
    batch: bool
    delivers: bool


def operation(
    operation_id: str,
    *,
    answers: Content | None = None,
    status: int = 200,
    body: Content | None = None,
    query: type[Schema] | None = None,
    problems: tuple[int, ...] = (),
    secured: bool = True,
    looks_up: bool = False,
    replaces: bool = False,
    versioned: bool = False,
    once: bool = False,
    batch: bool = False,
    delivers: bool = False,
) -> Callable[[View], View]:
    """The view is called with an `Asked` after its `self`, before the parts of its path, and documented as told.

    `looks_up`: the action looks the actor up itself. `replaces`: needs If-Match. `versioned`: answers an ETag. `once`:
    takes an Idempotency-Key. `batch`: a larger body. `delivers`: brings registrations, of which nothing that
    an enrolled phone sends is thrown away; its token may be past its time.
    """
    told = Operation(
        operation_id=operation_id,
        answers=answers,
        status=status,
        body=body,
        query=query,
        problems=problems,
        secured=secured,
        looks_up=looks_up,
        replaces=replaces,
        versioned=versioned,
        once=once,
        batch=batch,
        delivers=delivers,
    )

    def decorate(view: View) -> View:
        @wraps(view)
        def called(self: Any, **path: str) -> Response:
            return view(self, _asked(told), **path)

        documented: Any = called
        documented._apidoc = {"manual_doc": _document(told)}
        return called

    return decorate


def version_to_replace() -> int:
    """The version that If-Match names. Raises `Problem`: 428 without one, 412 for what is no version of ours."""
    stated = request.headers.get("If-Match", "").strip()
    if stated in ("", "*"):
        raise Problem(Slug.VERSION_REQUIRED)
    match = _ETAG.match(stated)
    if match is None:
        raise Problem(Slug.CHANGED_MEANWHILE)
    return int(match[1])


def load(schema: SchemaType, content: Any) -> Any:
    """What the schema makes of the content. Raises `Problem` 422 with a pointer to each bad field."""
    try:
        return _one_of(schema).load(content)
    except ValidationError as fault:
        raise Problem(Slug.MALFORMED, errors=faults_of(fault)) from fault


@cache
def _made(schema: type[Schema]) -> Schema:
    return schema()


def _one_of(schema: SchemaType) -> Schema:
    """The schema as something to load with; one of each class serves all requests."""
    return _made(schema) if isinstance(schema, type) else schema


def faults_of(fault: ValidationError, prefix: tuple[str | int, ...] = ()) -> tuple[FieldFault, ...]:
    """What a schema found wrong, a pointer to each of the first fields; `prefix` is the way to what was loaded."""
    told = field_problems(fault.messages, prefix)[:MOST_FAULTS]
    return tuple(FieldFault(one["pointer"], one["message"]) for one in told)


def _asked(told: Operation) -> Asked:
    if told.batch:
        request.max_content_length = BATCH_BYTES
    running: Running = current_app.extensions["hemtid"]
    claims = stated_claims(of_any_age=told.delivers) if told.secured else None
    who = None if claims is None or told.looks_up else signed_in(claims)
    query = _query(told.query)
    raw, value = _content(told, running, claims)
    return Asked(
        running=running,
        operation_id=told.operation_id,
        now=now(),
        who=who,
        claims=claims,
        query=query,
        value=value,
        raw=raw,
        once=_once() if told.once else None,
    )


def _content(told: Operation, running: Running, claims: Claims | None) -> tuple[Any, Any]:
    """The body's JSON, and what its schema makes of it.

    Registrations are read by whoever delivers them, each by itself; what of a phone is none at all is kept first.
    """
    if told.body is None or told.body.media != JSON:
        return None, None
    if not told.delivers:
        raw = read_json()
        return raw, _loaded(told.body, raw)
    try:
        raw = read_json(rows="items")
        return raw, _loaded(told.body, raw) if told.batch else None
    except Problem as problem:
        raise kept_whole(running, claims, problem, now()) from problem


def _once() -> Once | None:
    """The idempotency key of the request, None where it has none. Raises `Problem` 400 for one that cannot be kept."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if _KEY.match(key) is None:
        raise Problem(Slug.UNREADABLE, "The Idempotency-Key must be 1 to 200 visible ASCII characters.")
    content = request.get_data(cache=True)
    if request.view_args:  # the same content sent to another resource's address asks for another thing
        content = f"{request.path}\0".encode() + content
    return Once(key=key, content_hash=hashlib.sha256(content).hexdigest())


def _query(schema: type[Schema] | None) -> Mapping[str, Any]:
    if schema is None and not request.args:
        return {}
    known = _made(schema or Schema).load_fields.items()
    several = {one.data_key or name for name, one in known if isinstance(one, fields.List)}
    told: dict[str, Any] = {}
    for name, values in request.args.lists():
        if len(values) > 1 and name not in several:
            raise malformed(f"/{name}", "is stated twice")
        if any("\0" in value for value in values):
            raise malformed(f"/{name}", "holds a NUL")
        told[name] = values if name in several else values[0]
    found: Mapping[str, Any] = load(schema or Schema, told)
    return found


def _loaded(content: Content | None, raw: Any) -> Any:
    if content is None or isinstance(content.schema, Mapping):
        return raw
    return load(content.schema, raw)


def _document(told: Operation) -> dict[str, Any]:
    """The operation in OpenAPI's words; its summary is the first line of the view's docstring."""
    success: dict[str, Any] = {"description": "As asked." if told.answers is None else "The answer."}
    if told.answers is not None:
        success["content"] = {media: _media(told.answers) for media in (told.answers.media, *told.answers.also)}
    if told.versioned:
        success["headers"] = deepcopy(_ETAG_HEADER)
    document: dict[str, Any] = {
        "operationId": told.operation_id,
        "security": [{"bearerAuth": []}] if told.secured else [],
        "responses": {str(told.status): success, **{str(one): f"PROBLEM_{one}" for one in _possible(told)}},
    }
    parameters: list[Any] = [] if told.query is None else [{"in": "query", "schema": told.query}]
    parameters += [deepcopy(_IF_MATCH)] if told.replaces else []
    parameters += [deepcopy(_IDEMPOTENCY_KEY)] if told.once else []
    if parameters:
        document["parameters"] = parameters
    if told.body is not None:
        document["requestBody"] = {"required": True, "content": {told.body.media: _media(told.body)}}
    return document


def _media(content: Content) -> dict[str, Any]:
    return {"schema": content.schema, "example": content.example}


def _possible(told: Operation) -> list[int]:
    """The statuses of problems that the contract makes possible."""
    found = {400, 404, 422, 503, *told.problems}
    found |= {401, 403} if told.secured else set()
    found |= {413, 415} if told.body is not None else set()
    found |= {412, 428} if told.replaces else set()
    return sorted(found)
