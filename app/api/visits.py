"""Visits: what the registrations add up to."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.visits.read import VisitFilter, list_visits, read_visit
from app.api.answers import answer
from app.api.examples import VISIT, as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page
from app.api.visit_faces import visit_face
from schemas.envelopes import list_of
from schemas.queries import VisitQuerySchema
from schemas.visits import VisitSchema

visits = Blueprint("visits", __name__, url_prefix="/api/v1/visits", description="Besök (V4-V16).")


@visits.route("")
class Visits(MethodView):
    """What stays have come to."""

    @operation(
        "listVisits", query=VisitQuerySchema, answers=Content(schema=list_of(VisitSchema), example=as_listed(VISIT))
    )
    def get(self, asked: Asked) -> Response:
        """List visits."""
        page = asked_page(asked.query)
        wanted = {name: value for name, value in asked.query.items() if name not in ("limit", "after")}
        found, more = list_visits(asked.call, VisitFilter(**wanted), page.after, page.limit)
        return answer_page(map(visit_face, found), found[-1].visit.id if more else None)


@visits.route("/<id:visit_id>")
class Visit(MethodView):
    """One visit."""

    @operation("readVisit", answers=Content(schema=VisitSchema, example=VISIT))
    def get(self, asked: Asked, visit_id: str) -> Response:
        """Read a visit."""
        return answer(visit_face(read_visit(asked.call, visit_id)))
