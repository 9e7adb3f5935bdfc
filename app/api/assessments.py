"""Proposed assessments: customers with repeatedly too much or too little time (E7)."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions import assessments as actions
from app.api.answers import answer
from app.api.examples import CUSTOMER, PROVIDER, as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page, cut
from schemas.assessments import (
    AssessmentHappeningSchema,
    AssessmentHistorySchema,
    AssessmentQuerySchema,
    AssessmentSchema,
    ClosingRequestSchema,
)
from schemas.envelopes import list_of

assessments = Blueprint(
    "assessments", __name__, url_prefix="/api/v1/assessments", description="Förslag till ny bedömning (E7)."
)

_HAPPENING = AssessmentHappeningSchema()
_FACTS: dict[str, Any] = {
    "months": [
        {"month": "2014-02", "performed_seconds": 20000, "granted_seconds": 36000},
        {"month": "2014-03", "performed_seconds": 18000, "granted_seconds": 36000},
    ],
    "policies": [
        {"name": "reassessment_under_delivery_months", "value": 2, "on": "2014-03-01", "valid_from": None},
    ],
}
_EXAMPLE: dict[str, Any] = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e50",
    "external_id": None,
    "recorded_at": "2014-04-01T00:10:00Z",
    "customer_id": CUSTOMER["id"],
    "provider_id": PROVIDER["id"],
    "cause": "repeated_under_delivery",
    "subject": f"{PROVIDER['id']}/{CUSTOMER['id']}/SoL/household+personal_care",
    "facts": _FACTS,
    "state": "proposed",
    "proposed_at": "2014-04-01T00:10:00Z",
    "changed_at": "2014-04-01T00:10:00Z",
    "closed_at": None,
    "closed_by": None,
    "note": None,
}
_HISTORY = {"history": [{"what": "proposed", "at": "2014-04-01T00:10:00Z", "by": None, "note": None, "facts": _FACTS}]}
_ANSWER = Content(schema=AssessmentHistorySchema, example={**_EXAMPLE, **_HISTORY})
_CLOSING = {"outcome": "assessed", "note": "A new assessment was made on 3 April: fewer hours."}


def dump(told: Any) -> dict[str, Any]:
    """The assessment with its history as JSON values."""
    history = [_HAPPENING.dump(one) for one in told.history]
    return {**actions.document(told.assessment), "history": history}


@assessments.route("")
class Assessments(MethodView):
    """Customers whose time may need to be assessed anew."""

    @operation(
        "listAssessments",
        query=AssessmentQuerySchema,
        answers=Content(schema=list_of(AssessmentSchema), example=as_listed(_EXAMPLE)),
    )
    def get(self, asked: Asked) -> Response:
        """List proposed assessments, closed and cleared ones among them."""
        page = asked_page(asked.query)
        filters = {name: value for name, value in asked.query.items() if name not in ("limit", "after")}
        rows = list(actions.list_assessments(asked.call, filters, page.after, page.limit + 1))
        shown, last = cut(rows, page, lambda row: row.id)
        return answer_page(map(actions.document, shown), last)


@assessments.route("/<id:assessment_id>")
class Assessment(MethodView):
    """One proposed assessment."""

    @operation("readAssessment", answers=_ANSWER)
    def get(self, asked: Asked, assessment_id: str) -> Response:
        """Read a proposed assessment with everything that happened to it."""
        return answer(dump(actions.read_assessment(asked.call, assessment_id)))


@assessments.route("/<id:assessment_id>/closing")
class Closing(MethodView):
    """The end of one proposal."""

    @operation(
        "closeAssessment",
        body=Content(schema=ClosingRequestSchema, example=_CLOSING),
        answers=_ANSWER,
        status=201,
        problems=(409,),
    )
    def post(self, asked: Asked, assessment_id: str) -> Response:
        """Close a proposal: a new assessment was made, or there is no need of one."""
        said = asked.value
        return answer(dump(actions.close(asked.call, assessment_id, said["outcome"], said["note"])), 201)
