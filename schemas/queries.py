"""What a list may be asked for beside the page: equal to a field of the resource."""

from __future__ import annotations

from marshmallow import fields
from marshmallow.validate import Range

from app.rules.visits.values import VisitState
from schemas.envelopes import ListQuerySchema
from schemas.fields import Choice, Instant
from schemas.resources import StrictSchema
from schemas.texts import ExternalId, Identifier, MunicipalityCode


class NamedQuerySchema(ListQuerySchema):
    """A list that may be asked for what another system calls its resource."""

    external_id = ExternalId()


class ProviderQuerySchema(NamedQuerySchema):
    """Providers."""


class AccreditationQuerySchema(NamedQuerySchema):
    """Accreditations, of a provider or in a municipality."""

    provider_id = Identifier(load_default=None)
    municipality = MunicipalityCode(load_default=None)


class CaregiverQuerySchema(NamedQuerySchema):
    """Caregivers, of a provider."""

    provider_id = Identifier(load_default=None)


class CustomerQuerySchema(NamedQuerySchema):
    """Customers, of a municipality. There is no search by name (A4)."""

    municipality = MunicipalityCode(load_default=None)


class OfCustomerQuerySchema(NamedQuerySchema):
    """What belongs to a customer."""

    customer_id = Identifier(load_default=None)


class OrderQuerySchema(NamedQuerySchema):
    """Orders, of a grant or placed with a provider."""

    grant_id = Identifier(load_default=None)
    provider_id = Identifier(load_default=None)


class PlannedVisitQuerySchema(ListQuerySchema):
    """Planned visits that start from `from` on and before `before`. A customer's are those of its household too."""

    provider_id = Identifier(load_default=None)
    customer_id = Identifier(load_default=None)
    caregiver_id = Identifier(load_default=None)
    start = Instant(load_default=None, data_key="from")
    before = Instant(load_default=None)


class OfMunicipalityQuerySchema(ListQuerySchema):
    """What holds in a municipality."""

    municipality = MunicipalityCode(load_default=None)


class FeedQuerySchema(StrictSchema):
    """How much of a feed is wanted, after which sequence."""

    limit = fields.Integer(load_default=50, validate=Range(1, 200, error="Give from 1 to 200."))
    after = fields.Integer(
        load_default=0,
        validate=Range(0, 2**63 - 1, error="Give a sequence number, or 0 for the beginning."),
        metadata={"description": "The sequence of the last change that was read; 0 begins."},
    )


class RegistrationQuerySchema(ListQuerySchema):
    """Registrations whose time lies from `from` on and before `before`. A visit's are all that it is made of."""

    visit_id = Identifier(load_default=None)
    caregiver_id = Identifier(load_default=None)
    start = Instant(load_default=None, data_key="from")
    before = Instant(load_default=None)


class FileQuerySchema(StrictSchema):
    """Whether a file is only tried: then each row is answered, and nothing is kept."""

    dry_run = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})


class VisitQuerySchema(ListQuerySchema):
    """Visits placed from `from` on and before `before`. A customer's are those of its household too."""

    state = Choice(VisitState, load_default=None)
    provider_id = Identifier(load_default=None)
    customer_id = Identifier(load_default=None)
    caregiver_id = Identifier(load_default=None)
    planned_visit_id = Identifier(load_default=None)
    start = Instant(load_default=None, data_key="from")
    before = Instant(load_default=None)
