"""Corrections of visits, and their approval by another person."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.calls import Answered, Told
from app.actions.visits.correct import approve, correct, list_corrections, read_correction
from app.api.answers import answer
from app.api.examples import CORRECTION, CORRECTION_SENT, as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page, cut
from app.api.records import draft_of, sent
from app.api.visit_faces import FACES
from app.rules.visits.values import Correction as CorrectionValue
from schemas.envelopes import ListQuerySchema, list_of
from schemas.visits import CorrectionApprovalRequestSchema, CorrectionRequestSchema, CorrectionSchema

corrections = Blueprint(
    "corrections", __name__, url_prefix="/api/v1/visits/<id:visit_id>/corrections", description="Rättelser (V10)."
)

_SCHEMA = CorrectionSchema()
_ANSWER = Content(schema=CorrectionSchema, example=CORRECTION)
_APPROVED = CORRECTION | {"approved_by": CORRECTION["id"], "approved_at": "2014-02-04T08:00:00Z"}


def _face(correction: CorrectionValue) -> dict[str, Any]:
    told: dict[str, Any] = _SCHEMA.dump(correction)
    return told


@corrections.route("")
class Corrections(MethodView):
    """What has been stated of a visit."""

    @operation(
        "listCorrections",
        query=ListQuerySchema,
        answers=Content(schema=list_of(CorrectionSchema), example=as_listed(CORRECTION)),
    )
    def get(self, asked: Asked, visit_id: str) -> Response:
        """List the corrections of a visit."""
        page = asked_page(asked.query)
        told = [one for one in list_corrections(asked.call, visit_id) if page.after is None or one.id > page.after]
        shown, last = cut(told, page, lambda one: one.id)
        return answer_page(map(_face, shown), last)

    @operation(
        "correctVisit",
        body=Content(schema=CorrectionRequestSchema, example=CORRECTION_SENT),
        answers=_ANSWER,
        status=201,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked, visit_id: str) -> Response:
        """State what was otherwise; it counts once another person has approved it."""
        told = teller(visit_id)
        return sent(correct(asked.call, visit_id, draft_of(asked.value, CorrectionRequestSchema), told))


def teller(visit_id: str) -> Told:
    """How a correction of the visit is told of."""
    return Told(dump=_face, answer=lambda made: _made(visit_id, made))


def _made(visit_id: str, made: CorrectionValue) -> Answered:
    place = f"/api/v1/visits/{visit_id}/corrections/{made.id}"
    return Answered(status=201, headers={"Location": place}, body=orjson.dumps(_face(made)).decode())


@corrections.route("/<id:correction_id>")
class Correction(MethodView):
    """One correction."""

    @operation("readCorrection", answers=_ANSWER)
    def get(self, asked: Asked, visit_id: str, correction_id: str) -> Response:
        """Read a correction of a visit."""
        return answer(_face(read_correction(asked.call, visit_id, correction_id)))


@corrections.route("/<id:correction_id>/approval")
class CorrectionApproval(MethodView):
    """Another person's word that a correction counts."""

    @operation(
        "approveCorrection",
        body=Content(schema=CorrectionApprovalRequestSchema, example={}),
        answers=Content(schema=CorrectionSchema, example=_APPROVED),
        problems=(409,),
    )
    def post(self, asked: Asked, visit_id: str, correction_id: str) -> Response:
        """Approve another person's correction."""
        return answer(_face(approve(asked.call, visit_id, correction_id, FACES)))
