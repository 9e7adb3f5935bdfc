"""The no-choice order: whose turn it is to take a customer who does not choose, and what was decided."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions import no_choice as actions
from app.api.answers import answer
from app.api.examples import CUSTOMER, GRANT, ORDER, PROVIDER, as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page, cut
from app.api.records import draft_of
from schemas.envelopes import list_of
from schemas.no_choice import (
    NoChoiceDecisionRequestSchema,
    NoChoiceQuerySchema,
    NoChoiceRequestSchema,
    NoChoiceSchema,
)

no_choice = Blueprint(
    "no-choice", __name__, url_prefix="/api/v1/no-choice", description="Ickevalsalternativet (O3, P2)."
)

_PATH = "/api/v1/no-choice"
_SENT: dict[str, Any] = {"grant_id": GRANT["id"]}
_DECISION: dict[str, Any] = {"provider_id": PROVIDER["id"], "reason": "The customer's sister has the same provider."}
_EXAMPLE: dict[str, Any] = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e60",
    "external_id": None,
    "recorded_at": "2014-01-02T08:00:00Z",
    "recorded_by": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e61",
    "grant_id": GRANT["id"],
    "customer_id": CUSTOMER["id"],
    "valid_from": "2014-01-03",
    "facts": {
        "cause": "no_choice",
        "grant_version": 1,
        "services": ["personal_care", "household"],
        "law": "SoL",
        "target_group": None,
        "seconds": 36000,
        "per": "month",
        "every": 1,
        "whole_grant": True,
        "valid_before": None,
        "lost_order_ids": [],
        "nearness": "known",
        "candidates": [
            {
                "provider_id": PROVIDER["id"],
                "rank": 1,
                "last_responsibility": False,
                "volume": {
                    "place": 1,
                    "service": "personal_care",
                    "no_choice_seconds_per_week": 90000,
                    "ceiling_seconds_per_week": 3600000,
                },
                "nearness": {"place": 1, "metres": 1840},
                "passed_over": [],
            }
        ],
    },
    "decision": None,
}
_DECIDED = {
    "provider_id": PROVIDER["id"],
    "rank": 1,
    "reason": None,
    "order_id": ORDER["id"],
    "decided_at": "2014-01-02T09:00:00Z",
    "decided_by": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e61",
}


@no_choice.route("")
class Proposals(MethodView):
    """Whose turn it is."""

    @operation(
        "listNoChoice",
        query=NoChoiceQuerySchema,
        answers=Content(schema=list_of(NoChoiceSchema), example=as_listed(_EXAMPLE)),
    )
    def get(self, asked: Asked) -> Response:
        """List no-choice proposals with the decisions on them."""
        page = asked_page(asked.query)
        filters = {name: value for name, value in asked.query.items() if name not in ("limit", "after")}
        rows = actions.list_proposals(asked.call, filters, page.after, page.limit + 1)
        shown, last = cut(rows, page, lambda one: one.proposal.id)
        return answer_page(map(actions.document, shown), last)

    @operation(
        "proposeNoChoice",
        body=Content(schema=NoChoiceRequestSchema, example=_SENT),
        answers=Content(schema=NoChoiceSchema, example=_EXAMPLE),
        status=201,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Ask whose turn it is to take a grant, or what a lost provider had of it."""
        named = draft_of(asked.value, NoChoiceRequestSchema).named[0]
        kept = actions.propose(asked.call, named, asked.value["valid_from"])
        return answer(actions.document(kept), 201, {"Location": f"{_PATH}/{kept.proposal.id}"})


@no_choice.route("/<id:no_choice_id>")
class Proposal(MethodView):
    """One proposal."""

    @operation("readNoChoice", answers=Content(schema=NoChoiceSchema, example=_EXAMPLE))
    def get(self, asked: Asked, no_choice_id: str) -> Response:
        """Read a no-choice proposal with every candidate, its rank and its reasons."""
        return answer(actions.document(actions.read(asked.call, no_choice_id)))


@no_choice.route("/<id:no_choice_id>/decision")
class Decision(MethodView):
    """The decision on one proposal."""

    @operation(
        "decideNoChoice",
        body=Content(schema=NoChoiceDecisionRequestSchema, example=_DECISION),
        answers=Content(schema=NoChoiceSchema, example={**_EXAMPLE, "decision": _DECIDED}),
        status=201,
        problems=(409, 412),
    )
    def post(self, asked: Asked, no_choice_id: str) -> Response:
        """Decide who gets the customer: the order is placed."""
        said = asked.value
        kept = actions.decide(asked.call, no_choice_id, said["provider_id"], said["reason"])
        return answer(actions.document(kept), 201)
