"""Visits as others see them: what the registrations of one stay add up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, pre_dump

from app.rules.deviations.judge import Pay
from app.rules.providers import Law, Service
from app.rules.time import iso_duration
from app.rules.visits.values import ClockGrade, Part, Visit, VisitState
from schemas.fields import Choice, Instant, One, Seconds, Several, StrictInteger, Switch
from schemas.resources import ResourceSchema, attributes, identifiers
from schemas.texts import Identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitView:
    """A visit with what the judgement adds: parts with their orders, what becomes of its pay, deviations' rules."""

    visit: Visit
    parts: tuple[Part, ...]
    pay: Pay
    deviations: tuple[str, ...] = ()


class PartSchema(Schema):
    """The time of a visit that belongs to one customer and one service; law and order where an order covers it."""

    customer_id = Identifier(load_default=None)
    service = Choice(Service, load_default=None)
    law = Choice(Law, load_default=None)
    order_id = Identifier(load_default=None)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    seconds = Seconds(required=True)


class VisitSchema(ResourceSchema):
    """A visit. Dumps a `VisitView`. Source: CONTRACT, V4, T3."""

    caregiver_id = Identifier(required=True)
    provider_id = Identifier(required=True)
    starts_at = Instant(load_default=None)
    ends_at = Instant(load_default=None)
    performed_seconds = Seconds(load_default=None)
    performed = fields.String(load_default=None, metadata={"format": "duration", "example": "PT47M20S"})
    parts = Several(One(PartSchema), required=True)
    state = Choice(VisitState, required=True)
    evidence_grade = StrictInteger(required=True, least=0, most=3)
    clock_grade = Choice(ClockGrade, required=True)
    corrected = Switch(required=True)
    pay = Choice(Pay, required=True)
    deviations = Several(fields.String(metadata={"pattern": "^D[0-9]+$"}), required=True)
    registration_ids = identifiers(required=True)
    planned_visit_id = Identifier(load_default=None)

    @pre_dump
    def _laid_out(self, view: VisitView, **_: Any) -> dict[str, Any]:
        visit, seconds = view.visit, view.visit.performed_seconds
        return {
            **attributes(visit),
            "external_id": None,
            "performed_seconds": seconds,
            "performed": None if seconds is None else iso_duration(seconds),
            "parts": view.parts,
            "pay": view.pay,
            "deviations": view.deviations,
        }
