"""What a scenario comes to, in a fixed order: the same scenario always gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields

from app.rules.deviations.explain import Explained
from app.rules.deviations.judge import Judgement, pays
from app.rules.deviations.seconds import parts_as_priced
from app.rules.deviations.values import Rule, SubjectType
from app.rules.reimbursement.values import Line
from app.rules.simulations import Outcome
from schemas.deviations import DeviationSchema, deviation_view
from schemas.fields import One, Several
from schemas.reimbursement import ExcessSchema, LineSchema, line_view
from schemas.texts import Text
from schemas.visits.outward import VisitSchema, VisitView

_VISIT = VisitSchema()
_DEVIATION = DeviationSchema()
_LINE = LineSchema()
_EXCESS = ExcessSchema()


class RefusedFactSchema(Schema):
    """A fact of the file that a rule refuses, and that counts for nothing."""

    id = fields.String(required=True)
    rule = fields.String(required=True, metadata={"example": "E1"})
    message = Text(required=True)


class NoteSchema(Schema):
    """What the outcome leaves out, by the rule that says so."""

    rule = fields.String(required=True, metadata={"example": "R6"})
    message = Text(required=True)


class SimulatedDeviationSchema(DeviationSchema):
    """A deviation that was found and not kept: without id, and not recorded. Source: CONTRACT, Scenario files."""

    class Meta(DeviationSchema.Meta):
        exclude = ("id", "recorded_at")


_MANY = 10_000_000
"""More rows than any outcome has: nothing is cut."""


class OutcomeSchema(Schema):
    """The outcome of a scenario. Source: CONTRACT, Scenario files."""

    visits = Several(One(VisitSchema), required=True, most=_MANY)
    deviations = Several(One(SimulatedDeviationSchema), required=True, most=_MANY)
    lines = Several(One(LineSchema), required=True, most=_MANY)
    excess = Several(One(ExcessSchema), required=True, most=_MANY)
    figures = fields.Dict(keys=fields.String(), required=True)
    refused = Several(One(RefusedFactSchema), required=True, most=_MANY)
    notes = Several(One(NoteSchema), required=True)


def dump_outcome(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON can say it. Source: CONTRACT, Scenario files."""
    return {
        "visits": [dump_visit(view) for view in visit_views(outcome.judgement)],
        "deviations": [dump_deviation(one) for one in outcome.judgement.deviations],
        "lines": [dump_line(line) for line in outcome.lines],
        "excess": [_EXCESS.dump(one) for one in outcome.excess],
        "figures": outcome.figures,
        "refused": [{"id": one.id, "rule": one.rule, "message": one.message} for one in outcome.refused],
        "notes": [{"rule": one.rule, "message": one.message} for one in outcome.notes],
    }


def visit_views(judgement: Judgement) -> tuple[VisitView, ...]:
    """Every visit with its parts, its pay and the rules of its deviations, in the order in which they count."""
    pay = pays(judgement)
    ordered = sorted(judgement.visits, key=lambda visit: (visit.placed_at, visit.id))
    return tuple(
        VisitView(
            visit=visit,
            parts=parts_as_priced(visit, judgement.setting),
            pay=pay[visit.id],
            deviations=_rules(judgement.by_visit.get(visit.id, ())),
        )
        for visit in ordered
    )


def dump_visit(view: VisitView) -> dict[str, Any]:
    """A visit as JSON."""
    dumped: dict[str, Any] = _VISIT.dump(view)
    return dumped


def dump_deviation(one: Explained) -> dict[str, Any]:
    """A deviation that the rules found, as JSON."""
    dumped: dict[str, Any] = _DEVIATION.dump(deviation_view(one.found, one.state))
    return dumped


def dump_line(line: Line) -> dict[str, Any]:
    """A line that has not been stored, as JSON."""
    dumped: dict[str, Any] = _LINE.dump(line_view(line))
    return dumped


def _rules(several: Iterable[Explained]) -> tuple[Rule, ...]:
    found = {one.found.rule for one in several if one.found.subject.type is SubjectType.VISIT}
    return tuple(sorted(found, key=lambda rule: int(rule[1:])))
