"""What a form of the desk says, read strictly; what cannot be read is told beside its field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from flask import request

E = TypeVar("E", bound=StrEnum)

LONGEST = 4000


@dataclass(slots=True)
class Form:
    """The fields of a posted form, and what is wrong with them: field → the word for it."""

    faults: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, *, least: int = 0, most: int = LONGEST) -> str:
        """What was written, without space around it; a fault where it is too short or too long."""
        written = request.form.get(name, "").replace("\r\n", "\n").replace("\0", "").strip()
        if len(written) < least:
            self.faults[name] = "fault_empty" if not written else "fault_short"
        elif len(written) > most:
            self.faults[name] = "fault_long"
        return written

    def choice(self, name: str, kind: type[E]) -> E | None:
        """The one of a closed list; None, and a fault, for none of them."""
        try:
            return kind(request.form.get(name, ""))
        except ValueError:
            self.faults[name] = "fault_choose"
            return None

    def number(self, name: str, *, most: int) -> int | None:
        """A whole number from 0 to `most`; None where nothing was written; a fault for anything else."""
        written = request.form.get(name, "").strip()
        if not written:
            return None
        if not (written.isascii() and written.isdigit() and len(written) < 10 and int(written) <= most):
            self.faults[name] = "fault_number"
            return None
        return int(written)

    def seconds(self, name: str) -> int | None:
        """`<name>_minutes` and `<name>_seconds` together; None where both are empty."""
        minutes, rest = self.number(f"{name}_minutes", most=44_640), self.number(f"{name}_seconds", most=59)
        return None if minutes is None and rest is None else (minutes or 0) * 60 + (rest or 0)

    def several(self, name: str, most: int = 1000) -> tuple[str, ...]:
        """Each value that was ticked, once, in order."""
        return tuple(dict.fromkeys(request.form.getlist(name)))[:most]


def written(names: Iterable[str]) -> dict[str, str]:
    """What was written in these fields, to be shown again beside what is wrong."""
    return {name: request.form.get(name, "") for name in names}
