"""Simulations: a scenario run through the product's own rules; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions import simulated_months as months
from app.actions import simulations as actions
from app.api.answers import answer
from app.api.operations import Asked, Content, operation
from app.api.problems import FieldFault, Problem, Slug
from app.rules.comparisons import By
from schemas.comparisons import ComparedSchema, dump_differences
from schemas.simulations import (
    OutcomeSchema,
    ScenarioError,
    SimulatedMonthsSchema,
    SimulationQuerySchema,
    dump_outcome,
    read_scenario,
)

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
    "notes": [],
}
_ANSWERS = Content(schema={"oneOf": [OutcomeSchema, ComparedSchema]}, example=_OUTCOME)
"""The outcome; with `compare` both outcomes, and what differs."""


@simulations.route("")
class Simulations(MethodView):
    """Scenarios run through the rules."""

    @operation(
        "simulate",
        body=Content(schema=_DESCRIBED, example=_FILE),
        query=SimulationQuerySchema,
        answers=_ANSWERS,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Run a scenario: the visits, deviations, lines and figures that it comes to. Nothing is stored."""
        settings, by = asked.query["settings"], asked.query["by"]
        if not asked.query["compare"]:
            return answer(dump_outcome(actions.run_for(asked.actor, lambda: _read(asked.value), settings)))
        return answer(_dumped(actions.compare_for(asked.actor, lambda: _read(asked.value), settings, by), by))


@simulations.route("/months")
class SimulatedMonths(MethodView):
    """Months of the running system run through the rules again."""

    @operation(
        "simulateMonths",
        body=Content(
            schema=SimulatedMonthsSchema,
            example={"months": ["2014-02"], "municipality": "2029", "set": ["policy.cap=none"]},
        ),
        answers=_ANSWERS,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Run months of the running system, of up to 5,000 visits, as if something were set otherwise."""
        told = dict(asked.value)
        compare = told.pop("compare")
        wanted = months.Asked(**told)
        if not compare:
            return answer(dump_outcome(months.simulate_months(asked.call, wanted)))
        return answer(_dumped(months.compare_months(asked.call, wanted), wanted.by))


def _dumped(compared: actions.Compared, by: Iterable[By]) -> dict[str, Any]:
    return {
        "before": dump_outcome(compared.before),
        "after": dump_outcome(compared.after),
        "differences": dump_differences(compared.settings, compared.comparison, compared.summary, by),
    }


def _read(content: Any) -> Any:
    """The scenario. Raises `Problem` 422 with a pointer to each bad field."""
    try:
        return read_scenario(content)
    except ScenarioError as fault:
        errors = tuple(FieldFault(one["pointer"], one["message"]) for one in fault.errors)
        raise Problem(Slug.MALFORMED, errors=errors) from fault
