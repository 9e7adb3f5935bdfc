"""Changes: what happened, in order, for whoever follows along."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.fields import Instant, One, StrictInteger
from schemas.texts import ExternalId

TYPES = (
    "registration.recorded",
    "visit.opened",
    "visit.closed",
    "visit.corrected",
    "planned_visit.changed",
    "planned_visit.missed",
    "deviation.opened",
    "deviation.explained",
    "deviation.cleared",
    "extension.requested",
    "extension.decided",
    "assessment.proposed",
    "order.placed",
    "order.changed",
    "month.attested",
    "month.locked",
    "month.issued",
    "line.issued",
)


class ChangedResourceSchema(Schema):
    """What a change is about."""

    type = fields.String(required=True, metadata={"example": "visit"})
    id = fields.String(required=True)
    external_id = ExternalId()


class ChangeSchema(Schema):
    """One change; `data` is the resource as then read. Source: CONTRACT."""

    sequence = StrictInteger(required=True, least=1)
    at = Instant(required=True)
    type = fields.String(required=True, metadata={"enum": list(TYPES)})
    resource = One(ChangedResourceSchema, required=True)
    data = fields.Dict(keys=fields.String(), required=True)
