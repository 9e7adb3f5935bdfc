"""Scenario files: read, filled, and what they come to."""

from schemas.outcomes import OutcomeSchema, dump_outcome
from schemas.simulations.asked import SimulatedMonthsSchema, SimulationQuerySchema
from schemas.simulations.reading import ScenarioError, read_scenario
from schemas.simulations.shapes import ScenarioSchema
from schemas.simulations.writing import dump_scenario

__all__ = [
    "OutcomeSchema",
    "ScenarioError",
    "ScenarioSchema",
    "SimulatedMonthsSchema",
    "SimulationQuerySchema",
    "dump_outcome",
    "dump_scenario",
    "read_scenario",
]
