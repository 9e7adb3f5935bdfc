"""What the product's own specification says can be sent to it: the drills try all of it, whatever is added."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask

Json = dict[str, Any]
Way = tuple[str | int, ...]
"""The steps to a value within JSON."""

NOBODYS = "0190a5b8-7c3e-7d10-8f00-ffffffffffff"
"""An id in a path that belongs to nothing."""
_IN_PATH = re.compile(r"{([a-z_]+)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `example` and `schema` are those of its body, None where it takes none."""

    operation_id: str
    method: str
    template: str
    example: Any
    schema: Json | None
    parameters: tuple[str, ...]

    def path(self, ids: Mapping[str, str] | None = None) -> str:
        """An address of it: ids as given by their names in the path, else nobody's; a month is January 2014, a line the
        first, a file that of its lines.
        """
        known = {"month": "2014-01", "sequence": "1", "name": "lines.csv"} | dict(ids or {})
        return _IN_PATH.sub(lambda found: known.get(found[1], NOBODYS), self.template)


def specification(app: Flask) -> Json:
    """The specification as the product serves it."""
    found: Json = app.test_client().get("/openapi.json").get_json()
    return found


def operations(app: Flask) -> list[Operation]:
    """Every operation of the specification."""
    return [
        _operation(path, method, told)
        for path, item in specification(app)["paths"].items()
        for method, told in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


def _operation(path: str, method: str, told: Json) -> Operation:
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Operation(
        operation_id=told["operationId"],
        method=method.upper(),
        template=path,
        example=body.get("example"),
        schema=body.get("schema"),
        parameters=tuple(one["name"] for one in told.get("parameters", ())),
    )


def objects_within(schema: Json, spec: Json, way: Way = ()) -> Iterator[tuple[Way, frozenset[str]]]:
    """The way to each object that a body of the schema may hold, itself included, and the names it may have there.

    In a list it is the first. An object whose names the specification does not tell has none.
    """
    named = _resolved(schema, spec)
    choices: Any = named.get("anyOf", named.get("oneOf", (named,)))
    for choice in choices:
        told = _resolved(choice, spec)
        if "items" in told:
            yield from objects_within(told["items"], spec, (*way, 0))
        elif told.get("type") == "object" or "properties" in told:
            inside = told.get("properties", {})
            yield way, frozenset(inside)
            for name, one in inside.items():
                yield from objects_within(one, spec, (*way, name))


def objects_of(example: Any, way: Way = ()) -> Iterator[Way]:
    """The way to each object in the JSON, itself included."""
    if isinstance(example, dict):
        yield way
    for name, one in inside_of(example):
        yield from objects_of(one, (*way, name))


def with_field(example: Any, way: Way, name: str, value: object) -> Any:
    """A copy of the JSON whose object at the way has the field too; what stands on the way is made where it lacks."""
    root = {"": copy.deepcopy(example)}
    here: Any = root
    for step, inner in zip(("", *way), (*way, name), strict=True):
        wanted: Any = [{}] if inner == 0 else {}
        if isinstance(here, list):
            here[0] = here[0] if isinstance(here[0], type(wanted)) else wanted
        elif not isinstance(here.get(step), type(wanted)) or here[step] == []:
            here[step] = wanted
        here = here[step]
    here[name] = value
    return root[""]


def inside_of(example: Any) -> list[tuple[str | int, Any]]:
    """The members of an object or a list with their names; of anything else none."""
    if isinstance(example, dict):
        return list(example.items())
    return list(enumerate(example)) if isinstance(example, list) else []


def _resolved(schema: Json, spec: Json) -> Json:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Json = spec["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return found
