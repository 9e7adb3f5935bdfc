"""Histories: a line, a visit and a customer's month, each followed back to the taps in one call (R11)."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.reimbursement import history
from app.api.answers import answer
from app.api.examples import CUSTOMER, VISIT
from app.api.history_example import CHAIN, LINE
from app.api.history_faces import chain_face
from app.api.operations import Asked, Content, operation
from schemas.filters import HistoryQuerySchema
from schemas.histories import CustomerHistorySchema, LineHistorySchema, VisitHistorySchema

histories = Blueprint(
    "histories", __name__, url_prefix="/api/v1", description="Hela kedjan: registrering, besök, rad, justering (R11)."
)

_OF_CUSTOMER: dict[str, Any] = {"customer_id": CUSTOMER["id"], "month": "2014-02", **CHAIN}


@histories.route("/reimbursement/lines/<sequence:sequence>/history")
class LineHistory(MethodView):
    """Why a line is what it is."""

    @operation(
        "readLineHistory",
        answers=Content(schema=LineHistorySchema, example={"sequence": LINE["sequence"], **CHAIN}),
    )
    def get(self, asked: Asked, sequence: int) -> Response:
        """Read why a line is what it is: its key's lines, visits, registrations, orders, rates and what was said."""
        return answer({"sequence": sequence, **chain_face(history.line_history(asked.call, sequence).chain)})


@histories.route("/visits/<id:visit_id>/history")
class VisitHistory(MethodView):
    """What became of a visit."""

    @operation(
        "readVisitHistory",
        answers=Content(schema=VisitHistorySchema, example={"visit_id": VISIT["id"], **CHAIN}),
    )
    def get(self, asked: Asked, visit_id: str) -> Response:
        """Read what became of each second of a visit, and the lines that have it or had."""
        return answer({"visit_id": visit_id, **chain_face(history.visit_history(asked.call, visit_id).chain)})


@histories.route("/customers/<id:customer_id>/history")
class CustomerHistory(MethodView):
    """A customer's month."""

    @operation(
        "readCustomerHistory",
        query=HistoryQuerySchema,
        answers=Content(schema=CustomerHistorySchema, example=_OF_CUSTOMER),
    )
    def get(self, asked: Asked, customer_id: str) -> Response:
        """Read a customer's whole month: pools, visits, registrations, lines and what was said, as far as you reach."""
        month = asked.query["month"]
        found = history.customer_history(asked.call, customer_id, month)
        return answer({"customer_id": customer_id, "month": month, **chain_face(found.chain)})
