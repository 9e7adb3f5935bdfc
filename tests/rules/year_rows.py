"""A year in plain values: instants are epoch seconds, everything else texts, days and whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

MUNICIPALITY_OF = {"k1": "0182", "k2": "0182", "k3": "2029", "k4": "2029", "k5": "0182"}
KIND_OF = {"p": "private", "q": "municipal"}
CAREGIVERS = {"p1": "p", "p2": "p", "p3": "p", "q1": "q", "q2": "q", "q3": "q"}
LONG_AGO = 0
Windows = tuple[tuple[tuple[int, ...], int, int], ...]
"""(weekdays, from minute, before minute); where `before` is not after `from` it runs past midnight."""


@dataclass(frozen=True, slots=True)
class Granted:
    """One version of a grant."""

    id: str
    customer: str
    law: str
    services: tuple[str, ...]
    seconds: int
    per: str
    every: int
    double: int
    valid_from: date
    valid_before: date | None = None
    version: int = 1
    recorded_at: int = LONG_AGO


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order of a grant, or of so many seconds of it."""

    id: str
    grant: str
    provider: str
    seconds: int | None
    ordered_at: int
    valid_from: date
    valid_before: date | None = None
    recorded_at: int = LONG_AGO


@dataclass(frozen=True, slots=True)
class Priced:
    """A price; a band without a name is all day, `holidays` how a band takes them."""

    id: str
    municipality: str
    service: str
    law: str | None
    kind: str | None
    band: str
    windows: Windows
    holidays: str
    ore: int
    valid_from: date
    valid_before: date | None = None
    recorded_at: int = LONG_AGO


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a correction says of a stay from when it counts: another end, or that it was none or was one after all."""

    approved_at: int
    end: int | None = None
    void: bool | None = None


@dataclass(slots=True)
class Stayed:
    """A stay, and what is the matter with it. `changes` are (second, service), `planned` the grant of its plan."""

    id: str
    caregiver: str
    customer: str
    service: str
    start: int
    end: int
    recorded_at: int = LONG_AGO
    held: bool = False
    extra: bool = False
    household: tuple[tuple[str, int], ...] = ()
    changes: tuple[tuple[int, str], ...] = ()
    planned: str | None = None
    corrections: tuple[Corrected, ...] = ()
    accepted_at: int | None = None


@dataclass(frozen=True, slots=True)
class Extended:
    """A request for more seconds; decisions are (made at, seconds), 0 where it was declined."""

    id: str
    provider: str
    customer: str
    month: str
    seconds: int
    decisions: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Year:
    """Everything that a year's money hangs on. `locks` are (month, second); `uncapped` (municipality, from day)."""

    locks: tuple[tuple[str, int], ...]
    holidays: frozenset[date]
    grants: list[Granted] = field(default_factory=list)
    orders: list[Ordered] = field(default_factory=list)
    rates: list[Priced] = field(default_factory=list)
    stays: list[Stayed] = field(default_factory=list)
    extensions: list[Extended] = field(default_factory=list)
    uncapped: tuple[tuple[str, date], ...] = ()
