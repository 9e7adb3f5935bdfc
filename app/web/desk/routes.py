"""Every page of the desk, gathered on its blueprint: importing a page puts it there."""

from __future__ import annotations

from app.web.desk import (
    assessments,
    attestation,
    deviations,
    entrance,
    explanations,
    extensions,
    figures,
    files,
    history,
    months,
    no_choice,
    rates,
    runs,
    simulation,
    statement,
    today,
    visits,
)
from app.web.desk.shell import desk

__all__ = [
    "assessments",
    "attestation",
    "desk",
    "deviations",
    "entrance",
    "explanations",
    "extensions",
    "figures",
    "files",
    "history",
    "months",
    "no_choice",
    "rates",
    "runs",
    "simulation",
    "statement",
    "today",
    "visits",
]
