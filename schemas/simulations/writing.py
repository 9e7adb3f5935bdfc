"""A scenario becomes a file that reads back as the same scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from app.rules.deviations.facts import Facts
from app.rules.deviations.values import Explanation, VerdictOutcome
from app.rules.recorded import Recorded, known_at
from app.rules.scenario import Scenario
from app.rules.time import BEGINNING, format_instant
from app.rules.visits.values import Registration
from schemas.simulations.sections import SECTIONS, Section
from schemas.simulations.shapes import ScenarioCareSystemSchema, ScenarioDecisionSchema

_CARE_SYSTEM = ScenarioCareSystemSchema()
_DECISION = ScenarioDecisionSchema()
_END = datetime.max.replace(tzinfo=UTC)
_RECORDED_OTHERWISE = ("registrations", "corrections")
"""Where a file that leaves recorded_at out means another instant than the beginning."""


def dump_scenario(scenario: Scenario) -> dict[str, Any]:
    """The file. Of several versions of one id the newest is told, of verdicts the acceptances: a file knows no others.

    Source: CONTRACT, Scenario files.
    """
    facts = scenario.facts
    told: dict[str, Any] = {}
    if scenario.care_system is not None:
        told["care_system"] = _bare(_CARE_SYSTEM.dump(scenario.care_system), scenario.care_system)
    for section in SECTIONS:
        newest: tuple[Recorded, ...] = known_at(getattr(facts, section.name) or (), _END)
        if newest:
            told[section.name] = [_row(section, value, facts) for value in newest]
    told["months"] = list(scenario.months)
    if scenario.locked_at:
        told["locked_at"] = {month: format_instant(instant) for month, instant in scenario.locked_at}
    told["now"] = format_instant(scenario.now)
    return told


def _row(section: Section, value: Recorded, facts: Facts) -> dict[str, Any]:
    row = {**section.schema.dump(value), **_beside(value, facts)}
    return _plain(row) if section.name in _RECORDED_OTHERWISE else _bare(row, value)


def _bare(row: dict[str, Any], value: Recorded) -> dict[str, Any]:
    """Without what a file that leaves it out means as well."""
    return _plain({**row, "recorded_at": None} if value.recorded_at == BEGINNING else row)


def _beside(value: Recorded, facts: Facts) -> dict[str, Any]:
    """What the file says otherwise than the value's own fields."""
    if isinstance(value, Registration):
        texts = {"captured_at": value.captured_text, "stated_at": value.stated_text}
        return {name: text for name, text in texts.items() if text}
    if isinstance(value, Explanation):
        return _said(value, facts)
    decisions = known_at((one for one in facts.decisions if one.extension_id == value.id), _END)
    return {"decision": [_plain(_DECISION.dump(one)) for one in decisions]} if decisions else {}


def _said(explanation: Explanation, facts: Facts) -> dict[str, Any]:
    """What an explanation is about, by the array in which it stands, and its acceptance."""
    said: dict[str, Any] = {}
    subject_id, verdict = explanation.subject_id, explanation.verdict
    if subject_id is not None:
        named: Mapping[str, Iterable[Recorded]] = {"planned_visit_id": facts.planned_visits, "order_id": facts.orders}
        names = [name for name, rows in named.items() if any(one.id == subject_id for one in rows)]
        visits = any(one.id == subject_id for one in facts.registrations)
        said["visit_id" if visits or not names else names[0]] = subject_id
    if verdict is not None and verdict.outcome is VerdictOutcome.ACCEPTED:
        said["accepted"] = {"by": verdict.by, "at": format_instant(verdict.at)}
    return said


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not there."""
    return {
        key: _plain(value) if isinstance(value, Mapping) else value for key, value in row.items() if value is not None
    }
