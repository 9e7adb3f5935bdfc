"""Simulations: a scenario run through the product's own rules; nothing is stored."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions import simulations as actions
from app.api.answers import answer
from app.api.operations import Asked, Content, operation
from app.api.problems import FieldFault, Problem, Slug
from schemas.simulations import OutcomeSchema, ScenarioError, dump_outcome, read_scenario

simulations = Blueprint(
    "simulations", __name__, url_prefix="/api/v1/simulations", description="Scenarier: vad reglerna kommer fram till."
)

_FILE: dict[str, Any] = {
    "care_system": {"name": "Nacka", "municipalities": ["0182"]},
    "providers": [{"id": "p", "name": "Olivia", "kind": "private"}],
    "months": ["2014-02"],
    "now": "2014-03-05T18:00:00+01:00",
}
_DESCRIBED = {"type": "object", "description": "A scenario file, as `flask simulate` reads it."}
_OUTCOME: dict[str, Any] = {
    "visits": [],
    "deviations": [],
    "lines": [],
    "excess": [],
    "figures": {"K1": [], "K2": [], "K3": [], "K4": []},
    "refused": [],
}


@simulations.route("")
class Simulations(MethodView):
    """Scenarios run through the rules."""

    @operation(
        "simulate",
        body=Content(schema=_DESCRIBED, example=_FILE),
        answers=Content(schema=OutcomeSchema, example=_OUTCOME),
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Run a scenario: the visits, deviations, lines and figures that it comes to. Nothing is stored."""
        return answer(dump_outcome(actions.run_for(asked.actor, lambda: _read(asked.value))))


def _read(content: Any) -> Any:
    """The scenario. Raises `Problem` 422 with a pointer to each bad field."""
    try:
        return read_scenario(content)
    except ScenarioError as fault:
        errors = tuple(FieldFault(one["pointer"], one["message"]) for one in fault.errors)
        raise Problem(Slug.MALFORMED, errors=errors) from fault
