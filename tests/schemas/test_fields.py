"""Each field on both sides of its borders."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from app.rules.providers import Law
from app.rules.time import BEGINNING
from schemas.fields import (
    INT64_MAX,
    INT64_MIN,
    MOST_SECONDS,
    Choice,
    Date,
    DecimalOre,
    EndDate,
    Instant,
    Month,
    Ore,
    Seconds,
    Several,
    StrictInteger,
    Switch,
)
from schemas.people import Degrees, Metres
from schemas.texts import (
    ExternalId,
    HexKey,
    Identifier,
    MunicipalityCode,
    OrganisationNumber,
    PersonalNumber,
    Text,
    Uid,
    WindowTime,
    any_identifiers,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
EVERY: list[fields.Field[Any]] = [
    Instant(),
    Date(),
    EndDate(),
    Month(),
    StrictInteger(),
    Seconds(),
    Ore(),
    DecimalOre(),
    Switch(),
    Choice(Law),
    Text(),
    ExternalId(),
    Identifier(),
    MunicipalityCode(),
    WindowTime(),
    Uid(),
    HexKey(),
    OrganisationNumber(),
    PersonalNumber(),
    Degrees(most=90),
    Metres(),
    Several(Identifier()),
]


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("field", "given_value", "loaded"),
    [
        pytest.param(Instant(), "2014-02-03T08:00:00+01:00", at(2014, 2, 3, 7), id="offset to UTC"),
        pytest.param(Instant(), "2014-02-03T08:00:00.999999Z", at(2014, 2, 3, 8), id="T2 cut, never rounded up"),
        pytest.param(
            Instant(), "2019-10-27T02:10:00+02:00", at(2019, 10, 27, 0, 10), id="T6 before the clock goes back"
        ),
        pytest.param(Instant(), "1900-01-01T00:00:00Z", at(1900, 1, 1), id="the first instant"),
        pytest.param(Instant(), "2199-12-31T23:59:59Z", at(2199, 12, 31, 23, 59, 59), id="the last instant"),
        pytest.param(Instant(from_beginning=True), "0001-01-01T00:00:00Z", BEGINNING, id="a recording nobody stated"),
        pytest.param(Date(), "1900-01-01", date(1900, 1, 1), id="the first day"),
        pytest.param(Date(), "2199-12-31", date(2199, 12, 31), id="the last day"),
        pytest.param(Date(), "2016-02-29", date(2016, 2, 29), id="leap day"),
        pytest.param(EndDate(), "9999-12-31", date.max, id="no end, as other systems write it"),
        pytest.param(Month(), "2014-12", "2014-12", id="a month"),
        pytest.param(StrictInteger(), INT64_MAX, INT64_MAX, id="the largest of 64 bits"),
        pytest.param(StrictInteger(), INT64_MIN, INT64_MIN, id="the smallest of 64 bits"),
        pytest.param(Seconds(), 0, 0, id="no seconds"),
        pytest.param(Seconds(), MOST_SECONDS, MOST_SECONDS, id="the most seconds"),
        pytest.param(Ore(), -12384, -12384, id="R8 a negative adjustment"),
        pytest.param(DecimalOre(), 37000, Decimal(37000), id="whole öre"),
        pytest.param(DecimalOre(), "37000.1234", Decimal("37000.1234"), id="four decimals"),
        pytest.param(DecimalOre(), 1_000_000_000, Decimal(1_000_000_000), id="the most öre"),
        pytest.param(Switch(), False, False, id="false"),
        pytest.param(Choice(Law), "SoL", Law.SOL, id="a choice by value"),
        pytest.param(Text(), "Åsa – Ödén", "Åsa – Ödén", id="text as written"),
        pytest.param(Text(most=3), "abc", "abc", id="text as long as it may be"),
        pytest.param(Text(lines=True), "one\n\ttwo", "one\n\ttwo", id="lines where they are allowed"),
        pytest.param(
            Identifier(),
            "0190A5B8-7C3E-7D10-8F00-3B1F2C4D5E6F",
            "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
            id="lower case",
        ),
        pytest.param(MunicipalityCode(), "0182", "0182", id="Nacka"),
        pytest.param(WindowTime(), "23:59", 1439, id="the last minute that begins"),
        pytest.param(WindowTime(whole_day=True), "24:00", 1440, id="R4 24:00 ends"),
        pytest.param(Uid(), "04:a2:24 5a-6f6180", "04A2245A6F6180", id="UID without separators"),
        pytest.param(HexKey(), "A" * 32, "a" * 32, id="a key"),
        pytest.param(OrganisationNumber(), "5560360793", "556036-0793", id="hyphen put in"),
        pytest.param(PersonalNumber(), "19121212-1212", "191212121212", id="twelve digits"),
        pytest.param(PersonalNumber(), "19120060-1233", "191200601233", id="a coordination number without a real date"),
        pytest.param(Degrees(most=90), 90, 90_000_000, id="the pole"),
        pytest.param(Degrees(most=180), -179.9999994, -179_999_999, id="the nearest millionth"),
        pytest.param(Metres(), 12.2, 13, id="accuracy never better than stated"),
        pytest.param(Metres(), 0, 0, id="no metres"),
    ],
)
def test_a_field_takes_what_lies_inside_its_borders(
    field: fields.Field[Any], given_value: object, loaded: object
) -> None:
    assert field.deserialize(given_value) == loaded
    assert type(field.deserialize(given_value)) is type(loaded)


@pytest.mark.parametrize(
    ("field", "given_value"),
    [
        pytest.param(Instant(), "2014-02-03T08:00:00", id="T1 no offset"),
        pytest.param(Instant(), "2014-02-30T08:00:00Z", id="no such day"),
        pytest.param(Instant(), 1391410800, id="a number"),
        pytest.param(Instant(), "2014-02-03", id="a day"),
        pytest.param(Instant(), "1899-12-31T23:59:59Z", id="before the first instant"),
        pytest.param(Instant(), "2200-01-01T00:00:00Z", id="after the last instant"),
        pytest.param(Instant(), "0001-01-01T00:00:00Z", id="year 1 where it means nothing"),
        pytest.param(Instant(), "0001-01-01T00:00:00+14:00", id="before the calendar"),
        pytest.param(Instant(), "9999-12-31T23:59:59-14:00", id="after the calendar"),
        pytest.param(Instant(from_beginning=True), "0001-01-01T00:00:01Z", id="a second after the beginning"),
        pytest.param(Instant(), "2014-02-03T08:00:00." + "9" * 60 + "Z", id="longer than anybody writes"),
        pytest.param(Date(), "1899-12-31", id="before the first day"),
        pytest.param(Date(), "2200-01-01", id="after the last day"),
        pytest.param(Date(), "2015-02-29", id="no leap day"),
        pytest.param(Date(), "20140101", id="without hyphens"),
        pytest.param(Date(), "2014-01-01\n", id="a line break behind"),
        pytest.param(Month(), "2014-13", id="month 13"),
        pytest.param(Month(), "2014-00", id="month 0"),
        pytest.param(Month(), "1899-12", id="before the first month"),
        pytest.param(Month(), "2200-01", id="after the last month"),
        pytest.param(StrictInteger(), 1.9, id="1.9 is not 1"),
        pytest.param(StrictInteger(), 1.0, id="nor is 1.0"),
        pytest.param(StrictInteger(), "1", id="nor is text"),
        pytest.param(StrictInteger(), True, id="nor is true"),
        pytest.param(StrictInteger(), INT64_MAX + 1, id="over 64 bits"),
        pytest.param(StrictInteger(), INT64_MIN - 1, id="under 64 bits"),
        pytest.param(Seconds(), -1, id="negative seconds"),
        pytest.param(Seconds(least=1), 0, id="none where some are asked"),
        pytest.param(Seconds(), MOST_SECONDS + 1, id="more than the most seconds"),
        pytest.param(DecimalOre(), 370.5, id="a float is no money"),
        pytest.param(DecimalOre(), "370.12345", id="five decimals"),
        pytest.param(DecimalOre(), "-1", id="negative text"),
        pytest.param(DecimalOre(), -1, id="negative number"),
        pytest.param(DecimalOre(), "1000000000.0001", id="over the most öre"),
        pytest.param(DecimalOre(), "NaN", id="no number"),
        pytest.param(DecimalOre(), "1e3", id="an exponent"),
        pytest.param(DecimalOre(), True, id="true is no money"),
        pytest.param(Switch(), 1, id="1 is not true"),
        pytest.param(Switch(), "true", id="text is not true"),
        pytest.param(Choice(Law), "SOL", id="the name in place of the value"),
        pytest.param(Choice(Law), ["SoL"], id="a list is no choice"),
        pytest.param(Choice(Law), None, id="null is no choice"),
        pytest.param(Text(), "", id="empty text"),
        pytest.param(Text(), " \u00a0", id="blank text"),
        pytest.param(Text(most=3), "abcd", id="text too long"),
        pytest.param(Text(), "a\u0000b", id="NUL"),
        pytest.param(Text(), "a\nb", id="a line break in one line"),
        pytest.param(Text(lines=True), "a\u0085b", id="a control character among lines"),
        pytest.param(Text(), "a\ud800", id="half a character"),
        pytest.param(Identifier(), "0190a5b87c3e7d108f003b1f2c4d5e6f", id="UUID without hyphens"),
        pytest.param(Identifier(), "{0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f}", id="UUID in braces"),
        pytest.param(Identifier(), "c", id="any text, outside a scenario file"),
        pytest.param(MunicipalityCode(), 182, id="a code as a number"),
        pytest.param(MunicipalityCode(), "182", id="three digits"),
        pytest.param(MunicipalityCode(), "01820", id="five digits"),
        pytest.param(MunicipalityCode(), "٠١٨٢", id="digits of another script"),
        pytest.param(WindowTime(), "24:00", id="24:00 does not begin"),
        pytest.param(WindowTime(whole_day=True), "24:01", id="a minute past the day"),
        pytest.param(WindowTime(), "7:30", id="one digit"),
        pytest.param(Uid(), "04A", id="half a byte"),
        pytest.param(Uid(), "04::A2", id="two separators"),
        pytest.param(Uid(), "A2" * 33, id="33 bytes"),
        pytest.param(HexKey(), "a" * 31, id="a short key"),
        pytest.param(PersonalNumber(), "191212121213", id="another check digit"),
        pytest.param(PersonalNumber(), "1212121212", id="no century"),
        pytest.param(PersonalNumber(), "19121232-1211", id="day 32"),
        pytest.param(Degrees(most=90), 90.000001, id="beyond the pole"),
        pytest.param(Degrees(most=90), float("nan"), id="no number of degrees"),
        pytest.param(Degrees(most=90), 10**400, id="a number too large for a float"),
        pytest.param(Degrees(most=90), "60", id="degrees as text"),
        pytest.param(Metres(), -0.1, id="negative metres"),
        pytest.param(Metres(), float("inf"), id="endless metres"),
    ],
)
def test_a_field_refuses_what_lies_outside_its_borders(field: fields.Field[Any], given_value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        field.deserialize(given_value)
    assert str(refused.value.messages)


@pytest.mark.parametrize("field", EVERY, ids=lambda field: type(field).__name__)
@given(value=JSON)
def test_a_field_takes_or_refuses_any_json_and_breaks_on_none(field: fields.Field[Any], value: object) -> None:
    """FAULTS 55: malformed input is answered, never an error of ours."""
    try:
        loaded = field.deserialize(value)
    except ValidationError:
        return
    shown = field._serialize(loaded, "field", None)
    assert field.deserialize(shown) == loaded


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (Instant(), at(2014, 2, 3, 7), "2014-02-03T07:00:00Z"),
        (Instant(), None, None),
        (Date(), date(2014, 1, 1), "2014-01-01"),
        (DecimalOre(), Decimal("37000.0"), 37000),
        (DecimalOre(), Decimal("370.5000"), "370.5"),
        (DecimalOre(), Decimal("1E+3"), 1000),
        (WindowTime(), 1440, "24:00"),
        (WindowTime(), 450, "07:30"),
        (Choice(Law), Law.LSS, "LSS"),
        (Choice(Law), "LSS", "LSS"),
        (Degrees(most=90), 60_730_001, 60.730001),
    ],
)
def test_a_field_is_shown_as_the_contract_says(field: fields.Field[Any], value: object, shown: object) -> None:
    assert field._serialize(value, "field", None) == shown


def test_T1_an_instant_without_offset_is_told_what_to_write_and_by_which_rule() -> None:
    with pytest.raises(ValidationError) as refused:
        Instant().deserialize("2014-02-03T08:00:00")
    assert refused.value.messages == ["Give an RFC 3339 instant with offset, such as 2014-02-03T08:00:00+01:00 (T1)."]


def test_a_scenario_file_may_use_any_text_of_1_to_200_characters_as_an_id() -> None:
    with any_identifiers():
        assert Identifier().deserialize("c") == "c"
        assert Identifier().deserialize("K" * 200) == "K" * 200
        for refused in ("", "k" * 201, 1, "a\nb", None):
            with pytest.raises(ValidationError):
                Identifier().deserialize(refused)
    with pytest.raises(ValidationError):
        Identifier().deserialize("c")


def test_a_list_names_the_index_of_what_stands_in_it_twice() -> None:
    several = Several(MunicipalityCode(), least=1, most=3)
    loaded: object = several.deserialize(["2029", "2031"])
    assert loaded == ("2029", "2031")
    with pytest.raises(ValidationError) as refused:
        several.deserialize(["2029", "2031", "2029"])
    assert refused.value.messages == [{2: ["This stands in the list already: give it once."]}]


@pytest.mark.parametrize("value", [[], ["2029", "2031", "0182", "0180"], {"0": "2029"}, "2029"])
def test_a_list_refuses_too_few_too_many_and_what_is_no_list(value: object) -> None:
    with pytest.raises(ValidationError):
        Several(MunicipalityCode(), least=1, most=3).deserialize(value)
