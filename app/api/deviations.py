"""Deviations: what the rules found between registered, planned, ordered and granted."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.deviations import read as actions
from app.api.answers import answer
from app.api.examples import PROVIDER, as_listed
from app.api.explanations import dump as dump_explanation
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page, cut
from schemas.deviations import DeviationHistorySchema, DeviationSchema, HappeningSchema
from schemas.envelopes import list_of
from schemas.filters import DeviationQuerySchema

deviations = Blueprint("deviations", __name__, url_prefix="/api/v1/deviations", description="Avvikelser (D).")

_SCHEMA = DeviationSchema()
_HAPPENING = HappeningSchema()
_EXAMPLE: dict[str, Any] = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e30",
    "external_id": None,
    "recorded_at": "2014-02-03T08:00:00Z",
    "rule": "D10",
    "name": "wrong_tag",
    "subject": {"type": "visit", "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e31"},
    "provider_id": PROVIDER["id"],
    "period": "2014-02",
    "facts": {"problems": ["check_in: unknown"]},
    "effect": "holds_pay",
    "state": "open",
}
_HISTORY = {"history": [{"what": "opened", "at": "2014-02-03T08:00:00Z", "by": None, "facts": _EXAMPLE["facts"]}]}


def dump(row: Any) -> dict[str, Any]:
    """The deviation as JSON values; it is recorded since it opened."""
    names = ("rule", "subject", "provider_id", "period", "facts", "effect", "state")
    stored = {"id": row.id, "external_id": None, "recorded_at": row.opened_at}
    told: dict[str, Any] = _SCHEMA.dump({**stored, **{name: getattr(row, name) for name in names}})
    return told


@deviations.route("")
class Deviations(MethodView):
    """What the rules found."""

    @operation(
        "listDeviations",
        query=DeviationQuerySchema,
        answers=Content(schema=list_of(DeviationSchema), example=as_listed(_EXAMPLE)),
    )
    def get(self, asked: Asked) -> Response:
        """List deviations, those that cleared among them."""
        page = asked_page(asked.query)
        filters = {name: value for name, value in asked.query.items() if name not in ("limit", "after", "visit_id")}
        filters["subject_id"] = asked.query["visit_id"]
        rows = list(actions.list_deviations(asked.call, filters, page.after, page.limit + 1))
        shown, last = cut(rows, page, lambda row: row.id)
        return answer_page(map(dump, shown), last)


@deviations.route("/<id:deviation_id>")
class Deviation(MethodView):
    """One deviation."""

    @operation(
        "readDeviation",
        answers=Content(schema=DeviationHistorySchema, example={**_EXAMPLE, **_HISTORY, "explanations": []}),
    )
    def get(self, asked: Asked, deviation_id: str) -> Response:
        """Read a deviation with everything that happened to it and was said of it."""
        told = actions.read_deviation(asked.call, deviation_id)
        history = [_HAPPENING.dump(one) for one in told.history]
        said = [dump_explanation(one) for one in told.explanations]
        return answer({**dump(told.deviation), "history": history, "explanations": said})
