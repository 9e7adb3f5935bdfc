"""Published tariffs, and the prices that an index proposes."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import Schema, fields

from app.rules.indexing import Proposal
from app.rules.providers import Law, ProviderKind, Service
from app.rules.rates import Rate
from schemas.fields import Choice, Date, DecimalOre, EndDate, One, Several, Shaped, words
from schemas.reimbursement import BandSchema, RateFields, RateSchema
from schemas.resources import StrictSchema, attributes
from schemas.texts import Identifier, MunicipalityCode, Text


class InLanguagesSchema(Schema):
    """The same text for Swedish and for English readers."""

    sv = Text(required=True, most=500)
    en = Text(required=True, most=500)


class TariffRowSchema(RateFields):
    """A row as it was published: no rate of anybody's yet. Source: R3."""


class TariffSchema(Schema):
    """A published table with its document and section. Source: R3, R4."""

    name = Text(required=True, most=100)
    title = One(InLanguagesSchema, required=True)
    document = Text(required=True, most=500)
    section = Text(required=True, most=500)
    municipalities = Several(MunicipalityCode(), required=True)
    valid_from = Date(required=True)
    valid_before = EndDate()
    leaves_out = Several(One(InLanguagesSchema), required=True)
    rows = Several(One(TariffRowSchema), required=True)


class AddedRatesSchema(Schema):
    """All the rates that were added at once."""

    items = Several(One(RateSchema), required=True)


class TariffRatesRequestSchema(StrictSchema):
    """Of which municipality a tariff's rows are added; left out, of all that it prices."""

    municipality = MunicipalityCode(load_default=None)


class Percent(Shaped[Decimal]):
    """So many per cent as decimal text, with at most four decimals; negative where prices fall. Source: R10."""

    openapi: ClassVar[dict[str, Any]] = {"type": "string", "pattern": r"^-?\d{1,2}(\.\d{1,4})?$", "example": "2.3"}
    default_error_messages = words(
        invalid='Give per cent as decimal text, such as "2.3", between -100 and 100, with at most four decimals (R10).'
    )
    _pattern: ClassVar[re.Pattern[str]] = re.compile(r"-?\d{1,2}(\.\d{1,4})?\Z", re.ASCII)

    def _serialize(self, value: Decimal | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else plain(value)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Decimal:
        if not isinstance(value, str) or self._pattern.match(value) is None:
            raise self.make_error("invalid")
        return Decimal(value)


def plain(number: Decimal) -> str:
    """Every figure that the number has, and no zero behind the last: nothing is rounded."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class ProposalRequestSchema(StrictSchema):
    """From when, and by how many per cent, the prices of a municipality would change. Source: R10."""

    municipality = MunicipalityCode(required=True)
    index_percent = Percent(required=True)
    valid_from = Date(required=True)


class RateKeySchema(Schema):
    """What a price is for: rows of one key follow each other. Source: R3."""

    municipality = MunicipalityCode(required=True)
    service = Choice(Service, required=True)
    law = Choice(Law, load_default=None)
    provider_kind = Choice(ProviderKind, load_default=None)
    band = fields.String(load_default=None)


class RateToSetSchema(Schema):
    """The rate to send once a controller has put a price in: `ore_per_hour` is null until then. Source: R10."""

    municipality = MunicipalityCode(required=True)
    service = Choice(Service, required=True)
    law = Choice(Law, load_default=None)
    provider_kind = Choice(ProviderKind, load_default=None)
    band = One(BandSchema, load_default=None)
    ore_per_hour = fields.Raw(dump_default=None, metadata={"type": "null"})
    valid_from = Date(required=True)
    valid_before = EndDate()
    source = Text(required=True, most=500)


class ProposalSchema(Schema):
    """A price that an index proposes: exact, and no rate. `begun_by` is a row that begins that day already."""

    rate_id = Identifier(required=True)
    key = One(RateKeySchema, required=True)
    ore_per_hour = DecimalOre(required=True)
    proposed_ore_per_hour = fields.String(required=True, metadata={"pattern": r"^\d+(\.\d+)?$"})
    begun_by = Identifier(load_default=None)
    set = One(RateToSetSchema, required=True)


def proposal_view(proposal: Proposal) -> dict[str, Any]:
    """What `ProposalSchema` dumps. Source: R10."""
    rate = proposal.rate
    return {
        "rate_id": rate.id,
        "key": {**attributes(rate), "band": None if rate.band is None else rate.band.name},
        "ore_per_hour": rate.ore_per_hour,
        "proposed_ore_per_hour": plain(proposal.proposed_ore_per_hour),
        "begun_by": proposal.begun_by,
        "set": _to_set(rate, proposal),
    }


def _to_set(rate: Rate, proposal: Proposal) -> dict[str, Any]:
    return {
        **attributes(rate),
        "ore_per_hour": None,
        "valid_from": proposal.valid_from,
        "valid_before": None,
        "source": proposal.source,
    }
