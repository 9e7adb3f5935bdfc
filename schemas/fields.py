"""What one field of the wire may be: how it is read, how it is written, and how it is documented."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, TypeVar

from marshmallow import ValidationError, fields
from marshmallow.validate import Length

from app.rules.time import BEGINNING, format_instant, is_month, parse_instant

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
MOST_SECONDS = 1_000_000_000
"""Some 31 years: no sum of products of it and a price leaves 64 bits. Source: our decision."""
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Days and instants outside are slips of the pen; a phone fallen back to 1970 is inside. Source: our decision."""
_FIRST, _AFTER_LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST_INSTANT = 64
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
NEEDED = {"required": "Give this field: it is needed.", "null": "Null is no value here: give one."}


Words = dict[str, str | list[Any] | dict[Any, Any]]


def words(**messages: str) -> Words:
    """Messages by their key, as marshmallow wants them."""
    return dict(messages)


class Shaped(fields.Field[T]):
    """A field that brings its own words for OpenAPI; its messages say what to do."""

    default_error_messages = words(**NEEDED)
    openapi: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, *, shape: Mapping[str, Any] | None = None, **settings: Any) -> None:
        metadata = {**self.openapi, **(shape or {}), **(settings.pop("metadata", None) or {})}
        super().__init__(metadata=metadata, **settings)


class Instant(Shaped[datetime]):
    """RFC 3339 with offset in, cut to its second; UTC with `Z` out. Source: T1, T2.

    `from_beginning` also takes the first instant of the year 1, which stands for a recording that nobody stated.
    """

    openapi: ClassVar[Mapping[str, Any]] = {
        "type": "string",
        "format": "date-time",
        "example": "2014-02-03T08:00:00+01:00",
    }
    default_error_messages = words(
        invalid="Give an RFC 3339 instant with offset, such as 2014-02-03T08:00:00+01:00 (T1).",
        range="Give an instant of the years 1900 to 2199.",
    )

    def __init__(self, *, from_beginning: bool = False, **settings: Any) -> None:
        super().__init__(**settings)
        self.from_beginning = from_beginning

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else format_instant(value)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        if not isinstance(value, str) or len(value) > _LONGEST_INSTANT:
            raise self.make_error("invalid")
        try:
            instant = parse_instant(value)
        except ValueError as reason:
            raise self.make_error("invalid") from reason
        if not (_FIRST <= instant < _AFTER_LAST or (self.from_beginning and instant == BEGINNING)):
            raise self.make_error("range")
        return instant


class Date(Shaped[date]):
    """A day, `YYYY-MM-DD`, from `earliest` to `latest`, both inside."""

    openapi: ClassVar[Mapping[str, Any]] = {"type": "string", "format": "date", "example": "2014-01-01"}
    default_error_messages = words(
        invalid="Give a day that exists as YYYY-MM-DD.", range="Give a day from {earliest} to {latest}."
    )

    def __init__(self, *, earliest: date = FIRST_DAY, latest: date = LAST_DAY, **settings: Any) -> None:
        super().__init__(**settings)
        self.earliest, self.latest = earliest, latest

    def _serialize(self, value: date | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> date:
        if not isinstance(value, str) or _DATE.match(value) is None:
            raise self.make_error("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError as reason:
            raise self.make_error("invalid") from reason
        if not self.earliest <= day <= self.latest:
            raise self.make_error("range", earliest=self.earliest.isoformat(), latest=self.latest.isoformat())
        return day


class EndDate(Date):
    """The day that ends a period, itself outside (T4); many systems write the calendar's last for no end."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(latest=date.max, **{"load_default": None, **settings})


class Month(Shaped[str]):
    """A calendar month, `YYYY-MM`. Source: T5."""

    openapi: ClassVar[Mapping[str, Any]] = {
        "type": "string",
        "pattern": r"^(19|20|21)\d{2}-(0[1-9]|1[0-2])$",
        "example": "2014-02",
    }
    default_error_messages = words(invalid="Give a month of the years 1900 to 2199 as YYYY-MM.")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or not is_month(value) or not FIRST_DAY.year <= int(value[:4]) <= LAST_DAY.year:
            raise self.make_error("invalid")
        return value


class StrictInteger(Shaped[int]):
    """A whole number from `least` to `most`, both inside; 1.9, "1" and true are none. Source: ARCHITECTURE, The API."""

    default_error_messages = words(
        invalid="Give a whole number, without decimals or quotation marks.",
        range="Give a whole number from {least} to {most}.",
    )

    def __init__(self, *, least: int = INT64_MIN, most: int = INT64_MAX, **settings: Any) -> None:
        super().__init__(shape={"type": "integer", "minimum": least, "maximum": most}, **settings)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid")
        if not self.least <= value <= self.most:
            raise self.make_error("range", least=self.least, most=self.most)
        return value


class Seconds(StrictInteger):
    """A duration in whole seconds, not negative."""

    def __init__(self, *, least: int = 0, **settings: Any) -> None:
        super().__init__(least=least, most=MOST_SECONDS, **settings)


class Ore(StrictInteger):
    """Money in whole öre; negative for an adjustment downwards."""


class DecimalOre(Shaped[Decimal]):
    """Öre per hour: a whole number, or a decimal as text; at most four decimals, not negative. Source: CONTRACT, R1."""

    most: ClassVar[Decimal] = Decimal(1_000_000_000)
    openapi: ClassVar[Mapping[str, Any]] = {
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": 1_000_000_000},
            {"type": "string", "pattern": r"^\d{1,9}(\.\d{1,4})?$"},
        ],
        "example": 37000,
    }
    default_error_messages = words(
        invalid='Give öre as a whole number, or as decimal text such as "37000.5" with at most four decimals (R1).',
        range="Give from 0 to 1000000000 öre.",
    )
    _pattern: ClassVar[re.Pattern[str]] = re.compile(r"\d{1,10}(\.\d{1,4})?\Z", re.ASCII)

    def _serialize(self, value: Decimal | None, *_: Any, **__: Any) -> int | str | None:
        if value is None:
            return None
        return int(value) if value == value.to_integral_value() else format(value.normalize(), "f")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Decimal:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole and not (isinstance(value, str) and self._pattern.match(value)):
            raise self.make_error("invalid")
        ore = Decimal(value)
        if not 0 <= ore <= self.most:
            raise self.make_error("range")
        return ore


class Switch(Shaped[bool]):
    """True or false; no 1, no "yes"."""

    openapi: ClassVar[Mapping[str, Any]] = {"type": "boolean"}
    default_error_messages = words(invalid="Give true or false.")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Choice(fields.Enum[E]):
    """A member of a closed list, by its value."""

    default_error_messages = words(unknown="Give one of: {choices}.", **NEEDED)

    def __init__(self, enum: type[E], **settings: Any) -> None:
        super().__init__(enum, by_value=fields.String(), **settings)

    def _serialize(self, value: E | str | None, *_: Any, **__: Any) -> Any:
        return value.value if isinstance(value, Enum) else value

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> E:
        if not isinstance(value, str):
            raise self.make_error("unknown", choices=self.choices_text)
        return super()._deserialize(value, attr, data, **settings)


class One(fields.Nested):
    """One object inside another."""

    default_error_messages = words(**NEEDED)


class Several(fields.List[Any]):
    """A list of `least` to `most`, loaded as a tuple; `key` tells what may not come twice, None where anything may."""

    default_error_messages = words(invalid="Give a list.", **NEEDED)

    def __init__(
        self,
        inner: fields.Field[Any],
        *,
        least: int = 0,
        most: int = 1000,
        key: Callable[[Any], object] | None = lambda one: one,
        **settings: Any,
    ) -> None:
        self.bounds = Length(least, most, error=f"Give from {least} to {most} of them.")
        checks: list[Callable[[Any], Any]] = [self.bounds]
        if key is not None:
            checks.append(lambda several: _refuse_repeated(several, key))
        super().__init__(inner, validate=checks, post_load=tuple, **settings)

    def _deserialize(self, value: Any, *where: Any, **settings: Any) -> list[Any]:
        if isinstance(value, list):
            self.bounds(value)  # before any member is read, however many they are (FAULTS 56)
        return super()._deserialize(value, *where, **settings)


def _refuse_repeated(several: list[Any], key: Callable[[Any], object]) -> None:
    seen: set[object] = set()
    errors: dict[int | str, list[str]] = {}
    for index, one in enumerate(several):
        if key(one) in seen:
            errors[index] = ["This stands in the list already: give it once."]
        seen.add(key(one))
    if errors:
        raise ValidationError(errors)
