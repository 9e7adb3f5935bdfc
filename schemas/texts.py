"""Fields that are text: ids, codes, what people wrote, and numbers that only look like numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

from schemas.fields import Shaped, words

_LINE_CONTROLS = r"\u0000-\u001f\u007f-\u009f"
_CONTROLS = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z", re.ASCII)
_any_identifier: ContextVar[bool] = ContextVar("any_identifier", default=False)


@contextmanager
def any_identifiers() -> Iterator[None]:
    """While it lasts, an id may be any text and not only a UUID. Source: CONTRACT, Scenario files."""
    token = _any_identifier.set(True)
    try:
        yield
    finally:
        _any_identifier.reset(token)


class Text(Shaped[str]):
    """Text that people wrote, kept as written: `least` characters between its outer blanks, `most` in all.

    No control characters; `lines` allows line breaks and tabs.
    """

    default_error_messages = words(
        invalid="Give text.",
        short="Give at least {least} characters.",
        long="Give at most {most} characters.",
        control="Leave out characters that cannot be shown.",
    )

    def __init__(
        self,
        *,
        least: int = 1,
        most: int = 200,
        lines: bool = False,
        shape: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        controls = _CONTROLS if lines else _LINE_CONTROLS
        own = {"type": "string", "minLength": least, "maxLength": most, "pattern": _pattern(controls, least)}
        super().__init__(shape={**own, **(shape or {})}, **settings)
        self.least, self.most = least, most
        self._forbidden = re.compile(rf"[{controls}\ud800-\udfff]")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if len(value) > self.most:
            raise self.make_error("long", most=self.most)
        if self._forbidden.search(value):
            raise self.make_error("control")
        if len(value.strip()) < self.least:
            raise self.make_error("short", least=self.least)
        return value


def _pattern(controls: str, least: int) -> str:
    """The same as a pattern for the specification, which has no word for outer blanks."""
    shown, inked = f"[^{controls}]", rf"[^{controls}\s]"
    if least == 0:
        return f"^{shown}*$"
    if least == 1:
        return f"^{shown}*{inked}{shown}*$"
    return f"^{shown}*{inked}{shown}{{{least - 2},}}{inked}{shown}*$"


class ExternalId(Text):
    """What another system calls the resource. At most 200 characters."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"load_default": None, **settings})


class Identifier(Shaped[str]):
    """An id of ours: a UUID, lower case. In a scenario file any text of 1 to 200 characters. Source: CONTRACT."""

    openapi: ClassVar[Mapping[str, Any]] = {
        "type": "string",
        "format": "uuid",
        "example": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    }
    default_error_messages = words(
        invalid="Give a UUID, such as 0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f.",
        text="Give an id: text of 1 to 200 characters.",
    )
    _forbidden: ClassVar[re.Pattern[str]] = re.compile(rf"[{_LINE_CONTROLS}\ud800-\udfff]")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if _any_identifier.get():
            if not isinstance(value, str) or not 1 <= len(value) <= 200 or self._forbidden.search(value):
                raise self.make_error("text")
            return value
        if not isinstance(value, str) or _UUID.match(value) is None:
            raise self.make_error("invalid")
        return value.lower()


class MunicipalityCode(Shaped[str]):
    """SCB's four digits, such as 0182 for Nacka. Source: RULEBOOK, Words."""

    openapi: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": "^[0-9]{4}$", "example": "0182"}
    default_error_messages = words(invalid='Give SCB\'s code of the municipality: four digits as text, such as "0182".')
    _pattern: ClassVar[re.Pattern[str]] = re.compile(r"[0-9]{4}\Z")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or self._pattern.match(value) is None:
            raise self.make_error("invalid")
        return value


class WindowTime(Shaped[int]):
    """`HH:MM` of the local day as minutes past midnight; where `whole_day`, 24:00 is 1440. Source: R4."""

    default_error_messages = words(invalid='Give a time of day as text, such as "07:30", at most {last} (R4).')
    _pattern: ClassVar[re.Pattern[str]] = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])\Z")

    def __init__(self, *, whole_day: bool = False, **settings: Any) -> None:
        pattern = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" if whole_day else "^([01][0-9]|2[0-3]):[0-5][0-9]$"
        super().__init__(shape={"type": "string", "pattern": pattern, "example": "07:30"}, **settings)
        self.last, self.last_text = (1440, "24:00") if whole_day else (1439, "23:59")

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else f"{value // 60:02d}:{value % 60:02d}"

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        match = self._pattern.match(value) if isinstance(value, str) else None
        minute = 60 * int(match[1]) + int(match[2]) if match else self.last + 1
        if minute > self.last:
            raise self.make_error("invalid", last=self.last_text)
        return minute


class Uid(Shaped[str]):
    """A tag's UID as hexadecimal bytes; upper case without separators, whatever the reader put between them."""

    openapi: ClassVar[Mapping[str, Any]] = {
        "type": "string",
        "pattern": "^[0-9A-Fa-f]{2}([ :-]?[0-9A-Fa-f]{2}){0,31}$",
        "example": "04A2245A6F6180",
    }
    default_error_messages = words(
        invalid="Give the UID as 1 to 32 hexadecimal bytes, such as 04A2245A6F6180 or 04:A2:24:5A:6F:61:80."
    )
    _pattern: ClassVar[re.Pattern[str]] = re.compile(r"[0-9A-Fa-f]{2}(?:[ :-]?[0-9A-Fa-f]{2}){0,31}\Z")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or self._pattern.match(value) is None:
            raise self.make_error("invalid")
        return re.sub("[ :-]", "", value).upper()


class HexKey(Shaped[str]):
    """An AES-128 key as 32 hexadecimal digits, lower case. Source: CONTRACT, tag."""

    openapi: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$"}
    default_error_messages = words(invalid="Give the key as 32 hexadecimal digits.")
    _pattern: ClassVar[re.Pattern[str]] = re.compile(r"[0-9A-Fa-f]{32}\Z")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or self._pattern.match(value) is None:
            raise self.make_error("invalid")
        return value.lower()


class HexBytes(Shaped[str]):
    """Up to 31 bytes as hexadecimal digits, upper case; none is none. Source: NXP AN10922."""

    openapi: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": "^([0-9A-Fa-f]{2}){0,31}$"}
    default_error_messages = words(invalid="Give up to 31 bytes as hexadecimal digits.")
    _pattern: ClassVar[re.Pattern[str]] = re.compile(r"([0-9A-Fa-f]{2}){0,31}\Z")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or self._pattern.match(value) is None:
            raise self.make_error("invalid")
        return value.upper()


class OrganisationNumber(Shaped[str]):
    """Organisationsnummer, `NNNNNN-NNNN`; the hyphen may be left out."""

    openapi: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": "^[0-9]{6}-?[0-9]{4}$"}
    default_error_messages = words(invalid="Give the organisation number as NNNNNN-NNNN.")
    _pattern: ClassVar[re.Pattern[str]] = re.compile(r"([0-9]{6})-?([0-9]{4})\Z")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        match = self._pattern.match(value) if isinstance(value, str) else None
        if match is None:
            raise self.make_error("invalid")
        return f"{match[1]}-{match[2]}"


class PersonalNumber(Shaped[str]):
    """Personnummer or samordningsnummer as twelve digits. Taken in, never given out. Source: CONTRACT, customer.

    Only the check digit and the reach of month and day are tried: coordination numbers exist without a real date.
    """

    openapi: ClassVar[Mapping[str, Any]] = {"type": "string", "pattern": "^(18|19|20)[0-9]{6}-?[0-9]{4}$"}
    default_error_messages = words(
        invalid="Give the personal identity number as YYYYMMDD-NNNN; its last digit is a check digit."
    )
    _pattern: ClassVar[re.Pattern[str]] = re.compile(r"((?:18|19|20)[0-9]{2})(0[0-9]|1[0-2])([0-9]{2})-?([0-9]{4})\Z")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        match = self._pattern.match(value) if isinstance(value, str) else None
        digits = "".join(match.groups()) if match else ""
        if match is None or not (int(match[3]) <= 31 or 60 <= int(match[3]) <= 91) or not luhn_holds(digits[2:]):
            raise self.make_error("invalid")
        return digits


def luhn_holds(digits: str) -> bool:
    """True where the last digit is the check digit of those before it, the doubling beginning beside it."""
    doubled = [int(digit) * (2 - index % 2) for index, digit in enumerate(digits[-1::-1], start=1)]
    return sum(sum(divmod(number, 10)) for number in doubled) % 10 == 0
