"""Registrations at the door, one at a time and a thousand at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.visits.read import RegistrationFilter, list_registrations, read_registration
from app.actions.visits.record import Arriving, Outcome, Registered, record
from app.actions.visits.register import register
from app.api.answers import answer
from app.api.examples import REGISTRATION, REGISTRATION_SENT, as_listed
from app.api.operations import Asked, Content, load, operation
from app.api.paging import answer_page, asked_page
from app.api.problems import Problem, body_of, problem_of_fault
from app.api.visit_faces import arriving_of, doorway, registration_face
from app.rules.visits.values import Sent
from schemas.envelopes import BatchAnswerSchema, RegistrationBatchSchema, list_of
from schemas.queries import RegistrationQuerySchema
from schemas.visits import RegistrationRequestSchema, RegistrationSchema

registrations = Blueprint(
    "registrations", __name__, url_prefix="/api/v1/registrations", description="Registreringar vid dörren (V1-V9)."
)

_PATH = "/api/v1/registrations"
_ROW = RegistrationRequestSchema()
_SENT = Content(schema=RegistrationRequestSchema, example=REGISTRATION_SENT)
_ANSWER = Content(schema=RegistrationSchema, example=REGISTRATION)
_ROWS = Content(schema=RegistrationBatchSchema, example={"items": [REGISTRATION_SENT]})
_RESULT = {"index": 0, "id": REGISTRATION["id"], "status": 201, "resource": REGISTRATION}
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

    @operation("register", body=_SENT, answers=_ANSWER, status=201, problems=(409,), looks_up=True)
    def post(self, asked: Asked) -> Response:
        """Register; the same id and content again repeats the answer and adds nothing (V2)."""
        kept = register(doorway(asked), arriving_of(asked.raw, asked.value)).resolved
        return answer(registration_face(kept), 201, {"Location": f"{_PATH}/{kept.id}"})


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

    @operation("registerBatch", body=_ROWS, answers=_RESULTS, looks_up=True, batch=True)
    def post(self, asked: Asked) -> Response:
        """Register up to 1,000 at once: an answer for each row, good rows kept; a row may be sent again (V2)."""
        rows, results = _read(asked.raw["items"], asked.value["sent"])
        outcomes = record(doorway(asked), list(rows.values()))
        for (index, row), outcome in zip(rows.items(), outcomes, strict=True):
            results[index] = _result(index, row.id, outcome)
        return answer({"results": [results[index] for index in sorted(results)]})


def _read(items: Sequence[Any], sent: Sent | None) -> tuple[dict[int, Arriving], dict[int, Any]]:
    """The rows that could be read, and the results of the others, by index."""
    rows: dict[int, Arriving] = {}
    results: dict[int, Any] = {}
    for index, item in enumerate(items):
        try:
            rows[index] = arriving_of(item, load(_ROW, item), sent)
        except Problem as problem:
            results[index] = _refused(index, _id_of(item), problem)
    return rows, results


def _id_of(item: Any) -> str | None:
    """The id that a row which could not be read gives itself, for its sender to know it by."""
    told = item.get("id") if isinstance(item, Mapping) else None
    return told if isinstance(told, str) else None


def _result(index: int, registration_id: str, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Registered):
        resource = registration_face(outcome.resolved)
        return {"index": index, "id": registration_id, "status": 201, "resource": resource}
    return _refused(index, registration_id, problem_of_fault(outcome))


def _refused(index: int, registration_id: str | None, problem: Problem) -> dict[str, Any]:
    return {"index": index, "id": registration_id, "status": problem.status, "problem": body_of(problem)}
