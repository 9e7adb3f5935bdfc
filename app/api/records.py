"""What the views of master data share: JSON to a draft, a call of the action, and the answer with its ETag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from flask import Response
from marshmallow import Schema

from app.actions.calls import Answered, Told
from app.actions.records import Subject, create, list_records, read, replace
from app.actions.references import Draft, Named
from app.api.answers import versioned
from app.api.operations import Asked, version_to_replace
from app.api.paging import answer_page, asked_page
from app.rules.access import Resource
from app.rules.recorded import Recorded
from schemas.problems import pointer
from schemas.references import references, resolved
from schemas.resources import RequestSchema

V = TypeVar("V", bound=Recorded)
JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Face(Generic[V]):
    """How one kind of master data is seen from outside: where it stands, and what its JSON is."""

    path: str
    subject: Subject[V]
    request: type[RequestSchema]
    resource: Schema

    def dump(self, value: V) -> dict[str, Any]:
        """The value as JSON values."""
        told: dict[str, Any] = self.resource.dump(value)
        return told


def create_record(asked: Asked, face: Face[V]) -> Response:
    """201 with the new resource, its ETag and where it stands."""
    told = told_by(face.path, face.dump, 201)
    return sent(create(asked.call, face.subject, draft_of(asked.value, face.request), told))


def replace_record(asked: Asked, face: Face[V], record_id: str) -> Response:
    """200 with the resource as it stands now, and its new ETag."""
    told = told_by(face.path, face.dump, 200)
    draft = draft_of(asked.value, face.request)
    return sent(replace(asked.call, face.subject, record_id, version_to_replace(), draft, told))


def read_record(asked: Asked, face: Face[V], record_id: str) -> Response:
    """200 with the resource as it stands, and its ETag."""
    found = read(asked.call, face.subject, record_id)
    return versioned(face.dump(found), found.version)


def list_of_records(asked: Asked, face: Face[V]) -> Response:
    """200 with the resources within the scope; what the query says beside the page filters them."""
    page = asked_page(asked.query)
    filters = {name: value for name, value in asked.query.items() if name not in ("limit", "after")}
    found, more = list_records(asked.call, face.subject, filters, page.after, page.limit)
    return answer_page(map(face.dump, found), found[-1].id if more else None)


def told_by(path: str, dump: Any, status: int) -> Told:
    """How a value is told of: `dump` makes JSON values of it; its answer has its version and its place."""

    def answered(value: Recorded) -> Answered:
        headers = {"ETag": f'"{value.version}"'}
        if status == 201:
            headers["Location"] = f"{path}/{value.id}"
        return Answered(status=status, headers=headers, body=orjson.dumps(dump(value)).decode())

    return Told(dump=dump, answer=answered)


def sent(answered: Answered) -> Response:
    """The answer as a response, the same bytes each time."""
    response = Response(answered.body, answered.status, mimetype=JSON)
    response.headers.update(answered.headers)
    return response


def draft_of(loaded: Mapping[str, Any], schema: type[RequestSchema]) -> Draft:
    """What the schema loaded, as the action takes it: its references apart, and what is no part of the value beside."""
    beside = {name: loaded[name] for name in schema.in_only if name in loaded}
    fields = {name: value for name, value in loaded.items() if name not in beside}
    named = tuple(
        Named(resource=Resource(one.resource), id=one.named, external=one.external, pointer=pointer(one.path))
        for one in references(fields)
    )
    return Draft(named=named, complete=lambda ids: resolved(fields, ids), beside=beside)
