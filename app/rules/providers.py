"""Care systems, their providers, and who is accredited for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.rules.people import Position
from app.rules.recorded import Recorded, valid_on


class Service(StrEnum):
    """Insats. Hemtjänst is the first two; night and alarm services are outside LOV. Source: LR 1.6."""

    PERSONAL_CARE = "personal_care"
    HOUSEHOLD = "household"
    ESCORT = "escort"
    RESPITE = "respite"


class Law(StrEnum):
    """The law that a grant rests on."""

    SOL = "SoL"
    LSS = "LSS"


class ProviderKind(StrEnum):
    """Utförare: private, or the municipality's own staff. Source: LR 5.5."""

    PRIVATE = "private"
    MUNICIPAL = "municipal"


@dataclass(frozen=True, slots=True, kw_only=True)
class CareSystem(Recorded):
    """Valfrihetssystem: one set of rules shared by the municipalities named by SCB's codes. Source: LR 2.1."""

    name: str
    municipalities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider(Recorded):
    """Utförare. `position` is where its staff set out from, for the no-choice order. Source: LR 3.2, 3.4."""

    name: str
    kind: ProviderKind
    organisation_number: str | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accreditation(Recorded):
    """What a provider may be paid for in a municipality; `law` None is both laws, `target_group` None all groups.

    Source: LR 3.5, N 4.1.3, P1.
    """

    provider_id: str
    municipality: str
    service: Service
    valid_from: date
    law: Law | None = None
    target_group: str | None = None
    valid_before: date | None = None
    ceiling_seconds_per_week: int | None = None
    takes_no_choice: bool = False

    def covers(self, municipality: str, service: Service, law: Law, day: date, target_group: str | None = None) -> bool:
        """True where the accreditation holds for the service, law, group and day in the municipality. A grant that
        names no group is any group's. Source: O6; the last: our decision.
        """
        return (
            self.municipality == municipality
            and self.service == service
            and self.law in (None, law)
            and (None in (self.target_group, target_group) or _same(self.target_group, target_group))
            and valid_on(self.valid_from, self.valid_before, day)
        )


def _same(one: str | None, other: str | None) -> bool:
    """True for the same words, however they are spaced and whether or not in capitals."""
    return " ".join((one or "").split()).casefold() == " ".join((other or "").split()).casefold()
