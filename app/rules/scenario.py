"""A scenario: facts to judge, the months to close in them, and the instant that is now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.rules.deviations.facts import Facts
from app.rules.providers import CareSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a scenario file says. `months` are in order and each once; one that is not in `locked_at` locks at `now`."""

    facts: Facts
    months: tuple[str, ...]
    now: datetime
    locked_at: tuple[tuple[str, datetime], ...] = ()
    care_system: CareSystem | None = None
