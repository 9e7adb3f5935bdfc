"""Statements: what a provider is paid for a month, from what, and why the rest is not paid (R2, R6, R8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields

from app.rules.deviations.values import Rule
from app.rules.providers import Law, Service
from app.rules.reimbursement.fates import Fates
from app.rules.reimbursement.months import MonthState
from app.rules.reimbursement.statement import OfCustomer, Share, Statement
from app.rules.reimbursement.values import Cause, Line
from schemas.fields import Choice, DecimalOre, Instant, Month, One, Ore, Seconds, Several, StrictInteger, Switch
from schemas.resources import attributes
from schemas.texts import Identifier, MunicipalityCode


class FatesSchema(Schema):
    """Performed seconds by what became of them; the last five sum to the first. Source: R6."""

    performed_seconds = Seconds(required=True)
    paid_seconds = Seconds(required=True)
    held_seconds = Seconds(required=True)
    unpriced_seconds = Seconds(required=True)
    unpaid_overlap_seconds = Seconds(required=True)
    excess_seconds = Seconds(required=True)


class HeldSchema(Schema):
    """Seconds that the same deviations hold. Each second stands once."""

    rules = Several(Choice(Rule), required=True)
    seconds = Seconds(required=True)
    visits = StrictInteger(required=True, least=1)


class ByRateSchema(Schema):
    """What the lines of one service, law and rate come to; each line was rounded once. Source: R1."""

    service = Choice(Service, required=True)
    law = Choice(Law, required=True)
    rate_id = Identifier(required=True)
    band = fields.String(load_default=None)
    ore_per_hour = DecimalOre(required=True)
    seconds = StrictInteger(required=True)
    amount_ore = Ore(required=True)


class StatedLineSchema(Schema):
    """A line or an adjustment; `sequence` is null while it is not issued."""

    sequence = StrictInteger(load_default=None, least=1)
    customer_id = Identifier(required=True)
    month = Month(required=True)
    service = Choice(Service, required=True)
    law = Choice(Law, required=True)
    ore_per_hour = DecimalOre(required=True)
    band = fields.String(load_default=None)
    seconds = StrictInteger(required=True)
    amount_ore = Ore(required=True)
    cause = Choice(Cause, load_default=None)


class StatedVisitSchema(FatesSchema):
    """What a visit has of the month, and the rules that hold it."""

    visit_id = Identifier(required=True)
    starts_at = Instant(required=True)
    held_by = Several(Choice(Rule), required=True)


class StatedCustomerSchema(FatesSchema):
    """One customer's month."""

    customer_id = Identifier(required=True)
    granted_seconds = Seconds(required=True)
    extension_seconds = Seconds(required=True)
    amount_ore = Ore(required=True)
    lines = Several(One(StatedLineSchema), required=True)
    visits = Several(One(StatedVisitSchema), required=True)


class StatementSchema(FatesSchema):
    """A provider's month in a municipality. Preliminary until it is issued: then it is as of its lock. Source: R8, R9.

    `amount_ore` is `month_ore` and `adjusted_ore`: adjustments of earlier months are paid with this one. `later_ore`
    was issued for this month by later runs. `nowhere_seconds` were performed at nobody known, and are nowhere's.
    """

    municipality = MunicipalityCode(required=True)
    provider_id = Identifier(required=True)
    month = Month(required=True)
    state = Choice(MonthState, required=True)
    preliminary = Switch(required=True)
    as_of = Instant(required=True)
    attested_at = Instant(load_default=None)
    lock_due_at = Instant(required=True)
    locked_at = Instant(load_default=None)
    issued_at = Instant(load_default=None)
    run_id = Identifier(load_default=None)
    amount_ore = Ore(required=True)
    month_ore = Ore(required=True)
    adjusted_ore = Ore(required=True)
    later_ore = Ore(required=True)
    granted_seconds = Seconds(required=True)
    extension_seconds = Seconds(required=True)
    excess_ore = Ore(required=True)
    nowhere_seconds = Seconds(required=True)
    half_visits = StrictInteger(required=True, least=0)
    held = Several(One(HeldSchema), required=True)
    by_rate = Several(One(ByRateSchema), required=True)
    customers = Several(One(StatedCustomerSchema), required=True)
    adjustments = Several(One(StatedLineSchema), required=True)


def statement_view(told: Statement) -> dict[str, Any]:
    """What `StatementSchema` dumps of a statement; where the month stands is beside it."""
    names = ("half_visits", "granted_seconds", "extension_seconds", "excess_ore", "held", "by_rate")
    sums = ("amount_ore", "month_ore", "adjusted_ore")
    return {
        **attributes(told.place),
        **{name: getattr(told, name) for name in (*names, *sums)},
        **_fates(told.fates),
        "nowhere_seconds": told.nowhere.performed,
        "customers": [_customer(one) for one in told.customers],
        "adjustments": _lines(told.adjustments),
    }


def _fates(told: Fates) -> dict[str, int]:
    names = ("performed", "paid", "held", "unpriced", "unpaid_overlap", "excess")
    return {f"{name}_seconds": getattr(told, name) for name in names}


def _customer(one: OfCustomer) -> dict[str, Any]:
    names = ("customer_id", "granted_seconds", "extension_seconds", "amount_ore")
    return {
        **{name: getattr(one, name) for name in names},
        **_fates(one.fates),
        "lines": _lines(one.lines),
        "visits": [_visit(share) for share in one.visits],
    }


def _visit(one: Share) -> dict[str, Any]:
    return {**attributes(one), **_fates(one.fates)}


def _lines(several: Iterable[Line]) -> list[dict[str, Any]]:
    """The lines laid flat; their seconds and öre are their own, not their keys' whole."""
    return [
        {
            **attributes(one.total.key),
            "ore_per_hour": one.total.ore_per_hour,
            "band": one.total.band,
            "seconds": one.seconds,
            "amount_ore": one.amount_ore,
            "cause": one.cause,
            "sequence": one.sequence or None,
        }
        for one in several
    ]
