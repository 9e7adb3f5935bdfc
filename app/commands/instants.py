"""Options that several commands share: as of when, and of which care system."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from app.rules.time import parse_instant


class Instant(click.ParamType[datetime]):
    """An RFC 3339 instant with offset."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant in UTC; a usage error for anything else."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(str(value))
        except ValueError as fault:
            self.fail(str(fault), param, ctx)


NOW = click.option("--now", type=Instant(), help="Another instant than this one, such as 2014-03-05T18:00:00+01:00.")
CARE_SYSTEM = click.option(
    "--care-system", "care_system_id", help="One care system by its id; all where it is left out."
)


def clock(stated: datetime | None) -> datetime:
    """The instant stated, else the time now in whole seconds."""
    return stated or datetime.now(UTC).replace(microsecond=0)
