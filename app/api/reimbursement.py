"""Reimbursement: runs, the lines in the order issued, and what lies beyond the cap."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.months import Whose
from app.actions.reimbursement import read, runs
from app.actions.reimbursement.document import issued_document
from app.api.answers import answer
from app.api.examples import CUSTOMER, PROVIDER, as_listed
from app.api.history_example import LINE, RUN
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page, cut
from app.api.records import draft_of
from schemas.envelopes import list_of
from schemas.filters import ExcessQuerySchema, RepeatQuerySchema, RunQuerySchema
from schemas.queries import FeedQuerySchema
from schemas.reimbursement import ExcessSchema, IssuedLineSchema, RunRequestSchema, RunSchema

reimbursement = Blueprint(
    "reimbursement", __name__, url_prefix="/api/v1/reimbursement", description="Ersättning (R1–R9, R11)."
)

_SCHEMA = RunSchema()
_RUNS = list_of(RunSchema)
_RUN: dict[str, Any] = {
    **RUN,
    "external_id": None,
    "recorded_at": RUN["issued_at"],
    "line_count": 1,
    "amount_ore": LINE["amount_ore"],
}
_EXCESS: dict[str, Any] = {
    "provider_id": PROVIDER["id"],
    "customer_id": CUSTOMER["id"],
    "law": "SoL",
    "services": ["household", "personal_care"],
    "month": "2014-02",
    "granted_seconds": 36000,
    "approved_extension_seconds": 0,
    "performed_seconds": 36900,
    "excess_seconds": 900,
    "worth_ore": 9375,
}


def _dump(shown: Any) -> dict[str, Any]:
    run = shown.run
    names = ("id", "municipality", "provider_id", "month", "locked_at", "issued_at")
    told: dict[str, Any] = _SCHEMA.dump(
        {
            **{name: getattr(run, name) for name in names},
            "external_id": None,
            "recorded_at": run.issued_at,
            "line_count": shown.sum.lines,
            "amount_ore": shown.sum.amount_ore,
        }
    )
    return told if shown.same is None else {**told, "same": shown.same}


@reimbursement.route("/runs")
class Runs(MethodView):
    """Issued months."""

    @operation("listRuns", query=RunQuerySchema, answers=Content(schema=_RUNS, example=as_listed(_RUN)))
    def get(self, asked: Asked) -> Response:
        """List runs."""
        page, query = asked_page(asked.query), asked.query
        whose = Whose(municipality=query["municipality"], provider_id=query["provider_id"])
        rows = runs.list_runs(asked.call, query["month"], whose, page.after, page.limit + 1)
        shown, last = cut(rows, page, lambda one: one.run.id)
        return answer_page(map(_dump, shown), last)

    @operation(
        "issueMonth",
        body=Content(schema=RunRequestSchema, example={"month": "2014-02", "municipality": "2029"}),
        answers=Content(schema=_RUNS, example=as_listed(_RUN)),
        status=201,
        problems=(409, 412),
    )
    def post(self, asked: Asked) -> Response:
        """Issue a month's locked and attested months, with adjustments of earlier ones; each once."""
        whose = {name: value for name, value in asked.value.items() if name != "month"}
        issued = runs.issue_months(asked.call, asked.value["month"], draft_of(whose, RunRequestSchema))
        return answer({"items": [_dump(one) for one in issued]}, 201)


@reimbursement.route("/runs/<id:run_id>")
class Run(MethodView):
    """One run."""

    @operation("readRun", query=RepeatQuerySchema, answers=Content(schema=RunSchema, example=_RUN))
    def get(self, asked: Asked, run_id: str) -> Response:
        """Read a run; with verify=true it is repeated from the facts, and `same` tells whether every byte is."""
        return answer(_dump(runs.read_run(asked.call, run_id, asked.query["verify"])))


@reimbursement.route("/lines")
class Lines(MethodView):
    """What is owed, in the order issued."""

    @operation(
        "listLines",
        query=FeedQuerySchema,
        answers=Content(schema=list_of(IssuedLineSchema), example={"items": [LINE], "next": "1"}),
    )
    def get(self, asked: Asked) -> Response:
        """List lines and adjustments after a sequence, each once; `next` is the sequence to go on from."""
        after, limit = asked.query["after"], asked.query["limit"]
        found = read.list_lines(asked.call, after, limit)
        body: dict[str, Any] = {"items": [issued_document(one) for one in found]}
        if not found:
            return answer(body)
        body["next"] = str(found[-1].line.sequence)
        link = f'<{request.path}?limit={limit}&after={body["next"]}>; rel="next"'
        return answer(body, headers={"Link": link})


@reimbursement.route("/excess")
class Excess(MethodView):
    """What lies beyond the cap."""

    @operation(
        "listExcess", query=ExcessQuerySchema, answers=Content(schema=list_of(ExcessSchema), example=as_listed(_EXCESS))
    )
    def get(self, asked: Asked) -> Response:
        """List what each pool performed beyond its cap in an issued month, and its worth."""
        page = asked_page(asked.query)
        rows = read.read_excess(asked.call, asked.query["month"], page.after, page.limit + 1)
        return answer_page(*cut(rows, page, read.excess_key))
