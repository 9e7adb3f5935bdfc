"""What a billing party may say: of one municipality or provider, with numbers whose check digits hold."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from app.rules.billing import ElectronicScheme
from schemas.billing import BillingPartyRequestSchema

LEAST = {
    "municipality": "2029",
    "name": "Leksands kommun",
    "organisation_number": "2120000167",
    "street": "Storgatan 1",
    "postal_code": "793 31",
    "city": "Leksand",
}


def loaded(**told: Any) -> dict[str, Any]:
    found: dict[str, Any] = BillingPartyRequestSchema().load({**LEAST, **told})
    return found


def test_what_is_left_out_is_as_usual() -> None:
    found = loaded()
    assert (found["organisation_number"], found["payment_days"]) == ("212000-0167", 30)
    assert found["electronic_scheme"] is ElectronicScheme.ORGANISATION_NUMBER
    assert (found["vat_registered"], found["f_tax"], found["cost_account"]) == (False, False, None)


@pytest.mark.parametrize(
    ("name", "written", "kept"),
    [
        ("bankgiro", "991-2346", "9912346"),
        ("plusgiro", "12 34 56-6", "1234566"),
        ("iban", "se45 5000 0000 0583 9825 7466", "SE4550000000058398257466"),
        ("vat_identifier", "SE212000016701", "SE212000016701"),
        ("electronic_id", "2120000167", "2120000167"),
    ],
)
def test_numbers_are_kept_without_what_is_written_between_them(name: str, written: str, kept: str) -> None:
    assert loaded(**{name: written})[name] == kept


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("organisation_number", "212000-0168"),
        ("organisation_number", "212000-016"),
        ("organisation_number", 2120000167),
        ("bankgiro", "991-2347"),
        ("bankgiro", "٩912346"),
        ("plusgiro", "1"),
        ("iban", "SE4550000000058398257467"),
        ("vat_identifier", "SE2120000167"),
        ("postal_code", "79331"),
        ("electronic_id", "2120000168"),
        ("electronic_scheme", "9999"),
        ("payment_days", 366),
        ("payment_days", "30"),
        ("cost_account", "46 31"),
        ("cost_centre", 'x" {'),
        ("name", "a\u0000b"),
        ("name", ""),
        ("f_tax", "yes"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(name: str, wrong: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        loaded(**{name: wrong})
    assert set(refused.value.messages_dict) == {name}


def test_a_gln_is_one() -> None:
    assert loaded(electronic_scheme="0088", electronic_id="7365565566556")["electronic_id"] == "7365565566556"
    for wrong in ("7365565566557", "2120000167", None):
        with pytest.raises(ValidationError):
            loaded(electronic_scheme="0088", electronic_id=wrong)


@pytest.mark.parametrize(
    "whose",
    [
        {"municipality": None},
        {"provider_id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e02"},
        {"provider_external_id": "olivia"},
    ],
)
def test_it_is_of_one_municipality_or_one_provider(whose: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="one of the two"):
        loaded(**whose)
