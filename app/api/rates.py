"""Rates and policies: dated rows that are added and never edited."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.policies import add_policy, list_policies, read_policy
from app.actions.rates import add_rate, list_rates, propose_rates, read_rate
from app.api.answers import answer
from app.api.examples import POLICY, RATE, as_listed, as_sent
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page
from app.api.records import sent, told_by
from app.api.tariff_examples import PROPOSAL
from schemas.envelopes import list_of
from schemas.policies import PolicyRequestSchema, PolicySchema
from schemas.queries import OfMunicipalityQuerySchema
from schemas.reimbursement import RateRequestSchema, RateSchema
from schemas.tariffs import ProposalRequestSchema, ProposalSchema, proposal_view

rates = Blueprint("rates", __name__, url_prefix="/api/v1/rates", description="Priser (R3, R4).")
policies = Blueprint(
    "policies", __name__, url_prefix="/api/v1/policies", description="Policyer, daterade tal per kommun."
)

_RATE, _POLICY, _PROPOSAL = RateSchema(), PolicySchema(), ProposalSchema()
_RATE_ANSWER = Content(schema=RateSchema, example=RATE)
_POLICY_ANSWER = Content(schema=PolicySchema, example=POLICY)


@rates.route("")
class Rates(MethodView):
    """What an hour is worth."""

    @operation(
        "listRates",
        query=OfMunicipalityQuerySchema,
        answers=Content(schema=list_of(RateSchema), example=as_listed(RATE)),
    )
    def get(self, asked: Asked) -> Response:
        """List rates."""
        page = asked_page(asked.query)
        found, more = list_rates(asked.call, asked.query["municipality"], page.after, page.limit)
        return answer_page(map(_RATE.dump, found), found[-1].id if more else None)

    @operation(
        "createRate",
        body=Content(schema=RateRequestSchema, example=as_sent(RATE)),
        answers=_RATE_ANSWER,
        status=201,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Add a rate. It ends at its valid_before, or where the next of its key begins."""
        return sent(add_rate(asked.call, asked.value, told_by("/api/v1/rates", _RATE.dump, 201)))


@rates.route("/<id:rate_id>")
class Rate(MethodView):
    """One rate."""

    @operation("readRate", answers=_RATE_ANSWER)
    def get(self, asked: Asked, rate_id: str) -> Response:
        """Read a rate."""
        return answer(_RATE.dump(read_rate(asked.call, rate_id)))


@rates.route("/proposals")
class RateProposals(MethodView):
    """What an index would make of the rates."""

    @operation(
        "proposeRates",
        body=Content(
            schema=ProposalRequestSchema,
            example={"municipality": "2029", "index_percent": "2.3", "valid_from": "2015-01-01"},
        ),
        answers=Content(schema=list_of(ProposalSchema), example=as_listed(PROPOSAL)),
    )
    def post(self, asked: Asked) -> Response:
        """Propose rates from an index (R10): exact, of the rows that hold the day before. Nothing is stored."""
        wanted = asked.value
        found = propose_rates(asked.call, wanted["municipality"], wanted["index_percent"], wanted["valid_from"])
        return answer({"items": [_PROPOSAL.dump(proposal_view(one)) for one in found]})


@policies.route("")
class Policies(MethodView):
    """The dated numbers that rules go by."""

    @operation(
        "listPolicies",
        query=OfMunicipalityQuerySchema,
        answers=Content(schema=list_of(PolicySchema), example=as_listed(POLICY)),
    )
    def get(self, asked: Asked) -> Response:
        """List policies; of a municipality, those for all of them too."""
        page = asked_page(asked.query)
        found, more = list_policies(asked.call, asked.query["municipality"], page.after, page.limit)
        return answer_page(map(_POLICY.dump, found), found[-1].id if more else None)

    @operation(
        "createPolicy",
        body=Content(schema=PolicyRequestSchema, example=as_sent(POLICY)),
        answers=_POLICY_ANSWER,
        status=201,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Set a policy from a day on."""
        return sent(add_policy(asked.call, asked.value, told_by("/api/v1/policies", _POLICY.dump, 201)))


@policies.route("/<id:policy_id>")
class Policy(MethodView):
    """One policy row."""

    @operation("readPolicy", answers=_POLICY_ANSWER)
    def get(self, asked: Asked, policy_id: str) -> Response:
        """Read a policy row."""
        return answer(_POLICY.dump(read_policy(asked.call, policy_id)))
