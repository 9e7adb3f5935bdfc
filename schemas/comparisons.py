"""What changes between two outcomes, as JSON: in a fixed order, the same files always giving the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields as fields_of
from typing import Any

from marshmallow import Schema, fields

from app.rules.comparisons import Amounts, By, Change, Comparison, Count, Row, Tally
from app.rules.deviations.values import NAMES
from schemas.fields import Date, One, Several
from schemas.outcomes import OutcomeSchema
from schemas.texts import Text


class AmountsSchema(Schema):
    """Paid, beyond the cap with its worth, and held or without a price."""

    paid_seconds = fields.Integer(required=True)
    amount_ore = fields.Integer(required=True)
    excess_seconds = fields.Integer(required=True)
    worth_ore = fields.Integer(required=True)
    held_seconds = fields.Integer(required=True)


class BesideSchema(Schema):
    """Both amounts, and what the second has more."""

    before = One(AmountsSchema, required=True)
    after = One(AmountsSchema, required=True)
    difference = One(AmountsSchema, required=True)


class ComparedRowSchema(BesideSchema):
    """Whose they are; null where it is not known. Customer and month stand where rows were asked for by them."""

    municipality = fields.String(required=True, allow_none=True)
    provider_id = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    customer_id = fields.String(allow_none=True)
    month = fields.String(allow_none=True)


class TallySchema(Schema):
    """Deviations of a provider and rule; `opened` are in the second only, `cleared` in the first."""

    provider_id = fields.String(required=True)
    rule = fields.String(required=True, metadata={"example": "D2"})
    name = fields.String(required=True, metadata={"example": "over_delivery"})
    before = fields.Integer(required=True)
    after = fields.Integer(required=True)
    opened = fields.Integer(required=True)
    cleared = fields.Integer(required=True)


class SettingSchema(Schema):
    """A policy's value, or a rate's öre per hour, that differs from a day on; no `from`: always."""

    kind = fields.String(required=True, metadata={"enum": ["policy", "rate"]})
    name = fields.String(required=True)
    municipality = fields.String(required=True, allow_none=True)
    about = Several(Text(), required=True)
    since = Date(required=True, allow_none=True, data_key="from")
    before = fields.String(required=True, allow_none=True)
    after = fields.String(required=True, allow_none=True)


class CountSchema(Schema):
    """One number of each outcome in all."""

    name = fields.String(required=True)
    unit = fields.String(required=True, metadata={"enum": ["", "s", "öre"]})
    before = fields.Integer(required=True)
    after = fields.Integer(required=True)
    difference = fields.Integer(required=True)


class DifferencesSchema(Schema):
    """What changes for whom; `total` is all rows together."""

    changes = fields.Boolean(required=True)
    settings = Several(One(SettingSchema), required=True, most=10_000_000)
    rows = Several(One(ComparedRowSchema), required=True, most=10_000_000)
    total = One(BesideSchema, required=True)
    deviations = Several(One(TallySchema), required=True, most=10_000_000)
    summary = Several(One(CountSchema), required=True, most=10_000_000)


class ComparedSchema(Schema):
    """Both outcomes and what changes between them."""

    before = One(OutcomeSchema, required=True)
    after = One(OutcomeSchema, required=True)
    differences = One(DifferencesSchema, required=True)


def dump_differences(
    settings: Iterable[Change],
    comparison: Comparison,
    summary: Iterable[Count],
    by: Iterable[By] = (),
    *,
    everything: bool = False,
) -> dict[str, Any]:
    """What changes as JSON; what does not change too where `everything` is wanted."""
    asked = frozenset(by)
    return {
        "changes": comparison.changes,
        "settings": [_setting(one) for one in settings],
        "rows": [_row(one, asked) for one in (comparison.rows if everything else comparison.changed_rows)],
        "total": _beside(comparison.total),
        "deviations": [_tally(one) for one in (comparison.tallies if everything else comparison.changed_tallies)],
        "summary": [_count(one) for one in summary],
    }


def _setting(one: Change) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "municipality": one.municipality,
        "about": list(one.about),
        "from": one.since and one.since.isoformat(),
        "before": one.before,
        "after": one.after,
    }


def _row(one: Row, by: frozenset[By]) -> dict[str, Any]:
    key = one.key
    told: dict[str, Any] = {
        "municipality": key.municipality or None,
        "provider_id": key.provider_id,
        "service": key.service or None,
    }
    told |= {"customer_id": key.customer_id or None} if By.CUSTOMER in by else {}
    told |= {"month": key.month} if By.MONTH in by else {}
    return {**told, **_beside(one)}


def _beside(one: Row) -> dict[str, Any]:
    return {"before": _amounts(one.before), "after": _amounts(one.after), "difference": _amounts(one.difference)}


def _amounts(amounts: Amounts) -> dict[str, int]:
    return {field.name: getattr(amounts, field.name) for field in fields_of(amounts)}


def _tally(one: Tally) -> dict[str, Any]:
    return {
        "provider_id": one.provider_id,
        "rule": one.rule.value,
        "name": NAMES[one.rule],
        "before": one.before,
        "after": one.after,
        "opened": one.opened,
        "cleared": one.cleared,
    }


def _count(one: Count) -> dict[str, Any]:
    return {
        "name": str(one.name),
        "unit": one.unit,
        "before": one.before,
        "after": one.after,
        "difference": one.after - one.before,
    }
