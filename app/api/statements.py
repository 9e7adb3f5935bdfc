"""Statements: what each provider is paid for a month, and why the rest is not paid (R2, R6, R8)."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.months import Whose, key_of
from app.actions.reimbursement.statement import Stated, statements
from app.api.examples import VISIT, as_listed
from app.api.history_example import LINE, RUN
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page
from schemas.envelopes import list_of
from schemas.filters import StatementQuerySchema
from schemas.statements import StatementSchema, statement_view

provider_statements = Blueprint(
    "statements",
    __name__,
    url_prefix="/api/v1/reimbursement/statements",
    description="Utförarens besked: vad månaden ger, av vad, och varför resten inte ersätts (R8).",
)

_SCHEMA = StatementSchema()
_FATES: dict[str, int] = {
    "performed_seconds": 2840,
    "paid_seconds": 2840,
    "held_seconds": 0,
    "unpriced_seconds": 0,
    "unpaid_overlap_seconds": 0,
    "excess_seconds": 0,
}
_LINE_NAMES = ("sequence", "customer_id", "month", "service", "law", "ore_per_hour", "band", "seconds", "amount_ore")
_LINE: dict[str, Any] = {**{name: LINE[name] for name in _LINE_NAMES}, "cause": None}
_RATE_NAMES = ("service", "law", "rate_id", "band", "ore_per_hour", "seconds", "amount_ore")
_GRANTED = {"granted_seconds": 36000, "extension_seconds": 0}
_EXAMPLE: dict[str, Any] = {
    "municipality": "2029",
    "provider_id": RUN["provider_id"],
    "month": "2014-02",
    "state": "issued",
    "preliminary": False,
    "as_of": RUN["locked_at"],
    "attested_at": "2014-03-03T09:00:00Z",
    "lock_due_at": RUN["locked_at"],
    "locked_at": RUN["locked_at"],
    "issued_at": RUN["issued_at"],
    "run_id": RUN["id"],
    "amount_ore": 29583,
    "month_ore": 29583,
    "adjusted_ore": 0,
    "later_ore": 0,
    **_GRANTED,
    **_FATES,
    "excess_ore": 0,
    "nowhere_seconds": 0,
    "half_visits": 0,
    "held": [],
    "by_rate": [{name: LINE[name] for name in _RATE_NAMES}],
    "customers": [
        {
            "customer_id": LINE["customer_id"],
            **_GRANTED,
            **_FATES,
            "amount_ore": 29583,
            "lines": [_LINE],
            "visits": [{"visit_id": VISIT["id"], "starts_at": VISIT["starts_at"], "held_by": [], **_FATES}],
        }
    ],
    "adjustments": [],
}


def dump(told: Stated) -> dict[str, Any]:
    """The statement as JSON values."""
    month, run = told.month, told.run
    found: dict[str, Any] = _SCHEMA.dump(
        {
            **statement_view(told.statement),
            **{name: getattr(month, name) for name in ("state", "attested_at", "locked_at", "run_id")},
            **{name: getattr(told, name) for name in ("preliminary", "as_of", "lock_due_at", "later_ore")},
            "issued_at": None if run is None else run.issued_at,
        }
    )
    return found


@provider_statements.route("")
class Statements(MethodView):
    """What the providers in scope are paid for a month."""

    @operation(
        "listStatements",
        query=StatementQuerySchema,
        answers=Content(schema=list_of(StatementSchema), example=as_listed(_EXAMPLE)),
    )
    def get(self, asked: Asked) -> Response:
        """List what each provider is paid for a month in each municipality; preliminary until it is issued."""
        page, query = asked_page(asked.query), asked.query
        whose = Whose(municipality=query["municipality"], provider_id=query["provider_id"])
        after = None if page.after is None else (page.after[0], page.after[1], page.after[2])
        found, more = statements(asked.call, query["month"], whose, after, page.limit)
        return answer_page(map(dump, found), key_of(found[-1].month) if more else None)
