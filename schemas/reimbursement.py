"""Rates, months, runs, lines and excess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from app.rules.providers import Law, ProviderKind, Service
from app.rules.rates import Band, Holidays, Window
from app.rules.reimbursement.months import MonthState
from app.rules.reimbursement.values import Cause, Line, LineKind
from schemas.fields import Choice, Date, DecimalOre, EndDate, Instant, Month, One, Ore, Seconds, Several, StrictInteger
from schemas.resources import (
    MadeSchema,
    ProviderReference,
    RequestSchema,
    ResourceSchema,
    ValueSchema,
    attributes,
    identifiers,
    refuse_empty_validity,
)
from schemas.texts import Identifier, MunicipalityCode, Text, WindowTime


class WindowSchema(ValueSchema):
    """Hours of some weekdays; where `before` is not after `from` they run past midnight. Source: R4."""

    makes = Window
    weekdays = Several(StrictInteger(least=1, most=7), required=True, least=1, most=7)
    start_minute = WindowTime(required=True, data_key="from")
    before_minute = WindowTime(required=True, data_key="before", whole_day=True)

    @validates_schema
    def _has_a_length(self, data: dict[str, Any], **_: Any) -> None:
        if data["start_minute"] == data["before_minute"]:
            raise ValidationError({"before": ['Give another time than from; a whole day is "00:00" to "24:00" (R4).']})

    def completed(self, data: dict[str, Any], original: Mapping[str, Any]) -> Any:
        """The window, its weekdays in order."""
        return super().completed({**data, "weekdays": tuple(sorted(data["weekdays"]))}, original)


class BandSchema(ValueSchema):
    """A named set of hours. Source: R4."""

    makes = Band
    name = Text(required=True, most=100)
    windows = Several(One(WindowSchema), required=True, least=1, most=50)
    holidays = Choice(Holidays, load_default=Holidays.BY_WEEKDAY)


class RateFields(Schema):
    """A dated price, never edited. Source: R3."""

    municipality = MunicipalityCode(required=True)
    service = Choice(Service, required=True)
    law = Choice(Law, load_default=None)
    provider_kind = Choice(ProviderKind, load_default=None)
    band = One(BandSchema, load_default=None)
    ore_per_hour = DecimalOre(required=True)
    valid_from = Date(required=True)
    valid_before = EndDate()
    source = Text(required=True, most=500)


class RateRequestSchema(RateFields, MadeSchema):
    """A rate in a request."""

    @validates_schema
    def _holds_on_some_day(self, data: dict[str, Any], **_: Any) -> None:
        refuse_empty_validity(data)


class RateSchema(RateFields, ResourceSchema):
    """A rate as others see it."""


class AttestationRequestSchema(ProviderReference, RequestSchema):
    """Whose month is attested; the provider is known from who asks where it is left out. Source: R8."""

    municipality = MunicipalityCode(required=True)


class LockRequestSchema(ProviderReference, RequestSchema):
    """Whose month is locked; what is left out means all. Source: R8."""

    municipality = MunicipalityCode(load_default=None)


class RunRequestSchema(LockRequestSchema):
    """Which locked month is issued. Source: R8."""

    month = Month(required=True)


class MonthSchema(Schema):
    """A provider's month in a municipality as it stands. Source: R8."""

    municipality = MunicipalityCode(required=True)
    provider_id = Identifier(required=True)
    month = Month(required=True)
    state = Choice(MonthState, required=True)
    blocking = identifiers(required=True)
    attested_by = Text(load_default=None)
    attested_at = Instant(load_default=None)
    locked_at = Instant(load_default=None)
    run_id = Identifier(load_default=None)


class RunSchema(ResourceSchema):
    """One issuing of a locked month. Source: R8, R9."""

    municipality = MunicipalityCode(required=True)
    provider_id = Identifier(required=True)
    month = Month(required=True)
    locked_at = Instant(required=True)
    issued_at = Instant(required=True)
    line_count = StrictInteger(least=0)
    amount_ore = Ore()


class SegmentSchema(Schema):
    """The seconds of one visit behind a line, and the registrations behind them. Source: R11."""

    visit_id = Identifier(required=True)
    registration_ids = identifiers(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    seconds = StrictInteger(required=True)


class LineSchema(Schema):
    """A reimbursement line or an adjustment of one. Source: R1, R8, R11."""

    sequence = StrictInteger(required=True, least=1)
    run = fields.String(required=True)
    municipality = MunicipalityCode(required=True)
    provider_id = Identifier(required=True)
    customer_id = Identifier(required=True)
    service = Choice(Service, required=True)
    law = Choice(Law, required=True)
    rate_id = Identifier(required=True)
    ore_per_hour = DecimalOre(required=True)
    band = fields.String(load_default=None)
    month = Month(required=True)
    seconds = StrictInteger(required=True)
    amount_ore = Ore(required=True)
    kind = Choice(LineKind, required=True)
    cause = Choice(Cause, load_default=None)
    segments = Several(One(SegmentSchema), required=True)
    order_ids = identifiers(required=True)
    grant_ids = identifiers(required=True)
    extension_ids = identifiers(required=True)


class IssuedLineSchema(LineSchema, ResourceSchema):
    """A line as it was issued: with its id, and the run that issued it in `run`."""


def line_view(line: Line) -> dict[str, Any]:
    """What `LineSchema` dumps: the line laid flat. An adjustment's seconds and amount are differences. Source: R8."""
    return {**attributes(line.total.key), **attributes(line.total), **attributes(line)}


class ExcessSchema(Schema):
    """What was performed beyond granted and extended time, and its worth. Source: R2."""

    provider_id = Identifier(required=True)
    customer_id = Identifier(required=True)
    law = Choice(Law, required=True)
    services = Several(Choice(Service), required=True)
    month = Month(required=True)
    granted_seconds = Seconds(required=True)
    approved_extension_seconds = Seconds(required=True)
    performed_seconds = Seconds(required=True)
    excess_seconds = Seconds(required=True)
    worth_ore = Ore(required=True)
