"""What a rule says when it refuses: which rule, why, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How a refusal is answered. Source: ARCHITECTURE, The API."""

    FORBIDDEN = "forbidden"
    """The role may not do this: 403."""
    MISSING = "missing"
    """Not there, or not within the actor's scope; nobody can tell which: 404."""
    CONFLICT = "conflict"
    """A rule of the field refuses it as things stand: 409."""
    INVALID = "invalid"
    """The content is not one that the rule can take, whatever the state: 422."""


@dataclass(slots=True)
class Refused(Exception):
    """Raised by a rule that says no. `pointer` is the JSON pointer of the field that caused it, '' for the whole."""

    rule: str
    message: str
    kind: Kind = Kind.CONFLICT
    pointer: str = ""
    facts: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"
