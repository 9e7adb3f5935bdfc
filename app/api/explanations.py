"""Explanations of deviations, and the verdicts on them."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.calls import Answered
from app.actions.deviations import explain as actions
from app.api.answers import answer
from app.api.examples import as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page, cut
from app.api.records import sent
from schemas.deviations import ExplanationRequestSchema, ExplanationSchema, VerdictRequestSchema
from schemas.envelopes import list_of
from schemas.filters import ExplanationQuerySchema

explanations = Blueprint(
    "explanations", __name__, url_prefix="/api/v1/explanations", description="Förklaringar av avvikelser (D)."
)

_SCHEMA = ExplanationSchema()
_SENT: dict[str, Any] = {
    "deviation_ids": ["0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e30"],
    "reason": "tag_damaged",
    "note": "The tag has fallen off; a new one is ordered.",
}
_EXAMPLE: dict[str, Any] = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e32",
    "external_id": None,
    "recorded_at": "2014-02-04T08:00:00Z",
    **_SENT,
    "verdict": None,
}
_VERDICT = {"outcome": "accepted", "note": "We know of the tag."}
_JUDGED = {
    "outcome": "accepted",
    "by": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e33",
    "at": "2014-02-05T08:00:00Z",
    "note": "We know of the tag.",
}
_ANSWER = Content(schema=ExplanationSchema, example=_EXAMPLE)


def dump(explained: Any) -> dict[str, Any]:
    """The explanation as JSON values."""
    told: dict[str, Any] = _SCHEMA.dump(explained)
    return told


def answered(explained: Any) -> Answered:
    """The explanation as the answer that made it."""
    headers = {"Location": f"/api/v1/explanations/{explained.id}"}
    return Answered(status=201, headers=headers, body=orjson.dumps(dump(explained)).decode())


@explanations.route("")
class Explanations(MethodView):
    """The provider's reasons."""

    @operation(
        "listExplanations",
        query=ExplanationQuerySchema,
        answers=Content(schema=list_of(ExplanationSchema), example=as_listed(_EXAMPLE)),
    )
    def get(self, asked: Asked) -> Response:
        """List explanations with the verdicts on them."""
        page = asked_page(asked.query)
        rows = actions.list_explanations(asked.call, asked.query["provider_id"], page.after, page.limit + 1)
        shown, last = cut(rows, page, lambda one: one.id)
        return answer_page(map(dump, shown), last)

    @operation(
        "explainDeviations",
        body=Content(schema=ExplanationRequestSchema, example=_SENT),
        answers=_ANSWER,
        status=201,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Explain deviations of one kind, several at once."""
        return sent(actions.explain(asked.call, actions.Reason(**asked.value), answered))


@explanations.route("/<id:explanation_id>")
class Explanation(MethodView):
    """One explanation."""

    @operation("readExplanation", answers=_ANSWER)
    def get(self, asked: Asked, explanation_id: str) -> Response:
        """Read an explanation with the verdict on it."""
        return answer(dump(actions.read_explanation(asked.call, explanation_id)))


@explanations.route("/<id:explanation_id>/verdict")
class Verdict(MethodView):
    """What the municipality says of one explanation."""

    @operation(
        "judgeExplanation",
        body=Content(schema=VerdictRequestSchema, example=_VERDICT),
        answers=Content(schema=ExplanationSchema, example={**_EXAMPLE, "verdict": _JUDGED}),
        status=201,
        problems=(409,),
    )
    def post(self, asked: Asked, explanation_id: str) -> Response:
        """Accept or reject an explanation; it binds to the facts that its deviations show now."""
        said = asked.value
        return sent(actions.judge(asked.call, explanation_id, said["outcome"], said["note"], answered))
