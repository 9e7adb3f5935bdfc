"""Planned visits, one at a time and a thousand at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.plan_batches import Kept, Outcome, Row, put_planned_visits
from app.actions.plans import (
    PLANNED_VISITS,
    PlanFilter,
    PlanTold,
    create_planned_visit,
    list_planned_visits,
    replace_planned_visit,
)
from app.api.answers import answer
from app.api.examples import PLANNED_VISIT, as_listed, as_sent
from app.api.operations import Asked, Content, load, operation, version_to_replace
from app.api.paging import answer_page, asked_page
from app.api.problems import Problem, body_of, problem_of_fault
from app.api.records import Face, draft_of, read_record, sent, told_by
from app.api.visit_faces import FACES
from schemas.envelopes import BatchAnswerSchema, BatchSchema, list_of
from schemas.plans import PlannedVisitRequestSchema, PlannedVisitRowSchema, PlannedVisitSchema
from schemas.queries import PlannedVisitQuerySchema

planned_visits = Blueprint(
    "planned-visits", __name__, url_prefix="/api/v1/planned-visits", description="Planerade besök (V16)."
)

_PLAN = Face(
    path="/api/v1/planned-visits",
    subject=PLANNED_VISITS,
    request=PlannedVisitRequestSchema,
    resource=PlannedVisitSchema(),
)
_ROW = PlannedVisitRowSchema()
_SENT = Content(schema=PlannedVisitRequestSchema, example=as_sent(PLANNED_VISIT))
_ANSWER = Content(schema=PlannedVisitSchema, example=PLANNED_VISIT)
_ROWS = Content(schema=BatchSchema, example={"items": [as_sent(PLANNED_VISIT)]})
_RESULT = {"index": 0, "id": PLANNED_VISIT["id"], "status": 201, "resource": PLANNED_VISIT}
_RESULTS = Content(schema=BatchAnswerSchema, example={"results": [_RESULT]})


@planned_visits.route("")
class PlannedVisits(MethodView):
    """What the scheduling tools say shall happen."""

    @operation(
        "listPlannedVisits",
        query=PlannedVisitQuerySchema,
        answers=Content(schema=list_of(PlannedVisitSchema), example=as_listed(PLANNED_VISIT)),
    )
    def get(self, asked: Asked) -> Response:
        """List planned visits."""
        page = asked_page(asked.query)
        wanted = {name: value for name, value in asked.query.items() if name not in ("limit", "after")}
        found, more = list_planned_visits(asked.call, PlanFilter(**wanted), page.after, page.limit)
        return answer_page(map(_PLAN.dump, found), found[-1].id if more else None)

    @operation(
        "createPlannedVisit", body=_SENT, answers=_ANSWER, status=201, versioned=True, once=True, problems=(409,)
    )
    def post(self, asked: Asked) -> Response:
        """Plan a visit."""
        return sent(create_planned_visit(asked.call, draft_of(asked.value, _PLAN.request), _told(201)))


@planned_visits.route("/<id:planned_visit_id>")
class PlannedVisit(MethodView):
    """One planned visit."""

    @operation("readPlannedVisit", answers=_ANSWER, versioned=True)
    def get(self, asked: Asked, planned_visit_id: str) -> Response:
        """Read a planned visit."""
        return read_record(asked, _PLAN, planned_visit_id)

    @operation("replacePlannedVisit", body=_SENT, answers=_ANSWER, replaces=True, versioned=True, problems=(409,))
    def put(self, asked: Asked, planned_visit_id: str) -> Response:
        """Replace a planned visit, or cancel it."""
        draft = draft_of(asked.value, _PLAN.request)
        return sent(replace_planned_visit(asked.call, planned_visit_id, version_to_replace(), draft, _told(200)))


@planned_visits.route("/batch")
class PlannedVisitBatch(MethodView):
    """A schedule as a whole."""

    @operation("putPlannedVisits", body=_ROWS, answers=_RESULTS, batch=True)
    def put(self, asked: Asked) -> Response:
        """Make or replace up to 1,000 planned visits by external_id or id: an answer for each row, good rows kept."""
        rows, faults = _read(asked.value["items"])
        outcomes = put_planned_visits(asked.call, rows, _told(200))
        results = {index: _result(index, outcome) for index, outcome in outcomes.items()}
        results |= {index: _refused(index, problem) for index, problem in faults.items()}
        return answer({"results": [results[index] for index in sorted(results)]})


def _told(status: int) -> PlanTold:
    return PlanTold(plan=told_by(_PLAN.path, _PLAN.dump, status), visits=FACES)


def _read(items: Sequence[Any]) -> tuple[list[Row], dict[int, Problem]]:
    """The rows that could be read, and the problems of the others by index."""
    rows: list[Row] = []
    faults: dict[int, Problem] = {}
    for index, item in enumerate(items):
        try:
            rows.append(_row(index, load(_ROW, item)))
        except Problem as problem:
            faults[index] = problem
    return rows, faults


def _row(index: int, loaded: Mapping[str, Any]) -> Row:
    content = {name: value for name, value in loaded.items() if name != "id"}
    draft = draft_of(content, PlannedVisitRowSchema)
    return Row(index=index, id=loaded["id"], external_id=loaded["external_id"], draft=draft)


def _result(index: int, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Kept):
        plan = _PLAN.dump(outcome.plan)
        return {"index": index, "id": outcome.plan.id, "status": 201 if outcome.made else 200, "resource": plan}
    return _refused(index, problem_of_fault(outcome))


def _refused(index: int, problem: Problem) -> dict[str, Any]:
    return {"index": index, "id": None, "status": problem.status, "problem": body_of(problem)}
