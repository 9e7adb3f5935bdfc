"""Problems as RFC 9457 tells them, and pointers (RFC 6901) to the fields that caused them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import INCLUDE, Schema, fields
from marshmallow.exceptions import SCHEMA

Path = tuple[str | int, ...]


class FieldProblemSchema(Schema):
    """What is wrong with one field: its JSON pointer, '' for the whole, and what to do."""

    pointer = fields.String(required=True, metadata={"example": "/place/reason"})
    message = fields.String(required=True, metadata={"example": "Give this field: it is needed."})

    class Meta:
        unknown = INCLUDE


class ProblemSchema(Schema):
    """application/problem+json. `rule` where a rule of the rulebook refused. Source: CONTRACT, Envelopes."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True, strict=True, metadata={"minimum": 400, "maximum": 599})
    detail = fields.String(required=True)
    rule = fields.String(metadata={"example": "V2"})
    errors = fields.List(fields.Nested(FieldProblemSchema))
    request_id = fields.String(required=True)

    class Meta:
        unknown = INCLUDE


def field_problems(messages: object, prefix: Path = ()) -> list[dict[str, str]]:
    """marshmallow's nested messages as {pointer, message}, ordered by place and then by message.

    `prefix` is the way to the object that was loaded, where it is not the whole body.
    """
    found = sorted(set(_walk(messages, prefix)), key=lambda one: ([_rank(step) for step in one[0]], one[1]))
    return [{"pointer": pointer(path), "message": message} for path, message in found]


def pointer(path: Path) -> str:
    """The JSON pointer to the field, with `~` and `/` escaped. Source: RFC 6901 section 3."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _walk(messages: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _walk(inner, path if key == SCHEMA else (*path, key))
    elif isinstance(messages, (list, tuple)):
        for inner in messages:
            yield from _walk(inner, path)
    else:
        yield path, str(messages)


def _rank(step: Any) -> tuple[int, int, str]:
    return (0, step, "") if isinstance(step, int) else (1, 0, step)
