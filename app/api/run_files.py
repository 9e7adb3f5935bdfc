"""The files of a run: its lines as tables, its invoices, and its voucher, sent as they are made."""

from __future__ import annotations

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.reimbursement.exports import RunFile
from app.api.files.catalogue import FILES, run_file
from app.api.operations import Asked, Content, operation
from schemas.filters import RunFileQuerySchema

files = Blueprint(
    "run-files",
    __name__,
    url_prefix="/api/v1/reimbursement/runs/<id:run_id>/files",
    description="En körnings filer: rader, fakturaunderlag, e-faktura, verifikat (R7, R11). "
    + " ".join(f"{name}: {kind.what}" for name, kind in FILES.items()),
)

_MEDIA = tuple(dict.fromkeys(kind.media_type.split(";")[0] for kind in FILES.values()))
_FILE = Content(
    schema={"description": "The file, as its name says."}, example="sequence,…", media=_MEDIA[0], also=_MEDIA[1:]
)


@files.route("/<string:name>")
class RunFiles(MethodView):
    """A run as others take it."""

    @operation("readRunFile", query=RunFileQuerySchema, answers=_FILE, problems=(409,))
    def get(self, asked: Asked, run_id: str, name: str) -> Response:
        """Read a run's file of that name: its lines, its invoices, of one customer or of all, or its voucher."""
        return answered(run_file(asked.call, run_id, name, asked.query["customer_id"]))


def answered(found: RunFile) -> Response:
    """The file as an answer to be saved; nothing of it where it is as the client has it."""
    unchanged = request.if_none_match.contains(found.etag)
    response = Response((), 304) if unchanged else Response(found.chunks)
    response.headers["Content-Type"] = found.media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
    response.set_etag(found.etag)
    return response
