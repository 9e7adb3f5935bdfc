"""Registrations at the door, one at a time and a thousand at once."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.visits.read import RegistrationFilter, list_registrations, read_registration
from app.api.answers import answer
from app.api.deliveries import CSV, deliver, deliver_file, deliver_one
from app.api.examples import REGISTERED, REGISTRATION, REGISTRATION_SENT, as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page
from app.api.visit_faces import registration_face
from schemas.envelopes import BatchAnswerSchema, FileAnswerSchema, RegistrationBatchSchema, list_of
from schemas.ledger import RegisteredSchema
from schemas.queries import FileQuerySchema, RegistrationQuerySchema
from schemas.visits import RegistrationRequestSchema, RegistrationSchema

registrations = Blueprint(
    "registrations", __name__, url_prefix="/api/v1/registrations", description="Registreringar vid dörren (V1-V9)."
)

_PATH = "/api/v1/registrations"
_SENT = Content(schema=RegistrationRequestSchema, example=REGISTRATION_SENT)
_ANSWER = Content(schema=RegistrationSchema, example=REGISTRATION)
_ROWS = Content(schema=RegistrationBatchSchema, example={"items": [REGISTRATION_SENT]})
_REGISTERED = Content(schema=RegisteredSchema, example=REGISTERED)
_RESULT = {"index": 0, "id": REGISTRATION["id"], "status": 201, "resource": REGISTERED}
_FILE = (
    "id,kind,caregiver_id,captured_at,service,place.method,place.uid\n"
    f"{REGISTRATION['id']},check_in,{REGISTRATION['caregiver_id']},2014-02-03T08:00:00+01:00,personal_care,nfc,"
    "04A2245A6F6180\n"
)
_RESULTS = Content(schema=BatchAnswerSchema, example={"results": [_RESULT]})


@registrations.route("")
class Registrations(MethodView):
    """What was captured at the door."""

    @operation(
        "listRegistrations",
        query=RegistrationQuerySchema,
        answers=Content(schema=list_of(RegistrationSchema), example=as_listed(REGISTRATION)),
    )
    def get(self, asked: Asked) -> Response:
        """List registrations."""
        page = asked_page(asked.query)
        wanted = {name: value for name, value in asked.query.items() if name not in ("limit", "after")}
        found, more = list_registrations(asked.call, RegistrationFilter(**wanted), page.after, page.limit)
        return answer_page(map(registration_face, found), found[-1].id if more else None)

    @operation("register", body=_SENT, answers=_REGISTERED, status=201, problems=(409,), looks_up=True, delivers=True)
    def post(self, asked: Asked) -> Response:
        """Register; the same id and content again repeats the answer and adds nothing (V2). With a receipt (A5)."""
        registration_id, face = deliver_one(asked)
        return answer(face, 201, {"Location": f"{_PATH}/{registration_id}"})


@registrations.route("/<id:registration_id>")
class Registration(MethodView):
    """One registration."""

    @operation("readRegistration", answers=_ANSWER)
    def get(self, asked: Asked, registration_id: str) -> Response:
        """Read a registration."""
        return answer(registration_face(read_registration(asked.call, registration_id)))


@registrations.route("/batch")
class RegistrationBatch(MethodView):
    """What a phone, or a measuring system, kept while it could not send."""

    @operation("registerBatch", body=_ROWS, answers=_RESULTS, looks_up=True, batch=True, delivers=True)
    def post(self, asked: Asked) -> Response:
        """Register up to 1,000 at once: an answer for each row, good rows kept; a row may be sent again (V2).

        What an enrolled phone sends and cannot be registered is kept too, for its coordinator: `quarantine_id` tells
        where.
        """
        return answer({"results": deliver(asked)})


@registrations.route("/csv")
class RegistrationFile(MethodView):
    """What a measuring system already in use writes."""

    @operation(
        "registerFile",
        body=Content(schema={"type": "string"}, example=_FILE, media=CSV),
        query=FileQuerySchema,
        answers=Content(schema=FileAnswerSchema, example={"dry_run": False, "results": [{**_RESULT, "line": 2}]}),
        problems=(413, 415),
        batch=True,
    )
    def post(self, asked: Asked) -> Response:
        """Register the lines of a table, up to 1,000: an answer for each; a dry run keeps nothing.

        Its columns are the names of a registration's fields, such as `place.method`, separated by commas, semicolons or
        tabs; an empty cell is a field that is left out. `activities` are `code:done|code:declined`, a `household` is
        `id:share|id:share`.
        """
        return answer(deliver_file(asked))
