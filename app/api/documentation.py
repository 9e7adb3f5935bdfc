"""Documentation: the specification at /openapi.json, true about errors, and the page /docs on which it is tried."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Flask
from flask_smorest import Api
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from app.api.problems import BY_STATUS, KINDS, PROBLEM_JSON, answer_http_exception
from schemas.problems import ProblemSchema

_DESCRIPTION = """Time registration and visits for home care under LOV.

Sign in at `POST /api/v1/tokens`; every other call carries the access token. Instants are RFC 3339 with any
offset in and `Z` out, durations whole seconds, money whole öre. Unknown fields are refused. What is outside
your scope answers as if it did not exist. Every problem is `application/problem+json` (RFC 9457); its `type` is
a page that explains it, and its `rule` stands in [the rulebook](/rules).
"""


class IdConverter(BaseConverter):
    """An id in a path: a UUID in lower case. Any other text is an address that does not exist."""

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class MonthConverter(BaseConverter):
    """A month in a path, `YYYY-MM`, of the years that `schemas.fields.Month` takes."""

    regex = "(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])"


class SequenceConverter(BaseConverter):
    """A number in a path, as things that are issued in an order have: from 1 on, and none that no database holds."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)


class Documentation(Api):
    """flask-smorest's Api with problems as they are. Source: STACK, trap 1."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_responses(self) -> None:
        """Each problem status stands once in the components, as problem+json; operations refer to it."""
        for status, slug in BY_STATUS.items():
            kind = KINDS[slug]
            example = {
                "type": f"https://hemtid.example/problems/{slug}",
                "title": kind.title,
                "status": status,
                "detail": kind.detail,
                "request_id": "019b2c6e-5d3a-7c4e-9f0a-3f6d1f2b4a10",
            }
            content = {PROBLEM_JSON: {"schema": ProblemSchema, "example": example}}
            response: dict[str, Any] = {"description": f"{kind.title}. {kind.detail}", "content": content}
            if status == HTTPStatus.SERVICE_UNAVAILABLE:
                response["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}}
            self.spec.components.response(f"PROBLEM_{status}", response, lazy=True)

    def handle_http_exception(self, error: HTTPException) -> Any:
        """The exception as a problem, with the headers that belong to it."""
        return answer_http_exception(error)


def document(app: Flask) -> Documentation:
    """The app serves its specification; blueprints registered with the answer are in it."""
    app.config |= {
        "API_TITLE": "Hemtid",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_JSON_PATH": "openapi.json",
        "PAGINATION_HEADER_NAME": None,
        "API_SPEC_OPTIONS": {
            "info": {"description": _DESCRIPTION},
            "components": {
                "securitySchemes": {
                    "bearerAuth": {
                        "type": "http",
                        "scheme": "bearer",
                        "bearerFormat": "JWT",
                        "description": "An enrolled phone's token is bound to its key: scheme DPoP, with a proof of "
                        "the key in the header DPoP (RFC 9449, ES256), good once and for a minute.",
                    }
                }
            },
            "servers": [{"url": "/"}],
        },
    }
    app.url_map.converters |= {"id": IdConverter, "month": MonthConverter, "sequence": SequenceConverter}
    documentation = Documentation(app)
    documentation.register_converter(
        IdConverter, lambda _: {"type": "string", "format": "uuid", "pattern": f"^{IdConverter.regex}$"}
    )
    documentation.register_converter(
        MonthConverter, lambda _: {"type": "string", "pattern": f"^{MonthConverter.regex}$"}
    )
    documentation.register_converter(
        SequenceConverter, lambda _: {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
    )
    return documentation
