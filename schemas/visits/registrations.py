"""Registrations: one check-in, check-out, change or note as the phone captured it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from app.rules.providers import Service
from app.rules.tags import Method
from app.rules.visits.values import (
    Activity,
    Anchor,
    Clock,
    ClockGrade,
    HouseholdShare,
    Outcome,
    Registration,
    RegistrationKind,
    Resolved,
    Sent,
)
from schemas.fields import Choice, Instant, One, Several, StrictInteger, Switch
from schemas.people import refuse_repeated_customers
from schemas.resources import (
    CaregiverReference,
    CustomerReference,
    MadeSchema,
    PlannedVisitReference,
    ResourceSchema,
    StrictSchema,
    ValueSchema,
    attributes,
)
from schemas.tags import PlaceSchema
from schemas.texts import Identifier, Text

LONGEST_UPTIME_MS = 1_000_000_000_000
"""Some 31 years: no sum with it leaves the calendar. Source: our decision."""
_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
_DEFAULTS: Mapping[str, object] = {"extra_service": False, "activities": [], "household": [], "share": 1}


class SentSchema(ValueSchema):
    """What the phone's elapsed clock showed when it sent. Source: V8."""

    makes = Sent
    elapsed_ms = StrictInteger(required=True, least=0, most=LONGEST_UPTIME_MS)
    boot_id = Text(required=True)


class AnchorSchema(ValueSchema):
    """The last server time that the phone saw. Source: V8."""

    makes = Anchor
    server_at = Instant(required=True)
    elapsed_ms = StrictInteger(required=True, least=0, most=LONGEST_UPTIME_MS)
    boot_id = Text(required=True)


class ClockSchema(ValueSchema):
    """The phone's elapsed clock at capture. Source: V8."""

    makes = Clock
    elapsed_ms = StrictInteger(required=True, least=0, most=LONGEST_UPTIME_MS)
    boot_id = Text(required=True)
    sequence = StrictInteger(required=True, least=0)
    anchor = One(AnchorSchema, load_default=None)


class ActivitySchema(ValueSchema):
    """An activity and what came of it. Source: V9."""

    makes = Activity
    code = Text(required=True, most=100)
    outcome = Choice(Outcome, required=True)


class HouseholdShareRequestSchema(CustomerReference, ValueSchema):
    """A customer's share of a stay, in a request. Source: V12."""

    makes = HouseholdShare
    required_references = ("customer_id",)
    share = StrictInteger(load_default=1, least=1, most=1_000_000)


class HouseholdShareSchema(StrictSchema):
    """A customer's share of a stay, as others see it."""

    customer_id = Identifier(required=True)
    share = StrictInteger(required=True, least=1)


class RegistrationFields(Schema):
    """What a registration has beside references. Source: V1, V3, V8, V9, V13."""

    kind = Choice(RegistrationKind, required=True)
    captured_at = Instant(required=True)
    stated_at = Instant(load_default=None)
    visit_id = Identifier(load_default=None)
    service = Choice(Service, load_default=None)
    place = One(PlaceSchema, required=True)
    clock = One(ClockSchema, load_default=None)
    activities = Several(One(ActivitySchema), most=100, key=lambda one: one.code, load_default=(), allow_none=True)
    extra_service = Switch(load_default=False)


class RegistrationRequestSchema(
    CaregiverReference, CustomerReference, PlannedVisitReference, RegistrationFields, MadeSchema
):
    """A registration in a request; its id is the phone's (V2). `registration_from` completes what it loads."""

    required_references = ("caregiver_id",)
    id = Identifier(required=True)
    household = Several(One(HouseholdShareRequestSchema), most=20, key=None, load_default=(), allow_none=True)
    sent = One(SentSchema, load_default=None, load_only=True)

    @validates_schema
    def _says_what_its_kind_needs(self, data: dict[str, Any], **_: Any) -> None:
        if data["kind"] == RegistrationKind.VISIT_NOTE and data["visit_id"] is None:
            raise ValidationError({"visit_id": ["Give visit_id: a note names its visit (V9)."]})
        if data["kind"] == RegistrationKind.CHANGE_SERVICE and data["service"] is None:
            raise ValidationError({"service": ["Give service: a change names the service that begins (V15)."]})
        if data["stated_at"] is not None and data["place"].method != Method.MANUAL:
            raise ValidationError({"stated_at": ["Leave stated_at out: only a manual one states its time (V3)."]})

    @validates_schema
    def _each_customer_once(self, data: dict[str, Any], **_: Any) -> None:
        refuse_repeated_customers(data.get("household") or (), "household")

    def completed(self, data: dict[str, Any], original: Mapping[str, Any]) -> Any:
        """The keyword arguments, with both instants as received (T2)."""
        texts = {"captured_text": original["captured_at"], "stated_text": original.get("stated_at")}
        lists = {name: data[name] or () for name in ("activities", "household")}
        return {**data, **lists, **texts}


class RegistrationSchema(RegistrationFields, ResourceSchema):
    """A registration as others see it; see `registration_view`."""

    caregiver_id = Identifier(required=True)
    customer_id = Identifier(load_default=None)
    planned_visit_id = Identifier(load_default=None)
    household = Several(One(HouseholdShareSchema))
    received_at = Instant(required=True)
    corrected_at = Instant(required=True)
    clock_grade = Choice(ClockGrade)
    evidence_grade = StrictInteger(least=0, most=3)
    device_id = Identifier(load_default=None)


def registration_from(
    loaded: Mapping[str, Any],
    *,
    received_at: datetime,
    recorded_at: datetime,
    by_measuring_client: bool = False,
    sent: Sent | None = None,
) -> Registration:
    """The registration that was loaded, with its references resolved and what only the receiver knows.

    `sent` is the batch's, which holds where the registration carries none of its own. Source: V8, V17, CONTRACT.
    """
    told = {**loaded, "sent": loaded["sent"] or sent, "by_measuring_client": by_measuring_client}
    return Registration(**told, received_at=received_at, recorded_at=recorded_at)


def registration_view(resolved: Resolved) -> dict[str, Any]:
    """What `RegistrationSchema` dumps: the registration as it came, and the time that rules use. Source: V8."""
    return {
        **attributes(resolved.registration),
        "corrected_at": resolved.clock.corrected_at,
        "clock_grade": resolved.clock.grade,
        "evidence_grade": resolved.evidence_grade,
    }


def canonical_content(raw: Mapping[str, Any]) -> bytes:
    """The content of a registration as the same bytes however it was spelled: what V2 compares.

    `raw` is the object as received, one that the schema could load. Keys sorted, no blanks, UTF-8; without `sent`. A
    field that is left out equals one that is null or holds its default. Instants and readings count as written (T2).
    Source: V2, RFC 8785.
    """
    content = {key: value for key, value in raw.items() if key != "sent"}
    content["id"] = str(content["id"]).lower()
    return _CANONICAL.encode(_plain(content)).encode()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        told = {key: _plain(inner) for key, inner in value.items()}
        return {key: inner for key, inner in told.items() if inner is not None and not _is_default(key, inner)}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_default(key: str, value: object) -> bool:
    return key in _DEFAULTS and type(value) is type(_DEFAULTS[key]) and value == _DEFAULTS[key]
