"""Answers: what a view hands back when it went well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The JSON values as a response."""
    response = Response(orjson.dumps(body), status, mimetype="application/json")
    if headers:
        response.headers.update(headers)
    return response


def versioned(body: Any, version: int, status: int = 200, location: str | None = None) -> Response:
    """A resource that can be replaced: its ETag names its version. `location` is where a new one stands."""
    headers = {"ETag": f'"{version}"'}
    if location is not None:
        headers["Location"] = location
    return answer(body, status, headers)
