"""Temporary extensions: requests, the questions and answers in them, and decisions."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions import extensions as actions
from app.actions.calls import Answered, Told
from app.api.answers import answer
from app.api.examples import CUSTOMER, PROVIDER, as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page, cut
from app.api.records import draft_of, sent
from schemas.envelopes import list_of
from schemas.extensions import (
    AnswerRequestSchema,
    DecisionRequestSchema,
    ExtensionRequestSchema,
    ExtensionSchema,
    extension_view,
)
from schemas.filters import ExtensionQuerySchema

extensions = Blueprint(
    "extensions", __name__, url_prefix="/api/v1/extensions", description="Tillfälligt utökad tid (E)."
)

_SCHEMA = ExtensionSchema()
_PATH = "/api/v1/extensions"
_SENT: dict[str, Any] = {
    "provider_id": PROVIDER["id"],
    "customer_id": CUSTOMER["id"],
    "service": "personal_care",
    "month": "2014-02",
    "days": ["2014-02-03"],
    "requested_seconds": 3600,
    "cause": "fall",
    "justification": "Greta had fallen and we waited with her for the ambulance.",
}
_DECISION: dict[str, Any] = {
    "outcome": "partly_approved",
    "approved_seconds": 1800,
    "reasons": "Half an hour is shown.",
}
_EXTENSION: dict[str, Any] = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e20",
    "external_id": None,
    "recorded_at": "2014-02-04T08:00:00Z",
    **_SENT,
    "visit_ids": [],
    "documents": [],
    "requested_by": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e21",
    "requested_at": "2014-02-04T08:00:00Z",
    "state": "requested",
    "thread": [],
    "decision": None,
    "decisions": [],
    "late": False,
    "overdue": False,
}
_ANSWER = Content(schema=ExtensionSchema, example=_EXTENSION)


def dump(shown: Any) -> dict[str, Any]:
    """The request as JSON values."""
    request = shown.request
    view = extension_view(request.extension, request.state, request.notes, request.decisions)
    told: dict[str, Any] = _SCHEMA.dump({**view, "late": shown.late, "overdue": shown.overdue})
    return told


def _told(status: int) -> Told:
    def answered(shown: Any) -> Answered:
        headers = {"Location": f"{_PATH}/{shown.request.extension.id}"} if status == 201 else {}
        return Answered(status=status, headers=headers, body=orjson.dumps(dump(shown)).decode())

    return Told(dump=dump, answer=answered)


@extensions.route("")
class Extensions(MethodView):
    """Requests to be paid beyond the grant."""

    @operation(
        "listExtensions",
        query=ExtensionQuerySchema,
        answers=Content(schema=list_of(ExtensionSchema), example=as_listed(_EXTENSION)),
    )
    def get(self, asked: Asked) -> Response:
        """List requests for an extension."""
        page = asked_page(asked.query)
        filters = {name: value for name, value in asked.query.items() if name not in ("limit", "after")}
        rows = actions.list_extensions(asked.call, filters, page.after, page.limit + 1)
        shown, last = cut(rows, page, lambda one: one.request.extension.id)
        return answer_page(map(dump, shown), last)

    @operation(
        "requestExtension",
        body=Content(schema=ExtensionRequestSchema, example=_SENT),
        answers=_ANSWER,
        status=201,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Ask for an extension of one customer's personal care in one month."""
        return sent(actions.request_extension(asked.call, draft_of(asked.value, ExtensionRequestSchema), _told(201)))


@extensions.route("/<id:extension_id>")
class Extension(MethodView):
    """One request."""

    @operation("readExtension", answers=_ANSWER)
    def get(self, asked: Asked, extension_id: str) -> Response:
        """Read a request with everything said and decided in it."""
        return answer(dump(actions.read(asked.call, extension_id)))


@extensions.route("/<id:extension_id>/decisions")
class Decisions(MethodView):
    """Decisions on one request."""

    @operation(
        "decideExtension",
        body=Content(schema=DecisionRequestSchema, example=_DECISION),
        answers=_ANSWER,
        status=201,
        problems=(409,),
    )
    def post(self, asked: Asked, extension_id: str) -> Response:
        """Decide on a request; a new decision replaces the last, and both stay."""
        return sent(actions.decide(asked.call, extension_id, actions.Judging(**asked.value), _told(201)))


@extensions.route("/<id:extension_id>/answers")
class Answers(MethodView):
    """Answers to a reviewer's questions."""

    @operation(
        "answerExtension",
        body=Content(schema=AnswerRequestSchema, example={"text": "The ambulance came at ten."}),
        answers=_ANSWER,
        status=201,
        problems=(409,),
    )
    def post(self, asked: Asked, extension_id: str) -> Response:
        """Answer the reviewer's question."""
        return sent(actions.answer_question(asked.call, extension_id, asked.value["text"], _told(201)))


@extensions.route("/<id:extension_id>/withdrawal")
class Withdrawal(MethodView):
    """The withdrawal of one request."""

    @operation("withdrawExtension", answers=_ANSWER, status=201, problems=(409,))
    def post(self, asked: Asked, extension_id: str) -> Response:
        """Withdraw a request that nobody has decided on."""
        return sent(actions.withdraw(asked.call, extension_id, _told(201)))
