"""Billing parties."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, validates_schema
from stdnum import ean, luhn
from stdnum import iban as stdnum_iban
from stdnum.se import orgnr

from app.rules.billing import PAYMENT_DAYS, ElectronicScheme
from schemas.fields import Choice, Shaped, StrictInteger, Switch, words
from schemas.queries import NamedQuerySchema
from schemas.resources import MadeSchema, ProviderReference, ResourceSchema
from schemas.texts import Identifier, MunicipalityCode, Text


class Digits(Shaped[str]):
    """Digits with a check digit, kept without what is written between them."""

    default_error_messages = words(invalid="Give {what}; its last digit is a check digit.")

    def __init__(self, what: str, pattern: str, holds: Callable[[str], bool], **settings: Any) -> None:
        super().__init__(shape={"type": "string", "pattern": f"^{pattern}$"}, **settings)
        self._what, self._shape, self._holds = what, re.compile(rf"{pattern}\Z", re.ASCII), holds

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or self._shape.match(value) is None:
            raise self.make_error("invalid", what=self._what)
        digits = re.sub("[ -]", "", value)
        if not self._holds(digits):
            raise self.make_error("invalid", what=self._what)
        return self._written(digits)

    def _written(self, digits: str) -> str:
        return digits


class CheckedOrganisationNumber(Digits):
    """Organisationsnummer whose check digit holds, `NNNNNN-NNNN`; the hyphen may be left out. Source: SE-R-013."""

    def __init__(self, **settings: Any) -> None:
        super().__init__("the organisation number as NNNNNN-NNNN", "[0-9]{6}-?[0-9]{4}", orgnr.is_valid, **settings)

    def _written(self, digits: str) -> str:
        return f"{digits[:6]}-{digits[6:]}"


class Iban(Shaped[str]):
    """An IBAN whose check digits hold, in capitals without blanks."""

    openapi: ClassVar[Mapping[str, Any]] = {
        "type": "string",
        "pattern": "^[A-Za-z]{2}[0-9]{2}[A-Za-z0-9 ]{11,40}$",
    }
    default_error_messages = words(invalid="Give an IBAN; its check digits must hold.")
    _shape: ClassVar[re.Pattern[str]] = re.compile(r"[A-Za-z]{2}[0-9]{2}[A-Za-z0-9 ]{11,40}\Z", re.ASCII)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or self._shape.match(value) is None or not stdnum_iban.is_valid(value):
            raise self.make_error("invalid")
        return value.replace(" ", "").upper()


class Patterned(Shaped[str]):
    """Text of one pattern."""

    default_error_messages = words(invalid="Give {what}.")

    def __init__(self, what: str, pattern: str, **settings: Any) -> None:
        super().__init__(shape={"type": "string", "pattern": f"^{pattern}$"}, **settings)
        self._what, self._shape = what, re.compile(rf"{pattern}\Z", re.ASCII)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or self._shape.match(value) is None:
            raise self.make_error("invalid", what=self._what)
        return value


class BillingPartyFields(Schema):
    """How a municipality or a provider is named on an invoice, in Sweden; the accounts are those of a voucher."""

    municipality = MunicipalityCode(load_default=None)
    name = Text(required=True)
    organisation_number = CheckedOrganisationNumber(required=True)
    street = Text(required=True)
    postal_code = Patterned('a Swedish postal code, such as "793 30"', "[0-9]{3} [0-9]{2}", required=True)
    city = Text(required=True, most=100)
    electronic_scheme = Choice(ElectronicScheme, load_default=ElectronicScheme.ORGANISATION_NUMBER)
    electronic_id = Patterned("10 or 13 digits", "([0-9]{10}|[0-9]{13})", load_default=None)
    vat_registered = Switch(load_default=False)
    vat_identifier = Patterned('SE and 12 digits, such as "SE556677889901"', "SE[0-9]{12}", load_default=None)
    f_tax = Switch(load_default=False)
    bankgiro = Digits("the bankgiro number", "([0-9]{7,8}|[0-9]{3,4}-[0-9]{4})", luhn.is_valid, load_default=None)
    plusgiro = Digits("the plusgiro number", "([0-9]{2,8}|[0-9 ]{1,9}-[0-9])", luhn.is_valid, load_default=None)
    iban: Shaped[str] = Iban(load_default=None)
    buyer_reference = Text(load_default=None, most=100)
    payment_days = StrictInteger(least=0, most=365, load_default=PAYMENT_DAYS)
    cost_account = Patterned("an account: 1 to 10 digits", "[0-9]{1,10}", load_default=None)
    settlement_account = Patterned("an account: 1 to 10 digits", "[0-9]{1,10}", load_default=None)
    cost_centre = Patterned(
        "a cost centre: 1 to 20 letters, digits or hyphens", "[A-Za-z0-9-]{1,20}", load_default=None
    )


class BillingPartyRequestSchema(ProviderReference, BillingPartyFields, MadeSchema):
    """A billing party in a request: of a municipality or of a provider."""

    @validates_schema
    def _is_of_one(self, data: dict[str, Any], **_: Any) -> None:
        told = [name for name in ("municipality", "provider_id", "provider_external_id") if data.get(name)]
        if len(told) != 1:
            raise ValidationError({"municipality": ["Give municipality or provider_id, one of the two."]})

    @validates_schema
    def _has_an_address_of_its_scheme(self, data: dict[str, Any], **_: Any) -> None:
        scheme, address = data["electronic_scheme"], data.get("electronic_id")
        holds = ean.is_valid if scheme is ElectronicScheme.GLN else orgnr.is_valid
        if (scheme is ElectronicScheme.GLN and address is None) or (address is not None and not holds(address)):
            raise ValidationError({"electronic_id": ["Give an id of its scheme; its last digit is a check digit."]})


class BillingPartySchema(BillingPartyFields, ResourceSchema):
    """A billing party as others see it."""

    provider_id = Identifier(load_default=None)


class BillingPartyQuerySchema(NamedQuerySchema):
    """Billing parties, of a municipality or of a provider."""

    municipality = MunicipalityCode(load_default=None)
    provider_id = Identifier(load_default=None)
