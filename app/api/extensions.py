"""Temporary extensions: requests, what is completed, asked and answered in them, and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions import extensions as actions
from app.actions.calls import Answered, Told
from app.actions.extensions import Place, Shown
from app.api.answers import answer
from app.api.examples import CUSTOMER, PROVIDER, VISIT, as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import Page, answer_page, asked_page, cut
from app.api.problems import malformed
from app.api.records import draft_of, sent
from app.rules.time import format_instant, parse_instant
from schemas.envelopes import list_of
from schemas.extensions import (
    AnswerRequestSchema,
    CompletionRequestSchema,
    DecisionRequestSchema,
    ExtensionRequestSchema,
    ExtensionSchema,
    VisitExtensionRequestSchema,
    amended_of,
    extension_view,
)
from schemas.filters import ExtensionQuerySchema

extensions = Blueprint(
    "extensions", __name__, url_prefix="/api/v1/extensions", description="Tillfälligt utökad tid (E)."
)
visit_extensions = Blueprint(
    "visit_extensions",
    __name__,
    url_prefix="/api/v1/visits/<id:visit_id>/extension",
    description="Utökad tid vid utcheckning (E2).",
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
    "due_on": "2014-02-11",
    "waited_days": 0,
    "completions": [],
    "attachments": [],
}
_FROM_VISIT = {**_EXTENSION, "visit_ids": [VISIT["id"]], "days": [], "requested_seconds": 840}
_AT = {"by": _EXTENSION["requested_by"], "at": "2014-02-04T09:00:00Z"}
_LEFT = dict.fromkeys(("requested_seconds", "cause", "justification", "visit_ids", "days"))
_COMPLETION = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e22",
    **_AT,
    "before": {**_LEFT, "requested_seconds": 3600},
    "after": {**_LEFT, "requested_seconds": 2700},
}
_ATTACHMENT = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e23",
    "name": "ambulance.pdf",
    "media_type": "application/pdf",
    "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    **_AT,
}
_ANSWER = Content(schema=ExtensionSchema, example=_EXTENSION)
_COMPLETED = Content(
    schema=ExtensionSchema, example={**_EXTENSION, "requested_seconds": 2700, "completions": [_COMPLETION]}
)
ATTACHED = Content(schema=ExtensionSchema, example={**_EXTENSION, "attachments": [_ATTACHMENT]})


def dump(shown: Shown) -> dict[str, Any]:
    """The request as JSON values."""
    request = shown.request
    view = extension_view(
        request.extension, request.state, request.notes, request.decisions, request.completions, request.documents
    )
    ageing = {name: getattr(shown, name) for name in ("late", "overdue", "due_on", "waited_days")}
    told: dict[str, Any] = _SCHEMA.dump({**view, **ageing})
    return told


def teller(status: int) -> Told:
    """How a request is told of, in answers and in the feed."""

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
        """List requests for an extension; those waiting for a review overdue ones first, then the oldest."""
        page = asked_page(asked.query)
        filters = {
            name: value for name, value in asked.query.items() if name not in ("limit", "after", "waiting") and value
        }
        if asked.query["waiting"]:
            return _queue(asked, page, filters)
        if isinstance(page.after, list):
            raise malformed("/after", "is no cursor of this list")
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
        return sent(actions.request_extension(asked.call, draft_of(asked.value, ExtensionRequestSchema), teller(201)))


def _queue(asked: Asked, page: Page, filters: Mapping[str, Any]) -> Response:
    found = actions.queue(asked.call, _place_of(page.after), page.limit, filters)
    return answer_page(map(dump, found.shown), None if found.next is None else _key_of(found.next))


def _key_of(place: Place) -> list[Any]:
    return [place.as_of.isoformat(), place.overdue, format_instant(place.requested_at), place.id]


def _place_of(key: Any) -> Place | None:
    """The place that a cursor of ours names. Raises `Problem` 422 for a cursor of the list that is no queue."""
    if key is None:
        return None
    if not isinstance(key, list):
        raise malformed("/after", "is no cursor of this list")
    as_of, overdue, asked, name = key
    return Place(as_of=date.fromisoformat(as_of), overdue=overdue, requested_at=parse_instant(asked), id=name)


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
        return sent(actions.decide(asked.call, extension_id, actions.Judging(**asked.value), teller(201)))


@extensions.route("/<id:extension_id>/completion")
class Completions(MethodView):
    """What a coordinator completes in one request."""

    @operation(
        "completeExtension",
        body=Content(schema=CompletionRequestSchema, example={"requested_seconds": 2700}),
        answers=_COMPLETED,
        status=201,
        problems=(409,),
    )
    def post(self, asked: Asked, extension_id: str) -> Response:
        """Complete a request that nobody has decided on; what it was before is kept."""
        return sent(actions.complete(asked.call, extension_id, amended_of(asked.value), teller(201)))


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
        return sent(actions.answer_question(asked.call, extension_id, asked.value["text"], teller(201)))


@extensions.route("/<id:extension_id>/withdrawal")
class Withdrawal(MethodView):
    """The withdrawal of one request."""

    @operation("withdrawExtension", answers=_ANSWER, status=201, problems=(409,))
    def post(self, asked: Asked, extension_id: str) -> Response:
        """Withdraw a request that nobody has decided on."""
        return sent(actions.withdraw(asked.call, extension_id, teller(201)))


@visit_extensions.route("")
class VisitExtension(MethodView):
    """A request made right at check-out."""

    @operation(
        "requestExtensionOfVisit",
        body=Content(
            schema=VisitExtensionRequestSchema,
            example={"cause": _SENT["cause"], "justification": _SENT["justification"]},
        ),
        answers=Content(schema=ExtensionSchema, example=_FROM_VISIT),
        status=201,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked, visit_id: str) -> Response:
        """Ask for an extension of one visit in two fields: what the visit took beyond its plan, or all of it."""
        cause, why = asked.value["cause"], asked.value["justification"]
        return sent(actions.request_for_visit(asked.call, visit_id, cause, why, teller(201)))
