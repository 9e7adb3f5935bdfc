"""Documents of a request for more time: attached by a form, and given back as files to save."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.extensions import Upload, attach, read_document
from app.api.bodies import FORM, read_file
from app.api.extensions import ATTACHED, teller
from app.api.operations import Asked, Content, operation
from app.api.records import sent
from app.rules.access import Resource, Verb
from app.rules.extensions import MediaType

documents = Blueprint(
    "documents",
    __name__,
    url_prefix="/api/v1/extensions/<id:extension_id>/documents",
    description="Underlag till utökad tid (E2).",
)

_FIELD = "file"
_FILE: dict[str, Any] = {"type": "string", "format": "binary", "description": "A PDF, JPEG or PNG file."}
_SENT = Content(
    schema={
        "type": "object",
        "properties": {_FIELD: _FILE},
        "required": [_FIELD],
        "additionalProperties": False,
    },
    example={_FIELD: "%PDF-1.4 …"},
    media=FORM,
)
_CONTENT = Content(
    schema={"type": "string", "format": "binary"},
    example="%PDF-1.4 …",
    media=MediaType.PDF,
    also=(MediaType.JPEG, MediaType.PNG),
)
_POLICY = "sandbox; default-src 'none'"
"""Were a browser to show it all the same, it could do nothing."""


@documents.route("")
class Documents(MethodView):
    """What is attached to one request."""

    @operation("attachDocument", body=_SENT, answers=ATTACHED, status=201, problems=(409,))
    def post(self, asked: Asked, extension_id: str) -> Response:
        """Attach a PDF, JPEG or PNG file to a request that nobody has decided on; the same again adds nothing."""
        asked.call.check(Resource.EXTENSION, Verb.REQUEST)
        name, content = read_file(_FIELD, asked.running.settings.document_bytes)
        return sent(attach(asked.call, extension_id, Upload(name=name, content=content), teller(201)))


@documents.route("/<id:document_id>")
class Document(MethodView):
    """One document."""

    @operation("readDocument", answers=_CONTENT)
    def get(self, asked: Asked, extension_id: str, document_id: str) -> Response:
        """Read a document as it was attached, as a file to save."""
        found = read_document(asked.call, extension_id, document_id)
        response = Response(found.content, mimetype=found.document.media_type)
        response.headers["Content-Disposition"] = _saved_as(found.document.name)
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _saved_as(name: str) -> str:
    """The header by which browsers save and never show. Source: RFC 6266, RFC 8187."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in " ._-()") else "_" for one in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
